//! `[Strings]`: what `%name%` stands for.

use std::collections::{BTreeMap, BTreeSet};

use super::super::suggest::did_you_mean;
use super::super::{Diagnostic, Override, Span};
use super::lines::Section;
use super::text::{Fragment, Text};

/// The strings of a file, and which of them were asked for.
pub(super) struct Strings<'a> {
    /// By name in lower case.
    values: BTreeMap<String, &'a str>,
    used: BTreeSet<String>,
    /// How many bytes expansion may still add.
    room: usize,
    overrides: &'a [Override],
}

/// A small file must not grow into one that fills the memory.
const MOST_GROWTH: usize = 16 << 20;

impl<'a> Strings<'a> {
    /// Collects the entries of all `[Strings]` sections; of two with one name the first counts. Overrides win.
    pub(super) fn collect(sections: &'a [Section], overrides: &'a [Override]) -> Self {
        let mut values = BTreeMap::new();
        for section in sections.iter().filter(|section| is_strings(&section.name)) {
            for entry in &section.entries {
                if let (Some(key), Some(value)) = (&entry.key, entry.fields.first()) {
                    values.entry(key.as_str().to_lowercase()).or_insert(value.as_str());
                }
            }
        }
        values.extend(overrides.iter().map(|set| (set.key.to_lowercase(), set.value.as_str())));
        Self { values, used: BTreeSet::new(), room: MOST_GROWTH, overrides }
    }

    /// Replaces each `%name%`. `%%` is one `%`; a name that is not known stays as it is. What comes in is not
    /// expanded again.
    pub(super) fn expand(&mut self, text: &mut Text, problems: &mut Vec<Diagnostic>) {
        if !text.as_str().contains('%') {
            return;
        }
        let mut expanded = Text::new(text.whole().span().start);
        expanded.quoted = text.quoted;
        let mut rest = text.whole();
        while let Some((before, name, further)) = next_name(rest) {
            expanded.push_fragment(before);
            rest = further;
            let start = before.span().end;
            let place = Span { start, end: further.span().start.max(start) };
            match self.values.get(&name.to_lowercase()) {
                _ if name.is_empty() => expanded.push_replacement("%", place),
                Some(value) if value.len() > self.room => {
                    problems.push(Diagnostic::error("the strings of this file grow over 16 MB", Some(place)));
                    return;
                }
                Some(value) => {
                    self.room -= value.len();
                    self.used.insert(name.to_lowercase());
                    problems.extend(self.once(&name, value, place));
                    expanded.push_replacement(value, place);
                }
                None => {
                    problems.extend(self.unknown(&name, place));
                    expanded.push_replacement(&format!("%{}%", name.as_str()), place);
                }
            }
        }
        expanded.push_fragment(rest);
        *text = expanded;
    }

    /// A string whose value asks for another one.
    fn once(&self, name: &str, value: &str, place: Span) -> Option<Diagnostic> {
        let known = |inner: &&str| self.values.contains_key(&inner.to_lowercase());
        let inner = value.split('%').skip(1).step_by(2).find(known)?;
        let message = format!("%{inner}% in the value of `{name}` stays as it is");
        let problem = Diagnostic::warning(message, Some(place)).expecting("strings are replaced once");
        Some(problem.help(format!("write the value of `{inner}` itself into `{name}`")))
    }

    /// Overrides that no `%name%` of the file asks for.
    pub(super) fn unused_overrides(&self) -> impl Iterator<Item = Diagnostic> {
        let unused = self.overrides.iter().filter(|set| !self.used.contains(&set.key.to_lowercase()));
        unused.map(|set| {
            let near = did_you_mean(&set.key, self.used.iter().map(String::as_str));
            Diagnostic::error(format!("`{}` is set, but no %{}% is in the file{near}", set.key, set.key), None)
                .help("an INF takes values from outside where it has a %name%, as for those of [Strings]")
        })
    }

