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

/// The same with the units of [`directory_of`](crate::week::directory_of).
pub fn house_with_units_on(url: &str) -> House {
    let house =
        house_on(url, &format!("{HOOK}[[organisation]]\nname = \"lycksele\"\n[directory]\nunits = \"units.csv\"\n"));
    let units = "from,to,unit,title,organisation,valid_from,valid_to\n\
                 1000,4999,lag,,lycksele,,\n5000,9999,hog,,lycksele,,\n";
    std::fs::write(house.path("units.csv"), units).unwrap();
    house
}
