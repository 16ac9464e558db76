//! The alerts for those who have no Prometheus: judged in the daemon, carried by its outbox to a
//! webhook, an Alertmanager and a mail server.

use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use servicegrad::web::grant::Role;

use crate::incident::{enough, house, now, tell, too_few};
use crate::program::{Daemon, House, until, write};
use crate::smtp::MailServer;
use crate::stack::{Alertmanager, Post, Prometheus, Receiver, hasty_rules};

/// How often both judge, seconds; and how often Prometheus looks at the daemon's figures.
const EVERY_S: f64 = 3.0;
const SCRAPE_S: f64 = 1.0;
/// A moment is known to the second in a range query.
const STEP_S: f64 = 1.0;

/// The alert that all of these stories are about, in as much haste as the rules for Prometheus. A story that
/// is told when a month begins would be about that month's budget, too.
fn hasty(every: &str) -> String {
    let budgets = ["BudgetBurnFast", "BudgetBurnSlow", "BudgetSpent"];
    let budgets = budgets.map(|name| format!("[[alert.rule]]\nname = \"{name}\"\nenabled = false\n")).concat();
    format!(
        "[alert]\nevery = \"{every}\"\n{budgets}[[alert.rule]]\nname = \"AnswerRateLow\"\nhold = \"2s\"\nkeep = \"3s\"\n\
         [[alert.receiver]]\nname = \"jour\"\nkind = \"webhook\"\n"
    )
}

/// What was accepted of the alert about the queue.
fn accepted(receiver: &Receiver, what: &str) -> Vec<Post> {
    let of_queue = |post: &Post| {
        post.body["alert"] == "AnswerRateLow"
            && post.body["labels"]["queue"] == "kundtjanst"
            && post.body["what"] == what
            && post.status == Some(200)
    };
    receiver.posts().into_iter().filter(of_queue).collect()
}

fn alerts(daemon: &Daemon) -> Value {
    serde_json::from_str(&daemon.get("/api/v1/alerts")).unwrap()
}

/// How the alert about the queue stands; empty: it does not.
fn state(daemon: &Daemon) -> String {
    let all = alerts(daemon);
    let found = all["alerts"]
        .as_array()
        .unwrap()
        .iter()
        .find(|alert| alert["alert"] == "AnswerRateLow" && alert["labels"]["queue"] == "kundtjanst");
    found.map_or(String::new(), |alert| alert["state"].as_str().unwrap().to_owned())
}

/// Waits until the alerts have been judged `times` more.
fn judged(daemon: &Daemon, times: u32) {
    for _ in 0..times {
        let before = alerts(daemon)["judged_ms"].clone();
        until("the alerts are judged anew", || alerts(daemon)["judged_ms"] != before);
    }
}

fn seconds(time: &Value) -> f64 {
    let time = chrono::DateTime::parse_from_rfc3339(time.as_str().unwrap()).unwrap();
    time.timestamp_millis() as f64 / 1000.0
}

#[test]
fn the_built_in_alert_fires_and_ends_within_one_evaluation_of_the_one_in_prometheus() {
    let receiver = Receiver::start();
    let every = format!("{EVERY_S}s");
    let house = house(&format!("{}url = \"http://{}/larm\"\n", hasty(&every), receiver.address));
    let daemon = house.run();
    let prometheus = Prometheus::start_with_rules(&daemon.address, None, &hasty_rules(&every));
    let firing = "ALERTS{alertname=\"AnswerRateLow\",alertstate=\"firing\",queue=\"kundtjanst\"}";
    until("Prometheus has seen the daemon", || prometheus.value("up") == Some(1.0));

    tell(&daemon, "vaxel", too_few(), 1, 45 * 60, 60);
    until("both fire", || prometheus.value(firing) == Some(1.0) && accepted(&receiver, "fired").len() == 1);
    let live: Value = serde_json::from_str(&daemon.get("/api/v1/live")).unwrap();
    let on_board = live["alerts"].as_array().unwrap().iter().find(|alert| alert["alert"] == "AnswerRateLow").unwrap();
    assert!(on_board["summary"]["sv"].as_str().unwrap().starts_with("Kön Kundtjänst"), "{on_board}");

    tell(&daemon, "reserv", enough(), 2, 8 * 60, 5);
    until("both are over", || prometheus.value(firing).is_none() && accepted(&receiver, "resolved").len() == 1);
    assert_eq!(state(&daemon), "");
    let (first, last) = prometheus.span(firing).unwrap();
    let (fired, resolved) = (&accepted(&receiver, "fired")[0], &accepted(&receiver, "resolved")[0]);
    let began = seconds(&fired.body["fired"]) - first;
    let ended = seconds(&resolved.body["at"]) - last;
    println!("built-in less Prometheus: fired {began:+.1} s, over {ended:+.1} s, judged every {EVERY_S} s");
    // They judge at moments of their own; Prometheus on figures that it fetched before.
    let bearable = EVERY_S + SCRAPE_S + STEP_S;
    assert!(began.abs() <= bearable, "fired {began:+.1} s beside Prometheus");
    assert!(ended.abs() <= bearable, "over {ended:+.1} s beside Prometheus");
    daemon.stop();
}

