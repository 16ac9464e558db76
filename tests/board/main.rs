//! The pages in a real browser, against the real daemon and its simulated switchboard.
//!
//! What is looked at stands in `pages.mjs`; this file installs what it needs into `target/board` and
//! starts it with the daemon's program. With `SERVICEGRAD_PICTURES=$PWD/dashboards` it also makes the
//! pictures of the README anew.
#![expect(clippy::unwrap_used, reason = "tests stop at the first surprise")]

use std::path::{Path, PathBuf};
use std::process::Command;

/// Folder in which the packages stand, beside everything else that is built.
fn installed() -> PathBuf {
    let target = Path::new(env!("CARGO_BIN_EXE_servicegrad")).ancestors().nth(2).unwrap();
    let folder = target.join("board");
    std::fs::create_dir_all(&folder).unwrap();
    let wanted = std::fs::read_to_string("tests/board/package.json").unwrap();
    if std::fs::read_to_string(folder.join("installed.json")).is_ok_and(|installed| installed == wanted) {
        return folder;
    }
    std::fs::write(folder.join("package.json"), &wanted).unwrap();
    let arguments = ["install", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"];
    let done = Command::new("npm").args(arguments).current_dir(&folder).status().unwrap();
    assert!(done.success(), "npm could not install {wanted}");
    std::fs::write(folder.join("installed.json"), wanted).unwrap();
    folder
}

fn run(script: &str) {
    let folder = installed();
    let work = tempfile::tempdir().unwrap();
    // Scripts find their packages beside themselves.
    for script in ["pages.mjs", "daemon.mjs"] {
        std::fs::copy(Path::new("tests/board").join(script), folder.join(script)).unwrap();
    }
    let done = Command::new("node")
        .arg(folder.join(script))
        .env("SERVICEGRAD_PROGRAM", env!("CARGO_BIN_EXE_servicegrad"))
        .env("SERVICEGRAD_WORK", work.path())
        .status()
        .unwrap();
    assert!(done.success(), "{script} found what is told above");
}

#[test]
fn every_page_in_a_browser() {
    run("pages.mjs");
}
