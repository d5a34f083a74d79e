//! Table, CSV and bare handles. A label is the token's text: it must not steer the terminal.

use std::collections::HashSet;

use comfy_table::{ContentArrangement, Table, presets};
use hsmcert::ErrorKind;
use hsmcert::find::Found;

use super::super::failure::Failure;
use super::super::report::shown;
use super::column::Column;

/// A table, with a line that counts as `key_mgmt_util`'s findKey does.
pub(super) fn table(found: &Found, columns: &[Column]) -> String {
    let mut drawn = String::new();
    if !found.rows.is_empty() {
        let mut table = Table::new();
        table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
        table.set_header(columns.iter().map(|column| column.title()));
        for row in &found.rows {
            table.add_row(columns.iter().map(|column| match cut(&shown(&column.text(row)), column.width()) {
                empty if empty.is_empty() => "-".to_owned(),
                text => text,
            }));
        }
        drawn = table.lines().map(|line| format!("{}\n", line.trim_end())).collect();
    }
    drawn + &count_line(found)
}

fn count_line(found: &Found) -> String {
    let Found { rows, matched, keys } = found;
    let total = keys.map(|keys| format!("Total number of keys present {keys}, ")).unwrap_or_default();
    let cut = if rows.len() < *matched { format!(", shown {}", rows.len()) } else { String::new() };
    format!("{total}number of rows matched {matched}{cut}\n")
}

fn cut(text: &str, width: usize) -> String {
    match text.char_indices().nth(width) {
        None => text.to_owned(),
        // One character less, for the sign that something is missing.
        Some(_) => text.chars().take(width - 1).chain(['…']).collect(),
    }
}

/// RFC 4180, with a header; control characters are escaped here too.
pub(super) fn csv(found: &Found, columns: &[Column]) -> Result<String, Failure> {
    let unwritable = |error: csv::Error| Failure::new(ErrorKind::Internal, format!("no CSV could be made: {error}"));
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(columns.iter().map(|column| column.name())).map_err(unwritable)?;
    for row in &found.rows {
        writer.write_record(columns.iter().map(|column| shown(&column.text(row)))).map_err(unwritable)?;
    }
    let bytes = writer.into_inner().map_err(|error| Failure::new(ErrorKind::Internal, error.to_string()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The handles of all objects, one in each line.
pub(super) fn handles(found: &Found) -> String {
    let mut seen = HashSet::new();
    let all = found.rows.iter().flat_map(|row| &row.objects).map(|listed| listed.object.handle());
    all.filter(|handle| seen.insert(*handle)).map(|handle| format!("{handle}\n")).collect()
}