#[test]
fn each_receiver_is_told_exactly_once_though_the_daemon_is_killed_before_and_after() {
    let (webhook, behind, mails) = (Receiver::start(), Receiver::start(), MailServer::start());
    let alertmanager = Alertmanager::start(&behind.address);
    let house = house(&format!(
        "{}url = \"http://{}/larm\"\nsecret_file = \"SECRET\"\n\
         [[alert.receiver]]\nname = \"samlat\"\nkind = \"alertmanager\"\nurl = \"http://{}\"\n\
         [[alert.receiver]]\nname = \"brev\"\nkind = \"email\"\nto = [\"chef@example.se\"]\n\
         [mail]\nserver = \"{}\"\nencryption = \"none\"\nfrom = \"servicegrad@example.se\"\n",
        hasty("1s"),
        webhook.address,
        alertmanager.address,
        mails.address
    ));
    let path = house.path("servicegrad.toml");
    let secret = house.path("secret");
    write(&secret, "hemligt\n");
    let config = std::fs::read_to_string(&path).unwrap().replace("SECRET", &secret.display().to_string());
    write(&path, &config);
    let notified = |status: &str| {
        let of_queue = |post: &&Post| {
            post.body["status"] == status
                && post.body["alerts"][0]["labels"]["alertname"] == "AnswerRateLow"
                && post.body["alerts"][0]["labels"]["queue"] == "kundtjanst"
        };
        behind.posts().iter().filter(of_queue).count()
    };
    let mailed = |what: &str| {
        let about = |mail: &crate::smtp::Mail| {
            mail.header("Message-ID")
                .is_some_and(|id| id.contains("AnswerRateLow.queue.kundtjanst") && id.contains(what))
        };
        mails.mails().into_iter().filter(about).collect::<Vec<_>>()
    };

    // Nobody has room for it now.
    webhook.answer_with(Some(503));
    mails.set_full(true);
    let daemon = house.run();
    tell(&daemon, "vaxel", too_few(), 1, 45 * 60, 60);
    until("both have been tried", || !webhook.posts().is_empty() && mails.refused() > 0);
    drop(daemon);
    webhook.answer_with(Some(200));
    mails.set_full(false);
    let daemon = house.run();
    until("each has been told", || {
        accepted(&webhook, "fired").len() == 1 && mailed("fired").len() == 1 && notified("firing") == 1
    });
    judged(&daemon, 2);
    // Killed after it was told, and once more.
    drop(daemon);
    let daemon = house.run();
    judged(&daemon, 3);
    drop(daemon);
    let daemon = house.run();
    judged(&daemon, 3);
    assert_eq!(state(&daemon), "firing");
    let counts = (accepted(&webhook, "fired").len(), mailed("fired").len(), notified("firing"));
    assert_eq!(counts, (1, 1, 1), "webhook, mail, Alertmanager");

    tell(&daemon, "reserv", enough(), 2, 8 * 60, 5);
    until("each has been told that it is over", || {
        accepted(&webhook, "resolved").len() == 1 && mailed("resolved").len() == 1 && notified("resolved") == 1
    });
    judged(&daemon, 3);
    let counts = (accepted(&webhook, "resolved").len(), mailed("resolved").len(), notified("resolved"));
    assert_eq!(counts, (1, 1, 1), "webhook, mail, Alertmanager");
    assert_eq!((accepted(&webhook, "fired").len(), mailed("fired").len(), notified("firing")), (1, 1, 1));

    // Before and after the kill the same letter: by its key a receiver knows what it has had.
    let post = accepted(&webhook, "fired").remove(0);
    let about = |post: &&Post| post.body["what"] == "fired" && post.body["labels"] == json!({ "queue": "kundtjanst" });
    let keys: Vec<String> = webhook
        .posts()
        .iter()
        .filter(about)
        .filter_map(|post| post.header("idempotency-key").map(str::to_owned))
        .collect();
    assert!(keys.len() > 1 && keys.iter().all(|key| *key == keys[0]), "{keys:?}");
    assert!(is_signed(&post, "hemligt"), "{}", post.head);
    assert!(!is_signed(&post, "another"));
    assert!(!is_signed(&Post { raw: post.raw.replace("kundtjanst", "itsupport"), ..post.clone() }, "hemligt"));
    let mail = mailed("fired").remove(0);
    assert_eq!(mail.to, ["chef@example.se"]);
    assert!(mail.body().starts_with("Kön Kundtjänst"), "{}", mail.body());
    daemon.stop();
}

