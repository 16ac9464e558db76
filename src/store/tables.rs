//! The tables of the store, with their columns and keys: one list for writing, copying, checking.

use std::sync::LazyLock;

use crate::stats::{Counts, LegCounts};

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A whole number.
    Int,
    /// Yes or no.
    Flag,
    /// Text.
    Text,
    /// Text in JSON.
    Json,
    /// Bytes.
    Bytes,
}

/// A table.
#[derive(Debug)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// Names and kinds of its columns, in the order of its rows.
    pub columns: Vec<(&'static str, Kind)>,
    /// The columns by which a row is known; none: a row is never changed, and comes once.
    pub key: Vec<&'static str>,
    /// The column by whose month PostgreSQL keeps the rows.
    pub moment: Option<&'static str>,
    /// SQLite's statement that puts a row.
    pub put: String,
    /// SQLite's statement that reads a row by its key.
    pub find: String,
    /// SQLite's statement that takes a row away; its last parameter is the moment, where there is one.
    pub take: String,
}

impl Table {
    fn new(name: &'static str, key: &str, moment: Option<&'static str>, columns: &'static str) -> Self {
        let counts = |names: &'static [&'static str]| names.iter().map(|name| (*name, Kind::Int)).collect::<Vec<_>>();
        let columns: Vec<(&'static str, Kind)> = columns
            .split_whitespace()
            .flat_map(|word| match word.split_once(':') {
                Some((name, "flag")) => vec![(name, Kind::Flag)],
                Some((name, "text")) => vec![(name, Kind::Text)],
                Some((name, "json")) => vec![(name, Kind::Json)],
                Some((name, "bytes")) => vec![(name, Kind::Bytes)],
                Some(("counts", "visits")) => counts(Counts::NAMES),
                Some(("counts", _)) => counts(&LegCounts::NAMES),
                Some((name, _)) => vec![(name, Kind::Int)],
                None => vec![(word, Kind::Int)],
            })
            .collect();
        let key: Vec<&'static str> =
            columns.iter().map(|(name, _)| *name).filter(|name| key.split(' ').any(|part| part == *name)).collect();
        let names = columns.iter().map(|(name, _)| quoted(name)).collect::<Vec<_>>().join(", ");
        let marks = vec!["?"; columns.len()].join(", ");
        let or = if key.is_empty() { "IGNORE" } else { "REPLACE" };
        let put = format!("INSERT OR {or} INTO {name} ({names}) VALUES ({marks})");
        let mut conditions: Vec<String> = key.iter().map(|name| format!("{} = ?", quoted(name))).collect();
        let find = format!("SELECT {names} FROM {name} WHERE {}", conditions.join(" AND "));
        conditions.extend(moment.filter(|moment| !key.contains(moment)).map(|moment| format!("{moment} = ?")));
        let take = format!("DELETE FROM {name} WHERE {}", conditions.join(" AND "));
        Self { name, columns, key, moment, put, find, take }
    }

    /// Names of the columns, as they stand in a statement.
    pub fn names(&self) -> String {
        self.columns.iter().map(|(name, _)| quoted(name)).collect::<Vec<_>>().join(", ")
    }

    /// The columns that [`Write::Take`](crate::store::database::Write::Take) names: the key and the moment.
    pub fn taken_by(&self) -> Vec<&'static str> {
        let mut by = self.key.clone();
        by.extend(self.moment.filter(|moment| !self.key.contains(moment)));
        by
    }

    /// The columns by which its rows are told apart and put in order: the key, or for want of one the
    /// number that the database gave.
    pub fn order(&self) -> Vec<&'static str> {
        match (self.key.is_empty(), self.name) {
            (false, _) => self.taken_by(),
            (true, "gap") => vec!["source", "from", "to"],
            (true, _) => vec!["id"],
        }
    }

    /// Where a column stands in the rows.
    pub fn place(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|(column, _)| *column == name)
    }
}

