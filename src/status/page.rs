//! The page of `status --html`: a timeline of certificates, complete in itself, without a script.

use super::{Link, Status};
use crate::due::Phase;
use crate::html::escape;
use crate::request::GeneralName;

const STYLE: &str = include_str!("page.css");

/// By this a page is known as one of ours, which may be replaced.
pub const MARK: &str = "<meta name=\"generator\" content=\"hsmcert status\">";

const DAY: i64 = 86_400;

/// The HTML of certificates in the order of their ends, at `now` in seconds since 1970.
#[must_use]
pub fn page(all: &[Status], now: i64) -> String {
    let axis = Axis::over(all, now);
    let rows: String = all.iter().map(|status| row(status, &axis, now)).collect();
    let rows = if all.is_empty() { "<p class=\"empty\">No certificates.</p>\n".to_owned() } else { rows };
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n{MARK}\n\
         <title>Certificates - hsmcert</title>\n<link rel=\"icon\" href=\"data:,\">\n<style>\n{STYLE}</style>\n</head>\n\
         <body>\n<main>\n<h1>Certificates</h1>\n<p class=\"lead\">{lead}</p>\n{counts}\
         <section id=\"timeline\">\n<div class=\"row scale\"><div></div><div class=\"track\">{ticks}</div><div></div></div>\n\
         {rows}</section>\n\
         <footer>The line is now, the mark in a bar the time of renewal. As of {now}. hsmcert {version}.</footer>\n</main>\n</body>\n</html>\n",
        lead = lead(all, now),
        counts = counts(all),
        ticks = axis.ticks(),
        now = at(now),
        version = env!("CARGO_PKG_VERSION"),
    )
}

/// The one thing that a reader wants to know.
fn lead(all: &[Status], now: i64) -> String {
    let next = all.iter().find(|status| status.phase != Phase::Expired);
    match next {
        Some(next) => {
            let days = (next.not_after - now).div_euclid(DAY);
            format!("The next one to end is {}, {}.", escape(&next.name()), in_days(days))
        }
        None if all.is_empty() => "There is nothing to renew.".to_owned(),
        None => "All of them are over.".to_owned(),
    }
}

fn counts(all: &[Status]) -> String {
    let of = |state: &str| all.iter().filter(|status| class(status) == state).count();
    let shown = [("fresh", "fresh"), ("due", "due"), ("expired", "expired"), ("broken", "link broken")];
    let chips: String = shown
        .iter()
        .filter(|(state, _)| of(state) > 0)
        .map(|(state, word)| format!("<li class=\"{state}\"><b>{}</b> {word}</li>", of(state)))
        .collect();
    format!("<ul class=\"counts\">{chips}</ul>\n")
}

/// What a row is coloured by: a broken link matters more than a date.
fn class(status: &Status) -> &'static str {
    match (status.link.is_broken(), status.phase) {
        (true, _) => "broken",
        (false, Phase::Expired) => "expired",
        (false, Phase::Due) => "due",
        (false, Phase::Fresh | Phase::Early) => "fresh",
    }
}

fn row(status: &Status, axis: &Axis, now: i64) -> String {
    let facts = status.certificate.as_ref();
    let (start, end) = (facts.map_or(status.not_after, |facts| facts.not_before), status.not_after);
    let due = status.due_at.filter(|due| *due > start && *due < end);
    let mark =
        due.map_or_else(String::new, |due| format!("<i class=\"due-mark\" style=\"left:{:.2}%\"></i>", axis.at(due)));
    let bar = format!(
        "<i class=\"life\" style=\"left:{:.2}%;width:{:.2}%\"></i>{mark}<i class=\"now\" style=\"left:{:.2}%\"></i>",
        axis.at(start),
        (axis.at(end) - axis.at(start)).max(0.4),
        axis.at(now),
    );
    let days = (end - now).div_euclid(DAY);
    let word = if status.link.is_broken() { "link broken" } else { status.phase.word() };
    format!(
        "<details class=\"{class}\"><summary class=\"row\"><span class=\"name\">{name}</span>\
         <span class=\"track\">{bar}</span><span class=\"end\"><b>{word}</b>, {ends}</span></summary>\n{more}</details>\n",
        class = class(status),
        name = escape(&status.name()),
        ends = if days < 0 { format!("ended {}", in_days(days)) } else { format!("ends {}", in_days(days)) },
        more = definitions(status),
    )
}

