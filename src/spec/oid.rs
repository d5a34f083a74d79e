//! Object identifiers as people write them.

use super::Diagnostic;
pub(super) use crate::request::EXTENDED_KEY_USAGES;
use crate::request::Oid;

/// Reads `1.2.3`; blanks around it do not count.
///
/// # Errors
/// An error without a place, to be completed with [`Diagnostic::at`].
pub(super) fn parse(text: &str) -> Result<Oid, Diagnostic> {
    let text = text.trim();
    Oid::new(text).map_err(|_| {
        let problem = Diagnostic::error(format!("`{text}` is not an object identifier"), None);
        match extended_key_usage(text) {
            Some(oid) => problem.help(format!("write {oid} for {text}")),
            None => problem.expecting("expected numbers with dots, for example 1.3.6.1.5.5.7.3.1"),
        }
    })
}

/// The OID of an extended key usage by its name; case and hyphens do not count.
pub(super) fn extended_key_usage(name: &str) -> Option<Oid> {
    let plain = |name: &str| name.trim().replace(['-', '_'], "").to_lowercase();
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
        assert!(parse("1.2.3 // server").unwrap_err().label.is_some());
    }

    #[test]
    fn extended_key_usages_are_found_in_any_spelling() {
        let server = Some(Oid::new_unwrap("1.3.6.1.5.5.7.3.1"));
        assert_eq!(extended_key_usage("server-auth"), server);
        assert_eq!(extended_key_usage("SERVERAUTH"), server);
        assert_eq!(extended_key_usage("server"), None);
    }
}
