//! `[source.records]` of the configuration, checked into a [`Plan`].

use std::collections::BTreeMap;
use std::sync::Arc;

use regex::Regex;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::event::EventId;
use crate::measure::{Span, Untold};
use crate::source::records::columns::Cut;
use crate::source::records::layout::{Layout, Plan};
use crate::source::records::mapped::{MapSettings, Mapped};
use crate::source::records::presets::preset_named;
use crate::source::records::row::{Column, Columns, Content};
use crate::source::records::span::SpanFormat;
use crate::source::records::story::Story;
use crate::source::records::text::Charset;
use crate::source::records::time::TimeFormat;

/// How records are read. With a `preset` every other key has that preset's value where it is not
/// given.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RecordsSettings {
    /// A known switch, by the name of its preset. Without one, `map` says what the columns mean.
    pub preset: Option<String>,
    /// What stands between two columns: one character. Default `,`.
    pub separator: Option<String>,
    /// What may stand around a column: one character, or nothing. Default `"`.
    pub quote: Option<String>,
    /// Columns at fixed places in place of a separator: name and first and last character, from 1.
    pub fixed: Option<BTreeMap<String, (usize, usize)>>,
    /// A regular expression whose named groups are the columns, in place of a separator.
    pub regex: Option<String>,
    /// The first line names the columns. Default false.
    pub header: Option<bool>,
    /// Names of the columns in their order, where no header tells.
    pub columns: Option<Vec<String>>,
    /// Lines to skip at the beginning of a file. Default 0.
    pub skip_lines: Option<u64>,
    /// Lines to skip behind the header. Default 0.
    pub skip_after_header: Option<u64>,
    /// A regular expression of lines that say nothing: page headers, rulers.
    pub ignore: Option<String>,
    /// Words that stand for an empty column. Default none.
    pub absent: Option<Vec<String>>,
    /// Encoding: `auto` (UTF-8, else Windows-1252), `utf-8`, `iso-8859-1`, `windows-1252`… Default `auto`.
    pub encoding: Option<String>,
    /// Zone of local times. Default: that of the deployment.
    pub zone: Option<String>,
    /// Columns that are times, each with its format: a chrono pattern, `epoch`, `epoch_ms`,
    /// `epoch_us`, or `mm/dd hh:mm`.
    pub times: BTreeMap<String, String>,
    /// Columns that are lengths of time, each with its unit: `s`, `ms`, `us`, `min` or `hh:mm:ss`.
    pub spans: BTreeMap<String, String>,
    /// Lengths that go by between the last time of a row and its writing: they put the hour that
    /// comes twice in order. Default none.
    pub ends_after: Option<Vec<String>>,
    /// Step of the clock, 1 ms to 1 min. Default 1s.
    pub resolution: Option<Span>,
    /// How the switch rounds lengths: `up`, `down`, `nearest` or `unknown`. Default `unknown`.
    pub rounding: Option<String>,
    /// How long more rows of a call are waited for where they may come, 1 s to 1 d. Default 60s.
    pub idle: Option<Span>,
    /// The same where more must come. Default 4h.
    pub patience: Option<Span>,
    /// What the columns mean, without a preset.
    pub map: Option<MapSettings>,
}

/// What is wrong with the records of a source; complaints are `(key, reason)`.
pub fn check(source: &crate::source::SourceSettings) -> Faults {
    let Some(settings) = &source.records else {
        return vec![("records".into(), "is missing: [source.records] with a preset, or a map of the columns".into())];
    };
    let wrong = settings.plan().err().unwrap_or_default();
    wrong.into_iter().map(|(key, why)| (format!("records.{key}"), why)).collect()
}

/// What the records of a source leave untold.
pub fn untold(source: &crate::source::SourceSettings) -> Vec<Untold> {
    let plan = source.records.as_ref().map(RecordsSettings::plan);
    plan.and_then(Result::ok).map(|plan| plan.story.untold()).unwrap_or_default()
}

/// Complaints, `(key, reason)`.
pub type Faults = Vec<(String, String)>;

