//! A key or a value of a line, as it is read.

use super::super::text::Text;

/// A key or a value in the making. White space around it is dropped, that inside and in quotes is kept.
pub(super) struct Field {
    pub(super) text: Text,
    begun: bool,
    /// Blanks that belong to the text if more of it follows.
    pending: (usize, usize),
}

impl Field {
    pub(super) fn new(place: usize) -> Self {
        Self { text: Text::new(place), begun: false, pending: (0, 0) }
    }

    pub(super) fn blanks(&mut self, start: usize, end: usize) {
        if self.begun {
            self.pending = (start, end);
        }
    }

    pub(super) fn drop_blanks(&mut self) {
        self.pending = (0, 0);
    }

    pub(super) fn open_quote(&mut self, file: &str) {
        self.push(file, 0, 0);
        self.text.quoted = true;
    }

    pub(super) fn push(&mut self, file: &str, start: usize, end: usize) {
        let (blank, blank_end) = std::mem::take(&mut self.pending);
        self.text.push(&file[blank..blank_end], blank);
        self.text.push(&file[start..end], start);
        self.begun = true;
    }
}
