//! What the vendor's module reads: configuration files, and the variables that name them.

use std::path::{Path, PathBuf};

use hsmcert::ErrorKind;
use hsmcert::token::vendor::Platform;
use hsmcert::token::vendor_setup::{Setting, VendorSetup};

use super::check::Check;
use super::checks::Checks;
use super::files::writable;
use crate::cli::environment;

const CHECK: &str = "vendor's settings";

pub(super) fn check(setup: Option<&VendorSetup>, checks: &Checks) {
    let Some(setup) = setup else {
        return checks
            .push(Check::ok(CHECK, "the module is none of a product that hsmcert knows, so nothing is looked for"));
    };
    checks.extend(setup.settings.iter().map(setting));
    let read =
        setup.settings.iter().filter_map(place).filter_map(|path| Some((std::fs::read_to_string(&path).ok()?, path)));
    for (text, path) in read {
        match setup.profile {
            "cloudhsm" if path.extension().is_some_and(|ending| ending == "cfg") => checks.push(cluster(&text, &path)),
            "softhsm" => checks.extend(token_folder(&text)),
            _ => {}
        }
    }
}

/// Where a setting is, by its variable or at a usual place.
fn place(setting: &Setting) -> Option<PathBuf> {
    named(setting).map(|(_, path)| path).or_else(|| existing(setting))
}

/// What its variable names.
fn named(setting: &Setting) -> Option<(&'static str, PathBuf)> {
    let name = setting.variable?;
    let value = PathBuf::from(environment::text(name)?);
    Some((name, if setting.below.is_empty() { value } else { value.join(setting.below) }))
}

fn setting(setting: &Setting) -> Check {
    let Setting { what, variable, required, remedy, .. } = setting;
    if let Some((name, path)) = named(setting) {
        return match readable(&path) {
            Ok(()) => Check::ok(CHECK, format!("{what}: {} ({name})", path.display())),
            Err(reason) => missing(format!("{what}: {name} leads to {}: {reason}", path.display()), true, remedy),
        };
    }
    match existing(setting) {
        Some(path) => match readable(&path) {
            Ok(()) => Check::ok(CHECK, format!("{what}: {}", path.display())),
            Err(reason) => missing(format!("{what}: {}: {reason}", path.display()), *required, remedy)
                .and("or run hsmcert as a user who may read it"),
        },
        None => {
            let places = setting.places(Platform::CURRENT);
            let looked = if places.is_empty() { String::new() } else { format!(" at {}", places.join(", ")) };
            let named = variable.map(|name| format!("{name} is not set")).unwrap_or_default();
            let and = if looked.is_empty() || named.is_empty() { "" } else { ", and it is not" };
            let detail = match named.is_empty() {
                true => format!("{what}: it is not{looked}"),
                false => format!("{what}: {named}{and}{looked}"),
            };
            missing(detail, *required, remedy)
        }
    }
}

fn missing(detail: String, is_problem: bool, remedy: &str) -> Check {
    match is_problem {
        true => Check::problem(CHECK, ErrorKind::TokenUnavailable, detail, remedy),
        false => Check::warning(CHECK, detail, remedy),
    }
}

/// The first usual place where something is.
fn existing(setting: &Setting) -> Option<PathBuf> {
    let home = environment::text("HOME").map(PathBuf::from);
    let place = |place: &&str| match (place.strip_prefix("~/"), &home) {
        (Some(below), Some(home)) => Some(home.join(below)),
        (Some(_), None) => None,
        (None, _) => Some(PathBuf::from(place)),
    };
    setting.places(Platform::CURRENT).iter().filter_map(place).find(|path| is_there(path))
}

/// Also what this user may not look into.
fn is_there(path: &Path) -> bool {
    path.try_exists().unwrap_or(true)
}

fn readable(path: &Path) -> Result<(), String> {
    let tried = if path.is_dir() { path.read_dir().map(|_| ()) } else { std::fs::File::open(path).map(|_| ()) };
    tried.map_err(|error| error.to_string())
}

/// `SoftHSM` says no more than `CKR_GENERAL_ERROR` when it cannot use the folder of its tokens.
fn token_folder(configuration: &str) -> Option<Check> {
    let value = |line: &str| Some(line.split_once('=')?.1.trim().to_owned());
    let line = configuration.lines().find(|line| line.trim_start().starts_with("directories.tokendir"))?;
    let folder = PathBuf::from(value(line)?);
    let detail = match readable(&folder).and_then(|()| writable(&folder)) {
        Ok(()) => return Some(Check::ok(CHECK, format!("folder of the tokens: {}", folder.display()))),
        Err(reason) => format!("folder of the tokens: {}: {reason}", folder.display()),
    };
    Some(missing(detail, true, "make it, and let this user read and write it (on Debian: be in the group softhsm)"))
}

/// A configuration of the PKCS#11 library of AWS CloudHSM that names no HSM is the one that was installed.
fn cluster(text: &str, path: &Path) -> Check {
    let servers = serde_json::from_str::<serde_json::Value>(text).ok().map(|configuration| {
        let clusters = configuration["clusters"].as_array().cloned().unwrap_or_default();
        let servers = clusters.iter().flat_map(|one| one["cluster"]["servers"].as_array().cloned().unwrap_or_default());
        servers.filter(|server| server["hostname"].as_str().is_some_and(|name| !name.is_empty())).count()
    });
    let remedy = "configure the client: /opt/cloudhsm/bin/configure-pkcs11 -a ADDRESS-OF-AN-HSM";
    match servers {
        Some(0) => missing(format!("{} names no HSM: the client is not configured", path.display()), true, remedy),
        Some(1) => Check::warning(
            CHECK,
            "the cluster has one HSM: keys cannot be used until its key availability check is off",
            "add an HSM, or, for a test, run configure-pkcs11 --disable-key-availability-check",
        ),
        Some(count) => Check::ok(CHECK, format!("{count} HSMs are configured")),
        None => missing(format!("{} is not JSON", path.display()), true, remedy),
    }
}

#[cfg(test)]
mod tests {
    use super::super::check::State;
    use super::*;

    #[test]
    fn a_cloudhsm_client_that_is_not_configured() {
        let state = |servers: &str| {
            let text = format!("{{\"clusters\":[{{\"type\":\"hsm1\",\"cluster\":{{\"servers\":[{servers}]}}}}]}}");
            cluster(&text, Path::new("cloudhsm-pkcs11.cfg")).state
        };
        let server = "{\"hostname\":\"10.0.0.1\",\"port\":2223,\"enable\":true}";
        assert!(matches!(state(""), State::Problem(ErrorKind::TokenUnavailable)));
        assert!(matches!(state("{\"hostname\":\"\"}"), State::Problem(_)));
        assert_eq!(state(server), State::Warning);
        assert_eq!(state(&format!("{server},{server}")), State::Ok);
        assert!(matches!(cluster("clusters:", Path::new("x.cfg")).state, State::Problem(_)));
    }
}
