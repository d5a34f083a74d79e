//! Why a superseded pair must stay.

use crate::key::KeyId;
use crate::tls;

/// What speaks against its deletion.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no newer certificate that does what the old one did.
    #[error("\"{label}\" {reason}")]
    NotReplaced {
        /// The label of the pair that stands in the way.
        label: String,
        /// Why, as the rest of a sentence.
        reason: String,
    },
    /// What has its id on the token is not the key that was renewed.
    #[error("what has the id {id} on the token is not shown to be the key \"{label}\" that is remembered")]
    OtherKey {
        /// Its label.
        label: String,
        /// `CKA_ID`.
        id: KeyId,
    },
    /// A server uses it.
    #[error("{server} still serves the key \"{label}\" (asked for {name})")]
    Served {
        /// Its label.
        label: String,
        /// `HOST:PORT`.
        server: String,
        /// The name that was asked for.
        name: String,
    },
    /// A server does not say what it uses.
    #[error("{server} does not show whether it still serves the key \"{label}\"")]
    NoAnswer {
        /// Its label.
        label: String,
        /// `HOST:PORT`.
        server: String,
        /// Why not.
        source: tls::Error,
    },
}
