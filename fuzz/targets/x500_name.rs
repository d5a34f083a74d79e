//! Any text as an X.500 name: as the subject of an INF with any flags, as a directory name, and as the subject of a
//! TOML. The first four bytes are the flags.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some((flags, name)) = bytes.split_first_chunk::<4>() else { return };
    let Ok(name) = std::str::from_utf8(name) else { return };
    let flags = u32::from_le_bytes(*flags);
    let quoted = name.replace('"', "\"\"").replace('%', "%%").replace('\n', " ");
    let subject = format!("[NewRequest]\nX500NameFlags = {flags:#x}\nSubject = \"{quoted}\"\n");
    let _ = hsmcert_fuzz::parse("fuzz.inf", subject.as_bytes());
    let names = format!("[NewRequest]\n[Extensions]\n2.5.29.17 = \"{{text}}directoryname={quoted}\"\n");
    let _ = hsmcert_fuzz::parse("fuzz.inf", names.as_bytes());
    // A literal string of several lines, in which only its end means something.
    let subject = format!("subject = '''{}'''\n", name.replace('\'', "\"").replace("${", "$${"));
    let _ = hsmcert_fuzz::parse("fuzz.toml", subject.as_bytes());
});
