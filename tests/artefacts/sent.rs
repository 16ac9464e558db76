//! Reports that are sent by themselves: each municipality its own, once, whatever happens meanwhile.

use servicegrad::simulate::Scenario;

use crate::incident::{a_forenoon_of_last_month, house, now, tell};
use crate::program::{Daemon, House, until, write};
use crate::smtp::{Mail, MailServer, from_base64};

/// The month before this one, `2026-10`.
fn last_month() -> String {
    let today = now().to_utc().with_timezone(&chrono_tz::Europe::Stockholm).date_naive();
    let day = chrono::Datelike::with_day(&today, 1).unwrap() - chrono::Days::new(1);
    day.format("%Y-%m").to_string()
}

/// Sends the last month's units of Åsele, by mail and into a folder, as soon as it is over.
fn sending(mails: &MailServer) -> House {
    let house = house(&format!(
        "[mail]\nserver = \"{}\"\nencryption = \"none\"\nfrom = \"servicegrad@example.se\"\n\
         [[alert.rule]]\nname = \"ReportMissed\"\nhold = \"0s\"\n[alert]\nevery = \"1s\"\n\
         [[report]]\nname = \"asele\"\nkind = \"units\"\nat = \"00:00\"\nfirst = \"{}\"\norganisation = \"asele\"\n\
         format = [\"csv\", \"html\", \"xlsx\"]\nto = [\"chef@asele.example.se\", \"vikarie@asele.example.se\"]\n\
         folder = \"FOLDER\"\n",
        mails.address,
        last_month()
    ));
    let folder = house.path("rapporter");
    std::fs::create_dir(&folder).unwrap();
    let path = house.path("servicegrad.toml");
    let config = std::fs::read_to_string(&path).unwrap();
    write(&path, &config.replace("FOLDER", &folder.display().to_string()));
    house
}

fn metric(daemon: &Daemon, name: &str) -> Option<f64> {
    daemon.metric(&format!("servicegrad_report_{name}_timestamp_seconds{{report=\"asele\"}}"))
}

fn files(house: &House) -> Vec<String> {
    let entries = std::fs::read_dir(house.path("rapporter")).unwrap();
    let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_municipality_gets_its_own_units_once_though_the_daemon_is_killed_and_the_mail_server_is_full() {
    let mails = MailServer::start();
    mails.set_full(true);
    let house = sending(&mails);
    // The month's calls are there before the report is made.
    let config = std::fs::read_to_string(house.path("servicegrad.toml")).unwrap();
    let (head, report) = config.split_once("[[report]]").unwrap();
    write(&house.path("servicegrad.toml"), head);
    let daemon = house.run();
    let (from_s, to_s) = a_forenoon_of_last_month();
    tell(&daemon, "vaxel", Scenario::municipal().around_the_clock().busier(10.0), 4, from_s, to_s);
    daemon.stop();
    write(&house.path("servicegrad.toml"), &format!("{head}[[report]]{report}"));

    let daemon = house.run();
    until("the mail has been refused", || mails.refused() > 0);
    let name = |extension: &str| format!("servicegrad-asele-{}.{extension}", last_month());
    let three = [name("csv"), name("html"), name("xlsx")];
    until("the files are in the folder", || files(&house) == three);
    until("it is known to have been due", || metric(&daemon, "due").is_some());
    assert_eq!(metric(&daemon, "done"), None, "the mail has not been taken");
    let due_s = metric(&daemon, "due").unwrap();
    if now().seconds() as f64 - due_s > 3_600.0 {
        until("somebody is told", || daemon.get("/api/v1/alerts").contains("ReportMissed"));
    }
    // Killed with the mail in the outbox.
    drop(daemon);
    for name in &three {
        std::fs::remove_file(house.path("rapporter").join(name)).unwrap();
    }
    mails.set_full(false);
    let daemon = house.run();
    until("the mail is there", || mails.mails().len() == 1);
    until("the report is done", || {
        metric(&daemon, "done") >= metric(&daemon, "due") && metric(&daemon, "due").is_some()
    });
    until("nobody is told any more", || !daemon.get("/api/v1/alerts").contains("ReportMissed"));
    // Killed after it was sent, and twice begun anew.
    drop(daemon);
    let daemon = house.run();
    until("it knows that it was done", || metric(&daemon, "done").is_some());
    daemon.stop();
    assert_eq!(mails.mails().len(), 1, "sent once");
    assert_eq!(files(&house), [""; 0], "and put into the folder once");
    is_of_asele(&mails.mails()[0]);
}

/// The mail is to those of Åsele, and holds units of Åsele and of nobody else.
fn is_of_asele(mail: &Mail) {
    assert_eq!(mail.to, ["chef@asele.example.se", "vikarie@asele.example.se"]);
    let attached = |kind: &str| {
        let part = mail.text.split("Content-Disposition: attachment").find(|part| part.contains(&format!(".{kind}\"")));
        let (head, rest) = part.unwrap().split_once("\r\n\r\n").unwrap();
        assert!(head.contains("base64"), "{head}");
        from_base64(rest.split("\r\n--").next().unwrap())
    };
    let units = std::fs::read_to_string("config/lystkom-units.csv").unwrap();
    let rows =
        units.lines().filter(|line| !line.starts_with('#')).skip(1).map(|line| line.split(',').collect::<Vec<_>>());
    let (mut own, mut others) = (0, 0);
    let csv = String::from_utf8(attached("csv")).unwrap();
    for row in rows {
        let is_told = csv.lines().any(|line| line.split(';').any(|cell| cell == row[2]));
        if row[4] == "asele" {
            own += u32::from(is_told);
        } else {
            others += u32::from(is_told);
        }
    }
    assert!(own > 3, "{own} units of its own: {csv}");
    assert_eq!(others, 0, "units of others: {csv}");
    assert!(String::from_utf8(attached("html")).unwrap().contains("Åsele"));
    assert!(attached("xlsx").starts_with(b"PK"), "a workbook");
}
