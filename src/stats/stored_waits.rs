//! The stored form of a distribution of waits: HdrHistogram V2, as any of its libraries reads it.
//!
//! Written and read here step by step. The library's own way leads through the whole histogram, 8 KiB
//! for the handful of waits of a quarter-hour, and took most of the time of a commit and of a report;
//! the tests hold both ways to the same bytes.

use crate::stats::waits::WAIT_MS_MAX;

/// What stands before the counts: a V2 histogram, the length of the counts, no offset, two digits,
/// 1 ms to 1 h, a ratio of 1.
const HEAD_BYTES: usize = 40;
const LENGTH: std::ops::Range<usize> = 4..8;
const COOKIE: u32 = 0x1c84_9303 | 0x10;
/// Steps of an octave; twice as many below the first.
const OCTAVE: u32 = 128;

fn head(counts_bytes: u32) -> [u8; HEAD_BYTES] {
    let mut head = [0; HEAD_BYTES];
    head[..4].copy_from_slice(&COOKIE.to_be_bytes());
    head[LENGTH].copy_from_slice(&counts_bytes.to_be_bytes());
    head[12..16].copy_from_slice(&2u32.to_be_bytes());
    head[16..24].copy_from_slice(&1u64.to_be_bytes());
    head[24..32].copy_from_slice(&WAIT_MS_MAX.to_be_bytes());
    head[32..].copy_from_slice(&1f64.to_be_bytes());
    head
}

/// The place among all steps of the one whose lowest value is `ms`.
fn place(ms: u32) -> u32 {
    let shift = (32 - ms.leading_zeros()).saturating_sub(8);
    shift * OCTAVE + (ms >> shift)
}

/// The lowest value of the step at a place.
fn lowest(place: u32) -> Option<u32> {
    let shift = (place / OCTAVE).saturating_sub(1);
    // Whatever is longer than an hour lies far below this.
    (shift < 24).then(|| (place - shift * OCTAVE) << shift)
}

/// The form of the steps that `each` gives: lowest value and count, ascending, no count zero. Empty
/// for none.
pub(super) fn write(each: impl FnOnce(&mut dyn FnMut(u32, u32))) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(96);
    bytes.resize(HEAD_BYTES, 0);
    let mut next = 0;
    each(&mut |ms, count| {
        let place = place(ms);
        match i64::from(place - next) {
            0 => {}
            // One step without waits is a count like others.
            1 => number(0, &mut bytes),
            empty => number(-empty, &mut bytes),
        }
        number(i64::from(count), &mut bytes);
        next = place + 1;
    });
    if next == 0 {
        return Vec::new();
    }
    let counts_bytes = (bytes.len() - HEAD_BYTES) as u32;
    bytes[..HEAD_BYTES].copy_from_slice(&head(counts_bytes));
    bytes
}

/// Reads it: the steps, ascending. `None` when the bytes are not such a form.
pub(super) fn read(bytes: &[u8]) -> Option<Vec<(u32, u32)>> {
    let mut steps = Vec::new();
    if bytes.is_empty() {
        return Some(steps);
    }
    let (told, mut counts) = bytes.split_at_checked(HEAD_BYTES)?;
    if told != head(u32::try_from(counts.len()).ok()?) {
        return None;
    }
    steps.reserve(counts.len());
    let mut place = 0_u32;
    while !counts.is_empty() {
        match next_number(&mut counts)? {
            empty @ ..0 => place = place.checked_add(u32::try_from(empty.unsigned_abs()).ok()?)?,
            count => {
                if count > 0 {
                    steps.push((lowest(place)?, u32::try_from(count).ok()?));
                }
                place = place.checked_add(1)?;
            }
        }
    }
    Some(steps)
}

/// Seven bits a byte, the lowest first, the sign in the lowest.
fn number(number: i64, bytes: &mut Vec<u8>) {
    let mut rest = ((number << 1) ^ (number >> 63)) as u64;
    while rest >= 0x80 {
        bytes.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    bytes.push(rest as u8);
}

fn next_number(bytes: &mut &[u8]) -> Option<i64> {
    let signed = |number: u64| (number >> 1) as i64 ^ -((number & 1) as i64);
    // Nearly all of them are short.
    if let [first @ ..0x80, rest @ ..] = *bytes {
        *bytes = rest;
        return Some(signed(u64::from(*first)));
    }
    let mut number = 0_u64;
    // Counts of 32 bits with a sign take five bytes at most.
    for at in 0..5 {
        let (first, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(first & 0x7f) << (7 * at);
        if first & 0x80 == 0 {
            return Some(signed(number));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use hdrhistogram::Histogram;
    use hdrhistogram::serialization::{Deserializer, Serializer, V2Serializer};
    use proptest::prelude::*;

    use super::*;

    fn form(steps: &[(u32, u32)]) -> Vec<u8> {
        write(|each| steps.iter().for_each(|(ms, count)| each(*ms, *count)))
    }

    proptest! {
        #[test]
        fn the_librarys_own_form_byte_by_byte(
            waits in proptest::collection::btree_map(0u32..=WAIT_MS_MAX as u32, 1u32..2_000_000, 0..400),
        ) {
            let mut histogram = Histogram::<u32>::new_with_bounds(1, WAIT_MS_MAX, 2).unwrap();
            waits.iter().for_each(|(ms, count)| histogram.saturating_record_n(u64::from(*ms), *count));
            let steps: Vec<(u32, u32)> = histogram
                .iter_recorded()
                .map(|step| (histogram.lowest_equivalent(step.value_iterated_to()) as u32, step.count_at_value()))
                .collect();
            let mut theirs = Vec::new();
            V2Serializer::new().serialize(&histogram, &mut theirs).unwrap();
            let ours = form(&steps);
            if waits.is_empty() {
                prop_assert!(ours.is_empty());
            } else {
                prop_assert_eq!(&ours, &theirs);
                let back: Histogram<u32> = Deserializer::new().deserialize(&mut &*ours).unwrap();
                prop_assert_eq!(back, histogram);
            }
            prop_assert_eq!(read(&ours).unwrap(), steps);
        }

        #[test]
        fn damage_is_found_or_harmless(
            mut bytes in proptest::collection::vec(any::<u8>(), 0..60),
            at in 0usize..60,
        ) {
            let _ = read(&bytes);
            let mut form = form(&[(5, 1), (300, 2)]);
            let is_whole = at >= form.len();
            form.truncate(at);
            prop_assert_eq!(read(&form).is_some(), is_whole || at == 0);
            bytes.splice(0..0, head(bytes.len() as u32));
            let _ = read(&bytes);
        }
    }
}
