//! Which token is meant: the first source that says so wins, and one that leads nowhere is an error, never a
//! reason to try the next one.

use std::path::{Path, PathBuf};

use hsmcert::ErrorKind;
use hsmcert::pin::PinSource;
use hsmcert::request::TokenRequest;
use hsmcert::token::Selector;
use hsmcert::token::vendor::{self, Platform, Quirks, SOFTHSM, Vendor};
use hsmcert::token::vendor_setup::{self, VendorSetup};
use hsmcert::uri::Pkcs11Uri;

use super::Global;
use super::config::{Config, Profile};
use super::environment::Environment;
use super::failure::Failure;

/// The token that is meant, and why.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) module: PathBuf,
    /// The reserved argument of its `C_Initialize`; only a profile has one, and it is for the profile's module.
    pub(super) init_args: Option<String>,
    pub(super) selector: Selector,
    pub(super) pin_source: Option<PinSource>,
    /// A PIN that a profile names; it comes after the environment.
    pub(super) profile_pin_source: Option<PinSource>,
    /// The product, if it is known.
    pub(super) vendor: Option<&'static Vendor>,
    /// How it is treated.
    pub(super) quirks: Quirks,
    pub(super) trial: bool,
    pub(super) why: String,
}

impl Target {
    /// What the product's module needs beside itself, if it is known.
    pub(super) fn setup(&self) -> Option<&'static VendorSetup> {
        vendor_setup::by_profile(self.vendor?.profile)
    }
}

/// Decides. Reads nothing itself, except that it looks where modules are installed.
pub(super) fn resolve(
    global: &Global,
    environment: &Environment,
    config: &Config,
    request: &TokenRequest,
) -> Result<Target, Failure> {
    let flag_uri = parse(global.uri.as_deref())?;
    let environment_uri = parse(environment.uri.as_deref())?;
    let request_uri = parse(request.uri.as_deref())?;
    if let Some(module) = request_uri.module_path.as_ref().filter(|module| !module.is_absolute()) {
        let message = format!("the request names the module {}, which is a relative path", module.display());
        return Err(Failure::new(ErrorKind::RequestInvalid, message)
            .hint("write its whole path: which library is loaded must not depend on the working directory"));
    }
    let explicit_pin = global.pin_source.clone();
    if global.trial {
        return trial(global.module.clone(), explicit_pin, "--trial");
    }
    let profile = choose_profile(global, environment, config, request)?;
    let profile_uri = parse(profile.as_ref().and_then(|found| found.profile.uri.as_deref()))?;

    let module_sources = [
        (global.module.clone(), "--module"),
        (flag_uri.module_path.clone(), "--uri"),
        (environment.module.clone(), "HSMCERT_MODULE"),
        (environment_uri.module_path.clone(), "HSMCERT_URI"),
        (environment.module_path.clone(), "PKCS11_MODULE_PATH"),
        (request_uri.module_path.clone(), "the request"),
    ];
    let named = module_sources.into_iter().find_map(|(module, why)| Some((module?, why.to_owned())));
    let from_profile = profile.as_ref().and_then(|found| {
        let module = found.profile.module.clone().or_else(|| profile_uri.module_path.clone());
        let module = module.or_else(|| usual_module(found.vendor?));
        module.map(|module| (module, found.why.clone()))
    });
    // They are for the profile's module, whoever else names it.
    let is_its_own =
        |found: &&Chosen| named.as_ref().is_none_or(|(module, _)| found.profile.module.as_ref() == Some(module));
    let init_args = profile.as_ref().filter(is_its_own).and_then(|found| found.profile.init_args.clone());
    let selector =
        selector(global, environment, &flag_uri, &environment_uri, &request_uri, profile.as_ref(), &profile_uri)?;
    let pin_source = explicit_pin.or(flag_uri.pin_source).or(environment_uri.pin_source).or(request_uri.pin_source);
    let Some((module, why)) = named.or(from_profile) else {
        if let Some(found) = &profile {
            return Err(module_not_here(found.vendor, &found.why));
        }
        if let Some(provider) = request.provider_name.as_deref().filter(|name| !vendor::is_software_provider(name)) {
            return Err(unknown_provider(provider));
        }
        if !selector.is_empty() {
            return Err(Failure::new(ErrorKind::TokenUnavailable, "a token is named, but no PKCS#11 module")
                .hint("name the HSM's module with --module FILE or HSMCERT_MODULE"));
        }
        if environment.softhsm_configured {
            return Err(Failure::new(
                ErrorKind::TokenUnavailable,
                "SOFTHSM2_CONF is set, and no token is named: no trial token is made in your own SoftHSM",
            )
            .hint(
                "name its token with --profile softhsm --token LABEL, or use --trial, which has its own configuration",
            ));
        }
        return trial(None, pin_source, "nothing is configured");
    };
    let vendor = product(profile.as_ref(), &module);
    let row = vendor.map_or(Quirks::STANDARD, |vendor| vendor.quirks);
    let quirks = profile.as_ref().map_or(Ok(row), |found| found.profile.quirks(row));
    let quirks = quirks.map_err(Failure::usage)?;
    Ok(Target {
        module,
        init_args,
        selector,
        pin_source,
        profile_pin_source: profile
            .as_ref()
            .and_then(|found| found.profile.pin_source.clone())
            .or(profile_uri.pin_source),
        quirks,
        vendor,
        trial: false,
        why,
    })
}

