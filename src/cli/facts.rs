//! `  name       value` lines: how results read at a terminal.

use super::report::shown;

/// Lines under a heading. Values come from files and tokens, so they are escaped here.
#[derive(Debug)]
pub(super) struct Facts {
    text: String,
    width: usize,
}

impl Facts {
    /// Starts with a heading line; names are as wide as the longest that will come.
    pub(super) fn new(heading: &str, width: usize) -> Self {
        Self { text: format!("{}\n", shown(heading)), width }
    }

    /// One line.
    pub(super) fn line(&mut self, name: &str, value: &str) {
        let width = self.width;
        self.text.push_str(&format!("  {name:<width$} {}\n", shown(value)));
    }

    /// A name with several values, one a line.
    pub(super) fn list(&mut self, name: &str, values: impl IntoIterator<Item = impl AsRef<str>>) {
        let mut name = name;
        for value in values {
            self.line(name, value.as_ref());
            name = "";
        }
    }

    /// The text.
    pub(super) fn finish(self) -> String {
        self.text
    }
}
