//! `rollout`: a renewed certificate is brought to those who use it. Commands run; a server gets its configuration, tests it
//! itself, reads it anew and is looked at by a client. When a server fails, all of them are put back as they were.

mod error;
mod look;
mod plan;

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub use self::error::Error as RolloutError;
use crate::authority::Exec;
use crate::bind::Bound;
use crate::command::{Ran, Run};
use crate::deploy::{Listen, Method, Target};
use crate::error::Error;
use crate::file::{self, Access, OutputFile};
use crate::key::PublicKey;
use crate::proof;
use crate::state::{FileBefore, State};
use crate::token::Session;
use plan::{Plan, Told};

/// One thing to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Run a command.
    Command(Exec),
    /// Bring the certificate to a server.
    Server(Box<Server>),
}

/// A server on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// What it is.
    pub target: Target,
    /// How it reaches the key; `None`: the usual way.
    pub method: Option<Method>,
    /// Its configuration, absolute.
    pub main: PathBuf,
    /// Where it listens.
    pub listen: Listen,
    /// Where decrypted traffic goes.
    pub backend: Option<SocketAddr>,
    /// The file from which it reads the PIN, absolute; `None`: that of the machine.
    pub pin_file: Option<PathBuf>,
    /// The command that tests the configuration; empty: none.
    pub check: Vec<String>,
    /// The command that makes the server read it; empty: none.
    pub reload: Vec<String>,
    /// The command that starts it again when it has read the configuration and does not serve the certificate; empty:
    /// none.
    pub restart: Vec<String>,
    /// Host that is asked what it serves.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Names of variables that both commands get beside the usual ones.
    pub env: Vec<String>,
    /// How many seconds each of them may take.
    pub timeout: u64,
}

/// What servers need to know of this machine.
#[derive(Debug, Clone)]
pub struct Machine {
    /// The PKCS#11 module.
    pub module: PathBuf,
    /// The PIN file.
    pub pin_file: PathBuf,
    /// What the module needs in its environment.
    pub environment: Vec<(String, String)>,
}

/// A certificate with all that is needed to bring it to servers.
#[derive(Clone, Copy)]
pub struct Rollout<'a> {
    /// Where the key is.
    pub session: &'a Session<'a>,
    /// Key and certificate.
    pub bound: &'a Bound,
    /// The key of the record in which is remembered what is done.
    pub key: &'a PublicKey,
    /// Leaf and intermediates.
    pub chain_file: &'a Path,
    /// What was in it before, if it is known.
    pub chain_before: Option<&'a [u8]>,
    /// The machine.
    pub machine: &'a Machine,
    /// What commands are told.
    pub variables: &'a [(String, OsString)],
    /// What is undone on the token before servers get their old configuration back.
    pub undo: &'a dyn Fn() -> Result<(), Error>,
    /// What is remembered.
    pub state: &'a State,
    /// Explains what is done (shown with `-v`).
    pub tell: &'a dyn Fn(&str),
    /// Seconds since 1970.
    pub now: i64,
}

impl std::fmt::Debug for Rollout<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rollout").field("bound", self.bound).finish_non_exhaustive()
    }
}

/// Why a server is not as it should be.
struct Trouble {
    reason: String,
    /// What a client found.
    steps: Vec<proof::Step>,
}

/// Runs a command; why it failed.
///
/// # Errors
/// In words: the last line that it said.
pub fn run(exec: &Exec, variables: &[(String, OsString)], tell: &dyn Fn(&str)) -> Result<(), String> {
    run_to_end(exec, variables, tell, Ran::reason)
}

fn run_to_end(
    exec: &Exec,
    variables: &[(String, OsString)],
    tell: &dyn Fn(&str),
    reason: fn(&Ran) -> String,
) -> Result<(), String> {
    tell(&format!("runs {}", exec.command.join(" ")));
    let timeout = Duration::from_secs(exec.timeout);
    let run = Run { command: &exec.command, inherited: &exec.env, variables, input: &[], timeout };
    let ran = run.run().map_err(|error| error.to_string())?;
    String::from_utf8_lossy(&ran.stdout).lines().chain(ran.stderr.lines()).for_each(tell);
    if ran.status.success() { Ok(()) } else { Err(format!("{}: {}", exec.command.join(" "), reason(&ran))) }
}

