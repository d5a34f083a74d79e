//! An INF as sections by name, with all strings replaced.

use std::collections::HashMap;

use super::super::{Diagnostic, Options, Span};
use super::lines::{self, Entry, Section};
use super::strings::{Strings, is_strings};
use super::text::{Fragment, Text};

/// The sections of a file: those of one name are one, their entries in the order of the file.
pub(super) struct Document {
    sections: Vec<Section>,
    /// By name in lower case.
    by_name: HashMap<String, usize>,
    /// Offsets of the line ends.
    line_ends: Vec<usize>,
}

impl Document {
    /// Reads the text of a file.
    pub(super) fn read(text: &str, options: &Options, problems: &mut Vec<Diagnostic>) -> Self {
        let (mut raw, mut found) = lines::read(text);
        let strings: Vec<Section> = raw.extract_if(.., |section| is_strings(&section.name)).collect();
        let mut lookup = Strings::collect(&strings, &options.overrides);
        for entry in raw.iter_mut().flat_map(|section| &mut section.entries) {
            for text in entry.key.iter_mut().chain(&mut entry.fields) {
                lookup.expand(text, &mut found);
            }
        }
        found.extend(lookup.unused_overrides());
        problems.append(&mut found);
        let mut sections: Vec<Section> = Vec::new();
        let mut by_name: HashMap<String, usize> = HashMap::new();
        for section in raw {
            match by_name.get(&section.name.to_lowercase()) {
                Some(&index) => sections[index].entries.extend(section.entries),
                None => {
                    by_name.insert(section.name.to_lowercase(), sections.len());
                    sections.push(section);
                }
            }
        }
        Self { sections, by_name, line_ends: text.match_indices('\n').map(|(at, _)| at).collect() }
    }

    /// All sections but `[Strings]`.
    pub(super) fn sections(&self) -> &[Section] {
        &self.sections
    }

    /// The section with this name, in any case.
    pub(super) fn section(&self, name: &str) -> Option<&Section> {
        self.by_name.get(&name.to_lowercase()).map(|index| &self.sections[*index])
    }

    /// The number of the line, from 1.
    pub(super) fn line(&self, span: Span) -> usize {
        self.line_ends.partition_point(|end| *end < span.start) + 1
    }
}

impl Entry {
    /// The key, empty if there is none.
    pub(super) fn key_str(&self) -> &str {
        self.key.as_ref().map_or("", Text::as_str)
    }

    /// Is this the key, in any case?
    pub(super) fn is(&self, key: &str) -> bool {
        self.key_str().eq_ignore_ascii_case(key)
    }

    /// Where the key stands, or the first value if there is none.
    pub(super) fn key_span(&self) -> Span {
        self.key.as_ref().or(self.fields.first()).map_or(Span { start: 0, end: 0 }, |text| text.whole().span())
    }

    /// The one value of the entry, without blanks around it.
    ///
    /// # Errors
    /// certreq does not take several values either: an unquoted comma divided them.
    pub(super) fn value(&self) -> Result<Fragment<'_>, Diagnostic> {
        self.value_joined(", ")
    }

    /// The same; where commas divided the value, the repair has this in their place.
    ///
    /// # Errors
    /// Several values.
    pub(super) fn value_joined(&self, separator: &str) -> Result<Fragment<'_>, Diagnostic> {
        match self.fields.as_slice() {
            [value] if !self.bare => Ok(value.whole().trim()),
            [_] => Err(Diagnostic::error(format!("`{}` without a value", self.key_str()), Some(self.key_span()))
                .expecting("expected `=` and a value")),
            fields => {
                let together: Vec<_> = fields.iter().map(Text::as_str).collect();
                // Curly quotes quote nothing; in a repair they would be text.
                let together = together.join(separator).replace(['\u{201c}', '\u{201d}', '\u{201e}'], "");
                let message = format!("`{}` has {} values, divided by commas", self.key_str(), fields.len());
                Err(Diagnostic::error(message, Some(self.values_span()))
                    .expecting("expected one value, in quotes")
                    .help(format!("write {} = \"{}\"", self.key_str(), together.replace('"', "\"\""))))
            }
        }
    }

    /// Where the values stand, from the first to the last.
    pub(super) fn values_span(&self) -> Span {
        let first = self.fields.first().map_or(self.key_span(), |field| field.whole().span());
        let last = self.fields.last().map_or(first, |field| field.whole().span());
        Span { start: first.start, end: last.end.max(first.start) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(text: &str) -> Document {
        let mut problems = Vec::new();
        let document = Document::read(text, &Options::default(), &mut problems);
        assert_eq!(problems, []);
        document
    }

    #[test]
    fn sections_of_one_name_are_one() {
        let document = document("[A]\nx=1\n[b]\ny=%v%\n[a]\nx=2\n[Strings]\nv=3\n");
        let values: Vec<_> =
            document.section("a").unwrap().entries.iter().map(|entry| entry.value().unwrap().as_str()).collect();
        assert_eq!(values, ["1", "2"]);
        assert_eq!(document.section("B").unwrap().entries[0].value().unwrap().as_str(), "3");
        assert!(document.section("strings").is_none());
        assert_eq!(document.line(document.section("b").unwrap().entries[0].key_span()), 4);
    }

    #[test]
    fn an_unquoted_comma_is_repaired() {
        let document = document("[a]\nSubject = CN=www.foo.de, OU=Foobar");
        let problem = document.section("a").unwrap().entries[0].value().unwrap_err();
        assert_eq!(problem.help.as_deref(), Some("write Subject = \"CN=www.foo.de, OU=Foobar\""));
        assert_eq!(problem.span, Some(Span { start: 14, end: 38 }));
    }
}
