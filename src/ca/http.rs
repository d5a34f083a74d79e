//! HTTP to a CA (RFC 9110), the one place for all protocols: TLS, proxy, limits, and what a status means.
//!
//! TLS is always verified, with the roots of the operating system or, where a root file is given, with those of the file
//! alone. Plain HTTP goes no further than this machine. Redirects are not followed, since a request may carry a secret.

mod basic;
mod place;
#[cfg(test)]
mod tests;

use std::io::Read as _;
use std::time::Duration;

pub(super) use basic::Basic;
pub(super) use place::{Place, of_this_machine};
use secrecy::ExposeSecret as _;
use ureq::Agent;
use ureq::http::header::{HeaderMap, HeaderValue, LOCATION, RETRY_AFTER};
use ureq::http::{Method, Request, Response, StatusCode};

use super::{Error, Surroundings};
use crate::authority::Secret;

/// Far more than a chain of certificates, or a page about one.
const BODY_LIMIT: u64 = 1024 * 1024;
/// So much of an answer is shown that is not understood.
const SHOWN: usize = 160;

/// A connection to one CA.
pub(super) struct Client<'a> {
    agent: Agent,
    around: &'a dyn Surroundings,
}

/// What goes to the CA. Nothing of it is ever told or part of an error.
pub(super) struct Call<'a> {
    pub(super) method: Method,
    pub(super) url: &'a str,
    pub(super) headers: &'a [(&'a str, &'a str)],
    pub(super) body: &'a [u8],
}

/// What comes back.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: StatusCode,
    pub(super) body: Vec<u8>,
    /// The header `Retry-After`.
    pub(super) retry_after: Option<Duration>,
    pub(super) headers: HeaderMap,
}

impl<'a> Client<'a> {
    /// Prepares TLS and proxy; connects to nothing.
    ///
    /// # Errors
    /// [`Error::Configuration`] for an address, root file or proxy that cannot be used.
    pub(super) fn new(place: Place<'_>, around: &'a dyn Surroundings) -> Result<Self, Error> {
        let wrong = |reason| Error::Configuration { protocol: place.protocol, reason };
        Ok(Self { agent: place.agent(around).map_err(wrong)?, around })
    }

    /// Sends a request and reads the whole answer, whatever its status.
    ///
    /// # Errors
    /// [`Error::Unavailable`] in the network's words, [`Error::Answer`] for what is no HTTP or ends early or is too long,
    /// [`Error::Secret`] for a header that cannot be sent.
    pub(super) fn send(&self, call: &Call<'_>) -> Result<Reply, Error> {
        let (head, body) = exchange(&self.agent, call)?.into_parts();
        let retry_after = head.headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        let retry_after = retry_after.and_then(|text| pause(text, self.around.now()));
        self.around.tell(&format!("CA: {} {}: {}", call.method, call.url, head.status));
        Ok(Reply { status: head.status, body, retry_after, headers: head.headers })
    }
}

/// Sends a request and reads the whole answer: [`Client::send`] for those that have no [`Client`].
pub(super) fn exchange(agent: &Agent, call: &Call<'_>) -> Result<Response<Vec<u8>>, Error> {
    let mut request = Request::builder().method(&call.method).uri(call.url);
    for (name, value) in call.headers {
        let value = HeaderValue::from_str(value);
        let mut value =
            value.map_err(|_| Error::Secret(format!("the value of {name} has characters no header can have")))?;
        value.set_sensitive(true);
        request = request.header(*name, value);
    }
    let failed = |error: &ureq::Error| unreachable(call.url, error);
    let response = match call.body {
        [] => request.body(()).map_err(ureq::Error::from).and_then(|request| agent.run(request)),
        body => request.body(body).map_err(ureq::Error::from).and_then(|request| agent.run(request)),
    };
    let (head, body) = response.map_err(|error| failed(&error))?.into_parts();
    let mut bytes = Vec::new();
    let read = body.into_with_config().limit(BODY_LIMIT).reader().read_to_end(&mut bytes);
    read.map_err(|error| match error.get_ref().and_then(|inner| inner.downcast_ref()) {
        Some(error @ ureq::Error::Timeout(_)) => failed(error),
        Some(ureq::Error::BodyExceedsLimit(limit)) => {
            Error::Answer { message: format!("it is longer than {limit} bytes: {}", beginning(&bytes)) }
        }
        _ => Error::Answer { message: format!("it ends early: {}", beginning(&bytes)) },
    })?;
    Ok(Response::from_parts(head, bytes))
}

