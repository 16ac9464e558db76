//! `capture`: what a source really says, recorded with numbers and names replaced, to be sent to
//! somebody who can read it.

use std::collections::HashSet;
use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use indicatif::{HumanBytes, ProgressBar};
use tokio::sync::watch;

use crate::cli::error::CliError;
use crate::cli::output::tell;
use crate::cli::run::{StopSignals, log};
use crate::clock::Clock;
use crate::config::{self, Config};
use crate::daemon::record::record;
use crate::measure::Span;
use crate::names::{SourceId, UNKNOWN_UNIT};
use crate::source::disguise::{Key, Recorder, Tape};
use crate::source::import::import;
use crate::source::kind::{Kind, Transport, kind_named};
use crate::source::{HealthBoard, SourceSettings};

/// Arguments of `capture`.
#[derive(Debug, Args)]
#[command(after_help = "\
What is recorded can be imported like the real thing and gives the same visits and transfers. Replaced
are numbers, names, addresses and everything else that is not known to be the switch's own word, a
time or a measure; each by a fake of the same length, always the same for the same. Queues and
extensions of the configuration stay. Read the recording before you send it.

Examples:
  servicegrad capture --config config/lystkom.toml --source vaxel --for 10m --output vaxel.capture
  servicegrad capture --config config/lystkom.toml --source vaxel --output vaxel.capture queue_log.1.gz queue_log")]
pub struct CaptureArgs {
    /// The configuration file
    #[arg(long, value_name = "FILE", default_value = "config/servicegrad.toml")]
    config: PathBuf,
    /// Name of the [[source]] to record
    #[arg(long)]
    source: String,
    /// Where the recording goes; must not be there yet
    #[arg(long, value_name = "FILE")]
    output: PathBuf,
    /// Stop after this long: 90s, 10m; default: when interrupted
    #[arg(long = "for", value_name = "LENGTH", conflicts_with = "files")]
    length: Option<Span>,
    /// File with the key that the fakes hang on, made if it is not there: the same key, the same
    /// fakes. Keep it to yourself. Default: a new key that nobody knows
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
    /// Old files to record in place of what the source says from now on, plain or gzip
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
}

/// Records a source.
pub fn run(args: &CaptureArgs) -> Result<(), CliError> {
    let config = config::load(&args.config)?;
    let directory = Arc::clone(&config.directory);
    let source = directory.source_named(&args.source).ok_or_else(|| {
        let known = directory.sources().join(", ");
        CliError::Usage(format!(
            "there is no source `{}` in {}; there are: {known}",
            args.source,
            args.config.display()
        ))
    })?;
    let settings = &config.sources[source.index()];
    let kind =
        kind_named(&settings.kind).ok_or_else(|| CliError::Usage(format!("there is no kind `{}`", settings.kind)))?;
    if args.files.is_empty() && matches!(kind.transport, Transport::Http) {
        let why = format!(
            "source `{}` is posted to and cannot be listened in on; give files of what was posted",
            args.source
        );
        return Err(CliError::Usage(why));
    }
    if let (true, Some(folder)) = (args.files.is_empty(), &settings.folder) {
        let why = format!(
            "source `{}` reads the files in {} and moves them away, which is the daemon's to do; name the files to record",
            args.source,
            folder.display()
        );
        return Err(CliError::Usage(why));
    }
    let key = args.key_file.as_deref().map_or_else(new_key, key_of)?;
    let failed = |error| CliError::Failed(format!("{}: {error}", args.output.display()));
    let out = File::create_new(&args.output).map_err(failed)?;
    let recorder = Recorder { tape: Tape::new(BufWriter::new(out)), key, is_known: Arc::new(known(&config)) };
    if args.files.is_empty() {
        live(settings, &recorder, args.length)?;
    } else {
        for file in &args.files {
            of_file(file, settings, kind, &recorder)?;
        }
    }
    let bytes = recorder.tape.written().map_err(failed)?;
    tell(&format!(
        "{} recorded in {}; look through it before you send it, and try it with `servicegrad import`",
        HumanBytes(bytes),
        args.output.display()
    ));
    Ok(())
}

