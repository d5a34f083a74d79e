//! INF files whose authors meant something else: certreq does another thing without a word, or fails without telling why.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use hsmcert::spec::{self, Diagnostic, Options};

const HEAD: &str = "[Version]\r\nSignature=\"$Windows NT$\"\r\n[NewRequest]\r\nSubject=\"CN=a.example\"\r\n";

/// What is said about these bytes: `line:column severity: message | what was expected -- repair`.
fn said(bytes: &[u8]) -> Vec<String> {
    let (source, diagnostics) = match spec::parse("a.inf", bytes, &Options::default()) {
        Ok(parsed) => (parsed.source, parsed.diagnostics),
        Err(invalid) => (invalid.source, invalid.diagnostics),
    };
    let line = |diagnostic: &Diagnostic| {
        let place = diagnostic.span.map(|span| source.position(span.start));
        let place = place.map(|(line, column)| format!("{line}:{column} ")).unwrap_or_default();
        let label = diagnostic.label.as_deref().map(|label| format!(" | {label}")).unwrap_or_default();
        let help = diagnostic.help.as_deref().map(|help| format!(" -- {help}")).unwrap_or_default();
        format!("{place}{}: {}{label}{help}", diagnostic.severity, diagnostic.message)
    };
    diagnostics.iter().map(line).collect()
}

/// All that is said about lines that follow the subject in line 4.
#[track_caller]
fn says(lines: &str, expected: &[&str]) {
    assert_eq!(said(format!("{HEAD}{lines}").as_bytes()), expected, "{lines}");
}

#[test]
fn line_ends_and_characters_that_nobody_sees() {
    let only = |bytes: &[u8], expected: &str| assert_eq!(said(bytes), [expected]);
    let old_macintosh = HEAD.replace("\r\n", "\r");
    only(
        old_macintosh.as_bytes(),
        "1:10 error: the lines of this file end with CR alone | expected LF or CR LF -- save it with line ends of Windows or Unix",
    );
    let twice = format!("\u{feff}\u{feff}{HEAD}");
    only(
        twice.as_bytes(),
        "1:1 error: a byte order mark inside of the file -- delete it: files were put together here, each with its own mark",
    );
    let utf32: Vec<u8> = format!("\u{feff}{HEAD}").chars().flat_map(|one| u32::from(one).to_le_bytes()).collect();
    only(&utf32, "error: the file is UTF-32, which neither certreq nor hsmcert reads -- save it as UTF-8");
    // certreq takes NUL for a blank.
    assert_eq!(said(HEAD.replace("[NewRequest]\r\n", "[NewRequest]\r\n\0 ").as_bytes()), [""; 0]);
    only(HEAD.replace("a.ex", "a\0.ex").as_bytes(), "4:14 error: a control character U+0000 in a value -- delete it");
    only(
        HEAD.replace("a.ex", "a\u{200b}.ex").as_bytes(),
        "4:14 warning: an invisible character U+200B | it becomes a part of the value -- delete it",
    );
    only(
        HEAD.replace("a.ex", "a\u{a0}.ex").as_bytes(),
        "4:14 note: a no-break space U+00A0 -- if it should be a blank, type one",
    );
    let goes_on = format!("{HEAD}\u{1a}\r\nKeyLength=4096\r\n");
    only(
        goes_on.as_bytes(),
        "5:1 warning: Ctrl-Z (U+001A) ends an INF | what follows does not count -- delete the character",
    );
    assert_eq!(said(format!("{HEAD}\u{1a}\0\r\n").as_bytes()), [""; 0]);
}

#[test]
fn what_a_line_takes_in_or_loses() {
    says(
        "KeyContainer = C:\\keys\\\nHashAlgorithm = sha384",
        &[
            "5:23 warning: `\\` at the end of a line joins the next line to it | `HashAlgorithm = sha384` becomes a part of this value -- put the value into quotes",
        ],
    );
    says("FriendlyName = one \\\n two", &[]);
    says(
        "KeyContainer = \"web ; of the shop",
        &["5:21 warning: the quote is not closed: the comment is a part of the value -- close it before the `;`"],
    );
    says("KeyContainer = \"web server", &[]);
    let subject = HEAD.replace("\"CN=a.example\"", "CN=a.example;O=Ex;C=US");
    assert_eq!(
        said(subject.as_bytes()),
        ["4:21 warning: `;` begins a comment: `O=Ex;C=US` does not count -- put the value into quotes"]
    );
    says("KeyUsage = 0x80; Digital", &[]);
}