impl Reply {
    /// An answer that is a success. For every other status `words` finds what the CA says.
    ///
    /// # Errors
    /// [`Error::Refused`] for 4xx, [`Error::Unavailable`] for 408, 429 and 5xx, [`Error::Answer`] for the rest.
    pub(super) fn accepted(self, words: impl FnOnce(&[u8]) -> Option<String>) -> Result<Self, Error> {
        let status = self.status;
        let message = || match words(&self.body) {
            Some(words) => plain(&words),
            None if self.body.trim_ascii().is_empty() => status.to_string(),
            None => format!("{status}: {}", beginning(&self.body)),
        };
        match status.as_u16() {
            200..=299 => Ok(self),
            408 | 429 | 500..=599 => Err(Error::Unavailable { message: message(), retry_after: self.retry_after }),
            400..=499 => Err(Error::Refused { message: message() }),
            _ => {
                let to = self.headers.get(LOCATION).and_then(|value| value.to_str().ok()).unwrap_or("nowhere");
                Err(Error::Answer { message: format!("{status}, to {}: redirects are not followed", plain(to)) })
            }
        }
    }

    /// The body as JSON.
    ///
    /// # Errors
    /// [`Error::Answer`].
    pub(super) fn json<T: serde::de::DeserializeOwned>(&self) -> Result<T, Error> {
        serde_json::from_slice(&self.body)
            .map_err(|error| Error::Answer { message: format!("{error}: {}", beginning(&self.body)) })
    }
}

/// The text of a secret, for a header or a body.
pub(super) fn exposed(secret: &Secret) -> &str {
    secret.secret().expose_secret()
}

/// A text of others in one line, without what a terminal would obey.
pub(super) fn plain(text: &str) -> String {
    let text = text.replace(|character: char| character.is_control(), " ");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The beginning of an answer, for a message.
pub(super) fn beginning(body: &[u8]) -> String {
    let text = plain(&String::from_utf8_lossy(body));
    match text.char_indices().nth(SHOWN) {
        _ if text.is_empty() => "(empty)".to_owned(),
        Some((end, _)) => format!("{} ...", &text[..end]),
        None => text,
    }
}

/// `Retry-After`: seconds, or a date (RFC 9110, 10.2.3).
fn pause(text: &str, now: i64) -> Option<Duration> {
    if let Ok(seconds) = text.trim().parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text.trim()).ok()?;
    Some(Duration::from_secs(date.as_second().saturating_sub(now).try_into().unwrap_or_default()))
}

fn unreachable(url: &str, error: &ureq::Error) -> Error {
    let unavailable = |what: String| {
        let help = if what.ends_with("UnknownIssuer") {
            " (the root of a CA of your own is named in its table)"
        } else if what.contains("certificate expired") || what.contains("certificate not valid yet") {
            " (is the clock of this machine right?)"
        } else {
            ""
        };
        Error::Unavailable { message: format!("{url}: {what}{help}"), retry_after: None }
    };
    match error {
        ureq::Error::Protocol(error) => Error::Answer { message: format!("{url}: this is no HTTP: {error}") },
        ureq::Error::LargeResponseHeader(..) => Error::Answer { message: format!("{url}: {error}") },
        ureq::Error::Rustls(error) => unavailable(error.to_string()),
        ureq::Error::Io(error) => unavailable(error.to_string()),
        ureq::Error::HostNotFound => unavailable("there is no such host".to_owned()),
        error => unavailable(error.to_string()),
    }
}
