//! Who writes: a lease with a number. A second program waits until it has run out, and takes the
//! next number; one that was frozen meanwhile finds at its next commit that its number is no longer
//! the last, and has written nothing.
//!
//! Until when it holds is said by the server's clock, so that programs whose clocks differ agree. That
//! clock may be set as well: whoever waits also watches the lease for a while by time that nobody can
//! set. One that is renewed is held, whatever the clock says; one that stands still for long is free.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use deadpool_postgres::{GenericClient, Object};
use tokio_postgres::types::ToSql;

use crate::store::contract::holder;
use crate::store::postgres::connect::refused;
use crate::store::{Fence, StoreError, Turn};

/// How long a lease holds without a word of its holder. A standby takes over after that; a holder
/// that pauses for longer may be replaced, and stops.
const LASTS_MS: i64 = 5_000;
/// How long it holds while its holder starts, which restores before it says its first word.
const START_MS: i64 = 60_000;
/// The step of the schema that brought it.
pub(super) const SINCE_SCHEMA: i64 = 5;
/// Until when a lease holds that was given back.
const GIVEN_BACK: i64 = 0;
/// How often an idle holder says that it is there.
const RENEW_EVERY: Duration = Duration::from_secs(1);
/// A lease that seems to have run out must have stood still for this long: three times as long as its
/// holder pauses.
const SURE: Duration = Duration::from_secs(3);
const NOW: &str = "CAST(extract(epoch FROM clock_timestamp()) * 1000 AS bigint)";

/// The row of the lease, as it was read.
struct Found {
    epoch: i64,
    until: i64,
    has_run_out: bool,
    holder: String,
}

impl Found {
    async fn read(connection: &Object) -> Result<Self, StoreError> {
        let sql = format!("SELECT epoch, until, until < {NOW}, holder FROM lease");
        let row = connection.query_one(&sql, &[]).await.map_err(refused("looking at the lease"))?;
        Ok(Self { epoch: row.get(0), until: row.get(1), has_run_out: row.get(2), holder: row.get(3) })
    }

    /// How much longer it must stand still before it is free.
    fn free_in(&self, still: Duration) -> Duration {
        let stands = match self.until {
            GIVEN_BACK => Duration::ZERO,
            _ if self.has_run_out => SURE,
            // No lease holds for longer: the server's clock was set back.
            _ => Duration::from_millis(START_MS.unsigned_abs()),
        };
        stands.saturating_sub(still)
    }
}

/// A lease that was taken.
#[derive(Debug)]
pub(super) struct Lease {
    epoch: i64,
    /// When it was last renewed; `None`: not since it was taken.
    renewed: Mutex<Option<Instant>>,
}

impl Lease {
    /// Takes the lease if nobody holds it. One that seems to have run out is watched for as long as it
    /// takes to be sure.
    pub(super) async fn take(connection: &Object, url: &str, turn: &mut Turn) -> Result<Self, StoreError> {
        let mut found = Found::read(connection).await?;
        let mut free_in = found.free_in(turn.still(found.epoch, found.until));
        if found.has_run_out && !free_in.is_zero() {
            tokio::time::sleep(free_in).await;
            found = Found::read(connection).await?;
            free_in = found.free_in(turn.still(found.epoch, found.until));
        }
        if free_in.is_zero() {
            let sql = format!(
                "UPDATE lease SET epoch = epoch + 1, holder = $1, until = {NOW} + $2
                 WHERE epoch = $3 AND until = $4 RETURNING epoch"
            );
            let with: [&(dyn ToSql + Sync); 4] = [&holder(), &START_MS, &found.epoch, &found.until];
            if let Some(row) = connection.query_opt(&sql, &with).await.map_err(refused("taking the lease"))? {
                let epoch = row.get(0);
                turn.fence().lead_by(epoch);
                return Ok(Self { epoch, renewed: Mutex::new(None) });
            }
        }
        Err(StoreError::Held { url: url.to_owned(), by: found.holder })
    }

    /// Renews the lease, within the transaction of a commit as a rule: its row stays locked until
    /// then, so nobody takes over in between.
    pub(super) async fn hold(&self, on: &impl GenericClient) -> Result<(), StoreError> {
        let sql = format!("UPDATE lease SET until = {NOW} + $2 WHERE epoch = $1");
        let held = on.execute(&sql, &[&self.epoch, &LASTS_MS]).await.map_err(refused("holding the lease"))?;
        if held == 0 {
            return Err(StoreError::Superseded);
        }
        *self.renewed.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        Ok(())
    }

    /// Sees to it that the program leads whose fence this is, until the transaction has ended: nobody
    /// takes over in between.
    pub(super) async fn must_be(fence: &Fence, on: &impl GenericClient) -> Result<(), StoreError> {
        let sql = "SELECT epoch FROM lease WHERE epoch = $1 FOR SHARE";
        let row = on.query_opt(sql, &[&fence.epoch()?]).await.map_err(refused("looking at the lease"))?;
        row.map(|_| ()).ok_or(StoreError::Superseded)
    }

    /// Whether it is time to say that we are there.
    pub(super) fn is_due(&self) -> bool {
        let renewed = *self.renewed.lock().unwrap_or_else(PoisonError::into_inner);
        renewed.is_none_or(|at| at.elapsed() >= RENEW_EVERY)
    }

    /// Gives the lease back, if it still is ours.
    pub(super) async fn give_back(&self, on: &impl GenericClient) -> Result<(), StoreError> {
        let given = on.execute("UPDATE lease SET until = $2 WHERE epoch = $1", &[&self.epoch, &GIVEN_BACK]).await;
        given.map(|_| ()).map_err(refused("giving the lease back"))
    }
}
