//! Somebody who is posted to, and counts it.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

/// A receiver of the web; gone with the test.
pub struct Receiver {
    pub address: String,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    posts: AtomicUsize,
    is_holding: AtomicBool,
}

impl Receiver {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let receiver = Self { address: listener.local_addr().unwrap().to_string(), state: Arc::default() };
        let state = Arc::clone(&receiver.state);
        std::thread::spawn(move || {
            for line in listener.incoming() {
                let state = Arc::clone(&state);
                std::thread::spawn(move || state.take(line.unwrap()));
            }
        });
        receiver
    }

    /// How many posts have come.
    pub fn posts(&self) -> usize {
        self.state.posts.load(Ordering::Relaxed)
    }

    /// Whether what comes is answered later only.
    pub fn hold(&self, is_holding: bool) {
        self.state.is_holding.store(is_holding, Ordering::Relaxed);
    }
}

impl State {
    fn take(&self, mut line: TcpStream) {
        let mut piece = [0; 4096];
        if line.read(&mut piece).unwrap_or(0) == 0 {
            return;
        }
        self.posts.fetch_add(1, Ordering::Relaxed);
        while self.is_holding.load(Ordering::Relaxed) {
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = line.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    }
}
