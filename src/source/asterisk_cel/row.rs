//! Lines to rows: CSV as `cel_custom` writes it, or a table as `psql` prints it; the columns in any
//! order.

use std::borrow::Cow;

use chrono::{DateTime, NaiveDateTime, TimeZone};
use chrono_tz::Tz;
use serde::{Deserialize, Deserializer};
use smol_str::SmolStr;

use crate::event::Reason;
use crate::measure::Moment;

/// Most columns of a row; Asterisk's own sample has twenty.
const COLUMNS_MAX: usize = 64;
/// The columns of the sample configuration that comes with Asterisk.
const SAMPLE: &str = "eventtype,eventtime,cid_name,cid_num,cid_ani,cid_rdnis,cid_dnid,exten,context,channame,appname,\
                      appdata,amaflags,accountcode,uniqueid,linkedid,peer,userfield,userdeftype,extra";
/// The columns that the documentation here proposes.
const OURS: &str = "eventtype,eventtime,cid_name,cid_num,cid_dnid,exten,context,channame,appname,appdata,uniqueid,\
                    linkedid,peer,userdeftype,extra";
/// Without these a row tells nothing.
const NEEDED: [&str; 5] = ["eventtype", "eventtime", "channame", "uniqueid", "linkedid"];

/// Which column of a row holds what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Columns(Vec<Column>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Column {
    Kind,
    Time,
    Exten,
    Channel,
    App,
    Data,
    Id,
    Linkedid,
    Peer,
    Extra,
    /// Not needed for any figure; numbers and names of callers are among these.
    Unread,
}

/// How fields are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Commas, with quotes.
    Csv,
    /// Bars, with blanks around.
    Table,
}

/// One row.
#[derive(Clone, Debug, Default)]
pub struct Row {
    /// `CHAN_START` and so on.
    pub kind: SmolStr,
    /// When.
    pub at: Moment,
    /// Micro-seconds beyond that.
    pub micros: u16,
    /// Extension.
    pub exten: SmolStr,
    /// Channel.
    pub channel: SmolStr,
    /// Application that the channel runs, and its arguments.
    pub app: SmolStr,
    /// Arguments of the application.
    pub data: SmolStr,
    /// Uniqueid.
    pub id: SmolStr,
    /// Linkedid.
    pub linkedid: SmolStr,
    /// The other channel of its bridge.
    pub peer: SmolStr,
    /// The rest.
    pub extra: Extra,
}

/// What the last column of a row says, of which each kind of row has its own part.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Extra {
    /// Cause code of a hangup (Q.850).
    pub hangupcause: u16,
    /// Channel that hung up, or what in the dialplan did.
    pub hangupsource: SmolStr,
    /// How the channel's last dialling ended.
    pub dialstatus: SmolStr,
    /// The bridge.
    pub bridge_id: SmolStr,
    /// Where a caller is sent.
    pub extension: SmolStr,
    /// Where a phone that rings passes the call on to.
    pub forward: SmolStr,
    /// Who is sent.
    #[serde(deserialize_with = "told")]
    pub transferee_channel_uniqueid: SmolStr,
    /// The attendant's channel towards the unit.
    #[serde(deserialize_with = "told")]
    pub channel2_uniqueid: SmolStr,
    /// Whom the caller is handed to.
    #[serde(deserialize_with = "told")]
    pub transfer_target_channel_uniqueid: SmolStr,
}

/// Where there is no channel the log says `N/A`.
fn told<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SmolStr, D::Error> {
    let text = SmolStr::deserialize(deserializer)?;
    Ok(if text == "N/A" { SmolStr::default() } else { text })
}

impl Extra {
    fn parse(text: &str) -> Self {
        if text.starts_with('{') {
            // What cannot be read here costs a detail and not the row.
            return serde_json::from_str(text).unwrap_or_default();
        }
        // Asterisk 1.8 to 11: `16,SIP/1001-00000001,ANSWER`.
        let mut parts = text.split(',');
        let mut next = || parts.next().unwrap_or_default();
        Self {
            hangupcause: next().parse().unwrap_or_default(),
            hangupsource: next().into(),
            dialstatus: next().into(),
            ..Self::default()
        }
    }
}

impl Columns {
    /// The columns of these names; complaints are in words.
    pub fn named<S: AsRef<str>>(names: &[S]) -> Result<Self, String> {
        let names: Vec<String> = names.iter().map(|name| name.as_ref().trim().to_ascii_lowercase()).collect();
        for needed in NEEDED {
            match names.iter().filter(|name| *name == needed).count() {
                1 => {}
                0 => return Err(format!("`{needed}` is missing; nothing can be told without it")),
                _ => return Err(format!("`{needed}` stands there twice")),
            }
        }
        if names.len() > COLUMNS_MAX {
            return Err(format!("{} columns; at most {COLUMNS_MAX} are read", names.len()));
        }
        let column = |name: &String| match name.as_str() {
            "eventtype" => Column::Kind,
            "eventtime" => Column::Time,
            "exten" => Column::Exten,
            "channame" => Column::Channel,
            "appname" => Column::App,
            "appdata" => Column::Data,
            "uniqueid" => Column::Id,
            "linkedid" => Column::Linkedid,
            "peer" => Column::Peer,
            "extra" | "eventextra" => Column::Extra,
            _ => Column::Unread,
        };
        Ok(Self(names.iter().map(column).collect()))
    }