/// A profile that was chosen.
struct Chosen {
    profile: Profile,
    vendor: Option<&'static Vendor>,
    /// By its name, not by what a request says of Windows' providers.
    is_named: bool,
    why: String,
}

impl Chosen {
    fn leads_to(&self, module: &Path) -> bool {
        self.profile.module.clone().or_else(|| usual_module(self.vendor?)).as_deref() == Some(module)
    }
}

/// What the module is of. Requests name the provider of the HSM for which they were once written: that tells less than
/// the name of the module that is used.
fn product(profile: Option<&Chosen>, module: &Path) -> Option<&'static Vendor> {
    let of_profile = profile.and_then(|found| found.vendor);
    let of_module = vendor::by_module(module);
    match profile {
        Some(found) if found.is_named || found.profile.vendor.is_some() => of_profile.or(of_module),
        // It is the one that the provider's profile led to.
        Some(found) if found.leads_to(module) => of_module.or(of_profile),
        Some(_) | None => of_module,
    }
}

fn choose_profile(
    global: &Global,
    environment: &Environment,
    config: &Config,
    request: &TokenRequest,
) -> Result<Option<Chosen>, Failure> {
    let named = [
        (&global.profile, "--profile"),
        (&environment.profile, "HSMCERT_PROFILE"),
        (&request.profile, "the request's token.profile"),
    ];
    if let Some((name, source)) = named.into_iter().find_map(|(name, source)| Some((name.as_deref()?, source))) {
        let why = format!("profile \"{name}\" ({source})");
        if let Some(profile) = config.profile.get(name) {
            let vendor = profile.vendor().or_else(|| vendor::by_profile(name));
            return Ok(Some(Chosen { profile: profile.clone(), vendor, is_named: true, why }));
        }
        let vendor = vendor::by_profile(name).ok_or_else(|| {
            let known = vendor::VENDORS.iter().map(|vendor| vendor.profile).collect::<Vec<_>>().join(", ");
            Failure::new(ErrorKind::TokenUnavailable, format!("there is no profile \"{name}\""))
                .hint(format!("built in are {known}; others stand in hsmcert.toml as [profile.NAME]"))
        })?;
        return Ok(Some(built_in(vendor, true, why)));
    }
    if let Some(provider) = request.provider_name.as_deref() {
        let why = format!("ProviderName = {provider}");
        let fits =
            |profile: &&Profile| profile.providers.iter().any(|known| known.eq_ignore_ascii_case(provider.trim()));
        if let Some(profile) = config.profile.values().find(fits) {
            let vendor = profile.vendor().or_else(|| vendor::by_provider(provider));
            return Ok(Some(Chosen { profile: profile.clone(), vendor, is_named: false, why }));
        }
        if let Some(vendor) = vendor::by_provider(provider) {
            return Ok(Some(built_in(vendor, false, why)));
        }
        if !vendor::is_software_provider(provider) {
            return Ok(None);
        }
    }
    let default = config.profile.get("default");
    let why = "profile \"default\"".to_owned();
    Ok(default.map(|profile| Chosen { profile: profile.clone(), vendor: profile.vendor(), is_named: true, why }))
}

/// The first usual place of the module at which it is.
fn usual_module(vendor: &Vendor) -> Option<PathBuf> {
    vendor.modules(Platform::CURRENT).iter().map(PathBuf::from).find(|path| path.exists())
}

fn built_in(vendor: &'static Vendor, is_named: bool, why: String) -> Chosen {
    Chosen { profile: Profile::default(), vendor: Some(vendor), is_named, why }
}

