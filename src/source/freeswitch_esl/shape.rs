//! Which of the switch's words, on the event socket and in call records, are its own, and which are
//! somebody's.

use crate::source::disguise::shape::{headers, json};
use crate::source::disguise::{Part, Shape};

/// Keys whose values are the switch's own words, identities, times and measures.
const OWN: [&str; 55] = [
    "Answer-State",
    "Application",
    "Bridge-A-Unique-ID",
    "Bridge-B-Unique-ID",
    "CC-Action",
    "CC-Agent-Aborted-Time",
    "CC-Agent-Answered-Time",
    "CC-Agent-Bridged",
    "CC-Agent-Called-Time",
    "CC-Agent-State",
    "CC-Agent-Status",
    "CC-Agent-UUID",
    "CC-Cancel-Reason",
    "CC-Cause",
    "CC-Hangup-Cause",
    "CC-Member-Joined-Time",
    "CC-Member-Leaving-Time",
    "CC-Member-Session-UUID",
    "CC-Member-UUID",
    "Call-Direction",
    "Content-Length",
    "Content-Type",
    "Core-UUID",
    "Event-Date-Timestamp",
    "Event-Name",
    "Event-Sequence",
    "Event-Subclass",
    "FIFO-Action",
    "Hangup-Cause",
    "Other-Leg-Unique-ID",
    "Reply-Text",
    "Unique-ID",
    "app_name",
    "app_stamp",
    "bridged_time",
    "cc_cancel_reason",
    "cc_cause",
    "cc_queue_answered_epoch",
    "cc_queue_canceled_epoch",
    "cc_queue_joined_epoch",
    "cc_queue_terminated_epoch",
    "cc_side",
    "core-uuid",
    "end_uepoch",
    "originate_disposition",
    "profile_created_time",
    "sip_hangup_disposition",
    "start_uepoch",
    "uuid",
    "variable_cc_member_session_uuid",
    "variable_cc_side",
    "variable_originate_disposition",
    "variable_originator",
    "variable_other_loopback_leg_uuid",
    "variable_sip_hangup_disposition",
];

/// Lines of headers, and objects that are written in one line or over many. Behind an object the next
/// header begins without a line between.
pub const SHAPE: Shape = Shape {
    end: b'\n',
    parts: |_, unit, parts| {
        let stays = |key: &str| OWN.contains(&key);
        if unit.first().is_some_and(|first| matches!(first, b'{' | b' ' | b'"' | b'}' | b']' | b'[')) {
            let end = memchr::memrchr(b'}', unit).map_or(unit.len(), |end| end + 1);
            json(&unit[..end], stays, parts);
            if unit[end..].starts_with(b"Content-") {
                parts.push(Part::Stays(end..unit.len()));
            }
        } else {
            headers(unit, |key, _| stays(key), &[], parts);
        }
        for at in memchr::memmem::find_iter(unit, NOTES) {
            seconds_of_notes(unit, at + NOTES.len(), parts);
        }
        parts.sort_by_key(|part| part.range().start);
    },
};

/// The variable that holds the notes of transfers, each `second:who:how:where`.
const NOTES: &[u8] = b"transfer_history";

/// Without their seconds the notes behind a key tell of no transfer of this call.
fn seconds_of_notes(unit: &[u8], from: usize, parts: &mut Vec<Part>) {
    let count =
        |from: usize, is_counted: fn(&u8) -> bool| unit[from..].iter().take_while(|byte| is_counted(byte)).count();
    let mut at = from + count(from, |byte| b"\": ".contains(byte));
    let end = at + count(at, |byte| !b"\"\r\n".contains(byte));
    while at < end {
        let digits = count(at, u8::is_ascii_digit);
        let is_second = digits == 10 && [&b":"[..], b"%3A"].iter().any(|mark| unit[at + digits..].starts_with(mark));
        if is_second {
            parts.push(Part::Stays(at..at + digits));
        }
        at += digits.max(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_note_the_second_stays_and_whom_it_names_does_not() {
        let stays = |unit: &str| -> Vec<String> {
            let mut parts = Vec::new();
            (SHAPE.parts)(&crate::source::SourceSettings::named("x", "freeswitch_cdr"), unit.as_bytes(), &mut parts);
            let text = |part: &Part| unit[part.range().clone()].to_owned();
            parts.iter().map(text).filter(|text| !text.contains("history")).collect()
        };
        let json = r#" "transfer_history": "ARRAY::1772434860:p1:bl_xfer:0701234567/x|:1772434885:p2:att_xfer:1001@h/7100@h","#;
        assert_eq!(stays(json), ["1772434860", "1772434885"]);
        let encoded = "variable_transfer_history: 1772434860%3Ap1%3Abl_xfer%3A0701234567/default/XML\n";
        assert_eq!(stays(encoded), ["1772434860"]);
        assert_eq!(stays("Caller-Username: 1772434860:x\n"), ["Caller-Username"]);
    }
}
