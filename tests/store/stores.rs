//! The kinds of store: every test of the contract runs over each of them.

use servicegrad::store::StoreSettings;

use crate::server::shared;

/// A store of its own, gone with the test.
pub struct Fresh {
    pub settings: StoreSettings,
    _folder: Option<tempfile::TempDir>,
}

impl Fresh {
    pub fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let settings = StoreSettings::at(&format!("sqlite:{}", folder.path().join("figures.db").display()));
        Self { settings, _folder: Some(folder) }
    }

    pub fn postgres() -> Self {
        let server = shared();
        Self::on(server.settings(&server.database()))
    }

    pub fn on(settings: StoreSettings) -> Self {
        Self { settings, _folder: None }
    }
}

type Make = fn() -> Fresh;
const KINDS: [(&str, Make); 2] = [("sqlite", Fresh::sqlite), ("postgres", Fresh::postgres)];

/// Runs a test over each kind of store, saying which it was when it fails.
pub fn over_each(test: impl Fn(&Fresh)) {
    for (kind, fresh) in KINDS {
        println!("over {kind}");
        test(&fresh());
    }
}
