//! When a certificate is due for renewal.

mod window;

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;
pub use window::{Advice, Window, due};

const DAY: i64 = 86_400;

/// Certificates that live for so long at most are renewed at half of their lifetime.
const SHORT: i64 = 10 * DAY;

/// How long before its end a certificate is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(try_from = "String")]
pub enum Margin {
    /// When a third of the lifetime is left, or half of it where that is 10 days or less: early enough to have time for
    /// repairs, and what ACME's largest CA asks for (Let's Encrypt, "Integration Guide", "When to Renew").
    #[default]
    Usual,
    /// A time in seconds.
    Seconds(i64),
    /// A share of the lifetime in percent, 1 to 99.
    Percent(i64),
}

/// A text that is no margin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected days, hours or a share of the lifetime, as in 30d, 12h or 33%")]
pub struct NotAMargin;

impl FromStr for Margin {
    type Err = NotAMargin;

    fn from_str(text: &str) -> Result<Self, NotAMargin> {
        let (number, unit) = text.split_at(text.len() - text.chars().last().map_or(0, char::len_utf8));
        let number: i64 = number.parse().map_err(|_| NotAMargin)?;
        match unit {
            "d" if (1..=36_500).contains(&number) => Ok(Self::Seconds(number * DAY)),
            "h" if (1..=876_000).contains(&number) => Ok(Self::Seconds(number * 3_600)),
            "%" if (1..=99).contains(&number) => Ok(Self::Percent(number)),
            _ => Err(NotAMargin),
        }
    }
}

impl TryFrom<String> for Margin {
    type Error = NotAMargin;

    fn try_from(text: String) -> Result<Self, NotAMargin> {
        text.parse()
    }
}

impl fmt::Display for Margin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usual => f.write_str("a third of the lifetime is left (half if that is 10 days or less)"),
            Self::Seconds(seconds) if seconds % DAY == 0 => write!(f, "{} days are left", seconds / DAY),
            Self::Seconds(seconds) => write!(f, "{} hours are left", seconds / 3_600),
            Self::Percent(percent) => write!(f, "{percent} % of the lifetime are left"),
        }
    }
}

impl Margin {
    /// The time from which a certificate with these dates is due; all in seconds since 1970.
    #[must_use]
    pub fn due_at(self, not_before: i64, not_after: i64) -> i64 {
        // Both ends are part of it (RFC 5280, 4.1.2.5).
        let lifetime = not_after.saturating_sub(not_before).saturating_add(1).max(0);
        let left = match self {
            Self::Usual if lifetime <= SHORT => lifetime / 2,
            Self::Usual => lifetime / 3,
            Self::Seconds(seconds) => seconds,
            Self::Percent(percent) => lifetime / 100 * percent,
        };
        not_after.saturating_sub(left)
    }
}

/// Where a certificate is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// It is not valid yet.
    Early,
    /// It is valid and not due.
    Fresh,
    /// It is valid and due.
    Due,
    /// It is over.
    Expired,
}

impl Phase {
    /// The phase at `now` of a certificate that is due from `due_at` on; all in seconds since 1970.
    #[must_use]
    pub fn at(now: i64, not_before: i64, not_after: i64, due_at: i64) -> Self {
        if now > not_after {
            Self::Expired
        } else if now < not_before {
            Self::Early
        } else if now >= due_at {
            Self::Due
        } else {
            Self::Fresh
        }
    }

    /// One word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Early => "not yet valid",
            Self::Fresh => "fresh",
            Self::Due => "due",
            Self::Expired => "expired",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_third_is_left_and_half_of_a_short_life() {
        assert_eq!(Margin::Usual.due_at(0, 90 * DAY - 1), 60 * DAY - 1);
        assert_eq!(Margin::Usual.due_at(0, 10 * DAY - 1), 5 * DAY - 1);
        assert_eq!(Margin::Usual.due_at(0, 11 * DAY - 1), 11 * DAY - 1 - 11 * DAY / 3);
        assert_eq!(Margin::Seconds(30 * DAY).due_at(0, 90 * DAY - 1), 60 * DAY - 1);
        assert_eq!(Margin::Percent(10).due_at(0, 100 * DAY - 1), 90 * DAY - 1);
    }

    #[test]
    fn each_second_belongs_to_one_phase() {
        let at = |now| Phase::at(now, 0, 90 * DAY - 1, 60 * DAY - 1);
        assert_eq!(at(-1), Phase::Early);
        assert_eq!((at(0), at(60 * DAY - 2)), (Phase::Fresh, Phase::Fresh));
        assert_eq!((at(60 * DAY - 1), at(90 * DAY - 1)), (Phase::Due, Phase::Due));
        assert_eq!(at(90 * DAY), Phase::Expired);
    }

    #[test]
    fn dates_in_the_wrong_order_do_no_harm() {
        assert_eq!(Margin::Usual.due_at(i64::MAX, i64::MIN), i64::MIN);
        assert_eq!(Phase::at(5, 10, 0, 0), Phase::Expired);
    }

    #[test]
    fn a_margin_is_read() {
        assert_eq!("30d".parse(), Ok(Margin::Seconds(30 * DAY)));
        assert_eq!("12h".parse(), Ok(Margin::Seconds(12 * 3_600)));
        assert_eq!("33%".parse(), Ok(Margin::Percent(33)));
        for text in ["", "d", "30", "-1d", "0d", "100%", "1w", "30ä", "9999999999999999999d"] {
            assert_eq!(text.parse::<Margin>(), Err(NotAMargin), "{text}");
        }
    }
}
