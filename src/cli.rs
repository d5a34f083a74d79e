//! The terminal and the CI log: the only code that prints, asks, reads the environment and knows exit codes.

mod accept;
mod bind;
mod ca;
mod certreq_words;
mod clock;
mod columns;
mod completions;
mod config;
mod confirm;
mod connect;
mod convert;
mod delete_key;
mod dev_ca;
mod diagnostics;
mod doctor;
mod effective;
mod environment;
mod exit;
mod export;
mod extensions;
mod facts;
mod failure;
mod find_key;
mod fleet;
mod hint;
mod isolate;
mod json;
mod lint;
mod man;
mod named;
mod new;
mod patterns;
mod pin;
mod progress;
mod prune;
mod rename;
mod renew;
mod renewal;
mod repair;
mod report;
mod request_file;
mod schedule;
mod serve;
mod show;
mod state;
mod status;
mod step;
mod submit;
mod target;
mod template;
mod token;
mod traces;
mod verify;
mod watch;
mod which;
mod which_key;
mod which_label;
mod windows_store;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use hsmcert::pin::PinSource;

use config::Config;
pub(crate) use exit::end;
use failure::Failure;
use report::Report;

const EXAMPLES: &str = "Examples:
  hsmcert new request.inf request.csr.pem   key pair and CSR made in the HSM
  hsmcert accept request.crt.pem            stored, its link to the key proved
  hsmcert bind nginx --write site.conf      a server that uses the key
  hsmcert find-key --class private          what is on the token
  hsmcert --module /opt/vendor/pkcs11.so --pin-source /run/hsm/pin new request.inf
  hsmcert -new request.inf request.csr.pem  certreq's spelling works too

Without an HSM, keys go to a private SoftHSM token (--trial).";

/// certreq for every PKCS#11 HSM: keys and CSRs made in the HSM, certificates linked to their keys.
#[derive(Debug, Parser)]
#[command(name = "hsmcert", version, after_help = EXAMPLES, max_term_width = 110, arg_required_else_help = true)]
struct Arguments<C: Subcommand = Command> {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: C,
}

/// What is typed most. Described to clap alone, it is understood before the two dozen others would be described; whatever is
/// not understood is told with all of them in sight.
#[derive(Debug, Subcommand)]
enum Frequent {
    New(new::NewArguments),
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make a key pair in the token and a CSR signed by it
    New(new::NewArguments),
    /// Check the CA's certificate, store it beside its key and prove the link
    Accept(accept::AcceptArguments),
    /// Write the configuration of a server that uses the key
    Bind(bind::BindArguments),
    /// List keys and certificates, and what belongs together
    FindKey(find_key::FindKeyArguments),
    /// Write a public key, a certificate or a chain of the token; never a private key
    Export(export::ExportArguments),
    /// Give a key and its certificate another label
    Rename(rename::RenameArguments),
    /// Delete a key pair, and its certificate on request
    DeleteKey(delete_key::DeleteKeyArguments),
    /// Check request files and show what the CA will see; needs no token
    Lint(lint::LintArguments),
    /// Print a CSR, a certificate or a chain for people
    Show(show::ShowArguments),
    /// Request files to start from
    Template(template::TemplateArguments),
    /// Write a request file in the other language: INF or TOML
    Convert(convert::ConvertArguments),
    /// Prove that certificate and key belong together, and that a server serves them
    Verify(verify::VerifyArguments),
    /// Which certificates are due for renewal, and whether their keys are there
    Status(status::StatusArguments),
    /// Serve one page by HTTPS with the key in the token, for a first look and for tests
    Serve(serve::ServeArguments),
    /// Modules and tokens that are here, and what they can do
    Token(token::TokenArguments),
    /// Look for what usually goes wrong: module, configuration, PIN, permissions
    Doctor(doctor::DoctorArguments),
    /// Renew what is due: new CSR, CA, certificate accepted, labels swapped
    Renew(renew::RenewArguments),
    /// Delete key pairs that renewals have put others in the place of
    Prune(prune::PruneArguments),
    /// Find and mend what runs that were ended have left on the token and on the disk
    Repair(repair::RepairArguments),
    /// Files that start renewals by themselves: timer, task, pipeline
    Schedule(schedule::ScheduleArguments),
    /// Hand a CSR to a CA and fetch its certificate
    Submit(submit::SubmitArguments),
    /// Issue certificates from a throw-away CA (never for production)
    DevCa(dev_ca::DevCaArguments),
    /// Completions for a shell
    Completions(completions::CompletionsArguments),
    /// Manual pages
    Man(man::ManArguments),
}

