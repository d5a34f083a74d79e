//! Object identifiers as people write them.

use super::Diagnostic;
pub(super) use crate::request::EXTENDED_KEY_USAGES;
use crate::request::Oid;

/// Reads `1.2.3`; blanks around it do not count.
///
/// # Errors
/// An error without a place, to be completed with [`Diagnostic::at`].
pub(super) fn parse(text: &str) -> Result<Oid, Diagnostic> {
    const FORM: &str = "expected numbers with dots, for example 1.3.6.1.5.5.7.3.1";
    let text = text.trim();
    Oid::new(text).map_err(|_| {
        if text.is_empty() {
            return Diagnostic::error("no object identifier", None).expecting(FORM);
        }
        let problem = Diagnostic::error(format!("`{text}` is not an object identifier"), None).expecting(FORM);
        if let Some(oid) = extended_key_usage(text) {
            return problem.help(format!("write {oid} for {text}"));
        }
        let words: Vec<&str> = text.split_whitespace().collect();
        match words.as_slice() {
            several @ [_, _, ..] if several.iter().all(|word| Oid::new(word).is_ok()) => {
                problem.help(format!("put commas between them: {}", several.join(", ")))
            }
            // A comment, in whatever language.
            [first, _, ..] if Oid::new(first).is_ok() => problem.help(format!("write {first} alone")),
            _ => problem,
        }
    })
}

/// The OID of an extended key usage by its name; case, hyphens and blanks do not count, and "Server Authentication"
/// and OpenSSL's "TLS Web Server Authentication" are serverAuth.
pub(super) fn extended_key_usage(name: &str) -> Option<Oid> {
    let plain = |name: &str| {
        let name = name.replace(['-', '_', ' '], "").to_lowercase();
        name.trim_start_matches("tlsweb").replace("authentication", "auth")
    };
    let name = plain(name);
    EXTENDED_KEY_USAGES.iter().find(|(known, _)| plain(known) == name).map(|(_, oid)| *oid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_repaired_into_its_oid() {
        assert_eq!(parse(" 1.2.3 ").unwrap(), Oid::new_unwrap("1.2.3"));
        let help = parse("Server-Auth").unwrap_err().help;
        assert_eq!(help.as_deref(), Some("write 1.3.6.1.5.5.7.3.1 for Server-Auth"));
        let help = |text: &str| parse(text).unwrap_err().help.unwrap_or_default();
        assert_eq!(help("1.2.3 // server"), "write 1.2.3 alone");
        assert_eq!(help("1.2.3 1.2.4"), "put commas between them: 1.2.3, 1.2.4");
        assert_eq!(help("1.2.3."), "");
    }

    #[test]
    fn extended_key_usages_are_found_in_any_spelling() {
        let server = Some(Oid::new_unwrap("1.3.6.1.5.5.7.3.1"));
        assert_eq!(extended_key_usage("server-auth"), server);
        assert_eq!(extended_key_usage("SERVERAUTH"), server);
        assert_eq!(extended_key_usage("TLS Web Server Authentication"), server);
        assert_eq!(extended_key_usage("server"), None);
    }
}
