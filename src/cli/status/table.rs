//! The table, the next end first, with a bar of the lifetime that is left.

use comfy_table::{ContentArrangement, Table, presets};
use hsmcert::due::Phase;
use hsmcert::status::{Clock, Link, Status};

use super::super::clock::date;
use super::super::report::shown;

/// Signs in a bar.
const WIDTH: usize = 10;
/// Longest text of a cell.
const LONGEST: usize = 40;

pub(super) fn table(all: &[Status], clock: Clock) -> String {
    if all.is_empty() {
        return "no certificates; hsmcert accept CERTIFICATE stores one\n".to_owned();
    }
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(["label", "subject", "issuer", "ends", "days", "left", "state"]);
    for one in all {
        let facts = one.certificate.as_ref();
        let issuer =
            facts.map(|facts| facts.issuer.common_name().map_or_else(|| facts.issuer.to_string(), str::to_owned));
        let days = (one.not_after - clock.now).div_euclid(86_400).to_string();
        let cells = [
            one.label.clone(),
            facts.map(|facts| facts.subject.to_string()).unwrap_or_default(),
            issuer.unwrap_or_default(),
            date(one.not_after),
            days,
            one.left(clock.now).map(bar).unwrap_or_default(),
            state(one),
        ];
        table.add_row(cells.iter().map(|cell| cut(&shown(cell))));
    }
    table.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

fn bar(left: f64) -> String {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "0 to 10")]
    let full = (left * WIDTH as f64).ceil() as usize;
    format!("{}{}", "█".repeat(full.min(WIDTH)), "░".repeat(WIDTH.saturating_sub(full)))
}

/// Due or not, and why; then what is wrong with the link.
pub(super) fn state(one: &Status) -> String {
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

fn cut(text: &str) -> String {
    let is_last = text.contains("LINK BROKEN");
    match text.char_indices().nth(LONGEST) {
        Some(_) if !is_last => text.chars().take(LONGEST - 1).chain(['…']).collect(),
        _ if text.is_empty() => "-".to_owned(),
        _ => text.to_owned(),
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
