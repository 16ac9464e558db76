//! Who writes: a lease with a number. A second program waits until it has run out, and takes the
//! next number; one that was frozen meanwhile finds at its next commit that its number is no longer
//! the last, and has written nothing.
//!
//! Time is the server's, so that clocks that differ or are set do not matter.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use deadpool_postgres::{GenericClient, Object};

use crate::store::StoreError;
use crate::store::contract::holder;
use crate::store::postgres::connect::refused;

/// How long a lease holds without a word of its holder. A standby takes over after that; a holder
/// that pauses for longer may be replaced, and stops.
const LASTS_MS: i64 = 5_000;
/// How long it holds while its holder starts, which restores before it says its first word.
const START_MS: i64 = 60_000;
/// The step of the schema that brought it.
pub(super) const SINCE_SCHEMA: i64 = 5;
/// How often an idle holder says that it is there.
const RENEW_EVERY: Duration = Duration::from_secs(1);
const NOW: &str = "CAST(extract(epoch FROM clock_timestamp()) * 1000 AS bigint)";

/// A lease that was taken.
#[derive(Debug)]
pub(super) struct Lease {
    epoch: i64,
    /// When it was last renewed; `None`: not since it was taken.
    renewed: Mutex<Option<Instant>>,
}

impl Lease {
    /// Takes the lease if nobody holds it.
    pub(super) async fn take(connection: &mut Object, url: &str) -> Result<Self, StoreError> {
        let doing = refused("taking the lease");
        let holder = holder();
        let sql = format!(
            "UPDATE lease SET epoch = epoch + 1, holder = $1, until = {NOW} + $2 WHERE until < {NOW} RETURNING epoch"
        );
        if let Some(row) = connection.query_opt(&sql, &[&holder, &START_MS]).await.map_err(&doing)? {
            return Ok(Self { epoch: row.get(0), renewed: Mutex::new(None) });
        }
        let row = connection.query_one("SELECT holder FROM lease", &[]).await.map_err(&doing)?;
        Err(StoreError::Held { url: url.to_owned(), by: row.get(0) })
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

    /// Whether it is time to say that we are there.
    pub(super) fn is_due(&self) -> bool {
        let renewed = *self.renewed.lock().unwrap_or_else(PoisonError::into_inner);
        renewed.is_none_or(|at| at.elapsed() >= RENEW_EVERY)
    }

    /// Gives the lease back, if it still is ours.
    pub(super) async fn give_back(&self, on: &impl GenericClient) -> Result<(), StoreError> {
        let given = on.execute("UPDATE lease SET until = 0 WHERE epoch = $1", &[&self.epoch]).await;
        given.map(|_| ()).map_err(refused("giving the lease back"))
    }
}
