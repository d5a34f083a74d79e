//! What a token must offer to be tested as all others.

use std::path::PathBuf;
use std::process::Output;

/// A token that is under test.
pub trait Tested {
    /// hsmcert in the token's working directory; the token and its PIN are named in the environment or in the
    /// configuration.
    fn hsmcert(&self, arguments: &[&str]) -> Output;
    /// The same with this PIN.
    fn hsmcert_with_pin(&self, pin: &str, arguments: &[&str]) -> Output;
    /// OpenSC's `pkcs11-tool` on the token, without a login.
    fn pkcs11_tool(&self, arguments: &[&str]) -> Output;
    /// The user's PIN.
    fn pin(&self) -> &str;
    /// The working directory.
    fn work(&self) -> PathBuf;
    /// How the token was made.
    fn made_by(&self) -> &'static str;
    /// Is called after each command that has ended: whether it has left something behind.
    fn check(&self) {}
    /// Removes what a module is known to leave behind.
    fn tidy(&self) {}
}
