//! Booleans, numbers and sets of flags.

use super::super::Diagnostic;
use super::super::suggest::did_you_mean;
use super::text::Fragment;

/// TRUE or FALSE in any case, and the other words that Windows writes for them.
///
/// # Errors
/// An error at the place of the text.
pub(super) fn boolean(text: Fragment<'_>) -> Result<bool, Diagnostic> {
    match text.to_lowercase().as_str() {
        "true" | "yes" | "1" => Ok(true),
        "false" | "no" | "0" => Ok(false),
        _ => Err(Diagnostic::error(format!("`{}` is neither TRUE nor FALSE", text.as_str()), Some(text.span()))
            .expecting("expected TRUE or FALSE")),
    }
}

/// A number, decimal or hex behind `0x`.
///
/// # Errors
/// An error at the place of the text.
pub(super) fn number(text: Fragment<'_>) -> Result<u32, Diagnostic> {
    plain_number(&text).ok_or_else(|| {
        Diagnostic::error(format!("`{}` is not a number", text.as_str()), Some(text.span()))
            .expecting("expected a number like 2048 or 0x800")
    })
}

/// Flags by name or number, with `|` between them. Names are taken in any case, with or without `prefix`, and with the
/// `XCN_` of CertEnroll before it.
pub(super) fn flags(
    text: Fragment<'_>,
    prefix: &str,
    names: &[(&str, u32)],
    problems: &mut Vec<Diagnostic>,
) -> Option<u32> {
    let without_prefix = |name: &str| without(prefix, without("XCN_", name)).to_owned();
    let mut sum = Some(0);
    for part in text.split('|').map(Fragment::trim) {
        let plain = without_prefix(&part);
        let named = names.iter().find(|(name, _)| without_prefix(name).eq_ignore_ascii_case(&plain));
        match named.map(|(_, value)| *value).or_else(|| plain_number(&part)) {
            Some(value) => sum = sum.map(|sum| sum | value),
            None => {
                let near = did_you_mean(&plain, names.iter().map(|(name, _)| *name));
                let message = format!("unknown flag `{}`{near}", part.as_str());
                let problem = Diagnostic::error(message, Some(part.span()));
                problems.push(problem.expecting("expected names or numbers, with | between them"));
                sum = None;
            }
        }
    }
    sum
}

/// One of these words, in any case and with or without the `XCN_` of CertEnroll, or a number.
///
/// # Errors
/// An error at the place of the text, with this label.
pub(super) fn choice(text: Fragment<'_>, names: &[(&str, u32)], expected: &str) -> Result<u32, Diagnostic> {
    let plain = without("XCN_", &text);
    let named = names.iter().find(|(name, _)| name.eq_ignore_ascii_case(plain)).map(|(_, value)| *value);
    named.or_else(|| plain_number(plain)).ok_or_else(|| {
        let near = did_you_mean(plain, names.iter().map(|(name, _)| *name));
        Diagnostic::error(format!("unknown word `{}`{near}", text.as_str()), Some(text.span())).expecting(expected)
    })
}

/// The name without this prefix, in any case.
fn without<'a>(prefix: &str, name: &'a str) -> &'a str {
    match name.get(..prefix.len()) {
        Some(start) if start.eq_ignore_ascii_case(prefix) => &name[prefix.len()..],
        Some(_) | None => name,
    }
}

fn plain_number(text: &str) -> Option<u32> {
    let (digits, radix) = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(hex) => (hex, 16),
        None => (text, 10),
    };
    // from_str_radix would take a sign.
    digits.chars().all(|digit| digit.is_digit(radix)).then(|| u32::from_str_radix(digits, radix).ok())?
}

#[cfg(test)]
mod tests {
    use super::super::text::Text;
    use super::*;

    fn text(string: &str) -> Text {
        let mut text = Text::new(0);
        text.push(string, 0);
        text
    }

    #[test]
    fn booleans_and_numbers_have_several_forms() {
        assert_eq!(boolean(text("Yes").whole()), Ok(true));
        assert_eq!(boolean(text("FALSE").whole()), Ok(false));
        assert!(boolean(text("wahr").whole()).is_err());
        assert_eq!(number(text("0xF0").whole()), Ok(0xf0));
        assert_eq!(number(text("2048").whole()), Ok(2048));
        for bad in ["0x", "0x+1", "-1", "+1", "", "4294967296", "12 ; x"] {
            assert!(number(text(bad).whole()).is_err(), "{bad}");
        }
    }

    #[test]
    fn flags_are_names_or_numbers() {
        let names = [("CERT_A", 1), ("CERT_B", 2)];
        let mut problems = Vec::new();
        assert_eq!(flags(text("cert_a| B |0x8").whole(), "CERT_", &names, &mut problems), Some(11));
        assert_eq!(flags(text("CERT_A | CERT_X").whole(), "CERT_", &names, &mut problems), None);
        assert_eq!(problems.len(), 1);
        assert_eq!(problems[0].span.map(|span| span.start), Some(9));
    }
}
