//! Asking before something that cannot be undone.

use std::io::BufRead as _;

use super::failure::Failure;
use super::pin::can_ask;
use super::report::{Report, say, shown};

/// Whether [`confirm`] can ask, before anything is done for it: nobody may be there, and who wants JSON does not see what
/// the question is about. `deed` is what it is about: `a key is deleted`.
pub(super) fn check_possible(deed: &str, yes: bool, report: &Report) -> Result<(), Failure> {
    if yes || (can_ask(report) && !report.is_json()) {
        return Ok(());
    }
    let message = format!("{deed} only when somebody says yes, and there is nobody to be asked");
    Err(Failure::usage(message).hint("add --yes"))
}

/// Goes on when `--yes` was given or the question is answered by yes.
pub(super) fn confirm(question: &str, yes: bool) -> Result<(), Failure> {
    if yes {
        return Ok(());
    }
    say(&format!("{} [y/N] ", shown(question)));
    let mut answer = String::new();
    // An unreadable answer is none.
    let _ = std::io::stdin().lock().read_line(&mut answer);
    match answer.trim().to_ascii_lowercase().as_str() {
        "y" | "yes" => Ok(()),
        _ => Err(Failure::usage("not confirmed, so nothing was changed")),
    }
}
