//! The line grammar of an INF: sections, entries, fields (setupapi's, as the tests of Wine assert it on Windows).

mod doubts;
mod field;

use super::super::{Diagnostic, Span};
use super::text::Text;
use field::Field;

/// A section as it is written; one name may come several times.
#[derive(Debug)]
pub(super) struct Section {
    pub(super) name: String,
    /// Where the name stands.
    pub(super) header: Span,
    pub(super) entries: Vec<Entry>,
}

/// One line of a section, with those that continue it.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    /// What stands before the `=`; a lone field is key and value at once; several fields without `=` have no key.
    pub(super) key: Option<Text>,
    /// The values, at least one.
    pub(super) fields: Vec<Text>,
    /// There is no `=`.
    pub(super) bare: bool,
}

/// Longest name of a section (setupapi).
const LONGEST_NAME: usize = 255;
/// certreq cuts longer fields without a word (setupapi, `MAX_INF_STRING_LENGTH`).
const LONGEST_FIELD: usize = 4096;

/// Reads the lines. Whatever is wrong, the rest is read as well as can be.
pub(super) fn read(text: &str) -> (Vec<Section>, Vec<Diagnostic>) {
    let (text, behind) = text.split_once(END_OF_FILE).unwrap_or((text, ""));
    let problems = doubts::behind_the_end(text.len(), behind).into_iter().collect();
    let mut scanner = Scanner { text, at: 0, end: 0, next: 0, sections: vec![], homeless: false, problems };
    while scanner.next_line() {
        scanner.line();
    }
    (scanner.sections, scanner.problems)
}

/// Ctrl-Z ends an INF as it ended a file of DOS.
const END_OF_FILE: char = '\u{1a}';

struct Scanner<'a> {
    text: &'a str,
    /// Offset of what comes next.
    at: usize,
    /// Offset of the end of the line, without CR and LF.
    end: usize,
    /// Offset of the next line.
    next: usize,
    sections: Vec<Section>,
    /// Text before the first section was reported already.
    homeless: bool,
    problems: Vec<Diagnostic>,
}

impl<'a> Scanner<'a> {
    fn next_line(&mut self) -> bool {
        self.at = self.next;
        let rest = &self.text[self.at..];
        let line = rest.split_inclusive('\n').next().unwrap_or_default();
        let content = line.strip_suffix('\n').map_or(line, |line| line.strip_suffix('\r').unwrap_or(line));
        self.end = self.at + content.len();
        self.next = self.at + line.len();
        !rest.is_empty()
    }

    fn line(&mut self) {
        self.skip_blanks();
        match self.peek() {
            None | Some(';') => {}
            Some('[') => self.header(),
            Some(first) => {
                let place = Span { start: self.at, end: self.end };
                let entry = self.entry();
                match self.sections.last_mut() {
                    Some(section) => section.entries.push(entry),
                    None => self.entry_without_section(first, place),
                }
            }
        }
    }

    /// `[name]`; what follows the bracket does not count.
    fn header(&mut self) {
        let start = self.at + 1;
        let line = &self.text[start..self.end];
        let raw = line.split(']').next().unwrap_or_default();
        let header = Span { start, end: start + raw.len() };
        let name = raw.trim();
        if raw.len() == line.len() {
            let problem = Diagnostic::error(format!("section `[{name}` is not closed"), Some(header));
            self.problems.push(problem.expecting("expected `]` behind the name"));
        } else if name != raw {
            let problem = Diagnostic::warning(format!("blanks in the brackets of `[{name}]`"), Some(header));
            let problem = problem.expecting("certreq takes them for a part of the name");
            self.problems.push(problem.help(format!("write [{name}]")));
        }
        if name.chars().count() > LONGEST_NAME {
            let message = format!("a section name of more than {LONGEST_NAME} characters");
            self.problems.push(Diagnostic::error(message, Some(header)));
        }
        let rest = line.get(raw.len() + 1..).unwrap_or_default();
        if rest.contains('=') && !rest.trim_start().starts_with(';') {
            let at = Span { start: header.end + 1, end: self.end };
            let problem = Diagnostic::warning("text on the line of a section header does not count", Some(at));
            self.problems.push(problem.help("put it on a line of its own"));
        }
        self.sections.push(Section { name: name.to_owned(), header, entries: Vec::new() });
    }

    fn entry_without_section(&mut self, first: char, place: Span) {
        if std::mem::replace(&mut self.homeless, true) {
            return;
        }
        self.problems.push(if first == '#' {
            Diagnostic::warning("`#` does not begin a comment in an INF", Some(place)).help("begin comments with `;`")
        } else {
            Diagnostic::error("text before the first section", Some(place))
                .expecting("expected a section like [NewRequest], or a comment behind `;`")
        });
    }

