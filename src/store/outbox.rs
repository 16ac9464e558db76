//! The outbox: letters that are to go out, and what their writers must remember with them.
//!
//! A letter and its writer's memory are kept in one transaction: whoever is killed in between has
//! neither said it nor forgotten it. A connection of its own beside the engine's, on the same file, so
//! that figures and letters are lost or kept together.

use rusqlite::{Connection, OptionalExtension, params};

use crate::measure::Moment;
use crate::store::StoreError;

/// A letter to be put in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewLetter {
    /// Tells it from every other, for ever; also told to the receiver.
    pub key: String,
    /// To whom, for people.
    pub to: String,
    /// The letter.
    pub content: Vec<u8>,
}

/// A letter that is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldLetter {
    /// Its number.
    pub id: i64,
    /// Its key.
    pub key: String,
    /// To whom, for people.
    pub to: String,
    /// The letter.
    pub content: Vec<u8>,
    /// When it was put in.
    pub written: Moment,
    /// How often it has been tried.
    pub tries: u32,
}

/// Who did what, for the log of what people did; nothing in it is ever changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deed {
    /// When.
    pub at: Moment,
    /// Who.
    pub who: String,
    /// What, in snake case: `alert_silenced`.
    pub deed: String,
    /// To what.
    pub about: String,
    /// What else is to be known.
    pub detail: String,
}

/// Longest that another connection is waited for.
const BUSY: std::time::Duration = std::time::Duration::from_secs(5);

