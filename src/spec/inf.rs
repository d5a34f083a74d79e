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
mod write;

use super::suggest::nearest;
use super::{Diagnostic, Options, Source};
use crate::request::RequestSpec;
use assemble::{Parts, assemble};
use document::Document;
pub(super) use write::write;

/// Reads an INF: the request if there is one, and all that is to be said about the text.
pub(super) fn parse(source: &Source, options: &Options) -> (Option<RequestSpec>, Vec<Diagnostic>) {
    let mut problems = Vec::new();
    let document = Document::read(&source.text, options, &mut problems);
    if document.sections().is_empty() {
        let place = problems.first().and_then(|problem| problem.span);
        let help = if source.text.lines().any(is_unbracketed) { WITH_BRACKETS } else { START };
        return (None, vec![Diagnostic::error("not an INF: there is no [NewRequest]", place).help(help)]);
    }
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
    let spec = assemble(parts, &mut problems);
    (Some(spec), problems)
}

/// Is this line the header of a section that only an INF has?
pub(super) fn is_known_section(line: &str) -> bool {
    const NAMES: [&str; 5] = ["NewRequest", "Version", "Strings", "EnhancedKeyUsageExtension", "RequestAttributes"];
    let name = line.trim().strip_prefix('[').and_then(|rest| rest.split(']').next());
    name.is_some_and(|name| NAMES.iter().any(|known| known.eq_ignore_ascii_case(name.trim())))
}

const WITH_BRACKETS: &str = "write [NewRequest]";
const START: &str = "a request file has [NewRequest], and Subject = \"CN=host.example\" below it";

fn without_request(document: &Document) -> Diagnostic {
    /// Tables of hsmcert's own format.
    const TABLES: [&str; 4] = ["subject", "san", "key", "token"];
    const OF_OPENSSL: [&str; 5] = ["req", "req_distinguished_name", "distinguished_name", "v3_req", "alt_names"];
    let sections = document.sections();
    if let Some(near) = sections.iter().find(|section| nearest(&section.name, ["NewRequest"]).is_some()) {
        return Diagnostic::error(format!("[{}] should be [NewRequest]", near.name), Some(near.header))
            .help("write [NewRequest]");
    }
    if let Some(entry) =
        sections.iter().flat_map(|section| &section.entries).find(|entry| is_unbracketed(entry.key_str()))
    {
        let message = format!("`{}` is not a section without its brackets", entry.key_str());
        return Diagnostic::error(message, Some(entry.key_span())).help(WITH_BRACKETS);
    }
    if sections.iter().any(|section| OF_OPENSSL.contains(&section.name.as_str())) {
        return Diagnostic::error("no [NewRequest] in this file, which looks like a configuration of OpenSSL", None)
            .help("start from a template: `hsmcert template list`");
    }
    if sections.iter().any(|section| TABLES.contains(&section.name.as_str())) {
        return Diagnostic::error("no [NewRequest] in this file, which looks like TOML", None)
            .help("give a file in hsmcert's own format a name that ends in .toml");
    }
    Diagnostic::error("no [NewRequest] in this file", None).help(START)
}

/// `NewRequest` or `{NewRequest}` on a line of its own.
fn is_unbracketed(line: &str) -> bool {
    line.trim_matches(|character: char| !character.is_alphanumeric()).eq_ignore_ascii_case("NewRequest")
}
