//! What to do next: one match over all errors. What happened is in the error's own text.

mod ca;
mod prune;
mod repair;
mod rollout;
mod token;

use std::io;

use hsmcert::error::{Error, ErrorKind, KeyFate};
use hsmcert::platform::StoreLocation;
use hsmcert::proof::Check;
use hsmcert::x509::FileKind;
use hsmcert::{file, state, trial, x509};

use ca::ca_hints;
pub(super) use ca::words;
use prune::prune_hints;
use repair::repair_hints;
use rollout::rollout_hints;
pub(super) use token::left_over;
use token::token_hints;

/// Hints for an error, most useful first.
pub(super) fn hints(error: &Error) -> Vec<String> {
    match error {
        // The findings carry their own help.
        Error::Spec(_) => vec![],
        Error::File(error) => file_hint(error),
        Error::Uri(_) => {
            vec!["a URI looks like pkcs11:token=LABEL?module-path=FILE&pin-source=FILE (RFC 7512)".to_owned()]
        }
        Error::Token(error) => token_hints(error),
        Error::ModuleFile { .. } => {
            vec!["a module is a shared library of the HSM's vendor, for this system and this processor".to_owned()]
        }
        Error::Trial(error) => match error {
            trial::Error::Folder(_) => vec!["set XDG_DATA_HOME to a folder without these characters".to_owned()],
            trial::Error::Lost(folder) => vec![format!(
                "if nothing on it is needed, remove the folder {} and run the command again",
                folder.display()
            )],
            trial::Error::File(error) => file_hint(error),
            trial::Error::Token(error) => token_hints(error),
        },
        Error::State(error) => match error {
            state::Error::Busy(_) => vec!["wait until it is done, then run the command again".to_owned()],
            state::Error::Folder { .. } => vec!["name another folder with --state-dir or HSMCERT_STATE_DIR".to_owned()],
            state::Error::Damaged { path, .. } => vec![format!("remove {}; it is made anew", path.display())],
            state::Error::Newer { .. } => vec!["use the newer hsmcert, or another --state-dir".to_owned()],
            state::Error::File(error) => file_hint(error),
        },
        Error::X509(error) => x509_hints(error),
        Error::NoLabel => {
            vec!["add a CN or a DNS name to the request, or KeyContainer (INF) or key.label (TOML)".to_owned()]
        }
        Error::KeyReference { .. } => {
            vec![
                "name the key by its label, by id:HEX, or by pkcs11:id=...;object=... (see hsmcert find-key)"
                    .to_owned(),
            ]
        }
        Error::Inexpressible { .. } => vec!["change these values, or keep the file in its language".to_owned()],
        Error::NotConverted(_) => vec!["this is a bug of hsmcert: please report it with the request file".to_owned()],
        Error::KeyMissing(_) | Error::KeyNotFound(_) => {
            vec!["see what is there with: hsmcert find-key --class private".to_owned()]
        }
        Error::SeveralKeys { .. } => vec!["name one by its URI, or by id:HEX".to_owned()],
        Error::OtherToken { .. } => vec!["choose the token with --token or --serial, or name its own key".to_owned()],
        Error::HalfOfPair { .. } => vec!["leave type=public out to delete the pair".to_owned()],
        Error::CertificateOfKey { .. } => vec!["leave type=cert out to delete the key and its certificate".to_owned()],
        Error::UnclearPair { .. } => vec!["nothing was deleted; id:HEX names both of them".to_owned()],
        Error::KeyInUse { .. } => vec![
            "nothing was deleted; a server with this certificate stops working without the key".to_owned(),
            "if that is meant: --force".to_owned(),
        ],
        Error::CertificateGoesToo { .. } => vec![
            "nothing was deleted; hsmcert export KEY --certificate --out FILE saves the certificate".to_owned(),
            "if both may go: --certificate".to_owned(),
        ],
        Error::NotDeleted { gone, source, .. } => {
            let mut all = hints(source);
            if source.kind() == ErrorKind::TokenRefused && gone.is_empty() {
                all.push("the token keeps it: is it not destroyable, or may your role not delete keys?".to_owned());
            } else if !source.is_retryable() {
                all.push("run the same command again: it finishes the work".to_owned());
            }
            all
        }
        Error::UnusableLabel { .. } => vec!["a label is text in one line, for example www.example.com".to_owned()],
        Error::LabelInUse { .. } => {
            vec!["take another label, or rename first what has this one: hsmcert rename id:HEX LABEL".to_owned()]
        }
        Error::LabelFixed { .. } => vec![
            "make a new key with another label: hsmcert new --label".to_owned(),
            "if this one does change labels: changes = \"all\" under quirks in its profile (hsmcert.toml)".to_owned(),
        ],
        Error::NotRenamed { source, astray, .. } => {
            let mut all = hints(source);
            if !astray.is_empty() {
                all.push("when the token works again, run the same command: it gives all of them one label".to_owned());
            } else if source.kind() == ErrorKind::TokenRefused {
                all.push(
                    "some HSMs never change the label of a key (AWS CloudHSM, Google Cloud KMS): make a new key with \
                     hsmcert new --label"
                        .to_owned(),
                );
            }
            all
        }
        Error::PublicKeyNotShown { .. } => {
            vec!["its CSR or its certificate has it, if there is one: openssl req -in CSR -noout -pubkey".to_owned()]
        }
        Error::AfterKeyMade { fate, source, label, .. } => {
            let mut all = hints(source);
            match fate {
                KeyFate::Destroyed => {}
                KeyFate::Kept => {
                    all.push(format!("make a CSR for it with UseExistingKeySet = true and KeyContainer = \"{label}\""));
                }
                KeyFate::Stays => all.push("remove it with your HSM's own tool before you try again".to_owned()),
            }
            all
        }
        Error::ForeignKey { key, compared, .. } => {
            let mut all = vec![format!("the certificate's key: {key}")];
            if compared.is_empty() {
                all.push("the token has no private key".to_owned());
            }
            all.extend(compared.iter().map(|one| format!("compared with {one}")));
            all.push("is this the token on which the CSR was made? Choose another with --token".to_owned());
            all
        }
        Error::SeveralLeaves(_) => vec!["put the certificates into files of their own".to_owned()],
        Error::Expired { .. } => vec!["ask the CA for a new one with the same CSR".to_owned()],
        Error::CaCertificate { .. } => vec![
            "whoever has this key could issue certificates: ask the CA for a server certificate".to_owned(),
            "if it is meant to be a CA: --allow-ca".to_owned(),
        ],
        Error::Strict { .. } => vec!["nothing was changed; without --strict these are warnings and notes".to_owned()],
        Error::Intermediate { source, .. } => {
            let mut all = hints(source);
            all.push("nothing was changed; leave the CA certificates out of the token with --no-chain".to_owned());
            all
        }
        Error::NotUndone { source, .. } => {
            let mut all = hints(source);
            all.push("when the token works again, run the same command: it finishes the work".to_owned());
            all
        }
        Error::OldStays { source, .. } => {
            let mut all = hints(source);
            all.push("until then it is chance which one is served: run the same command again".to_owned());
            all
        }
        Error::WindowsStore { location, .. } => {
            let mut all =
                vec!["run the same command again when the cause is gone: what is done is not done twice".to_owned()];
            if *location == StoreLocation::LocalMachine {
                all.push(
                    "the store of the machine needs a prompt that was opened with \"Run as administrator\"".to_owned(),
                );
                all.push("or put it into your own store with --user".to_owned());
            }
            all.push("or leave the store out with --no-windows-store".to_owned());
            all
        }
        Error::NoKeyId(_) => vec!["set its CKA_ID with your HSM's own tool".to_owned()],
        Error::LabelOfOther { .. } => {
            vec!["rename or remove that certificate; hsmcert deletes only what it replaces".to_owned()]
        }
        Error::LinkNotProved { .. } => {
            vec!["the token gave a wrong signature: nothing was changed; see hsmcert find-key".to_owned()]
        }
        Error::CertificateMissing { keys, .. } if keys.is_empty() => {
            vec!["see what is there with: hsmcert find-key; hsmcert accept CERT stores a certificate".to_owned()]
        }
        Error::CertificateMissing { keys, .. } => keys
            .iter()
            .map(|id| format!("the key with the id {id} has no certificate: store it with: hsmcert accept CERT"))
            .collect(),
        Error::SeveralCertificates(_) => {
            vec!["name one by its file, its label or its URI; see: hsmcert find-key".to_owned()]
        }
        Error::HandshakeFailed { failed } => unique(failed.iter().map(|step| check_hint(step.check))),
        Error::LinkBroken { failed, .. } => unique(failed.iter().map(|(_, step)| check_hint(step.check))),
        Error::ServedDiffers { failed, .. } => unique(failed.iter().map(|step| check_hint(step.check))),
        Error::Tls(_) => vec![],
        Error::NotLinked(_) => vec!["link the certificate to its key with: hsmcert accept CERTIFICATE".to_owned()],
        Error::OtherLinked { .. } => {
            vec!["if this one is newer: hsmcert accept CERTIFICATE; else take the newer file".to_owned()]
        }
        Error::Deploy(_) => vec!["give the file another name or place".to_owned()],
        Error::Ca(error) => ca_hints(error),
        Error::Rollout(error) => rollout_hints(error),
        Error::Prune(error) => prune_hints(error),
        Error::Repair(error) => repair_hints(error),
        Error::OtherKeyIssued { .. } => vec!["nothing was stored; is it the answer to another request?".to_owned()],
        Error::SelfSigned { .. } => vec!["make a new one with: hsmcert new SPEC --force".to_owned()],
        Error::DevCa { folder, .. } => vec![format!("remove {folder}, or choose another with --ca-dir")],
    }
}

