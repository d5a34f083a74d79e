//! Table, CSV and bare handles, written row by row. A label is the token's text: it must not steer the terminal.

use std::collections::HashSet;
use std::io::{self, Write};

use hsmcert::find::{Found, Row};
use hsmcert::token::TokenInfo;

use super::super::columns::{self, cut};
use super::super::report::shown;
use super::column::Column;

/// A table, with a line that counts as `key_mgmt_util`'s findKey does.
pub(super) fn table(out: &mut dyn Write, found: &Found, columns: &[Column], token: &TokenInfo) -> io::Result<()> {
    if !found.rows.is_empty() {
        let titles: Vec<_> = columns.iter().map(|column| column.title()).collect();
        let cell = |row: &Row, at: usize| cut(shown(&columns[at].text(row, token)), columns[at].width());
        columns::write(out, &titles, &found.rows, cell)?;
    }
    let Found { rows, matched, keys, traces: _ } = found;
    if let Some(keys) = keys {
        write!(out, "Total number of keys present {keys}, ")?;
    }
    let cut = if rows.len() < *matched { format!(", shown {}", rows.len()) } else { String::new() };
    writeln!(out, "number of rows matched {matched}{cut}")
}

/// RFC 4180, with a header; control characters are escaped here too.
pub(super) fn csv(out: &mut dyn Write, found: &Found, columns: &[Column], token: &TokenInfo) -> io::Result<()> {
    let mut writer = csv::Writer::from_writer(out);
    writer.write_record(columns.iter().map(|column| column.name()))?;
    for row in &found.rows {
        writer.write_record(columns.iter().map(|column| shown(&column.text(row, token))))?;
    }
    writer.flush()
}

/// The handles of all objects, one in each line.
pub(super) fn handles(out: &mut dyn Write, found: &Found) -> io::Result<()> {
    let mut seen = HashSet::new();
    let mut all = found.rows.iter().flat_map(Row::objects).map(|listed| listed.object.handle());
    all.try_for_each(|handle| if seen.insert(handle) { writeln!(out, "{handle}") } else { Ok(()) })
}
