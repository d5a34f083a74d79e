//! JSON that may end on a terminal: standard JSON leaves some control characters as they are.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{Formatter, PrettyFormatter};

use super::report::is_steering;

/// Writes an object, with nothing in it that steers a terminal, and a line break.
pub(super) fn write(object: &impl Serialize, mut writer: impl Write) -> io::Result<()> {
    let mut serializer = serde_json::Serializer::with_formatter(&mut writer, Escaping(PrettyFormatter::new()));
    object.serialize(&mut serializer)?;
    writer.write_all(b"\n")
}

/// serde's own layout, with more characters escaped.
struct Escaping<'f>(PrettyFormatter<'f>);

/// The methods that only pass on.
macro_rules! as_pretty {
    ($($name:ident($($argument:ident: $kind:ty)?)),+) => {
        $(fn $name<W: ?Sized + Write>(&mut self, writer: &mut W $(, $argument: $kind)?) -> io::Result<()> {
            self.0.$name(writer $(, $argument)?)
        })+
    };
}

impl Formatter for Escaping<'_> {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        let mut rest = fragment;
        while let Some((at, steering)) = rest.char_indices().find(|(_, character)| is_steering(*character)) {
            // All of them have four hex digits.
            write!(writer, "{}\\u{:04x}", &rest[..at], u32::from(steering))?;
            rest = &rest[at + steering.len_utf8()..];
        }
        writer.write_all(rest.as_bytes())
    }

    as_pretty!(
        begin_array(), end_array(), begin_array_value(first: bool), end_array_value(), begin_object(), end_object(),
        begin_object_key(first: bool), end_object_key(), begin_object_value(), end_object_value()
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_never_reach_the_terminal() {
        let mut written = Vec::new();
        write(&["a\u{9b}31m\u{202e}\n", "é\"\u{7f}"], &mut written).unwrap();
        assert_eq!(String::from_utf8(written).unwrap(), "[\n  \"a\\u009b31m\\u202e\\n\",\n  \"é\\\"\\u007f\"\n]\n");
    }
}
