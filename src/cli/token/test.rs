//! `hsmcert token test`: a compatibility report without secrets, to be pasted into a ticket.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use clap::Args;
use hsmcert::ErrorKind;
use hsmcert::compatibility::{self, Area, Attempt, Compatibility, Outcome};
use hsmcert::token::{AttributeValue, LibraryInfo, MechanismSizes, ShownAttributes, TokenLimits};
use serde::Serialize;

use crate::cli::failure::Failure;
use crate::cli::report::{Report, shown};
use crate::cli::{Global, clock, connect};

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  hsmcert token test --token web  as text, for a ticket
  hsmcert token test --token web --json > report.json

Keys are made as session objects where the token takes them; else they are destroyed at once, as are the \
certificates of this test. All are labelled hsmcert-token-test-... The report holds no PIN, and no label or serial \
number of the token unless --with-serial is given. Exit code 0: the token makes RSA or EC keys and signs with them; \
9: it does not, or something could not be destroyed.")]
pub(super) struct TestArguments {
    /// Tell label and serial number of the token too
    #[arg(long)]
    with_serial: bool,
}

#[derive(Serialize)]
struct JsonReport {
    hsmcert: &'static str,
    system: String,
    module: JsonLibrary,
    token: JsonTested,
    mechanisms: Vec<JsonMechanism>,
    attempts: Vec<JsonAttempt>,
    private_key_attributes: BTreeMap<String, String>,
    public_key_attributes: BTreeMap<String, String>,
    /// RSA or EC keys are made, and signatures by them verify.
    main_job: bool,
    /// What could not be destroyed.
    left: Vec<String>,
}

#[derive(Serialize)]
struct JsonLibrary {
    path: String,
    profile: Option<&'static str>,
    manufacturer: String,
    description: String,
    version: String,
    pkcs11: String,
}

#[derive(Serialize)]
struct JsonTested {
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    serial: Option<String>,
    manufacturer: String,
    model: String,
    hardware: String,
    firmware: String,
    flags: Vec<String>,
    min_pin_length: usize,
    max_pin_length: usize,
    max_sessions: String,
    max_write_sessions: String,
}

#[derive(Serialize)]
struct JsonMechanism {
    name: String,
    min: Option<usize>,
    max: Option<usize>,
}

#[derive(Serialize)]
struct JsonAttempt {
    area: &'static str,
    what: String,
    outcome: &'static str,
    detail: String,
    milliseconds: f64,
}

pub(super) fn run(global: &Global, arguments: &TestArguments, report: &Report) -> Result<(), Failure> {
    let ((tested, path), target) =
        connect::with_pin(global, &Default::default(), report, |module, session, _, pin| {
            report.progress("trying what the token can do");
            let tested = compatibility::examine(module, session, pin.as_ref(), clock::now());
            report.progress_end();
            Ok((tested?, module.path().to_owned()))
        })?;
    let (serves, stopped_by) = (tested.serves(), tested.stopped_by.as_ref().map(ToString::to_string));
    let profile = target.vendor.map(|vendor| vendor.profile);
    let json = json(tested, path.display().to_string(), profile, arguments.with_serial);
    report.result(&json, &draw(&json));
    let failed = |message: &str| Failure::new(ErrorKind::TokenRefused, message);
    match stopped_by {
        Some(reason) => Err(Failure { retryable: true, ..Failure::new(ErrorKind::TokenUnavailable, reason) }
            .hint("the token went away while it was tried: the report holds what was found out before")),
        None if !json.left.is_empty() => Err(failed("objects of this test are still on the token")
            .hint("the report names them; remove them with the vendor's own tool")),
        None if !serves => Err(failed("the token does not make RSA or EC keys that sign")
            .hint("the report says what it refused; paste it into a ticket")),
        None => Ok(()),
    }
}

fn json(tested: Compatibility, path: String, profile: Option<&'static str>, with_serial: bool) -> JsonReport {
    let main_job = tested.serves();
    let Compatibility { library, details, limits, mechanisms, attempts, private_key, public_key, left, .. } = tested;
    let LibraryInfo { manufacturer, description, version, standard } = library;
    let TokenLimits { hardware, sessions, write_sessions } = limits;
    let token = details.token;
    let attributes = |shown: &ShownAttributes| shown.iter().filter_map(attribute).collect();
    JsonReport {
        hsmcert: env!("CARGO_PKG_VERSION"),
        system: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
        module: JsonLibrary { path, profile, manufacturer, description, version, pkcs11: standard },
        token: JsonTested {
            label: with_serial.then_some(token.label),
            serial: with_serial.then_some(token.serial),
            manufacturer: token.manufacturer,
            model: token.model,
            hardware,
            firmware: details.firmware,
            flags: details.flags.iter().map(ToString::to_string).collect(),
            min_pin_length: details.pin_length.0,
            max_pin_length: details.pin_length.1,
            max_sessions: sessions,
            max_write_sessions: write_sessions,
        },
        mechanisms: mechanisms.into_iter().map(mechanism).collect(),
        attempts: attempts.into_iter().map(attempt).collect(),
        private_key_attributes: attributes(&private_key),
        public_key_attributes: attributes(&public_key),
        main_job,
        left,
    }
}

