//! A line between the program and its server that can be cut and stopped.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A proxy on a port of its own; gone with the test.
pub struct Proxy {
    pub port: u16,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    lines: Mutex<Vec<TcpStream>>,
    is_still: AtomicBool,
    cuts: AtomicU64,
}

impl Proxy {
    /// Leads to `port` of loopback.
    pub fn to(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let proxy = Self { port: listener.local_addr().unwrap().port(), state: Arc::default() };
        let state = Arc::clone(&proxy.state);
        std::thread::spawn(move || {
            for inner in listener.incoming() {
                let inner = inner.unwrap();
                let Ok(outer) = TcpStream::connect(("127.0.0.1", port)) else { continue };
                for (from, to) in [(&inner, &outer), (&outer, &inner)] {
                    let (from, to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
                    let state = Arc::clone(&state);
                    std::thread::spawn(move || carry(from, to, &state));
                }
                state.lines.lock().unwrap().extend([inner, outer]);
            }
        });
        proxy
    }

    /// Cuts every line, at whatever byte it is.
    pub fn cut(&self) {
        for line in self.state.lines.lock().unwrap().drain(..) {
            let _ = line.shutdown(Shutdown::Both);
        }
        self.state.cuts.fetch_add(1, Ordering::Relaxed);
    }

    /// From now on nothing gets through, and nobody is told; or it does again.
    pub fn be_still(&self, is_still: bool) {
        self.state.is_still.store(is_still, Ordering::Relaxed);
    }
}

fn carry(mut from: TcpStream, mut to: TcpStream, state: &State) {
    let mut piece = [0; 1_000];
    loop {
        let length = match from.read(&mut piece) {
            Ok(length) if length > 0 => length,
            _ => break,
        };
        while state.is_still.load(Ordering::Relaxed) {
            std::thread::sleep(Duration::from_millis(5));
        }
        if to.write_all(&piece[..length]).is_err() {
            break;
        }
    }
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}
