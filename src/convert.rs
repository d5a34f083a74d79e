//! The recipe of `convert`: a request in the other language, with the proof that both ask for the same.

use crate::Error;
use crate::key::PublicKey;
use crate::request::{KeyRequest, Name, RequestSpec};
use crate::spec::{self, Format, Options, Part, Written};
use crate::x509::{self, UnsignedCsr};

/// Writes the request in this language. The text is read again, and both CSRs are encoded with the same key: they have
/// the same DER, and all that is asked for beside it is the same, but for what [`Written::lost`] lists.
///
/// # Errors
/// [`Error::X509`] for a request that no CSR can be made from, [`Error::Inexpressible`] if so much is lost that no request
/// is left, [`Error::NotConverted`] if the proof fails.
pub fn convert(request: &RequestSpec, to: Format) -> Result<Written, Error> {
    let key = any_key();
    let before = Encoded::of(request, &key)?;
    let written = spec::write(request, to, &|extension| x509::extension_der(extension, &key).ok());
    let (name, language) = match to {
        Format::Inf => ("converted.inf", "INF"),
        Format::Toml => ("converted.toml", "TOML"),
    };
    let again = match spec::parse(name, written.text.as_bytes(), &Options::default()) {
        Ok(parsed) => parsed.spec,
        Err(invalid) if written.lost.is_empty() => {
            return Err(Error::NotConverted(format!("not be read: {invalid}")));
        }
        // Nothing is left to name the subject or the key by.
        Err(_) => {
            let lost = written.lost.into_iter().map(|lost| lost.what).collect();
            return Err(Error::Inexpressible { language, lost });
        }
    };
    if request.key.label.is_none() && !same_label(request, &again) {
        // It comes from a name that is written otherwise now, so it must be spelt out.
        let key = KeyRequest { label: request.label(), ..request.key.clone() };
        return convert(&RequestSpec { key, ..request.clone() }, to);
    }
    let after = Encoded::of(&again, &key)?;
    let differing = differences(request, &again, &before, &after);
    match differing.into_iter().find(|part| written.lost.iter().all(|lost| lost.part != *part)) {
        Some(part) => Err(Error::NotConverted(format!("ask for another request ({part:?})"))),
        None => Ok(written),
    }
}

/// Both CSRs get this key; what it is does not matter.
fn any_key() -> PublicKey {
    PublicKey::rsa(&[1], &[3])
}

/// The CSR of a request in two parts, each as the DER of a CSR that has nothing else.
#[derive(PartialEq)]
struct Encoded {
    subject: Vec<u8>,
    extensions: Vec<u8>,
}

impl Encoded {
    fn of(request: &RequestSpec, key: &PublicKey) -> Result<Self, Error> {
        let encode = |part: &RequestSpec| UnsignedCsr::new(part, key).map(|csr| csr.to_be_signed().to_vec());
        let subject = RequestSpec { extensions: vec![], attributes: vec![], ..request.clone() };
        let extensions = RequestSpec { subject: Name::default(), ..request.clone() };
        Ok(Self { subject: encode(&subject)?, extensions: encode(&extensions)? })
    }
}

/// A label may be spelt out that came from a name before. A request without one was refused by `new`.
fn same_label(before: &RequestSpec, after: &RequestSpec) -> bool {
    before.label().is_none_or(|label| after.label() == Some(label))
}

/// The parts in which a request differs from another one.
fn differences(before: &RequestSpec, after: &RequestSpec, encoded: &Encoded, encoded_after: &Encoded) -> Vec<Part> {
    let RequestSpec {
        // In `encoded`.
        subject: _,
        extensions: _,
        attributes: _,
        key,
        signature,
        token,
        product,
        friendly_name,
        machine_store,
    } = before;
    let KeyRequest { algorithm, label: _, source, purposes } = key;
    let same_key = (*algorithm, *source, *purposes) == (after.key.algorithm, after.key.source, after.key.purposes)
        && same_label(before, after);
    let same = [
        (Part::Subject, encoded.subject == encoded_after.subject),
        (Part::Extensions, encoded.extensions == encoded_after.extensions),
        (Part::Key, same_key && *signature == after.signature),
        (Part::Token, *token == after.token),
        (Part::Product, *product == after.product),
        (Part::Windows, *friendly_name == after.friendly_name && *machine_store == after.machine_store),
    ];
    same.into_iter().filter(|(_, same)| !same).map(|(part, _)| part).collect()
}
