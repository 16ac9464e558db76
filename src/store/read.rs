//! The figures over any database: what reports read.

use crate::measure::Moment;
use crate::names::QueueId;
use crate::stats::{Cell, CellKey, ScopeKind, Tier};
use crate::store::cells::{self, Ids};
use crate::store::contract::{Gap, Quality, Reader, StoreError, VisitRow};
use crate::store::facts::{self, VISIT_COLUMNS};
use crate::store::figures::Figures;

impl Reader for Figures {
    fn cells(
        &self,
        kind: ScopeKind,
        tier: Tier,
        from: Moment,
        until: Moment,
    ) -> Result<Vec<(CellKey, Cell)>, StoreError> {
        let ids = Ids::of(&self.directory);
        let columns = cells::columns(kind);
        let mut with = vec![tier.as_str().into(), from.into(), until.into()];
        let sql = if kind == ScopeKind::Unit {
            format!(
                "SELECT start, name, {columns} FROM leg_cell WHERE tier = $1 AND start >= $2 AND start < $3 ORDER BY start, name"
            )
        } else {
            with.push(cells::scope_name(kind).into());
            format!(
                "SELECT start, name, {columns} FROM visit_cell
                 WHERE tier = $1 AND start >= $2 AND start < $3 AND scope = $4 ORDER BY start, name"
            )
        };
        let mut cells = Vec::new();
        self.database.each("reading rollups", &sql, &with, &mut |row| {
            if let Some(scope) = ids.scope(kind, row.text(1)?) {
                cells.push((CellKey { scope, tier, start: Moment(row.int(0)?) }, cells::read(kind, &row, 2)?));
            }
            Ok(())
        })?;
        Ok(cells)
    }

    fn visits(&self, queue: QueueId, from: Moment, until: Moment, limit: usize) -> Result<Vec<VisitRow>, StoreError> {
        let sql = format!(
            "SELECT {VISIT_COLUMNS}, source, call FROM visit WHERE queue = $1 AND offered >= $2 AND offered < $3
             ORDER BY offered, source, call LIMIT $4"
        );
        let name = self.directory.queue(queue).name.as_str();
        let with = [name.into(), from.into(), until.into(), (limit as i64).into()];
        self.database.all("reading visits", &sql, &with, |row| {
            let visit = facts::read_visit(&row, 0, queue)?;
            Ok(VisitRow { source: row.text(12)?.to_owned(), call: row.text(13)?.into(), visit })
        })
    }

    fn quality(&self, from: Moment, until: Moment) -> Result<Quality, StoreError> {
        let doing = "reading the quality of the data";
        let gaps = self.database.all(
            doing,
            "SELECT source, \"from\", \"to\", reason FROM gap WHERE \"from\" < $1 AND \"to\" > $2 ORDER BY \"from\", source",
            &[until.into(), from.into()],
            |row| {
                let (from, to) = (Moment(row.int(1)?), Moment(row.int(2)?));
                Ok(Gap { source: row.text(0)?.to_owned(), from, to, reason: row.maybe_text(3)?.map(str::to_owned) })
            },
        )?;
        let dead_letters = self.database.all(
            doing,
            "SELECT reason, count(*) FROM dead_letter WHERE at >= $1 AND at < $2 GROUP BY reason ORDER BY reason",
            &[from.into(), until.into()],
            |row| Ok((row.text(0)?.to_owned(), row.int(1)?)),
        )?;
        let told_until = self.database.all(
            doing,
            "SELECT name, CAST(state ->> 'newest' AS bigint) FROM source WHERE state ->> 'newest' IS NOT NULL ORDER BY name",
            &[],
            |row| Ok((row.text(0)?.to_owned(), Moment(row.int(1)?))),
        )?;
        Ok(Quality { gaps, dead_letters, told_until })
    }

    fn has_open(&self, from: Moment, until: Moment) -> Result<bool, StoreError> {
        let sql = "SELECT EXISTS (SELECT 1 FROM visit WHERE queue = $1 AND offered >= $2 AND offered < $3
                                  AND (outcome IS NULL OR NOT over))";
        for queue in self.directory.queues() {
            let with = [queue.name.as_str().into(), from.into(), until.into()];
            if self.database.first("looking for open calls", sql, &with, |row| row.flag(0))? == Some(true) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
