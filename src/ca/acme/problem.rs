//! What the CA says when it says no: problem documents (RFC 8555, section 6.7; RFC 7807).

use instant_acme::Problem;

use crate::ca::http::plain;

/// The last part of its type: `rateLimited`.
pub(super) fn kind(problem: &Problem) -> &str {
    problem.r#type.as_deref().and_then(|urn| urn.rsplit(':').next()).unwrap_or_default()
}

/// The CA's words, with those about single names.
pub(super) fn words(problem: &Problem) -> String {
    let mut text = sentence(problem.detail.as_deref(), problem.r#type.as_deref());
    for one in &problem.subproblems {
        let name = one.identifier.as_ref().map(|name| format!("{}: ", name.authorized(false)));
        let said = sentence(one.detail.as_deref(), one.r#type.as_deref());
        text.push_str(&format!("; {}{said}", name.unwrap_or_default()));
    }
    plain(&text)
}

fn sentence(detail: Option<&str>, urn: Option<&str>) -> String {
    let kind = urn.map(|urn| urn.rsplit(':').next().unwrap_or(urn));
    match (detail, kind) {
        (Some(detail), Some(kind)) => format!("{detail} ({kind})"),
        (Some(text), None) | (None, Some(text)) => text.to_owned(),
        (None, None) => "it gives no reason".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of RFC 8555, section 6.7.1.
    #[test]
    fn every_name_has_its_reason() {
        let problem: Problem = serde_json::from_str(
            r#"{"type": "urn:ietf:params:acme:error:malformed",
                "detail": "Some of the identifiers requested were rejected",
                "subproblems": [
                    {"type": "urn:ietf:params:acme:error:malformed",
                     "detail": "Invalid underscore in DNS name \"_example.org\"",
                     "identifier": {"type": "dns", "value": "_example.org"}},
                    {"type": "urn:ietf:params:acme:error:rejectedIdentifier",
                     "detail": "This CA will not issue for \"example.net\"",
                     "identifier": {"type": "dns", "value": "example.net"}}]}"#,
        )
        .unwrap();
        assert_eq!(kind(&problem), "malformed");
        assert_eq!(
            words(&problem),
            "Some of the identifiers requested were rejected (malformed); _example.org: Invalid underscore in DNS name \
             \"_example.org\" (malformed); example.net: This CA will not issue for \"example.net\" (rejectedIdentifier)"
        );
        let silent: Problem = serde_json::from_str("{}").unwrap();
        assert_eq!(words(&silent), "it gives no reason");
    }
}
