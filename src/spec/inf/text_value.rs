//! `{text}` values of `[Extensions]`, by OID.

use super::super::suggest::did_you_mean;
use super::super::{Diagnostic, oid};
use super::pairs::{self, Pair};
use super::text::Fragment;
use super::{name_constraints, names, policies, scalar};
use crate::request::{BasicConstraints, Extension, Oid};

/// Reads the text behind `{text}`. None after an error.
pub(super) fn read(oid: Oid, text: Fragment<'_>, problems: &mut Vec<Diagnostic>) -> Option<Extension> {
    let extension = match oid.to_string().as_str() {
        "2.5.29.17" => Extension::SubjectAltName(names::read(text, problems)),
        "2.5.29.18" => Extension::IssuerAltName(names::read(text, problems)),
        "2.5.29.37" => Extension::ExtendedKeyUsage(usages(text, problems)),
        "2.5.29.19" => Extension::BasicConstraints(constraints(text, problems)?),
        "2.5.29.30" => Extension::NameConstraints(name_constraints::from_text(text, problems)),
        "2.5.29.32" => Extension::CertificatePolicies(policies::from_text(text, problems)),
        "1.3.6.1.4.1.311.21.10" => Extension::ApplicationPolicies(policies::from_text(text, problems)),
        "2.5.29.33" => Extension::PolicyMappings(mappings(text, problems)),
        "1.3.6.1.4.1.311.21.11" => Extension::ApplicationPolicyMappings(mappings(text, problems)),
        unknown => {
            let problem = Diagnostic::error(format!("{unknown} has no {{text}} form"), Some(text.span()));
            problems.push(match unknown {
                "2.5.29.15" => problem.help("write KeyUsage = 0xa0 in [NewRequest]"),
                _ => problem.help("give the DER of the value as \"{hex}30 03 ...\" or as base64"),
            });
            return None;
        }
    };
    Some(extension)
}

/// OIDs with commas between them.
fn usages(text: Fragment<'_>, problems: &mut Vec<Diagnostic>) -> Vec<Oid> {
    let mut usages = Vec::new();
    for part in text.split(',').map(Fragment::trim).filter(|part| !part.is_empty()) {
        if let Some(rest) = part.behind_seam() {
            let problem =
                Diagnostic::error(format!("one usage over two lines: `{}`", part.as_str()), Some(rest.span()));
            problems.push(problem.expecting("expected a comma before this"));
            continue;
        }
        match oid::parse(&part) {
            Ok(usage) => usages.push(usage),
            Err(problem) => problems.push(problem.at(part.span())),
        }
    }
    if text.trim().is_empty() {
        let empty = Diagnostic::error("no usages", Some(text.span()));
        problems.push(empty.expecting("expected OIDs with commas between them"));
    }
    usages
}

/// `ca=1&pathlength=0`.
fn constraints(text: Fragment<'_>, problems: &mut Vec<Diagnostic>) -> Option<BasicConstraints> {
    const FORM: &str = "ca=1&pathlength=0";
    let before = problems.len();
    let (mut ca, mut path_length) = (None, None);
    if text.to_lowercase().contains("ca:") || text.to_lowercase().contains("critical") {
        let problem = Diagnostic::error(format!("`{}` is written for OpenSSL", text.as_str()), Some(text.span()));
        let problem = problem.expecting(format!("expected {FORM}"));
        problems.push(problem.help("write \"{text}ca=1\", and Critical = 2.5.29.19 on a line of its own"));
        return None;
    }
    for Pair { token, value } in pairs::read(text, FORM, problems) {
        match token.to_lowercase().as_str() {
            "ca" => match scalar::boolean(value) {
                Ok(value) => ca = Some(value),
                Err(problem) => problems.push(problem.help(format!("divide the pairs by &: {FORM}"))),
            },
            "pathlength" => match scalar::number(value) {
                Ok(value) => path_length = Some((value, token.span())),
                Err(problem) => problems.push(problem),
            },
            word => {
                let near = if word.replace([' ', '_', '-'], "") == "pathlength" {
                    "; did you mean `pathlength`?".to_owned()
                } else {
                    did_you_mean(word, ["ca", "pathlength"])
                };
                let problem =
                    Diagnostic::error(format!("unknown token `{}`{near}", token.as_str()), Some(token.span()));
                problems.push(problem.expecting(format!("expected {FORM}")));
            }
        }
    }
    if let (Some((_, span)), false, true) = (path_length, ca.unwrap_or(false), problems.len() == before) {
        let problem = Diagnostic::error("a path length without ca=1", Some(span));
        problems.push(problem.expecting("only a CA has a path below it"));
    }
    if ca.is_none() && path_length.is_none() && problems.len() == before {
        problems.push(Diagnostic::error("no constraints", Some(text.span())).expecting(format!("expected {FORM}")));
    }
    let constraints = BasicConstraints { ca: ca.unwrap_or(false), path_length: path_length.map(|(value, _)| value) };
    (problems.len() == before).then_some(constraints)
}

