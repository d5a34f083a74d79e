//! Rows in columns. Each cell is made twice, for the width of its column and to be written: nothing is kept of the
//! thousands of rows that there may be.

use std::io::{self, Write};

use unicode_width::UnicodeWidthStr as _;

/// What stands where there is no text.
const NOTHING: &str = "-";

/// Writes a line of titles and one for each row. `cell` gives the text of a row in the n-th column.
pub(super) fn write<R>(
    out: &mut dyn Write,
    titles: &[&str],
    rows: &[R],
    cell: impl Fn(&R, usize) -> String,
) -> io::Result<()> {
    let cell =
        |row, column| Some(cell(row, column)).filter(|text| !text.is_empty()).unwrap_or_else(|| NOTHING.to_owned());
    let width = |column: usize| {
        let cells = rows.iter().map(|row| cell(row, column).width());
        cells.chain([titles[column].width()]).max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..titles.len()).map(width).collect();
    line(out, &widths, |column| titles[column].to_owned())?;
    rows.iter().try_for_each(|row| line(out, &widths, |column| cell(row, column)))
}

/// Two blanks between columns, none at the end.
fn line(out: &mut dyn Write, widths: &[usize], text: impl Fn(usize) -> String) -> io::Result<()> {
    let mut blanks = 0;
    for (column, width) in widths.iter().enumerate() {
        let text = text(column);
        write!(out, "{:blanks$}{text}", "")?;
        blanks = width - text.width() + 2;
    }
    writeln!(out)
}

/// A text of at most so many characters, the last one a sign that something is missing.
pub(super) fn cut(text: String, longest: usize) -> String {
    match text.char_indices().nth(longest) {
        None => text,
        Some(_) => text.chars().take(longest.saturating_sub(1)).chain(['…']).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = [["a", "", "end"], ["名前", "two", ""]];
        let mut written = Vec::new();
        write(&mut written, &["ONE", "2", "LAST"], &rows, |row, column| row[column].to_owned()).unwrap();
        // Each of the two signs is two columns wide.
        assert_eq!(String::from_utf8(written).unwrap(), "ONE   2    LAST\na     -    end\n名前  two  -\n");
    }

    #[test]
    fn a_text_is_cut_by_characters() {
        assert_eq!(cut("äöü".to_owned(), 3), "äöü");
        assert_eq!(cut("äöüß".to_owned(), 3), "äö…");
    }
}