/// As a receiver does it: HMAC-SHA256 over the seconds, a full stop, and the body as it came.
fn is_signed(post: &Post, secret: &str) -> bool {
    let told = post.header("x-servicegrad-signature").unwrap();
    let (seconds, hex) = told.strip_prefix("t=").unwrap().split_once(",v1=").unwrap();
    let age_ms = now() - servicegrad::measure::Moment::from_seconds(seconds.parse().unwrap());
    assert!((0..300_000).contains(&age_ms), "signed {age_ms} ms ago");
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(format!("{seconds}.{}", post.raw).as_bytes());
    let bytes: Vec<u8> =
        (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect();
    mac.verify_slice(&bytes).is_ok()
}

/// A daemon that is killed when its receiver has taken a letter, and before that was struck off.
fn killed_in_between(receiver: &str, has_come: impl Fn(usize) -> bool, is_answered: impl FnOnce()) {
    let house = house(&hasty("1s").replace("name = \"jour\"\nkind = \"webhook\"\n", receiver));
    let daemon = house.run();
    tell(&daemon, "vaxel", too_few(), 1, 45 * 60, 60);
    until("it has come", || has_come(1));
    drop(daemon);
    is_answered();
    let daemon = house.run();
    until("it comes again", || has_come(2));
    judged(&daemon, 3);
    assert!(!has_come(3), "it was answered");
    daemon.stop();
}

/// Posts that tell of the alert for the first time, whoever they are for: what Alertmanager is told anew
/// while it fires is another letter.
fn about_it(receiver: &Receiver) -> Vec<Post> {
    let is = |body: &Value| body["alert"] == "AnswerRateLow" || body[0]["labels"]["alertname"] == "AnswerRateLow";
    let is_first = |post: &Post| !post.header("idempotency-key").unwrap().starts_with("alert/refresh/");
    let posts = receiver.posts().into_iter();
    posts.filter(|post| is(&post.body) && is_first(post) && post.raw.contains("kundtjanst")).collect()
}

#[test]
fn a_webhook_that_took_a_letter_of_a_daemon_killed_then_gets_it_again_under_the_same_key() {
    let receiver = Receiver::start();
    receiver.answer_with(None);
    let words = format!("name = \"jour\"\nkind = \"webhook\"\nurl = \"http://{}/larm\"\n", receiver.address);
    killed_in_between(&words, |times| about_it(&receiver).len() >= times, || receiver.answer_with(Some(200)));
    let posts = about_it(&receiver);
    let key = |post: &Post| post.header("idempotency-key").unwrap().to_owned();
    assert_eq!(key(&posts[0]), key(&posts[1]));
    assert_eq!(posts[0].raw, posts[1].raw, "the same letter to the byte");
}

#[test]
fn an_alertmanager_that_took_a_letter_of_a_daemon_killed_then_knows_the_alert_by_its_labels() {
    let receiver = Receiver::start();
    receiver.answer_with(None);
    let words = format!("name = \"samlat\"\nkind = \"alertmanager\"\nurl = \"http://{}\"\n", receiver.address);
    killed_in_between(&words, |times| about_it(&receiver).len() >= times, || receiver.answer_with(Some(200)));
    // Its fingerprint of an alert is made of the labels, and one that goes on began when it began.
    let posts = about_it(&receiver);
    for part in ["labels", "startsAt"] {
        assert_eq!(posts[0].body[0][part], posts[1].body[0][part]);
        assert!(!posts[0].body[0][part].is_null(), "{part}");
    }
}

#[test]
fn a_mail_server_that_took_a_letter_of_a_daemon_killed_then_gets_it_again_under_the_same_message_id() {
    let mails = MailServer::start();
    mails.set_silent(true);
    let words = format!(
        "name = \"brev\"\nkind = \"email\"\nto = [\"chef@example.se\"]\n[mail]\nserver = \"{}\"\nencryption = \"none\"\nfrom = \"servicegrad@example.se\"\n",
        mails.address
    );
    let ids = || -> Vec<String> {
        let ids = mails.mails().into_iter().filter_map(|mail| mail.header("Message-ID").map(str::to_owned));
        ids.filter(|id| id.contains("AnswerRateLow.queue.kundtjanst")).collect()
    };
    killed_in_between(&words, |times| ids().len() >= times, || mails.set_silent(false));
    assert_eq!(ids()[0], ids()[1]);
}

#[test]
fn what_is_silenced_is_told_to_nobody_until_the_silence_is_over() {
    let receiver = Receiver::start();
    let house = house(&format!("{}url = \"http://{}/larm\"\n", hasty("1s"), receiver.address));
    let daemon = house.run();
    let silence = json!({
        "labels": { "queue": "kundtjanst" }, "for": "1h", "by": "gruppledaren", "comment": "utbildning till 10",
    });
    let json = "content-type: application/json\r\n";
    let (status, kept) = daemon.ask("POST", "/api/v1/alerts/silences", json, silence.to_string().as_bytes());
    assert_eq!(status, 201, "{kept}");
    let id = serde_json::from_str::<Value>(&kept).unwrap()["id"].as_u64().unwrap();
    tell(&daemon, "vaxel", too_few(), 1, 45 * 60, 60);
    until("it fires unheard", || state(&daemon) == "silenced");
    // The silence outlives the daemon.
    drop(daemon);
    let daemon = house.run();
    judged(&daemon, 3);
    assert_eq!(state(&daemon), "silenced");
    assert!(!daemon.get("/api/v1/live").contains("AnswerRateLow\""), "the board is quiet about it");
    assert!(accepted(&receiver, "fired").is_empty());
    let end = format!("/api/v1/alerts/silences/{id}?by=gruppledaren");
    assert_eq!(daemon.ask("DELETE", &end, "", b"").0, 204);
    assert_eq!(daemon.ask("DELETE", &end, "", b"").0, 404, "it is over");
    until("it is told", || accepted(&receiver, "fired").len() == 1);
    assert_eq!(state(&daemon), "firing");
    daemon.stop();
}

/// Two organisations with a unit that answers nobody each, judged at once.
fn two_municipalities() -> House {
    let house = House::new(
        "tokens = \"FOLDER/tokens.toml\"
[[source]]\nname = \"vaxel\"\nkind = \"http\"
[[queue]]\nname = \"kundtjanst\"\n[[queue]]\nname = \"itsupport\"
[[organisation]]\nname = \"lycksele\"\n[[organisation]]\nname = \"asele\"
[directory]\nunits = \"units.csv\"
[alert]\nevery = \"1s\"\n[[alert.rule]]\nname = \"UnitAnswerRateLow\"\nhold = \"0s\"\n",
    );
    let units = "from,to,unit,title,organisation,valid_from,valid_to\n7101,,lycka-skola,,lycksele,,\n7400,,sele-teknik,,asele,,\n";
    write(&house.path("units.csv"), units);
    house
}

#[test]
fn a_municipality_reads_of_its_own_alerts_only() {
    let house = two_municipalities();
    let token = |role: Role, part: &[&str]| {
        let words = ["token", "create", role.as_str(), "--role", role.as_str(), "--config", "servicegrad.toml"];
        house.ok(&words.iter().chain(part).copied().collect::<Vec<_>>()).trim().to_owned()
    };
    let admin = token(Role::Admin, &[]);
    let asele = token(Role::Organisation, &["--organisation", "asele"]);
    let lead = token(Role::Lead, &["--queue", "itsupport"]);
    let daemon = house.run();
    let with = |token: &str| format!("authorization: Bearer {token}\r\n");
    let units = |token: &str| {
        let (status, body) = daemon.ask("GET", "/api/v1/alerts", &with(token), b"");
        assert_eq!(status, 200, "{body}");
        let state: Value = serde_json::from_str(&body).unwrap();
        let of_units = state["alerts"].as_array().unwrap().iter().filter(|alert| alert["alert"] == "UnitAnswerRateLow");
        let mut units: Vec<String> =
            of_units.map(|alert| alert["labels"]["unit"].as_str().unwrap().to_owned()).collect();
        units.sort();
        (units, body)
    };
    let time = chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
    let mut events = Vec::new();
    for call in 0..60 {
        let target = if call % 2 == 0 { "7101" } else { "7400" };
        for (kind, more) in [
            ("visit.entered", r#","queue":"kundtjanst""#.to_owned()),
            ("visit.answered", r#","queue":"kundtjanst""#.to_owned()),
            ("transfer.started", format!(r#","transfer":"t","kind":"blind","target":"{target}""#)),
            ("transfer.failed", r#","transfer":"t","result":"busy""#.to_owned()),
        ] {
            events.push(format!(r#"{{"id":"{call}-{kind}","time":"{time}","type":"{kind}","call":"{call}"{more}}}"#));
        }
    }
    let headers = format!("{}content-type: application/x-ndjson\r\n", with(&admin));
    let (status, answer) = daemon.ask("POST", "/api/v1/events", &headers, events.join("\n").as_bytes());
    assert_eq!(status, 200, "{answer}");
    until("both units are told of", || units(&admin).0 == ["lycka-skola", "sele-teknik"]);
    let (own, told) = units(&asele);
    assert_eq!(own, ["sele-teknik"]);
    assert!(!told.contains("lyck"), "{told}");
    assert_eq!(units(&lead).0, [""; 0]);
    daemon.stop();
}
