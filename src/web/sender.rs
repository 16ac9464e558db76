//! Who may post events, as which source, and how many.
//!
//! A source that is posted to may have a token of its own. Then that token, and nothing else, lets
//! events in, for that source and no other. One without leaves it to the house, as every other page
//! does.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use axum::http::StatusCode;

use crate::directory::Directory;
use crate::names::SourceId;
use crate::source::listen::equal_in_constant_time;

/// How many seconds' worth of events may come at once after a quiet time.
const SECONDS_AT_ONCE: f64 = 5.0;

/// The sources that may be posted to, by the ids of all.
#[derive(Debug, Default)]
pub struct Doors(Vec<Option<Door>>);

/// One source that may be posted to.
#[derive(Debug)]
pub struct Door {
    token: Option<String>,
    /// How many events may come.
    pub rate: Rate,
}

/// Why a sender is not let in: the status and the words.
pub type Refusal = (StatusCode, String);

impl Doors {
    /// Doors of all sources in the order of their ids; `None`: not posted to.
    pub fn new(doors: Vec<Option<Door>>) -> Self {
        Self(doors)
    }

    /// The source that a sender may post to: the one `named`, else the one that the token `told` is
    /// of, else the only one there is. The house's own rules hold besides where [`Door::is_houses`].
    pub fn find(
        &self,
        directory: &Directory,
        named: Option<&str>,
        told: Option<&str>,
    ) -> Result<(SourceId, &Door), Refusal> {
        let all = || self.0.iter().enumerate().filter_map(|(at, door)| Some((SourceId(at as u32), door.as_ref()?)));
        // Every token is compared, whichever fits, so that the time taken tells nothing.
        let of_token =
            all().fold(None, |found, (id, door)| if door.is_told(told) { found.or(Some(id)) } else { found });
        let found = match named {
            Some(name) => {
                let id = directory.source_named(name);
                let found = all().find(|(found, _)| Some(*found) == id);
                found.ok_or_else(|| {
                    let why =
                        format!("there is no source `{name}` that may be posted to; see [[source]] kind = \"http\"");
                    (StatusCode::NOT_FOUND, why)
                })?
            }
            None => match (all().find(|(id, _)| Some(*id) == of_token), all().count()) {
                (Some(found), _) => found,
                (None, 1) => all().next().ok_or_else(nothing_is_posted_to)?,
                (None, 0) => return Err(nothing_is_posted_to()),
                _ => {
                    let why = "several sources may be posted to; say which with ?source=NAME".to_owned();
                    return Err((StatusCode::BAD_REQUEST, why));
                }
            },
        };
        let (id, door) = found;
        match (&door.token, of_token) {
            (None, _) => Ok(found),
            (Some(_), Some(of)) if of == id => Ok(found),
            (Some(_), Some(_)) => Err((StatusCode::FORBIDDEN, "this token is for another source".to_owned())),
            (Some(_), None) => {
                let why = "give the source's own token as `Authorization: Bearer TOKEN` or `?token=TOKEN`";
                Err((StatusCode::UNAUTHORIZED, why.to_owned()))
            }
        }
    }
}

fn nothing_is_posted_to() -> Refusal {
    (StatusCode::NOT_FOUND, "no source may be posted to; add a [[source]] of kind = \"http\"".to_owned())
}

impl Door {
    /// A door with its token, for this many events a second.
    pub fn new(token: Option<String>, events_per_second: u32) -> Self {
        Self { token, rate: Rate::new(events_per_second) }
    }

    /// Whether it has no token of its own, so that the house's rules hold.
    pub fn is_houses(&self) -> bool {
        self.token.is_none()
    }

    fn is_told(&self, told: Option<&str>) -> bool {
        let (told, token) = (told.unwrap_or_default(), self.token.as_deref().unwrap_or_default());
        equal_in_constant_time(told.as_bytes(), token.as_bytes()) && !token.is_empty()
    }
}

