//! A section of single values, read by key.

use std::collections::HashMap;

use super::super::suggest::did_you_mean;
use super::super::{Diagnostic, LISTED, Span};
use super::lines::{Entry, Section};
use super::scalar;
use super::text::Fragment;

/// The entries of a section by key; of two with one key certreq takes the first.
pub(super) struct Settings<'a> {
    section: &'a Section,
    /// By key in lower case.
    by_key: HashMap<String, &'a Entry>,
    pub(super) problems: &'a mut Vec<Diagnostic>,
}

impl<'a> Settings<'a> {
    pub(super) fn new(section: &'a Section, problems: &'a mut Vec<Diagnostic>) -> Self {
        let mut by_key = HashMap::new();
        for entry in &section.entries {
            let key = entry.key_str().to_lowercase();
            if by_key.contains_key(&key) && !key.is_empty() {
                let message = format!("`{}` is given again", entry.key_str());
                let problem = Diagnostic::warning(message, Some(entry.key_span()));
                problems.push(problem.expecting("certreq takes the first one"));
            }
            by_key.entry(key).or_insert(entry);
        }
        Self { section, by_key, problems }
    }

    /// Where the value of a key stands.
    pub(super) fn span(&self, key: &str) -> Option<Span> {
        self.by_key.get(&key.to_lowercase()).map(|entry| entry.values_span())
    }

    /// Is the value empty, FALSE or 0?
    pub(super) fn is_off(&self, key: &str) -> bool {
        let fields = self.by_key.get(&key.to_lowercase()).map_or(&[][..], |entry| entry.fields.as_slice());
        match fields {
            [value] => {
                value.as_str().is_empty() || value.as_str() == "0" || value.as_str().eq_ignore_ascii_case("false")
            }
            fields => fields.is_empty(),
        }
    }

    /// The value of a key; an empty one is none.
    pub(super) fn value(&mut self, key: &str) -> Option<Fragment<'a>> {
        self.joined(key, ", ")
    }

    /// The value of a key that takes flags: who wrote commas between them meant `|`.
    pub(super) fn flag_words(&mut self, key: &str) -> Option<Fragment<'a>> {
        self.joined(key, " | ")
    }

    fn joined(&mut self, key: &str, separator: &str) -> Option<Fragment<'a>> {
        let entry = self.by_key.get(&key.to_lowercase())?;
        let value = entry.value_joined(separator);
        self.kept(value).filter(|value| !value.is_empty())
    }

    pub(super) fn text(&mut self, key: &str) -> Option<String> {
        self.value(key).map(|value| value.as_str().to_owned())
    }

    pub(super) fn boolean(&mut self, key: &str) -> Option<bool> {
        let value = self.value(key)?;
        self.kept(scalar::boolean(value))
    }

    pub(super) fn number(&mut self, key: &str) -> Option<u32> {
        // 2,048
        let value = self.joined(key, "")?;
        self.kept(scalar::number(value))
    }

    pub(super) fn flags(&mut self, key: &str, prefix: &str, names: &[(&str, u32)]) -> Option<u32> {
        let value = self.flag_words(key)?;
        scalar::flags(value, prefix, names, self.problems)
    }

    /// One of these words, or its number.
    pub(super) fn choice(&mut self, key: &str, names: &[(&str, u32)], expected: &str) -> Option<u32> {
        let value = self.value(key)?;
        self.kept(scalar::choice(value, names, expected))
    }

    /// Warns about keys that are not among the known ones; `elsewhere` tells where some of them belong.
    pub(super) fn report_unknown(&mut self, known: &[&str], elsewhere: &[(&str, &str)]) {
        report_unknown(self.section, known, elsewhere, self.problems);
    }

    /// The good value; a problem is put to the others.
    pub(super) fn kept<T>(&mut self, result: Result<T, Diagnostic>) -> Option<T> {
        result.map_err(|problem| self.problems.push(problem)).ok()
    }
}

/// Warns about keys of a section that are not among the known ones; `elsewhere` tells where some of them belong.
pub(super) fn report_unknown(
    section: &Section,
    known: &[&str],
    elsewhere: &[(&str, &str)],
    problems: &mut Vec<Diagnostic>,
) {
    // To look for the nearest key takes time, and nobody reads what is not listed.
    let unknown = section.entries.iter().filter(|entry| !known.iter().any(|key| entry.is(key)));
    for (before, entry) in unknown.enumerate() {
        let key = entry.key_str();
        let near = if before < LISTED { did_you_mean(key, known.iter().copied()) } else { String::new() };
        let problem = if key.starts_with(['#', '/']) {
            Diagnostic::warning(format!("`{key}` is not a comment in an INF"), None).help("begin comments with `;`")
        } else {
            Diagnostic::warning(format!("unknown key `{key}` in [{}]{near}", section.name), None)
        };
        let place = elsewhere.iter().find(|(name, _)| entry.is(name)).map(|(_, place)| *place);
        let problem = match place {
            Some(place) => problem.help(format!("`{key}` belongs into {place}")),
            None => problem,
        };
        problems.push(problem.at(entry.key_span()));
    }
}
