//! Variables that begin with `HSMCERT_`: a name that nobody reads is a typing error.

use super::check::Check;
use super::checks::Checks;
use crate::cli::environment;

const KNOWN: [&str; 13] = [
    "HSMCERT_ISOLATE",
    "HSMCERT_KEY_REFERENCES",
    "HSMCERT_MODULE",
    "HSMCERT_PIN",
    "HSMCERT_PROFILE",
    "HSMCERT_REQUIRE_HARDWARE",
    "HSMCERT_SERIAL",
    "HSMCERT_SLOT",
    "HSMCERT_SO_PIN",
    "HSMCERT_STATE_DIR",
    "HSMCERT_TIMEOUT",
    "HSMCERT_TOKEN",
    "HSMCERT_URI",
];

pub(super) fn names(checks: &Checks) {
    const CHECK: &str = "environment";
    let set: Vec<String> = environment::variables().into_keys().filter(|name| name.starts_with("HSMCERT_")).collect();
    for name in set.iter().filter(|name| !KNOWN.contains(&name.as_str())) {
        let nearest = KNOWN.iter().min_by_key(|known| strsim::levenshtein(known, name)).copied().unwrap_or_default();
        checks.push(Check::warning(
            CHECK,
            format!("{name} is set, and hsmcert does not read it"),
            format!("is {nearest} meant?"),
        ));
    }
    for name in set.iter().filter(|name| KNOWN.contains(&name.as_str()) && environment::text(name).is_none()) {
        checks.push(Check::warning(
            CHECK,
            format!("{name} is empty, which is as if it were not set"),
            "set or unset it",
        ));
    }
    let known: Vec<_> = set.iter().filter(|name| KNOWN.contains(&name.as_str())).map(String::as_str).collect();
    let known = if known.is_empty() {
        "no variable of hsmcert is set".to_owned()
    } else {
        format!("set: {}", known.join(", "))
    };
    checks.push(Check::ok(CHECK, known));
}
