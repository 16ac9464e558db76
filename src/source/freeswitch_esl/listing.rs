//! What the switch answers when asked who is in it now: lists with a bar between the columns, and
//! channels as JSON.

use serde_json::Value;

/// The rows of a list whose first line names the columns.
pub struct Rows<'a> {
    columns: Vec<&'a str>,
    lines: std::str::Lines<'a>,
}

/// One row.
#[derive(Clone, Debug)]
pub struct Row<'a, 'b> {
    columns: &'b [&'a str],
    values: Vec<&'a str>,
}

impl<'a> Rows<'a> {
    /// Reads a list; `None` where it has no line of columns.
    pub fn read(text: &'a str) -> Option<Self> {
        let mut lines = text.lines();
        let columns: Vec<&str> = lines.next()?.split('|').map(str::trim).collect();
        (columns.len() > 1).then_some(Self { columns, lines })
    }

    /// Shows each row.
    pub fn each(mut self, mut take: impl FnMut(&Row<'a, '_>)) {
        for line in self.lines.by_ref().filter(|line| line.contains('|')) {
            take(&Row { columns: &self.columns, values: line.split('|').collect() });
        }
    }
}

impl<'a> Row<'a, '_> {
    /// The value of a column; empty where there is none.
    pub fn get(&self, column: &str) -> &'a str {
        let place = self.columns.iter().position(|name| *name == column);
        place.and_then(|place| self.values.get(place)).copied().unwrap_or_default()
    }
}

/// A channel of the list of channels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its identity.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The number it runs.
    pub dialled: String,
    /// Its far end dialled.
    pub is_calling: bool,
}

/// Reads the list of channels; `None` where it is none.
pub fn channels(text: &str) -> Option<Vec<Listed>> {
    let list: Value = serde_json::from_str(text).ok()?;
    list.get("row_count")?;
    // A switch without channels leaves the rows out.
    let rows = list.get("rows").and_then(Value::as_array).cloned().unwrap_or_default();
    let text = |row: &Value, key: &str| row.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let listed = |row: &Value| Listed {
        id: text(row, "uuid"),
        name: text(row, "name"),
        dialled: text(row, "dest"),
        is_calling: text(row, "direction") == "inbound",
    };
    Some(rows.iter().map(listed).filter(|listed| !listed.id.is_empty()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_of_a_queue() {
        let text =
            "queue|uuid|session_uuid|joined_epoch|state\nvaxel|m1|s1|1000|Waiting\nvaxel|m2|s2|1010|Trying\n+OK\n";
        let mut told = Vec::new();
        let told_of =
            |row: &Row<'_, '_>| format!("{} {} {}", row.get("session_uuid"), row.get("state"), row.get("score"));
        Rows::read(text).unwrap().each(|row| told.push(told_of(row)));
        assert_eq!(told, ["s1 Waiting ", "s2 Trying "]);
        assert!(Rows::read("-ERR Invalid Queue!\n").is_none());
    }

    #[test]
    fn channels_that_there_are() {
        let text = r#"{"row_count":1,"rows":[{"uuid":"a","direction":"inbound","name":"sofia/x/1@h","dest":"7100"}]}"#;
        assert_eq!(channels(text).unwrap()[0].dialled, "7100");
        assert_eq!(channels(r#"{"row_count":0}"#), Some(Vec::new()));
        assert_eq!(channels("-ERR permission denied"), None);
    }
}
