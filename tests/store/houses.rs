//! The real program on any store.

use crate::program::House;

/// A source that is posted to, and two queues.
pub const HOOK: &str = r#"
[[source]]
name = "hook"
kind = "http"
rate = 1000000
[[queue]]
name = "kundtjanst"
[[queue]]
name = "itsupport"
short_abandon = "none"
"#;

/// A folder with a configuration on the store at `url`.
pub fn house_on(url: &str, rest: &str) -> House {
    let house = House::new(rest);
    let path = house.path("servicegrad.toml");
    let config = std::fs::read_to_string(&path).unwrap();
    let sqlite = config.lines().find(|line| line.starts_with("url = ")).unwrap().to_owned();
    std::fs::write(&path, config.replace(&sqlite, &format!("url = \"{url}\""))).unwrap();
    house
}
