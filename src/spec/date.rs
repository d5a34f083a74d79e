//! Dates as people write them, in UTC.

use jiff::civil::DateTime;
use jiff::{SignedDuration, Timestamp};

use super::Diagnostic;

const DATES: [&str; 10] = [
    "%Y-%m-%d",
    "%Y/%m/%d",
    "%d.%m.%Y",
    "%d-%b-%Y",
    "%d %b %Y",
    "%d %B %Y",
    "%b %d, %Y",
    "%B %d, %Y",
    // The two that only the values tell apart.
    "%m/%d/%Y",
    "%d/%m/%Y",
];
const TIMES: [&str; 6] = ["", " %H:%M", " %H:%M:%S", "T%H:%M:%S", " %I:%M %p", " %I:%M:%S %p"];

/// Seconds since 1970-01-01 UTC. Windows reads dates by the locale of its user; here ISO 8601 is read and every other
/// form that has one meaning only. A time without offset is UTC.
///
/// # Errors
/// An error without a place.
pub(super) fn parse(text: &str) -> Result<i64, Diagnostic> {
    let text = text.trim();
    if let Ok(time) = text.parse::<Timestamp>() {
        return Ok(time.as_second());
    }
    let text = text.trim_end_matches(" UTC").trim_end_matches(" GMT").trim_end_matches('Z');
    let mut readings: Vec<DateTime> = DATES
        .iter()
        .flat_map(|date| TIMES.iter().map(move |time| format!("{date}{time}")))
        .filter_map(|format| DateTime::strptime(format, text).ok())
        .collect();
    readings.sort();
    readings.dedup();
    match readings.as_slice() {
        [reading] => Ok(seconds(*reading)),
        [first, second, ..] => {
            let message = format!("`{text}` is {} in one country and {} in another", first.date(), second.date());
            Err(Diagnostic::error(message, None).help("write the date as year-month-day"))
        }
        [] => Err(unreadable(text)),
    }
}

/// Seconds since 1970-01-01 of a time in UTC. A [`Timestamp`] ends a day before `9999-12-31T23:59:59Z`, the time for a
/// certificate without a known end (RFC 5280, 4.1.2.5).
pub(super) fn seconds(utc: DateTime) -> i64 {
    utc.duration_since(EPOCH).as_secs()
}

/// The time as ISO 8601 has it, `2030-12-31T23:59:59Z`; `None` where the year does not have four digits.
pub(super) fn text(seconds: i64) -> Option<String> {
    let time = EPOCH.checked_add(SignedDuration::from_secs(seconds)).ok()?;
    (time.year() >= 0).then(|| format!("{time}Z"))
}

const EPOCH: DateTime = DateTime::constant(1970, 1, 1, 0, 0, 0, 0);

fn unreadable(text: &str) -> Diagnostic {
    Diagnostic::error(format!("`{text}` is not a date"), None).expecting("expected 2030-12-31 or 2030-12-31T23:59:59Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_meaning_is_needed() {
        let day = 1_924_905_600;
        for text in [
            "2030-12-31",
            "2030/12/31",
            "31.12.2030",
            "12/31/2030",
            "31/12/2030",
            "31 Dec 2030",
            "December 31, 2030",
            "31-Dec-2030",
            "2030-12-31T00:00:00Z",
            "2030-12-31 01:00:00+01:00",
            "12/31/2030 12:00 AM",
            "2030-12-31 00:00 UTC",
        ] {
            assert_eq!(parse(text), Ok(day), "{text}");
        }
        assert_eq!(parse("12/31/2030 11:30 PM"), Ok(day + 23 * 3600 + 1800));
        assert_eq!(parse("9999-12-31T23:59:59Z"), Ok(253_402_300_799));
        let ambiguous = parse("03/04/2030").unwrap_err().message;
        assert_eq!(ambiguous, "`03/04/2030` is 2030-03-04 in one country and 2030-04-03 in another");
        assert_eq!(parse("04/04/2030"), parse("2030-04-04"));
        for time in [0, -1, day + 86_399, 253_402_300_799, -62_167_219_200] {
            assert_eq!(parse(&text(time).unwrap()), Ok(time));
        }
        assert_eq!((text(day).as_deref(), text(i64::MAX)), (Some("2030-12-31T00:00:00Z"), None));
        for text in ["31.02.2030", "soon", "2030", ""] {
            assert!(parse(text).unwrap_err().message.ends_with("is not a date"), "{text}");
        }
    }
}
