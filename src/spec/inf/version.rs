//! `[Version]`, which certreq does not insist on, and what happens without it.

use super::super::Diagnostic;
use super::document::Document;

/// Signatures that setupapi knows, in any case.
const SIGNATURES: [&str; 3] = ["$Windows NT$", "$Chicago$", "$Windows 95$"];

/// Without a signature Windows reads the file with an older reader, to which unquoted blanks mean something: a
/// `ProviderName` of several words then fails with `NTE_BAD_PROVIDER` (issue 185 of `CertificateDsc`).
pub(super) fn check(document: &Document, problems: &mut Vec<Diagnostic>) {
    let version = document.section("Version");
    let entry = version.and_then(|version| version.entries.iter().find(|entry| entry.is("Signature")));
    let signature = entry.and_then(|entry| entry.fields.first());
    let known = |text: &str| SIGNATURES.iter().any(|known| known.eq_ignore_ascii_case(text));
    match signature {
        Some(signature) if known(signature.as_str().trim()) => return,
        Some(signature) => {
            let note =
                Diagnostic::note(format!("unknown signature `{}`", signature.as_str()), Some(signature.whole().span()));
            let note = note.expecting("expected \"$Windows NT$\"");
            problems.push(if signature.as_str().trim() == "NT$" {
                note.help("PowerShell replaced $Windows by nothing: write the file from a here-string in single quotes (@'...'@)")
            } else {
                note
            });
        }
        None => {}
    }
    for entry in document.section("NewRequest").iter().flat_map(|section| &section.entries) {
        let [value] = entry.fields.as_slice() else { continue };
        if !value.quoted && !entry.bare && value.as_str().contains(' ') {
            let message = format!("the value of `{}` has blanks and no quotes", entry.key_str());
            let problem = Diagnostic::warning(message, Some(value.whole().span()));
            problems.push(problem.expecting("without [Version], certreq may misread it").help(format!(
                "write {} = \"{}\"",
                entry.key_str(),
                value.as_str()
            )));
        }
    }
}
