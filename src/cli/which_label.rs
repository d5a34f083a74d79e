//! `[LABEL|SPEC...]`: which certificates a command is about.

use std::path::Path;

use hsmcert::Error;
use hsmcert::find::Pattern;
use hsmcert::request::TokenRequest;

use super::failure::Failure;
use super::report::Report;
use super::request_file::{self, RequestOptions};

/// The labels that are meant, and the token of a request file.
pub(super) fn labels(which: &[String], report: &Report) -> Result<(Vec<Pattern>, TokenRequest), Failure> {
    let mut request = TokenRequest::default();
    let mut labels = Vec::new();
    for one in which {
        let path = Path::new(one);
        let is_request = path
            .extension()
            .is_some_and(|ending| ["inf", "toml"].iter().any(|known| ending.eq_ignore_ascii_case(known)));
        let label = if is_request {
            let spec = request_file::read(path, &RequestOptions::default(), report)?.spec;
            let label = spec.label().ok_or(Error::NoLabel)?.to_owned();
            request = spec.token;
            label
        } else {
            one.clone()
        };
        labels.push(label.parse().unwrap_or_else(|never| match never {}));
    }
    Ok((labels, request))
}
