//! Places for connections: how many there may be, and who must leave when there is none.
//!
//! A connection whose request is being answered keeps its place. One that has asked for nothing yet,
//! or has had its answer, is idle: when all places are taken the one that has been idle the longest
//! leaves for whoever comes. So silent connections, however many, crowd out each other and nobody
//! else. Knows no HTTP and no socket.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio::sync::{Notify, OwnedSemaphorePermit};

/// All places.
#[derive(Debug)]
pub struct Seats {
    max: usize,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    last: u64,
    by: HashMap<u64, Sitting>,
}

#[derive(Debug)]
struct Sitting {
    idle_since: Option<Instant>,
    leave: Arc<Notify>,
}

/// A connection's place, given back when it is let go.
#[derive(Debug)]
pub struct Seat {
    seats: Arc<Seats>,
    number: u64,
    leave: Arc<Notify>,
}

/// While it is held, its connection is not idle.
#[derive(Debug)]
pub struct Busy {
    seat: Arc<Seat>,
    _permit: Option<OwnedSemaphorePermit>,
}

/// What became of somebody who came.
#[derive(Debug)]
pub enum Came {
    /// There was a place.
    Seated(Seat),
    /// There was none, so the one that had been idle the longest was told to leave.
    SeatedFor(Seat),
    /// Every connection is being answered.
    Full,
}

impl Seats {
    /// So many places.
    pub fn new(max: usize) -> Arc<Self> {
        Arc::new(Self { max, taken: Mutex::default() })
    }

    fn lock(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many are taken.
    pub fn taken(&self) -> usize {
        self.lock().by.len()
    }

    /// A place for a connection that has just come.
    pub fn take(self: &Arc<Self>) -> Came {
        let mut taken = self.lock();
        let is_crowded = taken.by.len() >= self.max;
        if is_crowded {
            let idle = taken.by.iter().filter_map(|(number, sitting)| Some((sitting.idle_since?, *number)));
            let Some((_, longest)) = idle.min() else { return Came::Full };
            if let Some(left) = taken.by.remove(&longest) {
                left.leave.notify_one();
            }
        }
        taken.last += 1;
        let (number, leave) = (taken.last, Arc::new(Notify::new()));
        taken.by.insert(number, Sitting { idle_since: Some(Instant::now()), leave: Arc::clone(&leave) });
        drop(taken);
        let seat = Seat { seats: Arc::clone(self), number, leave };
        if is_crowded { Came::SeatedFor(seat) } else { Came::Seated(seat) }
    }
}

impl Seat {
    /// From now on its connection is being answered; `permit` is held as long.
    pub fn busy(self: &Arc<Self>, permit: Option<OwnedSemaphorePermit>) -> Busy {
        self.idle_since(None);
        Busy { seat: Arc::clone(self), _permit: permit }
    }

    /// Waits until somebody else needs the place.
    pub async fn wanted(&self) {
        self.leave.notified().await;
    }

    fn idle_since(&self, since: Option<Instant>) {
        if let Some(sitting) = self.seats.lock().by.get_mut(&self.number) {
            sitting.idle_since = since;
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.seats.lock().by.remove(&self.number);
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.seat.idle_since(Some(Instant::now()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seated(seats: &Arc<Seats>) -> Arc<Seat> {
        match seats.take() {
            Came::Seated(seat) | Came::SeatedFor(seat) => Arc::new(seat),
            Came::Full => panic!("no place"),
        }
    }

    async fn is_wanted(seat: &Seat) -> bool {
        tokio::time::timeout(std::time::Duration::ZERO, seat.wanted()).await.is_ok()
    }

    #[tokio::test]
    async fn whoever_has_been_idle_the_longest_leaves_and_whoever_is_answered_stays() {
        let seats = Seats::new(3);
        let (first, second, third) = (seated(&seats), seated(&seats), seated(&seats));
        let asking = first.busy(None);
        let fourth = seated(&seats);
        assert!(is_wanted(&second).await, "the first is being answered, the second is idle the longest");
        assert!(!is_wanted(&first).await && !is_wanted(&third).await);
        drop(second);
        assert_eq!(seats.taken(), 3, "a place is given back once");
        // Had its answer a moment ago: the third and the fourth have been idle for longer.
        drop(asking);
        let _fifth = seated(&seats);
        assert!(is_wanted(&third).await && !is_wanted(&fourth).await && !is_wanted(&first).await);
    }

    #[test]
    fn nobody_leaves_in_the_middle_of_an_answer() {
        let seats = Seats::new(2);
        let all = [seated(&seats), seated(&seats)];
        let answering: Vec<Busy> = all.iter().map(|seat| seat.busy(None)).collect();
        assert!(matches!(seats.take(), Came::Full));
        drop(answering);
        assert!(matches!(seats.take(), Came::SeatedFor(_)));
    }
}
