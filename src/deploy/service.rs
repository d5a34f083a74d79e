//! The environment of a daemon as a drop-in file for systemd (systemd.exec(5), `Environment=`).

use std::path::PathBuf;

use super::{ConfigFile, Error, Site, shell, writable};

/// The drop-in with its path, and the command that installs it.
#[derive(Debug)]
pub(super) struct Service {
    pub(super) companion: (PathBuf, ConfigFile),
    pub(super) install: String,
}

/// `None` when the daemon needs no environment.
pub(super) fn service(site: &Site, unit: &str, environment: &[(String, String)]) -> Result<Option<Service>, Error> {
    if environment.is_empty() {
        return Ok(None);
    }
    let path = site.companion(&format!(".{}.service.conf", unit.trim_end_matches('@')));
    let folder = format!("/etc/systemd/system/{unit}.service.d");
    let install = format!("install -D -m 644 {} {folder}/hsmcert.conf && systemctl daemon-reload", shell::path(&path));
    let mut text = format!("# Environment of {unit}, as {folder}/hsmcert.conf\n[Service]\n");
    for (name, value) in environment {
        let value = writable("systemd", value, &[])?;
        let value = value.replace('\\', r"\\").replace('"', "\\\"").replace('%', "%%");
        text.push_str(&format!("Environment=\"{name}={value}\"\n"));
    }
    Ok(Some(Service { companion: (path, ConfigFile { purpose: "environment for systemd", text }), install }))
}
