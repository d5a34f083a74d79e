//! Values that are most likely not what their author meant.

use super::super::Diagnostic;
use super::AttributeType;

/// The next attribute, behind something that separates elsewhere: `CN=a/O=b` of OpenSSL, `CN=a&O=b`.
pub(super) fn swallowed(key: &str, value: &str) -> Option<Diagnostic> {
    value.match_indices('=').find_map(|(equals, _)| {
        let before = value[..equals].trim_end();
        let rest = before.trim_end_matches(|character: char| character.is_ascii_alphanumeric());
        let next = &before[rest.len()..];
        let separator = rest.trim_end().chars().next_back().filter(|last| "/&|,;".contains(*last))?;
        AttributeType::by_key(next)?;
        let message = format!("`{separator}{next}=` inside of the value of `{key}`");
        let problem = Diagnostic::warning(message, None).expecting("this is one value");
        Some(problem.help(format!("if {next} is an attribute of its own, put a separator before it: , {next}=")))
    })
}

/// `$Name` of a script, `%1` of a batch file.
pub(super) fn unfilled(key: &str, value: &str) -> Option<Diagnostic> {
    let mut pairs = value.chars().zip(value.chars().skip(1));
    let found = pairs.any(|pair| match pair {
        ('$', next) => next.is_ascii_alphabetic() || matches!(next, '{' | '('),
        ('%', next) => next.is_ascii_digit(),
        _ => false,
    });
    found.then(|| {
        Diagnostic::warning(format!("`{key}={value}` looks like a placeholder that was not filled"), None)
            .expecting("it stands in the request as it is")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_without_a_separator_are_seen() {
        let found = |value| swallowed("CN", value).map(|doubt| doubt.message).unwrap_or_default();
        assert_eq!(found("www/O=Example"), "`/O=` inside of the value of `CN`");
        assert_eq!(found("a & ST = b"), "`&ST=` inside of the value of `CN`");
        assert_eq!([found("a=b"), found("R/X=1"), found("O=a"), found("a O=b")], ["", "", "", ""]);
    }

    #[test]
    fn placeholders_are_seen() {
        let found = |value| unfilled("CN", value).is_some();
        assert!(found("$env:COMPUTERNAME") && found("%1") && found("${HOST}") && found("a $(hostname)"));
        assert!(!found("100 % A$") && !found("$5"));
    }
}
