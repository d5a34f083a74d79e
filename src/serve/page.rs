//! The page: made once, at start, complete in itself, without a script. Everything in it that comes from a
//! certificate or a token is escaped.

use crate::html::escape;
use crate::proof::{Check, Outcome, Step};
use crate::verify::{Link, days_left};
use crate::x509::Certificate;

const STYLE: &str = include_str!("page.css");

/// What the page says beside the link.
#[derive(Debug, Clone, Copy)]
pub struct Page<'a> {
    /// The certificate with its proof.
    pub link: &'a Link,
    /// The certificate.
    pub leaf: &'a Certificate,
    /// Label of the token.
    pub token: &'a str,
    /// URI of the private key.
    pub key_uri: &'a str,
    /// Seconds since 1970.
    pub now: i64,
}

/// The HTML.
#[must_use]
pub fn page(page: &Page<'_>) -> String {
    let Page { link, leaf, token, key_uri, now } = *page;
    let subject = leaf.subject();
    let sans: Vec<String> = leaf.subject_alt_names().iter().map(ToString::to_string).collect();
    let first = leaf.subject_alt_names().first().map(crate::request::GeneralName::value_text);
    let name = first.or_else(|| subject.common_name().map(str::to_owned)).unwrap_or_else(|| link.label.clone());
    let days = days_left(leaf, now);
    let algorithm = leaf.public_key().map(|key| key.algorithm().to_string()).unwrap_or_default();
    let valid = format!("{} to {}, {days} day{} left", at(leaf.not_before()), at(leaf.not_after()), plural(days));
    let chain: Vec<String> = link.chain.iter().map(|one| one.subject().to_string()).collect();
    let certificate = [
        ("subject", "Subject", text(&subject.to_string())),
        ("sans", "Names (SAN)", list(&sans)),
        ("issuer", "Issuer", text(&leaf.issuer().to_string())),
        ("valid", "Valid", text(&valid)),
        ("fingerprint", "SHA-256", code(&leaf.fingerprint_sha256())),
        ("chain", "Sent chain", list(&chain)),
    ];
    let key = [
        ("algorithm", "Algorithm", text(&algorithm)),
        ("token", "Token", text(token)),
        ("id", "Key id", code(&link.id.to_string())),
        ("uri", "Key URI", code(key_uri)),
    ];
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{name} - hsmcert</title>\n<link rel=\"icon\" href=\"data:,\">\n<style>\n{STYLE}</style>\n</head>\n\
         <body>\n<main>\n<h1>{name}</h1>\n\
         <p class=\"lead\">This connection was signed by the private key on the token &quot;{token}&quot;. \
         That this key belongs to the certificate was proved before the page was served.</p>\n\
         <section>\n<h2>Certificate</h2>\n{certificate}</section>\n\
         <section>\n<h2>Key</h2>\n{key}</section>\n\
         <section>\n<h2>Proof</h2>\n<ul class=\"steps\" id=\"proof\">\n{steps}</ul>\n</section>\n\
         <footer>Proved at {now}. hsmcert {version}.</footer>\n</main>\n</body>\n</html>\n",
        name = escape(&name),
        token = escape(token),
        certificate = definitions(&certificate),
        key = definitions(&key),
        steps = steps(&link.steps),
        now = at(now),
        version = env!("CARGO_PKG_VERSION"),
    )
}

fn plural(count: i64) -> &'static str {
    if count == 1 { "" } else { "s" }
}

fn at(seconds: i64) -> String {
    jiff::Timestamp::from_second(seconds)
        .map_or_else(|_| "an impossible date".to_owned(), |time| time.strftime("%Y-%m-%d %H:%M UTC").to_string())
}

fn definitions(rows: &[(&str, &str, String)]) -> String {
    let row = |(id, name, value): &(&str, &str, String)| format!("<dt>{name}</dt><dd id=\"{id}\">{value}</dd>\n");
    format!("<dl>\n{}</dl>\n", rows.iter().map(row).collect::<String>())
}

fn text(text: &str) -> String {
    if text.is_empty() { "none".to_owned() } else { escape(text) }
}

fn code(text: &str) -> String {
    format!("<code>{}</code>", escape(text))
}

fn list(entries: &[String]) -> String {
    let entries: String = entries.iter().map(|entry| format!("<li>{}</li>", escape(entry))).collect();
    if entries.is_empty() { "none".to_owned() } else { format!("<ul>{entries}</ul>") }
}

fn steps(steps: &[Step]) -> String {
    let mut html = String::new();
    for same in steps.chunk_by(|one, next| one.check == next.check && one.outcome == next.outcome) {
        let [step, ..] = same else { continue };
        let (class, word) = match step.outcome {
            Outcome::Ok(_) => ("mark ok", "ok"),
            Outcome::Failed(_) => ("mark", "failed"),
            Outcome::Skipped(_) => ("mark", "skipped"),
        };
        let with: Vec<&str> = same.iter().filter_map(|step| step.with.as_deref()).collect();
        let with = if with.is_empty() { String::new() } else { format!("{}: ", with.join(", ")) };
        let detail = escape(&format!("{with}{}", step.outcome.detail()));
        let title = title(step.check);
        html.push_str(&format!(
            "<li><span class=\"{class}\">{word}</span><span>{title}<span class=\"detail\">{detail}</span></span></li>\n"
        ));
    }
    html
}

fn title(check: Check) -> String {
    match check {
        Check::Certificate => "Certificate on the token".to_owned(),
        Check::OneCertificate => "One certificate with the key's id".to_owned(),
        Check::OneKey => "One private key with the certificate's id".to_owned(),
        Check::PublicKey => "Same public key in key and certificate".to_owned(),
        Check::Signature => "Signatures made in the token".to_owned(),
        Check::Validity => "Dates".to_owned(),
        Check::Chain => "Chain to a root".to_owned(),
        Check::Handshake(version) => format!("{version} handshake in memory"),
        Check::Connect
        | Check::ServedCertificate
        | Check::ServedKey
        | Check::ServedName
        | Check::ServedChain
        | Check::ServedValidity => check.to_string(),
    }
}