impl Command {
    /// Whether it uses what is configured: a module, a CA, hooks.
    fn is_configured(&self) -> bool {
        !matches!(
            self,
            Self::Lint(_)
                | Self::Show(_)
                | Self::Template(_)
                | Self::Convert(_)
                | Self::Schedule(_)
                | Self::DevCa(_)
                | Self::Completions(_)
                | Self::Man(_)
        )
    }
}

/// Options of all commands.
#[derive(Debug, Clone, Args, Default)]
struct Global {
    /// PKCS#11 module of the HSM's vendor
    #[arg(long, global = true, value_name = "FILE", help_heading = "Token")]
    module: Option<PathBuf>,
    /// Label of the token
    #[arg(long, global = true, value_name = "LABEL", help_heading = "Token")]
    token: Option<String>,
    /// Serial number of the token
    #[arg(long, global = true, value_name = "SERIAL", help_heading = "Token")]
    serial: Option<String>,
    /// Number of the slot (not stable: prefer --token or --serial)
    #[arg(long, global = true, value_name = "NUMBER", help_heading = "Token")]
    slot: Option<u64>,
    /// RFC 7512 URI with module, token and pin-source
    #[arg(long, global = true, value_name = "pkcs11:...", help_heading = "Token", conflicts_with_all = ["token", "serial", "slot"])]
    uri: Option<String>,
    /// Profile of hsmcert.toml, or a built-in one: cloudhsm, luna, nshield, ... (token vendors)
    #[arg(long, global = true, value_name = "NAME", help_heading = "Token")]
    profile: Option<String>,
    /// Where the PIN is: FILE, - (stdin), env:NAME or exec:COMMAND
    #[arg(long, global = true, value_name = "SOURCE", help_heading = "Token")]
    pin_source: Option<PinSource>,
    /// Use the private SoftHSM token: keys are on this disk, not in an HSM
    #[arg(long, global = true, help_heading = "Token", conflicts_with_all = ["token", "serial", "slot", "uri", "profile"])]
    trial: bool,
    /// Refuse software tokens (for production pipelines)
    #[arg(long, global = true, help_heading = "Token")]
    require_hardware: bool,
    /// How long one call of the module may take [default: 120, and 600 to make a key; 0: for ever]
    #[arg(long, global = true, value_name = "SECONDS", help_heading = "Token")]
    timeout: Option<u32>,
    /// Work in a process of its own: a module that crashes ends that one, and what it was doing is told
    #[arg(long, global = true, help_heading = "Token")]
    isolate: bool,
    /// Where requests and certificates are remembered [default: hsmcert in the user's state folder]
    #[arg(long, global = true, value_name = "FOLDER", help_heading = "Token")]
    state_dir: Option<PathBuf>,
    /// Print one JSON object instead of text
    #[arg(long, global = true, help_heading = "Output")]
    json: bool,
    /// Never ask, print only errors
    #[arg(short, long, global = true, help_heading = "Output")]
    quiet: bool,
    /// Explain choices; -vv shows each PKCS#11 call with its time
    #[arg(short, long, global = true, action = clap::ArgAction::Count, help_heading = "Output")]
    verbose: u8,
    /// Windows: the certificate belongs into the store of the machine (certreq's -machine)
    #[arg(long, global = true, hide = true, conflicts_with = "user")]
    machine: bool,
    /// Windows: the certificate belongs into the store of the user (certreq's -user)
    #[arg(long, global = true, hide = true)]
    user: bool,
}

