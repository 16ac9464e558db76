//! An event as an event socket writes it, in both forms.

use std::fmt::Write as _;

use crate::simulate::Said;

/// One field of an event.
pub type Field = (&'static str, String);

/// The event in the plain form and as JSON; a listener hears the one it asked for.
pub fn event(class: &'static str, fields: &[Field]) -> [Said; 2] {
    let mut body = String::new();
    for (key, value) in fields {
        // Writing to a string does not fail.
        let _ = writeln!(body, "{key}: {}", escaped(value));
    }
    body.push('\n');
    let object: serde_json::Map<String, serde_json::Value> =
        fields.iter().map(|(key, value)| ((*key).to_owned(), value.as_str().into())).collect();
    let json = serde_json::Value::Object(object).to_string();
    [packet("text/event-plain", &body), packet("text/event-json", &json)].map(|text| Said { class, text })
}

/// A packet with a body.
pub fn packet(content_type: &str, body: &str) -> String {
    format!("Content-Length: {}\nContent-Type: {content_type}\n\n{body}", body.len())
}

/// URL-encoded, as values of the plain form are.
fn escaped(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.,/~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}
