//! Keys and values.

use super::super::super::write::is_hidden;

/// `key = value`.
pub(super) fn entry(key: &str, value: &str) -> String {
    format!("{key} = {value}")
}

/// A string in quotes, in which nothing is a variable and nothing is hidden.
pub(super) fn text(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.replace("${", "$${").chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            hidden if is_hidden(hidden) => quoted.push_str(&format!("\\u{:04x}", u32::from(hidden))),
            plain => quoted.push(plain),
        }
    }
    quoted.push('"');
    quoted
}

/// An array, on one line if that is short.
pub(super) fn array(items: &[String]) -> String {
    let line = format!("[{}]", items.join(", "));
    if line.chars().count() <= WIDTH || items.len() < 2 {
        return line;
    }
    let lines: String = items.iter().map(|item| format!("    {item},\n")).collect();
    format!("[\n{lines}]")
}

const WIDTH: usize = 90;

/// `key = [...]` of strings.
pub(super) fn texts<'a>(key: &str, items: impl Iterator<Item = &'a str>) -> String {
    entry(key, &array(&items.map(text).collect::<Vec<_>>()))
}

/// `{ key = value, ... }`, which is one line.
pub(super) fn inline_table(entries: &[String]) -> String {
    if entries.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", entries.join(", ")) }
}

/// Bytes in hex digits on one line.
pub(super) fn hex_line(bytes: &[u8]) -> String {
    format!("\"{}\"", base16ct::lower::encode_string(bytes))
}

/// Bytes in hex digits; many of them over several lines.
pub(super) fn hex(bytes: &[u8]) -> String {
    const IN_ONE_LINE: usize = 32;
    if bytes.len() <= IN_ONE_LINE {
        return hex_line(bytes);
    }
    let lines: String = bytes.chunks(IN_ONE_LINE).map(|line| base16ct::lower::encode_string(line) + "\n").collect();
    format!("\"\"\"\n{lines}\"\"\"")
}

#[cfg(test)]
mod tests {
    use super::super::super::super::{Options, parse};
    use super::*;

    #[test]
    fn strings_come_back() {
        for value in
            ["a", "\"\\", "${HOME}", "$${", "$$${x}$", "a\nb\t\r\0", "\u{7f}\u{85}\u{202e}\u{feff}", "ä🔑", "'''", "#"]
        {
            let file = format!("san.dns = \"a.example\"\n[key]\nlabel = {}\n", text(value));
            let read = parse("a.toml", file.as_bytes(), &Options::default()).unwrap().spec;
            assert_eq!(read.key.label.as_deref(), Some(value), "{file}");
        }
    }

    #[test]
    fn long_arrays_have_a_line_for_each_value() {
        assert_eq!(array(&["1".to_owned(), "2".to_owned()]), "[1, 2]");
        assert_eq!(array(&["1".repeat(60), "2".repeat(60)]).lines().count(), 4);
    }
}
