//! The units file: CSV to rows.

use std::path::Path;

use crate::config::Fault;
use crate::directory::UnitRow;

/// Columns that a units file can have; those of [`NEEDED`] must be there.
const COLUMNS: [&str; 7] = ["from", "to", "unit", "title", "organisation", "valid_from", "valid_to"];
const NEEDED: [&str; 3] = ["from", "unit", "organisation"];

/// A row and the line it stands in, 1 being the header.
pub(super) type Row = (u64, UnitRow);

/// Reads the rows of the file at `path`. Comma or semicolon between fields, with
/// or without a byte-order mark, as spreadsheets write it; lines that begin with `#` are comments.
///
/// # Errors
/// What is wrong with the file as a whole: (column, reason). What is wrong with single lines stands
/// beside the rows that can be read, so that all of it is told at once.
pub(super) fn unit_rows(path: &Path) -> Result<(Vec<Row>, Vec<Fault>), Vec<Fault>> {
    let bytes = std::fs::read(path).map_err(|error| vec![(String::new(), format!("cannot be read: {error}"))])?;
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&bytes);
    let header = bytes.split(|byte| *byte == b'\n').find(|line| !line.starts_with(b"#")).unwrap_or_default();
    let delimiter = if header.contains(&b';') { b';' } else { b',' };
    let mut reader =
        csv::ReaderBuilder::new().delimiter(delimiter).comment(Some(b'#')).trim(csv::Trim::All).from_reader(bytes);
    let headers = reader.headers().map_err(|error| vec![("line 1".into(), error.to_string())])?.clone();
    let mut wrong: Vec<Fault> = Vec::new();
    for column in headers.iter().filter(|column| !COLUMNS.contains(column)) {
        wrong.push((format!("column `{column}`"), format!("is not known; the columns are {}", COLUMNS.join(","))));
    }
    for column in NEEDED.iter().filter(|column| !headers.iter().any(|header| header == **column)) {
        wrong.push((format!("column `{column}`"), "is missing".into()));
    }
    if !wrong.is_empty() {
        return Err(wrong);
    }
    let mut rows = Vec::new();
    let mut lines = Lines { bytes, at: 0, line: 1 };
    for record in reader.records() {
        match record {
            Ok(record) => {
                let line = lines.of(record.position());
                match record.deserialize(Some(&headers)) {
                    Ok(row) => rows.push((line, row)),
                    Err(error) => wrong.push((format!("line {line}"), error.to_string())),
                }
            }
            Err(error) => wrong.push((format!("line {}", lines.of(error.position())), why(&error))),
        }
    }
    Ok((rows, wrong))
}

/// Lines of the file by what stands in them: the reader's own count ends where the record before
/// did, ahead of empty lines and comments.
struct Lines<'a> {
    bytes: &'a [u8],
    at: usize,
    line: u64,
}

impl Lines<'_> {
    fn of(&mut self, position: Option<&csv::Position>) -> u64 {
        let start = position.map_or(self.at, |position| position.byte() as usize).min(self.bytes.len());
        while self.at < start || self.is_skipped() {
            self.line += u64::from(self.bytes[self.at] == b'\n');
            self.at += 1;
        }
        self.line
    }

    /// Whether the reader skips what stands here: an end of a line, or a comment.
    fn is_skipped(&self) -> bool {
        let line = self.bytes[..self.at].iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        match self.bytes.get(self.at) {
            Some(b'\n' | b'\r') => true,
            Some(_) => self.bytes[line] == b'#',
            None => false,
        }
    }
}

fn why(error: &csv::Error) -> String {
    match error.kind() {
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("has {len} fields, the header has {expected_len}")
        }
        csv::ErrorKind::Utf8 { .. } => "is not UTF-8; save the file as \"CSV UTF-8\"".into(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &[u8]) -> Result<Vec<Row>, Vec<Fault>> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        let (rows, wrong) = unit_rows(file.path())?;
        if wrong.is_empty() { Ok(rows) } else { Err(wrong) }
    }

    #[test]
    fn what_a_spreadsheet_saves_is_read() {
        let text = "\u{feff}from;to;unit;title;organisation\r\n# skolor\r\n7100;7199;skola;Skolan;lycksele\r\n\r\n72;;bygg;Bygg;lycksele\r\n";
        let rows = rows(text.as_bytes()).unwrap();
        let told: Vec<(u64, &str)> = rows.iter().map(|(line, row)| (*line, row.unit.as_str())).collect();
        assert_eq!(told, [(3, "skola"), (5, "bygg")]);
    }

    #[test]
    fn every_line_of_a_wrong_form_is_told() {
        let wrong = rows(b"from,unit,organisation\n1,a,x\n2,b\n3,\xff,x\n4,c,x,extra\n").unwrap_err();
        let lines: Vec<&str> = wrong.iter().map(|(line, _)| line.as_str()).collect();
        assert_eq!(lines, ["line 3", "line 4", "line 5"]);
        let wrong = rows(b"from,unit,colour\n1,a,x\n").unwrap_err();
        assert_eq!(
            wrong.iter().map(|(at, _)| at.as_str()).collect::<Vec<_>>(),
            ["column `colour`", "column `organisation`"]
        );
    }
}
