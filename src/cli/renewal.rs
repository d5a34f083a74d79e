//! The settings of a renewal: options win, then what the request says, then `hsmcert.toml`.

mod steps;

use std::path::Path;

use hsmcert::authority::{Authority, Exec};
use hsmcert::due::Margin;
use hsmcert::renewal::{Age, Hook, KeyPolicy, Renewal, Upkeep};
use hsmcert::request::GeneralName;
use hsmcert::rollout::Step;
use hsmcert::{file, submit};
use serde::Serialize;

use super::ca;
use super::config::Config;
use super::facts::Facts;
use super::failure::Failure;
pub(super) use steps::steps;

/// How a request for these names is renewed, and by whom. What the CA cannot be asked for as it is configured is refused.
pub(super) fn settings(
    upkeep: &Upkeep,
    names: &[GeneralName],
    wishes: Renewal,
    config: &Config,
) -> Result<(Renewal, Option<(String, Authority)>), Failure> {
    let renewal = wishes.or(&upkeep.renewal).or(&config.renewal);
    let ca = match &renewal.ca {
        Some(name) => Some((name.clone(), ca::find_in(name, &[&upkeep.ca, &config.ca])?)),
        None => None,
    };
    if let Some((_, authority)) = &ca {
        submit::check(authority, names)?;
    }
    Ok((renewal, ca))
}

/// The settings as JSON.
#[derive(Debug, Serialize)]
pub(super) struct JsonRenewal {
    ca: Option<String>,
    protocol: Option<&'static str>,
    due_when: String,
    key: &'static str,
    max_key_uses: Option<u32>,
    max_key_age_days: Option<i64>,
    pre: Option<String>,
    deploy: Vec<String>,
    post: Option<String>,
}

/// What holds for a request without options; `None` where nobody says anything.
pub(super) fn describe(upkeep: &Upkeep, names: &[GeneralName], spec: &Path) -> Result<Option<JsonRenewal>, Failure> {
    let config = Config::find()?;
    let (renewal, authority) = settings(upkeep, names, Renewal::default(), &config)?;
    if renewal == Renewal::default() {
        return Ok(None);
    }
    let deploy = steps(&renewal, &std::path::absolute(spec).map_err(file::Error::Io)?)?;
    let Renewal { ca, before, key, max_key_uses, max_key_age, pre, deploy: _, post } = renewal;
    let words = |Exec { command, .. }: &Exec| command.join(" ");
    let hook = |hook: Option<Hook>| hook.map(|Hook(exec)| words(&exec));
    let step = |step: &Step| match step {
        Step::Command(exec) => words(exec),
        Step::Server(server) => {
            let (target, main, host, port) = (server.target, server.main.display(), &server.host, server.port);
            format!("{target}: {main}, looked at on {host}:{port}")
        }
    };
    Ok(Some(JsonRenewal {
        ca,
        protocol: authority.map(|(_, authority)| authority.protocol()),
        due_when: before.unwrap_or(Margin::Usual).to_string(),
        key: match key.unwrap_or_default() {
            KeyPolicy::New => "new",
            KeyPolicy::Same => "same",
        },
        max_key_uses: max_key_uses.map(std::num::NonZeroU32::get),
        max_key_age_days: max_key_age.map(|Age(seconds)| seconds / 86_400),
        pre: hook(pre),
        deploy: deploy.iter().map(step).collect(),
        post: hook(post),
    }))
}

impl JsonRenewal {
    /// Adds its lines.
    pub(super) fn draw(&self, facts: &mut Facts) {
        let Self { ca, protocol, due_when, key, max_key_uses, max_key_age_days, pre, deploy, post } = self;
        let by = match (ca, protocol) {
            (Some(ca), Some(protocol)) => format!("by {ca} ({protocol})"),
            (_, _) => "by hand: renew makes the CSR and waits for the certificate".to_owned(),
        };
        facts.line("renewal", &format!("{by}, when {due_when}"));
        let uses = max_key_uses.map(|uses| format!(", for {uses} certificates at most"));
        let age = max_key_age_days.map(|days| format!(", for {days} days at most"));
        facts.line("", &format!("{key} key{}{}", uses.unwrap_or_default(), age.unwrap_or_default()));
        facts.list("  pre", pre);
        facts.list("  deploy", deploy);
        facts.list("  post", post);
    }
}