    /// `key = field, field`, up to the end of the line or a comment.
    fn entry(&mut self) -> Entry {
        let mut key = None;
        let mut fields = Vec::new();
        let mut field = Field::new(self.at);
        while let Some(next) = self.peek() {
            match next {
                ';' => {
                    self.problems.extend(doubts::cut(self.text, self.at, self.end));
                    break;
                }
                '"' => self.quoted(&mut field),
                '\\' => self.backslash(&mut field),
                ',' => {
                    self.at += 1;
                    fields.push(std::mem::replace(&mut field, Field::new(self.at)).text);
                }
                '=' if key.is_none() && fields.is_empty() => {
                    self.at += 1;
                    key = Some(std::mem::replace(&mut field, Field::new(self.at)).text);
                }
                _ if is_blank(next) => {
                    let start = self.at;
                    self.skip_blanks();
                    field.blanks(start, self.at);
                }
                _ => {
                    let start = self.at;
                    self.skip_plain(next);
                    field.push(self.text, start, self.at);
                }
            }
        }
        fields.push(field.text);
        fields.iter().for_each(|field| self.check_length(field));
        let bare = key.is_none();
        if let ([lone], true) = (fields.as_slice(), bare) {
            key = Some(lone.clone());
        }
        Entry { key, fields, bare }
    }

    /// Text in quotes, to the closing one or the end of the line; `""` is one quote.
    fn quoted(&mut self, field: &mut Field) {
        self.at += 1;
        field.open_quote(self.text);
        while self.at < self.end {
            let run = &self.text[self.at..self.end];
            let Some(quote) = run.find('"') else {
                self.problems.extend(doubts::open_quote(self.text, self.at, self.end));
                field.push(self.text, self.at, self.end);
                self.at = self.end;
                return;
            };
            let doubled = run[quote + 1..].starts_with('"');
            let text_end = self.at + quote + usize::from(doubled);
            field.push(self.text, self.at, text_end);
            self.at += quote + 1 + usize::from(doubled);
            if !doubled {
                return;
            }
        }
    }

    /// A backslash goes on with the next line if only blanks, backslashes and a comment follow it; else it is text.
    fn backslash(&mut self, field: &mut Field) {
        let start = self.at;
        let passed = self.rest().trim_start_matches(|next| next == '\\' || is_blank(next));
        self.at = self.end - passed.len();
        if self.peek().is_some_and(|next| next != ';') {
            let text_end = start + self.text[start..self.at].trim_end_matches(is_blank).len();
            field.push(self.text, start, text_end);
            field.blanks(text_end, self.at);
        } else {
            field.drop_blanks();
            self.next_line();
            self.skip_blanks();
            self.problems.extend(doubts::joined(start, self.rest()));
        }
    }

    /// Goes over a character that means nothing, and all such that follow it.
    fn skip_plain(&mut self, first: char) {
        let means = |next: char| matches!(next, '"' | ',' | ';' | '=' | '\\') || is_blank(next);
        let behind = &self.rest()[first.len_utf8()..];
        self.at = self.end - behind.len() + behind.find(means).unwrap_or(behind.len());
    }

    fn check_length(&mut self, field: &Text) {
        let Some((cut, _)) = field.as_str().char_indices().nth(LONGEST_FIELD) else { return };
        let message = format!("a value of more than {LONGEST_FIELD} characters");
        let at = field.whole().span_within(Span { start: cut, end: cut });
        let problem = Diagnostic::warning(message, Some(at)).expecting("certreq cuts it here without a word");
        self.problems.push(problem.help("divide it over several _continue_ lines"));
    }

    /// The rest of the line.
    fn rest(&self) -> &'a str {
        &self.text[self.at..self.end]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn skip_blanks(&mut self) {
        self.at = self.end - self.rest().trim_start_matches(is_blank).len();
    }
}

