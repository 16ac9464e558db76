//! A word or a number to its fake.
//!
//! A keyed permutation of all words of the same form: eight rounds of a Feistel network, each
//! adding to one half, place by place, what a keyed hash makes of the other. So no table is kept, a
//! fake is the same today and tomorrow under the same key, and no two words share one. Leading zeros
//! stay, since they say what kind of number it is.

use std::hash::Hasher;

use siphasher::sip::SipHasher13;

/// What the fakes hang on. Whoever has it can work out who is who: it is not handed on.
pub type Key = [u8; 16];

/// Rounds of the network; four would do, numbers of three digits like some more.
const ROUNDS: u8 = 8;
/// Numbers shorter than this say nothing of anybody; nor do single letters.
const DIGITS_MIN: usize = 2;
const LETTERS_MIN: usize = 2;

/// Words that switches themselves use: technologies, states and the like.
const OWN_WORDS: [&str; 73] = [
    "abort",
    "agent",
    "announcement",
    "answer",
    "application",
    "auth",
    "bridge",
    "busy",
    "call",
    "callback",
    "cancel",
    "chanunavail",
    "closed",
    "congestion",
    "continue",
    "dahdi",
    "default",
    "dial",
    "dontcall",
    "empty",
    "error",
    "event",
    "exten",
    "extension",
    "external",
    "false",
    "from",
    "full",
    "group",
    "hangup",
    "iax",
    "in",
    "inbound",
    "internal",
    "invalid",
    "joinempty",
    "joinunavail",
    "leaveempty",
    "leaveunavail",
    "link",
    "local",
    "loopback",
    "macro",
    "message",
    "misdn",
    "no",
    "noanswer",
    "none",
    "null",
    "originate",
    "outbound",
    "park",
    "pjsip",
    "public",
    "queue",
    "queuestatus",
    "rejected",
    "sccp",
    "sip",
    "sips",
    "skinny",
    "sofia",
    "success",
    "tel",
    "timeout",
    "torture",
    "transfer",
    "true",
    "unavailable",
    "unknown",
    "user",
    "withdraw",
    "xml",
];

/// Makes fakes.
pub struct Fakes {
    key: Key,
    /// Words and numbers that stay: the queues and extensions of the configuration.
    is_known: Box<dyn Fn(&str) -> bool + Send + Sync>,
}

impl std::fmt::Debug for Fakes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Fakes")
    }
}

/// One place of a word.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Place {
    value: u8,
    /// 10 for a digit, 26 for a letter.
    radix: u8,
    /// What 0 is written as.
    base: u8,
}

impl Place {
    fn of(byte: u8) -> Self {
        match byte {
            b'0'..=b'9' => Self { value: byte - b'0', radix: 10, base: b'0' },
            b'A'..=b'Z' => Self { value: byte - b'A', radix: 26, base: b'A' },
            b'a'..=b'z' => Self { value: byte - b'a', radix: 26, base: b'a' },
            // A letter beyond ASCII, or part of one.
            _ => Self { value: byte % 26, radix: 26, base: b'a' },
        }
    }
}

impl Fakes {
    /// Fakes under `key`; what `is_known` says yes to stays as it is.
    pub fn new(key: Key, is_known: impl Fn(&str) -> bool + Send + Sync + 'static) -> Self {
        Self { key, is_known: Box::new(is_known) }
    }

    /// Replaces every word and number in `bytes`, in place.
    pub fn replace(&self, bytes: &mut [u8]) {
        for word in bytes.chunk_by_mut(|left, right| class(*left) == class(*right)) {
            if class(word[0]) != Class::Between {
                self.replace_word(word);
            }
        }
    }

    fn replace_word(&self, word: &mut [u8]) {
        let is_number = word[0].is_ascii_digit();
        let zeros = if is_number { word.iter().take_while(|byte| **byte == b'0').count() } else { 0 };
        if word.len() < if is_number { DIGITS_MIN } else { LETTERS_MIN } || self.stays(word) {
            return;
        }
        let rest = &mut word[zeros..];
        if rest.len() < 2 {
            return;
        }
        // What stays is nobody's fake, and a number does not get zeros in front: walking on along the
        // permutation until neither is so is a permutation of the rest.
        loop {
            self.permute(rest);
            let has_new_zero = is_number && rest[0] == b'0';
            if !has_new_zero && !self.stays_as(zeros, rest) {
                return;
            }
        }
    }