/// What to do when a step of `verify` failed.
fn check_hint(check: Check) -> &'static str {
    match check {
        Check::Certificate => "store the CA's certificate with: hsmcert accept CERT",
        Check::OneCertificate => "hsmcert accept CERT leaves exactly one certificate beside its key",
        Check::OneKey | Check::PublicKey | Check::Signature => {
            "see what has which id with: hsmcert find-key; is this the token on which the CSR was made?"
        }
        Check::Validity => "ask the CA for a new certificate, then: hsmcert accept CERT",
        Check::Chain => "name the CA's root with --ca-file, and verify the CA's file, which has the intermediates",
        Check::Handshake(_) => "a server with this key and certificate would fail in the same way",
        Check::Connect => "check address and port, and that the server is running",
        Check::ServedCertificate => "point the server at the certificate that accept stored, and reload it",
        Check::ServedKey => "point the server at the key URI that accept printed, and reload it",
        Check::ServedName => "ask for a name that the certificate has, with --name, or have it issued for this one",
        Check::ServedChain => "serve the chain file that accept wrote: leaf first, then the intermediates",
        Check::ServedValidity => "renew the certificate, and reload the server",
    }
}

fn unique(hints: impl Iterator<Item = &'static str>) -> Vec<String> {
    let mut unique: Vec<String> = Vec::new();
    for hint in hints {
        if !unique.iter().any(|known| known == hint) {
            unique.push(hint.to_owned());
        }
    }
    unique
}

