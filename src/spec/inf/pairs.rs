//! The common form of `{text}` values: `token=value` pairs with `&` between them.

use super::super::Diagnostic;
use super::text::Fragment;

/// One `token=value`, both without blanks around them. Further `=` belong to the value.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pair<'a> {
    pub(super) token: Fragment<'a>,
    pub(super) value: Fragment<'a>,
}

impl Pair<'_> {
    /// Is this its token, in any case?
    pub(super) fn is(&self, token: &str) -> bool {
        self.token.eq_ignore_ascii_case(token)
    }
}

/// Reads the pairs; empty ones, as behind the last `&`, do not count. `example` is shown where a pair should be.
pub(super) fn read<'a>(text: Fragment<'a>, example: &str, problems: &mut Vec<Diagnostic>) -> Vec<Pair<'a>> {
    let mut pairs = Vec::new();
    for part in text.split('&').map(Fragment::trim).filter(|part| !part.is_empty()) {
        match part.split_once('=') {
            Some((token, value)) => pairs.push(Pair { token: token.trim(), value: value.trim() }),
            None => problems.push(not_a_pair(part, example)),
        }
    }
    pairs
}

/// `DNS:www` and `CA:TRUE` are OpenSSL's way.
fn not_a_pair(part: Fragment<'_>, example: &str) -> Diagnostic {
    let token = example.split('=').next().unwrap_or_default();
    let help = match part.split_once(':') {
        Some((word, value)) if word.chars().all(char::is_alphanumeric) && !value.is_empty() => {
            format!("write {}={}", word.as_str(), value.trim().as_str())
        }
        Some(_) | None => format!("write {token}={}", part.as_str()),
    };
    Diagnostic::error(format!("`{}` is not token=value", part.as_str()), Some(part.span()))
        .expecting(format!("expected {example}"))
        .help(help)
}
