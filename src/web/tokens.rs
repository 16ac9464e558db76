//! The tokens: who may what, kept as hashes in a file of their own.
//!
//! The file is written by `servicegrad token` and read again by the daemon as soon as it changes, so
//! that a token that was revoked is refused within seconds. It holds no token, only what SHA-256
//! makes of it: a token is 256 random bits, so nothing slower is needed.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::directory::Directory;
use crate::names::is_slug;
use crate::source::listen::equal_in_constant_time;
use crate::web::grant::Grant;
use crate::web::kept::{Entries, Watched};
use crate::web::visitor::Visitor;

/// A token as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Token {
    /// What it is known by.
    pub name: String,
    /// SHA-256 of it, in hexadecimal.
    pub sha256: String,
    /// When it was made, RFC 3339.
    pub made: String,
    /// What it lets in for.
    #[serde(flatten)]
    pub grant: Grant,
}

/// The file.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenFile {
    /// The tokens.
    #[serde(default, rename = "token")]
    pub tokens: Vec<Token>,
}

/// SHA-256 of a token, in hexadecimal.
pub fn hash(token: &str) -> String {
    hexadecimal(&Sha256::digest(token.as_bytes()))
}

/// Bytes as `0a1b`.
pub fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat()
}

impl Token {
    /// Who comes with it. The error says what is wrong with it.
    pub fn visitor(&self, directory: &Directory) -> Result<Visitor, String> {
        if !is_slug(&self.name) {
            return Err(format!("token `{}`: the name must be 1 to 64 of a-z, 0-9, - and _", self.name));
        }
        self.grant.visitor(&self.name, directory).map_err(|why| format!("token `{}`: {why}", self.name))
    }
}

impl Entries for TokenFile {
    type Entry = (String, Visitor);

    fn entries(self, directory: &Directory) -> Result<Vec<(String, Visitor)>, String> {
        self.tokens.iter().map(|token| Ok((token.sha256.clone(), token.visitor(directory)?))).collect()
    }
}

/// The tokens in force.
pub type Tokens = Watched<TokenFile>;

impl Tokens {
    /// Who comes with this token.
    pub fn visitor(&self, token: &str) -> Option<Visitor> {
        let told = hash(token);
        let known = self.known();
        let found = known.iter().find(|(hash, _)| equal_in_constant_time(hash.as_bytes(), told.as_bytes()));
        found.map(|(_, visitor)| visitor.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Part, Sight};
    use crate::web::grant::Role;
    use crate::web::kept;
    use crate::web::visitor::Right;

    fn token(name: &str, role: Role, secret: &str) -> Token {
        let (sha256, made) = (hash(secret), "2026-11-24T12:00:00Z".into());
        Token { name: name.into(), sha256, made, grant: Grant::new(role, &[], &[]) }
    }

    fn directory() -> Directory {
        Directory::new(chrono_tz::Europe::Stockholm, Vec::new(), Vec::new(), crate::directory::Units::none()).unwrap()
    }

    #[test]
    fn a_revoked_token_is_refused_as_soon_as_the_file_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tokens.toml");
        let mut file =
            TokenFile { tokens: vec![token("vagg", Role::Wallboard, "one"), token("chef", Role::Admin, "two")] };
        kept::write(&path, &file).unwrap();
        let tokens = Tokens::open(Some(&path), &directory()).unwrap();
        assert_eq!(tokens.visitor("one").unwrap().name, "vagg");
        assert!(tokens.visitor("one").unwrap().may(Right::Board) && !tokens.visitor("one").unwrap().may(Right::Ingest));
        assert!(tokens.visitor("three").is_none());
        file.tokens.remove(0);
        kept::write(&path, &file).unwrap();
        assert!(tokens.look(&directory()).unwrap() && !tokens.look(&directory()).unwrap());
        assert!(tokens.visitor("one").is_none() && tokens.visitor("two").unwrap().sight.is_all());
    }

    #[test]
    fn a_token_for_what_does_not_exist_is_told() {
        let mut wrong = token("asele", Role::Organisation, "x");
        wrong.grant.organisations.insert("asele".into());
        assert_eq!(wrong.visitor(&directory()).unwrap_err(), "token `asele`: there is no organisation `asele`");
    }

    #[test]
    fn nothing_named_is_nothing_seen() {
        let visitor = token("vagg", Role::Wallboard, "x").visitor(&directory()).unwrap();
        assert_eq!(visitor.sight, Sight { queues: Part::none(), organisations: Part::none() });
    }

    #[test]
    fn a_key_that_nobody_knows_is_told() {
        let text = "[[token]]\nname = \"a\"\nsha256 = \"\"\nmade = \"\"\nrole = \"admin\"\nquues = [\"all\"]\n";
        assert!(toml::from_str::<TokenFile>(text).unwrap_err().to_string().contains("quues"));
    }
}
