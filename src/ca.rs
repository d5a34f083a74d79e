//! CSR -> certificate, over a network or by a command: one file for each protocol. What is configured stands in
//! [`crate::authority`].
//!
//! A protocol is one function: it takes what was asked for and what an earlier run left, and answers with a certificate
//! or with what a later run needs to go on.

pub mod acme;
pub mod adcs;
pub mod aws_pca;
pub mod cfssl;
mod error;
pub mod est;
pub mod exec;
mod http;
pub mod vault;

use std::time::Duration;

pub use error::Error;

use crate::authority::{Secret, SecretSource};
use crate::request::GeneralName;

/// What a CA is asked for.
#[derive(Clone, Copy)]
pub struct Order<'a> {
    /// The CSR, DER.
    pub csr: &'a [u8],
    /// The same as PEM (RFC 7468, section 7).
    pub pem: &'a str,
    /// The common name of its subject.
    pub common_name: Option<&'a str>,
    /// Its alternative names.
    pub names: &'a [GeneralName],
    /// What [`Order::opened`] or [`Answer::Pending`] said at an earlier run for the same CSR.
    pub reference: Option<&'a str>,
    /// The certificate that the new one replaces, DER.
    pub replaces: Option<&'a [u8]>,
    /// Whether subject and names are those of that certificate, which CAs may have changed.
    pub is_unchanged: bool,
    /// Remembers at once by what the CA knows an order that was just opened, so that a run that is ended in the next
    /// moment is followed by one that goes on with it.
    pub opened: &'a dyn Fn(&str) -> Result<(), Error>,
}

/// What a CA answers, if it does not refuse.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The certificate, with or without its chain: PEM, DER, PKCS#7 or base64, as `accept` takes it.
    Issued(Vec<u8>),
    /// It has not decided.
    Pending(Pending),
}

/// An order that is open at the CA.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pending {
    /// What the protocol needs to ask for it again: an order's URL, a request's number. No secret.
    pub reference: Option<String>,
    /// The CA's words.
    pub message: String,
    /// How long the CA wants to be left alone.
    pub retry_after: Option<Duration>,
}

/// What a protocol may use of the world around it.
pub trait Surroundings {
    /// Reads a secret.
    ///
    /// # Errors
    /// [`Error::Secret`].
    fn secret(&self, source: &SecretSource) -> Result<Secret, Error>;
    /// The value of an environment variable.
    fn variable(&self, name: &str) -> Option<String>;
    /// Explains a choice or a step (shown with `-v`).
    fn tell(&self, text: &str);
    /// Says what was left undone, and is no failure.
    fn warn(&self, text: &str);
    /// What [`Surroundings::keep`] kept under this name.
    ///
    /// # Errors
    /// [`Error::Kept`].
    fn kept(&self, name: &str) -> Result<Option<zeroize::Zeroizing<Vec<u8>>>, Error>;
    /// Keeps something for later runs in a file for the owner alone (0600): an account's key.
    ///
    /// # Errors
    /// [`Error::Kept`].
    fn keep(&self, name: &str, bytes: &[u8]) -> Result<(), Error>;
    /// Whether [`Surroundings::keep`] will work: asked before something is made at the CA that would be lost.
    ///
    /// # Errors
    /// [`Error::Kept`].
    fn can_keep(&self) -> Result<(), Error>;
    /// Where [`Surroundings::keep`] keeps this, for messages.
    fn place(&self, name: &str) -> String;
    /// Seconds since 1970.
    fn now(&self) -> i64;
}
