//! Text that remembers where it stands in the file.

use std::ops::{Deref, Range};

use super::super::Span;

/// A key or a value. Quotes, `%names%`, continued lines and `_continue_` pull it apart in the file, so each part
/// knows its own place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Text {
    string: String,
    parts: Vec<Part>,
    /// Where it would stand if it is empty.
    place: usize,
    /// Was any of it in quotes?
    pub(super) quoted: bool,
    /// Offsets in the string at which a `_continue_` goes on.
    seams: Vec<usize>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Part {
    /// Offset in the string.
    at: usize,
    source: Span,
    /// Same bytes as in the file; otherwise something put in place of `source`.
    verbatim: bool,
}

impl Text {
    /// No text yet, at this offset of the file.
    pub(super) fn new(place: usize) -> Self {
        Self { string: String::new(), parts: Vec::new(), place, quoted: false, seams: Vec::new() }
    }

    pub(super) fn as_str(&self) -> &str {
        &self.string
    }

    /// Adds what the file has at this offset.
    pub(super) fn push(&mut self, text: &str, offset: usize) {
        let source = Span { start: offset, end: offset + text.len() };
        match self.parts.last_mut() {
            _ if text.is_empty() => return,
            Some(last) if last.verbatim && last.source.end == offset => last.source.end = source.end,
            Some(_) | None => self.parts.push(Part { at: self.string.len(), source, verbatim: true }),
        }
        self.string.push_str(text);
    }

    /// Adds text that stands for a place in the file.
    pub(super) fn push_replacement(&mut self, text: &str, source: Span) {
        if !text.is_empty() {
            self.parts.push(Part { at: self.string.len(), source, verbatim: false });
            self.string.push_str(text);
        }
    }

    /// Marks the end so far: what is added next comes from another entry.
    pub(super) fn mark_seam(&mut self) {
        self.seams.push(self.string.len());
    }

    /// Adds a part of another text.
    pub(super) fn push_fragment(&mut self, fragment: Fragment<'_>) {
        let (mut start, end) = fragment.range;
        let other = fragment.text;
        self.quoted |= other.quoted;
        while start < end {
            let index = other.parts.partition_point(|part| part.at <= start);
            let until = other.parts.get(index).map_or(end, |next| next.at.min(end));
            let piece = &other.string[start..until];
            match index.checked_sub(1).and_then(|index| other.parts.get(index)) {
                Some(part) if part.verbatim => self.push(piece, part.source.start + (start - part.at)),
                Some(part) => self.push_replacement(piece, part.source),
                None => self.push_replacement(piece, Span { start: other.place, end: other.place }),
            }
            start = until;
        }
    }

    /// All of it.
    pub(super) fn whole(&self) -> Fragment<'_> {
        Fragment { text: self, range: (0, self.string.len()) }
    }

    /// The place in the file of these bytes of the string.
    fn span_of(&self, range: Range<usize>) -> Span {
        let Some(start) = self.place_of(range.start, |source| source.start) else {
            return Span { start: self.place, end: self.place };
        };
        if range.is_empty() {
            return Span { start, end: start };
        }
        let end = self.place_of(range.end - 1, |source| source.end.saturating_sub(1)).map_or(start, |last| last + 1);
        Span { start, end: end.max(start) }
    }

    /// The place of one byte; `edge` chooses one in a replacement.
    fn place_of(&self, at: usize, edge: impl Fn(Span) -> usize) -> Option<usize> {
        let index = self.parts.partition_point(|part| part.at <= at);
        let part = self.parts.get(index.checked_sub(1)?)?;
        Some(if part.verbatim { part.source.start + (at - part.at) } else { edge(part.source) })
    }
}

/// A part of a [`Text`]: a string that knows its place.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fragment<'a> {
    text: &'a Text,
    range: (usize, usize),
}

impl<'a> Fragment<'a> {
    pub(super) fn as_str(self) -> &'a str {
        &self.text.string[self.range.0..self.range.1]
    }

    /// What comes behind the first seam inside of it, if there is one.
    pub(super) fn behind_seam(self) -> Option<Self> {
        let (start, end) = self.range;
        let inside = self.text.seams.partition_point(|seam| *seam <= start);
        let seam = self.text.seams.get(inside).copied().filter(|seam| *seam < end)?;
        Some(Self { range: (seam, end), ..self })
    }

    /// Where it stands in the file.
    pub(super) fn span(self) -> Span {
        self.text.span_of(self.range.0..self.range.1)
    }

    /// Where a part of it stands; `span` is relative to the fragment.
    pub(super) fn span_within(self, span: Span) -> Span {
        self.text.span_of(self.range.0 + span.start..self.range.0 + span.end)
    }

    pub(super) fn trim(self) -> Self {
        let trimmed_start = self.as_str().trim_start();
        let start = self.range.1 - trimmed_start.len();
        Self { range: (start, start + trimmed_start.trim_end().len()), ..self }
    }

    pub(super) fn split(self, separator: char) -> impl Iterator<Item = Self> {
        let mut start = self.range.0;
        self.as_str().split(separator).map(move |part| {
            let end = start + part.len();
            let range = (start, end);
            start = end + separator.len_utf8();
            Self { range, ..self }
        })
    }

    pub(super) fn split_once(self, separator: char) -> Option<(Self, Self)> {
        let at = self.range.0 + self.as_str().find(separator)?;
        let before = Self { range: (self.range.0, at), ..self };
        Some((before, Self { range: (at + separator.len_utf8(), self.range.1), ..self }))
    }

    /// What follows this prefix, in any case.
    pub(super) fn strip_prefix(self, prefix: &str) -> Option<Self> {
        let start = self.as_str().get(..prefix.len())?;
        let rest = (self.range.0 + prefix.len(), self.range.1);
        start.eq_ignore_ascii_case(prefix).then_some(Self { range: rest, ..self })
    }
}

impl Deref for Fragment<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_knows_its_place() {
        // In the file: `a"b"%x%c`, where x is `long`.
        let mut text = Text::new(0);
        text.push("a", 0);
        text.push("b", 2);
        text.push_replacement("long", Span { start: 4, end: 7 });
        text.push("c", 7);
        assert_eq!(text.as_str(), "ablongc");
        let span = |start, end| text.whole().span_within(Span { start, end });
        assert_eq!(span(0, 7), Span { start: 0, end: 8 });
        assert_eq!(span(1, 2), Span { start: 2, end: 3 });
        assert_eq!(span(3, 4), Span { start: 4, end: 7 });
        assert_eq!(span(5, 7), Span { start: 4, end: 8 });
    }

    #[test]
    fn fragments_keep_their_place() {
        let mut text = Text::new(0);
        text.push(" dns = a & ip=b", 10);
        let parts: Vec<_> = text.whole().split('&').collect();
        let (token, value) = parts[0].split_once('=').unwrap();
        assert_eq!((token.trim().as_str(), value.trim().as_str()), ("dns", "a"));
        assert_eq!(value.trim().span(), Span { start: 17, end: 18 });
        assert_eq!(parts[1].trim().strip_prefix("IP").unwrap().span(), Span { start: 23, end: 25 });
        assert_eq!(Text::new(4).whole().trim().span(), Span { start: 4, end: 4 });
    }
}
