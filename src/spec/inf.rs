//! certreq's INF (Microsoft, `certreq_1`; setupapi reads its lines).

mod assemble;
mod continued;
mod document;
mod extensions;
mod lines;
mod name_constraints;
mod names;
mod new_request;
mod pairs;
mod policies;
mod request_attributes;
mod scalar;
mod sections;
mod settings;
mod strings;
mod text;
mod text_value;
mod typography;
mod version;

use super::suggest::nearest;
use super::{Diagnostic, Options, Severity, Source};
use crate::request::RequestSpec;
use assemble::{Parts, assemble};
use document::Document;

/// Reads an INF: the request if there is one, and all that is to be said about the text.
pub(super) fn parse(source: &Source, options: &Options) -> (Option<RequestSpec>, Vec<Diagnostic>) {
    let mut problems = Vec::new();
    let document = Document::read(&source.text, options, &mut problems);
    typography::check(&document, &mut problems);
    version::check(&document, &mut problems);
    let dedicated = sections::read(&document, &mut problems);
    let request_attributes = request_attributes::read(&document, &mut problems);
    let extensions = extensions::read(&document, &mut problems);
    let Some(section) = document.section("NewRequest") else {
        problems.push(without_request(&document));
        return (None, problems);
    };
    let new_request = new_request::read(section, &mut problems);
    let parts = Parts { new_request, dedicated, request_attributes, extensions, place: section.header };
    let broken = problems.iter().any(|problem| problem.severity == Severity::Error);
    let mut doubts = Vec::new();
    let spec = assemble(parts, &mut doubts);
    // What is missing after an error may be missing because of it.
    problems.extend(doubts.into_iter().filter(|doubt| !broken || doubt.severity != Severity::Error));
    (Some(spec), problems)
}

/// Is this line the header of a section that only an INF has?
pub(super) fn is_known_section(line: &str) -> bool {
    const NAMES: [&str; 5] = ["NewRequest", "Version", "Strings", "EnhancedKeyUsageExtension", "RequestAttributes"];
    let name = line.trim().strip_prefix('[').and_then(|rest| rest.split(']').next());
    name.is_some_and(|name| NAMES.iter().any(|known| known.eq_ignore_ascii_case(name.trim())))
}

fn without_request(document: &Document) -> Diagnostic {
    let mut sections = document.sections().iter();
    if let Some(near) = sections.clone().find(|section| nearest(&section.name, ["NewRequest"]).is_some()) {
        return Diagnostic::error(format!("[{}] should be [NewRequest]", near.name), Some(near.header))
            .help("write [NewRequest]");
    }
    let what = if sections.next().is_some() { "no [NewRequest] in this file" } else { "no INF: it has no [section]" };
    Diagnostic::error(what, None).help("a request file has [NewRequest] with Subject = \"CN=host.example\" below it")
}
