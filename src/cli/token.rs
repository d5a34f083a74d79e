//! `hsmcert token list | info`; the other subcommands have files of their own.

mod init;
mod look;
mod lost;
mod set_pin;
mod test;
mod vendors;

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use hsmcert::platform::{self, ConfiguredModule};
use hsmcert::token::vendor::{self, Platform};
use hsmcert::token::{TimeLimit, TokenDetails};
use hsmcert::trial::TrialToken;
use serde::Serialize;

use super::config::Config;
use super::environment::{self, Environment};
use super::failure::Failure;
use super::report::{Report, shown};
use super::{Global, connect, target, watch};

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  hsmcert token list                 modules that are here, with their tokens
  hsmcert token info --token web     what it can do, and how its PIN is
  hsmcert token vendors              built-in profiles and their quirks
  hsmcert token init --label web     a new token and its user's PIN
  hsmcert token set-pin --token web  another PIN
  hsmcert token test --token web     what the token really does, for a ticket

list, info and vendors need no PIN.")]
pub(super) struct TokenArguments {
    #[command(subcommand)]
    command: TokenCommand,
}

#[derive(Debug, Subcommand)]
enum TokenCommand {
    /// Modules that are found, why, and their tokens
    List,
    /// One token: mechanisms for certificates, PIN, free space
    Info,
    /// Products that hsmcert knows: usual places of their modules, and how each is treated
    Vendors,
    /// Initialise a token and set its user's PIN
    Init(init::InitArguments),
    /// Change the user's PIN, or have the security officer set it
    SetPin(set_pin::SetPinArguments),
    /// Try what the token can do, and leave nothing on it: a report for a ticket
    Test(test::TestArguments),
}

#[derive(Serialize)]
struct Listed {
    modules: Vec<JsonModule>,
}

#[derive(Serialize)]
struct JsonModule {
    path: PathBuf,
    why: String,
    product: Option<&'static str>,
    tokens: Vec<JsonToken>,
    /// Why it shows no tokens.
    error: Option<String>,
}

#[derive(Serialize)]
struct JsonToken {
    label: String,
    serial: String,
    slot: u64,
    manufacturer: String,
    model: String,
    firmware: String,
    flags: Vec<String>,
    min_pin_length: usize,
    max_pin_length: usize,
    free_public_bytes: Option<usize>,
    free_private_bytes: Option<usize>,
}

#[derive(Serialize)]
struct Info {
    #[serde(flatten)]
    token: JsonToken,
    module: PathBuf,
    mechanisms: Vec<JsonMechanism>,
}

#[derive(Serialize)]
struct JsonMechanism {
    name: &'static str,
    present: bool,
}

pub(super) fn run(global: &Global, arguments: &TokenArguments, report: &Report) -> Result<(), Failure> {
    match &arguments.command {
        TokenCommand::List => list(global, report),
        TokenCommand::Info => info(global, report),
        TokenCommand::Vendors => {
            vendors::run(report);
            Ok(())
        }
        TokenCommand::Init(arguments) => init::run(global, arguments, report),
        TokenCommand::Test(arguments) => test::run(global, arguments, report),
        TokenCommand::SetPin(arguments) => set_pin::run(global, arguments, report),
    }
}

fn list(global: &Global, report: &Report) -> Result<(), Failure> {
    let limit = watch::time_limit_or(look::PATIENCE, global, &Environment::read())?;
    let modules = find_modules(global)?.into_iter().map(|found| look_at(found, limit, report)).collect();
    let listed = Listed { modules };
    report.result(&listed, &draw(&listed));
    Ok(())
}

/// A module that is here.
struct Found {
    path: PathBuf,
    init_args: Option<String>,
    product: Option<&'static str>,
    why: String,
}