fn is_blank(character: char) -> bool {
    character == '\0' || character.is_whitespace()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::Severity;

    fn entries(text: &str) -> Vec<Entry> {
        let (sections, problems) = read(&format!("[s]\n{text}"));
        assert!(problems.iter().all(|problem| problem.severity < Severity::Error), "{problems:?}");
        sections.into_iter().flat_map(|section| section.entries).collect()
    }

    #[track_caller]
    fn check(line: &str, key: Option<&str>, fields: &[&str]) {
        let entries = entries(line);
        assert_eq!(entries.len(), 1, "{line}");
        assert_eq!(entries[0].key.as_ref().map(Text::as_str), key, "key of {line}");
        assert_eq!(entries[0].fields.iter().map(Text::as_str).collect::<Vec<_>>(), fields, "fields of {line}");
    }

    #[test]
    fn entries_are_split_into_key_and_fields() {
        check("Key = one", Some("Key"), &["one"]);
        check("Key=one,two,,four", Some("Key"), &["one", "two", "", "four"]);
        check("lonely", Some("lonely"), &["lonely"]);
        check("a,b", None, &["a", "b"]);
        check("a,b=c", None, &["a", "b=c"]);
        check("=x", Some(""), &["x"]);
        check("K\"e\"y=v", Some("Key"), &["v"]);
        check("My Key = v", Some("My Key"), &["v"]);
        check("Key = a=b=c", Some("Key"), &["a=b=c"]);
        check("Key =", Some("Key"), &[""]);
        check("Key = CERT_A | CERT_B", Some("Key"), &["CERT_A | CERT_B"]);
        check("Key = {text}", Some("Key"), &["{text}"]);
        check("Signature= $Windows NT$", Some("Signature"), &["$Windows NT$"]);
        check("# note", Some("# note"), &["# note"]);
    }

    #[test]
    fn quotes_open_and_close_anywhere() {
        check(r#"Key = "a, b ; c""#, Some("Key"), &["a, b ; c"]);
        check(r#"Key = "say ""hi""""#, Some("Key"), &[r#"say "hi""#]);
        check(r#"Key = ab"cd"ef"#, Some("Key"), &["abcdef"]);
        check(r#"Key = ab "cd"  ef "#, Some("Key"), &["ab cd  ef"]);
        check(r#"Key = " a ""#, Some("Key"), &[" a "]);
        check(r#"Key = """#, Some("Key"), &[""]);
        check(r#"Key = "open to end ; of line"#, Some("Key"), &["open to end ; of line"]);
        check("Key = \"open\r\n", Some("Key"), &["open"]);
        check(r#"Key = "C=US, CN="host.example""#, Some("Key"), &["C=US, CN=host.example"]);
        check("Key='q,r'", Some("Key"), &["'q", "r'"]);
        check(r#"Key = "a\" \"#, Some("Key"), &["a\\"]);
    }

    #[test]
    fn comments_end_an_entry() {
        check("Key = left ; comment", Some("Key"), &["left"]);
        check("KeyUsage = 0xa0; Digital", Some("KeyUsage"), &["0xa0"]);
        assert_eq!(entries("; a = b\n\t ;x\n\0\n").len(), 0);
    }

    #[test]
    fn a_backslash_at_the_end_joins_the_next_line() {
        check("Key = x\\y", Some("Key"), &["x\\y"]);
        check("Key = x\\ \\  y", Some("Key"), &["x\\ \\  y"]);
        check("Key = one \\\n   two", Some("Key"), &["onetwo"]);
        check("Key = one \\ \\\r\n   two", Some("Key"), &["onetwo"]);
        check("Key = a \\ ; note\n b", Some("Key"), &["ab"]);
        check("Key = a\\\n[b]", Some("Key"), &["a[b]"]);
        check("Key = a\\", Some("Key"), &["a"]);
        check("Ke\\\ny = a", Some("Key"), &["a"]);
    }

    #[test]
    fn every_field_knows_its_place() {
        let text = "[s]\nKey = \"a\" , \tb \\\n c";
        let (sections, _) = read(text);
        let places: Vec<_> = sections[0].entries[0].fields.iter().map(|field| field.whole().span()).collect();
        assert_eq!(places.iter().map(|span| &text[span.start..span.end]).collect::<Vec<_>>(), ["a", "b \\\n c"]);
    }

    #[test]
    fn sections_begin_with_a_bracket() {
        let (sections, problems) = read(" [A]x\na=1\r\n[]\n[ b c ] ; d=e\n\u{1a}[gone]");
        assert_eq!(sections.iter().map(|section| section.name.as_str()).collect::<Vec<_>>(), ["A", "", "b c"]);
        let helps: Vec<_> = problems.iter().filter_map(|problem| problem.help.as_deref()).collect();
        assert_eq!(helps, ["delete the character", "write [b c]"]);
    }

    #[test]
    fn faulty_lines_do_not_hide_what_follows() {
        let (sections, problems) = read("# x\n# y\n[A\nb=1\n[C] d=2");
        assert_eq!(sections.iter().map(|section| section.name.as_str()).collect::<Vec<_>>(), ["A", "C"]);
        let messages: Vec<_> = problems.iter().map(|problem| problem.message.as_str()).collect();
        assert_eq!(messages.len(), 3, "{messages:?}");
        assert!(read("Subject=x").1[0].message.contains("before the first section"));
    }

    #[test]
    fn a_field_that_certreq_cuts_is_reported_at_the_cut() {
        let text = format!("[s]\nk={}", "x".repeat(5000));
        let (_, problems) = read(&text);
        assert_eq!(problems[0].span.map(|span| span.start), Some(6 + 4096));
    }
}
