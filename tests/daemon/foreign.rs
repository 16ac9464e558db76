//! No row outside a token's sight leaves any endpoint, whoever is configured and whoever asks.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Cursor, Write};
use std::net::TcpStream;

use calamine::{Data, Reader, Xlsx};
use proptest::prelude::*;
use servicegrad::report::{FORMATS, REPORTS};
use servicegrad::web::grant::Role;
use servicegrad::web::routes::ENDPOINTS;

use crate::program::{Daemon, House, status, until, whole, write};

/// A house of any size: everything in it has a name that occurs nowhere else.
#[derive(Clone, Debug)]
struct World {
    queues: usize,
    /// Units of each organisation.
    organisations: Vec<usize>,
    /// Each call's queue, and where it was sent; both are taken modulo what there is.
    calls: Vec<(usize, usize)>,
    /// Role, and bits of the queues and organisations that it shows.
    tokens: Vec<(Role, u8, u8)>,
}

fn worlds() -> impl Strategy<Value = World> {
    let role = prop::sample::select(vec![Role::Wallboard, Role::Organisation, Role::Lead]);
    let organisations = prop::collection::vec(1..3_usize, 2..4);
    let calls = prop::collection::vec((0..8_usize, 0..16_usize), 6..16);
    let tokens = prop::collection::vec((role, 0..8_u8, 0..8_u8), 3);
    (2..4_usize, organisations, calls, tokens).prop_map(|(queues, organisations, calls, tokens)| World {
        queues,
        organisations,
        calls,
        tokens,
    })
}

impl World {
    /// Organisation of each unit.
    fn units(&self) -> Vec<usize> {
        self.organisations.iter().enumerate().flat_map(|(at, units)| std::iter::repeat_n(at, *units)).collect()
    }

    fn house(&self) -> House {
        let mut rest = "tokens = \"FOLDER/tokens.toml\"\n[[source]]\nname = \"hook\"\nkind = \"http\"\n".to_owned();
        for at in 0..self.queues {
            let _ = writeln!(rest, "[[queue]]\nname = \"qname{at}q\"\ntitle = \"Qtitle{at}q\"");
        }
        for at in 0..self.organisations.len() {
            let _ = writeln!(rest, "[[organisation]]\nname = \"oname{at}o\"\ntitle = \"Otitle{at}o\"");
        }
        rest.push_str("[directory]\nunits = \"units.csv\"\n");
        let house = House::new(&rest);
        let mut rows = "from,to,unit,title,organisation,valid_from,valid_to\n".to_owned();
        for (at, organisation) in self.units().into_iter().enumerate() {
            let _ = writeln!(rows, "{},,uname{at}u,Utitle{at}u,oname{organisation}o,,", 7000 + at);
        }
        write(&house.path("units.csv"), &rows);
        house
    }

