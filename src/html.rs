//! Text in a page.

/// Text as HTML shows it. Control characters and direction overrides, which would make a line read as something else,
/// are written out.
#[must_use]
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => escaped.extend(character.escape_default()),
            control if control.is_control() => escaped.extend(control.escape_default()),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_certificate_becomes_html() {
        assert_eq!(escape("<a b=\"c\">&'\u{202e}\n"), "&lt;a b=&quot;c&quot;&gt;&amp;&#39;\\u{202e}\\n");
    }
}