fn file_hint(error: &file::Error) -> Vec<String> {
    match error {
        file::Error::Missing(_) => vec!["check the path".to_owned()],
        file::Error::MissingFolder { folder, .. } => vec![format!("make it with: mkdir -p {}", folder.display())],
        file::Error::Exists(_) => vec!["choose another name, or replace it with --force".to_owned()],
        file::Error::TooLarge(_) => vec!["is this the right file?".to_owned()],
        file::Error::Unwritten { reason, .. } => match reason.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => vec!["make room on that disk".to_owned()],
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                vec!["name a file in a folder that you may write to".to_owned()]
            }
            _ => vec![],
        },
        file::Error::Io(_) => vec![],
    }
}

fn x509_hints(error: &x509::Error) -> Vec<String> {
    match error {
        x509::Error::WrongFile { found: FileKind::Request, wanted: FileKind::Certificate } => {
            vec!["this is the CSR: give it to your CA and accept the certificate that comes back".to_owned()]
        }
        x509::Error::WrongFile { found: FileKind::PrivateKey, .. } => {
            vec!["a key that was in a file is no key of an HSM: keep it out of this".to_owned()]
        }
        x509::Error::WrongFile { found: FileKind::CmcResponse, .. } => {
            vec![
                "take the CA's answer as a certificate or PKCS#7 (certreq -submit writes these as CertFileOut)"
                    .to_owned(),
            ]
        }
        x509::Error::WrongFile { found: FileKind::Pkcs12, .. } => {
            vec!["a key that was in a file is no key of an HSM: send the CSR to the CA instead".to_owned()]
        }
        x509::Error::Block { source, .. } => x509_hints(source),
        x509::Error::Issuer { .. } | x509::Error::NotSignedBy { .. } | x509::Error::NoIssuer { .. } => {
            vec!["ask the CA for its chain, or accept the certificate in a file of its own".to_owned()]
        }
        x509::Error::Path { .. } => {
            vec!["add the CA's intermediate certificates to the file, or check the roots in --ca-file".to_owned()]
        }
        x509::Error::WrongFile { found: FileKind::Unknown, .. } => {
            vec![
                "is this the file that your CA sent? A request file (INF, TOML) is read by: hsmcert lint FILE"
                    .to_owned(),
            ]
        }
        x509::Error::WrongFile { .. } | x509::Error::Der { .. } => {
            vec!["is this the file that your CA sent?".to_owned()]
        }
        x509::Error::Value { .. } => vec!["change the value in the request file".to_owned()],
        x509::Error::SchemeMismatch { .. } | x509::Error::PublicKey(_) | x509::Error::Signature(_) => vec![],
    }
}