fn of_file(file: &Path, settings: &SourceSettings, kind: &Kind, recorder: &Recorder) -> Result<(), CliError> {
    let mut decoder = recorder.tap(settings, kind.shape, (kind.decoder)(settings));
    import::<CliError>(file, SourceId(0), &mut decoder, Clock::system().now(), |_, _| Ok(()))
}

fn live(settings: &SourceSettings, recorder: &Recorder, length: Option<Span>) -> Result<(), CliError> {
    log();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let health = HealthBoard::default();
    let (stop, stopped) = watch::channel(false);
    let ended = runtime.block_on(async {
        let mut signals = StopSignals::new()?;
        let recording = record(settings, recorder.clone(), health.clone(), Clock::system(), stopped);
        let until = async {
            let end = async {
                match length {
                    Some(length) => tokio::time::sleep(length.to_std()).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = end => {}
                () = signals.asked() => {}
                () = show(recorder, &health) => {}
            }
            stop.send_replace(true);
        };
        let (done, ()) = tokio::join!(recording, until);
        done.map_err(|error| CliError::Failed(error.to_string()))
    });
    // A read of standard input cannot be interrupted.
    runtime.shutdown_background();
    ended
}

/// Shows how much there is, until it cannot be written any more.
async fn show(recorder: &Recorder, health: &HealthBoard) {
    let bar = ProgressBar::new_spinner();
    loop {
        let Ok(bytes) = recorder.tape.written() else { return };
        let trouble = health.read().trouble.unwrap_or_default();
        bar.set_message(format!("{} recorded; Ctrl-C ends it. {trouble}", HumanBytes(bytes)));
        bar.tick();
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

/// The words that stay: names of queues, sources and their likes, and extensions of units.
fn known(config: &Config) -> impl Fn(&str) -> bool + Send + Sync + use<> {
    let directory = Arc::clone(&config.directory);
    let now = Clock::system().now();
    let mut names: HashSet<String> = HashSet::new();
    let mut keep = |name: &str| {
        let words = name.split(|letter: char| !letter.is_alphanumeric());
        // As the fakes cut them: a number and a word that touch are two.
        let parts = words.flat_map(|word| word.as_bytes().chunk_by(|a, b| a.is_ascii_digit() == b.is_ascii_digit()));
        names.extend(parts.map(|part| String::from_utf8_lossy(part).into_owned()));
    };
    for queue in directory.queues() {
        keep(&queue.name);
        queue.from.iter().for_each(|from| keep(&from.queue));
    }
    directory.sources().iter().for_each(|name| keep(name));
    move |word| names.contains(word) || directory.unit_of(word, now) != UNKNOWN_UNIT
}

fn new_key() -> Result<Key, CliError> {
    let mut key = Key::default();
    getrandom::fill(&mut key).map_err(|error| CliError::Failed(format!("no randomness for a key: {error}")))?;
    Ok(key)
}

/// The key in a file of 32 hexadecimal digits, made if it is not there.
fn key_of(path: &Path) -> Result<Key, CliError> {
    let failed = |why: String| CliError::Failed(format!("{}: {why}", path.display()));
    match std::fs::read_to_string(path) {
        Ok(text) => u128::from_str_radix(text.trim(), 16)
            .map(u128::to_be_bytes)
            .map_err(|_| failed("holds no key; it must be 32 hexadecimal digits".to_owned())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let key = new_key()?;
            let mut file = OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(path)
                .map_err(|error| failed(error.to_string()))?;
            writeln!(file, "{:032x}", u128::from_be_bytes(key)).map_err(|error| failed(error.to_string()))?;
            Ok(key)
        }
        Err(error) => Err(failed(error.to_string())),
    }
}
