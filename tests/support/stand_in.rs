//! A stand-in for a CA that does what no real one does when it is asked to: an HTTP server with fixed answers.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// Answers by the path that is asked for; the last one that fits wins, and `BASE` in it is its own address.
#[derive(Debug)]
pub struct StandIn {
    pub base: String,
    answers: Arc<Mutex<Vec<(&'static str, String)>>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl StandIn {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let stand_in = Self { base, answers: Arc::default(), asked: Arc::default() };
        let (base, answers, asked) =
            (stand_in.base.clone(), Arc::clone(&stand_in.answers), Arc::clone(&stand_in.asked));
        std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let (base, answers, asked) = (base.clone(), Arc::clone(&answers), Arc::clone(&asked));
                std::thread::spawn(move || {
                    let Some(line) = request(&mut stream) else { return };
                    let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
                    let answer = answers.lock().unwrap().iter().rev().find(|(of, _)| *of == path).cloned();
                    asked.lock().unwrap().push(line);
                    let answer = answer.map_or_else(
                        || "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".to_owned(),
                        |(_, answer)| answer,
                    );
                    let _ = stream.write_all(answer.replace("BASE", &base).as_bytes());
                });
            }
        });
        stand_in
    }

    /// The whole answer, as it goes over the wire.
    pub fn answers(&self, path: &'static str, answer: &str) {
        self.answers.lock().unwrap().push((path, answer.to_owned()));
    }

    /// An answer of this status with headers (each with its end of line) and body.
    pub fn says(&self, path: &'static str, status: &str, headers: &str, body: &str) {
        let body = body.replace("BASE", &self.base);
        let length = body.len();
        let head =
            format!("HTTP/1.1 {status}\r\nReplay-Nonce: nonce\r\nContent-Length: {length}\r\nConnection: close\r\n");
        self.answers(path, &format!("{head}{headers}\r\n{body}"));
    }

    /// How often it was asked.
    pub fn asked(&self) -> usize {
        self.asked.lock().unwrap().len()
    }
}

/// Reads a request with its body; its first line.
fn request(stream: &mut TcpStream) -> Option<String> {
    let (mut bytes, mut part) = (Vec::new(), [0; 4096]);
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length =
                head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
            if body.len() >= length.unwrap_or(0) {
                return head.lines().next().map(str::to_owned);
            }
        }
        match stream.read(&mut part) {
            Ok(0) | Err(_) => return None,
            Ok(length) => bytes.extend_from_slice(&part[..length]),
        }
    }
}