    /// A word that looks like a name is most likely a typing error; `%20` of a URL, `%24%` of setupapi and `%1` of a
    /// script are not.
    fn unknown(&self, name: &str, place: Span) -> Option<Diagnostic> {
        let word = name.starts_with(|first: char| first.is_alphabetic() || first == '_')
            && name.chars().all(|character| character.is_alphanumeric() || matches!(character, '_' | '-' | '.'));
        word.then(|| {
            let near = did_you_mean(name, self.values.keys().map(String::as_str));
            Diagnostic::warning(format!("no string `{name}`: %{name}% stays as it is{near}"), Some(place))
                .expecting("expected a name of [Strings]")
                .help("define it in [Strings], or write %% for a percent sign")
        })
    }
}

/// What stands before, inside and behind the next pair of percent signs.
fn next_name(text: Fragment<'_>) -> Option<(Fragment<'_>, Fragment<'_>, Fragment<'_>)> {
    let (before, behind) = text.split_once('%')?;
    let (name, further) = behind.split_once('%')?;
    Some((before, name, further))
}

/// Is this the name of the section?
pub(super) fn is_strings(section: &str) -> bool {
    section.eq_ignore_ascii_case("Strings")
}

#[cfg(test)]
mod tests {
    use super::super::lines;
    use super::*;

    fn expanded(strings: &str, value: &str, overrides: &[Override]) -> (String, Vec<Diagnostic>) {
        let (sections, _) = lines::read(&format!("[a]\nk=\"{value}\"\n[strings]\n{strings}"));
        let mut text = sections[0].entries[0].fields[0].clone();
        let mut problems = Vec::new();
        let mut strings = Strings::collect(&sections, overrides);
        strings.expand(&mut text, &mut problems);
        problems.extend(strings.unused_overrides());
        (text.as_str().to_owned(), problems)
    }

    #[test]
    fn names_are_replaced_once_in_any_case() {
        let (text, problems) = expanded("san=2.5.29.17\nx=\"1,2\"\ny=%x%", "{text}%X%,%%,%nope%,%y%%san%", &[]);
        assert_eq!(text, "{text}1,2,%,%nope%,%x%2.5.29.17");
        let messages: Vec<_> = problems.iter().map(|problem| problem.message.as_str()).collect();
        let expected = ["no string `nope`: %nope% stays as it is", "%x% in the value of `y` stays as it is"];
        assert_eq!(messages, expected);
    }

    #[test]
    fn percent_signs_of_urls_stay() {
        assert_eq!(expanded("", "http://a/b%20c", &[]), ("http://a/b%20c".into(), vec![]));
        assert_eq!(expanded("", "%20a%20b %24% %", &[]), ("%20a%20b %24% %".into(), vec![]));
    }

    #[test]
    fn overrides_win_and_must_be_asked_for() {
        let set = |key: &str| Override { key: key.into(), value: "b.example".into() };
        assert_eq!(expanded("Host=a.example", "CN=%host%", &[set("HOST")]), ("CN=b.example".into(), vec![]));
        let (_, problems) = expanded("Host=a", "CN=%host%", &[set("hots")]);
        assert!(problems[0].message.ends_with("did you mean `host`?"));
    }

    #[test]
    fn replaced_text_points_to_its_name() {
        let file = "[a]\nk=x%n%y\n[strings]\nn=long";
        let (sections, _) = lines::read(file);
        let mut text = sections[0].entries[0].fields[0].clone();
        Strings::collect(&sections, &[]).expand(&mut text, &mut vec![]);
        let span = text.whole().span_within(Span { start: 2, end: 4 });
        assert_eq!(&file[span.start..span.end], "%n%");
        let all = text.whole().span();
        assert_eq!(&file[all.start..all.end], "x%n%y");
    }

    #[test]
    fn a_file_cannot_grow_without_end() {
        let (_, problems) = expanded(&format!("a={}", "x".repeat(1 << 20)), &"%a%".repeat(20), &[]);
        assert!(problems[0].message.contains("16 MB"));
    }
}
