//! How often a password may be guessed.
//!
//! Counted by name and address together, so that nobody can lock a colleague out from elsewhere, and
//! by address, so that one place cannot try name after name.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Wrong passwords for one name from one address.
const NAME_MAX: u32 = 5;
/// Wrong passwords from one address.
const ADDRESS_MAX: u32 = 30;
/// After this long they are forgotten.
const FORGOTTEN: Duration = Duration::from_mins(15);
/// Most counts kept; the oldest is forgotten for a further one.
const COUNTS_MAX: usize = 10_000;

/// The counts.
#[derive(Debug, Default)]
pub struct Attempts(Mutex<HashMap<(IpAddr, String), (u32, Instant)>>);

/// A network of a single house: an address, or what one line is given of the sixth version.
fn house(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(six) => IpAddr::V6((six.to_bits() & (u128::MAX << 64)).into()),
        IpAddr::V4(four) => IpAddr::V4(four),
    }
}

impl Attempts {
    /// Whether another guess may be made; else in how many seconds.
    pub fn may(&self, address: IpAddr, name: &str, now: Instant) -> Result<(), u64> {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let house = house(address);
        let limits = [(name, NAME_MAX), ("", ADDRESS_MAX)];
        let waits = limits.into_iter().filter_map(|(name, max)| {
            let (count, since) = counts.get(&(house, name.to_owned()))?;
            let left = FORGOTTEN.checked_sub(now.saturating_duration_since(*since))?;
            (*count >= max).then_some(left.as_secs() + 1)
        });
        waits.max().map_or(Ok(()), Err)
    }

    /// A guess was wrong.
    pub fn wrong(&self, address: IpAddr, name: &str, now: Instant) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let house = house(address);
        for name in [name, ""] {
            if counts.len() >= COUNTS_MAX
                && let Some(oldest) = counts.iter().min_by_key(|(_, (_, since))| *since).map(|(key, _)| key.clone())
            {
                counts.remove(&oldest);
            }
            let count = counts.entry((house, name.to_owned())).or_insert((0, now));
            *count =
                if now.saturating_duration_since(count.1) >= FORGOTTEN { (1, now) } else { (count.0 + 1, count.1) };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guesses_are_few_and_nobody_is_locked_out_from_elsewhere() {
        let attempts = Attempts::default();
        let (here, there): (IpAddr, IpAddr) = ("192.0.2.1".parse().unwrap(), "192.0.2.2".parse().unwrap());
        let start = Instant::now();
        for _ in 0..NAME_MAX {
            assert_eq!(attempts.may(here, "anna", start), Ok(()));
            attempts.wrong(here, "anna", start);
        }
        assert_eq!(attempts.may(here, "anna", start), Err(901));
        assert_eq!((attempts.may(here, "bo", start), attempts.may(there, "anna", start)), (Ok(()), Ok(())));
        for at in 0..ADDRESS_MAX {
            attempts.wrong(here, &format!("n{at}"), start);
        }
        assert!(attempts.may(here, "bo", start).is_err(), "name after name");
        assert_eq!(attempts.may(here, "anna", start + FORGOTTEN + Duration::from_secs(1)), Ok(()));
    }

    #[test]
    fn a_network_of_the_sixth_version_is_one_house_and_the_counts_are_bounded() {
        let attempts = Attempts::default();
        let start = Instant::now();
        for at in 1..=ADDRESS_MAX {
            attempts.wrong(format!("2001:db8::{at:x}").parse().unwrap(), "anna", start);
        }
        assert!(attempts.may("2001:db8::ffff".parse().unwrap(), "bo", start).is_err());
        assert!(attempts.may("2001:db8:0:1::1".parse().unwrap(), "bo", start).is_ok());
        for at in 0..COUNTS_MAX + 10 {
            attempts.wrong(there(at), "", start);
        }
        assert!(attempts.0.lock().unwrap().len() <= COUNTS_MAX);
    }

    fn there(at: usize) -> IpAddr {
        IpAddr::V4(std::net::Ipv4Addr::from_bits(at as u32))
    }
}
