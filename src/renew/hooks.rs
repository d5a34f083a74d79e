//! The commands of a renewal, and what they are told: everything as variables of their environment, no secret among them.

use std::ffi::OsString;
use std::path::Path;

use super::{Outcome, Site, World, labels};
use crate::accept::Accepted;
use crate::bind;
use crate::error::Error;
use crate::file::{self, Access, OutputFile};
use crate::key::KeyId;
use crate::renewal::Hook;
use crate::request::GeneralName;
use crate::rollout::{self, Rollout, RolloutError};
use crate::state::{self, Record};
use crate::token::Session;
use crate::uri::{ObjectType, Pkcs11Uri};
use crate::x509::{self, Certificate};

type Variables = Vec<(String, OsString)>;

/// The hooks of one renewal.
pub(super) struct Hooks<'a> {
    pub(super) site: &'a Site,
    pub(super) world: World<'a>,
    /// Why the certificate is renewed.
    pub(super) why: &'a str,
}

impl Hooks<'_> {
    /// Before anything is done.
    pub(super) fn pre(&self) -> Result<(), Error> {
        self.command("pre", self.site.renewal.pre.as_ref(), &self.variables())
    }

    /// At the end, whatever came of it.
    pub(super) fn post(&self, outcome: &Result<Outcome, Error>) -> Result<(), Error> {
        let result = match outcome {
            Ok(Outcome::NotDue(_)) => "not-due",
            Ok(Outcome::Waits(_)) => "waits",
            Ok(Outcome::Renewed(renewed)) if renewed.unfinished.is_none() => "renewed",
            Ok(Outcome::Renewed(_)) | Err(_) => "failed",
        };
        let mut variables = self.variables();
        variables.push(variable("RESULT", result));
        self.command("post", self.site.renewal.post.as_ref(), &variables)
    }

    fn command(&self, hook: &'static str, command: Option<&Hook>, variables: &Variables) -> Result<(), Error> {
        let Some(Hook(exec)) = command else { return Ok(()) };
        let tell = |text: &str| self.world.around.tell(&format!("{hook}: {text}"));
        Ok(rollout::run(exec, variables, &tell).map_err(|reason| RolloutError::Command { hook, reason })?)
    }

    fn variables(&self) -> Variables {
        let Site { label, spec, spec_file, ca, .. } = self.site;
        vec![
            variable("SPEC", spec_file),
            variable("KEY_LABEL", label),
            variable("DNS", dns(spec.subject_alt_names())),
            variable("CA", ca.as_ref().map_or("", |(name, _)| name)),
            variable("WHY", self.why),
        ]
    }

    /// The new certificate is brought to those who use it.
    pub(super) fn deploy(
        &self,
        session: &Session<'_>,
        accepted: &Accepted,
        label: &str,
        replaces: Option<&str>,
    ) -> Result<(), Error> {
        let steps = &self.site.deploy;
        if steps.is_empty() {
            return Ok(());
        }
        let Accepted { leaf, chain, id, .. } = accepted;
        let (key, chain_file) = (leaf.public_key()?, &accepted.chain_file);
        // There as long as the commands run: programs that want leaf and issuers apart copy them.
        let apart = tempfile::tempdir().map_err(file::Error::Io)?;
        let write = |name: &str, certificates: &[Certificate]| -> Result<_, Error> {
            let (path, pem) =
                (apart.path().join(name), certificates.iter().map(Certificate::to_pem).collect::<String>());
            OutputFile::new(&path, Access::Public, false)?.write_unflushed(pem.as_bytes())?;
            Ok(path)
        };
        let uri = Pkcs11Uri {
            token: Some(session.token().label.clone()),
            id: Some(id.clone()),
            object: Some(label.to_owned()),
            object_type: Some(ObjectType::Private),
            ..Pkcs11Uri::default()
        };
        let mut variables = self.variables();
        variables.retain(|(name, _)| name != "HSMCERT_KEY_LABEL" && name != "HSMCERT_DNS");
        variables.extend([
            variable("CERT", write("cert.pem", &chain[..1])?),
            variable("CHAIN", write("chain.pem", &chain[1..])?),
            variable("FULLCHAIN", chain_file),
            variable("KEY_URI", uri.to_string()),
            variable("KEY_LABEL", label),
            variable("KEY_ID", id.to_string()),
            variable("DNS", dns(&leaf.subject_alt_names())),
            variable("NOT_BEFORE", state::time(leaf.not_before())),
            variable("NOT_AFTER", state::time(leaf.not_after())),
            variable("CERT_SERIAL", leaf.serial_hex()),
            variable("CERT_SHA256", leaf.fingerprint_sha256()),
        ]);
        let bound = bind::bound(session, leaf.clone(), chain.clone(), id.clone(), label.to_owned())?;
        let before = before(chain_file, replaces);
        let rollout = Rollout {
            session,
            bound: &bound,
            key: &key,
            chain_file,
            chain_before: before.as_deref(),
            machine: self.world.machine,
            undo: &|| self.swap_back(session, id, replaces),
            variables: &variables,
            state: self.world.state,
            tell: &|text| self.world.around.tell(&format!("deploy: {text}")),
            now: self.world.around.now(),
        };
        rollout.roll_out(steps)
    }
}

impl Hooks<'_> {
    /// The pair of the certificate that is replaced has the label again: a server that has found its key by id and label
    /// (libp11 does so in each new worker) finds it no more by another label.
    fn swap_back(&self, session: &Session<'_>, id: &KeyId, replaces: Option<&str>) -> Result<(), Error> {
        let (records, _) = self.world.state.records()?;
        let is_replaced =
            |record: &&Record| record.accepted.as_ref().map(|one| one.fingerprint_sha256.as_str()) == replaces;
        let old = records.iter().filter(|record| record.accepted.is_some()).find(is_replaced);
        old.map_or(Ok(()), |old| labels::swap_back(session, self.site, id, &old.key_id(), self.world.state))
    }
}

/// `HSMCERT_SERIAL`, `HSMCERT_TOKEN` and the like are not among the names: by these hsmcert itself chooses a token.
fn variable(name: &str, value: impl Into<OsString>) -> (String, OsString) {
    (format!("HSMCERT_{name}"), value.into())
}

/// DNS names, separated by commas.
fn dns(names: &[GeneralName]) -> String {
    let dns = names.iter().filter(|name| matches!(name, GeneralName::Dns(_)));
    dns.map(GeneralName::value_text).collect::<Vec<_>>().join(",")
}

/// The chain of the certificate that was replaced, as `accept` kept it.
fn before(chain_file: &Path, replaces: Option<&str>) -> Option<Vec<u8>> {
    let mut previous = chain_file.as_os_str().to_owned();
    previous.push(".prev");
    let bytes = file::read(Path::new(&previous)).ok()?;
    let all = x509::read_certificates(&bytes).ok()?;
    all.iter().any(|one| Some(one.fingerprint_sha256().as_str()) == replaces).then_some(bytes)
}