impl Global {
    /// Whether an option says which token is meant.
    fn names_a_token(&self) -> bool {
        let texts = [&self.token, &self.serial, &self.uri, &self.profile];
        self.trial || self.module.is_some() || self.slot.is_some() || texts.into_iter().any(Option::is_some)
    }
}

fn parse(arguments: &[OsString]) -> Result<Arguments, clap::Error> {
    if arguments.get(1).is_some_and(|word| word == "new")
        && let Ok(Arguments { global, command: Frequent::New(new) }) = Arguments::try_parse_from(arguments)
    {
        return Ok(Arguments { global, command: Command::New(new) });
    }
    Arguments::try_parse_from(arguments)
}

/// Runs the command line and returns the exit code.
pub(crate) fn run(arguments: Vec<OsString>) -> u8 {
    let wants_json = arguments.iter().any(|argument| argument == "--json");
    let arguments = match isolate::child::enter(arguments).and_then(certreq_words::normalise) {
        Ok(arguments) => arguments,
        Err(failure) => return Report::new(wants_json, false, 0).failure(&failure),
    };
    let Arguments { global, command } = match parse(&arguments) {
        Ok(arguments) => arguments,
        Err(error) if wants_json && error.use_stderr() => {
            let text = error.to_string();
            let message = text.lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned();
            return Report::new(true, false, 0).failure(&Failure::usage(message));
        }
        Err(error) => {
            // Help goes to stdout with code 0, mistakes to stderr with code 2.
            let _ = error.print();
            return if error.use_stderr() { exit::USAGE } else { 0 };
        }
    };
    let report = Report::new(global.json, global.quiet, global.verbose);
    if isolate::is_wanted(&global, &command) {
        return isolate::run(&arguments, &report).unwrap_or_else(|failure| report.failure(&failure));
    }
    // The doctor has a check for it.
    if command.is_configured() && !matches!(command, Command::Doctor(_)) {
        Config::warn_of_strangers(&report);
    }
    let result = match command {
        Command::New(arguments) => new::run(&global, &arguments, &report),
        Command::Accept(arguments) => accept::run(&global, &arguments, &report),
        Command::Bind(arguments) => bind::run(&global, arguments, &report),
        Command::FindKey(arguments) => find_key::run(&global, &arguments, &report),
        Command::Export(arguments) => export::run(&global, &arguments, &report),
        Command::Rename(arguments) => rename::run(&global, &arguments, &report),
        Command::DeleteKey(arguments) => delete_key::run(&global, &arguments, &report),
        Command::Lint(arguments) => lint::run(&global, &arguments, &report),
        Command::Show(arguments) => show::run(&arguments, &report),
        Command::Template(arguments) => template::run(&arguments, &report),
        Command::Convert(arguments) => convert::run(arguments, &report),
        Command::Verify(arguments) => verify::run(&global, &arguments, &report),
        Command::Status(arguments) => status::run(&global, &arguments, &report),
        Command::Serve(arguments) => serve::run(&global, &arguments, &report),
        Command::Token(arguments) => token::run(&global, &arguments, &report),
        Command::Doctor(arguments) => doctor::run(&global, &arguments, &report),
        Command::Renew(arguments) => renew::run(&global, &arguments, &report),
        Command::Prune(arguments) => prune::run(&global, &arguments, &report),
        Command::Repair(arguments) => repair::run(&global, &arguments, &report),
        Command::Schedule(arguments) => schedule::run(&global, arguments, &report),
        Command::Submit(arguments) => submit::run(&global, &arguments, &report),
        Command::Completions(arguments) => completions::run(&arguments, &report),
        Command::Man(arguments) => man::run(&arguments, &report),
        Command::DevCa(arguments) => dev_ca::run(&arguments, &report),
    };
    match result.and_then(|()| report.delivered()) {
        Ok(()) => 0,
        Err(failure) => report.failure(&failure),
    }
}
