//! Real files with damage, and that a parser only reports it.

use std::path::Path;
use std::sync::OnceLock;

use hsmcert::spec::{self, Diagnostic, Options, Source};
use proptest::collection::vec;
use proptest::prelude::*;

/// All request files of this repository.
fn files() -> &'static [Vec<u8>] {
    static FILES: OnceLock<Vec<Vec<u8>>> = OnceLock::new();
    FILES.get_or_init(|| {
        let folders = ["request-templates", "tests/data/inf", "tests/data/toml"];
        let mut paths: Vec<_> = folders
            .iter()
            .flat_map(|folder| std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)).unwrap())
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|ending| ending == "inf" || ending == "toml"))
            .collect();
        paths.sort();
        paths.iter().map(|path| std::fs::read(path).unwrap()).collect()
    })
}

pub(crate) fn file() -> impl Strategy<Value = &'static [u8]> {
    (0..files().len()).prop_map(|index| files()[index].as_slice())
}

/// What happens to a file, at a place in parts of a thousand.
#[derive(Debug, Clone)]
pub(crate) enum Damage {
    Cut { at: usize, length: usize },
    Insert { at: usize, what: Vec<u8> },
    Double { at: usize, length: usize },
    Replace { at: usize, byte: u8 },
}

pub(crate) fn several() -> impl Strategy<Value = Vec<Damage>> {
    let words = vec![
        "\"", "%", "%%", "${", "}", "[", "]", "[[", "=", ",", ";", "#", "\\\n", "\n", "&", "+", "\u{feff}", "\u{1a}",
    ];
    let what = prop_oneof![
        proptest::sample::select(words).prop_map(|word: &str| word.as_bytes().to_vec()),
        vec(any::<u8>(), 0..5),
        any::<String>().prop_map(String::into_bytes),
    ];
    let at = 0_usize..1000;
    vec(
        prop_oneof![
            (at.clone(), 0_usize..40).prop_map(|(at, length)| Damage::Cut { at, length }),
            (at.clone(), what).prop_map(|(at, what)| Damage::Insert { at, what }),
            (at.clone(), 0_usize..200).prop_map(|(at, length)| Damage::Double { at, length }),
            (at, any::<u8>()).prop_map(|(at, byte)| Damage::Replace { at, byte }),
        ],
        1..6,
    )
}

pub(crate) fn apply(file: &[u8], damages: &[Damage]) -> Vec<u8> {
    let mut bytes = file.to_vec();
    for damage in damages {
        let place = |at: usize| at * bytes.len() / 1000;
        match damage {
            Damage::Cut { at, length } => {
                let start = place(*at);
                bytes.drain(start..(start + length).min(bytes.len()));
            }
            Damage::Insert { at, what } => {
                let start = place(*at);
                bytes.splice(start..start, what.iter().copied());
            }
            Damage::Double { at, length } => {
                let start = place(*at);
                let part = bytes[start..(start + length).min(bytes.len())].to_vec();
                bytes.splice(start..start, part);
            }
            Damage::Replace { at, byte } => {
                let start = place(*at);
                if let Some(there) = bytes.get_mut(start) {
                    *there = *byte;
                }
            }
        }
    }
    bytes
}

/// Text of names: what means something in an X.500 string, and anything.
pub(crate) fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        "([A-Za-z.0-9]{0,6} ?= ?[\"#+,;= a-z\\\\\u{e4}]{0,8}[,;+\n]?){0,5}",
        "((CN|C|E|DC|1\\.2\\.3)=(\"[a\", ]{0,5}\"|#[0-9a-f]{0,5}|[a-z@.\u{e4}]{0,5})[,;+]){0,5}",
        any::<String>(),
    ]
}

/// Parses in both languages; what is found lies within the text, on character boundaries.
pub(crate) fn is_survived(bytes: &[u8]) {
    for name in ["a.inf", "a.toml", "<stdin>"] {
        match spec::parse(name, bytes, &Options::default()) {
            Ok(parsed) => check(&parsed.source, &parsed.diagnostics),
            Err(invalid) => check(&invalid.source, &invalid.diagnostics),
        }
    }
}

pub(crate) fn name_is_survived(text: &str, flags: u32) {
    let doubled = text.replace('"', "\"\"").replace('%', "%%").replace('\n', " ");
    is_survived(format!("[NewRequest]\nX500NameFlags = {flags}\nSubject = \"{doubled}\"\n").as_bytes());
    let names = format!("[NewRequest]\n[Extensions]\n2.5.29.17 = \"{{text}}directoryname={doubled}&\"\n");
    is_survived(names.as_bytes());
    let escaped = text.escape_default().to_string().replace("\\'", "'").replace("\\u{", "\\\\u{");
    is_survived(format!("subject = \"{escaped}\"\n").as_bytes());
}

fn check(source: &Source, diagnostics: &[Diagnostic]) {
    for diagnostic in diagnostics {
        if let Some(span) = diagnostic.span {
            assert!(source.text.get(span.start..span.end).is_some(), "{diagnostic:?} in {:?}", source.text);
            let _ = source.position(span.start);
        }
    }
}
