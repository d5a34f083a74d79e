//! certreq's keys that hsmcert does not act on, and why (names: `certreq_1` and `certsrv.h` of the Windows SDK).

use super::super::super::Diagnostic;
use super::super::settings::Settings;

/// What a key leads to when it has a value.
enum Answer {
    /// Nothing to say: it cannot matter here.
    Nothing,
    /// Does nothing; said when it is not FALSE or 0.
    Note(&'static str),
    /// TRUE is refused.
    RefuseTrue(&'static str, &'static str),
    /// Every value but 0 is refused.
    Refuse(&'static str, &'static str),
}

use Answer::{Note, Nothing, Refuse, RefuseTrue};

const EXPLICIT_CURVE: &str = "curves by their parameters are not supported";
const NAMED_CURVE: &str = "name a curve: KeyAlgorithm = ECDSA_P256";
const SCEP: &str = "SCEP is not supported";
const PKCS10: &str = "make a PKCS#10 request and submit that";

const OTHER_KEYS: &[(&str, Answer)] = &[
    (
        "Exportable",
        RefuseTrue(
            "the private key of hsmcert never leaves the token: Exportable = TRUE is not possible",
            "write Exportable = FALSE",
        ),
    ),
    (
        "ExportableEncrypted",
        RefuseTrue(
            "the private key of hsmcert never leaves the token, not even wrapped: ExportableEncrypted = TRUE is not possible",
            "write ExportableEncrypted = FALSE",
        ),
    ),
    (
        "PrivateKeyArchive",
        RefuseTrue(
            "the private key never leaves the token, so a CA cannot archive it",
            "write PrivateKeyArchive = FALSE",
        ),
    ),
    ("RenewalCert", Refuse("a request signed by an older certificate (CMC) is not supported", "use `hsmcert renew`")),
    (
        "SubjectNameFlags",
        Refuse("the subject cannot be taken from Active Directory", "write Subject and the SAN extension"),
    ),
    ("EncryptionAlgorithm", Note("only for the archival of keys")),
    ("EncryptionLength", Note("only for the archival of keys")),
    ("RequesterName", Note("not part of a PKCS#10 request")),
    ("Silent", Nothing),
    ("UserProtected", Note("the token and its PIN protect the key")),
    ("KeyProtection", Note("the token and its PIN protect the key")),
    ("UIContextMessage", Nothing),
    ("SecurityDescriptor", Note("the token, not Windows, says who may use the key")),
    ("ProviderType", Nothing),
    ("ReaderName", Note("the token is chosen by ProviderName, profile or --token")),
    ("EncipherOnly", Note("certreq has no such key any more; use KeyUsage")),
    ("KeyAlgorithmParameters", Refuse(EXPLICIT_CURVE, NAMED_CURVE)),
    ("EccKeyParameters", Refuse(EXPLICIT_CURVE, NAMED_CURVE)),
    ("EccKeyParametersType", Refuse(EXPLICIT_CURVE, NAMED_CURVE)),
    ("EccKeyParameters_P", Refuse(EXPLICIT_CURVE, NAMED_CURVE)),
    ("EccKeyParameters_A", Refuse(EXPLICIT_CURVE, NAMED_CURVE)),
    ("EccKeyParameters_B", Refuse(EXPLICIT_CURVE, NAMED_CURVE)),
    ("EccKeyParameters_Seed", Refuse(EXPLICIT_CURVE, NAMED_CURVE)),
    ("EccKeyParameters_Base", Refuse(EXPLICIT_CURVE, NAMED_CURVE)),
    ("EccKeyParameters_Order", Refuse(EXPLICIT_CURVE, NAMED_CURVE)),
    ("EccKeyParameters_Cofactor", Refuse(EXPLICIT_CURVE, NAMED_CURVE)),
    ("SerialNumber", Refuse("a serial number cannot be asked for", "the CA chooses it; leave the key away")),
    ("PublicKey", Refuse("the public key comes from the token", "use UseExistingKeySet with KeyContainer")),
    ("PublicKeyParameters", Refuse("the public key comes from the token", "use UseExistingKeySet with KeyContainer")),
    ("AttestPrivateKey", RefuseTrue("attestation by a TPM of Windows is not supported", "leave the key away")),
    ("CAThumbprint", Refuse(SCEP, PKCS10)),
    ("CACerts", Refuse(SCEP, PKCS10)),
    ("CACapabilities", Refuse(SCEP, PKCS10)),
    ("ChallengePassword", Refuse(SCEP, PKCS10)),
];

/// Their names.
pub(super) fn names() -> impl Iterator<Item = &'static str> + Clone {
    OTHER_KEYS.iter().map(|(name, _)| *name)
}

/// Answers those that are there.
pub(super) fn read(settings: &mut Settings<'_>) {
    for (key, answer) in OTHER_KEYS {
        let Some(span) = settings.span(key) else { continue };
        match answer {
            Nothing => {}
            Note(reason) => {
                // A security descriptor or a name may have commas: its value is never looked at.
                let off = settings.is_off(key);
                if !off {
                    settings.problems.push(Diagnostic::note(format!("{key} does nothing here: {reason}"), Some(span)));
                }
            }
            RefuseTrue(reason, help) => {
                if settings.boolean(key) == Some(true) {
                    settings.problems.push(Diagnostic::error(*reason, Some(span)).help(*help));
                }
            }
            Refuse(reason, help) => {
                if !settings.is_off(key) {
                    settings.problems.push(Diagnostic::error(format!("{key}: {reason}"), Some(span)).help(*help));
                }
            }
        }
    }
}
