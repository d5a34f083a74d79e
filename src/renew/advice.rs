//! What CAs say of when their certificates are to be renewed, asked no more often than they want to be asked.

use std::cell::RefCell;
use std::time::Duration;

use jiff::Timestamp;

use super::Site;
use super::known::{Current, Known, leaf_of_file};
use crate::authority::{Acme, Authority};
use crate::ca::acme::{Renewal, RenewalInfo};
use crate::ca::{Error, Surroundings};
use crate::due::Advice;
use crate::state::State;
use crate::x509::Certificate;

/// A CA that does not know a certificate will not know it in the next hours either.
const UNKNOWN: Duration = Duration::from_secs(24 * 3_600);

/// The CAs that one run asks. Each is met once; one that cannot be reached is not tried again for the next certificate.
pub struct Advisers<'a> {
    around: &'a dyn Surroundings,
    /// Where answers are remembered.
    state: Option<State>,
    met: RefCell<Vec<(Acme, Option<RenewalInfo<'a>>)>>,
}

impl std::fmt::Debug for Advisers<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Advisers").field("state", &self.state).finish_non_exhaustive()
    }
}

impl<'a> Advisers<'a> {
    /// Nobody is asked yet.
    #[must_use]
    pub fn new(around: &'a dyn Surroundings, state: Option<State>) -> Self {
        Self { around, state, met: RefCell::default() }
    }

    /// Asks the CA of a site, if its answer can make a difference and is not remembered. A CA that cannot say it is no
    /// failure: the certificate is due when it usually is.
    #[must_use]
    pub fn ask(&self, site: &Site, known: &Known, now: i64) -> Option<Advice> {
        let Some((ca, Authority::Acme(acme))) = &site.ca else { return None };
        let Current { not_after, fingerprint, advice, file, .. } = known.current.as_ref()?;
        let is_settled = site.force || site.renewal.before.is_some() || known.pending.is_some() || now > *not_after;
        let is_remembered = advice.as_ref().is_some_and(|one| one.is_of(ca, fingerprint) && one.is_fresh(now));
        if is_settled || is_remembered {
            return None;
        }
        let leaf = leaf_of_file(file).filter(|leaf| leaf.fingerprint_sha256() == *fingerprint)?;
        let Renewal { window, pause } = self.answer(ca, acme, &leaf)?;
        let pause = i64::try_from(pause.as_secs()).unwrap_or_default();
        let until = Timestamp::from_second(now.saturating_add(pause)).ok()?;
        let advice = Advice { ca: ca.clone(), certificate: fingerprint.clone(), until, window };
        self.remember(&leaf, &advice);
        Some(advice)
    }

    fn answer(&self, name: &str, acme: &Acme, leaf: &Certificate) -> Option<Renewal> {
        let untold = |error: &Error| {
            self.around.warn(&format!("{name} does not say when it wants certificates to be renewed: {error}"));
        };
        let mut met = self.met.borrow_mut();
        if !met.iter().any(|(known, _)| known == acme) {
            let opened = RenewalInfo::open(acme, self.around).inspect_err(untold).ok();
            met.push((acme.clone(), opened));
        }
        let (_, adviser) = met.iter_mut().find(|(known, _)| known == acme)?;
        match adviser.as_ref()?.of(leaf.der()) {
            Ok(renewal) => Some(renewal),
            Err(Error::Refused { message }) => {
                self.around.tell(&format!("CA: {name} does not say when to renew {}: {message}", leaf.name()));
                Some(Renewal { window: None, pause: UNKNOWN })
            }
            Err(error) => {
                untold(&error);
                *adviser = None;
                None
            }
        }
    }

    /// That it cannot be remembered means that it is asked once more.
    fn remember(&self, leaf: &Certificate, advice: &Advice) {
        let (Some(state), Ok(key)) = (&self.state, leaf.public_key()) else { return };
        if state.record(&key).is_none() {
            return;
        }
        if let Err(error) = state.update(&key, |record| record.advice = Some(advice.clone())) {
            self.around.tell(&format!("CA: what {} said is not remembered: {error}", advice.ca));
        }
    }
}
