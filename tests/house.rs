//! The house holds: floors, front doors, sizes, catalogues.
#![expect(clippy::unwrap_used, reason = "tests stop at the first surprise")]

use std::path::{Path, PathBuf};

/// Rooms from the ground up; a room uses lower floors only, never its own.
const FLOORS: [&[&str]; 12] = [
    &["names", "measure"],
    &["clock", "i18n", "secret"],
    &["event", "directory"],
    &["source", "call", "simulate"],
    &["stats"],
    &["store"],
    &["post"],
    &["engine", "metrics", "alert", "report"],
    &["web", "generate", "dispatch"],
    &["config"],
    &["daemon"],
    &["cli"],
];

/// Longest file. Past it there is a second purpose to be found.
const LINES_MAX: usize = 500;

fn files() -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![PathBuf::from("src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                found.push((path.clone(), std::fs::read_to_string(path).unwrap()));
            }
        }
    }
    assert!(found.len() > 50, "the sources are not where this test looks");
    found
}

fn room(path: &Path) -> String {
    let below = path.strip_prefix("src").unwrap();
    below.components().next().unwrap().as_os_str().to_str().unwrap().trim_end_matches(".rs").to_owned()
}

/// The text without comments and without its tests.
fn code(text: &str) -> String {
    let ends = text
        .find("#[cfg(test)]\nmod tests")
        .or_else(|| text.find("#[cfg(test)]\npub(crate) mod"))
        .unwrap_or(text.len());
    text[..ends].lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

fn floor(room: &str) -> Option<usize> {
    FLOORS.iter().position(|rooms| rooms.contains(&room))
}

#[test]
fn a_room_uses_lower_floors_only() {
    let mut wrong = Vec::new();
    for (path, text) in files() {
        let room = room(&path);
        if matches!(room.as_str(), "lib" | "main") {
            continue;
        }
        let own = floor(&room);
        assert!(own.is_some(), "{room} stands on no floor");
        for part in code(&text).split("crate::").skip(1) {
            let other: String = part.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            if other != room && floor(&other).is_some() && floor(&other) >= own {
                wrong.push(format!("{}: {room} uses {other}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_pure_rooms_ask_neither_clock_nor_world() {
    for (path, text) in files() {
        if !matches!(room(&path).as_str(), "event" | "call" | "stats" | "directory" | "simulate") {
            continue;
        }
        for asked in ["Clock::", "Utc::now", "SystemTime", "Instant::now", "std::fs", "std::net", "tokio::", "rand::"] {
            assert!(!code(&text).contains(asked), "{} asks {asked}", path.display());
        }
    }
}

#[test]
fn front_doors_hold_no_code_and_files_have_one_purpose() {
    for (path, text) in files() {
        assert!(text.lines().count() <= LINES_MAX, "{} has more than {LINES_MAX} lines", path.display());
        assert!(text.starts_with("//!"), "{} does not say what it is", path.display());
        if path.ends_with("mod.rs") {
            assert!(!code(&text).contains("fn "), "{} is a front door", path.display());
        }
        for word in ["TODO", "FIXME", "unimplemented!", "todo!"] {
            assert!(!text.contains(word), "{}: {word}", path.display());
        }
    }
}

#[test]
fn every_kind_of_source_has_a_sample() {
    for kind in servicegrad::source::kind::KINDS {
        let folder = Path::new("tests/data").join(kind.name);
        assert!(folder.read_dir().is_ok_and(|mut files| files.next().is_some()), "{} has no sample", kind.name);
    }
}

#[test]
fn every_text_is_used() {
    let all: String = files().into_iter().map(|(_, text)| text).collect();
    let made = [
        "outcome-",
        "kind-",
        "definition-",
        "weekday-",
        "outcomes-",
        "reports-",
        "state-",
        "column-",
        "untold-",
        "alert-",
        "dash-",
        "panel-",
        "leg-outcome-",
        "visit-outcome-",
        "verdict-",
    ];
    let missing: Vec<&str> = servicegrad::i18n::keys(servicegrad::i18n::Language::Sv)
        .into_iter()
        .filter(|key| !all.contains(&format!("\"{key}\"")) && !made.iter().any(|head| key.starts_with(head)))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}
