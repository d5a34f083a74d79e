//! Key pairs of each algorithm, and signatures by them.

use super::{Area, Attempt, Outcome, Test, words};
use crate::error::Error;
use crate::key::{Curve, Hash, KeyAlgorithm, MlDsaSet, PublicKey, SignatureScheme};
use crate::request::{KeyPurposes, SignatureRequest};
use crate::token::{self, KeyPair, Lifetime, MechanismSignature, NewKeyPair, RawLabel, Reach};
use crate::x509;

/// What is signed: nothing that could be mistaken for a request or a handshake.
const MESSAGE: &[u8] = b"hsmcert token test v1\0";

/// Tries every algorithm that hsmcert makes. The first pair that signs is given to `use_pair`, which destroys it: a TPM
/// has room for few keys at a time.
pub(super) fn pairs<'s>(test: &mut Test<'s>, use_pair: impl FnOnce(&mut Test<'s>, KeyPair<'s>)) {
    let curves = [Curve::P256, Curve::P384, Curve::P521].map(KeyAlgorithm::Ec);
    let post_quantum = MlDsaSet::ALL.map(KeyAlgorithm::MlDsa);
    let rest = [&curves[..], &[KeyAlgorithm::Ed25519], &post_quantum].concat();
    let mut use_pair = Some(use_pair);
    for algorithm in [KeyAlgorithm::DEFAULT].into_iter().chain(rest) {
        let Some(pair) = pair(test, algorithm) else { continue };
        match use_pair.take_if(|_| test.report.signs.contains(&algorithm)) {
            Some(use_pair) => {
                attributes(test, &pair);
                use_pair(test, pair);
            }
            None => test.destroy(pair),
        }
    }
    if use_pair.is_some() {
        test.not_tried(Area::Certificate, "create and read back", "there is no key that signs");
    }
}

/// One pair and its signatures. A token that refuses session objects, or to sign with them, gets a token object.
fn pair<'s>(test: &mut Test<'s>, algorithm: KeyAlgorithm) -> Option<KeyPair<'s>> {
    if test.is_over() {
        return None;
    }
    let schemes = schemes(algorithm);
    let planned = match test.session.plan_pair(test.label.clone(), algorithm, KeyPurposes::default()) {
        Ok(planned) => planned,
        Err(error) => {
            test.not_tried(Area::KeyPair, &algorithm.to_string(), words(&error.into()));
            return None;
        }
    };
    let checked: Vec<_> = schemes.iter().map(|scheme| test.session.check_mechanisms(&planned, *scheme)).collect();
    if checked.iter().all(Result::is_err)
        && let Some(Err(error)) = checked.into_iter().next()
    {
        test.not_tried(Area::KeyPair, &algorithm.to_string(), words(&error.into()));
        return None;
    }
    loop {
        let lifetime = test.lifetime;
        let made = generate(test, &planned);
        let is_session_object = lifetime == Lifetime::Session;
        match made {
            Some(pair) => {
                let signs = signatures(test, &pair, &schemes);
                if signs || !is_session_object || test.is_over() {
                    return Some(pair);
                }
                test.destroy(pair);
            }
            None if !is_session_object || test.is_over() => return None,
            None => {}
        }
        test.lifetime = Lifetime::Token;
    }
}

fn generate<'s>(test: &mut Test<'s>, planned: &NewKeyPair) -> Option<KeyPair<'s>> {
    let (session, lifetime) = (test.session, test.lifetime);
    let kind = match lifetime {
        Lifetime::Session => "session object",
        Lifetime::Token => "token object",
    };
    let wanted = NewKeyPair { lifetime, ..planned.clone() };
    if lifetime == Lifetime::Token {
        test.ids.push(wanted.id.clone());
    }
    test.attempt(Area::KeyPair, format!("{} ({kind})", wanted.algorithm), || {
        Ok((session.generate_with_defaults(&wanted)?, String::new()))
    })
}

/// Each mechanism of each scheme; whether a signature was made and verified.
fn signatures(test: &mut Test<'_>, pair: &KeyPair<'_>, schemes: &[SignatureScheme]) -> bool {
    let (key, before) = (pair.public_key(), test.report.signs.len());
    for scheme in schemes {
        for made in pair.sign_by_each(*scheme, MESSAGE) {
            let MechanismSignature { mechanism, input, listed, time, result } = made;
            let seen = if listed { "" } else { ", which the token does not list" };
            let what = format!("{}: {mechanism} of the {input}{seen}", key.algorithm());
            let outcome = match result {
                Ok(signature) => verified(key, *scheme, &signature),
                // What is not listed may well be refused.
                Err(token::Error::Call { source, .. }) if !listed && source.reach() != Reach::Away => {
                    Outcome::Refused(source.to_string())
                }
                Err(error) => test.failure(error.into()),
            };
            if matches!(outcome, Outcome::Works(_)) && !test.report.signs.contains(&key.algorithm()) {
                test.report.signs.push(key.algorithm());
            }
            test.report.attempts.push(Attempt { area: Area::Signature, what, outcome, time });
            if test.is_over() {
                return false;
            }
        }
    }
    test.report.signs.len() > before
}

fn verified(key: &PublicKey, scheme: SignatureScheme, signature: &[u8]) -> Outcome {
    let checked =
        x509::encode_signature(scheme, signature).and_then(|signature| x509::verify(key, scheme, MESSAGE, &signature));
    match checked {
        Ok(()) => Outcome::Works(format!("verified as {scheme}")),
        Err(error) => Outcome::Wrong(words(&Error::from(error))),
    }
}

fn schemes(algorithm: KeyAlgorithm) -> Vec<SignatureScheme> {
    match algorithm {
        KeyAlgorithm::Rsa { .. } => {
            vec![SignatureScheme::RsaPkcs1(Hash::Sha256), SignatureScheme::RsaPss(Hash::Sha256)]
        }
        KeyAlgorithm::Ec(_) | KeyAlgorithm::Ed25519 | KeyAlgorithm::MlDsa(_) => {
            vec![SignatureRequest::default().scheme(algorithm)]
        }
    }
}

/// What the module gives a new pair by itself, and whether it lets something be changed.
fn attributes(test: &mut Test<'_>, pair: &KeyPair<'_>) {
    let read = test.attempt(Area::Attribute, "read the attributes of the pair", || {
        let [private, public] = pair.attributes()?;
        let detail =
            format!("{} of the private key, {} of the public key", private.iter().count(), public.iter().count());
        Ok(((private, public), detail))
    });
    if let Some((private, public)) = read {
        (test.report.private_key, test.report.public_key) = (private, public);
    }
    let label = RawLabel::from(format!("{}-2", test.label).as_str());
    test.attempt(Area::Attribute, "C_SetAttributeValue: label of a private key", || {
        Ok((pair.label_private_key(&label)?, String::new()))
    });
}
