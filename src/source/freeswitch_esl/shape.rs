//! Which of the switch's words, on the event socket and in call records, are its own, and which are
//! somebody's.

use crate::source::disguise::Shape;
use crate::source::disguise::shape::{headers, json};

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
        if !unit.first().is_some_and(|first| matches!(first, b'{' | b' ' | b'"' | b'}' | b']' | b'[')) {
            return headers(unit, |key, _| stays(key), &[], parts);
        }
        let end = memchr::memrchr(b'}', unit).map_or(unit.len(), |end| end + 1);
        json(&unit[..end], stays, parts);
        if unit[end..].starts_with(b"Content-") {
            parts.push(crate::source::disguise::shape::Part::Stays(end..unit.len()));
        }
    },
};
