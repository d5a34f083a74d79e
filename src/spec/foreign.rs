//! Recognises files that are no request files, to say what they are.

use x509_cert::Certificate;
use x509_cert::der::Decode;
use x509_cert::request::CertReq;

use super::{Diagnostic, Span};

/// Why these bytes are no text at all. In a file of known encoding only emptiness, DER and UTF-32 count.
pub(super) fn not_text(bytes: &[u8], encoding_known: bool) -> Option<Diagnostic> {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Some(Diagnostic::error("the file is empty", None).help(START));
    }
    if let Some(kind) = der_kind(bytes) {
        return Some(error_about(kind));
    }
    if bytes.starts_with(UTF_32_MARK) {
        let message = "the file is UTF-32, which neither certreq nor hsmcert reads";
        return Some(Diagnostic::error(message, None).help("save it as UTF-8"));
    }
    if encoding_known {
        return None;
    }
    if looks_like_utf16(bytes) {
        let message = "the file looks like UTF-16 without a byte order mark";
        return Some(Diagnostic::error(message, None).help("read it with --encoding utf-16le, or save it as UTF-8"));
    }
    let unprintable = bytes.iter().filter(|byte| byte.is_ascii_control() && !byte.is_ascii_whitespace()).count();
    // A stray NUL is a blank to certreq.
    let binary = unprintable * 10 > bytes.len() || (bytes.contains(&0) && std::str::from_utf8(bytes).is_err());
    binary.then(|| Diagnostic::error("the file is binary, not a request file", None).help(START))
}

/// Line ends and marks that make one long line, or a strange key, of a request.
pub(super) fn not_lines(text: &str) -> Option<Diagnostic> {
    let mark = text.match_indices(BYTE_ORDER_MARK).find(|(at, _)| *at == 0 || text[..*at].ends_with('\n'));
    if let Some((at, mark)) = mark {
        let place = Span { start: at, end: at + mark.len() };
        return Some(
            Diagnostic::error("a byte order mark inside of the file", Some(place))
                .help("delete it: files were put together here, each with its own mark"),
        );
    }
    let first = text.trim_end().find('\r').filter(|_| !text.contains('\n'))?;
    let problem =
        Diagnostic::error("the lines of this file end with CR alone", Some(Span { start: first, end: first }));
    Some(problem.expecting("expected LF or CR LF").help("save it with line ends of Windows or Unix"))
}

const BYTE_ORDER_MARK: char = '\u{feff}';
/// The mark of UTF-32, low byte first, begins like that of UTF-16.
const UTF_32_MARK: &[u8] = b"\xff\xfe\0\0";

/// What else a text may be: PEM of some kind.
pub(super) fn not_a_request(text: &str) -> Option<Diagnostic> {
    let start = text.find("-----BEGIN ")?;
    let at_line_start = start == 0 || text[..start].ends_with('\n');
    if !at_line_start || text.to_ascii_lowercase().contains("[newrequest]") {
        return None;
    }
    let line = text[start..].lines().next().unwrap_or_default().trim_end();
    let label = line.strip_prefix("-----BEGIN ")?.strip_suffix("-----")?;
    let span = Span { start, end: start + line.len() };
    Some(Diagnostic { span: Some(span), ..error_about(pem_kind(label)) })
}

const START: &str = "start from a template: `hsmcert template list`";

#[derive(Clone, Copy)]
enum Kind {
    Csr,
    Certificate,
    PrivateKey,
    Pkcs7,
    Der,
    Pem,
}

fn der_kind(bytes: &[u8]) -> Option<Kind> {
    let body = match bytes {
        [0x30, 0x82, high, low, body @ ..] if body.len() == usize::from(u16::from_be_bytes([*high, *low])) => body,
        [0x30, 0x81, len, body @ ..] if body.len() == usize::from(*len) => body,
        _ => return None,
    };
    Some(match body {
        _ if Certificate::from_der(bytes).is_ok() => Kind::Certificate,
        _ if CertReq::from_der(bytes).is_ok() => Kind::Csr,
        // PKCS#1, PKCS#8 and SEC 1 keys begin with a version.
        [0x02, 0x01, ..] => Kind::PrivateKey,
        [0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, ..] => Kind::Pkcs7,
        _ => Kind::Der,
    })
}

fn pem_kind(label: &str) -> Kind {
    match label {
        "CERTIFICATE REQUEST" | "NEW CERTIFICATE REQUEST" => Kind::Csr,
        "CERTIFICATE" | "X509 CERTIFICATE" | "TRUSTED CERTIFICATE" => Kind::Certificate,
        "PKCS7" | "CMS" => Kind::Pkcs7,
        _ if label.ends_with("PRIVATE KEY") => Kind::PrivateKey,
        _ => Kind::Pem,
    }
}

fn error_about(kind: Kind) -> Diagnostic {
    let (what, help) = match kind {
        Kind::Csr => ("a certificate request (CSR)", "`new` makes such a file from an INF or TOML; give it to your CA"),
        Kind::Certificate => ("a certificate", "`hsmcert accept FILE` takes certificates"),
        Kind::PrivateKey => ("a private key", "hsmcert makes keys in the token and never reads one from a file"),
        Kind::Pkcs7 => ("a PKCS#7 bundle of certificates", "`hsmcert accept FILE` takes certificates"),
        Kind::Der => ("binary DER", START),
        Kind::Pem => ("PEM", START),
    };
    Diagnostic::error(format!("the file is {what}, not a request file"), None).help(help)
}

/// Latin text in UTF-16 has a zero in nearly every second byte.
fn looks_like_utf16(bytes: &[u8]) -> bool {
    let zeros = |offset: usize| bytes.iter().skip(offset).step_by(2).filter(|byte| **byte == 0).count();
    let half = bytes.len() / 2;
    half > 4 && (zeros(1) * 10 > half * 9 || zeros(0) * 10 > half * 9)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(found: Option<Diagnostic>) -> String {
        found.map(|diagnostic| diagnostic.message).unwrap_or_default()
    }

    #[test]
    fn says_what_a_file_is_instead() {
        assert_eq!(message(not_text(b" \r\n", false)), "the file is empty");
        assert!(message(not_text(b"\x7fELF\x02\x01\x00\x00", false)).contains("binary"));
        assert!(message(not_text(b"[\0V\0e\0r\0s\0i\0o\0n\0]\0", false)).contains("UTF-16"));
        let key = [&[0x30, 0x82, 0x01, 0x00, 0x02, 0x01, 0x00][..], &[0; 253]].concat();
        assert!(message(not_text(&key, false)).contains("private key"));
        let csr = "  text\n-----BEGIN NEW CERTIFICATE REQUEST-----\nMIIB\n";
        assert!(message(not_a_request(csr)).contains("(CSR)"));
        assert!(message(not_a_request("-----BEGIN EC PRIVATE KEY-----\n")).contains("private key"));
    }

    #[test]
    fn pem_inside_of_a_request_file_is_no_reason() {
        assert_eq!(not_a_request("[NewRequest]\n; -----BEGIN CERTIFICATE-----\n"), None);
        assert_eq!(not_a_request("[NewRequest]\nSubject=\"CN=a\"\n"), None);
        assert_eq!(not_text(b"[NewRequest]\r\n\tSubject=\"CN=\xfc\"", false), None);
    }
}
