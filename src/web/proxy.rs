//! Single sign-on: a proxy in front has found out who asks, and says so in headers.
//!
//! The headers are believed from the addresses of the proxy only; whoever else sends them has said
//! nothing. Where a proxy stands on this machine any program here could pose as it, so there it
//! must give a secret besides.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::PathBuf;

use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName};
use serde::Deserialize;

use crate::directory::Directory;
use crate::secret;
use crate::source::listen::equal_in_constant_time;
use crate::source::peers::Peers;
use crate::web::grant::{Grant, Role};
use crate::web::serve::Peer;
use crate::web::visitor::Visitor;

/// Header in which a proxy gives its secret.
const SECRET_HEADER: &str = "x-servicegrad-proxy";
/// Stands for whoever the proxy lets through.
const ANYBODY: &str = "*";
/// Longest name of a user, bytes.
const NAME_BYTES_MAX: usize = 128;

/// `[http.proxy]` of the configuration.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ProxySettings {
    /// Addresses and networks of the proxy: 192.0.2.7, 192.0.2.0/24. Nobody else's headers are
    /// believed.
    pub from: Vec<String>,
    /// Header with the name of the user. Default `x-forwarded-user`.
    pub user: String,
    /// Header with the user's groups, with commas between. Default `x-forwarded-groups`.
    pub groups: String,
    /// Names under which the proxy is reached by browsers.
    pub hosts: Vec<String>,
    /// File with the secret that the proxy gives as `X-Servicegrad-Proxy`. Required where it stands
    /// on this machine. Default: none.
    pub secret_file: Option<PathBuf>,
    /// What the groups are let in for; the first that fits counts.
    pub grant: Vec<GroupGrant>,
}

/// `[[http.proxy.grant]]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupGrant {
    /// The group; `*`: whoever the proxy lets through.
    pub group: String,
    /// What it is let in for.
    pub role: Role,
    /// Queues that it shows, or `all`.
    #[serde(default)]
    pub queues: Vec<String>,
    /// Organisations that it shows, or `all`.
    #[serde(default)]
    pub organisations: Vec<String>,
}

impl Default for ProxySettings {
    fn default() -> Self {
        Self {
            from: Vec::new(),
            user: "x-forwarded-user".to_owned(),
            groups: "x-forwarded-groups".to_owned(),
            hosts: Vec::new(),
            secret_file: None,
            grant: Vec::new(),
        }
    }
}

impl GroupGrant {
    fn grant(&self) -> Grant {
        Grant::new(self.role, &self.queues, &self.organisations)
    }
}

impl ProxySettings {
    /// Everything that is wrong with them, as `(key, reason)`.
    pub fn faults(&self) -> Vec<(String, String)> {
        let mut wrong = Vec::new();
        let mut complain = |key: &str, why: String| wrong.push((key.to_owned(), why));
        match Peers::parse(&self.from) {
            Err(why) => complain("from", why),
            Ok(_) if self.from.is_empty() => {
                complain("from", "is missing: say from which addresses the proxy comes".to_owned());
            }
            Ok(from) if stands_here(&from) && self.secret_file.is_none() => {
                let why = "is missing: `from` names this machine, where any program could pose as the proxy";
                complain("secret_file", why.to_owned());
            }
            Ok(_) => {}
        }
        let reserved = ["authorization", "cookie", "host", "origin", SECRET_HEADER];
        for (key, name) in [("user", &self.user), ("groups", &self.groups)] {
            if HeaderName::from_bytes(name.as_bytes()).is_err() || reserved.contains(&name.to_lowercase().as_str()) {
                complain(key, format!("`{name}` is no header for this; write for instance x-forwarded-{key}"));
            }
        }
        if self.user.eq_ignore_ascii_case(&self.groups) {
            complain("groups", "is the header of the user".to_owned());
        }
        if self.hosts.is_empty() {
            complain("hosts", "is missing: say under which names browsers reach the proxy".to_owned());
        }
        if self.grant.is_empty() {
            complain("grant", "is missing: nobody would be let in; add a [[http.proxy.grant]]".to_owned());
        }
        for (at, grant) in self.grant.iter().enumerate() {
            if grant.group.trim().is_empty() {
                complain(&format!("grant[{}].group", at + 1), "is empty; `*` is whoever comes".to_owned());
            }
            if grant.grant().shows_nothing() {
                let why =
                    format!("{} would see nothing; give queues or organisations, or \"all\"", grant.role.as_str());
                complain(&format!("grant[{}].role", at + 1), why);
            }
        }
        wrong
    }
}

