//! Against sockets that answer fixed bytes.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use std::cell::RefCell;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::time::Duration;

use super::*;
use crate::authority::SecretSource;

/// 2026-01-01 00:00:00 UTC.
const NOW: i64 = 1_767_225_600;

#[derive(Default)]
struct World {
    variables: Vec<(&'static str, String)>,
    told: RefCell<Vec<String>>,
}

impl Surroundings for World {
    fn secret(&self, _: &SecretSource) -> Result<Secret, Error> {
        Err(Error::Secret("none".to_owned()))
    }
    fn variable(&self, name: &str) -> Option<String> {
        self.variables.iter().find(|(one, _)| *one == name).map(|(_, value)| value.clone())
    }
    fn tell(&self, text: &str) {
        self.told.borrow_mut().push(text.to_owned());
    }
    fn warn(&self, text: &str) {
        self.tell(text);
    }
    fn kept(&self, _: &str) -> Result<Option<zeroize::Zeroizing<Vec<u8>>>, Error> {
        Ok(None)
    }
    fn keep(&self, _: &str, _: &[u8]) -> Result<(), Error> {
        Ok(())
    }

    fn can_keep(&self) -> Result<(), Error> {
        Ok(())
    }
    fn place(&self, name: &str) -> String {
        name.to_owned()
    }
    fn now(&self) -> i64 {
        NOW
    }
}

/// Takes one connection, reads a request and does this with it; its address.
fn server(then: impl FnOnce(&mut TcpStream, String) + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = Vec::new();
        while !request.windows(4).any(|window| window == b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            request.push(byte[0]);
        }
        then(&mut stream, String::from_utf8(request).unwrap());
    });
    url
}

fn answering(answer: impl Into<String>) -> String {
    let answer = answer.into();
    server(move |stream, _| stream.write_all(answer.as_bytes()).unwrap())
}

fn place(url: &str) -> Place<'_> {
    Place { protocol: "vault", url, root_file: None, timeout: 20 }
}

fn get(url: &str) -> Result<Reply, Error> {
    let world = World::default();
    let client = Client::new(place(url), &world)?;
    client.send(&Call { method: Method::GET, url, headers: &[("X-Token", "s3cret")], body: &[] })
}

/// What a status with a body becomes.
fn judged(status: &str, headers: &str, body: &str) -> Result<Reply, Error> {
    let answer = format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\n\r\n{body}", body.len());
    get(&answering(answer))?.accepted(|body| {
        let json: serde_json::Value = serde_json::from_slice(body).ok()?;
        Some(json["errors"][0].as_str()?.to_owned())
    })
}

#[test]
fn a_status_says_whose_fault_it_is() {
    assert_eq!(judged("200 OK", "", "fine").unwrap().body, b"fine");
    let Err(Error::Refused { message }) = judged("400 Bad Request", "", r#"{"errors":["not\u001b[31m yours"]}"#) else {
        panic!("not refused")
    };
    assert_eq!(message, "not [31m yours");
    let Err(Error::Refused { message }) = judged("403 Forbidden", "", "<html>\n <b>login</b>") else { panic!() };
    assert_eq!(message, "403 Forbidden: <html> <b>login</b>");
    let Err(Error::Unavailable { message, retry_after: None }) = judged("500 Internal Server Error", "", "") else {
        panic!("retryable")
    };
    assert_eq!(message, "500 Internal Server Error");
    let Err(Error::Answer { message }) = judged("307 Temporary Redirect", "Location: http://elsewhere/\r\n", "") else {
        panic!("followed")
    };
    assert!(message.contains("http://elsewhere/"), "{message}");
}

#[test]
fn a_pause_is_seconds_or_a_date() {
    let pause = |header: &str| match judged("503 Service Unavailable", header, r#"{"errors":["busy"]}"#) {
        Err(Error::Unavailable { message, retry_after }) if message == "busy" => retry_after,
        other => panic!("{other:?}"),
    };
    assert_eq!(pause("Retry-After: 120\r\n"), Some(Duration::from_secs(120)));
    assert_eq!(pause("Retry-After: Thu, 01 Jan 2026 00:10:00 GMT\r\n"), Some(Duration::from_secs(600)));
    assert_eq!(pause("Retry-After: Wed, 31 Dec 2025 00:00:00 GMT\r\n"), Some(Duration::ZERO));
    assert_eq!(pause("Retry-After: soon\r\n"), None);
    assert!(matches!(judged("429 Too Many Requests", "", ""), Err(Error::Unavailable { .. })));
}

