//! When the CA wants a certificate to be renewed (ACME Renewal Information, RFC 9773). The question needs no account.

use std::time::Duration;

use instant_acme::Problem;
use serde::Deserialize;
use ureq::http::Method;

use super::{certificate_id, conversation, problem};
use crate::authority::Acme;
use crate::ca::http::{Call, Client, Reply, plain};
use crate::ca::{Error, Surroundings};
use crate::due::Window;

/// What a CA may ask for as a pause, and what holds where it says nothing (section 4.3).
const SHORTEST: Duration = Duration::from_secs(60);
const LONGEST: Duration = Duration::from_secs(24 * 3_600);
const USUAL: Duration = Duration::from_secs(6 * 3_600);

/// A CA that can be asked.
pub struct RenewalInfo<'a> {
    client: Client<'a>,
    /// Where; `None`: this CA says nothing of renewals.
    url: Option<String>,
}

/// What it says of a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Renewal {
    /// When it is to be renewed; `None`: it has no opinion.
    pub window: Option<Window>,
    /// The CA is not to be asked again before this is over.
    pub pause: Duration,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Directory {
    renewal_info: Option<String>,
}

/// Section 4.2.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    suggested_window: Suggested,
    #[serde(rename = "explanationURL")]
    explanation: Option<String>,
}

#[derive(Deserialize)]
struct Suggested {
    start: jiff::Timestamp,
    end: jiff::Timestamp,
}

impl<'a> RenewalInfo<'a> {
    /// Reads the CA's directory.
    ///
    /// # Errors
    /// Those of [`Error`].
    pub fn open(acme: &Acme, around: &'a dyn Surroundings) -> Result<Self, Error> {
        let client = conversation::connect(acme, around)?;
        let Directory { renewal_info: url } = get(&client, &acme.directory)?.json()?;
        url.iter().try_for_each(|url| conversation::check_kind(url, &acme.directory))?;
        Ok(Self { client, url })
    }

    /// Asks for a certificate (DER).
    ///
    /// # Errors
    /// Those of [`Error`].
    pub fn of(&self, certificate: &[u8]) -> Result<Renewal, Error> {
        let nothing = Renewal { window: None, pause: LONGEST };
        let (Some(url), Some(id)) = (&self.url, certificate_id::of(certificate)) else { return Ok(nothing) };
        let reply = get(&self.client, &format!("{}/{id}", url.trim_end_matches('/')))?;
        let Answer { suggested_window: Suggested { start, end }, explanation } = reply.json()?;
        if end <= start {
            return Err(Error::Answer { message: format!("its window ends at {end} and begins at {start}") });
        }
        let explanation = explanation.map(|url| plain(&url)).filter(|url| url.starts_with("https://"));
        let pause = reply.retry_after.unwrap_or(USUAL).clamp(SHORTEST, LONGEST);
        Ok(Renewal { window: Some(Window { start, end, explanation }), pause })
    }
}

impl std::fmt::Debug for RenewalInfo<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RenewalInfo").field("url", &self.url).finish_non_exhaustive()
    }
}

fn get(client: &Client<'_>, url: &str) -> Result<Reply, Error> {
    let reply = client.send(&Call { method: Method::GET, url, headers: &[], body: &[] })?;
    reply.accepted(|body| serde_json::from_slice::<Problem>(body).ok().map(|said| problem::words(&said)))
}
