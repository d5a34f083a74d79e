//! Microsoft's certificate services by their web enrolment pages: `certfnsh.asp`, `certnew.cer` and `certnew.p7b`.
//!
//! The pages are for people: what they say is found by the words that other clients of them look for (`certsrv` for Python).
//! The reference is the number of the request.

mod page;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use ureq::http::Method;
use zeroize::Zeroizing;

use super::http::{Basic, Call, Client, Place, Reply, beginning};
use super::{Answer, Error, Order, Pending, Surroundings};
use crate::authority::Adcs;
use page::{Fate, Page};

const PROTOCOL: &str = "adcs";
/// The pages look at who reads them.
const BROWSER: &str = concat!("Mozilla/5.0 hsmcert/", env!("CARGO_PKG_VERSION"));

/// Makes a request, or asks what became of one.
///
/// # Errors
/// [`Error::Configuration`] also for a wrong password, [`Error::Secret`], [`Error::Unavailable`], [`Error::Refused`],
/// [`Error::Answer`].
pub fn submit(adcs: &Adcs, order: &Order<'_>, around: &dyn Surroundings) -> Result<Answer, Error> {
    let attributes = attributes(adcs)?;
    let pages = Pages::new(adcs, around)?;
    let number = match order.reference {
        Some(number) if !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()) => number.to_owned(),
        Some(other) => {
            return Err(pages.wrong(format!("\"{other}\" is no number of a request")));
        }
        None => {
            let form = [
                ("Mode", "newreq"),
                ("CertRequest", order.pem),
                ("CertAttrib", &attributes),
                ("FriendlyType", "Saved-Request Certificate"),
                ("TargetStoreFlags", "0"),
                ("SaveCert", "yes"),
            ];
            let reply = pages.post("certfnsh.asp", &form)?;
            let page = Page::new(&reply.body);
            let number = match page.fate() {
                Some(Fate::Issued(number) | Fate::Pending(number)) => number,
                Some(Fate::Denied(message)) => return Err(Error::Refused { message }),
                None => return Err(Error::Answer { message: beginning(page.text().as_bytes()) }),
            };
            (order.opened)(&number)?;
            number
        }
    };
    around.tell(&format!("CA: request {number}"));
    let reply = pages.get("certnew.cer", &number).map_err(|error| match error {
        // A web server that shows no page has not decided about the request, which stays open.
        Error::Refused { message } => Error::Unavailable { message, retry_after: None },
        error => error,
    })?;
    if is_pem(&reply) {
        return Ok(Answer::Issued(pages.chain(&number).unwrap_or_else(|error| {
            // The certificate is there, and its chain can be had elsewhere.
            around.warn(&format!("the certificates of the CA are missing beside yours: {error}"));
            reply.body
        })));
    }
    let page = Page::new(&reply.body);
    match page.disposition() {
        Some(message) if page.is_under_submission() => Ok(Answer::Pending(Pending {
            reference: Some(number.clone()),
            message: format!("request {number}: {message}"),
            retry_after: None,
        })),
        Some(message) => Err(Error::Refused { message: format!("request {number}: {message}") }),
        None => Err(Error::Answer { message: format!("request {number}: {}", beginning(page.text().as_bytes())) }),
    }
}

/// Judged by what it is: the type that a server names depends on who asks.
fn is_pem(reply: &Reply) -> bool {
    reply.body.trim_ascii_start().starts_with(b"-----BEGIN ")
}

/// The attributes of a request, a line each.
fn attributes(adcs: &Adcs) -> Result<String, Error> {
    match &adcs.template {
        // A line break would begin another attribute, which says who the certificate is for.
        Some(template) if template.is_empty() || template.chars().any(char::is_control) => {
            let reason = "its template is no name".to_owned();
            Err(Error::Configuration { protocol: PROTOCOL, reason })
        }
        Some(template) => Ok(format!("CertificateTemplate:{template}\r\n")),
        None => Ok(String::new()),
    }
}

/// The pages, as one user sees them.
struct Pages<'a> {
    client: Client<'a>,
    url: &'a str,
    basic: Basic<'a>,
    authorization: Zeroizing<String>,
}

impl<'a> Pages<'a> {
    fn new(adcs: &'a Adcs, around: &'a dyn Surroundings) -> Result<Self, Error> {
        let Adcs { url, root, timeout, user, password_source, .. } = adcs;
        let place = Place { protocol: PROTOCOL, url, root_file: root.as_deref(), timeout: *timeout };
        let client = Client::new(place, around)?;
        let basic = Basic { protocol: PROTOCOL, user, password: password_source };
        Ok(Self { client, url: url.trim_end_matches('/'), basic, authorization: basic.header(around)? })
    }

    fn post(&self, page: &str, form: &[(&str, &str)]) -> Result<Reply, Error> {
        let field = |(name, value): &(&str, &str)| format!("{name}={}", utf8_percent_encode(value, NON_ALPHANUMERIC));
        let form = form.iter().map(field).collect::<Vec<_>>().join("&");
        self.send(Method::POST, &format!("{}/{page}", self.url), form.as_bytes())
    }

    /// Certificate or chain of a request.
    fn get(&self, file: &str, number: &str) -> Result<Reply, Error> {
        self.send(Method::GET, &format!("{}/{file}?ReqID={number}&Enc=b64", self.url), &[])
    }

    /// The certificate and those of the CA, as PKCS#7.
    fn chain(&self, number: &str) -> Result<Vec<u8>, Error> {
        let reply = self.get("certnew.p7b", number)?;
        match is_pem(&reply) {
            true => Ok(reply.body),
            false => Err(Error::Answer { message: beginning(&reply.body) }),
        }
    }

    fn send(&self, method: Method, url: &str, body: &[u8]) -> Result<Reply, Error> {
        let mut headers = vec![("Authorization", self.authorization.as_str()), ("User-Agent", BROWSER)];
        if !body.is_empty() {
            headers.push(("Content-Type", "application/x-www-form-urlencoded"));
        }
        let reply = self.client.send(&Call { method, url, headers: &headers, body })?;
        self.basic.known(reply)?.accepted(|body| Page::new(body).disposition())
    }

    fn wrong(&self, reason: String) -> Error {
        Error::Configuration { protocol: self.basic.protocol, reason }
    }
}
