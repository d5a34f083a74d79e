//! When a CA wants a certificate to be renewed (ACME Renewal Information, RFC 9773).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Margin;

/// The time in which it is to be renewed (section 4.2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// Its beginning.
    pub start: Timestamp,
    /// Its end.
    pub end: Timestamp,
    /// The address of a page that says why.
    pub explanation: Option<String>,
}

impl Window {
    /// The moment in it, but not behind `latest`, at which a certificate is due, in seconds since 1970. Section 4.2 wants one
    /// by chance: the certificate's SHA-256 (hex) is as good, and says the same in each run.
    #[must_use]
    pub fn moment(&self, sha256: &str, latest: i64) -> i64 {
        let start = self.start.as_second();
        let length = self.end.as_second().min(latest).saturating_sub(start).max(0);
        let chance = sha256.get(..8).and_then(|hex| u32::from_str_radix(hex, 16).ok()).unwrap_or_default();
        let offset = (i128::from(length) * i128::from(chance)) >> u32::BITS;
        start.saturating_add(i64::try_from(offset).unwrap_or_default())
    }
}

/// What a CA said of a certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Advice {
    /// Name of the CA in the configuration.
    pub ca: String,
    /// SHA-256 of the certificate in lower hex.
    pub certificate: String,
    /// The CA is not asked again before.
    pub until: Timestamp,
    /// `None`: it says nothing.
    pub window: Option<Window>,
}

/// Far more than a CA may ask for. What is remembered for longer was remembered while the clock was wrong.
const LONGEST: i64 = 2 * 86_400;

impl Advice {
    /// Whether the CA need not be asked again, in seconds since 1970.
    #[must_use]
    pub fn is_fresh(&self, now: i64) -> bool {
        (now..now.saturating_add(LONGEST)).contains(&self.until.as_second())
    }

    /// Whether a CA of this name said it of this certificate.
    #[must_use]
    pub fn is_of(&self, ca: &str, certificate: &str) -> bool {
        self.ca == ca && self.certificate == certificate
    }
}

/// The time from which a certificate is due, in seconds since 1970, and the window that says so.
///
/// A window counts where nobody has set a margin. One that is out of date counts only where it is the earlier one, and one
/// that begins when the certificate is over not at all. The last twentieth of a life is left for repairs.
#[must_use]
pub fn due(
    margin: Margin,
    (not_before, not_after): (i64, i64),
    advice: Option<&Advice>,
    now: i64,
) -> (i64, Option<&Window>) {
    let usual = margin.due_at(not_before, not_after);
    let (Margin::Usual, Some(advice)) = (margin, advice) else { return (usual, None) };
    let Some(window) = advice.window.as_ref().filter(|window| window.start.as_second() < not_after) else {
        return (usual, None);
    };
    let latest = not_after.saturating_sub(not_after.saturating_sub(not_before) / 20);
    let moment = window.moment(&advice.certificate, latest);
    if advice.is_fresh(now) || moment < usual { (moment, Some(window)) } else { (usual, None) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400;
    const LIFE: (i64, i64) = (0, 90 * DAY - 1);

    fn advice(start: i64, end: i64, certificate: &str) -> Advice {
        let time = |day: i64| Timestamp::from_second(day * DAY).unwrap();
        let window = Window { start: time(start), end: time(end), explanation: None };
        Advice { ca: "a".into(), certificate: certificate.into(), until: time(11), window: Some(window) }
    }

    fn at(advice: &Advice, now: i64) -> i64 {
        due(Margin::Usual, LIFE, Some(advice), now * DAY).0
    }

    #[test]
    fn each_certificate_has_its_moment_in_the_window() {
        let moment = |sha256: &str| at(&advice(20, 30, sha256), 10);
        assert_eq!(moment("00000000ff"), 20 * DAY);
        assert_eq!(moment("80000000ff"), 25 * DAY);
        assert_eq!(moment("ffffffffff"), 30 * DAY - 1);
        assert_eq!(moment("what is no hash"), 20 * DAY);
    }

    #[test]
    fn what_is_out_of_date_counts_only_where_it_is_earlier() {
        let usual = 60 * DAY - 1;
        let (early, late) = (advice(20, 21, "00000000"), advice(70, 71, "00000000"));
        assert_eq!((at(&early, 10), at(&late, 10)), (20 * DAY, 70 * DAY));
        assert_eq!((at(&early, 12), at(&late, 12)), (20 * DAY, usual));
        assert_eq!(at(&late, 8), usual, "remembered by a clock that was wrong");
        let named = due(Margin::Seconds(DAY), LIFE, Some(&early), 10 * DAY);
        assert_eq!(named, (89 * DAY - 1, None), "a margin that is set wins");
    }

    #[test]
    fn a_window_at_the_end_of_the_life_leaves_time_for_repairs() {
        assert!(at(&advice(80, 90, "ffffffff"), 10) < 86 * DAY);
        assert_eq!(at(&advice(89, 90, "ffffffff"), 10), 89 * DAY, "the CA's beginning stays");
        assert_eq!(at(&advice(91, 92, "00000000"), 10), 60 * DAY - 1, "a window after the end is none");
        assert_eq!(at(&advice(30, 20, "ffffffff"), 10), 30 * DAY);
    }
}
