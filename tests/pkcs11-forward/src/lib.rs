//! What PKCS#11 modules share that stand in front of another one, for tests: the real module is loaded once, each function
//! gets a stand-in with its signature, and templates are read.

mod entry;
mod functions;
mod real;
mod template;

pub use entry::{Loaded, give};
pub use functions::{Around, NAMES, forwarding};
pub use real::Real;
pub use template::{Template, find};
