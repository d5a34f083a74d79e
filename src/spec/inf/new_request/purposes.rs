//! `KeySpec` and `KeyUsageProperty`: what the private key may do beside signing (`CKA_DECRYPT`, `CKA_DERIVE`).

use super::super::super::Diagnostic;
use super::super::settings::Settings;
use crate::key::KeyAlgorithm;
use crate::request::KeyPurposes;

/// `AT_KEYEXCHANGE` of wincrypt.h.
const KEY_EXCHANGE: u32 = 1;
const KEY_SPECS: [(&str, u32); 3] = [("AT_NONE", 0), ("AT_KEYEXCHANGE", KEY_EXCHANGE), ("AT_SIGNATURE", 2)];
const EXPECTED: &str = "expected 0, 1 (AT_KEYEXCHANGE) or 2 (AT_SIGNATURE)";

/// `NCRYPT_ALLOW_*` of ncrypt.h.
const ALLOW_DECRYPT: u32 = 1;
const ALLOW_SIGNING: u32 = 2;
const ALLOW_KEY_AGREEMENT: u32 = 4;
const ALLOW_KEY_IMPORT: u32 = 8;
const ALLOW_ALL_USAGES: u32 = 0x00ff_ffff;
const KEY_USAGE_PROPERTIES: [(&str, u32); 5] = [
    ("NCRYPT_ALLOW_DECRYPT_FLAG", ALLOW_DECRYPT),
    ("NCRYPT_ALLOW_SIGNING_FLAG", ALLOW_SIGNING),
    ("NCRYPT_ALLOW_KEY_AGREEMENT_FLAG", ALLOW_KEY_AGREEMENT),
    ("NCRYPT_ALLOW_KEY_IMPORT_FLAG", ALLOW_KEY_IMPORT),
    ("NCRYPT_ALLOW_ALL_USAGES", ALLOW_ALL_USAGES),
];

const SPEC: &str = "KeySpec";
const PROPERTY: &str = "KeyUsageProperty";

/// Of a new key: `KeyUsageProperty` says it; without it `KeySpec` tells exchange from signature keys. `agreement`: the
/// name of the algorithm is `ECDH_*`.
pub(super) fn read(algorithm: KeyAlgorithm, agreement: bool, settings: &mut Settings<'_>) -> KeyPurposes {
    let exchange = key_spec(settings) == Some(KEY_EXCHANGE);
    let property = settings.flags(PROPERTY, "", &KEY_USAGE_PROPERTIES);
    let (decrypts, agrees) = match algorithm {
        KeyAlgorithm::Rsa { .. } => (true, false),
        KeyAlgorithm::Ec(_) => (false, true),
        KeyAlgorithm::Ed25519 | KeyAlgorithm::MlDsa(_) => (false, false),
    };
    let Some(property) = property else {
        if exchange && !decrypts {
            note(settings, SPEC, format!("an {algorithm} key cannot decrypt: AT_KEYEXCHANGE does nothing"));
        } else if exchange {
            note_decrypt(settings, SPEC);
        }
        return KeyPurposes { decrypt: exchange && decrypts, derive: agreement && agrees };
    };
    explain(property, algorithm, (decrypts, agrees), settings);
    let (decrypt, derive) = (decrypts && property & ALLOW_DECRYPT != 0, agrees && property & ALLOW_KEY_AGREEMENT != 0);
    if decrypt {
        note_decrypt(settings, PROPERTY);
    } else if exchange && decrypts {
        note(settings, SPEC, "KeySpec does nothing beside KeyUsageProperty: the key does not decrypt".to_owned());
    }
    if derive && !agreement {
        let message = "the key may also agree on keys (CKA_DERIVE)";
        let note = Diagnostic::note(message, settings.span(PROPERTY));
        settings.problems.push(note.help("TLS needs signatures only: KeyUsageProperty = NCRYPT_ALLOW_SIGNING_FLAG"));
    }
    KeyPurposes { decrypt, derive: derive || agreement && agrees }
}

/// An existing key may do what it may do.
pub(super) fn of_existing(settings: &mut Settings<'_>) -> KeyPurposes {
    key_spec(settings);
    for key in [SPEC, PROPERTY] {
        if !settings.is_off(key) && settings.span(key).is_some() {
            note(settings, key, format!("{key} does nothing here: an existing key keeps its own uses"));
        }
    }
    KeyPurposes::default()
}

fn key_spec(settings: &mut Settings<'_>) -> Option<u32> {
    let spec = settings.choice(SPEC, &KEY_SPECS, EXPECTED);
    if let Some(strange) = spec.filter(|spec| *spec > 2) {
        let problem = Diagnostic::error(format!("unknown KeySpec {strange}"), settings.span(SPEC));
        settings.problems.push(problem.expecting(EXPECTED));
    }
    spec
}

/// Tells which uses do nothing; whoever wrote "all" means those that the key has.
fn explain(property: u32, algorithm: KeyAlgorithm, (decrypts, agrees): (bool, bool), settings: &mut Settings<'_>) {
    if property == ALLOW_ALL_USAGES {
        return;
    }
    if property & ALLOW_SIGNING == 0 {
        note(settings, PROPERTY, "the key will sign too: a request is signed with its own key".to_owned());
    }
    if property & ALLOW_DECRYPT != 0 && !decrypts {
        let message = format!("an {algorithm} key cannot decrypt: NCRYPT_ALLOW_DECRYPT_FLAG does nothing");
        note(settings, PROPERTY, message);
    }
    if property & ALLOW_KEY_AGREEMENT != 0 && !agrees {
        let message = format!("an {algorithm} key cannot agree on keys: NCRYPT_ALLOW_KEY_AGREEMENT_FLAG does nothing");
        note(settings, PROPERTY, message);
    }
    if property & ALLOW_KEY_IMPORT != 0 {
        let message = "keys are made in the token and not imported: NCRYPT_ALLOW_KEY_IMPORT_FLAG does nothing";
        note(settings, PROPERTY, message.to_owned());
    }
    let unknown = property & !(ALLOW_DECRYPT | ALLOW_SIGNING | ALLOW_KEY_AGREEMENT | ALLOW_KEY_IMPORT);
    if unknown != 0 {
        let message = format!("KeyUsageProperty {property:#x} has bits without a meaning: {unknown:#x}");
        settings.problems.push(Diagnostic::warning(message, settings.span(PROPERTY)));
    }
}

fn note_decrypt(settings: &mut Settings<'_>, key: &str) {
    let note = Diagnostic::note("the key may also decrypt (CKA_DECRYPT)", settings.span(key));
    settings.problems.push(note.help("TLS needs signatures only: KeySpec = 2"));
}

fn note(settings: &mut Settings<'_>, key: &str, message: String) {
    settings.problems.push(Diagnostic::note(message, settings.span(key)));
}
