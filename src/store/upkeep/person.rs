//! What is kept about one number or one attendant, shown and erased.
//!
//! Callers' numbers are dropped before anything is stored, and attendants' names are kept of no call.
//! What can be left is a number that a caller was sent on to, and what a line says that could not be
//! used. Figures stay as they are: the unit is kept, the number is not.

use serde::Serialize;

use crate::directory::house::ERASED;
use crate::event::TransferKind;
use crate::measure::Moment;
use crate::store::database::{Statement, Write};
use crate::store::tables::CALL;
use crate::store::upkeep::Upkeep;
use crate::store::upkeep::carry::Pages;
use crate::store::value::Value;
use crate::store::{Act, Database, StoreError, saved};

/// What is kept about somebody.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Kept {
    /// Transfers to the number, by time.
    pub transfers: Vec<Transfer>,
    /// Calls in whose events the number stands.
    pub calls: Vec<KeptCall>,
    /// What could not be used and says the number or name.
    pub dead_letters: Vec<KeptLetter>,
}

/// A transfer to the number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Transfer {
    /// Name of the source.
    pub source: String,
    /// The switch's name of the call.
    pub call: String,
    /// When it was sent.
    pub started: Moment,
    /// The unit that the number belonged to.
    pub unit: String,
    /// Blind, attended, blonde or direct.
    pub kind: String,
    /// How it ended, if that is known.
    pub outcome: Option<String>,
    /// How long it rang, ms, where that is known.
    pub ring_ms: Option<i64>,
}

/// A call in whose events the number stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KeptCall {
    /// Name of the source.
    pub source: String,
    /// The switch's name of the call.
    pub call: String,
}

/// What could not be used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KeptLetter {
    /// Its number.
    pub id: i64,
    /// Name of the source.
    pub source: String,
    /// Where it stood.
    pub position: String,
    /// How it began.
    pub excerpt: String,
    /// Why it could not be used.
    pub detail: String,
}

/// Is shown a call: source, name, row.
type EachCall<'a> = &'a mut dyn FnMut(&str, &str, &[Value<'static>]) -> Result<(), StoreError>;

impl Upkeep {
    /// Everything that is kept about a number.
    pub fn about_number(&self, number: &str) -> Result<Kept, StoreError> {
        let database: &dyn Database = &*self.database;
        let sql =
            "SELECT source, call, started, unit, kind, outcome, ring_ms FROM leg WHERE target = $1 ORDER BY started";
        let transfers = database.all("looking for transfers", sql, &[number.into()], |row| {
            let text = |at: usize| row.text(at).map(str::to_owned);
            Ok(Transfer {
                source: text(0)?,
                call: text(1)?,
                started: Moment(row.int(2)?),
                unit: text(3)?,
                kind: TransferKind::parse(row.text(4)?).map_or("unknown", TransferKind::as_str).to_owned(),
                outcome: row.maybe_text(5)?.map(str::to_owned),
                ring_ms: row.maybe_int(6)?,
            })
        })?;
        let mut calls = Vec::new();
        self.each_call_that_says(number, &mut |source, call, _| {
            calls.push(KeptCall { source: source.to_owned(), call: call.to_owned() });
            Ok(())
        })?;
        Ok(Kept { transfers, calls, dead_letters: self.letters_that_say(number)? })
    }

    /// Everything that is kept about an attendant: of no call, and so only what could not be used.
    pub fn about_agent(&self, name: &str) -> Result<Kept, StoreError> {
        Ok(Kept { dead_letters: self.letters_that_say(name)?, ..Kept::default() })
    }

    /// Erases a number: in each transfer and event its unit stands in its place, so that every figure
    /// stays. The keeper must be alone. Returns what there was; `act` says how that is noted.
    pub fn erase_number(&self, number: &str, act: impl FnOnce(&Kept) -> Act) -> Result<Kept, StoreError> {
        let kept = self.about_number(number)?;
        let mut writes: Vec<Write<'static>> = Vec::new();
        self.each_call_that_says(number, &mut |source, call, row| {
            let unit = |at: Moment| self.directory.unit(self.directory.unit_of(number, at)).name.clone();
            let Some(Value::Bytes(bytes)) = row.get(4) else { return Ok(()) };
            let bytes = saved::without(bytes, number, |at| format!("{ERASED}{}", unit(at)))
                .ok_or_else(|| StoreError::Damaged { what: format!("call `{call}` of {source}") })?;
            let mut row = row.to_vec();
            row[4] = bytes.into();
            writes.push(Write::Put(&CALL, row));
            Ok(())
        })?;
        let legs = Statement {
            sql: format!("UPDATE leg SET target = '{ERASED}' || unit WHERE target = $1"),
            with: vec![number.into()],
        };
        self.database.commit("erasing a number", writes, &[legs, without_word(number), act(&kept).noted()])?;
        self.database.scrub()?;
        Ok(kept)
    }

    /// Erases what says an attendant's name. Returns what there was; `act` says how that is noted.
    pub fn erase_agent(&self, name: &str, act: impl FnOnce(&Kept) -> Act) -> Result<Kept, StoreError> {
        let kept = self.about_agent(name)?;
        self.database.commit("erasing a name", Vec::new(), &[without_word(name), act(&kept).noted()])?;
        self.database.scrub()?;
        Ok(kept)
    }

    fn each_call_that_says(&self, number: &str, each: EachCall<'_>) -> Result<(), StoreError> {
        let mut pages = Pages::of(&*self.database, &CALL);
        loop {
            let rows = pages.next()?;
            if rows.is_empty() {
                return Ok(());
            }
            for row in rows {
                let [Value::Text(source), Value::Text(call), .., Value::Bytes(bytes)] = row.as_slice() else {
                    continue;
                };
                // Texts stand as they are in the stored form; whether it is a number of its own is
                // seen when it is read.
                let may_say = memchr::memmem::find(bytes, number.as_bytes()).is_some();
                if may_say && saved::says(bytes, number) {
                    each(source, call, &row)?;
                }
            }
        }
    }

    fn letters_that_say(&self, word: &str) -> Result<Vec<KeptLetter>, StoreError> {
        let sql = format!("SELECT id, source, position, excerpt, detail FROM dead_letter WHERE {SAYS} ORDER BY id");
        self.database.all("looking for dead letters", &sql, &[like(word)], |row| {
            let text = |at: usize| row.text(at).map(str::to_owned);
            Ok(KeptLetter {
                id: row.int(0)?,
                source: text(1)?,
                position: text(2)?,
                excerpt: text(3)?,
                detail: text(4)?,
            })
        })
    }
}

const SAYS: &str = "(position LIKE $1 ESCAPE '!' OR excerpt LIKE $1 ESCAPE '!' OR detail LIKE $1 ESCAPE '!')";

fn like(word: &str) -> Value<'static> {
    let escaped = word.replace('!', "!!").replace('%', "!%").replace('_', "!_");
    format!("%{escaped}%").into()
}

/// The letter stays, since it is counted; nothing of what it said does.
fn without_word(word: &str) -> Statement<'static> {
    let gone = "'erased ' || CAST(id AS text)";
    Statement {
        sql: format!("UPDATE dead_letter SET position = {gone}, excerpt = {gone}, detail = 'erased' WHERE {SAYS}"),
        with: vec![like(word)],
    }
}
