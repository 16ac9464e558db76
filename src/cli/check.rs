//! `check`: the configuration, what is in force, and whether the sources are there and say what is
//! expected of them.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use clap::Args;
use tokio::task::JoinSet;

use crate::cli::error::CliError;
use crate::cli::output::print;
use crate::cli::try_records;
use crate::clock::Clock;
use crate::config::{self, Config};
use crate::directory::Directory;
use crate::i18n::{Language, text, text_with};
use crate::measure::Moment;
use crate::names::SourceId;
use crate::source::kind::{Kind, Transport, kind_named};
use crate::source::{Findings, SourceSettings, dial, look};

/// Arguments of `check`.
#[derive(Debug, Args)]
#[command(after_help = "\
Each source is looked at as the daemon would read it, and nothing is stored: a switch is dialled and
asked for its queues, a file is read at its end. Exit code 1: something is wrong; 2: the configuration
is.

Examples:
  servicegrad check --config config/lystkom.toml
  servicegrad check --config config/lystkom.toml --offline")]
pub struct CheckArgs {
    /// The configuration file
    #[arg(long, value_name = "FILE", default_value = "config/servicegrad.toml")]
    config: PathBuf,
    /// Name of the [[source]] of kind records whose columns are tried
    #[arg(long, requires = "file")]
    source: Option<String>,
    /// A file of it: shows each row as it is read, its events, and what cannot be used; stores nothing
    #[arg(long = "try", value_name = "FILE", requires = "source")]
    file: Option<PathBuf>,
    /// Look at the configuration only; connect to nothing and open no source
    #[arg(long)]
    offline: bool,
    /// Language of what is found
    #[arg(long, default_value = "sv")]
    lang: Language,
}

/// How much something found matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Weight {
    Ok,
    Note,
    Wrong,
}

impl Weight {
    const fn key(self) -> &'static str {
        match self {
            Self::Ok => "check-ok",
            Self::Note => "check-note",
            Self::Wrong => "check-wrong",
        }
    }
}

/// What was found of one source.
struct Found {
    language: Language,
    lines: Vec<(Weight, String)>,
}

impl Found {
    fn say(&mut self, weight: Weight, key: &str, values: &[(&str, String)]) {
        self.lines.push((weight, text_with(self.language, key, values)));
    }

    fn why(&mut self, weight: Weight, key: &str, why: impl std::fmt::Display) {
        self.say(weight, key, &[("why", why.to_string())]);
    }
}

