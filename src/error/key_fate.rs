//! What became of a key pair that was made for nothing.

/// What became of a new key pair after a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyFate {
    /// It is gone, as if nothing had been.
    Destroyed,
    /// It was kept because the user asked for that.
    Kept,
    /// It could not be destroyed.
    Stays,
}

impl std::fmt::Display for KeyFate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Destroyed => "was destroyed again",
            Self::Kept => "is kept on the token",
            Self::Stays => "could not be destroyed and is still on the token",
        })
    }
}