fn mechanism(mechanism: MechanismSizes) -> JsonMechanism {
    let MechanismSizes { name, sizes } = mechanism;
    JsonMechanism { name, min: sizes.map(|(min, _)| min), max: sizes.map(|(_, max)| max) }
}

fn attempt(attempt: Attempt) -> JsonAttempt {
    let Attempt { area, what, outcome, time } = attempt;
    let area = match area {
        Area::KeyPair => "key-pair",
        Area::Signature => "signature",
        Area::Certificate => "certificate",
        Area::Attribute => "attribute",
        Area::Login => "login",
        Area::Sessions => "sessions",
    };
    let (outcome, detail) = match outcome {
        Outcome::Works(detail) => ("works", detail),
        Outcome::Refused(why) => ("refused", why),
        Outcome::Wrong(why) => ("wrong", why),
        Outcome::NotTried(why) => ("not-tried", why),
    };
    JsonAttempt { area, what, outcome, detail, milliseconds: (time.as_secs_f64() * 10_000.0).round() / 10.0 }
}

/// The flags and words of an attribute; ids, labels and the key's own numbers say nothing about the token.
fn attribute((name, value): (String, AttributeValue)) -> Option<(String, String)> {
    let text = match value {
        AttributeValue::Flag(on) => on.to_string(),
        AttributeValue::List(words) if words.is_empty() => return None,
        AttributeValue::List(words) => words.join(" "),
        AttributeValue::Text(word) if name != "CKA_LABEL" => word,
        AttributeValue::Text(_) | AttributeValue::Number(_) | AttributeValue::Bytes(_) => return None,
    };
    Some((name, text))
}

fn draw(report: &JsonReport) -> String {
    let JsonReport { hsmcert, system, module, token, mechanisms, attempts, main_job, left, .. } = report;
    let flags = if token.flags.is_empty() { "ready for login".to_owned() } else { token.flags.join(", ") };
    let mut text = format!(
        "hsmcert        {hsmcert} on {system}\nmodule         {} (profile {})\nlibrary        {}, {}, version {}, PKCS#11 {}\n\
         token          {} {}, hardware {}, firmware {}\n",
        shown(&module.path),
        module.profile.unwrap_or("none"),
        shown(&module.manufacturer),
        shown(&module.description),
        module.version,
        module.pkcs11,
        shown(&token.manufacturer),
        shown(&token.model),
        token.hardware,
        token.firmware,
    );
    if let (Some(label), Some(serial)) = (&token.label, &token.serial) {
        let _ = writeln!(text, "label          {}\nserial         {}", shown(label), shown(serial));
    }
    let _ = writeln!(
        text,
        "state          {flags}\nPIN length     {} to {} bytes\nsessions       {}, read/write {}\n\nmechanisms",
        token.min_pin_length, token.max_pin_length, token.max_sessions, token.max_write_sessions,
    );
    for JsonMechanism { name, min, max } in mechanisms {
        let sizes = match (min, max) {
            (Some(min), Some(max)) => format!("{min} to {max}"),
            _ => "no C_GetMechanismInfo".to_owned(),
        };
        let _ = writeln!(text, "  {name:<32} {sizes}");
    }
    text.push_str("\ntried\n");
    for JsonAttempt { area, what, outcome, detail, milliseconds } in attempts {
        let time = if *outcome == "not-tried" { String::new() } else { format!("{milliseconds:.1} ms") };
        let detail = if detail.is_empty() { String::new() } else { format!("  {}", shown(detail)) };
        let line = format!("  {area:<12} {outcome:<10} {time:>10}  {}{detail}", shown(what));
        let _ = writeln!(text, "{}", line.trim_end());
    }
    for (name, list) in [("private", &report.private_key_attributes), ("public", &report.public_key_attributes)] {
        let words: Vec<_> = list.iter().map(|(name, value)| format!("{}={value}", short(name))).collect();
        let _ = writeln!(text, "\nattributes of a new {name} key\n  {}", shown(&words.join(" ")));
    }
    let left = if left.is_empty() { "nothing".to_owned() } else { shown(&left.join("; ")) };
    let result = if *main_job { "yes" } else { "no" };
    let _ = writeln!(text, "\nleft on token  {left}\nmain job       {result} (RSA or EC keys that sign)");
    text
}

fn short(attribute: &str) -> &str {
    attribute.trim_start_matches("CKA_")
}
