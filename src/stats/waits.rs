//! The distribution of answer times, mergeable and subtractable, and its percentiles.
//!
//! The grid is that of hdrhistogram with two significant digits from 1 ms to 1 h: exact below
//! 256 ms, then 128 steps to the octave, so that a percentile is at most 0.79 % too high and
//! never too low. Waits above 1 h count as 1 h. A cell of a quarter-hour holds a handful of
//! waits, so a short list of (step, count) stands in for the 8 KiB histogram until it grows.

use hdrhistogram::Histogram;
use smallvec::SmallVec;

use crate::measure::Wait;
use crate::stats::stored_waits;

/// Longest wait the distribution tells apart, ms.
pub const WAIT_MS_MAX: u64 = 3_600_000;
const DIGITS: u8 = 2;
/// Distinct steps up to which the list is smaller and faster than the histogram.
const LIST_MAX: usize = 256;

/// How many waits are put in before they are sorted in: the few of a quarter-hour need no list, and a
/// long list is touched once for all of them.
const FRESH_MAX: usize = 8;

/// How many waits lie at each step of the grid.
#[derive(Clone, Debug, Default)]
pub struct Waits {
    sorted: Sorted,
    /// The steps of the last waits that were put in, in no order.
    fresh: SmallVec<[u32; FRESH_MAX]>,
}

/// Steps with their counts, ascending.
#[derive(Clone, Debug)]
enum Sorted {
    /// Few distinct ones: the lowest value of each, and its count.
    Few(Vec<(u32, u32)>),
    /// Many: hdrhistogram itself.
    Many(Box<Histogram<u32>>),
}

impl Default for Sorted {
    fn default() -> Self {
        Self::Few(Vec::new())
    }
}

/// The lowest value of the step that holds `ms`.
fn step(ms: u32) -> u32 {
    let ms = ms.min(WAIT_MS_MAX as u32);
    let shift = (32 - ms.leading_zeros()).saturating_sub(8);
    ms >> shift << shift
}

fn empty() -> Histogram<u32> {
    #[expect(clippy::expect_used, reason = "constant bounds, checked by every test that makes one")]
    Histogram::new_with_bounds(1, WAIT_MS_MAX, DIGITS).expect("1 ms to 1 h with two digits are valid bounds")
}

impl Waits {
    /// Puts one wait in.
    pub fn add(&mut self, wait: Wait) {
        if self.fresh.len() == FRESH_MAX {
            self.sort_in();
        }
        self.fresh.push(step(wait.ms()));
    }

    fn sort_in(&mut self) {
        let fresh = counted(&self.fresh);
        self.fresh.clear();
        match &mut self.sorted {
            Sorted::Few(list) => {
                *list = joined(list, &fresh);
                self.sorted.fit();
            }
            Sorted::Many(_) => fresh.iter().for_each(|(step, count)| self.sorted.add(*step, *count)),
        }
    }

    /// Takes one wait out that was put in before.
    pub fn remove(&mut self, wait: Wait) {
        let step = step(wait.ms());
        match self.fresh.iter().position(|fresh| *fresh == step) {
            Some(at) => drop(self.fresh.swap_remove(at)),
            None => self.sorted.remove(step),
        }
    }

    /// Adds all of `other`.
    pub fn merge(&mut self, other: &Self) {
        if !self.fresh.is_empty() {
            self.sort_in();
        }
        match (&mut self.sorted, &other.sorted) {
            (Sorted::Few(ours), Sorted::Few(theirs)) if other.fresh.is_empty() => {
                // However long it becomes: a sum is read next and not counted into.
                if ours.is_empty() { ours.clone_from(theirs) } else { *ours = joined(ours, theirs) }
            }
            (Sorted::Many(ours), Sorted::Many(theirs)) => {
                let merged = ours.add(&**theirs);
                debug_assert!(merged.is_ok(), "all histograms have the same bounds");
                other.fresh.iter().for_each(|step| self.sorted.add(*step, 1));
            }
            _ => other.each(|step, count| self.sorted.add(step, count)),
        }
    }

    fn each(&self, mut visit: impl FnMut(u32, u32)) {
        let fresh = counted(&self.fresh);
        let mut fresh = fresh.iter().copied().peekable();
        self.sorted.each(|step, count| {
            while let Some((before, count)) = fresh.next_if(|(fresh, _)| *fresh < step) {
                visit(before, count);
            }
            let same = fresh.next_if(|(fresh, _)| *fresh == step);
            visit(step, count + same.map_or(0, |(_, count)| count));
        });
        fresh.for_each(|(step, count)| visit(step, count));
    }

    /// How many waits.
    pub fn len(&self) -> u64 {
        self.sorted.len() + self.fresh.len() as u64
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The wait in ms that the share `quantile` (0 to 1) of all waits does not exceed, rounded up
    /// to the end of its step; no data when empty.
    pub fn quantile_ms(&self, quantile: f64) -> Option<u32> {
        // One way of counting for all forms, so that a figure never depends on how it is held.
        let rank = ((quantile * self.len() as f64).ceil() as u64).max(1);
        let (mut seen, mut found) = (0, None);
        self.each(|value, count| {
            seen += u64::from(count);
            if seen >= rank && found.is_none() {
                found = Some(value);
            }
        });
        let value = found?;
        let shift = (32 - value.leading_zeros()).saturating_sub(8);
        Some(value + (1 << shift) - 1)
    }

    /// The stored form: HdrHistogram V2. Empty for no waits.
    pub fn to_bytes(&self) -> Vec<u8> {
        stored_waits::write(|step| self.each(step))
    }

    /// Reads the stored form; `None` when it is not one. What is read is a list, however long: most are
    /// added to others and forgotten.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let sorted = Sorted::Few(stored_waits::read(bytes)?);
        Some(Self { sorted, fresh: SmallVec::new() })
    }
}

