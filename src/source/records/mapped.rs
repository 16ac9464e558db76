//! What the columns mean, by the configuration: for switches and attendant products without a preset.
//!
//! A row with a queue is a stay in it; a row with a target is a transfer; one row may be both. Rows
//! of one call, by `call`, are told together.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use smallvec::smallvec;
use smol_str::SmolStr;

use crate::event::json::Unusable;
use crate::event::{AnsweredBy, EventKind, LeftOutcome, Reason, RefusedReason, TransferKind, TransferResult};
use crate::measure::Untold;
use crate::source::records::row::Row;
use crate::source::records::settings::{Faults, RecordsSettings};
use crate::source::records::story::{Keys, Leg, LegEnd, More, Stay, StayEnd, Story, Teller, When};

/// What the columns mean. Values are names of columns.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MapSettings {
    /// Columns that together name a call. Default: every line is a call.
    pub call: Vec<String>,
    /// Column with the switch's queue; `=600`: always this one.
    pub queue: Option<String>,
    /// Column with the time at which the caller came (a time).
    pub started: String,
    /// Column with the time of the answer (a time).
    pub answered: Option<String>,
    /// Column with the time of the end (a time).
    pub ended: Option<String>,
    /// Column with the wait (a length).
    pub wait: Option<String>,
    /// Column with the length of the conversation (a length).
    pub talk: Option<String>,
    /// Column with the number that was dialled.
    pub dialled: Option<String>,
    /// Column with the attendant who answered.
    pub agent: Option<String>,
    /// Column with the extension that the caller was sent on to.
    pub target: Option<String>,
    /// Column with how the stay ended. Default: answered where there is an answer or a conversation,
    /// abandoned where there is none.
    pub outcome: Option<String>,
    /// Column with what became of the transfer.
    pub result: Option<String>,
    /// What the words in `outcome` and `result` mean: answered, abandoned, overflowed, key_exit,
    /// callback, voicemail, system, full, closed, empty; no_answer, busy, rejected, unreachable,
    /// caller_hung_up, recalled, withdrawn; or ignored.
    pub outcomes: BTreeMap<String, String>,
    /// Column that says that more rows of the call follow, and the words that say so.
    pub continued: Option<Continued>,
}

/// More rows of the call follow.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Continued {
    /// The column.
    pub column: String,
    /// Its words.
    pub values: Vec<String>,
}

/// The story of a configured mapping.
#[derive(Debug)]
pub struct Mapped {
    map: MapSettings,
}

const WORDS: [&str; 18] = [
    "answered",
    "abandoned",
    "overflowed",
    "key_exit",
    "callback",
    "voicemail",
    "system",
    "full",
    "closed",
    "empty",
    "no_answer",
    "busy",
    "rejected",
    "unreachable",
    "caller_hung_up",
    "recalled",
    "withdrawn",
    "ignored",
];

impl Mapped {
    /// Checks the mapping; `around` says which columns are times and lengths.
    pub fn check(map: &MapSettings, around: &RecordsSettings) -> Result<Self, Faults> {
        let mut wrong = Faults::new();
        let mut complain = |key: &str, why: String| wrong.push((key.to_owned(), why));
        if map.started.is_empty() {
            complain("started", "is missing: the column with the time at which the caller came".into());
        }
        if map.queue.is_none() && map.target.is_none() {
            complain("queue", "is missing: the column with the queue, or `=NAME` where there is one only".into());
        }
        let times =
            [("started", Some(&map.started)), ("answered", map.answered.as_ref()), ("ended", map.ended.as_ref())];
        for (key, column) in times {
            if let Some(column) = column.filter(|column| !column.is_empty() && !around.times.contains_key(*column)) {
                complain(key, format!("`{column}` has no format in `times`"));
            }
        }
        for (key, column) in [("wait", &map.wait), ("talk", &map.talk)] {
            if let Some(column) = column.as_ref().filter(|column| !around.spans.contains_key(*column)) {
                complain(key, format!("`{column}` has no unit in `spans`"));
            }
        }
        for (word, meaning) in &map.outcomes {
            if !WORDS.contains(&meaning.as_str()) {
                complain("outcomes", format!("`{word}` means `{meaning}`, which is none of {}", WORDS.join(", ")));
            }
        }
        if (map.outcome.is_some() || map.result.is_some()) && map.outcomes.is_empty() {
            complain("outcomes", "is missing: what the words in outcome and result mean".into());
        }
        if wrong.is_empty() { Ok(Self { map: map.clone() }) } else { Err(wrong) }
    }

