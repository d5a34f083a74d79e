//! Prometheus' text exposition format, version 0.0.4. All times are Unix times in seconds, as its naming rules ask for:
//! an alert is `hsmcert_certificate_not_after_timestamp_seconds - time() < 7 * 86400`.

use hsmcert::due::Phase;
use hsmcert::status::Status;

/// By this a file is known as one of ours.
pub(super) const MARK: &str = "# HELP hsmcert_status_timestamp_seconds";

type Value = fn(&Status) -> Option<i64>;

/// Name, help and value of each metric that a certificate has.
const METRICS: &[(&str, &str, Value)] = &[
    ("hsmcert_certificate_not_after_timestamp_seconds", "When the certificate ends.", |one| Some(one.not_after)),
    ("hsmcert_certificate_not_before_timestamp_seconds", "When the certificate began.", |one| {
        one.certificate.as_ref().map(|facts| facts.not_before)
    }),
    ("hsmcert_certificate_due_timestamp_seconds", "When the certificate is due for renewal.", |one| one.due_at),
    ("hsmcert_certificate_due", "Whether the certificate is due for renewal or expired.", |one| {
        Some(i64::from(matches!(one.phase, Phase::Due | Phase::Expired)))
    }),
    ("hsmcert_certificate_link_broken", "Whether the certificate has lost its key.", |one| {
        Some(i64::from(one.link.is_broken()))
    }),
];

/// All metrics.
pub(super) fn text(all: &[Status], now: i64) -> String {
    let mut text = String::new();
    for (name, help, value) in METRICS {
        text.push_str(&format!("# HELP {name} {help}\n# TYPE {name} gauge\n"));
        for one in all {
            if let Some(value) = value(one) {
                text.push_str(&format!("{name}{{{}}} {value}\n", labels(one)));
            }
        }
    }
    text + &format!(
        "{MARK} When these were read.\n# TYPE hsmcert_status_timestamp_seconds gauge\nhsmcert_status_timestamp_seconds {now}\n"
    )
}

/// What tells certificates apart: two of one label differ by their serial number, or by the id of their key.
fn labels(one: &Status) -> String {
    let facts = one.certificate.as_ref();
    let of = |text: &dyn Fn(&hsmcert::status::Facts) -> String| facts.map(text).unwrap_or_default();
    let pairs = [
        ("label", one.label.clone()),
        ("id", one.id.to_string()),
        ("subject", of(&|facts| facts.subject.to_string())),
        ("issuer", of(&|facts| facts.issuer.to_string())),
        ("serial", of(&|facts| facts.serial.clone())),
        ("token", one.token.clone()),
        ("token_serial", one.token_serial.clone()),
    ];
    pairs.iter().map(|(name, value)| format!("{name}=\"{}\"", escaped(value))).collect::<Vec<_>>().join(",")
}

/// Backslash, quote and line feed are the format's; other control characters are written out.
fn escaped(text: &str) -> String {
    super::super::report::shown(text).replace('\\', "\\\\").replace('"', "\\\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_cannot_break_out_of_its_quotes() {
        assert_eq!(escaped("a\"} 1\nb\\"), "a\\\"} 1\\\\nb\\\\");
    }
}
