//! `RequestType = Cert`, and how long the certificate is valid.

use super::super::super::date;
use super::super::super::write::{Lost, Part};
use crate::request::{Period, Validity};

/// The lines for a self-signed certificate.
pub(super) fn write(validity: Validity, lost: &mut Vec<Lost>) -> Vec<String> {
    let mut lines = vec!["RequestType = Cert".to_owned()];
    match validity {
        Validity::For(period) => {
            let (unit, count) = self::period(period, lost);
            lines.push(format!("ValidityPeriod = {unit}"));
            lines.push(format!("ValidityPeriodUnits = {count}"));
        }
        Validity::Between { not_before, not_after } => {
            lines.extend(not_before.and_then(|time| time_line("NotBefore", time, lost)));
            lines.extend(time_line("NotAfter", not_after, lost));
        }
    }
    lines
}

/// Units of seconds, the longest first; a number has 32 bits.
const UNITS: [(&str, i64); 4] = [("Days", DAY), ("Hours", 3600), ("Minutes", 60), ("Seconds", 1)];
const DAY: i64 = 86_400;

fn period(period: Period, lost: &mut Vec<Lost>) -> (&'static str, u32) {
    let seconds = match period {
        Period::Months(months) if months % 12 == 0 => return ("Years", months / 12),
        Period::Months(months) => return ("Months", months),
        Period::Seconds(seconds) => seconds,
    };
    let exact = UNITS.iter().find(|(_, length)| seconds % length == 0);
    let count = exact.and_then(|(unit, length)| Some((*unit, u32::try_from(seconds / length).ok()?)));
    count.unwrap_or_else(|| {
        let days = seconds / DAY;
        let what = format!("a validity of {seconds} seconds: an INF cannot say it, and {days} days stand in its place");
        lost.push(Lost::new(Part::Product, what));
        ("Days", u32::try_from(days).unwrap_or(1))
    })
}

fn time_line(key: &str, time: i64, lost: &mut Vec<Lost>) -> Option<String> {
    let text = date::text(time);
    if text.is_none() {
        lost.push(Lost::new(
            Part::Product,
            format!("{key} {time} seconds after 1970: its year does not have four digits"),
        ));
    }
    text.map(|text| format!("{key} = \"{text}\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_are_exact_or_lost() {
        let mut lost = Vec::new();
        assert_eq!(period(Period::Months(240), &mut lost), ("Years", 20));
        assert_eq!(period(Period::Months(3), &mut lost), ("Months", 3));
        assert_eq!(period(Period::Seconds(365 * DAY), &mut lost), ("Days", 365));
        assert_eq!(period(Period::Seconds(90), &mut lost), ("Seconds", 90));
        assert_eq!(lost, []);
        assert_eq!(period(Period::Seconds(5_000_000_001), &mut lost), ("Days", 57_870));
        assert_eq!(lost.len(), 1);
    }
}
