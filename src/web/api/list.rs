//! Pages of a longer list.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::measure::Moment;
use crate::store::{After, Page};
use crate::web::refusal::Refusal;

/// Rows on a page where nothing else is asked for.
pub const ROWS: usize = 100;
/// Rows of a list that stands below the figures it explains.
pub const ROWS_SHOWN: usize = 25;
/// Most rows on a page.
pub const ROWS_MAX: usize = 1_000;

/// Which page.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// `next` of the page before; the first page without it.
    pub after: Option<String>,
    /// Rows on a page, 1 to 1000. Default 100.
    pub limit: Option<usize>,
}

/// A page of rows.
#[derive(Debug, Serialize, ToSchema)]
pub struct ListView<T> {
    /// The rows.
    pub items: Vec<T>,
    /// Give this as `after` for the next page; null: there is none.
    pub next: Option<String>,
}

impl PageQuery {
    /// The same, of `rows` rows where nothing else is asked for.
    #[must_use]
    pub fn or_rows(&self, rows: usize) -> Self {
        Self { after: self.after.clone(), limit: self.limit.or(Some(rows)) }
    }

    /// How many rows are wanted.
    pub fn limit(&self) -> Result<usize, Refusal> {
        let limit = self.limit.unwrap_or(ROWS);
        if !(1..=ROWS_MAX).contains(&limit) {
            return Err(Refusal::wrong(format!("limit {limit} must be 1 to {ROWS_MAX}")));
        }
        Ok(limit)
    }

    /// The page, with one row more than wanted: whether there is a next one.
    pub fn with_one_more(&self) -> Result<Page, Refusal> {
        let after = self.after.as_deref().map(|mark| {
            read_mark(mark).ok_or_else(|| Refusal::wrong("after is not the `next` of a page of this list"))
        });
        Ok(Page { after: after.transpose()?, limit: self.limit()? + 1 })
    }
}

impl<T> ListView<T> {
    /// The page of `rows`, which may be one more than `limit`; `mark` says where a row stands.
    pub fn of<R>(mut rows: Vec<R>, limit: usize, mark: impl Fn(&R) -> String, view: impl Fn(R) -> T) -> Self {
        let is_more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows.last().filter(|_| is_more).map(mark);
        Self { items: rows.into_iter().map(view).collect(), next }
    }
}

/// Where a row stands, as text.
pub fn mark(at: Moment, number: u16, source: &str, call: &str) -> String {
    format!("{}~{number}~{source}~{call}", at.0)
}

fn read_mark(text: &str) -> Option<After> {
    let mut parts = text.splitn(4, '~');
    let at = Moment(parts.next()?.parse().ok()?);
    let number = parts.next()?.parse().ok()?;
    Some(After { at, number, source: parts.next()?.to_owned(), call: parts.next()?.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_read_back_whatever_the_switch_calls_its_calls() {
        let text = mark(Moment(-5), 3, "vaxel", "a~b/ö");
        let expected = After { at: Moment(-5), number: 3, source: "vaxel".into(), call: "a~b/ö".into() };
        assert_eq!(read_mark(&text), Some(expected));
        for wrong in ["", "1~2", "x~1~a~b", "1~70000~a~b"] {
            assert_eq!(read_mark(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn the_last_page_has_no_next() {
        let page = |rows: Vec<i32>| ListView::of(rows, 2, ToString::to_string, |row| row);
        assert_eq!((page(vec![1, 2, 3]).items, page(vec![1, 2, 3]).next), (vec![1, 2], Some("2".into())));
        assert_eq!(page(vec![1, 2]).next, None);
    }
}