    fn stays(&self, word: &[u8]) -> bool {
        let Ok(text) = std::str::from_utf8(word) else { return false };
        (self.is_known)(text) || OWN_WORDS.binary_search(&text.to_ascii_lowercase().as_str()).is_ok()
    }

    fn stays_as(&self, zeros: usize, rest: &[u8]) -> bool {
        self.stays(&[&vec![b'0'; zeros], rest].concat())
    }

    fn permute(&self, word: &mut [u8]) {
        let mut places: Vec<Place> = word.iter().map(|byte| Place::of(*byte)).collect();
        let (left, right) = places.split_at_mut(word.len() / 2);
        for round in 0..ROUNDS {
            let (changed, other) = if round % 2 == 0 { (&mut *left, &*right) } else { (&mut *right, &*left) };
            for (at, place) in changed.iter_mut().enumerate() {
                let added = self.hash(round, at, word.len(), other) % u64::from(place.radix);
                place.value = (place.value + added as u8) % place.radix;
            }
        }
        for (byte, place) in word.iter_mut().zip(places) {
            *byte = place.base + place.value;
        }
    }

    fn hash(&self, round: u8, at: usize, length: usize, other: &[Place]) -> u64 {
        let mut hasher = SipHasher13::new_with_key(&self.key);
        hasher.write_u8(round);
        hasher.write_usize(at);
        hasher.write_usize(length);
        other.iter().for_each(|place| hasher.write_u8(place.value));
        hasher.finish()
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Digit,
    Letter,
    Between,
}

fn class(byte: u8) -> Class {
    match byte {
        b'0'..=b'9' => Class::Digit,
        b'a'..=b'z' | b'A'..=b'Z' | 0x80.. => Class::Letter,
        _ => Class::Between,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn faked(text: &str) -> String {
        let mut bytes = text.as_bytes().to_vec();
        Fakes::new([7; 16], |word| word == "7100" || word == "kundtjanst").replace(&mut bytes);
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn the_words_of_switches_are_in_order() {
        assert!(OWN_WORDS.is_sorted());
    }

    #[test]
    fn no_two_numbers_share_a_fake_and_what_stays_is_nobodys() {
        for length in [2, 3, 4] {
            let all =
                (0..10u32.pow(length)).map(|number| faked(&format!("{number:0length$}", length = length as usize)));
            let all: HashSet<String> = all.collect();
            assert_eq!(all.len(), 10usize.pow(length));
            assert_eq!(all.contains("7100"), length == 4);
        }
    }

    #[test]
    fn a_fake_is_as_long_and_of_the_same_form() {
        for text in
            ["+46 950-16 600", "0701234567", "sip:anna.ek@10.20.30.40:5060", "Åsa Öberg", "00000012", "<unknown>"]
        {
            let fake = faked(text);
            assert_eq!(fake.len(), text.len());
            let form = |text: &str| -> Vec<u8> {
                text.bytes()
                    .map(|byte| match class(byte) {
                        Class::Digit => b'9',
                        Class::Letter => b'a',
                        Class::Between => byte,
                    })
                    .collect()
            };
            assert_eq!(form(&fake), form(text));
        }
        assert!(faked("0701234567").starts_with('0') && !faked("0701234567").starts_with("00"));
        assert_eq!(faked("Local/7100@kundtjanst <unknown>"), "Local/7100@kundtjanst <unknown>");
        assert!(!faked("Anna Svensson").contains("Anna"));
    }

    #[test]
    fn the_same_word_has_the_same_fake_wherever_it_stands_and_another_under_another_key() {
        let (alone, within) = (faked("1001"), faked("IAX2/a1001/1001-x"));
        assert_eq!(within.matches(&alone).count(), 2, "{within}");
        let mut other = b"0701234567".to_vec();
        Fakes::new([8; 16], |_| false).replace(&mut other);
        assert_ne!(other, faked("0701234567").as_bytes());
    }
}
