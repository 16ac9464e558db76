//! The outbox: letters that are to go out, and what their writers must remember with them.
//!
//! A letter and its writer's memory are kept in one transaction: whoever is killed in between has
//! neither said it nor forgotten it.

use crate::measure::Moment;
use crate::store::audit::Act;
use crate::store::database::Statement;
use crate::store::{Fence, Ledger, StoreError};

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

impl Ledger {
    /// Puts letters in, due at once, keeps `memory` under its writer's name and notes an act, together
    /// or not at all. A letter whose key is known already is not put in again.
    pub fn write_letters(
        &mut self,
        letters: &[NewLetter],
        memory: Option<(&str, &str)>,
        act: Option<&Act>,
        now: Moment,
    ) -> Result<(), StoreError> {
        let mut statements = Vec::new();
        for letter in letters {
            statements.push(Statement {
                sql: "INSERT INTO outbox (key, receiver, content, written, due, tries) VALUES ($1, $2, $3, $4, $5, 0)
                      ON CONFLICT (key) DO NOTHING"
                    .to_owned(),
                with: vec![
                    (&letter.key).into(),
                    (&letter.to).into(),
                    letter.content.as_slice().into(),
                    now.into(),
                    now.into(),
                ],
            });
        }
        if let Some((writer, memory)) = memory {
            statements.push(Statement {
                sql: "INSERT INTO memory (writer, content) VALUES ($1, $2)
                      ON CONFLICT (writer) DO UPDATE SET content = excluded.content"
                    .to_owned(),
                with: vec![writer.into(), memory.into()],
            });
        }
        statements.extend(act.map(Act::noted));
        if !statements.is_empty() {
            self.database.commit("writing to the outbox", Vec::new(), &statements)?;
        }
        Ok(())
    }

    /// What `writer` kept. Told to one who leads only: until then another may change it.
    pub fn memory_of(&self, writer: &str) -> Result<Option<String>, StoreError> {
        self.fence.as_ref().map(Fence::epoch).transpose()?;
        let sql = "SELECT content FROM memory WHERE writer = $1";
        self.database.first("reading the outbox", sql, &[writer.into()], |row| row.text(0).map(str::to_owned))
    }

    /// When the last of these letters was taken; `None`: not all of them have been.
    pub fn taken(&self, keys: &[String]) -> Result<Option<Moment>, StoreError> {
        let sql = "SELECT sent FROM outbox WHERE key = $1 AND sent IS NOT NULL";
        let mut last = None;
        for key in keys {
            let sent = self.database.first("reading the outbox", sql, &[key.into()], |row| row.int(0))?;
            let Some(sent) = sent else { return Ok(None) };
            last = last.max(Some(Moment(sent)));
        }
        Ok(last)
    }

    /// Letters that are due at `now`, the oldest first, at most `limit`; also those that are due after
    /// `latest`, which no pause is long enough for: the clock was set back since.
    pub fn letters_due(&self, now: Moment, latest: Moment, limit: usize) -> Result<Vec<HeldLetter>, StoreError> {
        let sql = "SELECT id, key, receiver, content, written, tries FROM outbox
                   WHERE due IS NOT NULL AND (due <= $1 OR due > $2) ORDER BY due, id LIMIT $3";
        let with = [now.into(), latest.into(), (limit as i64).into()];
        self.database.all("reading the outbox", sql, &with, |row| {
            Ok(HeldLetter {
                id: row.int(0)?,
                key: row.text(1)?.to_owned(),
                to: row.text(2)?.to_owned(),
                content: row.bytes(3)?.to_vec(),
                written: Moment(row.int(4)?),
                tries: row.small(5)?,
            })
        })
    }

    /// Takes a letter out to deliver it; says whether it is still there to be delivered. Behind a fence
    /// this fails for one who leads no more. It stays due until one of the next two is told.
    pub fn take_letter(&mut self, id: i64) -> Result<bool, StoreError> {
        let sql = "UPDATE outbox SET tries = tries + 1 WHERE id = $1 AND due IS NOT NULL";
        Ok(self.database.execute("writing to the outbox", sql, vec![id.into()])? > 0)
    }