/// `oid=A&oid=B`: pairs of the issuer's and the subject's policy.
fn mappings(text: Fragment<'_>, problems: &mut Vec<Diagnostic>) -> Vec<(Oid, Oid)> {
    let mut policies = Vec::new();
    for pair in pairs::read(text, "oid=1.2.3&oid=1.2.4", problems) {
        match oid::parse(&pair.value) {
            Ok(policy) if pair.is("oid") => policies.push(policy),
            Ok(_) => {
                let message = format!("unknown token `{}`", pair.token.as_str());
                problems.push(Diagnostic::error(message, Some(pair.token.span())).expecting("expected oid="));
            }
            Err(problem) => problems.push(problem.at(pair.value.span())),
        }
    }
    let (pairs, odd) = policies.as_chunks::<2>();
    if !odd.is_empty() || pairs.is_empty() {
        let message = format!("{} policies do not make pairs", policies.len());
        let problem = Diagnostic::error(message, Some(text.span()));
        problems.push(problem.expecting("expected oid=ISSUER&oid=SUBJECT"));
    }
    pairs.iter().map(|[issuer, subject]| (*issuer, *subject)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::text::Text;
    use super::*;

    fn parsed(oid: &str, string: &str) -> (Option<Extension>, Vec<Diagnostic>) {
        let mut text = Text::new(0);
        text.push(string, 0);
        let mut problems = Vec::new();
        (read(Oid::new_unwrap(oid), text.whole(), &mut problems), problems)
    }

    #[test]
    fn basic_constraints_are_pairs() {
        let ok = |string: &str| match parsed("2.5.29.19", string) {
            (Some(Extension::BasicConstraints(BasicConstraints { ca, path_length })), problems) => {
                assert_eq!(problems, []);
                (ca, path_length)
            }
            other => panic!("{other:?}"),
        };
        assert_eq!(ok("ca=1&pathlength=0"), (true, Some(0)));
        assert_eq!(ok("CA=True"), (true, None));
        assert_eq!(ok("ca=0"), (false, None));
    }

    #[test]
    fn basic_constraints_of_others_are_explained() {
        let problem = |string: &str| parsed("2.5.29.19", string).1.remove(0);
        assert!(problem("critical, CA:TRUE").help.unwrap().contains("Critical = 2.5.29.19"));
        assert!(problem("ca=1&path length=0").message.ends_with("did you mean `pathlength`?"));
        assert!(problem("ca=0pathlength=3").help.unwrap().contains('&'));
        assert!(problem("pathlength=3").message.contains("without ca=1"));
    }

    #[test]
    fn usages_and_mappings_are_oids() {
        let (usages, problems) = parsed("2.5.29.37", "1.2.3, 1.2.4,");
        assert_eq!(problems, []);
        assert_eq!(usages, Some(Extension::ExtendedKeyUsage(vec![Oid::new_unwrap("1.2.3"), Oid::new_unwrap("1.2.4")])));
        let (mappings, problems) = parsed("2.5.29.33", "oid=1.2.3&oid=1.2.4&");
        assert_eq!(problems, []);
        let pair = (Oid::new_unwrap("1.2.3"), Oid::new_unwrap("1.2.4"));
        assert_eq!(mappings, Some(Extension::PolicyMappings(vec![pair])));
        assert!(parsed("2.5.29.33", "oid=1.2.3").1[0].message.starts_with("1 policies"));
        assert_eq!(
            parsed("2.5.29.37", "serverAuth").1[0].help.as_deref(),
            Some("write 1.3.6.1.5.5.7.3.1 for serverAuth")
        );
        assert!(parsed("2.5.29.15", "0xa0").1[0].help.as_deref().unwrap().starts_with("write KeyUsage"));
    }
}