/// Checks the configuration, prints what is in force, and looks at the sources.
pub fn run(args: &CheckArgs) -> Result<(), CliError> {
    let config = config::load(&args.config)?;
    if let (Some(source), Some(file)) = (&args.source, &args.file) {
        return try_records::try_file(&config, source, file);
    }
    print(config::effective::describe(&config).as_bytes())?;
    if args.offline {
        return Ok(());
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let found = runtime.block_on(look_at_all(&config, args.lang));
    let mut page = String::new();
    let mut wrong = 0;
    for (settings, found) in config.sources.iter().zip(&found) {
        // Writing to a string does not fail.
        let _ = writeln!(page, "\n[[source]] {} ({})", settings.name, settings.kind);
        for (weight, line) in &found.lines {
            let _ = writeln!(page, "{:<5} {line}", text(args.lang, weight.key()));
            wrong += usize::from(*weight == Weight::Wrong);
        }
    }
    print(page.as_bytes())?;
    match wrong {
        0 => Ok(()),
        _ => Err(CliError::Failed(text_with(args.lang, "check-failed", &[("n", wrong.to_string())]))),
    }
}

/// Looks at all sources at once, since one that does not answer takes its time.
async fn look_at_all(config: &Config, language: Language) -> Vec<Found> {
    let mut looks = JoinSet::new();
    for (at, settings) in config.sources.iter().enumerate() {
        let (settings, directory) = (settings.clone(), std::sync::Arc::clone(&config.directory));
        looks.spawn(async move {
            let mut found = Found { language, lines: Vec::new() };
            look_at(&settings, &directory, SourceId(at as u32), &mut found).await;
            (at, found)
        });
    }
    let mut found = looks.join_all().await;
    found.sort_by_key(|(at, _)| *at);
    found.into_iter().map(|(_, found)| found).collect()
}

async fn look_at(settings: &SourceSettings, directory: &Directory, source: SourceId, found: &mut Found) {
    let Some(kind) = kind_named(&settings.kind) else { return };
    if let Err(error) = settings.read_token() {
        found.why(Weight::Wrong, "check-unreadable", error);
    }
    match (kind.transport, &settings.path, settings.listen) {
        (Transport::Http, ..) => {
            let has_token = settings.token.is_some() || settings.token_file.is_some();
            found.say(Weight::Ok, if has_token { "check-posted-token" } else { "check-posted" }, &[]);
        }
        (Transport::Dial { port, dialogue }, ..) => {
            let opened = settings.read_secret().map_err(|error| format!("secret_file: {error}")).and_then(|secret| {
                let address = settings.connect_to(port).ok_or_else(|| "connect is missing".to_owned())?;
                Ok((dialogue(settings, &secret), address, dial::tls(settings)?))
            });
            let findings = match opened {
                Ok((dialogue, address, tls)) => look::dialled(dialogue, &address, tls.as_ref(), &Clock::system()).await,
                Err(why) => Err(why),
            };
            match findings {
                Ok(findings) => dialled(settings, &findings, directory, source, found),
                Err(why) => found.why(Weight::Wrong, "check-unreachable", why),
            }
        }
        (_, Some(path), _) if path.as_os_str() == "-" => found.say(Weight::Ok, "check-stdin", &[]),
        (_, Some(path), _) => of_file(path, kind, settings, directory, source, found),
        (_, None, Some(address)) => match tokio::net::TcpListener::bind(address).await {
            Ok(_) => found.say(Weight::Ok, "check-listens", &[("address", address.to_string())]),
            Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => {
                found.say(Weight::Note, "check-taken", &[("address", address.to_string())]);
            }
            Err(error) => found.why(Weight::Wrong, "check-cannot-listen", format!("{address}: {error}")),
        },
        (_, None, None) => {
            if let Some(folder) = &settings.folder {
                of_folder(folder, kind, settings, directory, source, found);
            }
        }
    }
}

fn dialled(settings: &SourceSettings, findings: &Findings, directory: &Directory, source: SourceId, found: &mut Found) {
    let version = findings.version.clone().unwrap_or_else(|| "?".to_owned());
    found.say(Weight::Ok, "check-answers", &[("version", version)]);
    let key = if settings.tls { "check-tls" } else { "check-no-tls" };
    let is_near = settings.connect.as_deref().is_some_and(|to| to.starts_with("127.") || to.starts_with("localhost"));
    found.say(if settings.tls || is_near { Weight::Ok } else { Weight::Note }, key, &[]);
    if let Some(ahead) = findings.clock_ahead_ms {
        found.say(Weight::Ok, "check-clock", &[("seconds", format!("{:+.1}", ahead as f64 / 1000.0))]);
    }
    for trouble in &findings.troubles {
        found.why(Weight::Wrong, "check-trouble", trouble);
    }
    for note in &findings.notes {
        found.why(Weight::Note, "check-trouble", note);
    }
    queues(&findings.queues, directory, source, Weight::Wrong, found);
}

fn of_file(
    path: &Path,
    kind: &Kind,
    settings: &SourceSettings,
    directory: &Directory,
    source: SourceId,
    found: &mut Found,
) {
    let now = Clock::system().now();
    let findings = match look::file(path, (kind.decoder)(settings), now) {
        Ok(findings) => findings,
        Err(error) => return found.why(Weight::Wrong, "check-unreadable", format!("{}: {error}", path.display())),
    };
    holds(path, findings, directory, source, found);
}

/// A folder that files are put into: a sample of them is tried.
fn of_folder(
    folder: &Path,
    kind: &Kind,
    settings: &SourceSettings,
    directory: &Directory,
    source: SourceId,
    found: &mut Found,
) {
    let now = Clock::system().now();
    let done = settings.done.clone().unwrap_or_else(|| folder.join("done"));
    let findings = match look::folder(folder, &done, (kind.decoder)(settings), now) {
        Ok(findings) => findings,
        Err(error) => return found.why(Weight::Wrong, "check-unreadable", format!("{}: {error}", folder.display())),
    };
    // What has been read is moved away.
    for place in [Some(folder), settings.done.as_deref(), settings.failed.as_deref()].into_iter().flatten() {
        if std::fs::metadata(place).is_ok_and(|about| about.permissions().readonly()) {
            found.say(Weight::Wrong, "check-fixed-folder", &[("path", place.display().to_string())]);
        }
    }
    let values = [("path", folder.display().to_string()), ("n", findings.waiting.to_string())];
    found.say(Weight::Ok, "check-folder", &values);
    match findings.sample {
        Some((path, findings)) => holds(&path, findings, directory, source, found),
        None => found.say(Weight::Note, "check-no-file", &[]),
    }
}

/// What was found in a file.
fn holds(path: &Path, findings: look::FileFindings, directory: &Directory, source: SourceId, found: &mut Found) {
    let values = [("path", path.display().to_string()), ("bytes", findings.bytes.to_string())];
    found.say(Weight::Ok, "check-file", &values);
    match findings.newest {
        Some(newest) => found.say(Weight::Ok, "check-newest", &[("time", local(newest, directory))]),
        None => found.say(Weight::Note, "check-empty", &[]),
    }
    if let Some(why) = findings.example {
        let values = [("rejects", findings.rejects.to_string()), ("events", findings.events.to_string()), ("why", why)];
        let is_most = findings.rejects > findings.events;
        found.say(if is_most { Weight::Wrong } else { Weight::Note }, "check-unusable", &values);
    }
    // That a queue is not named at the end of a file says little.
    queues(&findings.queues, directory, source, Weight::Note, found);
}

/// Queues of the switch and of the configuration, side by side.
fn queues(seen: &[String], directory: &Directory, source: SourceId, absent: Weight, found: &mut Found) {
    let switch = directory.switch_of(source);
    if !seen.is_empty() {
        found.say(Weight::Ok, "check-queues", &[("queues", seen.join(", "))]);
    }
    let unmeasured: Vec<&str> =
        seen.iter().map(String::as_str).filter(|queue| directory.queue_fed_by(switch, queue).is_none()).collect();
    if !unmeasured.is_empty() {
        found.say(Weight::Note, "check-unmeasured", &[("queues", unmeasured.join(", "))]);
    }
    let name = directory.source_name(switch);
    let wanted = directory.queues().iter().flat_map(|queue| &queue.from).filter(|from| from.source == name);
    let missing: Vec<&str> =
        wanted.map(|from| from.queue.as_str()).filter(|wanted| !seen.iter().any(|queue| queue == wanted)).collect();
    if !missing.is_empty() && !seen.is_empty() {
        found.say(absent, "check-absent", &[("queues", missing.join(", "))]);
    }
}

fn local(at: Moment, directory: &Directory) -> String {
    at.to_utc().with_timezone(&directory.zone()).format("%Y-%m-%d %H:%M:%S").to_string()
}
