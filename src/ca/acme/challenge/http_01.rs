//! http-01 (RFC 8555, section 8.3): the CA fetches a file, and hsmcert serves it.

use std::collections::HashMap;
use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};

use super::listener::Listener;
use super::{Answers, Proof, safe};
use crate::ca::Error;

/// Where the CA looks.
pub(super) const FOLDER: &str = ".well-known/acme-challenge";
const PORT: u16 = 80;
/// No CA says more.
const REQUEST_LIMIT: usize = 8 * 1024;

/// Key authorizations by their token.
type Known = Arc<Mutex<HashMap<String, String>>>;

/// The files.
#[derive(Debug)]
pub(super) struct Files {
    known: Known,
    _listener: Listener,
}

impl Files {
    pub(super) fn serve(address: Option<SocketAddr>) -> Result<Self, Error> {
        let known = Known::default();
        let files = Arc::clone(&known);
        let _listener = Listener::start(address, PORT, move |stream| answer(stream, &files))?;
        Ok(Self { known, _listener })
    }
}

impl Answers for Files {
    fn set(&mut self, proof: &Proof<'_>) -> Result<(), Error> {
        let (token, content) = (safe(proof.token)?.to_owned(), proof.key_authorization.as_str().to_owned());
        self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(token, content);
        Ok(())
    }
}

fn answer(stream: &mut TcpStream, files: &Known) -> io::Result<()> {
    let mut request = Vec::new();
    let mut part = [0; 1024];
    while !request.windows(4).any(|end| end == b"\r\n\r\n") {
        let length = stream.read(&mut part)?;
        request.extend_from_slice(&part[..length]);
        if length == 0 || request.len() > REQUEST_LIMIT {
            return Ok(());
        }
    }
    let line = request.split(|byte| *byte == b'\r').next().unwrap_or_default();
    let line = String::from_utf8_lossy(line);
    let path = line.strip_prefix("GET /").and_then(|rest| rest.split(' ').next()).unwrap_or_default();
    let token = path.strip_prefix(FOLDER).and_then(|rest| rest.strip_prefix('/')).unwrap_or_default();
    let content = files.lock().unwrap_or_else(PoisonError::into_inner).get(token).cloned();
    let (status, body) = match content {
        Some(content) => ("200 OK", content),
        None => ("404 Not Found", "hsmcert answers the challenge of a CA here, and nothing else\n".to_owned()),
    };
    let length = body.len();
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: application/octet-stream\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, TcpListener};

    use super::*;

    fn ask(address: SocketAddr, request: &[u8]) -> String {
        let mut stream = TcpStream::connect(address).unwrap();
        let _ = stream.write_all(request);
        let mut answer = String::new();
        let _ = stream.read_to_string(&mut answer);
        answer
    }

    #[test]
    fn nothing_but_the_file_is_served() {
        let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap();
        let files = Files::serve(Some(address)).unwrap();
        files.known.lock().unwrap().insert("token-1".into(), "token-1.thumbprint".into());
        let get = |path: &str| ask(address, format!("GET {path} HTTP/1.1\r\nHost: www.example.com\r\n\r\n").as_bytes());
        let found = get("/.well-known/acme-challenge/token-1");
        assert!(found.starts_with("HTTP/1.1 200 OK\r\n") && found.ends_with("\r\n\r\ntoken-1.thumbprint"), "{found}");
        for path in ["/", "/.well-known/acme-challenge/", "/.well-known/acme-challenge/other", "/token-1", ""] {
            assert!(get(path).starts_with("HTTP/1.1 404 "), "{path}");
        }
        assert_eq!(ask(address, &[b'x'; 2 * REQUEST_LIMIT]), "");
        // One that says nothing holds up nobody.
        let _silent = TcpStream::connect(address).unwrap();
        assert!(get("/.well-known/acme-challenge/token-1").starts_with("HTTP/1.1 200 OK"));
        drop(files);
        assert!(TcpStream::connect(address).is_err());
    }
}
