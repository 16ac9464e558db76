//! Takes letters out of the outbox and delivers them: tried again with growing pauses, given up after
//! days, each outcome noted where the letter lies.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use crate::clock::{CalmClock, Clock};
use crate::measure::Moment;
use crate::post::folder::FolderWay;
use crate::post::letter::Letter;
use crate::post::mail::MailWay;
use crate::post::web::WebWay;
use crate::store::outbox::HeldLetter;
use crate::store::{Ledger, StoreError};

/// A letter is delivered so soon after it was taken out, or taken out anew: whoever was frozen in
/// between for longer may lead no more. Shorter than any lease.
const TAKEN_LASTS: Duration = Duration::from_secs(3);
/// Letters looked at at a time.
const AT_ONCE: usize = 20;
/// How often the outbox is looked into when nobody says that there is something.
const LOOK: Duration = Duration::from_secs(1);
/// First and longest pause before a letter is tried again.
const RETRY_MS: (i64, i64) = (2_000, 15 * 60_000);
/// A letter that nobody has taken for this long is given up: it would be news of last week.
const GIVE_UP_MS: i64 = 3 * 86_400_000;

/// Why a receiver did not take a letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It may later.
    ForNow(String),
    /// It never will.
    ForGood(String),
}

/// Delivers.
#[derive(Debug)]
pub struct Carrier {
    /// The outbox.
    pub outbox: Ledger,
    /// The way to the mail server.
    pub mail: Option<MailWay>,
    /// Addresses of the web, by the name of their receiver.
    pub web: Arc<BTreeMap<String, WebWay>>,
    /// Folders, by the name of their report.
    pub folders: BTreeMap<String, FolderWay>,
    /// Tells the time.
    pub clock: Clock,
    /// The same for pauses and for giving up.
    pub calm: CalmClock,
}

impl Carrier {
    /// Delivers until `wake` is closed; a word from there says that there is something to do.
    pub fn run(mut self, wake: &Receiver<()>) {
        let mut is_in_trouble = false;
        loop {
            match self.round() {
                Ok(()) => is_in_trouble = false,
                // The store is in trouble; the engine says so on every surface.
                Err(error) if !is_in_trouble => {
                    is_in_trouble = true;
                    tracing::warn!(%error, "the outbox cannot be read; trying again");
                }
                Err(_) => {}
            }
            if wake.recv_timeout(LOOK) == Err(RecvTimeoutError::Disconnected) {
                return;
            }
        }
    }

    /// Tries all letters that are due, once.
    pub fn round(&mut self) -> Result<(), StoreError> {
        let now = self.calm.now();
        for letter in self.outbox.letters_due(now, now.plus_ms(RETRY_MS.1), AT_ONCE)? {
            let since = Instant::now();
            if !self.outbox.take_letter(letter.id)? || since.elapsed() > TAKEN_LASTS {
                continue;
            }
            let taken = self.deliver(&letter);
            let now = self.calm.now();
            match taken {
                Ok(()) => self.outbox.letter_sent(letter.id, now)?,
                Err(refusal) => {
                    let (why, next) = verdict(refusal, letter.written, letter.tries, now);
                    let to = letter.to.as_str();
                    match next {
                        Some(_) if letter.tries > 0 => {}
                        Some(_) => tracing::warn!(to, why, "a letter was not taken; trying again"),
                        None => tracing::error!(to, why, "a letter is given up"),
                    }
                    self.outbox.letter_refused(letter.id, &why, next)?;
                }
            }
        }
        Ok(())
    }

    fn deliver(&self, letter: &HeldLetter) -> Result<(), Refusal> {
        match Letter::read(&letter.content) {
            Some(Letter::Mail(mail)) => match &self.mail {
                Some(way) => way.send(&mail, &letter.key),
                None => Err(Refusal::ForNow("no mail server is configured: [mail] server".to_owned())),
            },
            Some(Letter::Post { receiver, body }) => match self.web.get(&receiver) {
                Some(way) => way.send(&body, &letter.key, self.clock.now()),
                None => Err(Refusal::ForGood(format!("there is no receiver `{receiver}` any more"))),
            },
            Some(Letter::Files { receiver, files }) => match self.folders.get(&receiver) {
                Some(way) => way.put(&files),
                None => Err(Refusal::ForGood(format!("report `{receiver}` has no folder any more"))),
            },
            None => Err(Refusal::ForGood("the letter cannot be read by this program".to_owned())),
        }
    }
}

/// What becomes of a letter that was refused: why, and when it is tried again, if it is.
fn verdict(refusal: Refusal, written: Moment, tries: u32, now: Moment) -> (String, Option<Moment>) {
    match refusal {
        Refusal::ForGood(why) => (why, None),
        Refusal::ForNow(why) => {
            let pause_ms = RETRY_MS.0.saturating_mul(1 << tries.min(20)).min(RETRY_MS.1);
            let next = now.plus_ms(pause_ms);
            (why, (next - written < GIVE_UP_MS).then_some(next))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_after_three_days_a_letter_is_given_up() {
        let refused = |tries, now_ms| verdict(Refusal::ForNow("away".into()), Moment(0), tries, Moment(now_ms)).1;
        assert_eq!(refused(0, 0), Some(Moment(2_000)));
        assert_eq!(refused(3, 0), Some(Moment(16_000)));
        assert_eq!(refused(60, 0), Some(Moment(15 * 60_000)));
        assert_eq!(refused(300, GIVE_UP_MS), None);
        assert_eq!(verdict(Refusal::ForGood("no".into()), Moment(0), 0, Moment(0)), ("no".into(), None));
    }
}
