//! What can go wrong with those who use a certificate.

use std::path::PathBuf;

use crate::deploy::Target;
use crate::proof::Step;

/// A command or a server failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A command of the user.
    #[error("the {hook} command fails: {reason}")]
    Command {
        /// `pre`, `deploy` or `post`.
        hook: &'static str,
        /// Which one, and why.
        reason: String,
    },
    /// A server was not brought to its new certificate.
    #[error("{target} is not deployed: {reason}; {fate}")]
    Server {
        /// The server.
        target: Target,
        /// Why not.
        reason: String,
        /// What a client found.
        failed: Vec<Step>,
        /// The file that hsmcert did not write.
        foreign: Option<PathBuf>,
        /// What became of the files that were there.
        fate: String,
    },
}
