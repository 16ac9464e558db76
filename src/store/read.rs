//! The figures over any database: what reports read.

use crate::directory::Directory;
use crate::measure::Moment;
use crate::names::{QueueId, UnitId};
use crate::stats::{Cell, CellKey, Scope, ScopeKind, Tier};
use crate::store::cells;
use crate::store::closing::{self, Closing};
use crate::store::contract::{DeadLetterRow, Gap, LegRow, Page, Quality, Reader, StoreError, VisitRow};
use crate::store::facts::{self, VISIT_COLUMNS};
use crate::store::figures::Figures;
use crate::store::value::Value;
use crate::store::{Act, ActRow, Database, Elsewhere, Sight, elsewhere, year};

impl Reader for Figures {
    fn each_cell(
        &self,
        sight: &Sight,
        kind: ScopeKind,
        tier: Tier,
        from: Moment,
        until: Moment,
        give: &mut dyn FnMut(CellKey, Cell),
    ) -> Result<(), StoreError> {
        if sight.sees_none_of(kind) {
            return Ok(());
        }
        let is_seen = |scope| sight.sees(scope, &self.directory);
        for stretch in closing::stretches(&*self.database, from, until)? {
            cells::each((&*self.database, &self.directory), (kind, tier), stretch, &is_seen, give)?;
        }
        Ok(())
    }

    fn each_sum(
        &self,
        sight: &Sight,
        kinds: &[ScopeKind],
        stretch: (Moment, Moment),
        give: &mut dyn FnMut(Scope, Cell),
    ) -> Result<Vec<(Moment, Moment)>, StoreError> {
        year::each(&*self.database, &self.directory, (sight, kinds), stretch, give)
    }

    fn closings(&self, from: Moment, until: Moment) -> Result<Vec<Closing>, StoreError> {
        closing::closings(&*self.database, from, until)
    }

    fn signed(
        &self,
        sight: &Sight,
        kind: ScopeKind,
        tier: Tier,
        stretch: (Moment, Moment),
        revision: (Moment, u32),
    ) -> Result<Vec<(CellKey, Cell)>, StoreError> {
        let mut cells = closing::signed(&*self.database, &self.directory, (kind, tier), stretch, revision)?;
        cells.retain(|(key, _)| sight.sees(key.scope, &self.directory));
        Ok(cells)
    }

    fn visits(
        &self,
        sight: &Sight,
        queue: QueueId,
        from: Moment,
        until: Moment,
        page: &Page,
    ) -> Result<Vec<VisitRow>, StoreError> {
        if !sight.sees_queue(queue) {
            return Ok(Vec::new());
        }
        let sql = format!(
            "SELECT {VISIT_COLUMNS}, source, call FROM visit
             WHERE queue = $1 AND offered >= $2 AND offered < $3 AND (offered, source, call, number) > ($4, $5, $6, $7)
             ORDER BY offered, source, call, number LIMIT $8"
        );
        let with = of_page(&self.directory.queue(queue).name, from, until, page);
        self.database.all("reading visits", &sql, &with, |row| {
            let visit = facts::read_visit(&row, 0, queue)?;
            Ok(VisitRow { source: row.text(12)?.to_owned(), call: row.text(13)?.into(), visit })
        })
    }

    fn legs(
        &self,
        sight: &Sight,
        unit: UnitId,
        from: Moment,
        until: Moment,
        page: &Page,
    ) -> Result<Vec<LegRow>, StoreError> {
        if !sight.sees_unit(unit, &self.directory) {
            return Ok(Vec::new());
        }
        let sql = "SELECT source, call, number, queue, kind, started, outcome, ring_ms, short FROM leg
             WHERE unit = $1 AND started >= $2 AND started < $3 AND (started, source, call, number) > ($4, $5, $6, $7)
             ORDER BY started, source, call, number LIMIT $8";
        let with = of_page(&self.directory.unit(unit).name, from, until, page);
        self.database.all("reading transfers", sql, &with, |row| facts::read_leg(&row, unit, &self.directory))
    }

    fn dead_letters(&self, sight: &Sight, before: Option<i64>, limit: usize) -> Result<Vec<DeadLetterRow>, StoreError> {
        if !sight.is_all() {
            return Ok(Vec::new());
        }
        let sql = "SELECT id, source, position, reason, detail, at, received FROM dead_letter WHERE id < $1
                   ORDER BY id DESC LIMIT $2";
        let with = [before.unwrap_or(i64::MAX).into(), (limit as i64).into()];
        self.database.all("reading dead letters", sql, &with, |row| {
            let text = |at: usize| row.text(at).map(str::to_owned);
            Ok(DeadLetterRow {
                id: row.int(0)?,
                source: text(1)?,
                position: text(2)?,
                reason: text(3)?,
                detail: text(4)?,
                at: Moment(row.int(5)?),
                received: Moment(row.int(6)?),
            })
        })
    }

    fn acts(&self, sight: &Sight, before: Option<i64>, limit: usize) -> Result<Vec<ActRow>, StoreError> {
        if !sight.is_all() {
            return Ok(Vec::new());
        }
        let sql = "SELECT id, at, who, act, about, detail FROM audit WHERE id < $1 ORDER BY id DESC LIMIT $2";
        let with = [before.unwrap_or(i64::MAX).into(), (limit as i64).into()];
        self.database.all("reading the audit log", sql, &with, |row| {
            let text = |at: usize| row.text(at).map(str::to_owned);
            let at = Moment(row.int(1)?);
            let act = Act { at, who: text(2)?, act: text(3)?, about: text(4)?, detail: text(5)? };
            Ok(ActRow { id: row.int(0)?, act })
        })
    }

    fn elsewhere(&self, sight: &Sight) -> Result<Vec<Elsewhere>, StoreError> {
        elsewhere::read(&*self.database, &self.directory, sight)
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
        let told_until = told_until(&*self.database)?;
        Ok(Quality { gaps, dead_letters, told_until })
    }

    fn has_open(&self, from: Moment, until: Moment) -> Result<bool, StoreError> {
        has_open(&*self.database, &self.directory, from, until)
    }
}

/// How far each source has told, by name.
pub(super) fn told_until(database: &dyn Database) -> Result<Vec<(String, Moment)>, StoreError> {
    let sql = "SELECT name, CAST(state ->> 'newest' AS bigint) FROM source WHERE state ->> 'newest' IS NOT NULL ORDER BY name";
    database
        .all("reading how far sources have told", sql, &[], |row| Ok((row.text(0)?.to_owned(), Moment(row.int(1)?))))
}

/// Whether a visit of `from..until` is still open.
pub(super) fn has_open(
    database: &dyn Database,
    directory: &Directory,
    from: Moment,
    until: Moment,
) -> Result<bool, StoreError> {
    let sql = "SELECT EXISTS (SELECT 1 FROM visit WHERE queue = $1 AND offered >= $2 AND offered < $3
                              AND (outcome IS NULL OR NOT over))";
    for queue in directory.queues() {
        let with = [queue.name.as_str().into(), from.into(), until.into()];
        if database.first("looking for open calls", sql, &with, |row| row.flag(0))? == Some(true) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Parameters of a page of what `name` has in `from..until`.
fn of_page<'a>(name: &'a str, from: Moment, until: Moment, page: &Page) -> [Value<'a>; 8] {
    let begin = page.begin();
    let (at, limit) = (begin.at, page.limit as i64);
    let rest = (begin.source.into(), begin.call.into(), begin.number.into(), limit.into());
    [name.into(), from.max(at).into(), until.into(), at.into(), rest.0, rest.1, rest.2, rest.3]
}
