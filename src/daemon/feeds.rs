//! From settings to running sources.

use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;

use crate::clock::Clock;
use crate::daemon::StartError;
use crate::measure::Moment;
use crate::names::SourceId;
use crate::source::dial::{self, Dial};
use crate::source::disguise::Recorder;
use crate::source::drop_folder::DropFolder;
use crate::source::follow::Follow;
use crate::source::import::import;
use crate::source::kind::{Kind, Transport, kind_named};
use crate::source::listen::Listen;
use crate::source::peers::Peers;
use crate::source::{Decode, Delivery, HealthBoard, Sink, SourceSettings};

/// What every feed is given.
#[derive(Clone)]
pub(super) struct Common {
    /// For sources that cannot wait.
    pub(super) sink: Sink,
    /// For files, which are read later.
    pub(super) files: Sink,
    pub(super) clock: Clock,
    pub(super) stop: watch::Receiver<bool>,
    /// Records what is read, where somebody wants to have it.
    pub(super) recorder: Option<Recorder>,
}

impl Common {
    /// A fresh decoder of a kind.
    fn decoder(&self, kind: &Kind, settings: &SourceSettings) -> Box<dyn Decode> {
        let decoder = (kind.decoder)(settings);
        match &self.recorder {
            Some(recorder) => Box::new(recorder.tap(settings, kind.shape, decoder)),
            None => decoder,
        }
    }
}

/// What is known of how far a feed had been read.
pub(super) enum Stood {
    /// So far; `None`: not at all.
    At(Option<String>),
    /// The store is not there yet, and tells later.
    Unknown(oneshot::Receiver<Option<String>>),
}

/// Whether a source cannot wait for the store: what it says now it does not say again.
pub(super) fn is_live(settings: &SourceSettings) -> bool {
    settings.path.is_none() && settings.folder.is_none()
}

/// Starts a feed, from where it stood. Only a live one may be started before that is known.
pub(super) async fn start(
    source: SourceId,
    settings: &SourceSettings,
    stood: Stood,
    health: HealthBoard,
    common: &Common,
    tasks: &mut JoinSet<()>,
) -> Result<(), StartError> {
    let failed = |why: String| StartError::Source { name: settings.name.clone(), why };
    let kind = kind_named(&settings.kind).ok_or_else(|| failed(format!("there is no kind `{}`", settings.kind)))?;
    let (position, recall) = match stood {
        Stood::At(position) => (position, None),
        Stood::Unknown(recall) => (None, Some(recall)),
    };
    let token = settings.read_token().map_err(|error| failed(format!("token_file: {error}")))?;
    match (kind.transport, &settings.path, settings.listen) {
        (Transport::Http, ..) => health.up(0),
        (Transport::Dial { port, dialogue }, ..) => {
            let secret = settings.read_secret().map_err(|error| failed(format!("secret_file: {error}")))?;
            let address = settings.connect_to(port).ok_or_else(|| failed("connect is missing".to_owned()))?;
            let dialogue = dialogue(settings, &secret);
            let dial = Dial {
                source,
                dialogue: match &common.recorder {
                    Some(recorder) => Box::new(recorder.tap(settings, kind.shape, dialogue)),
                    None => dialogue,
                },
                address,
                tls: dial::tls(settings).map_err(&failed)?,
                position,
                recall,
                sink: common.sink.clone(),
                health,
                clock: common.clock.clone(),
                stop: common.stop.clone(),
            };
            tasks.spawn(dial.run());
        }
        (_, Some(path), _) if path.as_os_str() == "-" => {
            let (sink, clock, decoder) = (common.files.clone(), common.clock.clone(), common.decoder(kind, settings));
            // A read of standard input cannot be interrupted, so its thread is not waited for.
            std::thread::spawn(move || standard_input(source, decoder, &sink, clock.now(), &health));
        }
        (_, Some(path), _) => {
            let follow = Follow {
                source,
                path: path.clone(),
                poll: settings.poll.to_std(),
                decoder: common.decoder(kind, settings),
                position,
                sink: common.files.clone(),
                health,
                clock: common.clock.clone(),
                stop: common.stop.clone(),
            };
            tasks.spawn_blocking(move || follow.run());
        }
        (Transport::FileFolderOrListen, None, None) => {
            let folder = settings.folder.clone().ok_or_else(|| failed("has no path, folder or listen".to_owned()))?;
            let inside = |given: &Option<std::path::PathBuf>, name| given.clone().unwrap_or_else(|| folder.join(name));
            let drop_folder = DropFolder {
                source,
                done: inside(&settings.done, "done"),
                failed: inside(&settings.failed, "failed"),
                folder,
                settle: settings.settle.to_std(),
                poll: settings.poll.to_std(),
                decoder: common.decoder(kind, settings),
                position,
                sink: common.files.clone(),
                health,
                clock: common.clock.clone(),
                stop: common.stop.clone(),
            };
            tasks.spawn_blocking(move || drop_folder.run());
        }
        (_, None, Some(address)) => {
            let listener = TcpListener::bind(address)
                .await
                .map_err(|error| failed(format!("cannot listen on {address}: {error}; is the port taken?")))?;
            let (maker, of) = (common.clone(), settings.clone());
            let listen = Listen {
                source,
                listener,
                decoder: Box::new(move || maker.decoder(kind, &of)),
                rate: settings.rate,
                token,
                printer_of: match kind.transport {
                    Transport::FileFolderOrListen => Some(Peers::parse(&settings.peers).map_err(&failed)?),
                    _ => None,
                },
                sink: common.sink.clone(),
                health,
                clock: common.clock.clone(),
                stop: common.stop.clone(),
            };
            tasks.spawn(listen.run());
        }
        (_, None, None) => return Err(failed("has neither path nor listen".to_owned())),
    }
    Ok(())
}

fn standard_input(source: SourceId, mut decoder: Box<dyn Decode>, sink: &Sink, received: Moment, health: &HealthBoard) {
    health.up(0);
    let read = import::<crate::source::import::ImportError>(
        std::path::Path::new("-"),
        source,
        &mut *decoder,
        received,
        |mut batch, _| {
            batch.caught_up = true;
            // Whoever stops the daemon stops this as well.
            let _ = sink.blocking_send(Delivery { batch, done: None });
            Ok(())
        },
    );
    let mut rest = crate::source::Batch::of(source);
    decoder.flush(&mut rest);
    if !rest.events.is_empty() || !rest.rejects.is_empty() {
        rest.caught_up = true;
        let _ = sink.blocking_send(Delivery { batch: rest, done: None });
    }
    match read {
        Ok(()) => health.down("standard input has ended"),
        Err(error) => health.down(error.to_string()),
    };
}
