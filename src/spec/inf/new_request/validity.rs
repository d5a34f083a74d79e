//! `NotBefore`, `NotAfter`, `ValidityPeriod` and `ValidityPeriodUnits`: for self-signed certificates.

use super::super::super::suggest::did_you_mean;
use super::super::super::{Diagnostic, date};
use super::super::settings::Settings;
use crate::request::{Period, Validity};

/// The units, and one of each.
const UNITS: [(&str, Period); 7] = [
    ("Years", Period::Months(12)),
    ("Months", Period::Months(1)),
    ("Weeks", Period::Seconds(7 * DAY)),
    ("Days", Period::Seconds(DAY)),
    ("Hours", Period::Seconds(3600)),
    ("Minutes", Period::Seconds(60)),
    ("Seconds", Period::Seconds(1)),
];
const DAY: i64 = 86_400;

/// How long the certificate is valid: one year if nothing is said.
pub(super) fn read(settings: &mut Settings<'_>) -> Validity {
    let not_before = time("NotBefore", settings);
    let not_after = time("NotAfter", settings);
    let period = period(settings);
    if let (Some(_), Some(_)) = (not_after, period) {
        let message = "NotAfter and ValidityPeriod are both given: NotAfter counts";
        settings.problems.push(Diagnostic::warning(message, settings.span("ValidityPeriod")));
    }
    let period = period.unwrap_or(Period::Months(12));
    match (not_before, not_after) {
        (None, None) => Validity::For(period),
        (Some(start), None) => Validity::Between { not_before, not_after: period.after(start) },
        (Some(start), Some(end)) if end <= start => {
            let problem = Diagnostic::error("NotAfter is not behind NotBefore", settings.span("NotAfter"));
            settings.problems.push(problem);
            Validity::Between { not_before, not_after: end }
        }
        (_, Some(not_after)) => Validity::Between { not_before, not_after },
    }
}

/// In a request these keys do nothing: the CA decides.
pub(super) fn report_as_useless(settings: &mut Settings<'_>) {
    for key in ["NotBefore", "NotAfter", "ValidityPeriod", "ValidityPeriodUnits"] {
        if settings.value(key).is_some() {
            let message =
                format!("{key} does nothing in a PKCS#10 request: the CA says how long a certificate is valid");
            let note = Diagnostic::note(message, settings.span(key));
            settings.problems.push(note.help("it counts with RequestType = Cert, for a self-signed certificate"));
        }
    }
}

fn time(key: &str, settings: &mut Settings<'_>) -> Option<i64> {
    let value = settings.value(key)?;
    let time = date::parse(&value).map_err(|problem| problem.at(value.span()));
    settings.kept(time)
}

fn period(settings: &mut Settings<'_>) -> Option<Period> {
    let unit = settings.value("ValidityPeriod");
    let count = settings.number("ValidityPeriodUnits");
    let (Some(unit), Some(count)) = (unit, count) else {
        if unit.is_some() && settings.span("ValidityPeriodUnits").is_none() {
            let problem =
                Diagnostic::error("ValidityPeriod without ValidityPeriodUnits", settings.span("ValidityPeriod"));
            settings.problems.push(problem.help("write ValidityPeriod = Years and ValidityPeriodUnits = 1"));
        } else if unit.is_none() && count.is_some() {
            let message = "ValidityPeriodUnits without ValidityPeriod";
            let problem = Diagnostic::error(message, settings.span("ValidityPeriodUnits"));
            settings.problems.push(problem.help("add ValidityPeriod = Years (or Months, Weeks, Days, Hours)"));
        }
        return None;
    };
    let known = |(name, _): &&(&str, Period)| {
        name.eq_ignore_ascii_case(&unit) || name.trim_end_matches('s').eq_ignore_ascii_case(&unit)
    };
    let Some((_, one)) = UNITS.iter().find(known) else {
        let near = did_you_mean(&unit, UNITS.iter().map(|(name, _)| *name));
        let problem = Diagnostic::error(format!("unknown period `{}`{near}", unit.as_str()), Some(unit.span()));
        settings.problems.push(problem.expecting("expected Years, Months, Weeks, Days, Hours, Minutes or Seconds"));
        return None;
    };
    let period = times(*one, count);
    if period.is_none() {
        let message = format!("a validity of {count} {} cannot be", unit.as_str());
        settings.problems.push(Diagnostic::error(message, settings.span("ValidityPeriodUnits")));
    }
    period
}

/// So many of a unit; `None` for none, and for more than X.509 can write.
fn times(unit: Period, count: u32) -> Option<Period> {
    let period = match unit {
        Period::Months(months) => Period::Months(months.checked_mul(count)?),
        Period::Seconds(seconds) => Period::Seconds(seconds.checked_mul(i64::from(count))?),
    };
    let fits = match period {
        Period::Months(months) => (1..=Period::LONGEST_MONTHS).contains(&months),
        Period::Seconds(seconds) => (1..=Period::LONGEST_SECONDS).contains(&seconds),
    };
    fits.then_some(period)
}
