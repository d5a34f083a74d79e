//! What is going on with a module, and what nobody knows if it ends there.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// What a process does with a module; names of functions, never a value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Underway {
    /// The module.
    pub module: PathBuf,
    /// The functions that were called and have not returned; several where several threads call.
    pub running: Vec<String>,
    /// The function that was called last, or that returned last.
    pub last: String,
    /// What is not known if the process ends now.
    pub unsettled: Vec<Unsettled>,
}

/// What nobody knows when a call has not returned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Unsettled {
    /// The work was done; only the module's goodbye is missing.
    Nothing,
    /// Whether a new key pair is on the token.
    KeyPair,
    /// Whether a new certificate is on the token.
    Certificate,
    /// Whether an object is gone.
    Removal,
    /// Whether an attribute has its new value.
    Attribute,
    /// Whether the token is initialised.
    Initialisation,
    /// Whether the user has another PIN.
    Pin,
    /// Whether the PIN was tried.
    Login,
}

impl Unsettled {
    /// What a call leaves open while it runs.
    fn during(function: &str) -> Option<Self> {
        Some(match function {
            "C_CloseSession" | "C_Logout" | "C_Finalize" => Self::Nothing,
            "C_GenerateKeyPair" => Self::KeyPair,
            "C_CreateObject" => Self::Certificate,
            "C_DestroyObject" => Self::Removal,
            "C_SetAttributeValue" => Self::Attribute,
            "C_InitToken" => Self::Initialisation,
            "C_InitPIN" | "C_SetPIN" => Self::Pin,
            "C_Login" => Self::Login,
            _ => return None,
        })
    }

    /// What a call has made that a later one may have been about to use or to take back.
    pub(super) fn after(function: &str) -> Option<Self> {
        Self::during(function).filter(|made| matches!(made, Self::KeyPair | Self::Certificate | Self::Initialisation))
    }

    /// What is open while these calls run, after those that made something.
    pub(super) fn now<'f>(running: impl IntoIterator<Item = &'f str>, made: &[Self]) -> Vec<Self> {
        let running: Vec<_> = running.into_iter().map(Self::during).collect();
        // Sessions are closed when all is done, and when nothing more can be done.
        if !running.is_empty() && running.iter().all(|one| *one == Some(Self::Nothing)) {
            return vec![Self::Nothing];
        }
        let mut unsettled = Vec::new();
        for one in running.into_iter().flatten().chain(made.iter().copied()) {
            // One thread of several may be done.
            if one != Self::Nothing && !unsettled.contains(&one) {
                unsettled.push(one);
            }
        }
        unsettled
    }
}
