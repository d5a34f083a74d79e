//! OpenSSL: the file that `OPENSSL_CONF` names, which loads the PKCS#11 engine or the PKCS#11 provider.

use std::path::Path;

use super::notes::Notes;
use super::site::text;
use super::{ConfigFile, Configuration, Error, Method, Site, key_uri, pem_uri, shell, writable};

pub(super) fn configure(site: &Site, method: Method) -> Result<Configuration, Error> {
    let path = site.main.clone().unwrap_or_else(|| site.openssl_configuration());
    let environment = site.with_openssl(&path);
    let main = with_path(site, method, &path)?;
    let mut companions = Vec::new();
    let key = match method {
        Method::Engine => format!("-engine pkcs11 -keyform engine -key {}", shell::word(&key_uri::key_uri(site))),
        Method::Provider | Method::Store => {
            companions.push((site.key_file(), pem_uri::file(site)));
            format!("-key {}", shell::path(&site.key_file()))
        }
    };
    // `-cert` alone would send the leaf without its issuers.
    let chain = shell::path(&site.chain);
    let serve = format!("openssl s_server -accept {} {key} -cert {chain} -cert_chain {chain} -www", site.listen);
    let next = vec![("try", shell::with_environment(&environment, &serve)), ("prove", handshake(site))];
    Ok(Configuration { main, companions, next })
}

/// The file alone, as other targets need it.
pub(super) fn file(site: &Site, method: Method) -> Result<ConfigFile, Error> {
    with_path(site, method, &site.openssl_configuration())
}

fn with_path(site: &Site, method: Method, path: &Path) -> Result<ConfigFile, Error> {
    let module = quoted(&text(&site.module))?;
    let path = text(path);
    let mut notes = Notes::new(site, "OpenSSL (hsmcert bind openssl)")
        .row(
            "Used",
            &[
                &format!("by a program whose environment has OPENSSL_CONF={path}"),
                "(in the place of the system's openssl.cnf, for that program only)",
            ],
        )
        .row("Packages", &[method.package()]);
    for (name, value) in &site.environment {
        notes = notes.row("Environment", &[&format!("the module needs {name}={value} too")]);
    }
    let notes = notes.finish();
    let text = match method {
        Method::Engine => format!(
            "{notes}openssl_conf = hsmcert_init

[hsmcert_init]
engines = hsmcert_engines

[hsmcert_engines]
pkcs11 = hsmcert_pkcs11

[hsmcert_pkcs11]
engine_id = pkcs11
MODULE_PATH = {module}
# With init = 0 servers fail with \"engine routines::not initialised\".
init = 1
"
        ),
        Method::Provider | Method::Store => format!(
            "{notes}openssl_conf = hsmcert_init

[hsmcert_init]
providers = hsmcert_providers

[hsmcert_providers]
default = hsmcert_default
pkcs11 = hsmcert_pkcs11

# A provider that is named switches the default one off, and then there is no algorithm at all.
[hsmcert_default]
activate = 1

[hsmcert_pkcs11]
pkcs11-module-path = {module}
pkcs11-module-token-pin = {pin}
# Without it some modules crash the program at its end (openssl/openssl#22508).
pkcs11-module-quirks = no-deinit
activate = 1
",
            pin = quoted(&format!("file:{}", text(&site.pin_file)))?,
        ),
    };
    Ok(ConfigFile { purpose: "OpenSSL configuration", text })
}

/// A client's view: the command fails when the server has no key, serves another certificate, or not for the name.
pub(super) fn handshake(site: &Site) -> String {
    let port = site.listen.port;
    let host = if site.listen.address.is_some() { site.listen.host("") } else { "127.0.0.1".to_owned() };
    // A label with control characters cannot be typed: then every certificate on the token is looked at.
    let typed = Some(&site.key.label).filter(|label| !label.chars().any(char::is_control));
    let label = typed.map(|label| format!(" {}", shell::word(label))).unwrap_or_default();
    let name = site.host_name().map(|name| format!(" --name {name}")).unwrap_or_default();
    format!("hsmcert verify{label} --connect {host}:{port}{name}")
}

/// Single quotes: `$` begins no variable in them, `#` no comment (config(5)).
fn quoted(value: &str) -> Result<String, Error> {
    let value = writable("OpenSSL", value, &[])?;
    let plain = |character: char| character.is_ascii_alphanumeric() || "-_./:".contains(character);
    if value.chars().all(plain) {
        return Ok(value.to_owned());
    }
    Ok(format!("'{}'", value.replace('\\', r"\\").replace('\'', r"\'")))
}
