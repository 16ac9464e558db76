//! The connections of the web, and what strangers may do with them.
//!
//! Connections are bounded, and so is what each may take: time for the head of a request, bytes of
//! it, time for an answer, time in which a reader takes nothing. Some places are kept for posted
//! events, health and metrics: whatever others do, those are answered.

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response, StatusCode, header};
use axum::response::IntoResponse;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::metrics::HttpMetrics;
use crate::web::patient::Patient;
use crate::web::seats::{Came, Seat, Seats};

/// Most connections at once: every stream of live figures and some hundred visitors. The one that
/// has been idle the longest leaves for a further one.
pub const CONNECTIONS_MAX: usize = 1_200;
/// Of those, kept for [`FIRST`]: requests of others beyond the rest are told to come again.
const KEPT: usize = 64;
/// Most streams of live figures; a further reader is told to ask again and polls meanwhile.
const STREAMS_MAX: usize = 1_000;
/// Descriptors left to the store, the sources and the log.
const FILES_KEPT: usize = 256;
/// What is answered whatever else goes on.
const FIRST: [&str; 4] = ["/api/v1/events", "/healthz", "/readyz", "/metrics"];
/// How long the head of a request may take, from the end of the answer before: a connection that asks
/// nothing for so long is closed.
const HEAD_WAIT: Duration = Duration::from_secs(10);
/// Longest head of a request; beyond it 431 is answered. Also what an answer may be ahead of its reader.
const HEAD_BYTES_MAX: usize = 32 * 1024;
/// How long a reader may take nothing of an answer.
const WRITE_WAIT: Duration = Duration::from_secs(20);
/// How long answers under way may take when the daemon stops.
const STOP_WAIT: Duration = Duration::from_secs(5);
/// Rest after the system had no connection to give, so that it is not asked ten thousand times.
const REST: Duration = Duration::from_millis(50);

/// How many may come at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Connections.
    pub connections: usize,
    /// Streams of live figures.
    pub streams: usize,
}

impl Bounds {
    /// What the system lets this process have, which is said where it is less than it could be.
    pub fn of_system() -> Self {
        let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
        let files = files_max(&limits);
        let bounds = Self::with(files.unwrap_or(usize::MAX));
        if bounds.connections < CONNECTIONS_MAX {
            tracing::warn!(
                connections_max = bounds.connections,
                files_max = files,
                "the limit of open files bounds the connections; raise it with `ulimit -n` or LimitNOFILE="
            );
        }
        bounds
    }

    fn with(files: usize) -> Self {
        let connections = files.saturating_sub(FILES_KEPT).clamp(4 * KEPT, CONNECTIONS_MAX);
        Self { connections, streams: STREAMS_MAX.min(connections - 2 * KEPT) }
    }
}

/// The soft limit of open files, where the system tells.
fn files_max(limits: &str) -> Option<usize> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// The other end of a connection.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub SocketAddr);

/// Serves `app` until asked to stop.
pub async fn serve(
    listener: TcpListener,
    app: Router,
    bounds: Bounds,
    metrics: HttpMetrics,
    mut stop: watch::Receiver<bool>,
) {
    let seats = Seats::new(bounds.connections);
    let asking = Arc::new(Semaphore::new(bounds.connections - KEPT));
    let app = TowerToHyperService::new(app);
    let mut connections = JoinSet::new();
    let mut is_told = false;
    loop {
        metrics.connections.set(seats.taken() as i64);
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            Some(_) = connections.join_next() => continue,
            _ = stop.wait_for(|stop| *stop) => break,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                if !is_told {
                    tracing::warn!(%error, "a connection could not be taken");
                }
                is_told = true;
                sleep(REST).await;
                continue;
            }
        };
        is_told = false;
        let seat = match seats.take() {
            Came::Seated(seat) => seat,
            Came::SeatedFor(seat) => {
                metrics.turned_away.inc();
                seat
            }
            Came::Full => {
                metrics.turned_away.inc();
                continue;
            }
        };
        let one = Connection {
            peer,
            seat: Arc::new(seat),
            app: app.clone(),
            asking: Arc::clone(&asking),
            metrics: metrics.clone(),
        };
        connections.spawn(one.serve(stream, stop.clone()));
    }
    drop(listener);
    let ended = async { while connections.join_next().await.is_some() {} };
    if timeout(STOP_WAIT, ended).await.is_err() {
        tracing::info!(connections = connections.len(), "readers that took too long were let go");
        connections.shutdown().await;
    }
}

struct Connection {
    peer: SocketAddr,
    seat: Arc<Seat>,
    app: TowerToHyperService<Router>,
    asking: Arc<Semaphore>,
    metrics: HttpMetrics,
}

impl Connection {
    async fn serve(self, stream: TcpStream, mut stop: watch::Receiver<bool>) {
        if let Err(error) = set_up(&stream) {
            tracing::debug!(%error, peer = %self.peer, "a connection keeps the system's ways");
        }
        let (seat, peer) = (Arc::clone(&self.seat), self.peer);
        let service = service_fn(|request| self.answer(request));
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_WAIT)
            .max_buf_size(HEAD_BYTES_MAX)
            .serve_connection(TokioIo::new(Patient::new(stream, WRITE_WAIT)), service);
        let mut connection = pin!(connection);
        let mut is_stopping = false;
        loop {
            tokio::select! {
                ended = connection.as_mut() => {
                    if let Err(error) = ended {
                        tracing::debug!(%peer, %error, "a connection ended early");
                    }
                    return;
                }
                () = seat.wanted() => return,
                _ = stop.wait_for(|stop| *stop), if !is_stopping => {
                    is_stopping = true;
                    connection.as_mut().graceful_shutdown();
                }
            }
        }
    }

    async fn answer(&self, mut request: Request<Incoming>) -> Result<Response<Body>, std::convert::Infallible> {
        let permit = if FIRST.contains(&request.uri().path()) {
            None
        } else if let Ok(permit) = Arc::clone(&self.asking).try_acquire_owned() {
            Some(permit)
        } else {
            self.metrics.turned_away.inc();
            let headers = [(header::RETRY_AFTER, "5"), (header::CONNECTION, "close")];
            return Ok((StatusCode::SERVICE_UNAVAILABLE, headers, "as many requests as there may be\n").into_response());
        };
        // A stream takes its own hold of this and stays busy after the head of its answer.
        let busy = Arc::new(self.seat.busy(permit));
        request.extensions_mut().insert(Arc::clone(&busy));
        request.extensions_mut().insert(Peer(self.peer));
        let answer = self.app.call(request).await;
        drop(busy);
        answer
    }
}

/// A peer that vanished without a word is noticed within the time that a slow one is given.
fn set_up(stream: &TcpStream) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    #[cfg(target_os = "linux")]
    socket2::SockRef::from(stream).set_tcp_user_timeout(Some(WRITE_WAIT))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_leave_room_for_the_store_and_streams_for_others() {
        let text = "Limit  Soft Limit  Hard Limit  Units\nMax open files            1024      524288     files\n";
        assert_eq!(files_max(text), Some(1024));
        assert_eq!(files_max("Max open files  unlimited unlimited files"), None);
        assert_eq!(Bounds::with(1024), Bounds { connections: 768, streams: 640 });
        assert_eq!(Bounds::with(20_000), Bounds { connections: 1_200, streams: 1_000 });
        assert_eq!(Bounds::with(10), Bounds { connections: 256, streams: 128 });
    }
}