impl Sorted {
    fn add(&mut self, step: u32, count: u32) {
        match self {
            Self::Few(list) => {
                match list.binary_search_by_key(&step, |(value, _)| *value) {
                    Ok(at) => list[at].1 += count,
                    Err(at) => list.insert(at, (step, count)),
                }
                self.fit();
            }
            Self::Many(histogram) => histogram.saturating_record_n(u64::from(step), count),
        }
    }

    /// A list that has become long goes on as a histogram.
    fn fit(&mut self) {
        if matches!(self, Self::Few(list) if list.len() > LIST_MAX) {
            *self = Self::Many(Box::new(self.to_histogram()));
        }
    }

    fn remove(&mut self, step: u32) {
        match self {
            Self::Few(list) => {
                if let Ok(at) = list.binary_search_by_key(&step, |(value, _)| *value) {
                    list[at].1 -= 1;
                    if list[at].1 == 0 {
                        list.remove(at);
                    }
                }
            }
            Self::Many(histogram) => {
                // hdrhistogram takes out only what another histogram holds.
                let mut one = empty();
                one.saturating_record(u64::from(step));
                let taken = histogram.subtract(&one);
                debug_assert!(taken.is_ok(), "a wait was taken out that was never in");
            }
        }
    }

    fn each(&self, mut visit: impl FnMut(u32, u32)) {
        match self {
            Self::Few(list) => list.iter().for_each(|(step, count)| visit(*step, *count)),
            Self::Many(histogram) => {
                for value in histogram.iter_recorded() {
                    visit(step(value.value_iterated_to() as u32), value.count_at_value());
                }
            }
        }
    }

    fn len(&self) -> u64 {
        match self {
            Self::Few(list) => list.iter().map(|(_, count)| u64::from(*count)).sum(),
            Self::Many(histogram) => histogram.len(),
        }
    }

    fn to_histogram(&self) -> Histogram<u32> {
        if let Self::Many(histogram) = self {
            return (**histogram).clone();
        }
        let mut histogram = empty();
        self.each(|step, count| histogram.saturating_record_n(u64::from(step), count));
        histogram
    }
}

/// Steps in no order as an ascending list with counts.
fn counted(steps: &[u32]) -> SmallVec<[(u32, u32); FRESH_MAX]> {
    let mut steps: SmallVec<[u32; FRESH_MAX]> = steps.into();
    steps.sort_unstable();
    steps.chunk_by(PartialEq::eq).map(|same| (same[0], same.len() as u32)).collect()
}

/// Two ascending lists as one.
fn joined(mut ours: &[(u32, u32)], mut theirs: &[(u32, u32)]) -> Vec<(u32, u32)> {
    let mut joined = Vec::with_capacity(ours.len() + theirs.len());
    while let ([(step, count), our_rest @ ..], [(their_step, their_count), their_rest @ ..]) = (ours, theirs) {
        let (is_ours, is_theirs) = (step <= their_step, their_step <= step);
        let of_each = u32::from(is_ours) * count + u32::from(is_theirs) * their_count;
        joined.push((*step.min(their_step), of_each));
        ours = if is_ours { our_rest } else { ours };
        theirs = if is_theirs { their_rest } else { theirs };
    }
    joined.extend(ours.iter().chain(theirs));
    joined
}

impl PartialEq for Waits {
    fn eq(&self, other: &Self) -> bool {
        let collect = |waits: &Self| {
            let mut all = Vec::new();
            waits.each(|step, count| all.push((step, count)));
            all
        };
        collect(self) == collect(other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_grid_is_that_of_hdrhistogram() {
        let reference = empty();
        for ms in (0..70_000).chain((70_000..3_600_000).step_by(997)) {
            assert_eq!(u64::from(step(ms)), reference.lowest_equivalent(u64::from(ms)), "{ms}");
        }
    }

    proptest! {
        #[test]
        fn percentiles_are_never_low_and_at_most_0_79_percent_high(
            mut waits in proptest::collection::vec(0u32..3_600_000, 1..600),
            quantile in 0.01f64..1.0,
        ) {
            let mut held = Waits::default();
            for wait in &waits {
                held.add(Wait::from_ms(i64::from(*wait)));
            }
            waits.sort_unstable();
            let rank = ((quantile * waits.len() as f64).ceil() as usize).max(1);
            let exact = f64::from(waits[rank - 1]);
            let told = f64::from(held.quantile_ms(quantile).unwrap());
            prop_assert!(told >= exact && told <= exact * 1.0079 + 0.5, "{told} for {exact}");
        }

        #[test]
        fn few_and_many_merge_subtract_and_store_alike(
            ours in proptest::collection::vec(0u32..400_000, 0..500),
            theirs in proptest::collection::vec(0u32..400_000, 0..500),
        ) {
            let fill = |list: &[u32]| {
                let mut waits = Waits::default();
                list.iter().for_each(|ms| waits.add(Wait::from_ms(i64::from(*ms))));
                waits
            };
            let mut merged = fill(&ours);
            merged.merge(&fill(&theirs));
            let all: Vec<u32> = ours.iter().chain(&theirs).copied().collect();
            prop_assert_eq!(&merged, &fill(&all));
            prop_assert_eq!(Waits::from_bytes(&merged.to_bytes()).unwrap(), merged.clone());
            theirs.iter().for_each(|ms| merged.remove(Wait::from_ms(i64::from(*ms))));
            prop_assert_eq!(merged.quantile_ms(0.9), fill(&ours).quantile_ms(0.9));
            prop_assert_eq!(&merged, &fill(&ours));
        }
    }
}
