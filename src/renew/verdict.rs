//! Whether a renewal is due, decided without the token.

use std::path::PathBuf;

use super::answer;
use super::known::{Current, Known};
use super::{Site, accept};
use crate::due::{self, Margin, Phase, Window};
use crate::request::{GeneralName, RequestSpec};
use crate::state::{OpenOrder, Record};
use crate::x509::Csr;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// What is to be done.
#[derive(Debug, Clone)]
pub enum Verdict {
    /// Nothing.
    NotDue(Life),
    /// Nothing but to wait.
    Waits(Waits),
    /// A renewal, and why.
    Due(String),
}

/// The life of a certificate that is not due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Life {
    /// notBefore, seconds since 1970.
    pub not_before: i64,
    /// notAfter, seconds since 1970.
    pub not_after: i64,
    /// From when on it is due.
    pub due_at: i64,
    /// The CA's window that says so.
    pub window: Option<Window>,
}

/// What a renewal waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Waits {
    /// An order at the CA.
    Ca {
        /// The CA's name.
        ca: String,
        /// In its words; empty when it was not asked now.
        message: String,
        /// Since when, as RFC 3339.
        since: String,
        /// It wants to be left alone until then, as RFC 3339.
        until: Option<String>,
    },
    /// Somebody who brings the certificate.
    Certificate {
        /// The CSR that it is for.
        csr: PathBuf,
        /// Where it is to be put.
        certificate: PathBuf,
    },
}

/// Decides.
#[must_use]
pub fn verdict(site: &Site, known: &Known, now: i64) -> Verdict {
    if let Some(pending) = &known.pending {
        return of_pending(site, pending, now);
    }
    let Some(current) = &known.current else { return Verdict::Due("no certificate yet".to_owned()) };
    let life = Life::of(site, current, now);
    let changed = current.csr.as_ref().and_then(|csr| changed_names(&site.spec, csr));
    match Phase::at(now, life.not_before, life.not_after, life.due_at) {
        Phase::Expired => Verdict::Due(format!("expired on {}", accept::date(life.not_after))),
        Phase::Due => Verdict::Due(life.why(now, site.renewal.before)),
        Phase::Early | Phase::Fresh if site.force => Verdict::Due("forced".to_owned()),
        Phase::Early | Phase::Fresh => changed.map_or(Verdict::NotDue(life), Verdict::Due),
    }
}

fn of_pending(site: &Site, pending: &Record, now: i64) -> Verdict {
    let request = pending.request.as_ref();
    let since = request.map(|request| request.created.clone()).unwrap_or_default();
    if let Some(OpenOrder { ca, since, not_before: Some(until), .. }) = request.and_then(|one| one.order.as_ref())
        && until.parse::<jiff::Timestamp>().is_ok_and(|until| until.as_second() > now)
        && !site.force
        && answer::at_hand(site, pending).is_none()
    {
        let (ca, since, until) = (ca.clone(), since.clone(), Some(until.clone()));
        return Verdict::Waits(Waits::Ca { ca, message: String::new(), since, until });
    }
    let is_same = pending.csr().is_some_and(|csr| changed_names(&site.spec, &csr).is_none());
    if site.ca.is_none() && is_same && site.csr_file().is_file() && answer::at_hand(site, pending).is_none() {
        return Verdict::Waits(Waits::Certificate { csr: site.csr_file(), certificate: site.certificate_file() });
    }
    match &pending.renewal {
        Some(open) => Verdict::Due(open.why.clone()),
        None => Verdict::Due(format!("no certificate yet for the request of {}", day(&since))),
    }
}

/// The names of DNS and IP that the request file has and an earlier CSR had not, or the other way round, in words. The
/// certificate is not looked at: a CA may leave names out each time.
pub(super) fn changed_names(spec: &RequestSpec, csr: &Csr) -> Option<String> {
    let text = |names: &[GeneralName]| -> Vec<String> {
        let hosts = names.iter().filter(|name| matches!(name, GeneralName::Dns(_) | GeneralName::Ip(_)));
        hosts.map(GeneralName::value_text).collect()
    };
    let (wanted, asked) = (text(spec.subject_alt_names()), text(&csr.subject_alt_names()));
    let added = wanted.iter().filter(|name| !asked.contains(name)).map(|name| format!("+{name}"));
    let removed = asked.iter().filter(|name| !wanted.contains(name)).map(|name| format!("-{name}"));
    let changes: Vec<String> = added.chain(removed).collect();
    (!changes.is_empty()).then(|| format!("the names of the request changed: {}", changes.join(" ")))
}

impl Life {
    /// What the CA said in this run comes before what is remembered.
    fn of(site: &Site, current: &Current, now: i64) -> Self {
        let Current { not_before, not_after, fingerprint, .. } = current;
        let ca = site.ca.as_ref().map(|(name, _)| name.as_str()).unwrap_or_default();
        let advice = [&site.advice, &current.advice].into_iter().flatten().find(|one| one.is_of(ca, fingerprint));
        let (due_at, window) =
            due::due(site.renewal.before.unwrap_or_default(), (*not_before, *not_after), advice, now);
        Self { not_before: *not_before, not_after: *not_after, due_at, window: window.cloned() }
    }

    /// Why it is due.
    fn why(&self, now: i64, margin: Option<Margin>) -> String {
        let text = self.left_words(now);
        match (margin, self.window_words()) {
            (Some(margin), _) => format!("{text}, due when {margin}"),
            (None, Some(window)) => format!("{text}, {window}"),
            (None, None) => text,
        }
    }

    /// The CA's window, with its reason.
    #[must_use]
    pub fn window_words(&self) -> Option<String> {
        let Window { start, end, explanation } = self.window.as_ref()?;
        let (start, end) = (self.moment(start.as_second()), self.moment(end.as_second()));
        let reason = explanation.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default();
        Some(format!("the CA wants it renewed from {start} to {end}{reason}"))
    }

    /// `61 of 90 days left`, in hours or minutes where that is little.
    #[must_use]
    pub fn left_words(&self, now: i64) -> String {
        let lifetime = self.not_after.saturating_sub(self.not_before).saturating_add(1);
        let left = self.not_after.saturating_sub(now);
        let units = [(DAY, "days"), (HOUR, "hours")];
        let (unit, word) = units.into_iter().find(|(unit, _)| lifetime > 2 * unit).unwrap_or((MINUTE, "minutes"));
        format!("{} of {} {word} left", left.div_euclid(unit), (lifetime + unit / 2) / unit)
    }

    /// When it is due.
    #[must_use]
    pub fn due_words(&self) -> String {
        self.moment(self.due_at)
    }

    /// A day, or an hour where the life is short.
    fn moment(&self, seconds: i64) -> String {
        if self.not_after.saturating_sub(self.not_before) > 2 * DAY {
            return accept::date(seconds);
        }
        let time = jiff::Timestamp::from_second(seconds);
        time.map_or_else(|_| accept::date(seconds), |time| time.strftime("%Y-%m-%d %H:%M UTC").to_string())
    }
}

/// The day of a time in RFC 3339.
fn day(time: &str) -> &str {
    time.split('T').next().unwrap_or(time)
}
