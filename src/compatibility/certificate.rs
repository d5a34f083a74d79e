//! Certificate objects: stored, read back, two with one id, changed, seen without a login, destroyed.

use std::time::Instant;

use super::{Area, Attempt, Outcome, Test};
use crate::error::Error;
use crate::key::KeyId;
use crate::pin::Pin;
use crate::spec;
use crate::token::{self, CertificateObject, KeyPair, Lifetime, NewCertificate, ObjectClass, RawLabel, Session};
use crate::x509::{self, Certificate, UnsignedCertificate};

const MINUTE: i64 = 60;
/// The certificates say nothing of the machine.
const SUBJECT: &[u8] = b"[subject]\ncn = \"hsmcert token test\"\n";

/// Tries certificate objects that the pair signs, and destroys all of them.
pub(super) fn objects(test: &mut Test<'_>, pair: KeyPair<'_>, pin: Option<&Pin>, now: i64) {
    let (session, label, id) = (test.session, test.label.clone(), pair.id().clone());
    if test.lifetime == Lifetime::Session {
        test.ids.push(id.clone());
    }
    let store = |serial| -> Result<CertificateObject, Error> {
        let certificate = certificate(&pair, serial, now)?;
        Ok(session.store_certificate(&NewCertificate {
            id: &id,
            label: &label,
            subject: certificate.subject_der(),
            issuer: certificate.issuer_der(),
            serial: certificate.serial_der(),
            value: certificate.der(),
        })?)
    };
    let first = test.attempt(Area::Certificate, "create and read back", || Ok((store(1)?, String::new())));
    let Some(first) = first else {
        not_stored(test);
        return test.destroy(pair);
    };
    let second = test.attempt(Area::Certificate, "a second one with the same id", || Ok((store(2)?, String::new())));
    let other = RawLabel::from(format!("{label}-2").as_str());
    test.attempt(Area::Attribute, "C_SetAttributeValue: label of a certificate", || {
        Ok((session.label_certificate(&first, &other)?, String::new()))
    });
    // A session object does not outlive the login.
    let (algorithm, lifetime) = (pair.public_key().algorithm(), test.lifetime);
    if lifetime == Lifetime::Session {
        test.destroy(pair);
    }
    without_login(test, &id, pin);
    test.attempt(Area::Certificate, "destroy", || {
        let stored = session.certificates_with_id(&id)?;
        stored.iter().try_for_each(|one| session.destroy_certificate(one))?;
        let left = session.certificates_with_id(&id)?.len();
        let all = 1 + usize::from(second.is_some());
        match left {
            0 if stored.len() == all => Ok(((), format!("{all} destroyed"))),
            _ => Err(token::Error::ReadBack(format!("{all} stored, {} found, {left} left", stored.len())).into()),
        }
    });
    if lifetime == Lifetime::Token {
        test.destroy_by_id(algorithm, &id);
    }
}

fn not_stored(test: &mut Test<'_>) {
    let why = "the token stores no certificate";
    test.not_tried(Area::Certificate, "a second one with the same id", why);
    test.not_tried(Area::Login, "public objects without a login", why);
}

/// GnuTLS, strongSwan and others look before they log in.
fn without_login(test: &mut Test<'_>, id: &KeyId, pin: Option<&Pin>) {
    let what = "public objects without a login";
    let (session, lifetime) = (test.session, test.lifetime);
    if !session.token().login_required {
        return test.not_tried(Area::Login, what, "the token needs no login");
    }
    let Some(pin) = pin else {
        return test.not_tried(Area::Login, what, "the PIN is typed at the device, and is not asked for twice");
    };
    let logged_out = test.attempt(Area::Login, "C_Logout", || Ok((session.logout()?, String::new())));
    if logged_out.is_none() {
        return;
    }
    let start = Instant::now();
    let outcome = match seen(session, id, lifetime) {
        Ok((true, what)) => Outcome::Works(what),
        Ok((false, what)) => Outcome::Refused(what),
        Err(error) => test.failure(error),
    };
    test.report.attempts.push(Attempt { area: Area::Login, what: what.to_owned(), outcome, time: start.elapsed() });
    let again = test.attempt(Area::Login, "log in again", || Ok((session.login(Some(pin))?, String::new())));
    if again.is_none() && lifetime == Lifetime::Token {
        let key = format!("private key \"{}\", id {id}, which only a login shows", test.label);
        test.report.left.push(key);
    }
}

/// Whether all is seen that should be, and what.
fn seen(session: &Session<'_>, id: &KeyId, lifetime: Lifetime) -> Result<(bool, String), Error> {
    let classes = match lifetime {
        Lifetime::Session => &[ObjectClass::Certificate][..],
        Lifetime::Token => &[ObjectClass::Certificate, ObjectClass::PublicKey],
    };
    let (mut all, mut words) = (true, Vec::new());
    for class in classes {
        let is_seen = !session.objects_with_id(*class, id)?.is_empty();
        all &= is_seen;
        words.push(format!("{class} {}", if is_seen { "seen" } else { "not seen" }));
    }
    Ok((all, words.join(", ")))
}

fn certificate(pair: &KeyPair<'_>, serial: u8, now: i64) -> Result<Certificate, Error> {
    let request = spec::parse("test.toml", SUBJECT, &spec::Options::default())?.spec;
    let (from, to) = (now - MINUTE, now + 60 * MINUTE);
    let key = pair.public_key();
    let unsigned = UnsignedCertificate::self_signed(&request, key, &[serial], from, to)?;
    let scheme = unsigned.scheme();
    let signature = x509::encode_signature(scheme, &pair.sign(scheme, unsigned.to_be_signed())?)?;
    Ok(unsigned.finish(&signature)?)
}
