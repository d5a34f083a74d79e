//! A stand-in for an ACME CA that does what no real one does when it is asked to: it answers what is written down for a path.

use std::sync::{Arc, Mutex};

use super::{Request, StandIn, reply};

/// Answers by the path that is asked for; the last one that fits wins, and `BASE` in it is its own address.
#[derive(Debug)]
pub struct ScriptedCa {
    pub base: String,
    answers: Arc<Mutex<Vec<(&'static str, String)>>>,
    server: StandIn,
}

impl ScriptedCa {
    pub fn start() -> Self {
        let answers: Arc<Mutex<Vec<(&'static str, String)>>> = Arc::default();
        let written = Arc::clone(&answers);
        let server = StandIn::new(move |request: &Request| {
            let answer = written.lock().unwrap().iter().rev().find(|(path, _)| *path == request.path()).cloned();
            answer.map_or_else(|| reply("404 Not Found", "", ""), |(_, answer)| answer.into_bytes())
        });
        Self { base: server.url(), answers, server }
    }

    /// The whole answer, as it goes over the wire.
    pub fn answers(&self, path: &'static str, answer: &str) {
        self.answers.lock().unwrap().push((path, answer.replace("BASE", &self.base)));
    }

    /// An answer of this status with headers (each with its end of line) and body.
    pub fn says(&self, path: &'static str, status: &str, headers: &str, body: &str) {
        let body = body.replace("BASE", &self.base);
        let answer = reply(status, &format!("Replay-Nonce: nonce\r\n{headers}"), body);
        self.answers(path, &String::from_utf8(answer).unwrap());
    }

    /// How often it was asked for this path.
    pub fn asked_for(&self, path: &str) -> usize {
        self.server.seen().iter().filter(|request| request.path() == path).count()
    }

    /// How often it was asked.
    pub fn asked(&self) -> usize {
        self.server.seen().len()
    }
}
