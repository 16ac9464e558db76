//! Local users: for the first days, and for houses without single sign-on.
//!
//! Kept in a file of their own, which `servicegrad user` writes and the daemon reads again as soon
//! as it changes. A password is kept as what Argon2id makes of it.

use argon2::Argon2;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use serde::{Deserialize, Serialize};

use crate::directory::Directory;
use crate::names::is_slug;
use crate::web::grant::Grant;
use crate::web::kept::{Entries, Watched};
use crate::web::visitor::Visitor;

/// Shortest password, characters.
const PASSWORD_MIN: usize = 12;
/// Longest password, bytes: what a form may hold, and more than anybody types.
const PASSWORD_BYTES_MAX: usize = 1024;

/// A user as kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct User {
    /// The name to log in with.
    pub name: String,
    /// What Argon2id makes of the password, in the PHC form.
    pub argon2id: String,
    /// When the password was set, RFC 3339.
    pub made: String,
    /// What they are let in for.
    #[serde(flatten)]
    pub grant: Grant,
}

/// The file.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UserFile {
    /// The users.
    #[serde(default, rename = "user")]
    pub users: Vec<User>,
}

/// A user in force.
#[derive(Clone, Debug)]
pub struct Known {
    /// What the password must come to.
    pub argon2id: String,
    /// Who comes.
    pub visitor: Visitor,
}

/// The users in force.
pub type Users = Watched<UserFile>;

/// What is kept of a password. The error says why it will not do.
pub fn hash(password: &str) -> Result<String, String> {
    if password.chars().count() < PASSWORD_MIN || password.len() > PASSWORD_BYTES_MAX {
        return Err(format!(
            "a password has at least {PASSWORD_MIN} characters and at most {PASSWORD_BYTES_MAX} bytes"
        ));
    }
    let hashed = Argon2::default().hash_password(password.as_bytes());
    hashed.map(|hash| hash.to_string()).map_err(|error| format!("the password cannot be hashed: {error}"))
}

/// Whether `password` is the one of which `kept` is kept. Takes tens of milliseconds and 19 MiB, by
/// design.
pub fn is_password(password: &str, kept: &str) -> bool {
    password.len() <= PASSWORD_BYTES_MAX && Argon2::default().verify_password(password.as_bytes(), kept).is_ok()
}

impl User {
    /// Who comes as this user. The error says what is wrong.
    pub fn visitor(&self, directory: &Directory) -> Result<Visitor, String> {
        let wrong = |why: &str| format!("user `{}`: {why}", self.name);
        if !is_slug(&self.name) {
            return Err(wrong("the name must be 1 to 64 of a-z, 0-9, - and _"));
        }
        if !self.argon2id.starts_with("$argon2id$") {
            return Err(wrong("argon2id is no password hash; set one with `servicegrad user passwd`"));
        }
        self.grant.visitor(&self.name, directory).map_err(|why| wrong(&why))
    }
}

impl Entries for UserFile {
    type Entry = Known;

    fn entries(self, directory: &Directory) -> Result<Vec<Known>, String> {
        let known = |user: &User| Ok(Known { argon2id: user.argon2id.clone(), visitor: user.visitor(directory)? });
        self.users.iter().map(known).collect()
    }
}

impl Users {
    /// The user of this name.
    pub fn named(&self, name: &str) -> Option<Known> {
        self.known().iter().find(|known| known.visitor.name == name).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_known_again_and_no_other() {
        let kept = hash("hemligt och långt").unwrap();
        assert!(kept.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{kept}");
        assert!(is_password("hemligt och långt", &kept));
        assert!(!is_password("hemligt och langt", &kept) && !is_password("", &kept));
        assert!(!is_password("hemligt och långt", "nonsense"));
        assert_ne!(kept, hash("hemligt och långt").unwrap(), "each has a salt of its own");
        assert!(hash("kort").is_err());
    }
}