/// How many events may come: a bucket that fills with time, and may be overdrawn once, so that a
/// batch of any size can come and the average still holds.
#[derive(Debug)]
pub struct Rate {
    per_second: f64,
    bucket: Mutex<(f64, Instant)>,
}

impl Rate {
    /// A full bucket.
    pub fn new(events_per_second: u32) -> Self {
        let per_second = f64::from(events_per_second.max(1));
        Self { per_second, bucket: Mutex::new((per_second * SECONDS_AT_ONCE, Instant::now())) }
    }

    /// Takes this many out; whether there was anything in it. Else in how many seconds there will be,
    /// at least 1.
    pub fn take(&self, events: usize, now: Instant) -> Result<(), u64> {
        let mut bucket = self.bucket.lock().unwrap_or_else(PoisonError::into_inner);
        let (held, then) = *bucket;
        let grown = now.saturating_duration_since(then).as_secs_f64() * self.per_second;
        let filled = (held + grown).min(self.per_second * SECONDS_AT_ONCE);
        if filled <= 0.0 {
            *bucket = (filled, now);
            return Err(((-filled / self.per_second).ceil() as u64).max(1));
        }
        *bucket = (filled - events as f64, now);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::directory::Units;

    /// How a source is come to.
    enum Way {
        NotPosted,
        Houses,
        Own(&'static str),
    }
    use Way::{Houses, NotPosted, Own};

    fn found(doors: &[Way], named: Option<&str>, told: Option<&str>) -> Result<u32, u16> {
        let sources = ["a", "b", "c"].map(str::to_owned).to_vec();
        let directory = Directory::new(chrono_tz::Europe::Stockholm, sources, Vec::new(), Units::none()).unwrap();
        let door = |way: &Way| match way {
            NotPosted => None,
            Houses => Some(Door::new(None, 1)),
            Own(token) => Some(Door::new(Some((*token).to_owned()), 1)),
        };
        let doors = Doors::new(doors.iter().map(door).collect());
        doors.find(&directory, named, told).map(|(id, _)| id.0).map_err(|(status, _)| status.as_u16())
    }

    #[test]
    fn a_token_lets_into_its_own_source_and_no_other() {
        let doors = [Own("ord-a"), NotPosted, Own("ord-c")];
        assert_eq!(found(&doors, Some("a"), Some("ord-a")), Ok(0));
        assert_eq!(found(&doors, None, Some("ord-c")), Ok(2));
        assert_eq!(found(&doors, Some("c"), Some("ord-a")), Err(403));
        assert_eq!(found(&doors, Some("a"), Some("ord")), Err(401));
        assert_eq!(found(&doors, Some("a"), Some("")), Err(401));
        assert_eq!(found(&doors, Some("a"), None), Err(401));
        assert_eq!(found(&doors, Some("b"), Some("ord-a")), Err(404));
        assert_eq!(found(&doors, None, None), Err(400));
    }

    #[test]
    fn a_source_without_a_token_of_its_own_leaves_it_to_the_house() {
        assert_eq!(found(&[NotPosted, Houses, NotPosted], None, None), Ok(1));
        assert_eq!(found(&[Own("ord-a"), Houses], Some("b"), Some("anything")), Ok(1));
        assert_eq!(found(&[NotPosted, NotPosted], None, None), Err(404));
        // An empty token in a file is none that anybody could give.
        assert_eq!(found(&[Own("")], None, None), Err(401));
    }

    #[test]
    fn the_average_holds_whatever_the_size_of_a_batch() {
        let rate = Rate::new(100);
        let start = Instant::now();
        assert_eq!(rate.take(5_000, start), Ok(()));
        assert_eq!(rate.take(1, start), Err(45));
        assert_eq!(rate.take(1, start + Duration::from_secs(44)), Err(1));
        assert_eq!(rate.take(1, start + Duration::from_secs(46)), Ok(()));
    }
}
