//! Which of the documents' words are the switch's own, and which are somebody's.

use crate::source::disguise::shape::xml;
use crate::source::disguise::{Part, Shape};

/// Bytes before each document.
const HEADER_BYTES: usize = 8;
/// The longest entity with its `&` and `;`.
const ENTITY_BYTES: usize = 8;
/// Elements whose text is the switch's own.
const OWN: [&str; 14] = [
    "actualProtocolVersion",
    "actualSessionDuration",
    "callID",
    "cause",
    "definedError",
    "localConnectionInfo",
    "localConnectionState",
    "monitorCrossRefID",
    "operation",
    "protocolVersion",
    "requestedSessionDuration",
    "sysStatRegisterID",
    "systemResource",
    "systemStatus",
];

/// How a line's bytes are told apart.
pub const SHAPE: Shape = Shape {
    end: b'>',
    parts: |_, unit, parts| {
        let header = if unit.starts_with(b"\0\0") { HEADER_BYTES.min(unit.len()) } else { 0 };
        let mut of_element = Vec::new();
        xml(&unit[header..], |name| OWN.contains(&name), &mut of_element);
        let shifted = of_element.into_iter().map(|part| match part {
            Part::Stays(range) => Part::Stays(range.start + header..range.end + header),
            Part::Blank(range) => Part::Blank(range.start + header..range.end + header),
        });
        let of_element: Vec<Part> = shifted.collect();
        let text = header..of_element.first().map_or(unit.len(), |part| part.range().start);
        if header > 0 {
            parts.push(Part::Stays(0..header));
        } else if !unit[text.end..].starts_with(b"</") && text.len() <= HEADER_BYTES {
            // The rest of a header in whose length there was a `>`.
            parts.push(Part::Stays(text.clone()));
            return parts.extend(of_element);
        }
        let mut at = text.start;
        while let Some(start) = memchr::memchr(b'&', &unit[at..text.end]).map(|start| at + start) {
            let near = &unit[start..text.end.min(start + ENTITY_BYTES)];
            let end = memchr::memchr(b';', near).map_or(start + 1, |length| start + length + 1);
            parts.push(Part::Stays(start..end));
            at = end;
        }
        parts.extend(of_element);
    },
};