fn definitions(status: &Status) -> String {
    let facts = status.certificate.as_ref();
    let names = |names: &[GeneralName]| names.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let link = match &status.link {
        Link::Token => "certificate and key are on the token".to_owned(),
        Link::File(path) => format!("the key is on the token, the certificate in {}", path.display()),
        Link::Broken(why) => why.clone(),
        Link::NotAsked => "the token was not asked".to_owned(),
    };
    let mut rows = Vec::new();
    if let Some(facts) = facts {
        rows.extend([
            ("Subject", facts.subject.to_string()),
            ("Names (SAN)", names(&facts.names)),
            ("Issuer", facts.issuer.to_string()),
            ("Serial", facts.serial.clone()),
            ("Valid", format!("{} to {}", at(facts.not_before), at(status.not_after))),
        ]);
    } else {
        rows.push(("Valid", format!("to {}", at(status.not_after))));
    }
    rows.extend(status.due_at.map(|due| ("Due", format!("from {}", at(due)))));
    rows.extend([
        ("Link", link),
        ("Label", status.label.clone()),
        ("Token", format!("{} ({})", status.token, status.token_serial)),
        ("Key URI", status.key_uri.to_string()),
    ]);
    let rows: String =
        rows.iter().map(|(name, value)| format!("<dt>{name}</dt><dd>{}</dd>\n", escape(value))).collect();
    format!("<dl>\n{rows}</dl>\n")
}

fn in_days(days: i64) -> String {
    match days {
        0 => "within a day".to_owned(),
        1 => "in 1 day".to_owned(),
        -1 => "1 day ago".to_owned(),
        past if past < 0 => format!("{} days ago", -past),
        days => format!("in {days} days"),
    }
}

fn at(seconds: i64) -> String {
    jiff::Timestamp::from_second(seconds)
        .map_or_else(|_| "an impossible date".to_owned(), |time| time.strftime("%Y-%m-%d %H:%M UTC").to_string())
}

/// The time that the page shows. A certificate of twenty years shall not press all others to the left.
struct Axis {
    start: i64,
    end: i64,
}

impl Axis {
    fn over(all: &[Status], now: i64) -> Self {
        let last = all.iter().map(|status| status.not_after).max().unwrap_or(now);
        let end = last.clamp(now.saturating_add(30 * DAY), now.saturating_add(400 * DAY));
        Self { start: now.saturating_sub((end - now) / 6), end }
    }

    /// Where a time is, in percent of the width.
    fn at(&self, time: i64) -> f64 {
        let part = time.clamp(self.start, self.end) - self.start;
        #[allow(clippy::cast_precision_loss, reason = "some hundred days in seconds")]
        let percent = part as f64 * 100.0 / (self.end - self.start) as f64;
        percent
    }

    /// The first days of months, not more than a line can hold.
    fn ticks(&self) -> String {
        let Ok(start) = jiff::Timestamp::from_second(self.start) else { return String::new() };
        let step = if self.end - self.start > 200 * DAY { 3 } else { 1 };
        let mut month = jiff::tz::Offset::UTC.to_datetime(start).date().first_of_month();
        let mut ticks = String::new();
        for _ in 0..24 {
            let Ok(next) = month.checked_add(jiff::Span::new().months(1)) else { break };
            month = next;
            let Ok(time) = jiff::tz::Offset::UTC.to_timestamp(month.at(0, 0, 0, 0)) else { break };
            let seconds = time.as_second();
            if seconds >= self.end {
                break;
            }
            if i32::from(month.month()) % step == 1 % step {
                let left = self.at(seconds);
                ticks.push_str(&format!("<span style=\"left:{left:.2}%\">{}</span>", month.strftime("%b %Y")));
            }
        }
        ticks
    }
}
