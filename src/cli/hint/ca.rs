//! What to do next about a CA.

use std::time::Duration;

use hsmcert::ca::Error;

/// Hints for an error of a CA, most useful first.
pub(super) fn ca_hints(error: &Error) -> Vec<String> {
    match error {
        Error::Refused { .. } => vec!["ask the CA's people, or change the request and make a new CSR".to_owned()],
        Error::Unavailable { retry_after: Some(time), .. } => {
            vec![format!("the CA asks for a pause: run the same command again in {}", words(*time))]
        }
        Error::Unavailable { retry_after: None, .. } => vec!["run the same command again later".to_owned()],
        Error::Answer { .. } => vec!["is this the address of the CA, and of this protocol?".to_owned()],
        Error::Account { file, .. } => {
            vec![format!("if the CA has really lost it: remove {file}, and the next run makes a new account")]
        }
        Error::Unproved { .. } => vec![
            "the CA looks for each name in the public DNS, and on its port 80 (http-01) or 443 (tls-alpn-01); a slow DNS \
             needs a longer wait (dns-01)"
                .to_owned(),
            "run the same command again when that is mended: it makes a new order for the same CSR".to_owned(),
        ],
        Error::Challenge(_) => vec![
            "a port below 1024 needs root (Linux: or CAP_NET_BIND_SERVICE); else forward it to another one and say listen = \
             \"ADDRESS:PORT\""
                .to_owned(),
            "where a web server has port 80: challenge = \"http-01\" with webroot = \"FOLDER\"".to_owned(),
        ],
        Error::Hook(_) => vec!["run the same command again when the hook works: it goes on with the same order".to_owned()],
        Error::Secret(_) => {
            vec!["a secret's source is FILE, env:NAME or exec:COMMAND, as for --pin-source".to_owned()]
        }
        Error::Kept(_) => vec!["name another folder with --state-dir or HSMCERT_STATE_DIR".to_owned()],
        Error::Configuration { .. } => vec!["see docs/ca.md for what a [ca.NAME] table holds".to_owned()],
    }
}

/// A time that people can read.
pub(in crate::cli) fn words(time: Duration) -> String {
    match time.as_secs() {
        seconds @ 0..=119 => format!("{seconds} s"),
        seconds @ 120..=7_199 => format!("{} minutes", seconds.div_ceil(60)),
        seconds => format!("{} hours", seconds.div_ceil(3_600)),
    }
}
