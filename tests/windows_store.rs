//! Windows: the walk-through as it is typed there, and what `accept` leaves in its certificate store (`.ci/windows` runs
//! both under wine); elsewhere what `accept` says to the options.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod support;

#[cfg(not(windows))]
#[path = "windows/elsewhere.rs"]
mod elsewhere;
#[cfg(windows)]
#[path = "windows/store.rs"]
mod store;
#[cfg(windows)]
#[path = "windows/typed.rs"]
mod typed;