impl RecordsSettings {
    /// These settings over those of their preset.
    pub fn effective(&self) -> Result<Self, Faults> {
        let Some(name) = &self.preset else { return Ok(self.clone()) };
        let Some(preset) = preset_named(name) else {
            let known = crate::source::records::presets::names();
            return Err(vec![("preset".into(), format!("there is no preset `{name}`; there are {known}"))]);
        };
        let shipped: Self = toml::from_str(preset.layout)
            .map_err(|error| vec![("preset".into(), format!("the preset `{name}` is damaged: {error}"))])?;
        let mut times = shipped.times;
        times.extend(self.times.clone());
        let mut spans = shipped.spans;
        spans.extend(self.spans.clone());
        Ok(Self {
            preset: self.preset.clone(),
            separator: self.separator.clone().or(shipped.separator),
            quote: self.quote.clone().or(shipped.quote),
            fixed: self.fixed.clone().or(shipped.fixed),
            regex: self.regex.clone().or(shipped.regex),
            header: self.header.or(shipped.header),
            columns: self.columns.clone().or(shipped.columns),
            skip_lines: self.skip_lines.or(shipped.skip_lines),
            skip_after_header: self.skip_after_header.or(shipped.skip_after_header),
            ignore: self.ignore.clone().or(shipped.ignore),
            absent: self.absent.clone().or(shipped.absent),
            encoding: self.encoding.clone().or(shipped.encoding),
            zone: self.zone.clone().or(shipped.zone),
            times,
            spans,
            ends_after: self.ends_after.clone().or(shipped.ends_after),
            resolution: self.resolution.or(shipped.resolution),
            rounding: self.rounding.clone().or(shipped.rounding),
            idle: self.idle.or(shipped.idle),
            patience: self.patience.or(shipped.patience),
            map: self.map.clone(),
        })
    }

    /// The plan to read by.
    ///
    /// # Errors
    /// Everything that is wrong.
    pub fn plan(&self) -> Result<Plan, Faults> {
        let all = self.effective()?;
        let mut wrong = Faults::new();
        let story = all.story(&mut wrong);
        let columns = story.as_deref().map(|story| all.columns(story, &mut wrong));
        let layout = all.layout(&mut wrong);
        match (story, columns, layout, wrong.is_empty()) {
            (Some(story), Some(columns), Some(layout), true) => {
                let text = serde_json::to_vec(&all).unwrap_or_default();
                let checksum = format!("{:016x}", EventId::of(&[&text]).0);
                Ok(Plan { layout, columns: Arc::new(columns), story, checksum })
            }
            _ => Err(wrong),
        }
    }

    fn story(&self, wrong: &mut Faults) -> Option<Box<dyn Story>> {
        match (self.preset.as_deref().and_then(preset_named), &self.map) {
            (Some(preset), None) => Some((preset.story)()),
            (Some(_), Some(_)) => {
                wrong.push(("map".into(), "stands beside preset, which knows what the columns mean".into()));
                None
            }
            (None, Some(map)) => match Mapped::check(map, self) {
                Ok(mapped) => Some(Box::new(mapped)),
                Err(faults) => {
                    wrong.extend(faults.into_iter().map(|(key, why)| (format!("map.{key}"), why)));
                    None
                }
            },
            (None, None) => {
                wrong.push((
                    "preset".into(),
                    "is missing: a known switch, or else `map` says what the columns mean".into(),
                ));
                None
            }
        }
    }

    fn columns(&self, story: &dyn Story, wrong: &mut Faults) -> Columns {
        let mut list = Vec::new();
        let mut wanted = story.columns();
        // A time that nobody asks for still says how far the file has got.
        wanted.extend(self.ends_after.iter().flatten().map(|name| (SmolStr::new(name), false)));
        for (name, is_required) in wanted {
            if list.iter().any(|column: &Column| column.name == name) {
                continue;
            }
            let content = match (self.times.get(name.as_str()), self.spans.get(name.as_str())) {
                (Some(format), _) => {
                    TimeFormat::named(format).map(Content::Time).map_err(|why| (format!("times.{name}"), why))
                }
                (None, Some(format)) => SpanFormat::named(format).map(Content::Span).ok_or_else(|| {
                    (format!("spans.{name}"), format!("`{format}` is no unit; there are s, ms, us, min and hh:mm:ss"))
                }),
                (None, None) => Ok(Content::Text),
            };
            match content {
                Ok(content) => list.push(Column { name, content, is_required }),
                Err(fault) => wrong.push(fault),
            }
        }
        if !list.iter().any(|column| matches!(column.content, Content::Time(_))) {
            wrong.push(("times".into(), "names no column that is read: when calls were is needed".into()));
        }
        Columns { list }
    }