    /// What the word in a column means; `None` where there is none.
    fn meaning(&self, row: &Row, column: Option<&String>) -> Result<Option<&str>, Unusable> {
        let Some(word) = column.and_then(|column| row.text(column)) else { return Ok(None) };
        match self.map.outcomes.get(word) {
            Some(meaning) => Ok(Some(meaning)),
            None => Err(Unusable::new(Reason::BadField, format!("`{word}` does not stand in outcomes"))),
        }
    }

    fn queue<'a>(&'a self, row: &'a Row) -> Option<&'a str> {
        let queue = self.map.queue.as_deref()?;
        queue.strip_prefix('=').map_or_else(|| row.text(queue), Some)
    }

    fn time(row: &Row, column: Option<&String>) -> Option<When> {
        row.time(column?).map(When::from)
    }

    fn stay(&self, row: &Row, queue: &str, teller: &mut Teller<'_>) -> Result<(), Unusable> {
        let map = &self.map;
        let entered = When::from(row.need_time(&map.started)?);
        let span = |column: &Option<String>| column.as_ref().and_then(|column| row.span_ms(column));
        let (wait, talk) = (span(&map.wait), span(&map.talk));
        let (answered, ended) = (Self::time(row, map.answered.as_ref()), Self::time(row, map.ended.as_ref()));
        let word = self.meaning(row, map.outcome.as_ref())?;
        let was_answered = answered.is_some() || (map.answered.is_none() && talk.is_some_and(|talk| talk > 0));
        let outcome = match word.unwrap_or(if was_answered { "answered" } else { "abandoned" }) {
            "answered" => StayEnd::Answered(map.agent.as_ref().and_then(|agent| row.text(agent))),
            "overflowed" => StayEnd::Left(LeftOutcome::Overflowed),
            "key_exit" => StayEnd::Left(LeftOutcome::KeyExit),
            "callback" => StayEnd::Left(LeftOutcome::Callback),
            "voicemail" => StayEnd::Left(LeftOutcome::Voicemail),
            "system" => StayEnd::Left(LeftOutcome::System),
            refused @ ("full" | "closed" | "empty") => {
                let reason = RefusedReason::parse(refused).unwrap_or(RefusedReason::Full);
                teller.say(row, "refused", entered, EventKind::VisitRefused { queue: SmolStr::new(queue), reason });
                return Ok(());
            }
            "abandoned" => StayEnd::Left(LeftOutcome::Abandoned),
            other => {
                return Err(Unusable::new(Reason::BadField, format!("`{other}` is no way to leave a queue")));
            }
        };
        let is_answer = matches!(outcome, StayEnd::Answered(_));
        let told = if is_answer { answered } else { ended.filter(|_| talk.is_none_or(|talk| talk == 0)) };
        let end = told.or_else(|| wait.map(|wait| entered.plus_ms(wait))).unwrap_or_else(|| When::about(entered.at));
        teller.stay(row, &Stay { queue, entered, end: (outcome, end), wait_ms: wait });
        if is_answer {
            let over = ended.or_else(|| talk.map(|talk| end.plus_ms(talk)));
            teller.over(row, queue, over.unwrap_or_else(|| When::about(row.written)), talk);
        }
        Ok(())
    }

