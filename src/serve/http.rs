//! As much of HTTP/1.1 (RFC 9112) as one page needs: one request for each connection.

use std::io::{self, Read, Write};

/// A browser's request has less than 2 KiB.
const HEAD_LIMIT: usize = 8 * 1024;
pub(super) const OK: u16 = 200;

/// The page asks for nothing else and runs no script; browsers are told to hold it to that.
const HEADERS: &str = "Connection: close\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n\
     Referrer-Policy: no-referrer\r\n\
     Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; \
     form-action 'none'; frame-ancestors 'none'\r\n";

/// Reads one request and answers it. Gives the request line and the status code.
pub(super) fn answer(connection: &mut (impl Read + Write), html: &str) -> io::Result<(String, u16)> {
    let head = read_head(connection)?;
    let line = head.as_deref().and_then(|head| head.lines().next()).unwrap_or_default().to_owned();
    let words: Vec<&str> = line.split(' ').collect();
    let (status, reason) = match (head.is_some(), words.as_slice()) {
        (false, _) => (431, "Request Header Fields Too Large"),
        (true, ["GET" | "HEAD", path, "HTTP/1.1" | "HTTP/1.0"]) if path.split('?').next() == Some("/") => (OK, "OK"),
        (true, ["GET" | "HEAD", _, "HTTP/1.1" | "HTTP/1.0"]) => (404, "Not Found"),
        (true, [_, _, "HTTP/1.1" | "HTTP/1.0"]) => (405, "Method Not Allowed"),
        (true, _) => (400, "Bad Request"),
    };
    let error = format!("{status} {reason}\n");
    let (kind, body) = if status == OK { ("text/html", html) } else { ("text/plain", error.as_str()) };
    let allow = if status == 405 { "Allow: GET, HEAD\r\n" } else { "" };
    let length = body.len();
    let body = if words.first() == Some(&"HEAD") { "" } else { body };
    let response = format!(
        "HTTP/1.1 {status} {reason}\r\nContent-Type: {kind}; charset=utf-8\r\nContent-Length: {length}\r\n\
         {allow}{HEADERS}\r\n{body}"
    );
    connection.write_all(response.as_bytes())?;
    connection.flush()?;
    Ok((line, status))
}

/// Everything up to the empty line; `None` when it is too long or no text.
fn read_head(connection: &mut impl Read) -> io::Result<Option<String>> {
    let mut head = Vec::new();
    let mut buffer = [0u8; 1024];
    while !head.windows(4).any(|window| window == b"\r\n\r\n") {
        if head.len() > HEAD_LIMIT {
            return Ok(None);
        }
        match connection.read(&mut buffer)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            count => head.extend_from_slice(&buffer[..count]),
        }
    }
    Ok(String::from_utf8(head).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Wire {
        request: io::Cursor<Vec<u8>>,
        response: Vec<u8>,
    }

    impl Read for Wire {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.request.read(buffer)
        }
    }

    impl Write for Wire {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.response.write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn status(request: &str) -> (u16, String) {
        let mut wire = Wire { request: io::Cursor::new(request.as_bytes().to_vec()), response: Vec::new() };
        let (_, status) = answer(&mut wire, "<p>page").unwrap();
        (status, String::from_utf8(wire.response).unwrap())
    }

    #[test]
    fn there_is_one_page() {
        let (code, response) = status("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        assert_eq!(code, 200);
        assert!(response.contains("Content-Length: 7\r\n") && response.ends_with("\r\n\r\n<p>page"), "{response}");
        assert!(status("HEAD / HTTP/1.1\r\n\r\n").1.ends_with("\r\n\r\n"));
        assert_eq!(status("GET /favicon.ico HTTP/1.1\r\n\r\n").0, 404);
        assert_eq!(status("POST / HTTP/1.1\r\n\r\n").0, 405);
        assert_eq!(status("nonsense\r\n\r\n").0, 400);
        assert_eq!(status(&format!("GET / HTTP/1.1\r\nA: {}\r\n\r\n", "a".repeat(20_000))).0, 431);
    }
}
