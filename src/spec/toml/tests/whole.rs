//! A file with every key, whole, damaged and too large.

use super::*;

const COMPLETE: &str = include_str!("../../../../tests/data/toml/complete.toml");

#[test]
fn every_key_can_be_used() {
    let document: ::toml::Table = COMPLETE.parse().unwrap();
    // Keys that exclude another one.
    let periods = ["years", "months", "days", "seconds"].map(|period| format!("self-signed.{period}"));
    let other = ["key.size", "token.profile", "token.provider"].map(str::to_owned).into_iter().chain(periods);
    let other: Vec<_> = other.collect();
    for (table, keys) in keys::tables() {
        let at = if table.is_empty() { Some(&document) } else { document[table].as_table() };
        for key in keys {
            let used = at.unwrap().contains_key(*key) || other.contains(&format!("{table}.{key}"));
            assert!(used, "[{table}] {key} is not in complete.toml");
        }
    }
    let (spec, diagnostics) = with(COMPLETE, &Options::default());
    let said: Vec<_> = diagnostics.iter().map(|diagnostic| diagnostic.message.as_str()).collect();
    assert_eq!(said, ["a key of EC P-384 cannot encipher"]);
    assert_eq!(spec.unwrap().extensions.len(), 13);
}

/// Files that are cut off or damaged at any place give diagnostics within the text, never a panic.
#[test]
fn damaged_files_are_only_reported() {
    let places = COMPLETE.char_indices().map(|(place, _)| place).step_by(3);
    let damages = ["", "\"", "[", "}", "=", "\u{fc}", "${", "\n", "-1", "'''"];
    for (index, place) in places.enumerate() {
        let (before, after) = COMPLETE.split_at(place);
        let damage = damages[index % damages.len()];
        for text in [before.to_owned(), format!("{before}{damage}{after}"), format!("{before}{damage}{}", &after[1..])]
        {
            for diagnostic in with(&text, &Options::default()).1 {
                let inside = |span: Span| text.get(span.start..span.end).is_some();
                assert!(diagnostic.span.is_none_or(inside), "{diagnostic:?} in {text}");
            }
        }
    }
}

#[test]
fn much_and_deep_is_no_danger() {
    let names: Vec<String> = (0..10_000).map(|number| format!("\"host-{number}.example.com\"")).collect();
    assert_eq!(ok(&format!("san.dns = [{}]", names.join(","))).subject_alt_names().len(), 10_000);
    assert!(with(&format!("a = {}", "[".repeat(100_000)), &Options::default()).0.is_none());
    assert!(with(&format!("{}a = 1", "a.".repeat(100_000)), &Options::default()).0.is_none());
    let unknown: String = (0..10_000).map(|number| format!("key{number} = 1\n")).collect();
    assert!(with(&unknown, &Options::default()).1.len() < 100);
}
