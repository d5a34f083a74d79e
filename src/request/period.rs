//! Lengths of time as calendars count them.

use std::fmt;

use jiff::civil::DateTime;
use jiff::{SignedDuration, Span};

const EPOCH: DateTime = DateTime::constant(1970, 1, 1, 0, 0, 0, 0);
const DAY: i64 = 86_400;

/// How long something lasts. Months have no length of their own: 20 years from 2018-08-15 end on 2038-08-15.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Period {
    /// Months of the calendar; a year has twelve.
    Months(u32),
    /// Seconds.
    Seconds(i64),
}

impl Period {
    /// The longest one: X.509 writes a year with four digits (RFC 5280, 4.1.2.5).
    pub const LONGEST_MONTHS: u32 = 12 * 8000;
    /// The same in seconds.
    pub const LONGEST_SECONDS: i64 = 8000 * 365 * DAY;
    /// The last time that X.509 can write.
    const LAST: i64 = 253_402_300_799;

    /// Its end, when it starts so many seconds after 1970-01-01 UTC; no later than X.509 can write.
    #[must_use]
    pub fn after(self, start: i64) -> i64 {
        let end = match self {
            Self::Seconds(seconds) => start.checked_add(seconds),
            Self::Months(months) => EPOCH
                .checked_add(SignedDuration::from_secs(start))
                .and_then(|start| start.checked_add(Span::new().try_months(months)?))
                .map(|end| end.duration_since(EPOCH).as_secs())
                .ok(),
        };
        end.unwrap_or(Self::LAST).min(Self::LAST)
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (count, unit) = match *self {
            Self::Months(months) if months % 12 == 0 => (i64::from(months / 12), "year"),
            Self::Months(months) => (i64::from(months), "month"),
            Self::Seconds(seconds) if seconds % DAY == 0 => (seconds / DAY, "day"),
            Self::Seconds(seconds) => (seconds, "second"),
        };
        write!(f, "{count} {unit}{}", if count == 1 { "" } else { "s" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn years_end_on_the_day_on_which_they_began() {
        // certreq's own output: 15 Aug 2018 17:42:54 and 20 years.
        assert_eq!(Period::Months(240).after(1_534_354_974), 2_165_506_974);
        // The last day of January and one month.
        assert_eq!(Period::Months(1).after(1_706_659_200), 1_709_164_800);
        assert_eq!(Period::Seconds(60).after(0), 60);
        assert_eq!(Period::Months(u32::MAX).after(0), Period::LAST);
    }

    #[test]
    fn it_is_shown_in_the_largest_unit_that_is_exact() {
        let shown = [Period::Months(240), Period::Months(1), Period::Seconds(30 * DAY), Period::Seconds(90)];
        assert_eq!(shown.map(|period| period.to_string()), ["20 years", "1 month", "30 days", "90 seconds"]);
    }
}