    fn layout(&self, wrong: &mut Faults) -> Option<Layout> {
        let before = wrong.len();
        let cut = self.cut(wrong);
        let mut expression = |key: &str, text: &Option<String>| {
            text.as_ref()
                .and_then(|text| Regex::new(text).map_err(|error| wrong.push((key.into(), error.to_string()))).ok())
        };
        let ignore = expression("ignore", &self.ignore);
        let encoding = self.encoding.as_deref().unwrap_or("auto");
        let charset = Charset::named(encoding);
        if charset.is_none() {
            wrong.push((
                "encoding".into(),
                format!("`{encoding}` is not known; write for instance auto, utf-8 or iso-8859-1"),
            ));
        }
        let zone = self.zone.as_deref().unwrap_or("Europe/Stockholm");
        let parsed: Option<chrono_tz::Tz> = zone.parse().ok();
        if parsed.is_none() {
            wrong.push(("zone".into(), format!("`{zone}` is no time zone; write for instance \"Europe/Stockholm\"")));
        }
        let resolution = self.resolution.unwrap_or(Span::from_seconds(1));
        if !(1..=60_000).contains(&resolution.ms()) {
            wrong.push(("resolution".into(), format!("{resolution} lies outside 1ms to 1m")));
        }
        if self.rounding.as_ref().is_some_and(|word| !["up", "down", "nearest", "unknown"].contains(&word.as_str())) {
            wrong.push(("rounding".into(), "must be up, down, nearest or unknown".into()));
        }
        let (idle, patience) =
            (self.idle.unwrap_or(Span::from_seconds(60)), self.patience.unwrap_or(Span::from_seconds(4 * 3600)));
        for (key, span) in [("idle", idle), ("patience", patience)] {
            if !(1_000..=86_400_000).contains(&span.ms()) {
                wrong.push((key.into(), format!("{span} lies outside 1s to 1d")));
            }
        }
        let has_header = self.header.unwrap_or(false);
        let (cut, names) = cut?;
        if !has_header && names.is_empty() {
            wrong.push(("columns".into(), "is missing: their names in order, or else `header = true`".into()));
        }
        (wrong.len() == before).then_some(())?;
        Some(Layout {
            charset: charset?,
            cut,
            has_header,
            skip_lines: self.skip_lines.unwrap_or(0),
            skip_after_header: self.skip_after_header.unwrap_or(0),
            names,
            ignore,
            absent: self.absent.clone().unwrap_or_default(),
            zone: parsed?,
            ends_after: self.ends_after.iter().flatten().map(SmolStr::new).collect(),
            precision_ms: u16::try_from(resolution.ms()).unwrap_or(1000),
            idle,
            patience,
        })
    }

    /// How lines are cut, and the names of what comes out.
    fn cut(&self, wrong: &mut Faults) -> Option<(Cut, Vec<SmolStr>)> {
        let in_order = || self.columns.iter().flatten().map(SmolStr::new).collect();
        match (&self.regex, &self.fixed) {
            (Some(_), Some(_)) => {
                wrong.push(("regex".into(), "stands beside fixed; a line is cut in one way".into()));
                None
            }
            (Some(text), None) => match Regex::new(text) {
                Ok(pattern) => {
                    let names: Vec<SmolStr> = pattern.capture_names().flatten().map(SmolStr::new).collect();
                    if names.is_empty() {
                        wrong.push(("regex".into(), "names no group: write (?P<name>…) for each column".into()));
                    }
                    Some((Cut::Pattern(pattern), names))
                }
                Err(error) => {
                    wrong.push(("regex".into(), error.to_string()));
                    None
                }
            },
            (None, Some(places)) => {
                for (name, (first, last)) in places {
                    if *first == 0 || last < first || *last > 4096 {
                        wrong.push((
                            format!("fixed.{name}"),
                            format!("[{first}, {last}] must be first and last character, from 1"),
                        ));
                        return None;
                    }
                }
                Some((Cut::Fixed(places.values().copied().collect()), places.keys().map(SmolStr::new).collect()))
            }
            (None, None) => {
                let one = |key: &str, text: &str, wrong: &mut Faults| match text.as_bytes() {
                    [byte] if byte.is_ascii() => Some(*byte),
                    _ => {
                        wrong.push((key.into(), format!("`{text}` must be one ASCII character")));
                        None
                    }
                };
                let separator = one("separator", self.separator.as_deref().unwrap_or(","), wrong)?;
                let quote = match self.quote.as_deref().unwrap_or("\"") {
                    "" => None,
                    text => Some(one("quote", text, wrong)?),
                };
                Some((Cut::Delimited { separator, quote }, in_order()))
            }
        }
    }
}
