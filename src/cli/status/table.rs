//! The table, the next end first, with a bar of the lifetime that is left.

use std::io::{self, Write};

use hsmcert::due::Phase;
use hsmcert::status::{Clock, Link, Status};

use super::super::clock::date;
use super::super::columns::{self, cut};
use super::super::report::shown;

/// Signs in a bar.
const WIDTH: usize = 10;
/// Longest text of a cell.
const LONGEST: usize = 40;

const TITLES: [&str; 7] = ["label", "subject", "issuer", "ends", "days", "left", "state"];

pub(super) fn table(
    out: &mut dyn Write,
    all: &[Status],
    superseded: &[Status],
    left_out: usize,
    clock: Clock,
) -> io::Result<()> {
    if all.is_empty() && superseded.is_empty() {
        writeln!(out, "no certificates; hsmcert accept CERTIFICATE stores one")?;
    } else {
        let all = all.iter().chain(superseded);
        let rows: Vec<_> = all.map(|one| cells(one, clock).map(|cell| cut_cell(shown(&cell)))).collect();
        columns::write(out, &TITLES, &rows, |row, column| row[column].clone())?;
    }
    match left_out {
        0 => Ok(()),
        count => writeln!(out, "{count} superseded by renewals: --all shows, hsmcert prune deletes them"),
    }
}

fn cells(one: &Status, clock: Clock) -> [String; 7] {
    let facts = one.certificate.as_ref();
    let issuer = facts.map(|facts| facts.issuer.common_name().map_or_else(|| facts.issuer.to_string(), str::to_owned));
    [
        one.label.clone(),
        facts.map(|facts| facts.subject.to_string()).unwrap_or_default(),
        issuer.unwrap_or_default(),
        date(one.not_after),
        (one.not_after - clock.now).div_euclid(86_400).to_string(),
        one.left(clock.now).map(bar).unwrap_or_default(),
        state(one),
    ]
}

/// What is wrong with a link is never cut.
fn cut_cell(text: String) -> String {
    if text.contains("LINK BROKEN") { text } else { cut(text, LONGEST) }
}

fn bar(left: f64) -> String {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "0 to 10")]
    let full = (left * WIDTH as f64).ceil() as usize;
    format!("{}{}", "█".repeat(full.min(WIDTH)), "░".repeat(WIDTH.saturating_sub(full)))
}

/// Due or not, and why; then what is wrong with the link.
pub(super) fn state(one: &Status) -> String {
    if let Some(since) = &one.superseded {
        return format!("superseded {}", since.split('T').next().unwrap_or(since));
    }
    let phase = match (one.phase, one.due_at) {
        (Phase::Fresh, Some(due)) => format!("due {}", date(due)),
        (Phase::Fresh, None) => "valid".to_owned(),
        (Phase::Due, Some(due)) => format!("DUE since {}", date(due)),
        (Phase::Due, None) => "DUE".to_owned(),
        (Phase::Expired, _) => "EXPIRED".to_owned(),
        (Phase::Early, _) => "not yet valid".to_owned(),
    };
    match &one.link {
        Link::Token => phase,
        Link::File(_) => format!("{phase}, certificate in a file"),
        Link::Broken(why) => format!("LINK BROKEN: {why}; {phase}"),
        Link::NotAsked => format!("{phase}, token not asked"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_empty_only_at_the_end() {
        assert_eq!(bar(0.0), "░░░░░░░░░░");
        assert_eq!(bar(0.01), "█░░░░░░░░░");
        assert_eq!(bar(1.0), "██████████");
    }
}
