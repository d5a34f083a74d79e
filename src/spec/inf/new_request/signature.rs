//! `HashAlgorithm` and `AlternateSignatureAlgorithm`.

use super::super::super::Diagnostic;
use super::super::super::suggest::did_you_mean;
use super::super::settings::Settings;
use super::super::text::Fragment;
use crate::key::{Hash, KeyAlgorithm};
use crate::request::SignatureRequest;

/// Hash and padding.
pub(super) fn read(settings: &mut Settings<'_>, algorithm: KeyAlgorithm) -> SignatureRequest {
    let hash = settings.value("HashAlgorithm").and_then(|name| hash(name, settings.problems));
    let pss = settings.boolean("AlternateSignatureAlgorithm").unwrap_or(false);
    let (takes_hash, takes_pss) = match algorithm {
        KeyAlgorithm::Rsa { .. } => (true, true),
        KeyAlgorithm::Ec(_) => (true, false),
        KeyAlgorithm::Ed25519 | KeyAlgorithm::MlDsa(_) => (false, false),
    };
    if hash.is_some() && !takes_hash {
        let message = format!("{algorithm} signs without a hash function: HashAlgorithm does not count");
        settings.problems.push(Diagnostic::note(message, settings.span("HashAlgorithm")));
    }
    if pss && !takes_pss {
        let message =
            format!("an {algorithm} key has one form of signature: AlternateSignatureAlgorithm does not count");
        settings.problems.push(Diagnostic::warning(message, settings.span("AlternateSignatureAlgorithm")));
    }
    SignatureRequest { hash: hash.filter(|_| takes_hash), pss: pss && takes_pss }
}

fn hash(name: Fragment<'_>, problems: &mut Vec<Diagnostic>) -> Option<Hash> {
    match name.to_lowercase().replace('-', "").as_str() {
        "sha256" => Some(Hash::Sha256),
        "sha384" => Some(Hash::Sha384),
        "sha512" => Some(Hash::Sha512),
        "sha1" | "sha" => {
            let warning = Diagnostic::warning("SHA-1 signatures are refused everywhere: signing with SHA-256", None);
            problems.push(warning.at(name.span()).help("write HashAlgorithm = sha256"));
            Some(Hash::Sha256)
        }
        broken @ ("md2" | "md4" | "md5") => {
            let error = Diagnostic::error(format!("{broken} is broken and not supported"), Some(name.span()));
            problems.push(error.expecting("expected sha256, sha384 or sha512"));
            None
        }
        _ => {
            let near = did_you_mean(&name, ["sha256", "sha384", "sha512"]);
            let error = Diagnostic::error(format!("unknown hash `{}`{near}", name.as_str()), Some(name.span()));
            problems.push(error.expecting("expected sha256, sha384 or sha512"));
            None
        }
    }
}