    /// A letter was taken. Its key stays known; its content is let go.
    pub fn letter_sent(&mut self, id: i64, now: Moment) -> Result<(), StoreError> {
        let sql = "UPDATE outbox SET sent = $1, content = $2, due = NULL, trouble = NULL WHERE id = $3";
        let with = vec![now.into(), Vec::new().into(), id.into()];
        self.database.execute("writing to the outbox", sql, with)?;
        Ok(())
    }

    /// A letter was not taken: why, and when it is tried again; `None`: never.
    pub fn letter_refused(&mut self, id: i64, why: &str, next: Option<Moment>) -> Result<(), StoreError> {
        let sql = "UPDATE outbox SET trouble = $1, due = $2 WHERE id = $3";
        let with = vec![why.into(), next.into(), id.into()];
        self.database.execute("writing to the outbox", sql, with)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{StoreSettings, open_ledger};

    fn letter(key: &str) -> NewLetter {
        NewLetter { key: key.into(), to: "jour".into(), content: vec![1, 2] }
    }

    fn due_at(outbox: &Ledger, now: i64) -> Vec<HeldLetter> {
        outbox.letters_due(Moment(now), Moment(i64::MAX), 9).unwrap()
    }

    #[test]
    fn a_letter_that_was_written_by_a_clock_set_back_since_is_due() {
        let folder = tempfile::tempdir().unwrap();
        let settings = StoreSettings::at(&format!("sqlite:{}", folder.path().join("figures.db").display()));
        let mut outbox = open_ledger(&settings).unwrap();
        outbox.write_letters(&[letter("a")], None, None, Moment(7_200_000)).unwrap();
        let due = |now: i64| outbox.letters_due(Moment(now), Moment(now + 900_000), 9).unwrap().len();
        assert_eq!([due(7_200_000), due(6_500_000), due(0)], [1, 0, 1], "now, in a pause, and hours before");
    }

    #[test]
    fn a_letter_lies_in_the_outbox_until_it_is_taken_and_is_never_put_in_twice() {
        let folder = tempfile::tempdir().unwrap();
        let settings = StoreSettings::at(&format!("sqlite:{}", folder.path().join("figures.db").display()));
        let mut outbox = open_ledger(&settings).unwrap();
        outbox.write_letters(&[letter("a"), letter("b")], Some(("alert", "{}")), None, Moment(10)).unwrap();
        outbox.write_letters(&[letter("a")], None, None, Moment(11)).unwrap();
        let due = due_at(&outbox, 10);
        assert_eq!(due.iter().map(|letter| letter.key.as_str()).collect::<Vec<_>>(), ["a", "b"]);
        assert!(outbox.take_letter(due[0].id).unwrap() && outbox.take_letter(due[1].id).unwrap());
        outbox.letter_sent(due[0].id, Moment(12)).unwrap();
        assert!(!outbox.take_letter(due[0].id).unwrap(), "somebody else has delivered it");
        outbox.letter_refused(due[1].id, "away", Some(Moment(50))).unwrap();

        let mut again = open_ledger(&settings).unwrap();
        assert_eq!(again.memory_of("alert").unwrap().as_deref(), Some("{}"));
        assert!(due_at(&again, 49).is_empty());
        let due = due_at(&again, 50);
        assert_eq!((due.len(), due[0].tries, due[0].written), (1, 1, Moment(10)));
        again.write_letters(&[letter("a")], None, None, Moment(60)).unwrap();
        assert_eq!(due_at(&again, 60).len(), 1, "what was sent is not sent again");
        again.letter_refused(due[0].id, "no", None).unwrap();
        assert!(due_at(&again, i64::MAX).is_empty());
    }
}