#[test]
fn what_is_not_the_answer_is_shown_from_its_beginning() {
    let message = |result: Result<Reply, Error>| match result {
        Err(Error::Answer { message }) => message,
        other => panic!("{other:?}"),
    };
    let html = judged("200 OK", "", "<html>please log in").unwrap();
    assert!(message(html.json::<serde_json::Value>().map(|_| html)).contains("<html>please log in"));
    let early = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"data\":";
    assert_eq!(message(get(&answering(early))), "it ends early: {\"data\":");
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf";
    assert_eq!(message(get(&answering(chunked))), "it ends early: half");
    let long = format!("HTTP/1.1 200 OK\r\nContent-Length: 2000000\r\n\r\n{}", "x".repeat(1_100_000));
    let long = server(move |stream, _| drop(stream.write_all(long.as_bytes())));
    assert!(message(get(&long)).starts_with("it is longer than 1048576 bytes: xxx"));
    assert!(message(get(&answering("SSH-2.0-OpenSSH\r\n"))).contains("no HTTP"));
}

#[test]
fn a_network_that_fails_is_told_in_its_words() {
    let message = |url: &str, timeout: u64| {
        let world = World::default();
        let client = Client::new(Place { timeout, ..place(url) }, &world).unwrap();
        match client.send(&Call { method: Method::POST, url, headers: &[], body: b"x" }) {
            Err(Error::Unavailable { message, .. }) => message,
            other => panic!("{other:?}"),
        }
    };
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    // The socket listens and nobody accepts.
    assert!(message(&format!("http://127.0.0.1:{port}"), 1).contains("timeout"));
    drop(listener);
    assert!(message(&format!("http://127.0.0.1:{port}"), 20).contains("refused"));
    unknown_host(&message("https://no-such-host.invalid/", 20));
}

/// Systems differ in what they say of a name that nobody has.
fn unknown_host(message: &str) {
    let words = ["no such host", "failed to lookup", "os error 11001"];
    assert!(words.iter().any(|words| message.contains(words)), "{message}");
}

#[test]
fn addresses_that_would_show_secrets_are_refused() {
    let refused = |url: &str| match Client::new(place(url), &World::default()) {
        Err(Error::Configuration { reason, .. }) => reason,
        _ => panic!("{url} is taken"),
    };
    assert!(refused("http://ca.example.com/").contains("not encrypted"));
    assert!(!refused("https://me:s3cret@ca.example.com/").contains("s3cret"));
    for none in ["", "ca.example.com", "ldap://ca", "https://", "https://a b"] {
        assert!(refused(none).contains("address"), "{none}");
    }
    for good in ["http://localhost:8200", "http://[::1]:8200/", "http://127.0.0.2/", "https://ca.example.com/certsrv"] {
        assert!(Client::new(place(good), &World::default()).is_ok(), "{good}");
    }
}

#[test]
fn a_root_file_holds_roots() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |content: &str| {
        let path = folder.path().join("roots.pem");
        std::fs::write(&path, content).unwrap();
        let place = Place { root_file: Some(&path), ..place("https://ca.example.com") };
        match Client::new(place, &World::default()) {
            Err(Error::Configuration { reason, .. }) => reason,
            _ => panic!("taken: {content}"),
        }
    };
    assert!(refused("no PEM").contains("no PEM certificate"));
    let no_certificate = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    assert!(refused(no_certificate).contains("no usable root"));
    let missing = Place { root_file: Some(Path::new("/no/such/file")), ..place("https://ca.example.com") };
    assert!(Client::new(missing, &World::default()).is_err_and(|error| error.to_string().contains("/no/such/file")));
}

#[test]
fn the_proxy_is_asked_to_connect_unless_the_host_is_excepted() {
    let (sender, asked) = std::sync::mpsc::channel();
    let proxy = server(move |stream, request| {
        sender.send(request).unwrap();
        stream.write_all(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n").unwrap();
    });
    let url = "https://ca.invalid/sign";
    let send = |variables: Vec<(&'static str, String)>| {
        let world = World { variables, ..World::default() };
        let client = Client::new(place(url), &world).unwrap();
        let sent = client.send(&Call { method: Method::GET, url, headers: &[("X-Token", "s3cret")], body: &[] });
        assert!(world.told.borrow().iter().all(|told| !told.contains("s3cret") && !told.contains("pass")));
        sent.unwrap_err().to_string()
    };
    let with_password = proxy.replace("http://", "http://user:pass@");
    let excepted = vec![("https_proxy", with_password.clone()), ("no_proxy", "other.example,ca.invalid".to_owned())];
    unknown_host(&send(excepted));
    let refused = send(vec![("https_proxy", with_password)]);
    assert!(refused.contains("407") && !refused.contains("pass@"), "{refused}");
    let request = asked.recv().unwrap();
    assert!(request.starts_with("CONNECT ca.invalid:443 "), "{request}");
    assert!(!request.contains("s3cret"), "{request}");
}
