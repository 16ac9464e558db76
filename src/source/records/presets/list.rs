//! The list of known switches.

use crate::source::records::presets::{asterisk, avaya, cisco, freeswitch, mitel, threecx};
use crate::source::records::story::Story;

/// One known switch.
#[derive(Debug)]
pub struct Preset {
    /// Its name in the configuration.
    pub name: &'static str,
    /// What it is.
    pub about: &'static str,
    /// What its lines look like, as it would stand in the configuration.
    pub layout: &'static str,
    /// What they mean.
    pub story: fn() -> Box<dyn Story>,
}

/// Every one.
pub const PRESETS: &[Preset] = &[
    Preset {
        name: "asterisk_cdr",
        about: "Asterisk's cdr-csv/Master.csv: 18 columns, uniqueid and userfield included",
        layout: asterisk::MASTER,
        story: || Box::new(asterisk::Asterisk),
    },
    Preset {
        name: "asterisk_cdr_custom",
        about: "Asterisk's cdr-custom with linkedid and microseconds: the mapping that config/switches/records.md gives",
        layout: asterisk::CUSTOM,
        story: || Box::new(asterisk::Asterisk),
    },
    Preset {
        name: "freeswitch_cdr",
        about: "FreeSWITCH's cdr-csv by the template that config/switches/records.md gives, legs a and b",
        layout: freeswitch::LAYOUT,
        story: || Box::new(freeswitch::Freeswitch),
    },
    Preset {
        name: "cisco_cucm",
        about: "Cisco Unified Communications Manager: files cdr_*, column names in the first line",
        layout: cisco::LAYOUT,
        story: || Box::new(cisco::Cisco),
    },
    Preset {
        name: "avaya_ip_office",
        about: "Avaya IP Office SMDR, sent over TCP",
        layout: avaya::LAYOUT,
        story: || Box::new(avaya::Avaya),
    },
    Preset {
        name: "3cx",
        about: "3CX call data records with the columns in their usual order",
        layout: threecx::LAYOUT,
        story: || Box::new(threecx::ThreeCx),
    },
    Preset {
        name: "mitel_mivoice_business",
        about: "Mitel MiVoice Business SMDR: fixed columns, no year",
        layout: mitel::LAYOUT,
        story: || Box::new(mitel::Mitel),
    },
];

/// The preset of this name.
pub fn preset_named(name: &str) -> Option<&'static Preset> {
    PRESETS.iter().find(|preset| preset.name == name)
}

/// All names, for complaints.
pub fn names() -> String {
    PRESETS.iter().map(|preset| preset.name).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::records::RecordsSettings;

    #[test]
    fn every_shipped_layout_is_a_plan_and_is_described() {
        let table = std::fs::read_to_string("config/switches/records.md").unwrap();
        for preset in PRESETS {
            let settings = RecordsSettings { preset: Some(preset.name.into()), ..RecordsSettings::default() };
            let plan = settings.plan().unwrap_or_else(|wrong| panic!("{}: {wrong:?}", preset.name));
            assert!(plan.columns.list.iter().any(|column| column.is_required), "{}", preset.name);
            assert!(table.contains(&format!("| `{}` |", preset.name)), "{} is not described", preset.name);
        }
    }
}
