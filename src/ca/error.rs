//! What can go wrong with a CA.

use std::time::Duration;

/// Why there is no certificate. The CA's own words are in it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The CA said no.
    #[error("the CA refuses: {message}")]
    Refused {
        /// In its own words.
        message: String,
    },
    /// The CA cannot be reached, or has a fault of its own, or wants to be left alone: a later run may do better.
    #[error("the CA cannot do it now: {message}")]
    Unavailable {
        /// In its own words, or the network's.
        message: String,
        /// How long it wants to be left alone.
        retry_after: Option<Duration>,
    },
    /// What it answered is not what the protocol says.
    #[error("the CA's answer is not understood: {message}")]
    Answer {
        /// What is wrong with it, with its beginning.
        message: String,
    },
    /// The CA does not know the account that is kept for it.
    #[error("the CA does not know the account any more: {message}")]
    Account {
        /// In its own words.
        message: String,
        /// Where the account is kept.
        file: String,
    },
    /// The CA has not seen what it wanted to see.
    #[error("the CA could not check the names: {message}")]
    Unproved {
        /// In its own words.
        message: String,
    },
    /// What the CA wants to see cannot be shown to it.
    #[error("the CA's challenge cannot be answered: {0}")]
    Challenge(String),
    /// A hook that shows the CA something failed.
    #[error("the hook failed: {0}")]
    Hook(String),
    /// A secret cannot be read.
    #[error("{0}")]
    Secret(String),
    /// What is kept between runs cannot be read or written.
    #[error("{0}")]
    Kept(String),
    /// The configuration of the CA makes no sense.
    #[error("the CA (type \"{protocol}\") cannot be used as it is configured: {reason}")]
    Configuration {
        /// Its protocol.
        protocol: &'static str,
        /// Why.
        reason: String,
    },
}

impl Error {
    /// Whether the same may work later.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Unavailable { .. } => true,
            Self::Refused { .. }
            | Self::Answer { .. }
            | Self::Account { .. }
            | Self::Unproved { .. }
            | Self::Challenge(_)
            | Self::Hook(_)
            | Self::Secret(_)
            | Self::Kept(_)
            | Self::Configuration { .. } => false,
        }
    }
}