fn stands_here(from: &Peers) -> bool {
    from.has(IpAddr::V4(Ipv4Addr::LOCALHOST)) || from.has(IpAddr::V6(Ipv6Addr::LOCALHOST))
}

/// A proxy that is believed.
#[derive(Debug)]
pub struct Proxy {
    from: Peers,
    user: String,
    groups: String,
    hosts: Vec<String>,
    secret: Option<String>,
    grants: Vec<(String, Grant)>,
}

/// What a proxy says of who asks.
#[derive(Clone, Debug)]
pub enum Said {
    /// It is no proxy, or it says nothing.
    Nothing,
    /// Somebody that none of the grants fits.
    Stranger,
    /// Somebody.
    User(Visitor),
}

impl Proxy {
    /// A proxy by its settings. The error says what is wrong.
    pub fn open(settings: &ProxySettings, directory: &Directory) -> Result<Self, String> {
        let secret = settings.secret_file.as_deref().map(secret::read).transpose();
        for (at, grant) in settings.grant.iter().enumerate() {
            let found = grant.grant().visitor("", directory);
            found.map_err(|why| format!("grant[{}]: {why}", at + 1))?;
        }
        Ok(Self {
            from: Peers::parse(&settings.from).map_err(|why| format!("from: {why}"))?,
            user: settings.user.to_lowercase(),
            groups: settings.groups.to_lowercase(),
            hosts: settings.hosts.iter().map(|host| host.to_lowercase()).collect(),
            secret: secret.map_err(|error| format!("secret_file: {error}"))?,
            grants: settings.grant.iter().map(|grant| (grant.group.clone(), grant.grant())).collect(),
        })
    }

    /// Whether browsers reach us through it under this name, its port apart.
    pub fn is_host(&self, host: &str) -> bool {
        let name = host.rsplit_once(':').filter(|(_, port)| port.parse::<u16>().is_ok()).map_or(host, |(name, _)| name);
        self.hosts.contains(&name.to_lowercase())
    }

    /// Whether a request comes from it.
    pub fn is_from(&self, request: &Parts) -> bool {
        let comes = request.extensions.get::<Peer>().is_some_and(|Peer(peer)| self.from.has(peer.ip()));
        let told = only(&request.headers, SECRET_HEADER).unwrap_or_default();
        let is_told = |secret: &String| equal_in_constant_time(told.as_bytes(), secret.as_bytes());
        comes && self.secret.as_ref().is_none_or(is_told)
    }

    /// Who asks, as far as it says.
    pub fn says(&self, request: &Parts, directory: &Directory) -> Said {
        if !self.is_from(request) {
            return Said::Nothing;
        }
        let Some(name) = only(&request.headers, &self.user) else { return Said::Nothing };
        if name.is_empty() || name.len() > NAME_BYTES_MAX {
            return Said::Stranger;
        }
        let groups: Vec<&str> = request
            .headers
            .get_all(&self.groups)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .map(str::trim)
            .collect();
        let fits = |group: &str| group == ANYBODY || groups.contains(&group);
        let grant = self.grants.iter().find(|(group, _)| fits(group)).map(|(_, grant)| grant);
        grant.and_then(|grant| grant.visitor(name, directory).ok()).map_or(Said::Stranger, Said::User)
    }
}

