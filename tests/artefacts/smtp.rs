//! A mail server on loopback that keeps what it takes, or takes nothing for now.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

#[derive(Clone)]
pub struct MailServer {
    pub address: String,
    mails: Arc<Mutex<Vec<Mail>>>,
    is_full: Arc<AtomicBool>,
    refused: Arc<AtomicU32>,
    is_silent: Arc<AtomicBool>,
}

/// One mail that was taken.
#[derive(Clone, Debug)]
pub struct Mail {
    pub to: Vec<String>,
    /// Head and body, as they came.
    pub text: String,
}

impl Mail {
    pub fn header(&self, name: &str) -> Option<&str> {
        let head = self.text.split("\r\n\r\n").next()?;
        head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }

    /// The text, decoded from base64 or quoted-printable as the mail says.
    pub fn body(&self) -> String {
        let (head, body) = self.text.split_once("\r\n\r\n").unwrap();
        assert!(head.contains("quoted-printable") || head.contains("7bit"), "{head}");
        let joined = body.replace("=\r\n", "");
        let mut parts = joined.split('=');
        let mut bytes = parts.next().unwrap().as_bytes().to_vec();
        for part in parts {
            bytes.push(u8::from_str_radix(&part[..2], 16).unwrap());
            bytes.extend_from_slice(&part.as_bytes()[2..]);
        }
        String::from_utf8(bytes).unwrap()
    }
}

/// What a part holds that was sent in base64.
pub fn from_base64(text: &str) -> Vec<u8> {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut bytes, mut held, mut bits) = (Vec::new(), 0_u32, 0);
    for byte in text.bytes().filter(|byte| !byte.is_ascii_whitespace() && *byte != b'=') {
        let six = LETTERS.iter().position(|letter| *letter == byte).expect("base64");
        (held, bits) = ((held << 6 | six as u32) & 0xff_ffff, bits + 6);
        if bits >= 8 {
            bits -= 8;
            bytes.push((held >> bits) as u8);
        }
    }
    bytes
}

impl MailServer {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let this = Self {
            address: listener.local_addr().unwrap().to_string(),
            mails: Arc::default(),
            is_full: Arc::default(),
            refused: Arc::default(),
            is_silent: Arc::default(),
        };
        let shared = this.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let shared = shared.clone();
                // A client that is killed leaves in the middle of a word.
                std::thread::spawn(move || shared.talk(stream.unwrap()).ok());
            }
        });
        this
    }

    /// Whether it says from now on that there is no room at the moment.
    pub fn set_full(&self, is_full: bool) {
        self.is_full.store(is_full, Ordering::Relaxed);
    }

    /// Whether it takes a mail from now on and never says so.
    pub fn set_silent(&self, is_silent: bool) {
        self.is_silent.store(is_silent, Ordering::Relaxed);
    }

    pub fn mails(&self) -> Vec<Mail> {
        self.mails.lock().unwrap().clone()
    }

    /// How many mails it had no room for.
    pub fn refused(&self) -> u32 {
        self.refused.load(Ordering::Relaxed)
    }

    fn talk(&self, mut stream: TcpStream) -> std::io::Result<()> {
        let mut lines = BufReader::new(stream.try_clone()?);
        let mut to = Vec::new();
        stream.write_all(b"220 test ESMTP\r\n")?;
        loop {
            let mut line = String::new();
            if lines.read_line(&mut line)? == 0 {
                return Ok(());
            }
            let word = line.get(..4).unwrap_or_default().to_ascii_uppercase();
            let answer = match word.as_str() {
                "EHLO" => "250-test\r\n250 8BITMIME\r\n",
                "RCPT" if self.is_full.load(Ordering::Relaxed) => {
                    self.refused.fetch_add(1, Ordering::Relaxed);
                    "452 no room now\r\n"
                }
                "RCPT" => {
                    to.push(line.split(['<', '>']).nth(1).unwrap_or_default().to_owned());
                    "250 yes\r\n"
                }
                "DATA" => {
                    stream.write_all(b"354 go on\r\n")?;
                    let mut text = String::new();
                    while !text.ends_with("\r\n.\r\n") {
                        if lines.read_line(&mut text)? == 0 {
                            return Ok(());
                        }
                    }
                    text.truncate(text.len() - 5);
                    self.mails.lock().unwrap().push(Mail { to: std::mem::take(&mut to), text });
                    if self.is_silent.load(Ordering::Relaxed) {
                        std::thread::sleep(std::time::Duration::from_secs(50));
                        return Ok(());
                    }
                    "250 taken\r\n"
                }
                "QUIT" => {
                    stream.write_all(b"221 bye\r\n")?;
                    return Ok(());
                }
                _ => "250 yes\r\n",
            };
            stream.write_all(answer.as_bytes())?;
        }
    }
}