impl Rollout<'_> {
    /// Goes through all steps.
    ///
    /// # Errors
    /// [`RolloutError`]; after [`RolloutError::Server`] all servers are as before, unless it says otherwise.
    pub fn roll_out(&self, steps: &[Step]) -> Result<(), Error> {
        let known = self.state.record(self.key).and_then(|record| record.renewal).map(|open| open.before);
        let known = known.unwrap_or_default();
        let mut plans = Vec::new();
        // What is refused is refused before anything is written.
        for step in steps {
            if let Step::Server(server) = step {
                plans.push(self.plan(server, &known)?);
            }
        }
        // A run that is ended from here on is followed by one that knows what was there.
        let before: Vec<FileBefore> = plans.iter().flat_map(Plan::before).collect();
        self.remember(before)?;
        let (mut plans, mut begun): (_, Vec<&Plan<'_>>) = (plans.iter(), Vec::new());
        for step in steps {
            match step {
                Step::Command(exec) => run(exec, self.variables, self.tell)
                    .map_err(|reason| RolloutError::Command { hook: "deploy", reason })?,
                Step::Server(_) => {
                    let Some(plan) = plans.next() else { continue };
                    begun.push(plan);
                    if let Err(trouble) = self.bring(plan) {
                        let (fate, is_back) = self.put_back(&begun, &trouble);
                        // What is not back is known to the next run.
                        if is_back {
                            self.remember(vec![])?;
                        }
                        let Trouble { reason, steps } = trouble;
                        let target = plan.server.target;
                        return Err(RolloutError::Server { target, reason, failed: steps, foreign: None, fate }.into());
                    }
                    self.state.update(self.key, |record| record.written.extend(plan.written()))?;
                }
            }
        }
        Ok(())
    }

    fn remember(&self, before: Vec<FileBefore>) -> Result<(), Error> {
        Ok(self.state.update(self.key, |record| {
            if let Some(open) = &mut record.renewal {
                open.before = before;
            }
        })?)
    }

    /// Written, tested, read anew, looked at.
    fn bring(&self, plan: &Plan<'_>) -> Result<(), Trouble> {
        let Plan { server, files, told, .. } = plan;
        for planned in files {
            write(&planned.path, Some(planned.new.as_bytes()))?;
        }
        self.ask(plan, &server.check).map_err(|reason| Trouble::new(format!("its own check fails: {reason}")))?;
        told.set(Told::Reload);
        self.ask(plan, &server.reload).map_err(|reason| Trouble::new(format!("it cannot be reloaded: {reason}")))?;
        let Err(trouble) = self.look(plan) else { return Ok(()) };
        if server.restart.is_empty() {
            return Err(trouble);
        }
        // libp11 0.4.12 keeps the labels of keys as they were when the main process first saw them, and each new worker
        // looks for its key by id and label.
        (self.tell)(&format!("{}, so it is started again", trouble.reason));
        told.set(Told::Restart);
        self.ask(plan, &server.restart).map_err(|reason| Trouble::new(format!("it cannot be restarted: {reason}")))?;
        self.look(plan)
    }

    /// Runs a command of the server, if it has it.
    fn ask(&self, plan: &Plan<'_>, command: &[String]) -> Result<(), String> {
        if command.is_empty() {
            return Ok(());
        }
        let Server { env, timeout, .. } = plan.server;
        let exec = Exec { command: command.to_vec(), env: env.clone(), timeout: *timeout };
        let of_server = plan.environment.iter().map(|(name, value)| (name.clone(), OsString::from(value)));
        let variables: Vec<_> = self.variables.iter().cloned().chain(of_server).collect();
        run_to_end(&exec, &variables, self.tell, Ran::last_words)
    }

    /// Everything as it was; what became of that, in words, and whether it is so.
    fn put_back(&self, begun: &[&Plan<'_>], trouble: &Trouble) -> (String, bool) {
        (self.tell)(&format!("puts back what was there: {}", trouble.reason));
        let mut lost = Vec::new();
        let mut keep = |result: Result<(), Trouble>| lost.extend(result.err().map(|trouble| trouble.reason));
        keep((self.undo)().map_err(|error| Trouble::new(error.to_string())));
        if let Some(chain) = self.chain_before {
            keep(write(self.chain_file, Some(chain)));
        }
        for planned in begun.iter().rev().flat_map(|plan| &plan.files) {
            keep(write(&planned.path, planned.old.as_deref().map(str::as_bytes)));
        }
        let told = begun.iter().filter_map(|plan| match plan.told.get() {
            // It still has the old one; whether that would do is said.
            Told::Nothing => {
                let fails = self.ask(plan, &plan.server.check).is_err();
                fails.then(|| format!("{} fails its own check with it too", plan.server.target))
            }
            Told::Reload => self.ask(plan, &plan.server.reload).err(),
            Told::Restart => self.ask(plan, &plan.server.restart).err(),
        });
        let told: Vec<_> = told.collect();
        match (lost.as_slice(), told.as_slice()) {
            ([], []) => ("what was there before is back, and in use".to_owned(), true),
            ([], told) => (format!("what was there before is back, but: {}", told.join("; ")), true),
            (lost, told) => {
                (format!("NOT all that was there before is back: {}", [lost, told].concat().join("; ")), false)
            }
        }
    }
}

impl Trouble {
    fn new(reason: String) -> Self {
        Self { reason, steps: vec![] }
    }
}

/// Writes a file, if it has other content; without content it is removed.
fn write(path: &Path, content: Option<&[u8]>) -> Result<(), Trouble> {
    let written = match content {
        Some(bytes) if file::read(path).is_ok_and(|there| there == bytes) => Ok(()),
        Some(bytes) => OutputFile::new(path, Access::Public, true).and_then(|output| output.write_for_good(bytes)),
        None => file::remove(path),
    };
    written.map_err(|error| Trouble::new(error.to_string()))
}