    /// The columns of a log of which nothing was said but how many there are.
    fn of_width(width: usize) -> Option<Self> {
        let usual = [OURS, SAMPLE].map(|names| names.split(',').collect::<Vec<_>>());
        usual.iter().find(|names| names.len() == width).and_then(|names| Self::named(names).ok())
    }
}

/// The names in a line that is the head of an export; `None` for a row.
pub fn head(line: &[u8]) -> Option<(Form, Result<Columns, String>)> {
    let text = String::from_utf8_lossy(line).to_ascii_lowercase();
    let is_head = text.contains("eventtype") && text.contains("eventtime");
    let (form, mark) = if text.contains('|') { (Form::Table, '|') } else { (Form::Csv, ',') };
    let names = || text.split(mark).map(|name| name.trim_matches([' ', '"'])).collect::<Vec<_>>();
    is_head.then(|| (form, Columns::named(&names())))
}

/// One line as a row; `Ok(None)` for what stands around the rows of a table. `zone`: of times that
/// name none.
pub fn read(
    line: &[u8],
    form: Form,
    columns: Option<&Columns>,
    zone: Option<Tz>,
) -> Result<Option<Row>, (Reason, String)> {
    let text: Cow<'_, str> = match std::str::from_utf8(line) {
        Ok(text) => text.into(),
        Err(_) => line.iter().map(|byte| char::from(*byte)).collect(),
    };
    let fields = match form {
        Form::Csv => csv_fields(&text),
        // Bars may stand in the last column.
        Form::Table => {
            let width = columns.map_or(COLUMNS_MAX, |columns| columns.0.len());
            text.splitn(width, '|').map(|field| field.trim().to_owned()).collect()
        }
    };
    if form == Form::Table && fields.len() < NEEDED.len() {
        return Ok(None);
    }
    let by_width = if columns.is_none() { Columns::of_width(fields.len()) } else { None };
    let Some(columns) = columns.or(by_width.as_ref()) else {
        let detail =
            format!("{} columns, which is neither of the usual orders; give their names as `columns`", fields.len());
        return Err((Reason::Malformed, detail));
    };
    // A table may leave off empty columns at the end.
    if form == Form::Csv && fields.len() < columns.0.len() {
        return Err((Reason::Malformed, format!("{} columns where {} are expected", fields.len(), columns.0.len())));
    }
    let mut row = Row::default();
    for (column, field) in columns.0.iter().zip(&fields) {
        match column {
            Column::Kind => row.kind = field.into(),
            Column::Time => {
                (row.at, row.micros) =
                    time(field, zone).map_err(|why| (Reason::BadTime, format!("`{field}` {why}")))?;
            }
            Column::Exten => row.exten = field.into(),
            Column::Channel => row.channel = field.into(),
            Column::App => row.app = field.into(),
            Column::Data => row.data = field.into(),
            Column::Id => row.id = field.into(),
            Column::Linkedid => row.linkedid = field.into(),
            Column::Peer => row.peer = field.into(),
            Column::Extra => row.extra = Extra::parse(field),
            Column::Unread => {}
        }
    }
    if row.id.is_empty() || row.id.len() > 256 || row.linkedid.len() > 256 {
        return Err((Reason::BadField, "the row has no uniqueid of 1 to 256 bytes".to_owned()));
    }
    Ok(Some(row))
}

fn csv_fields(line: &str) -> Vec<String> {
    let mut reader = csv_core::Reader::new();
    let (mut output, mut ends) = (vec![0; line.len() + 1], [0; COLUMNS_MAX + 1]);
    let (_, _, written, found) = reader.read_record(line.as_bytes(), &mut output, &mut ends);
    let (_, _, _, more) = reader.read_record(&[], &mut output[written..], &mut ends[found..]);
    let mut from = 0;
    let field = |end: &usize| {
        let field = String::from_utf8_lossy(&output[from..*end]).into_owned();
        from = *end;
        field
    };
    ends[..found + more].iter().map(field).collect()
}

/// Seconds since 1970 with a fraction, or date and time as databases print them.
fn time(text: &str, zone: Option<Tz>) -> Result<(Moment, u16), &'static str> {
    const WRONG: &str = "is no time: neither seconds since 1970 nor like 2026-03-02 08:15:00.123456";
    let micros = if let Some((whole, fraction)) = text.split_once('.').filter(|(whole, _)| !whole.contains('-')) {
        let micros: i64 = format!("{fraction:0<6}").get(..6).and_then(|micros| micros.parse().ok()).ok_or(WRONG)?;
        whole.parse::<i64>().map_err(|_| WRONG)?.saturating_mul(1_000_000).saturating_add(micros)
    } else if let Ok(at) = DateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f%#z") {
        at.timestamp_micros()
    } else {
        let wall = NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f").map_err(|_| WRONG)?;
        let zone = zone.ok_or("names no time zone; say which it is by `zone`")?;
        // In the hour that comes twice the first is meant: the log does not say which.
        let at = zone.from_local_datetime(&wall).earliest().ok_or("does not exist on that day in that zone")?;
        at.timestamp_micros()
    };
    let at = Moment(micros.div_euclid(1000));
    if !(0..=253_402_300_799_999).contains(&at.0) {
        return Err("lies outside the years 1970 to 9999");
    }
    Ok((at, micros.rem_euclid(1000) as u16))
}
