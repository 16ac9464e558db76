//! All ways to be let in: the house's token, tokens of others, a proxy, users who logged in.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::http::header;
use axum::http::request::Parts;
use tokio::sync::{Semaphore, watch};

use crate::clock::Clock;
use crate::directory::Directory;
use crate::source::listen::equal_in_constant_time;
use crate::web::HttpSettings;
use crate::web::attempts::Attempts;
use crate::web::audit::AuditTrail;
use crate::web::kept::KeptError;
use crate::web::proxy::{Proxy, Said};
use crate::web::sessions::Sessions;
use crate::web::tokens::Tokens;
use crate::web::users::Users;
use crate::web::visitor::Visitor;

/// How often the files are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Passwords hashed at once: each takes a core and 19 MiB.
const HASHED_AT_ONCE: usize = 2;

/// Why nobody can be let in.
#[derive(Debug, thiserror::Error)]
pub enum GateError {
    /// The house's own token.
    #[error("http.token_file: {0}")]
    Token(std::io::Error),
    /// The tokens of others.
    #[error("http.tokens: {0}")]
    Tokens(KeptError),
    /// The users.
    #[error("http.users: {0}")]
    Users(KeptError),
    /// The proxy.
    #[error("http.proxy.{0}")]
    Proxy(String),
    /// Everybody could come in.
    #[error(
        "http.listen: {0} is not loopback and there is no token, user or proxy yet; make one with `servicegrad token create` or `servicegrad user add`"
    )]
    Open(SocketAddr),
}

/// The gate.
#[derive(Debug)]
pub struct Gate {
    token: Option<String>,
    tokens: Tokens,
    /// The users in force.
    pub users: Users,
    /// Who is logged in.
    pub sessions: Sessions,
    /// How often passwords were guessed.
    pub attempts: Attempts,
    /// Places for passwords that are being hashed.
    pub hashing: Semaphore,
    /// Notes who came.
    pub audit: AuditTrail,
    proxy: Option<Proxy>,
    /// Served on loopback: only names of this machine, and the proxy's, are answered to.
    pub is_loopback: bool,
    directory: Arc<Directory>,
    clock: Clock,
    changed: watch::Sender<u64>,
}

/// Who asks, as far as they say.
#[derive(Debug)]
pub enum Asked {
    /// Somebody known.
    Known(Visitor),
    /// Somebody whom the proxy knows, and nobody has let in for anything.
    Stranger,
    /// Somebody who does not say, or not rightly.
    Unknown,
}

impl Gate {
    /// Opens it. `address`: where the web is served.
    pub fn open(
        settings: &HttpSettings,
        address: SocketAddr,
        directory: &Arc<Directory>,
        audit: AuditTrail,
        clock: Clock,
    ) -> Result<Self, GateError> {
        let proxy = settings.proxy.as_ref().map(|proxy| Proxy::open(proxy, directory));
        let gate = Self {
            token: settings.read_token().map_err(GateError::Token)?,
            tokens: Tokens::open(settings.tokens.as_deref(), directory).map_err(GateError::Tokens)?,
            users: Users::open(settings.users.as_deref(), directory).map_err(GateError::Users)?,
            sessions: Sessions::new(settings.session),
            attempts: Attempts::default(),
            hashing: Semaphore::new(HASHED_AT_ONCE),
            audit,
            proxy: proxy.transpose().map_err(GateError::Proxy)?,
            is_loopback: address.ip().is_loopback(),
            directory: Arc::clone(directory),
            clock,
            changed: watch::Sender::new(0),
        };
        if !gate.is_loopback && gate.is_without_keys() {
            return Err(GateError::Open(address));
        }
        Ok(gate)
    }

    /// Nobody has been given anything to come in by.
    fn is_without_keys(&self) -> bool {
        self.token.is_none() && self.tokens.known().is_empty() && self.users.known().is_empty() && self.proxy.is_none()
    }

    /// Whether somebody could log in.
    pub fn has_users(&self) -> bool {
        !self.users.known().is_empty()
    }

    /// Who asks: by their token, through the proxy, by their session; where nobody was given anything,
    /// anybody on this machine.
    pub fn identify(&self, request: &Parts) -> Asked {
        let known = |visitor: Option<Visitor>| visitor.map_or(Asked::Unknown, Asked::Known);
        if let Some(told) = token_told(request) {
            let is_houses =
                self.token.as_ref().is_some_and(|token| equal_in_constant_time(told.as_bytes(), token.as_bytes()));
            let houses = || Visitor { name: "http.token".to_owned(), ..Visitor::at_home() };
            return known(if is_houses { Some(houses()) } else { self.tokens.visitor(told) });
        }
        match self.proxy.as_ref().map_or(Said::Nothing, |proxy| proxy.says(request, &self.directory)) {
            Said::User(visitor) => return Asked::Known(visitor),
            Said::Stranger => return Asked::Stranger,
            Said::Nothing => {}
        }
        if let Some(word) = cookie(request, self.cookie_name()) {
            return known(self.sessions.visitor(word, &self.users, self.clock.now()));
        }
        known((self.is_loopback && self.is_without_keys()).then(Visitor::at_home))
    }

