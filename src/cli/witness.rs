//! Notes what a command did to the access of others in the store's audit log.

use crate::cli::output::tell;
use crate::clock::Clock;
use crate::config::Config;
use crate::store::audit::Act;
use crate::store::{Ledger, StoreError, open_ledger};

/// A store that takes note, or why it does not: a token must be revoked even when the store is away.
pub(super) struct Witness(Result<Ledger, StoreError>);

impl Witness {
    /// That of the configured store.
    pub(super) fn of(config: &Config) -> Self {
        Self(open_ledger(&config.store))
    }

    /// Notes what was done, to whom.
    pub(super) fn note(self, act: &str, about: &str, detail: String) {
        let user = std::env::var("USER").or_else(|_| std::env::var("LOGNAME")).unwrap_or_else(|_| "unknown".to_owned());
        let act = Act {
            at: Clock::system().now(),
            who: format!("cli:{user}"),
            act: act.to_owned(),
            about: about.to_owned(),
            detail,
        };
        if let Err(error) = self.0.and_then(|mut ledger| ledger.note(&act)) {
            tell(&format!("servicegrad: done, but it is not in the audit log: {error}"));
        }
    }
}
