//! Which of the manager interface's words are its own, and which are somebody's.

use crate::source::disguise::Shape;
use crate::source::disguise::shape::headers;

/// Keys whose values are the switch's own words, times and measures; each may have a party in front
/// (`DestChannelState`).
const OWN: [&str; 12] = [
    "Uniqueid",
    "Linkedid",
    "ChannelState",
    "ChannelStateDesc",
    "Language",
    "Priority",
    "BridgeUniqueid",
    "BridgeType",
    "BridgeTechnology",
    "BridgeCreator",
    "BridgeNumChannels",
    "BridgeVideoSourceMode",
];

/// The same without a party.
const OWN_ALONE: [&str; 52] = [
    "AMIversion",
    "Abandoned",
    "ActionID",
    "Application",
    "AsteriskVersion",
    "CallerIDNumValid",
    "Calls",
    "CallsTaken",
    "Cause",
    "Cause-txt",
    "Completed",
    "Count",
    "DestType",
    "DialStatus",
    "Direction",
    "DurationMs",
    "Duration",
    "Event",
    "EventList",
    "HoldTime",
    "Holdtime",
    "InCall",
    "IsExternal",
    "LastCall",
    "LastPause",
    "LastReload",
    "ListItems",
    "LocalOptimization",
    "LoginTime",
    "Max",
    "Membership",
    "OriginalPosition",
    "Paused",
    "Penalty",
    "Ping",
    "Position",
    "Privilege",
    "Reason",
    "Response",
    "Result",
    "RingTime",
    "Ringinuse",
    "ServiceLevel",
    "ServicelevelPerf",
    "Shutdown",
    "Status",
    "Strategy",
    "TalkTime",
    "Timestamp",
    "Uptime",
    "Wait",
    "Weight",
];

/// How a connection's bytes are told apart.
pub const SHAPE: Shape = Shape {
    end: b'\n',
    parts: |_, unit, parts| {
        if unit.starts_with(super::message::BANNER) {
            return parts.push(crate::source::disguise::Part::Stays(0..unit.len()));
        }
        // Keys that a caller pressed tell whom he called, and may be worse.
        headers(unit, stays, &["Digit"], parts);
    },
};

fn stays(key: &str, value: &[u8]) -> bool {
    match key {
        // Names of variables are the switch's and the dialplan's; some are made of a number.
        "Variable" => value.iter().all(|byte| byte.is_ascii_alphabetic() || b"_()".contains(byte)),
        _ => OWN_ALONE.contains(&key) || OWN.iter().any(|own| key.ends_with(own)),
    }
}
