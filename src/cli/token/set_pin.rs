//! `hsmcert token set-pin`: the user's PIN, changed by the user or set by the security officer.

use clap::Args;
use hsmcert::pin::{Pin, PinSource};
use hsmcert::token::{Role, TokenDetails};
use hsmcert::{ErrorKind, trial};
use serde::Serialize;

use super::init::{missing, module_of, name_tool};
use crate::cli::environment::Environment;
use crate::cli::failure::Failure;
use crate::cli::report::{Report, shown};
use crate::cli::target::Target;
use crate::cli::{Global, connect, pin, watch};

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  hsmcert token set-pin --token web  asks for the old and the new PIN
  hsmcert token set-pin --pin-source old.pin --new-pin-source new.pin
  hsmcert token set-pin --so --so-pin-source so.pin --new-pin-source new.pin

The old PIN is given to the token once, and never when it is the last try. --so needs no old PIN: it is for a PIN \
that is forgotten or locked. Without --so-pin-source the security officer's PIN is taken from HSMCERT_SO_PIN.")]
pub(super) struct SetPinArguments {
    /// Where the user's new PIN is: FILE, - (stdin), env:NAME or exec:COMMAND
    #[arg(long, value_name = "SOURCE")]
    new_pin_source: Option<PinSource>,
    /// The security officer sets it
    #[arg(long)]
    so: bool,
    /// Where the security officer's PIN is
    #[arg(long, value_name = "SOURCE", requires = "so")]
    so_pin_source: Option<PinSource>,
}

#[derive(Serialize)]
struct PinSet {
    label: String,
    serial: String,
    slot: u64,
    set_by: &'static str,
}

pub(super) fn run(global: &Global, arguments: &SetPinArguments, report: &Report) -> Result<(), Failure> {
    let SetPinArguments { new_pin_source, so, so_pin_source } = arguments;
    if *so && global.pin_source.is_some() {
        return Err(Failure::usage("with --so the old PIN has no part in it")
            .hint("the new one comes from --new-pin-source, the security officer's from --so-pin-source"));
    }
    let other = if *so { so_pin_source } else { &global.pin_source };
    if *other == Some(PinSource::Stdin) && *new_pin_source == Some(PinSource::Stdin) {
        return Err(Failure::usage("two PINs cannot both come from stdin"));
    }
    let target = module_of(global, report)?;
    let limit = watch::time_limit(global, &Environment::read())?;
    let module = connect::load(&target.module, target.init_args.as_deref(), limit, report)?;
    let token = module.token(&target.selector)?;
    report.choice(&format!("{token}"));
    if token.label == trial::LABEL {
        return Err(Failure::new(ErrorKind::Conflict, "the PIN of the trial token is hsmcert's own").hint(
            "whoever may read the trial token's folder may use it: make a token of your own with hsmcert token init",
        ));
    }
    let details = module.details(&token)?;
    if *so {
        details.check_officer()?;
    } else {
        token.check_login()?;
    }
    if token.pin_pad {
        let unused = new_pin_source.as_ref().or(so_pin_source.as_ref());
        let what = if *so { "the PIN of the security officer, then" } else { "the old PIN, then" };
        let what = format!("{what} the new PIN of the user");
        pin::at_device(&token.label, &what, unused.or(target.pin_source.as_ref()), report);
        match so {
            true => module.set_user_pin(&token, None, None),
            false => module.change_user_pin(&token, None),
        }
    } else if *so {
        let so_pin = match pin::officers(so_pin_source.as_ref(), report)? {
            Some(pin) => Some(pin),
            None => pin::ask(&format!("{} of the token \"{}\": ", Role::Officer, shown(&token.label)), report)?,
        };
        let so_pin = so_pin.ok_or_else(|| missing(Role::Officer, "--so-pin-source FILE or HSMCERT_SO_PIN"))?;
        let new = new_pin(&details, new_pin_source.as_ref(), report)?;
        module.set_user_pin(&token, Some(&so_pin), Some(&new))
    } else {
        let old = pin::find(&target, &token.label, report)?;
        let (old, _) = old.ok_or_else(|| missing(Role::User, "--pin-source FILE or HSMCERT_PIN"))?;
        let new = new_pin(&details, new_pin_source.as_ref(), report)?;
        module.change_user_pin(&token, Some((&old, &new)))
    }
    .map_err(|error| name_tool(error.into(), &target))?;

    let set_by = if *so { "security-officer" } else { "user" };
    let set = PinSet { slot: token.slot_number(), label: token.label.clone(), serial: token.serial.clone(), set_by };
    if !token.pin_pad {
        remind(&target, report);
    }
    // Nothing is said after the result.
    drop(module);
    report.result(&set, &format!("the user's PIN of the token \"{}\" is set\n", shown(&set.label)));
    Ok(())
}

fn new_pin(details: &TokenDetails, source: Option<&PinSource>, report: &Report) -> Result<Pin, Failure> {
    let new = match source {
        Some(source) => Some(pin::read(source)?),
        None => pin::ask_twice(Role::User, report)?,
    };
    let new = new.ok_or_else(|| missing(Role::User, "--new-pin-source FILE"))?;
    details.check_pin_length(&new, Role::User)?;
    Ok(new)
}

/// What hsmcert and servers read the old PIN from.
fn remind(target: &Target, report: &Report) {
    if let Some(source) = target.pin_source.as_ref().or(target.profile_pin_source.as_ref()) {
        report.note(&format!("{source} may still hold the old PIN, and so may servers that use the token"));
    }
}
