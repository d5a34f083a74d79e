//! How long a self-signed certificate is valid.

use jiff::civil::{Date, DateTime, Time};
use toml::value::Datetime;

use crate::request::{Period, Product, Validity};
use crate::spec::toml::findings::Findings;
use crate::spec::toml::format::SelfSigned;
use crate::spec::toml::placed::{Placed, Table};
use crate::spec::{Diagnostic, Span, date};

pub(super) fn read(wanted: Placed<Table<SelfSigned>>, found: &mut Findings<'_>) -> Option<Product> {
    let Placed { value: Table(SelfSigned { years, months: months_asked, days, seconds, not_after, not_before }), span } =
        wanted;
    if let (Some(start), None) = (&not_before, &not_after) {
        let error = Diagnostic::error("not-before needs not-after", Some(start.span));
        found.push(error.help("add not-after, or leave not-before out"));
        return None;
    }
    let months = |count: Placed<u32>, in_one: u32| {
        let months = count.value.checked_mul(in_one).filter(|months| *months <= Period::LONGEST_MONTHS);
        (months.map(Period::Months), count.span)
    };
    let seconds_of = |count: u64, span| {
        let seconds = i64::try_from(count).ok().filter(|seconds| *seconds <= Period::LONGEST_SECONDS);
        (seconds.map(Period::Seconds), span)
    };
    let periods = [
        years.map(|years| months(years, 12)),
        months_asked.map(|asked| months(asked, 1)),
        days.map(|days| seconds_of(u64::from(days.value) * 86_400, days.span)),
        seconds.map(|seconds| seconds_of(seconds.value, seconds.span)),
    ];
    let mut periods = periods.into_iter().flatten();
    let validity = match (periods.next(), periods.next(), not_after) {
        (Some((period, span)), None, None) => Validity::For(found.take(possible(period, span))?),
        (None, None, Some(end)) => between(not_before.as_ref(), &end, found)?,
        (_, _, _) => {
            let error = Diagnostic::error("it is not clear how long the certificate is valid", Some(span));
            found.push(error.expecting("expected one of years, months, days, seconds, not-after"));
            return None;
        }
    };
    Some(Product::SelfSigned(validity))
}

fn possible(period: Option<Period>, span: Span) -> Result<Period, Diagnostic> {
    match period {
        Some(Period::Months(0) | Period::Seconds(0)) => {
            Err(Diagnostic::error("the certificate would never be valid", Some(span)))
        }
        Some(period) => Ok(period),
        None => Err(Diagnostic::error("the certificate would outlive X.509", Some(span))),
    }
}

fn between(start: Option<&Placed<Datetime>>, end: &Placed<Datetime>, found: &mut Findings<'_>) -> Option<Validity> {
    let not_before = match start {
        Some(start) => Some(found.take(second(start))?),
        None => None,
    };
    let not_after = found.take(second(end))?;
    if not_before.is_some_and(|not_before| not_before >= not_after) {
        let error = Diagnostic::error("not-after is not later than not-before", Some(end.span));
        found.push(error);
        return None;
    }
    Some(Validity::Between { not_before, not_after })
}

/// Seconds since 1970-01-01 UTC. A date alone is its first second in UTC.
fn second(time: &Placed<Datetime>) -> Result<i64, Diagnostic> {
    let written = time.value.to_string();
    let error = |what: &str| Diagnostic::error(format!("{written} {what}"), Some(time.span));
    if time.value.time.is_some() {
        if time.value.offset.is_none() {
            return Err(error("does not say in which time zone").help(format!("write {written}Z for UTC")));
        }
        let instant = written.parse::<jiff::Timestamp>().map(jiff::Timestamp::as_second);
        let utc = || written.trim_end_matches('Z').parse::<DateTime>().map(date::seconds);
        return instant.or_else(|_| utc()).map_err(|_| error("is not a time"));
    }
    let date = written.parse::<Date>().map_err(|_| error("is not a date"))?;
    Ok(date::seconds(date.to_datetime(Time::midnight())))
}