/// A column's name as it stands in a statement.
pub fn quoted(name: &str) -> String {
    if matches!(name, "from" | "to") { format!("\"{name}\"") } else { name.to_owned() }
}

macro_rules! tables {
    ($($(#[$doc:meta])* $id:ident = $name:literal by $key:literal $(in months of $moment:literal)?: $columns:literal;)+) => {
        $(
            $(#[$doc])*
            pub static $id: LazyLock<Table> =
                LazyLock::new(|| Table::new($name, $key, { None::<&'static str> $(.or(Some($moment)))? }, $columns));
        )+

        /// All of them.
        pub fn all() -> Vec<&'static Table> {
            vec![$(&*$id),+]
        }
    };
}

tables! {
    /// How far each source has been read.
    SOURCE = "source" by "name": "name:text state:json";
    /// The events of each call.
    CALL = "call" by "source call": "source:text call:text newest is_over:flag content:bytes";
    /// Visits.
    VISIT = "visit" by "source call queue number" in months of "offered":
        "source:text call:text queue:text number offered outcome:text decided wait_ms talk_ms over:flag
         outside_hours:flag derived:flag inconsistent:flag late:flag coarse:flag";
    /// Transfer legs.
    LEG = "leg" by "source call number" in months of "started":
        "source:text call:text number queue:text kind:text target:text unit:text organisation:text started
         outcome:text ring_ms short:flag not_completed:flag";
    /// Whole calls.
    JOURNEY = "journey" by "source call" in months of "offered":
        "source:text call:text queue:text offered outcome:text decided wait_ms outside_hours:flag";
    /// Callers and units.
    UNIT_JOURNEY = "unit_journey" by "source call unit" in months of "started":
        "source:text call:text unit:text started reached:flag";
    /// Rollups of visits and whole calls.
    VISIT_CELL = "visit_cell" by "scope tier start name":
        "scope:text tier:text start name:text thresholds:json waits:bytes max_answered max_all counts:visits";
    /// Rollups of legs.
    LEG_CELL = "leg_cell" by "tier start name": "tier:text start name:text counts:legs";
    /// Months whose figures were signed.
    MONTH_REVISION = "month_revision" by "month revision":
        "month revision ends at who:text why:text terms:json";
    /// The rollups of such a month as they were signed.
    SIGNED_VISIT_CELL = "signed_visit_cell" by "month revision scope tier start name":
        "month revision scope:text tier:text start name:text thresholds:json waits:bytes max_answered max_all
         counts:visits";
    /// The same of legs.
    SIGNED_LEG_CELL = "signed_leg_cell" by "month revision tier start name":
        "month revision tier:text start name:text counts:legs";
    /// Sums of a year's closed months.
    YEAR_SUM = "year_sum" by "months": "months:text number";
    /// What stands in them, by queue and unit.
    YEAR_SUM_CELL = "year_sum_cell" by "number scope name": "number scope:text name:text content:bytes";
    /// What was let go.
    LET_GO = "let_go" by "kind name": "kind:text name:text until";
    /// Counters that only grow.
    TOTAL = "total" by "kind name": "kind:text name:text state:json";
    /// What could not be used.
    DEAD_LETTER = "dead_letter" by "": "source:text position:text reason:text excerpt:text detail:text at received";
    /// Periods in which a source was not heard.
    GAP = "gap" by "": "source:text from to reason:text";
    /// Who did what.
    AUDIT = "audit" by "": "at who:text act:text about:text detail:text";
    /// Letters that are to go out.
    OUTBOX = "outbox" by "key": "key:text receiver:text content:bytes written due sent tries trouble:text";
    /// What no switch told.
    ELSEWHERE = "elsewhere" by "kind name day": "kind:text name:text day:text state:json";
    /// What the writers of letters remember.
    MEMORY = "memory" by "writer": "writer:text content:text";
}