    fn events(&self) -> String {
        let now = chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
        let mut lines = String::new();
        for (at, (queue, unit)) in self.calls.iter().enumerate() {
            let (queue, unit) = (queue % self.queues, unit % self.units().len());
            let mut line = |kind: &str, more: &str| {
                let _ = writeln!(
                    lines,
                    "{{\"id\":\"{at}-{kind}\",\"time\":\"{now}\",\"type\":\"{kind}\",\"call\":\"kall{at}k\"{more}}}"
                );
            };
            line("visit.entered", &format!(r#","queue":"qname{queue}q""#));
            line("visit.answered", &format!(r#","queue":"qname{queue}q""#));
            line("transfer.started", &format!(r#","transfer":"t","kind":"blind","target":"{}""#, 7000 + unit));
            line("transfer.failed", r#","transfer":"t","result":"busy""#);
        }
        lines
    }

    /// Every word that tells of something that these bits of queues and organisations do not show.
    fn foreign(&self, queues: u8, organisations: u8) -> BTreeSet<String> {
        let mut words = BTreeSet::new();
        let sees = |bits: u8, at: usize| (bits >> at) & 1 == 1;
        for at in (0..self.queues).filter(|at| !sees(queues, *at)) {
            words.extend([format!("qname{at}q"), format!("Qtitle{at}q")]);
        }
        for at in (0..self.organisations.len()).filter(|at| !sees(organisations, *at)) {
            words.extend([format!("oname{at}o"), format!("Otitle{at}o")]);
        }
        let units = self.units();
        for (at, organisation) in units.iter().enumerate() {
            if !sees(organisations, *organisation) {
                words.extend([format!("uname{at}u"), format!("Utitle{at}u"), format!("\"{}\"", 7000 + at)]);
            }
        }
        for (at, (queue, unit)) in self.calls.iter().enumerate() {
            if !sees(queues, queue % self.queues) && !sees(organisations, units[unit % units.len()]) {
                words.insert(format!("kall{at}k"));
            }
        }
        words
    }

    /// Every address of every endpoint that answers a GET: the pages, what the description of the API
    /// lists, about everything that there is.
    fn addresses(&self, daemon: &Daemon) -> Vec<String> {
        let described: serde_json::Value = serde_json::from_str(&daemon.get("/api/v1/openapi.json")).unwrap();
        let described = described["paths"].as_object().unwrap().iter();
        let api = described.filter(|(_, methods)| methods.get("get").is_some()).map(|(path, _)| path.clone());
        let listed = ENDPOINTS.iter().filter(|(method, ..)| *method == "GET").map(|(_, path, _)| (*path).to_owned());
        let paths: BTreeSet<String> = api.chain(listed).collect();
        assert!(paths.contains("/api/v1/units/{unit}/transfers") && paths.contains("/status"));
        let mut all = Vec::new();
        for path in paths {
            if path.contains("{queue}") {
                all.extend((0..self.queues).map(|at| path.replace("{queue}", &format!("qname{at}q"))));
            } else if path.contains("{unit}") {
                all.extend((0..self.units().len()).map(|at| path.replace("{unit}", &format!("uname{at}u"))));
            } else if path.contains("{report}") {
                for report in REPORTS {
                    let path = path.replace("{report}", report.name);
                    all.extend(FORMATS.iter().map(|format| format!("{path}?format={}", format.name)));
                }
            } else if path == "/staffing" {
                all.extend((0..self.queues).map(|at| format!("{path}?queue=qname{at}q")));
            } else {
                all.push(path);
            }
        }
        all
    }
}

/// What an answer says, spreadsheets unpacked; nothing where it is a refusal, which says what was asked.
fn said(daemon: &Daemon, path: &str, token: &str) -> String {
    let (head, body) = whole(&daemon.address, "GET", path, &format!("authorization: Bearer {token}\r\n"), b"");
    if status(&head) != 200 {
        return String::new();
    }
    if !body.starts_with(b"PK") {
        return String::from_utf8_lossy(&body).into_owned();
    }
    let mut book = Xlsx::new(Cursor::new(body)).unwrap();
    let mut text = book.sheet_names().join("\n");
    for (_, sheet) in book.worksheets() {
        for cell in sheet.rows().flatten() {
            if let Data::String(words) = cell {
                text.push('\n');
                text.push_str(words);
            }
        }
    }
    text
}

/// The first figures on the stream.
fn streamed(daemon: &Daemon, token: &str) -> String {
    let mut stream = TcpStream::connect(&daemon.address).unwrap();
    write!(
        stream,
        "GET /api/v1/live HTTP/1.1\r\nhost: localhost\r\naccept: text/event-stream\r\nauthorization: Bearer {token}\r\n\r\n"
    )
    .unwrap();
    let mut lines = BufReader::new(stream).lines().map(Result::unwrap);
    let head = lines.next().unwrap();
    if !head.contains(" 200 ") {
        return String::new();
    }
    lines.find(|line| line.starts_with("data: {\"at_ms\"")).unwrap()
}

fn create(house: &House, name: &str, role: Role, queues: u8, organisations: u8, world: &World) -> Option<String> {
    let mut words: Vec<String> =
        ["token", "create", name, "--role", role.as_str(), "--config", "servicegrad.toml"].map(str::to_owned).into();
    let bits = |bits: u8, of: usize| (0..of).filter(move |at| (bits >> at) & 1 == 1);
    words.extend(bits(queues, world.queues).flat_map(|at| ["--queue".to_owned(), format!("qname{at}q")]));
    let organisations = bits(organisations, world.organisations.len());
    words.extend(organisations.flat_map(|at| ["--organisation".to_owned(), format!("oname{at}o")]));
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let made = house.command(&words);
    // One that would show nothing is not made.
    made.status.success().then(|| String::from_utf8(made.stdout).unwrap().trim().to_owned())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3, max_shrink_iters: 0, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_row_outside_a_tokens_sight_leaves_any_endpoint(world in worlds()) {
        let house = world.house();
        let admin = create(&house, "admin", Role::Admin, 0, 0, &world).unwrap();
        let tokens: Vec<_> = world
            .tokens
            .iter()
            .enumerate()
            .filter_map(|(at, (role, queues, organisations))| {
                let token = create(&house, &format!("t{at}"), *role, *queues, *organisations, &world)?;
                Some((token, *queues, *organisations))
            })
            .collect();
        let daemon = house.run();
        let headers = format!("authorization: Bearer {admin}\r\ncontent-type: application/x-ndjson\r\n");
        let (taken, answer) = daemon.ask("POST", "/api/v1/events", &headers, world.events().as_bytes());
        prop_assert_eq!(taken, 200, "{}", answer);
        let addresses = world.addresses(&daemon);
        // Who sees everything is told of everything, or silence would prove nothing.
        let everything = world.foreign(0, 0);
        let sent: BTreeSet<usize> = world.calls.iter().map(|(_, unit)| unit % world.units().len()).collect();
        let unsent = (0..world.units().len()).filter(|at| !sent.contains(at));
        let unsent: BTreeSet<String> = unsent.flat_map(|at| [format!("uname{at}u"), format!("Utitle{at}u")]).collect();
        let figures: Vec<&String> = addresses.iter().filter(|path| !path.contains("format=")).collect();
        until("everything is told to who may know it", || {
            let told: String = figures.iter().map(|path| said(&daemon, path, &admin)).collect();
            // An extension is told to nobody, and a unit shows when somebody was sent there.
            let shown = everything.iter().filter(|word| !word.starts_with('"') && !unsent.contains(*word));
            shown.into_iter().all(|word| told.contains(word.as_str()))
        });
        for (token, queues, organisations) in &tokens {
            let foreign = world.foreign(*queues, *organisations);
            for path in &addresses {
                let told = said(&daemon, path, token);
                for word in &foreign {
                    prop_assert!(!told.contains(word.as_str()), "{} tells {}: {}", path, word, told);
                }
            }
            let told = streamed(&daemon, token);
            for word in &foreign {
                prop_assert!(!told.contains(word.as_str()), "the stream tells {}: {}", word, told);
            }
        }
    }
}