/// Beside the tables of the figures; made where they are missing.
const TABLES: &str = "
CREATE TABLE IF NOT EXISTS outbox (
    id       INTEGER PRIMARY KEY,
    key      TEXT NOT NULL UNIQUE,
    receiver TEXT NOT NULL,
    content  BLOB NOT NULL,
    written  INTEGER NOT NULL,
    due      INTEGER,
    sent     INTEGER,
    tries    INTEGER NOT NULL,
    trouble  TEXT
);
CREATE INDEX IF NOT EXISTS outbox_due ON outbox (due) WHERE due IS NOT NULL;
CREATE TABLE IF NOT EXISTS memory (writer TEXT PRIMARY KEY, content TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS deed (
    id     INTEGER PRIMARY KEY,
    at     INTEGER NOT NULL,
    who    TEXT NOT NULL,
    deed   TEXT NOT NULL,
    about  TEXT NOT NULL,
    detail TEXT NOT NULL
);";

/// One connection to the outbox.
#[derive(Debug)]
pub struct Outbox {
    connection: Connection,
}

fn failed(source: rusqlite::Error) -> StoreError {
    StoreError::Sqlite { doing: "keeping the outbox", source }
}

impl Outbox {
    /// Opens the outbox of the store at `url`, which exists.
    pub fn open(url: &str) -> Result<Self, StoreError> {
        let no_store = || StoreError::Address { url: url.into(), why: "is no store; write sqlite:PATH".into() };
        let path = url.strip_prefix("sqlite:").filter(|path| !path.is_empty()).ok_or_else(no_store)?;
        let connection = Connection::open(path).map_err(failed)?;
        connection.busy_timeout(BUSY).map_err(failed)?;
        connection.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;").map_err(failed)?;
        connection.execute_batch(TABLES).map_err(failed)?;
        Ok(Self { connection })
    }

    /// Puts letters in, due at once, keeps `memory` under its writer's name and notes a deed, together
    /// or not at all. A letter whose key is known already is not put in again.
    pub fn write(
        &mut self,
        letters: &[NewLetter],
        memory: Option<(&str, &str)>,
        deed: Option<&Deed>,
        now: Moment,
    ) -> Result<(), StoreError> {
        let transaction = self.connection.transaction().map_err(failed)?;
        for letter in letters {
            transaction
                .execute(
                    "INSERT OR IGNORE INTO outbox (key, receiver, content, written, due, tries) VALUES (?1, ?2, ?3, ?4, ?4, 0)",
                    params![letter.key, letter.to, letter.content, now.0],
                )
                .map_err(failed)?;
        }
        if let Some((writer, memory)) = memory {
            transaction
                .execute("INSERT OR REPLACE INTO memory (writer, content) VALUES (?1, ?2)", params![writer, memory])
                .map_err(failed)?;
        }
        if let Some(Deed { at, who, deed, about, detail }) = deed {
            transaction
                .execute(
                    "INSERT INTO deed (at, who, deed, about, detail) VALUES (?1, ?2, ?3, ?4, ?5)",
                    params![at.0, who, deed, about, detail],
                )
                .map_err(failed)?;
        }
        transaction.commit().map_err(failed)
    }

    /// What `writer` kept.
    pub fn memory_of(&self, writer: &str) -> Result<Option<String>, StoreError> {
        let sql = "SELECT content FROM memory WHERE writer = ?1";
        self.connection.query_row(sql, [writer], |row| row.get(0)).optional().map_err(failed)
    }

    /// Letters that are due at `now`, the oldest first, at most `limit`.
    pub fn due(&self, now: Moment, limit: usize) -> Result<Vec<HeldLetter>, StoreError> {
        let sql = "SELECT id, key, receiver, content, written, tries FROM outbox
                   WHERE due IS NOT NULL AND due <= ?1 ORDER BY due, id LIMIT ?2";
        let mut statement = self.connection.prepare_cached(sql).map_err(failed)?;
        let letters = statement.query_map(params![now.0, limit as i64], |row| {
            Ok(HeldLetter {
                id: row.get(0)?,
                key: row.get(1)?,
                to: row.get(2)?,
                content: row.get(3)?,
                written: Moment(row.get(4)?),
                tries: row.get(5)?,
            })
        });
        letters.map_err(failed)?.collect::<Result<_, _>>().map_err(failed)
    }

    /// A letter was taken. Its key stays known; its content is let go.
    pub fn sent(&mut self, id: i64, now: Moment) -> Result<(), StoreError> {
        let sql =
            "UPDATE outbox SET sent = ?1, due = NULL, trouble = NULL, tries = tries + 1, content = x'' WHERE id = ?2";
        self.connection.execute(sql, params![now.0, id]).map(|_| ()).map_err(failed)
    }

    /// A letter was not taken: why, and when it is tried again; `None`: never.
    pub fn refused(&mut self, id: i64, why: &str, next: Option<Moment>) -> Result<(), StoreError> {
        let sql = "UPDATE outbox SET trouble = ?1, due = ?2, tries = tries + 1 WHERE id = ?3";
        self.connection.execute(sql, params![why, next.map(|at| at.0), id]).map(|_| ()).map_err(failed)
    }

    /// Deeds, newest first, at most `limit`.
    pub fn deeds(&self, limit: usize) -> Result<Vec<Deed>, StoreError> {
        let sql = "SELECT at, who, deed, about, detail FROM deed ORDER BY id DESC LIMIT ?1";
        let mut statement = self.connection.prepare_cached(sql).map_err(failed)?;
        let deeds = statement.query_map([limit as i64], |row| {
            Ok(Deed {
                at: Moment(row.get(0)?),
                who: row.get(1)?,
                deed: row.get(2)?,
                about: row.get(3)?,
                detail: row.get(4)?,
            })
        });
        deeds.map_err(failed)?.collect::<Result<_, _>>().map_err(failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letter(key: &str) -> NewLetter {
        NewLetter { key: key.into(), to: "jour".into(), content: vec![1, 2] }
    }

    #[test]
    fn a_letter_lies_in_the_outbox_until_it_is_taken_and_is_never_put_in_twice() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("figures.db").display());
        let mut outbox = Outbox::open(&url).unwrap();
        outbox.write(&[letter("a"), letter("b")], Some(("alert", "{}")), None, Moment(10)).unwrap();
        outbox.write(&[letter("a")], None, None, Moment(11)).unwrap();
        let due = outbox.due(Moment(10), 9).unwrap();
        assert_eq!(due.iter().map(|letter| letter.key.as_str()).collect::<Vec<_>>(), ["a", "b"]);
        outbox.sent(due[0].id, Moment(12)).unwrap();
        outbox.refused(due[1].id, "away", Some(Moment(50))).unwrap();

        let mut again = Outbox::open(&url).unwrap();
        assert_eq!(again.memory_of("alert").unwrap().as_deref(), Some("{}"));
        assert!(again.due(Moment(49), 9).unwrap().is_empty());
        let due = again.due(Moment(50), 9).unwrap();
        assert_eq!((due.len(), due[0].tries, due[0].written), (1, 1, Moment(10)));
        again.write(&[letter("a")], None, None, Moment(60)).unwrap();
        assert_eq!(again.due(Moment(60), 9).unwrap().len(), 1, "what was sent is not sent again");
        again.refused(due[0].id, "no", None).unwrap();
        assert!(again.due(Moment(i64::MAX), 9).unwrap().is_empty());
    }
}
