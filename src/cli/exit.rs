//! Exit codes: a promise (README.md, "Exit codes").

use hsmcert::{ErrorKind, platform};

use super::isolate;

/// `usage`, which clap finds before anything else runs.
pub(super) const USAGE: u8 = 2;

/// Code and word of a kind of failure.
pub(super) fn code(kind: ErrorKind) -> (u8, &'static str) {
    match kind {
        ErrorKind::Internal => (1, "internal"),
        ErrorKind::Usage => (USAGE, "usage"),
        ErrorKind::RequestInvalid => (3, "request-invalid"),
        ErrorKind::TokenUnavailable => (4, "token-unavailable"),
        ErrorKind::LoginFailed => (5, "login-failed"),
        ErrorKind::NotFound => (6, "not-found"),
        ErrorKind::Conflict => (7, "conflict"),
        ErrorKind::CertificateRejected => (8, "certificate-rejected"),
        ErrorKind::TokenRefused => (9, "token-refused"),
        ErrorKind::Io => (10, "io"),
        ErrorKind::CaRefused => (11, "ca-refused"),
        ErrorKind::CaPending => (12, "ca-pending"),
        ErrorKind::HookFailed => (13, "hook-failed"),
        ErrorKind::Renewed => (20, "renewed"),
        ErrorKind::Partial => (15, "partial"),
        ErrorKind::ServedDiffers => (14, "served-differs"),
        ErrorKind::Due => (21, "due"),
        ErrorKind::Expired => (22, "expired"),
        ErrorKind::Busy => (75, "busy"),
    }
}

/// Ends the process at once: see [`platform::end_process`].
pub(crate) fn end(code: u8) -> ! {
    isolate::child::is_over();
    platform::end_process(code)
}