    fn leg(&self, row: &Row, target: &str, has_stay: bool, teller: &mut Teller<'_>) -> Result<(), Unusable> {
        let started = if has_stay { When::about(row.written) } else { row.need_time(&self.map.started)?.into() };
        let end = match self.meaning(row, self.map.result.as_ref())? {
            None => None,
            Some("answered") => Some(LegEnd::Answered(AnsweredBy::Person)),
            Some("voicemail") => Some(LegEnd::Answered(AnsweredBy::Voicemail)),
            Some(word) => {
                let result = TransferResult::parse(word).ok_or_else(|| {
                    Unusable::new(Reason::BadField, format!("`{word}` is nothing that becomes of a transfer"))
                })?;
                Some(LegEnd::Failed(result))
            }
        };
        let end = end.map(|end| (end, When::about(row.written)));
        teller.leg(row, &Leg { kind: TransferKind::Blind, target, queue: None, started, end });
        Ok(())
    }
}

impl Story for Mapped {
    fn columns(&self) -> Vec<(SmolStr, bool)> {
        let map = &self.map;
        let queue = map.queue.as_ref().filter(|queue| !queue.starts_with('='));
        let optional = [
            &map.answered,
            &map.ended,
            &map.wait,
            &map.talk,
            &map.dialled,
            &map.agent,
            &map.target,
            &map.outcome,
            &map.result,
        ];
        let needed = std::iter::once(&map.started).chain(&map.call).chain(queue);
        let mut columns: Vec<(SmolStr, bool)> = needed.map(|name| (SmolStr::new(name), true)).collect();
        columns.extend(optional.into_iter().flatten().map(|name| (SmolStr::new(name), false)));
        columns.extend(map.continued.iter().map(|continued| (SmolStr::new(&continued.column), true)));
        columns
    }

    fn is_noise(&self, row: &Row) -> bool {
        let columns = [self.map.outcome.as_ref(), self.map.result.as_ref()];
        columns.into_iter().any(|column| matches!(self.meaning(row, column), Ok(Some("ignored"))))
    }

    fn keys(&self, row: &Row) -> Keys {
        if self.map.call.is_empty() { smallvec![] } else { smallvec![self.name(row)] }
    }

    fn more(&self, rows: &[Row]) -> More {
        match (&self.map.continued, self.map.call.is_empty()) {
            (_, true) => More::No,
            (Some(continued), false) => {
                let says = |row: &Row| {
                    row.text(&continued.column).is_some_and(|word| continued.values.iter().any(|value| value == word))
                };
                if rows.last().is_some_and(says) { More::Must } else { More::No }
            }
            (None, false) => More::May,
        }
    }

    fn tell(&self, rows: &[Row], teller: &mut Teller<'_>) -> Result<(), Unusable> {
        let Some(first) = rows.first() else { return Ok(()) };
        teller.call(self.name(first));
        let dialled = self.map.dialled.as_ref().and_then(|column| first.text(column));
        teller.arrived(first, first.need_time(&self.map.started)?.into(), dialled);
        for row in rows {
            let queue = self.queue(row);
            let target = self.map.target.as_ref().and_then(|column| row.text(column));
            if let Some(queue) = queue {
                self.stay(row, queue, teller)?;
            }
            if let Some(target) = target {
                self.leg(row, target, queue.is_some(), teller)?;
            }
            if queue.is_none() && target.is_none() {
                return Err(Unusable::new(Reason::BadField, "names neither queue nor target"));
            }
        }
        Ok(())
    }

    fn untold(&self) -> Vec<Untold> {
        let map = &self.map;
        let says = |word: &str| map.outcomes.values().any(|meaning| meaning == word);
        let is_untold = |untold: &Untold| match untold {
            Untold::Wait => map.wait.is_none() && map.answered.is_none(),
            Untold::WayOut => !says("overflowed"),
            Untold::Refused => !says("full") && !says("closed") && !says("empty"),
            Untold::Talk => map.talk.is_none() && (map.answered.is_none() || map.ended.is_none()),
            Untold::Transfers => map.target.is_none(),
            Untold::AttendedTransfers => false,
            Untold::UnitAnswer => map.target.is_some() && map.result.is_none(),
        };
        Untold::ALL.into_iter().filter(is_untold).collect()
    }
}

impl Mapped {
    fn name(&self, row: &Row) -> SmolStr {
        if self.map.call.is_empty() {
            return row.own_name();
        }
        let parts: Vec<&str> = self.map.call.iter().map(|column| row.text(column).unwrap_or_default()).collect();
        parts.join("/").into()
    }
}
