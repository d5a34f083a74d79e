//! Why something that a run has left is not mended.

use std::path::PathBuf;

/// What speaks against it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Somebody else has changed it since it was looked at.
    #[error("the key \"{0}\" is not as it was a moment ago: nothing of it was changed")]
    Changed(String),
    /// Two halves that seemed to belong together.
    #[error("a signature by the {private} does not verify with the {public}: they are no pair")]
    NoPair {
        /// The private key.
        private: String,
        /// The public key.
        public: String,
    },
    /// What is in the place of the chain file is not hsmcert's to replace.
    #[error("{} is in the place of the chain file, and has something else", .path.display())]
    ChainInTheWay {
        /// The file.
        path: PathBuf,
    },
    /// A chain file does not hold the certificate that is remembered.
    #[error("{} does not hold the certificate that was accepted", .path.display())]
    NotInFile {
        /// The chain file.
        path: PathBuf,
    },
}
