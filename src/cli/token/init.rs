//! `hsmcert token init`: a new token and its user's PIN.

use clap::Args;
use hsmcert::pin::{Pin, PinSource};
use hsmcert::token::{self, InitialiseError, Module, Role, TokenDetails, TokenInfo, vendor};
use hsmcert::uri::Pkcs11Uri;
use hsmcert::{Error, ErrorKind, trial};
use serde::Serialize;

use super::lost;
use crate::cli::config::Config;
use crate::cli::confirm::{check_possible, confirm};
use crate::cli::environment::Environment;
use crate::cli::failure::Failure;
use crate::cli::report::{Report, shown};
use crate::cli::target::{self, Target};
use crate::cli::{Global, connect, pin, watch};

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  hsmcert token init --label web  the only one not initialised; asks for PINs
  hsmcert token init --label web --slot 3 --yes \\
    --so-pin-source so.pin --pin-source user.pin

The token is the only one of the module that is not initialised, or the one that --slot, --serial or --token names \
on the command line; the environment and hsmcert.toml name none here. Where the token came with a PIN of the \
security officer (openCryptoki: 87654321), --so-pin-source gives that one; elsewhere it becomes the token's. Without \
the option it is taken from HSMCERT_SO_PIN. The user's PIN is taken from --pin-source, or from where other commands \
take it.")]
pub(super) struct InitArguments {
    /// Label of the token: 1 to 32 bytes, unlike that of any other token of the module
    #[arg(long, value_name = "LABEL")]
    label: String,
    /// Where the security officer's PIN is: FILE, - (stdin), env:NAME or exec:COMMAND
    #[arg(long, value_name = "SOURCE")]
    so_pin_source: Option<PinSource>,
    /// Initialise a token again that is named by --token, --serial or --slot: all of its objects are destroyed
    #[arg(long)]
    reinitialise: bool,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

#[derive(Serialize)]
struct Initialised {
    label: String,
    serial: String,
    /// Its number in this process; `SoftHSM` gives it another one from the next start.
    slot: u64,
    manufacturer: String,
    model: String,
    uri: String,
    /// What was seen without a login and is gone.
    destroyed: Vec<String>,
}

pub(super) fn run(global: &Global, arguments: &InitArguments, report: &Report) -> Result<(), Failure> {
    if global.pin_source == Some(PinSource::Stdin) && arguments.so_pin_source == Some(PinSource::Stdin) {
        return Err(Failure::usage("the PINs of the user and of the security officer cannot both come from stdin"));
    }
    let selector = target::named_by_options(global)?;
    if arguments.reinitialise && selector.is_empty() {
        return Err(Failure::usage("--reinitialise destroys all objects of a token, so the token must be named")
            .hint("name it with --token LABEL, --serial SERIAL or --slot NUMBER; see: hsmcert token list"));
    }
    check_possible("a token is initialised", arguments.yes, report)?;
    let target = module_of(global, report)?;
    let limit = watch::time_limit(global, &Environment::read())?;
    let module = connect::load(&target.module, target.init_args.as_deref(), limit, report)?;
    let token = module.token_to_initialise(&selector)?;
    let label = &arguments.label;
    check_token(&module, &token, label, arguments.reinitialise)?;
    let details = module.details(&token)?;
    details.check_officer()?;

    let pins = if token.pin_pad { None } else { Some(pins(&target, &details, arguments, report)?) };
    let destroyed = if token.is_initialised() { lost::objects(&module, &token, &target, report)? } else { vec![] };
    confirm(&question(&token, label, &destroyed, report), arguments.yes)?;

    let (so_pin, pin) = (pins.as_ref().map(|(so_pin, _)| so_pin), pins.as_ref().map(|(_, pin)| pin));
    let at_device = |what: &str, unused: Option<&PinSource>| {
        if pins.is_none() {
            pin::at_device(label, what, unused, report);
        }
    };
    let work = || -> Result<TokenInfo, Error> {
        at_device("the PIN of the security officer", target.pin_source.as_ref());
        let made = module.initialise(&token, label, so_pin)?;
        at_device("the PIN of the security officer, then the new PIN of the user", None);
        module
            .set_user_pin(&made, so_pin, pin)
            .map_err(|source| InitialiseError::UserPinNotSet { token: label.clone(), source: Box::new(source) })
            .map_err(token::Error::from)?;
        Ok(made)
    };
    let made = work().map_err(|error| name_tool(error.into(), &target))?;
    for flag in module.details(&made)?.flags {
        report.warning(&format!("the new token says: {flag}"));
    }
    // Nothing is said after the result.
    drop(module);
    let made = initialised(made, destroyed);
    report.result(&made, &describe(&made));
    Ok(())
}

/// The module, which must be one where tokens are made by PKCS#11.
pub(super) fn module_of(global: &Global, report: &Report) -> Result<Target, Failure> {
    if global.trial {
        return Err(Failure::usage("the trial token is hsmcert's own: it makes the token and its PINs itself"));
    }
    let target = target::resolve(global, &Environment::read(), &Config::find()?, &Default::default())?;
    if target.trial {
        return Err(Failure::new(
            ErrorKind::TokenUnavailable,
            "no module is named, and the trial token is hsmcert's own",
        )
        .hint("name the module with --module FILE or --profile NAME (softhsm, luna, nshield, tpm2, ...)"));
    }
    report.choice(&format!("module {} ({})", target.module.display(), target.why));
    match target.setup() {
        Some(setup) if !setup.initialises => {
            let product = vendor::by_profile(setup.profile).map_or(setup.profile, |vendor| vendor.product);
            let message = format!("{product} makes no tokens and sets no PINs by PKCS#11");
            Err(Failure::new(ErrorKind::TokenRefused, message).hint(format!("use {}", setup.tool)))
        }
        Some(_) | None => Ok(target),
    }
}

/// Names the vendor's tool where a token refuses.
pub(super) fn name_tool(failure: Failure, target: &Target) -> Failure {
    let refused_of = target.setup().filter(|_| failure.kind == ErrorKind::TokenRefused);
    match refused_of {
        Some(setup) => failure.hint(format!("the vendor's tool is {}", setup.tool)),
        None => failure,
    }
}

fn check_token(module: &Module, token: &TokenInfo, label: &str, reinitialise: bool) -> Result<(), Failure> {
    if token.label == trial::LABEL || label == trial::LABEL {
        let message = format!("\"{}\" is the label of hsmcert's own trial token", trial::LABEL);
        return Err(Failure::new(ErrorKind::Conflict, message).hint("choose another token, or another --label"));
    }
    if token.is_initialised() && !reinitialise {
        return Err(Failure::new(ErrorKind::Conflict, format!("this token is initialised already: {token}"))
            .hint("--reinitialise initialises it again, which destroys all of its objects"));
    }
    Ok(module.check_token_label(label, token)?)
}

fn pins(
    target: &Target,
    details: &TokenDetails,
    arguments: &InitArguments,
    report: &Report,
) -> Result<(Pin, Pin), Failure> {
    let has_officer = details.token.is_initialised();
    let so_pin = match pin::officers(arguments.so_pin_source.as_ref(), report)? {
        Some(pin) => Some(pin),
        None if has_officer => {
            pin::ask(&format!("{} of the token \"{}\": ", Role::Officer, shown(&details.token.label)), report)?
        }
        None => pin::ask_twice(Role::Officer, report)?,
    };
    let so_pin = so_pin.ok_or_else(|| missing(Role::Officer, "--so-pin-source FILE or HSMCERT_SO_PIN"))?;
    let pin = match pin::configured(target, report)? {
        Some((pin, _)) => Some(pin),
        None => pin::ask_twice(Role::User, report)?,
    };
    let pin = pin.ok_or_else(|| missing(Role::User, "--pin-source FILE or HSMCERT_PIN"))?;
    details.check_pin_length(&pin, Role::User)?;
    if !has_officer {
        details.check_pin_length(&so_pin, Role::Officer)?;
    }
    Ok((so_pin, pin))
}

pub(super) fn missing(whose: Role, options: &str) -> Failure {
    Failure::new(ErrorKind::LoginFailed, format!("the {whose} is not given"))
        .hint(format!("give it with {options}, or type it at a terminal"))
}

/// What is asked; before that, what will be lost is shown.
fn question(token: &TokenInfo, label: &str, lost: &[String], report: &Report) -> String {
    if !token.is_initialised() {
        return format!("initialise the token in slot {} as \"{label}\"?", token.slot_number());
    }
    for object in lost {
        report.warning(&format!("this is destroyed: {object}"));
    }
    report.warning("objects that only a login shows are destroyed too");
    format!("destroy all objects of the {token} and initialise it again as \"{label}\"?")
}

fn initialised(token: TokenInfo, destroyed: Vec<String>) -> Initialised {
    let uri =
        Pkcs11Uri { token: Some(token.label.clone()), serial: Some(token.serial.clone()), ..Pkcs11Uri::default() };
    Initialised {
        slot: token.slot_number(),
        uri: uri.to_string(),
        label: token.label,
        serial: token.serial,
        manufacturer: token.manufacturer,
        model: token.model,
        destroyed,
    }
}

fn describe(made: &Initialised) -> String {
    let Initialised { label, serial, slot, manufacturer, model, uri, destroyed } = made;
    let gone = match destroyed.len() {
        0 => String::new(),
        count => format!("destroyed      {count} objects that were seen without a login\n"),
    };
    format!(
        "token          {}\nserial         {}\nslot           {slot} (may change at the next start: name the token by label or \
         serial)\nproduct        {} {}\nURI            {uri}\n{gone}PINs           of the user and of the security officer \
         are set\nnext           hsmcert token test --token \"{}\"\n",
        shown(label),
        shown(serial),
        shown(manufacturer),
        shown(model),
        shown(label),
    )
}