fn selector(
    global: &Global,
    environment: &Environment,
    flag_uri: &Pkcs11Uri,
    environment_uri: &Pkcs11Uri,
    request_uri: &Pkcs11Uri,
    profile: Option<&Chosen>,
    profile_uri: &Pkcs11Uri,
) -> Result<Selector, Failure> {
    let slot = environment.slot.as_deref().map(str::parse).transpose();
    let slot = slot.map_err(|_| Failure::usage("HSMCERT_SLOT is not a number"))?;
    let sources = [
        plain(&global.token, &global.serial, global.slot),
        of_uri(flag_uri),
        plain(&environment.token, &environment.serial, slot),
        of_uri(environment_uri),
        of_uri(request_uri),
        profile.map(|found| plain(&found.profile.token, &found.profile.serial, found.profile.slot)).unwrap_or_default(),
        of_uri(profile_uri),
    ];
    Ok(sources.into_iter().find(|selector| !selector.is_empty()).unwrap_or_default())
}

/// The token that the options of the command line name, whatever else may name one.
pub(super) fn named_by_options(global: &Global) -> Result<Selector, Failure> {
    let named = plain(&global.token, &global.serial, global.slot);
    Ok(if named.is_empty() { of_uri(&parse(global.uri.as_deref())?) } else { named })
}

fn of_uri(uri: &Pkcs11Uri) -> Selector {
    Selector {
        label: uri.token.clone(),
        serial: uri.serial.clone(),
        manufacturer: uri.manufacturer.clone(),
        model: uri.model.clone(),
        slot: uri.slot_id,
    }
}

fn plain(label: &Option<String>, serial: &Option<String>, slot: Option<u64>) -> Selector {
    Selector { label: label.clone(), serial: serial.clone(), slot, ..Selector::default() }
}

fn parse(uri: Option<&str>) -> Result<Pkcs11Uri, Failure> {
    let Some(uri) = uri else { return Ok(Pkcs11Uri::default()) };
    let parsed = Pkcs11Uri::parse(uri);
    parsed.map_err(|error| match error {
        hsmcert::uri::Error::PinValue => {
            Failure::usage("a PIN does not belong into a URI: others can read it (pin-value)")
                .hint("write the PIN to a file that only you can read, and use pin-source=FILE")
        }
        other => Failure::from(hsmcert::Error::from(other)),
    })
}

fn trial(module: Option<PathBuf>, pin_source: Option<PinSource>, why: &str) -> Result<Target, Failure> {
    let places = SOFTHSM.modules(Platform::CURRENT);
    let module = module.or_else(|| places.iter().map(PathBuf::from).find(|path| path.exists()));
    let module = module.ok_or_else(|| {
        Failure::new(
            ErrorKind::TokenUnavailable,
            "no HSM is configured, and SoftHSM for the trial token is not installed",
        )
        .hint(format!("install SoftHSM: {}", install_command()))
        .hint("or name your HSM's module with --module FILE")
    })?;
    let why = format!("trial token: {why}");
    Ok(Target {
        module,
        init_args: None,
        selector: Selector::default(),
        pin_source,
        profile_pin_source: None,
        vendor: Some(&SOFTHSM),
        quirks: SOFTHSM.quirks,
        trial: true,
        why,
    })
}

fn install_command() -> &'static str {
    if cfg!(target_os = "macos") {
        "brew install softhsm"
    } else if cfg!(windows) {
        "the SoftHSM2 for Windows installer"
    } else if Path::new("/etc/debian_version").exists() {
        "apt-get install softhsm2"
    } else if Path::new("/etc/redhat-release").exists() {
        "dnf install softhsm"
    } else if Path::new("/etc/alpine-release").exists() {
        "apk add softhsm"
    } else {
        "the package softhsm2 or softhsm of your system"
    }
}

fn module_not_here(vendor: Option<&'static Vendor>, why: &str) -> Failure {
    let Some(vendor) = vendor else {
        return Failure::new(ErrorKind::TokenUnavailable, format!("{why} names no module"))
            .hint("add module = \"FILE\" to it in hsmcert.toml, or use --module FILE");
    };
    let message = format!("{why} asks for {}, whose PKCS#11 module is not installed here", vendor.product);
    let failure = Failure::new(ErrorKind::TokenUnavailable, message);
    let failure = match vendor.modules(Platform::CURRENT).first() {
        Some(place) => failure.hint(format!("its usual place is {place}; name another with --module FILE")),
        None => failure.hint("name its module with --module FILE"),
    };
    failure.hint("only to try things out, with the key on this disk: --trial")
}

fn unknown_provider(provider: &str) -> Failure {
    let message =
        format!("ProviderName = {provider} is a provider that no profile knows, so its HSM is not known either");
    Failure::new(ErrorKind::TokenUnavailable, message)
        .hint("name the HSM's module with --module FILE, or list the provider in hsmcert.toml under [profile.NAME] providers")
        .hint("only to try things out, with the key on this disk: --trial")
}
