//! Request text <-> [`RequestSpec`]: one file per format, one way in and one way out.

mod date;
mod diagnostic;
mod encoding;
mod foreign;
mod general_name;
mod inf;
mod invalid;
mod invisible;
mod key_usage;
mod known_extension;
mod octets;
mod oid;
mod options;
mod raw_extension;
mod suggest;
mod template;
mod toml;
mod write;
mod x500;

use std::cmp::Reverse;
use std::path::Path;

pub use diagnostic::{Diagnostic, Severity, Source, Span};
pub use encoding::{Encoding, UnknownEncoding};
pub use invalid::Invalid;
pub use options::{NotAnOverride, Options, Override};
pub use template::{TEMPLATES, Template};
pub use write::{Encode, Lost, Part, Written, write};

use crate::renewal::Upkeep;
use crate::request::RequestSpec;

/// The languages of request files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// certreq's INF (Microsoft, `certreq_1`).
    Inf,
    /// hsmcert's own TOML.
    Toml,
}

/// What came out of a good request file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parsed {
    /// The request.
    pub spec: RequestSpec,
    /// How its certificate is renewed; an INF says nothing about that.
    pub upkeep: Upkeep,
    /// Warnings and notes, in the order of the file.
    pub diagnostics: Vec<Diagnostic>,
    /// The text that the diagnostics point into.
    pub source: Source,
    /// The language of the file.
    pub format: Format,
}

/// Reads a request file. `name` is its path as the user wrote it, or `<stdin>`.
///
/// # Errors
/// [`Invalid`] holds everything that is wrong with the file, not the first problem only.
pub fn parse(name: &str, bytes: &[u8], options: &Options) -> Result<Parsed, Box<Invalid>> {
    let (text, mut diagnostics) = encoding::decode(bytes, options.encoding);
    let source = Source { name: name.to_owned(), text };
    if diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error) {
        return Err(Box::new(Invalid { source, diagnostics }));
    }
    let format = Format::of(name, &source.text);
    let (spec, found) = match format {
        Format::Inf => {
            let (spec, found) = inf::parse(&source, options);
            (spec.map(|spec| (spec, Upkeep::default())), found)
        }
        Format::Toml => toml::parse(&source, options),
    };
    diagnostics.extend(found);
    limit(&mut diagnostics);
    if options.strict {
        diagnostics.iter_mut().for_each(Diagnostic::tighten);
    }
    let failed = diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error);
    match spec.filter(|_| !failed) {
        Some((spec, upkeep)) => Ok(Parsed { spec, upkeep, diagnostics, source, format }),
        None => Err(Box::new(Invalid { source, diagnostics })),
    }
}

/// So many problems of a file are listed.
const LISTED: usize = 1000;

/// Sorts by place, and keeps a file full of faults from filling the memory of a terminal: the first problems, errors
/// before others, and how many more there are.
fn limit(diagnostics: &mut Vec<Diagnostic>) {
    let more = diagnostics.len().saturating_sub(LISTED);
    if more > 0 {
        diagnostics.sort_by_key(|diagnostic| (Reverse(diagnostic.severity), diagnostic.span));
        diagnostics.truncate(LISTED);
    }
    diagnostics.sort_by_key(|diagnostic| diagnostic.span);
    diagnostics.iter_mut().for_each(Diagnostic::shorten);
    if more > 0 {
        diagnostics.push(Diagnostic::note(format!("{more} more problems are not listed"), None));
    }
}

impl Format {
    /// `.toml` is TOML, and every other name is INF, as certreq takes any. What comes from stdin has no name
    /// and is INF if one of certreq's sections is in it.
    #[must_use]
    pub fn of(name: &str, text: &str) -> Self {
        let toml = if name == "<stdin>" {
            !text.lines().any(inf::is_known_section)
        } else {
            Path::new(name).extension().is_some_and(|extension| extension.eq_ignore_ascii_case("toml"))
        };
        if toml { Self::Toml } else { Self::Inf }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_tells_the_format_and_for_stdin_the_content() {
        assert_eq!(Format::of("a/request.TOML", "[NewRequest]"), Format::Toml);
        assert_eq!(Format::of("request.txt", "[subject]"), Format::Inf);
        assert_eq!(Format::of("<stdin>", "; note\n [newrequest] \n"), Format::Inf);
        assert_eq!(Format::of("<stdin>", "dns = []\n[key]\nlabel = 'x'\n"), Format::Toml);
    }
}
