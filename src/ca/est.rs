//! Enrolment over Secure Transport (RFC 7030): `simpleenroll`, `simplereenroll` and `cacerts`.
//!
//! A server that has not decided is sent the same request again (section 4.2.3), so there is nothing to remember.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use ureq::http::{Method, StatusCode};

use super::http::{Basic, Call, Client, Place, Reply, beginning, plain};
use super::{Answer, Error, Order, Pending, Surroundings};
use crate::authority::Est;

const PROTOCOL: &str = "est";
/// The tag that a PKCS#7 begins with.
const SEQUENCE: u8 = 0x30;
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Refuses a user without a password, and a password without a user.
///
/// # Errors
/// [`Error::Configuration`].
pub fn check(est: &Est) -> Result<(), Error> {
    let reason = match (&est.user, &est.password_source) {
        (Some(_), None) => "its user has no password-source",
        (None, Some(_)) => "its password-source has no user",
        (Some(_), Some(_)) | (None, None) => return Ok(()),
    };
    Err(Error::Configuration { protocol: PROTOCOL, reason: reason.to_owned() })
}

/// Has a certificate issued, and fetches those of the CA beside it.
///
/// # Errors
/// [`Error::Configuration`] also for a wrong password, [`Error::Secret`], [`Error::Unavailable`], [`Error::Refused`],
/// [`Error::Answer`].
pub fn submit(est: &Est, order: &Order<'_>, around: &dyn Surroundings) -> Result<Answer, Error> {
    check(est)?;
    let Est { url, root, timeout, label, reenroll, user, password_source } = est;
    let place = Place { protocol: PROTOCOL, url, root_file: root.as_deref(), timeout: *timeout };
    let client = Client::new(place, around)?;
    let label = label.iter().map(|label| format!("/{}", utf8_percent_encode(label, SEGMENT)));
    let base = format!("{}/.well-known/est{}", url.trim_end_matches('/'), label.collect::<String>());
    let basic = user.as_deref().zip(password_source.as_ref());
    let basic = basic.map(|(user, password)| Basic { protocol: PROTOCOL, user, password });
    let authorization = basic.map(|basic| basic.header(around)).transpose()?;
    // Subject and names of a renewal must be those of the certificate (section 4.2.2).
    let operation = if order.is_unchanged && *reenroll { "simplereenroll" } else { "simpleenroll" };
    let mut headers = vec![("Content-Type", "application/pkcs10"), ("Content-Transfer-Encoding", "base64")];
    headers.extend(authorization.iter().map(|value| ("Authorization", value.as_str())));
    let reply = client.send(&Call {
        method: Method::POST,
        url: &format!("{base}/{operation}"),
        headers: &headers,
        body: STANDARD.encode(order.csr).as_bytes(),
    })?;
    let reply = match basic {
        Some(basic) => basic.known(reply)?,
        None if reply.status == StatusCode::UNAUTHORIZED => {
            let reason =
                "the server asks who you are (401), and neither user nor password-source is configured".to_owned();
            return Err(Error::Configuration { protocol: PROTOCOL, reason });
        }
        None => reply,
    };
    let reply = reply.accepted(words)?;
    if reply.status == StatusCode::ACCEPTED {
        let message = words(&reply.body).map_or_else(|| reply.status.to_string(), |words| plain(&words));
        return Ok(Answer::Pending(Pending { reference: None, message, retry_after: reply.retry_after }));
    }
    let mut all = certificates(&reply)?;
    // Asked without the password, since everybody may know them (section 4.1.1).
    let cacerts = format!("{base}/cacerts");
    let of_ca = client.send(&Call { method: Method::GET, url: &cacerts, headers: &[], body: &[] });
    match of_ca.and_then(|reply| certificates(&reply.accepted(words)?)) {
        Ok(chain) => all.push_str(&chain),
        // The certificate is there, and its chain can be had elsewhere.
        Err(error) => around.warn(&format!("the certificates of the CA are missing beside yours: {error}")),
    }
    Ok(Answer::Issued(all.into_bytes()))
}

/// A certs-only PKCS#7 in base64, as PEM.
fn certificates(reply: &Reply) -> Result<String, Error> {
    let text: Vec<u8> = reply.body.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
    match STANDARD.decode(text) {
        Ok(der) if der.first() == Some(&SEQUENCE) => Ok(pem::encode(&pem::Pem::new("PKCS7", der))),
        Ok(_) | Err(_) => Err(Error::Answer { message: format!("it is no PKCS#7: {}", beginning(&reply.body)) }),
    }
}

/// What the server says in plain text (section 4.2.3).
fn words(body: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(body).ok()?.trim();
    Some(beginning(text.as_bytes())).filter(|_| !text.is_empty() && !text.starts_with('<'))
}
