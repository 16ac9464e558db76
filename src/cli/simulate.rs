//! `simulate`: events of a switchboard that is not there.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

use crate::cli::error::CliError;
use crate::cli::outlet::Outlet;
use crate::cli::output::tell;
use crate::clock::{Clock, local_midnight};
use crate::event::json;
use crate::report::period::between;
use crate::simulate::queue_log::Renderer;
use crate::simulate::years::{YEARS, Year};
use crate::simulate::{Scenario, Switchboard, Told};

/// Simulated time that is worked out in one go.
const STEP_MS: i64 = 60_000;
/// The usual seed.
const SEED: u64 = 2023;
/// How often new events are written at the pace of the clock.
const PACE: Duration = Duration::from_millis(200);

/// Arguments of `simulate`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  servicegrad simulate --from 2026-01-01 --to 2027-01-01 --output year.ndjson
  servicegrad simulate --like 2022 --from 2022-01-01 --to 2023-01-01 --output 2022.ndjson
  servicegrad simulate --from 2026-11-02 --to 2026-11-03 --format queue_log --output queue_log
  servicegrad simulate --live --tcp 127.0.0.1:9465 --token WORD
  servicegrad simulate --live --http http://127.0.0.1:9464/api/v1/events?source=krok")]
pub struct SimulateArgs {
    /// First local day: 2026-01-01
    #[arg(long, value_name = "DAY", required_unless_present = "live", requires = "to")]
    from: Option<String>,
    /// The day after the last: 2027-01-01
    #[arg(long, value_name = "DAY", requires = "from")]
    to: Option<String>,
    /// From now on, at the pace of the clock, always open, until interrupted
    #[arg(long, conflicts_with_all = ["from", "to"])]
    live: bool,
    /// How events are written
    #[arg(long, value_enum, default_value_t = Form::Ndjson)]
    format: Form,
    /// Like the model customer in a year of published figures: 2021, 2022 or 2023
    #[arg(long, value_name = "YEAR", conflicts_with = "live")]
    like: Option<i32>,
    /// The same seed gives the same calls. Default: 2023, or that of the year of --like
    #[arg(long)]
    seed: Option<u64>,
    /// Callers times this
    #[arg(long, default_value_t = 1.0)]
    busier: f64,
    /// Write to a file instead of standard output
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Send to a listener: the `listen` of a source of kind ndjson
    #[arg(long, value_name = "ADDRESS", conflicts_with_all = ["output", "format"])]
    tcp: Option<String>,
    /// Post to a daemon: http://127.0.0.1:9464/api/v1/events?source=NAME
    #[arg(long, value_name = "URL", conflicts_with_all = ["output", "format", "tcp"])]
    http: Option<String>,
    /// Word that the listener or the daemon wants
    #[arg(long, env = "SERVICEGRAD_TOKEN", hide_env_values = true)]
    token: Option<String>,
}

/// How events are written.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Form {
    /// Canonical events, a JSON object a line
    Ndjson,
    /// Asterisk's queue_log; cannot tell what became of transfers
    #[value(name = "queue_log")]
    QueueLog,
}

/// Simulates.
pub fn run(args: &SimulateArgs) -> Result<(), CliError> {
    if !(args.busier > 0.0 && args.busier <= 1000.0) {
        return Err(CliError::Usage("--busier must lie above 0 and at most at 1000".to_owned()));
    }
    let failed = |place: &dyn std::fmt::Display, error| CliError::Failed(format!("{place}: {error}"));
    let token = args.token.as_deref();
    let out = match (&args.output, &args.tcp, &args.http) {
        (Some(path), ..) => Outlet::File(File::create(path).map_err(|error| failed(&path.display(), error))?),
        (_, Some(address), _) => Outlet::tcp(address, token).map_err(|error| failed(address, error))?,
        (_, _, Some(url)) => Outlet::http(url, token),
        _ => Outlet::Stdout(std::io::stdout()),
    };
    let mut writer =
        Writer { out: BufWriter::new(out), form: args.format, renderer: Renderer::default(), line: String::new() };
    let written = match (&args.from, &args.to) {
        (Some(from), Some(to)) => period(args, from, to, &mut writer)?,
        _ => live(args, &mut writer),
    };
    match written {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(error.into()),
        Ok(()) => {
            let out = writer.out.into_inner().map_err(|error| CliError::from(error.into_error()))?;
            if let Some(told) = out.end()? {
                tell(&told.to_string());
            }
            Ok(())
        }
    }
}

fn period(args: &SimulateArgs, from: &str, to: &str, writer: &mut Writer) -> Result<std::io::Result<()>, CliError> {
    let period = between(from, to).map_err(CliError::Usage)?;
    let zone = chrono_tz::Europe::Stockholm;
    let (from, until) = (local_midnight(period.from, zone), local_midnight(period.until, zone));
    let (scenario, seed) = match args.like {
        None => (Scenario::municipal(), SEED),
        Some(year) => {
            let year = Year::named(year).ok_or_else(|| {
                let known: Vec<String> = YEARS.iter().map(|year| year.year.to_string()).collect();
                CliError::Usage(format!("nothing is published of {year}; there are: {}", known.join(", ")))
            })?;
            (Scenario::of_year(year), year.seed)
        }
    };
    let mut board = Switchboard::new(scenario.busier(args.busier), args.seed.unwrap_or(seed), from);
    let bar = if args.output.is_some() || args.tcp.is_some() || args.http.is_some() {
        ProgressBar::new((until - from) as u64)
    } else {
        ProgressBar::hidden()
    };
    if let Ok(style) = ProgressStyle::with_template("{wide_bar} {percent} % {eta}") {
        bar.set_style(style);
    }
    // The last moment belongs to the next day.
    let last = until.plus_ms(-1);
    let mut now = from;
    let mut written = Ok(());
    while now < last && written.is_ok() {
        now = now.plus_ms(STEP_MS).min(last);
        written = writer.write(&board.advance(now));
        bar.set_position((now - from) as u64);
    }
    bar.finish_and_clear();
    Ok(written.and_then(|()| writer.out.flush()))
}

fn live(args: &SimulateArgs, writer: &mut Writer) -> std::io::Result<()> {
    let clock = Clock::system();
    let mut board = Switchboard::new(
        Scenario::municipal().around_the_clock().busier(args.busier),
        args.seed.unwrap_or(SEED),
        clock.now(),
    );
    loop {
        writer.write(&board.advance(clock.now()))?;
        writer.out.flush()?;
        std::thread::sleep(PACE);
    }
}

struct Writer {
    out: BufWriter<Outlet>,
    form: Form,
    renderer: Renderer,
    line: String,
}

impl Writer {
    fn write(&mut self, all: &[Told]) -> std::io::Result<()> {
        for told in all {
            match self.form {
                Form::Ndjson => {
                    let mut line = Vec::with_capacity(256);
                    json::write(&told.event, &told.id, &mut line);
                    line.push(b'\n');
                    self.out.write_all(&line)?;
                }
                Form::QueueLog => {
                    self.line.clear();
                    self.renderer.render(&told.event, &mut self.line);
                    self.out.write_all(self.line.as_bytes())?;
                }
            }
        }
        Ok(())
    }
}
