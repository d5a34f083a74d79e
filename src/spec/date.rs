//! Dates as people write them, in UTC.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;

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
    let text = text.trim_end_matches(" UTC").trim_end_matches(" GMT");
    let mut readings: Vec<DateTime> = DATES
        .iter()
        .flat_map(|date| TIMES.iter().map(move |time| format!("{date}{time}")))
        .filter_map(|format| DateTime::strptime(format, text).ok())
        .collect();
    readings.sort();
    readings.dedup();
    match readings.as_slice() {
        [reading] => match Offset::UTC.to_timestamp(*reading) {
            Ok(time) => Ok(time.as_second()),
            Err(_) => Err(unreadable(text)),
        },
        [first, second, ..] => {
            let message = format!("`{text}` is {} in one country and {} in another", first.date(), second.date());
            Err(Diagnostic::error(message, None).help("write the date as year-month-day"))
        }
        [] => Err(unreadable(text)),
    }
}

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
        let ambiguous = parse("03/04/2030").unwrap_err().message;
        assert_eq!(ambiguous, "`03/04/2030` is 2030-03-04 in one country and 2030-04-03 in another");
        assert_eq!(parse("04/04/2030"), parse("2030-04-04"));
        for text in ["31.02.2030", "soon", "2030", ""] {
            assert!(parse(text).unwrap_err().message.ends_with("is not a date"), "{text}");
        }
    }
}
