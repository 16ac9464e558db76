//! A line to its columns: separated, at fixed places, or found by a regular expression.

use std::borrow::Cow;

use regex::Regex;

/// How a line is cut.
#[derive(Clone, Debug)]
pub enum Cut {
    /// Columns with a separator between them.
    Delimited {
        /// The separator.
        separator: u8,
        /// What may stand around a column, doubled inside it; `None`: nothing.
        quote: Option<u8>,
    },
    /// Columns of characters, `(first, last)` counted from 1.
    Fixed(Vec<(usize, usize)>),
    /// Columns are the groups of an expression, in the order of its names.
    Pattern(Regex),
}

impl Cut {
    /// The columns of `line`, or why it has none.
    pub fn cut<'a>(&self, line: &'a str) -> Result<Vec<Cow<'a, str>>, String> {
        match self {
            Self::Delimited { separator, quote } => delimited(line, *separator, *quote),
            Self::Fixed(places) => {
                let characters: Vec<(usize, char)> = line.char_indices().collect();
                let byte = |place: usize| characters.get(place).map_or(line.len(), |(byte, _)| *byte);
                Ok(places.iter().map(|(first, last)| Cow::Borrowed(&line[byte(first - 1)..byte(*last)])).collect())
            }
            Self::Pattern(pattern) => {
                let found = pattern.captures(line).ok_or("does not match the regular expression")?;
                let names = pattern.capture_names().flatten();
                Ok(names.map(|name| Cow::Borrowed(found.name(name).map_or("", |text| text.as_str()))).collect())
            }
        }
    }
}

/// A library reads the quotes; what it will not notice is one that is never closed.
fn delimited(line: &str, separator: u8, quote: Option<u8>) -> Result<Vec<Cow<'_, str>>, String> {
    let Some(quote) = quote.filter(|quote| memchr::memchr(*quote, line.as_bytes()).is_some()) else {
        return Ok(line.split(char::from(separator)).map(Cow::Borrowed).collect());
    };
    if !memchr::memchr_iter(quote, line.as_bytes()).count().is_multiple_of(2) {
        return Err("a quote is opened and never closed".to_owned());
    }
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(separator)
        .quote(quote)
        .buffer_capacity(line.len().max(16))
        .from_reader(line.as_bytes());
    let mut record = csv::StringRecord::new();
    reader.read_record(&mut record).map_err(|error| error.to_string())?;
    Ok(record.iter().map(|field| Cow::Owned(field.to_owned())).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separated_columns_with_and_without_quotes() {
        let cut = Cut::Delimited { separator: b',', quote: Some(b'"') };
        assert_eq!(cut.cut(r#""a","","""Test User"" <test>",7"#).unwrap(), ["a", "", r#""Test User" <test>"#, "7"]);
        assert_eq!(cut.cut("a,,c").unwrap(), ["a", "", "c"]);
        assert!(cut.cut(r#""a,b"#).unwrap_err().contains("never closed"));
        let cut = Cut::Delimited { separator: b';', quote: None };
        assert_eq!(cut.cut("a;\"b\";").unwrap(), ["a", "\"b\"", ""]);
    }

    #[test]
    fn fixed_columns_count_characters_and_end_with_the_line() {
        let cut = Cut::Fixed(vec![(1, 3), (5, 8), (9, 12)]);
        assert_eq!(cut.cut("åäö Östb").unwrap(), ["åäö", "Östb", ""]);
    }

    #[test]
    fn named_groups_are_columns() {
        let cut = Cut::Pattern(Regex::new(r"^(?P<day>\S+) +(?P<ext>\d+)( (?P<code>NA))?$").unwrap());
        assert_eq!(cut.cut("11/23  101").unwrap(), ["11/23", "101", ""]);
        assert!(cut.cut("Date  Ext").is_err());
    }
}