    /// Whether a request asks for us by a name of ours; on loopback these are the names of this
    /// machine, and those of the proxy for the proxy.
    pub fn is_ours(&self, request: &Parts, host: &str) -> bool {
        let through = |proxy: &Proxy| proxy.is_host(host) && proxy.is_from(request);
        !self.is_loopback || is_this_machine(host) || self.proxy.as_ref().is_some_and(through)
    }

    /// Whether a page of `origin`, without its scheme, is one of ours where `host` was asked.
    pub fn is_origin(&self, origin: &str, host: &str) -> bool {
        origin == host || self.proxy.as_ref().is_some_and(|proxy| proxy.is_host(origin))
    }

    /// Whether cookies go over encrypted lines only.
    pub fn is_secure(&self) -> bool {
        !self.is_loopback || self.proxy.is_some()
    }

    /// Name of the cookie of a session: the long one is refused by browsers unless it is secure.
    pub fn cookie_name(&self) -> &'static str {
        if self.is_secure() { "__Host-servicegrad" } else { "servicegrad" }
    }

    /// Whoever follows the live figures is asked anew who they are.
    pub fn ask_anew(&self) {
        self.changed.send_modify(|times| *times += 1);
    }

    /// Changes each time that somebody may have lost what they had.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// Looks at the files again and again until it is aborted. One that cannot be read leaves in force
    /// what was, and says so once.
    pub async fn watch(self: Arc<Self>) {
        let mut told = [false; 2];
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            let looked = [
                (self.tokens.look(&self.directory), "the tokens cannot be read again; those before stay in force"),
                (self.users.look(&self.directory), "the users cannot be read again; those before stay in force"),
            ];
            let mut has_changed = self.sessions.sweep(self.clock.now());
            for (at, (looked, why)) in looked.into_iter().enumerate() {
                match looked {
                    Ok(is_new) => {
                        told[at] = false;
                        has_changed |= is_new;
                    }
                    Err(error) if !told[at] => {
                        tracing::error!(%error, "{why}");
                        told[at] = true;
                    }
                    Err(_) => {}
                }
            }
            if has_changed {
                self.ask_anew();
            }
        }
    }
}

/// The token that a request brings, in its head or its address.
pub fn token_told(request: &Parts) -> Option<&str> {
    let told = request.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let bearer = told.and_then(|told| told.strip_prefix("Bearer "));
    bearer.or_else(|| request.uri.query()?.split('&').find_map(|pair| pair.strip_prefix("token=")))
}

/// The value of a cookie.
pub fn cookie<'a>(request: &'a Parts, name: &str) -> Option<&'a str> {
    let all = request.headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let pairs = all.flat_map(|cookies| cookies.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.filter(|(found, _)| *found == name).map(|(_, value)| value).next()
}

fn is_this_machine(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => return rest.starts_with("::1]"),
        None => host.split(':').next().unwrap_or_default(),
    };
    name == "localhost" || name.parse::<std::net::Ipv4Addr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directory::Units;
    use crate::store::{StoreSettings, open_ledger};
    use crate::web::grant::{Grant, Role};
    use crate::web::kept;
    use crate::web::users::{User, UserFile};

    #[test]
    fn nobody_serves_the_world_before_somebody_was_given_a_way_in() {
        let folder = tempfile::tempdir().unwrap();
        let users = folder.path().join("users.toml");
        let directory =
            Arc::new(Directory::new(chrono_tz::Europe::Stockholm, Vec::new(), Vec::new(), Units::none()).unwrap());
        let store = StoreSettings::at(&format!("sqlite:{}", folder.path().join("figures.db").display()));
        let (trail, _thread) = AuditTrail::start(open_ledger(&store).unwrap(), Clock::system());
        let settings = HttpSettings { users: Some(users.clone()), ..HttpSettings::default() };
        let open =
            |address: &str| Gate::open(&settings, address.parse().unwrap(), &directory, trail.clone(), Clock::system());
        // A file in which nobody stands lets nobody in, so that everybody could have come.
        assert!(matches!(open("192.0.2.1:9464"), Err(GateError::Open(_))));
        assert!(open("127.0.0.1:9464").unwrap().is_without_keys());
        let anna = User {
            name: "anna".into(),
            argon2id: "$argon2id$x".into(),
            made: String::new(),
            grant: Grant::new(Role::Admin, &[], &[]),
        };
        kept::write(&users, &UserFile { users: vec![anna] }).unwrap();
        let gate = open("192.0.2.1:9464").unwrap();
        assert!(gate.is_secure() && gate.has_users() && gate.cookie_name().starts_with("__Host-"));
        assert!(!open("127.0.0.1:9464").unwrap().is_without_keys());
    }

    #[test]
    fn a_token_file_with_nothing_in_it_is_refused_and_lets_nobody_in() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("token");
        std::fs::write(&file, "\n").unwrap();
        let settings = HttpSettings { token_file: Some(file), ..HttpSettings::default() };
        let refused = settings.read_token().unwrap_err().to_string();
        assert!(refused.contains("token: is empty"), "{refused}");
    }

    #[test]
    fn a_session_is_found_among_other_cookies() {
        let request = axum::http::Request::builder().header("cookie", "a=1; servicegrad=ord; b=servicegrad=x");
        let (parts, ()) = request.body(()).unwrap().into_parts();
        assert_eq!(cookie(&parts, "servicegrad"), Some("ord"));
        assert_eq!(cookie(&parts, "grad"), None);
    }
}