/// The module that commands would use, those of p11-kit's configuration, and those at the usual places of vendors.
fn find_modules(global: &Global) -> Result<Vec<Found>, Failure> {
    let mut found: Vec<Found> = Vec::new();
    // That nothing is configured is no failure of a command that shows what is there.
    if let Ok(target) = target::resolve(global, &Environment::read(), &Config::find()?, &Default::default()) {
        let trial = platform::data_folder().map(|folder| TrialToken::below(&folder).configuration());
        if let Some(configuration) = trial.filter(|file| target.trial && file.exists()) {
            platform::use_softhsm_configuration(&configuration);
        }
        let product = target.vendor.map(|vendor| vendor.product);
        found.push(Found { path: target.module, init_args: target.init_args, product, why: target.why });
    }
    for ConfiguredModule { name, module, init_args } in platform::p11_kit_modules("hsmcert") {
        let product = vendor::by_module(&module).map(|vendor| vendor.product);
        found.push(Found { path: module, init_args, product, why: format!("p11-kit's {name}") });
    }
    let can_start =
        |vendor: &&vendor::Vendor| vendor.needed_variable.is_none_or(|name| environment::text(name).is_some());
    for vendor in vendor::VENDORS.iter().filter(can_start) {
        let places = vendor.modules(Platform::CURRENT).iter().map(PathBuf::from);
        let found_at = |path: PathBuf| {
            // Two products may have one place.
            let product = vendor::by_module(&path).map(|vendor| vendor.product);
            Found { path, init_args: None, product, why: format!("usual place of {}", vendor.product) }
        };
        found.extend(places.filter(|path| path.exists()).map(found_at));
    }
    let mut seen = Vec::new();
    // A module under two names is one: it cannot be started twice.
    found.retain(|one| {
        let real = one.path.canonicalize().unwrap_or_else(|_| one.path.clone());
        let is_new = !seen.contains(&real);
        seen.push(real);
        is_new
    });
    Ok(found)
}

fn look_at(found: Found, limit: Option<TimeLimit>, report: &Report) -> JsonModule {
    let Found { path, init_args, product, why } = found;
    let (tokens, error) = match look::tokens(&path, init_args.as_deref(), limit, report) {
        Ok(tokens) => (tokens.into_iter().map(json).collect(), None),
        Err(error) => (vec![], Some(error)),
    };
    JsonModule { product, path, why, tokens, error }
}

fn info(global: &Global, report: &Report) -> Result<(), Failure> {
    let info = connect::with_token(global, report, |module, token| {
        let mechanisms = module.certificate_mechanisms(token)?.into_iter();
        Ok(Info {
            token: json(module.details(token)?),
            module: module.path().to_owned(),
            mechanisms: mechanisms.map(|(name, present)| JsonMechanism { name, present }).collect(),
        })
    })?;
    report.result(&info, &describe(&info));
    Ok(())
}

fn json(details: TokenDetails) -> JsonToken {
    let TokenDetails { token, firmware, flags, pin_length, free_public, free_private } = details;
    JsonToken {
        slot: token.slot_number(),
        label: token.label,
        serial: token.serial,
        manufacturer: token.manufacturer,
        model: token.model,
        firmware,
        flags: flags.iter().map(ToString::to_string).collect(),
        min_pin_length: pin_length.0,
        max_pin_length: pin_length.1,
        free_public_bytes: free_public,
        free_private_bytes: free_private,
    }
}

fn draw(listed: &Listed) -> String {
    if listed.modules.is_empty() {
        return "no PKCS#11 module is found; name one with --module FILE\n".to_owned();
    }
    let mut text = String::new();
    for JsonModule { path, why, product: _, tokens, error } in &listed.modules {
        let _ = writeln!(text, "{} ({})", shown(&path.display().to_string()), shown(why));
        for token in tokens {
            let _ = writeln!(text, "  {}", line(token));
        }
        match error {
            Some(error) => _ = writeln!(text, "  cannot be used: {}", shown(error)),
            None if tokens.is_empty() => text.push_str("  no initialised token\n"),
            None => {}
        }
    }
    text
}

fn line(token: &JsonToken) -> String {
    let state = if token.flags.is_empty() { String::new() } else { format!("; {}", token.flags.join(", ")) };
    let JsonToken { label, serial, slot, manufacturer, model, .. } = token;
    shown(&format!("\"{label}\", serial {serial}, slot {slot}, {manufacturer} {model}{state}"))
}

fn describe(info: &Info) -> String {
    let Info { token, module, mechanisms } = info;
    let free = |bytes: Option<usize>| bytes.map_or("not told".to_owned(), |bytes| format!("{bytes} bytes"));
    let names = |present| {
        let names: Vec<_> = mechanisms.iter().filter(|one| one.present == present).map(|one| one.name).collect();
        if names.is_empty() { "none".to_owned() } else { names.join(" ") }
    };
    let JsonToken { label, serial, slot, manufacturer, model, firmware, flags, .. } = token;
    let state = if flags.is_empty() { "ready for login".to_owned() } else { flags.join(", ") };
    format!(
        "token          {}\nserial         {}\nslot           {slot}\nmodule         {}\nproduct        {} {}, firmware {}\n\
         state          {state}\nPIN length     {} to {} bytes\nfree space     public {}, private {}\n\
         mechanisms     {}\nnot there      {}\n",
        shown(label),
        shown(serial),
        shown(&module.display().to_string()),
        shown(manufacturer),
        shown(model),
        shown(firmware),
        token.min_pin_length,
        token.max_pin_length,
        free(token.free_public_bytes),
        free(token.free_private_bytes),
        names(true),
        names(false),
    )
}
