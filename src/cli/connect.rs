//! From options to a logged-in session: the token is found, opened and, if need be, made (trial token).

use std::path::Path;
use std::time::Duration;

use hsmcert::pin::{Pin, PinSource};
use hsmcert::platform::{self, ModuleFile};
use hsmcert::request::TokenRequest;
use hsmcert::token::{
    CallError, CallObserver, Conduct, Module, PinReader, Session, TimeLimit, TokenInfo, Watchdog, vendor,
};
use hsmcert::trial::{Starting, TrialToken};
use hsmcert::{Error, ErrorKind};

use super::config::Config;
use super::environment::Environment;
use super::failure::Failure;
use super::report::Report;
use super::target::{self, Target};
use super::{Global, isolate, pin, watch};

/// Opens the token that is meant, logs in and runs `work` with the session.
pub(super) fn with_session<T>(
    global: &Global,
    request: &TokenRequest,
    report: &Report,
    work: impl FnOnce(&Session<'_>) -> Result<T, Error>,
) -> Result<T, Failure> {
    with_target(global, request, report, |session, _| work(session)).map(|(result, _)| result)
}

/// [`with_session`] for those who must also know how the token was named.
pub(super) fn with_target<T>(
    global: &Global,
    request: &TokenRequest,
    report: &Report,
    work: impl FnOnce(&Session<'_>, &Target) -> Result<T, Error>,
) -> Result<(T, Target), Failure> {
    // The PIN is wiped before the work begins.
    with_pin(global, request, report, |_, session, target, pin| {
        drop(pin);
        work(session, target)
    })
}

/// [`with_target`] for those who log in once more; `None` where nobody was asked for a PIN.
pub(super) fn with_pin<T>(
    global: &Global,
    request: &TokenRequest,
    report: &Report,
    work: impl FnOnce(&Module, &Session<'_>, &Target, Option<Pin>) -> Result<T, Error>,
) -> Result<(T, Target), Failure> {
    let environment = Environment::read();
    let config = Config::find()?;
    let hardware_only = global.require_hardware || environment.require_hardware || config.require_hardware;
    let mut target = target::resolve(global, &environment, &config, request)?;
    if let Some(provider) = request.provider_name.as_deref().filter(|name| vendor::is_software_provider(name)) {
        report
            .note(&format!("ProviderName = {provider} names no hardware; it plays no part in the choice of the token"));
    }
    report.choice(&format!("module {} ({})", target.module.display(), target.why));
    if target.trial && hardware_only {
        return Err(not_hardware("the trial token is on this disk"));
    }
    let limit = watch::time_limit(global, &environment)?;
    let trial = prepare_trial(&mut target)?;

    let (module, token) = open(&target, trial.as_ref(), limit, report)?;
    report.choice(&format!("{token}"));
    if hardware_only && token.is_software() {
        return Err(not_hardware(&format!(
            "the token \"{}\" is a program ({} {})",
            token.label, token.manufacturer, token.model
        )));
    }
    if let Some(vendor) = target.vendor.filter(|vendor| hardware_only && vendor.software) {
        return Err(not_hardware(&format!(
            "the token \"{}\" is of {}, which is software",
            token.label, vendor.product
        )));
    }
    let (session, pin) = log_in(&module, token, &target, report)?;
    drop(trial);
    let result = work(&module, &session, &target, pin)?;
    drop(session);
    Ok((result, target))
}

/// Opens a session and logs in as the user; with the PIN, if one was needed.
pub(super) fn log_in<'m>(
    module: &'m Module,
    token: TokenInfo,
    target: &Target,
    report: &Report,
) -> Result<(Session<'m>, Option<Pin>), Failure> {
    let session = Session::open(module, token)?;
    session.token().check_login()?;
    let (pin, source) = match session.wants_pin() {
        true => pin::find(target, &session.token().label, report)?.unzip(),
        false => (None, None),
    };
    let session = session.with(conduct(target, source.flatten(), report));
    if session.token().login_required && session.token().pin_pad {
        pin::at_device(&session.token().label, "the PIN", target.pin_source.as_ref(), report);
    }
    session.login(pin.as_ref())?;
    Ok((session, pin))
}

/// What is known of the product, and how the PIN is read anew for a lost session.
pub(super) fn conduct(target: &Target, pin_source: Option<PinSource>, report: &Report) -> Conduct {
    let (teller, reader) = (report.clone(), report.clone());
    let read_again = move |source: &PinSource| {
        let unreadable = |failure: Failure| reader.choice(&failure.message);
        pin::read(source).map_err(unreadable).ok()
    };
    Conduct {
        vendor: target.vendor,
        quirks: target.quirks,
        teller: Some(Box::new(move |text| teller.choice(text))),
        pin_again: pin_source.map(|source| Box::new(move || read_again(&source)) as PinReader),
    }
}

/// Finds the token that is meant, without a login.
pub(super) fn with_token<T>(
    global: &Global,
    report: &Report,
    work: impl FnOnce(&Module, &TokenInfo) -> Result<T, Error>,
) -> Result<T, Failure> {
    let environment = Environment::read();
    let mut target = target::resolve(global, &environment, &Config::find()?, &TokenRequest::default())?;
    report.choice(&format!("module {} ({})", target.module.display(), target.why));
    let limit = watch::time_limit(global, &environment)?;
    let trial = prepare_trial(&mut target)?;
    let (module, token) = open(&target, trial.as_ref(), limit, report)?;
    Ok(work(&module, &token)?)
}

/// Loads the module and finds the token.
fn open(
    target: &Target,
    trial: Option<&(TrialToken, Starting)>,
    limit: Option<TimeLimit>,
    report: &Report,
) -> Result<(Module, TokenInfo), Failure> {
    let module = load(&target.module, target.init_args.as_deref(), limit, report)?;
    let token = match trial {
        None => module.token(&target.selector)?,
        Some((trial, starting)) => {
            trial.make(&module, starting)?;
            report.note(&format!(
                "trial token: keys are on this disk ({}), not in an HSM; name a real one with --module FILE --token LABEL",
                trial.folder().display()
            ));
            trial.find(&module)?
        }
    };
    Ok((module, token))
}

/// Loads a module, when its file looks like one, and says who could have replaced it. A call that hangs ends the process.
pub(super) fn load(
    path: &Path,
    init_args: Option<&str>,
    limit: Option<TimeLimit>,
    report: &Report,
) -> Result<Module, Error> {
    if let Some(stranger) = platform::stranger(path) {
        report.warning(&format!("{stranger}, and so replace the module {}, which sees the PIN", path.display()));
    }
    load_watched(path, init_args, limit.map(|limit| watch::watchdog(path, limit, report.clone())), report)
}

/// [`load`] for those who know what to do about a call that hangs.
pub(super) fn load_watched(
    path: &Path,
    init_args: Option<&str>,
    watchdog: Option<Watchdog>,
    report: &Report,
) -> Result<Module, Error> {
    // What cannot be read is the loader's to tell.
    if let Some(flaw) = ModuleFile::read(path).ok().and_then(|file| file.flaw()) {
        return Err(Error::ModuleFile { path: path.to_owned(), flaw });
    }
    Ok(Module::load(path, init_args, observe(report), isolate::child::followed(path, watchdog))?)
}

/// The trial token's files must be there, and `SOFTHSM2_CONF` must be set, before its module starts.
fn prepare_trial(target: &mut Target) -> Result<Option<(TrialToken, Starting)>, Failure> {
    if !target.trial {
        return Ok(None);
    }
    let folder = platform::data_folder().ok_or_else(|| {
        Failure::new(ErrorKind::TokenUnavailable, "there is no home folder for the trial token").hint("set HOME")
    })?;
    let trial = TrialToken::below(&folder);
    let starting = trial.prepare().map_err(Error::from)?;
    platform::use_softhsm_configuration(&trial.configuration());
    target.pin_source = Some(trial.pin_source());
    Ok(Some((trial, starting)))
}

fn not_hardware(what: &str) -> Failure {
    Failure::new(ErrorKind::TokenUnavailable, format!("hardware is required, and {what}"))
        .hint("name the HSM with --module FILE --token LABEL, or leave --require-hardware out")
}

/// With `-vv` each call is shown.
fn observe(report: &Report) -> Option<CallObserver> {
    report.shows_calls().then(|| observer(report.clone()))
}

fn observer(report: Report) -> CallObserver {
    Box::new(move |name: &str, time: Duration, result: Result<(), &CallError>| {
        let outcome = result.map_or_else(|error| format!("  {}", error.value()), |()| String::new());
        report.choice(&format!("{name}  {:.1} ms{outcome}", time.as_secs_f64() * 1000.0));
    })
}
