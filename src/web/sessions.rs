//! Who is logged in: sessions kept in memory, known by a word that only the browser holds.
//!
//! A restart ends them all. A session also ends with its time, with its user, and with the user's
//! password.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::measure::{Moment, Span};
use crate::source::listen::equal_in_constant_time;
use crate::web::tokens::{hash, hexadecimal};
use crate::web::users::Users;
use crate::web::visitor::Visitor;

/// Most sessions at once; the oldest ends for a further one.
const SESSIONS_MAX: usize = 10_000;

/// What a visitor has beside their rights if they logged in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// The word that each form must carry: a page of another place cannot know it.
    pub form_word: String,
    /// By what it is found.
    key: String,
}

#[derive(Debug)]
struct Kept {
    user: String,
    argon2id: String,
    form_word: String,
    begun: Moment,
}

/// The sessions.
#[derive(Debug)]
pub struct Sessions {
    lasts: Span,
    kept: Mutex<HashMap<String, Kept>>,
}

/// A word that nobody can guess: 256 random bits.
///
/// # Errors
/// Where the system gives no random numbers.
pub fn word() -> Result<String, getrandom::Error> {
    let mut random = [0_u8; 32];
    getrandom::fill(&mut random)?;
    Ok(hexadecimal(&random))
}

impl Sessions {
    /// None yet; each will last so long.
    pub fn new(lasts: Span) -> Self {
        Self { lasts, kept: Mutex::default() }
    }

    /// How long a session lasts.
    pub fn lasts(&self) -> Span {
        self.lasts
    }

    /// Begins a session of a user whose password was right; the word for the browser.
    ///
    /// # Errors
    /// Where the system gives no random numbers.
    pub fn begin(&self, user: &str, argon2id: &str, now: Moment) -> Result<String, getrandom::Error> {
        let (secret, form_word) = (word()?, word()?);
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|_, session| !self.is_over(session, now));
        if kept.len() >= SESSIONS_MAX
            && let Some(oldest) = kept.iter().min_by_key(|(_, session)| session.begun).map(|(key, _)| key.clone())
        {
            kept.remove(&oldest);
        }
        let session = Kept { user: user.to_owned(), argon2id: argon2id.to_owned(), form_word, begun: now };
        kept.insert(hash(&secret), session);
        Ok(secret)
    }

    /// Who holds this word now.
    pub fn visitor(&self, secret: &str, users: &Users, now: Moment) -> Option<Visitor> {
        // Found by the hash of the word, so that the time it takes tells nothing of the word.
        let key = hash(secret);
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let session = kept.get(&key).filter(|session| !self.is_over(session, now))?;
        let known = users.named(&session.user)?;
        let is_same = equal_in_constant_time(known.argon2id.as_bytes(), session.argon2id.as_bytes());
        let session = Session { form_word: session.form_word.clone(), key };
        is_same.then_some(Visitor { session: Some(session), ..known.visitor })
    }

    /// Ends a session.
    pub fn end(&self, session: &Session) {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).remove(&session.key);
    }

    /// Lets go of those whose time is over; whether there were such.
    pub fn sweep(&self, now: Moment) -> bool {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let before = kept.len();
        kept.retain(|_, session| !self.is_over(session, now));
        kept.len() < before
    }

    fn is_over(&self, session: &Kept, now: Moment) -> bool {
        now.ms_since(session.begun) >= self.lasts.ms()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directory::{Directory, Units};
    use crate::web::grant::{Grant, Role};
    use crate::web::kept;
    use crate::web::users::{User, UserFile};

    #[test]
    fn a_session_ends_with_its_time_its_user_and_its_password() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("users.toml");
        let directory = Directory::new(chrono_tz::Europe::Stockholm, Vec::new(), Vec::new(), Units::none()).unwrap();
        let set = |users: &[(&str, &str)]| {
            let user = |(name, kept): &(&str, &str)| User {
                name: (*name).to_owned(),
                argon2id: format!("$argon2id${kept}"),
                made: String::new(),
                grant: Grant::new(Role::Admin, &[], &[]),
            };
            kept::write(&path, &UserFile { users: users.iter().map(user).collect() }).unwrap();
        };
        set(&[("anna", "ett"), ("bo", "tva")]);
        let users = Users::open(Some(&path), &directory).unwrap();
        let sessions = Sessions::new(Span::from_seconds(60));
        let [anna, bo] = [("anna", "$argon2id$ett"), ("bo", "$argon2id$tva")]
            .map(|(name, kept)| sessions.begin(name, kept, Moment(0)).unwrap());
        let who = |word: &str, at: i64| sessions.visitor(word, &users, Moment(at)).map(|visitor| visitor.name);
        assert_eq!(who(&anna, 59_999).as_deref(), Some("anna"));
        assert_eq!((who(&anna, 60_000), who("", 0), who(&anna[1..], 0)), (None, None, None));
        set(&[("anna", "nytt och langre"), ("bo", "tva")]);
        users.look(&directory).unwrap();
        assert_eq!((who(&anna, 1), who(&bo, 1).as_deref()), (None, Some("bo")));
        let session = sessions.visitor(&bo, &users, Moment(1)).unwrap().session.unwrap();
        sessions.end(&session);
        assert_eq!(who(&bo, 1), None);
        assert!(sessions.sweep(Moment(60_000)) && !sessions.sweep(Moment(60_000)));
    }
}