/// The value of a header that stands there once: a second one was put there by somebody else.
fn only<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut all = headers.get_all(name).iter();
    let first = all.next()?.to_str().ok()?;
    all.next().is_none().then_some(first.trim())
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;
    use crate::directory::{OrganisationSettings, Units};

    fn settings() -> ProxySettings {
        let grant = |group: &str, role, organisations: &[&str]| GroupGrant {
            group: group.to_owned(),
            role,
            queues: Vec::new(),
            organisations: organisations.iter().map(|name| (*name).to_owned()).collect(),
        };
        ProxySettings {
            from: vec!["192.0.2.7".to_owned()],
            hosts: vec!["servicegrad.example.se".to_owned()],
            grant: vec![grant("asele-chefer", Role::Organisation, &["asele"]), grant("drift", Role::Admin, &[])],
            ..ProxySettings::default()
        }
    }

    fn directory() -> Directory {
        let organisations = [OrganisationSettings { name: "asele".into(), title: None }];
        let zone = chrono_tz::Europe::Stockholm;
        Directory::new(zone, Vec::new(), Vec::new(), Units::check(&organisations, &[], zone).unwrap()).unwrap()
    }

    fn said(proxy: &Proxy, peer: &str, headers: &[(&str, &str)]) -> String {
        let mut request = Request::builder().uri("/");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (mut parts, ()) = request.body(()).unwrap().into_parts();
        parts.extensions.insert(Peer(format!("{peer}:4711").parse().unwrap()));
        match proxy.says(&parts, &directory()) {
            Said::Nothing => "nothing".to_owned(),
            Said::Stranger => "stranger".to_owned(),
            Said::User(visitor) => format!("{} {}", visitor.name, visitor.sight.is_all()),
        }
    }

    #[test]
    fn only_the_proxy_is_believed_and_the_first_grant_that_fits_counts() {
        let proxy = Proxy::open(&settings(), &directory()).unwrap();
        let (user, both) = (("x-forwarded-user", "anna"), ("x-forwarded-groups", "drift, asele-chefer"));
        assert_eq!(said(&proxy, "192.0.2.7", &[user, ("x-forwarded-groups", "drift")]), "anna true");
        assert_eq!(said(&proxy, "192.0.2.7", &[user, both]), "anna false");
        assert_eq!(said(&proxy, "192.0.2.7", &[user]), "stranger");
        assert_eq!(said(&proxy, "192.0.2.7", &[both]), "nothing");
        for peer in ["192.0.2.8", "127.0.0.1"] {
            assert_eq!(said(&proxy, peer, &[user, both]), "nothing", "{peer}");
        }
        // A name that was smuggled in beside the proxy's own.
        assert_eq!(said(&proxy, "192.0.2.7", &[user, ("X-Forwarded-User", "chef"), both]), "nothing");
    }

    #[test]
    fn a_proxy_on_this_machine_gives_its_secret() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        std::fs::write(&path, "ordet\n").unwrap();
        let here = ProxySettings { from: vec!["127.0.0.1".to_owned()], ..settings() };
        assert_eq!(here.faults().iter().map(|(key, _)| key.as_str()).collect::<Vec<_>>(), ["secret_file"]);
        let here = ProxySettings { secret_file: Some(path), ..here };
        assert_eq!(here.faults(), []);
        let proxy = Proxy::open(&here, &directory()).unwrap();
        let told = [("x-forwarded-user", "anna"), ("x-forwarded-groups", "drift")];
        assert_eq!(said(&proxy, "127.0.0.1", &told), "nothing");
        assert_eq!(said(&proxy, "127.0.0.1", &[told[0], told[1], (SECRET_HEADER, "ordet")]), "anna true");
        assert_eq!(said(&proxy, "127.0.0.1", &[told[0], told[1], (SECRET_HEADER, "orden")]), "nothing");
    }

    #[test]
    fn what_is_wrong_is_told_all_at_once() {
        let wrong = ProxySettings { user: "Cookie".into(), groups: "a b".into(), ..ProxySettings::default() };
        let keys: Vec<String> = wrong.faults().into_iter().map(|(key, _)| key).collect();
        assert_eq!(keys, ["from", "user", "groups", "hosts", "grant"]);
        let mut nobody = settings();
        nobody.grant[0].organisations = vec!["mala".into()];
        assert_eq!(Proxy::open(&nobody, &directory()).unwrap_err(), "grant[1]: there is no organisation `mala`");
        nobody.grant[0].organisations.clear();
        assert!(nobody.faults()[0].1.starts_with("organisation would see nothing"));
    }

    #[test]
    fn a_name_is_ours_with_any_port() {
        let proxy = Proxy::open(&settings(), &directory()).unwrap();
        assert!(proxy.is_host("servicegrad.example.se") && proxy.is_host("Servicegrad.example.se:8443"));
        assert!(!proxy.is_host("example.se") && !proxy.is_host(""));
    }
}
