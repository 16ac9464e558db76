//! The pages in a real browser, against the real daemon and its simulated switchboard.
//!
//! What is looked at stands in `pages.mjs` and beside it; this file installs what they need into
//! `target/board`, exactly as `package-lock.json` has it, and starts them with the daemon's program.
//! With `SERVICEGRAD_PICTURES=FOLDER` the pictures of the README are made anew on the way.
#![expect(clippy::unwrap_used, reason = "tests stop at the first surprise")]

use std::path::{Path, PathBuf};
use std::process::Command;

const OWN: &str = "tests/board";

/// Folder in which the scripts stand with their packages, beside everything else that is built.
fn installed() -> PathBuf {
    let target = Path::new(env!("CARGO_BIN_EXE_servicegrad")).ancestors().nth(2).unwrap();
    let folder = target.join("board");
    std::fs::create_dir_all(&folder).unwrap();
    let wanted = std::fs::read_to_string(Path::new(OWN).join("package-lock.json")).unwrap();
    let done = folder.join("installed.json");
    if !std::fs::read_to_string(&done).is_ok_and(|installed| installed == wanted) {
        for file in ["package.json", "package-lock.json"] {
            std::fs::copy(Path::new(OWN).join(file), folder.join(file)).unwrap();
        }
        let words = ["ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"];
        let npm = Command::new("npm").args(words).current_dir(&folder).status().unwrap();
        assert!(npm.success(), "npm could not install what stands in {OWN}/package-lock.json");
        std::fs::write(done, wanted).unwrap();
    }
    // Scripts find their packages beside themselves.
    for entry in std::fs::read_dir(OWN).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|ending| ending == "mjs") {
            std::fs::copy(&path, folder.join(path.file_name().unwrap())).unwrap();
        }
    }
    folder
}

#[test]
fn every_page_in_a_browser() {
    let folder = installed();
    let work = tempfile::tempdir().unwrap();
    let mut node = Command::new("node");
    node.arg(folder.join("pages.mjs"))
        .env("SERVICEGRAD_PROGRAM", env!("CARGO_BIN_EXE_servicegrad"))
        .env("SERVICEGRAD_WORK", work.path());
    if let Some(pictures) = std::env::var_os("SERVICEGRAD_PICTURES") {
        node.env("SERVICEGRAD_PICTURES", std::path::absolute(pictures).unwrap());
    }
    assert!(node.status().unwrap().success(), "found what is told above");
}
