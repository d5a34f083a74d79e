//! `accept` and the certificate store of Windows: on Windows what it leaves there (`.ci/windows` runs that under wine),
//! elsewhere what it says to the options.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod support;

#[cfg(not(windows))]
#[path = "windows/elsewhere.rs"]
mod elsewhere;
#[cfg(windows)]
#[path = "windows/store.rs"]
mod store;
