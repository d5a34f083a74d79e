//! `CFSSL`: `sign`, `authsign` and `info` of its HTTP API (`doc/api` of its sources).
//!
//! Names and subject are those of the CSR, since the call says nothing else; usages and validity are the profile's.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::Sha256;
use ureq::http::Method;
use zeroize::Zeroizing;

use super::http::{Call, Client, Place, exposed};
use super::{Answer, Error, Order, Surroundings};
use crate::authority::{Cfssl, Secret};

const PROTOCOL: &str = "cfssl";

/// Has a CSR signed, and fetches the certificate of the CA beside it.
///
/// # Errors
/// [`Error::Configuration`], [`Error::Secret`], [`Error::Unavailable`], [`Error::Refused`], [`Error::Answer`].
pub fn submit(cfssl: &Cfssl, order: &Order<'_>, around: &dyn Surroundings) -> Result<Answer, Error> {
    let Cfssl { url, root, timeout, profile, label, auth_key_source } = cfssl;
    let place = Place { protocol: PROTOCOL, url, root_file: root.as_deref(), timeout: *timeout };
    let server = Server { client: Client::new(place, around)?, url: url.trim_end_matches('/') };
    let whose = Whose { profile: profile.as_deref(), label: label.as_deref() };
    let request = Request { certificate_request: order.pem, whose };
    let signed: Certificate = match auth_key_source {
        Some(source) => server.call("authsign", &authenticated(&request, &around.secret(source)?)?)?,
        None => server.call("sign", &request)?,
    };
    let mut pem = signed.certificate;
    match server.call::<Certificate>("info", &whose) {
        Ok(ca) => pem.extend(["\n", &ca.certificate]),
        // The certificate is there, and its chain can be had elsewhere.
        Err(error) => around.warn(&format!("the certificate of the CA is missing beside yours: {error}")),
    }
    Ok(Answer::Issued(pem.into_bytes()))
}

/// Which CA of the server signs, and how.
#[derive(Clone, Copy, Serialize)]
struct Whose<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    profile: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<&'a str>,
}

/// A signing call.
#[derive(Serialize)]
struct Request<'a> {
    certificate_request: &'a str,
    #[serde(flatten)]
    whose: Whose<'a>,
}

#[derive(Deserialize)]
struct Certificate {
    certificate: String,
}

/// A call with the proof that its sender has the key: HMAC-SHA256 (`standard` of CFSSL's authenticators).
fn authenticated(request: &Request<'_>, key: &Secret) -> Result<impl Serialize, Error> {
    let wrong = |what: &str| Error::Configuration { protocol: PROTOCOL, reason: format!("its key {what}") };
    let key = base16ct::mixed::decode_vec(exposed(key)).map(Zeroizing::new).map_err(|_| wrong("is not hexadecimal"))?;
    let request = serde_json::to_vec(request).map_err(|error| Error::Answer { message: error.to_string() })?;
    let mut token = Hmac::<Sha256>::new_from_slice(&key).map_err(|_| wrong("has a length that is none"))?;
    token.update(&request);
    let token = token.finalize().into_bytes();
    Ok(json!({ "token": STANDARD.encode(token), "request": STANDARD.encode(request) }))
}

struct Server<'a> {
    client: Client<'a>,
    url: &'a str,
}

/// The envelope of every answer.
#[derive(Deserialize)]
struct Envelope<T> {
    success: bool,
    result: Option<T>,
    #[serde(default)]
    errors: Vec<Failure>,
}

#[derive(Deserialize)]
struct Failure {
    code: i64,
    message: String,
}

impl Server<'_> {
    fn call<T: DeserializeOwned>(&self, verb: &str, body: &impl Serialize) -> Result<T, Error> {
        let url = format!("{}/api/v1/cfssl/{verb}", self.url);
        let body = serde_json::to_vec(body).map_err(|error| Error::Answer { message: error.to_string() })?;
        let headers = [("Content-Type", "application/json")];
        let reply = self.client.send(&Call { method: Method::POST, url: &url, headers: &headers, body: &body })?;
        let Envelope { success, result, errors } = reply.accepted(words)?.json()?;
        match result {
            Some(result) if success => Ok(result),
            _ => Err(Error::Refused { message: told(&errors).unwrap_or_else(|| "it does not say why".to_owned()) }),
        }
    }
}

fn words(body: &[u8]) -> Option<String> {
    let Envelope::<serde::de::IgnoredAny> { errors, .. } = serde_json::from_slice(body).ok()?;
    told(&errors)
}

fn told(errors: &[Failure]) -> Option<String> {
    let all: Vec<String> = errors.iter().map(|Failure { code, message }| format!("{message} (code {code})")).collect();
    Some(all.join("; ")).filter(|text| !text.is_empty())
}
