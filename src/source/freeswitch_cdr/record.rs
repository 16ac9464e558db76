//! What a record says: its variables, and the stations of the call, oldest first.

use serde_json::Value;

use crate::measure::Moment;
use crate::source::freeswitch_esl::event::{list, unescape};

/// A record of one channel.
#[derive(Clone, Debug)]
pub struct Record {
    value: Value,
}

/// A number that the channel was sent to, and what happened there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Station {
    /// The number.
    pub number: String,
    /// When it was sent there.
    pub since: Moment,
    /// When it shared a bridge with somebody first.
    pub bridged: Option<Moment>,
}

impl Record {
    /// Reads a record; why not, where it is none.
    pub fn read(bytes: &[u8]) -> Result<Self, String> {
        let value: Value = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        if value.get("variables").is_some_and(Value::is_object) {
            Ok(Self { value })
        } else {
            Err("a record without variables".to_owned())
        }
    }

    /// Which start of the switch wrote it.
    pub fn core(&self) -> &str {
        self.value.get("core-uuid").and_then(Value::as_str).unwrap_or_default()
    }

    /// A variable, decoded where the switch encodes them; empty where there is none.
    pub fn get(&self, variable: &str) -> String {
        let value = self.value["variables"].get(variable).and_then(Value::as_str).unwrap_or_default();
        unescape(value).into_owned()
    }

    /// A moment in whole seconds.
    pub fn second(&self, variable: &str) -> Option<Moment> {
        let second: i64 = self.get(variable).parse().ok()?;
        (1..=253_402_300_799).contains(&second).then(|| Moment::from_seconds(second))
    }

    /// A moment in microseconds.
    pub fn micros(&self, variable: &str) -> Option<Moment> {
        moment(&self.get(variable))
    }

    /// The switch's notes of transfers.
    pub fn notes(&self) -> Vec<String> {
        list(&self.get("transfer_history")).map(ToOwned::to_owned).collect()
    }

    /// The numbers that the channel was sent to, oldest first.
    pub fn stations(&self) -> Vec<Station> {
        let profiles = self.value.get("callflow").and_then(Value::as_array).into_iter().flatten();
        let mut stations: Vec<Station> = profiles
            .filter_map(|profile| {
                let text = |group: &str, key: &str| profile.get(group)?.get(key)?.as_str();
                Some(Station {
                    number: unescape(text("caller_profile", "destination_number")?).into_owned(),
                    since: moment(text("times", "profile_created_time")?)?,
                    bridged: text("times", "bridged_time").and_then(moment),
                })
            })
            .collect();
        // Written newest first.
        stations.reverse();
        stations.sort_by_key(|station| station.since);
        stations
    }

    /// When the channel was first given a voicemail box.
    pub fn voicemail(&self) -> Option<Moment> {
        let applications = self.value.get("app_log").and_then(|log| log.get("applications"));
        let mut applications = applications.and_then(Value::as_array).into_iter().flatten();
        let voicemail = applications.find(|app| app.get("app_name").and_then(Value::as_str) == Some("voicemail"))?;
        moment(voicemail.get("app_stamp")?.as_str()?)
    }
}

/// Microseconds since 1970; 0 is never.
fn moment(micros: &str) -> Option<Moment> {
    let micros: i64 = micros.parse().ok()?;
    (1..=253_402_300_799_999_999).contains(&micros).then_some(Moment(micros / 1000))
}
