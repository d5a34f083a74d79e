//! Now, and dates as people and tables want them.

/// Seconds since 1970-01-01 UTC.
pub(super) fn now() -> i64 {
    jiff::Timestamp::now().as_second()
}

/// A date: `2026-11-24`.
pub(super) fn date(seconds: i64) -> String {
    hsmcert::accept::date(seconds)
}

/// Whole days until then; negative when it is over.
pub(super) fn days_left(seconds: i64) -> i64 {
    (seconds - now()).div_euclid(86_400)
}
