//! stunnel: a whole configuration file with one service.

use super::notes::Notes;
use super::site::text;
use super::{ConfigFile, Configuration, Error, Method, Site, key_uri, openssl, pem_uri, service, shell, writable};

pub(super) fn configure(site: &Site, method: Method) -> Result<Configuration, Error> {
    let mut companions = Vec::new();
    let chain = value(&text(&site.chain))?.to_owned();
    let (environment, global, key) = match method {
        Method::Engine => {
            let module = text(&site.module);
            let global = format!("engine = pkcs11\nengineCtrl = MODULE_PATH:{}\n\n", value(&module)?);
            let key = format!(
                "# \"invalid id\" about the certificate at the start is harmless: it is then read from the file.\n\
                 engineId = pkcs11\n\
                 # With pin-source in the URI no PIN has to stand here (engineCtrl = PIN:...).\n\
                 key = {}\n",
                value(&key_uri::key_uri(site))?
            );
            (site.environment.clone(), global, key)
        }
        Method::Provider | Method::Store => {
            companions.push((site.openssl_configuration(), openssl::file(site, Method::Provider)?));
            companions.push((site.key_file(), pem_uri::file(site)));
            let key = format!(
                "# This file holds the URI of the key, not the key: OpenSSL's provider reads it.\nkey = {}\n",
                value(&text(&site.key_file()))?
            );
            (site.openssl_environment(), String::new(), key)
        }
    };
    let service = service::service(site, "stunnel@", &environment)?;
    let notes = Notes::new(site, "stunnel (hsmcert bind stunnel)")
        .row("Belongs", &["into a file of its own: /etc/stunnel/NAME.conf"])
        .row("Packages", &[&format!("stunnel4 (Red Hat: stunnel), {}", method.package())])
        .environment(&environment, &text(&site.companion(".stunnel.service.conf")))
        .pin(site)
        .permissions(site, "the user of setuid")
        .renewal("systemctl reload stunnel@NAME")
        .finish();
    let text = format!(
        "{notes}{global}[https]
accept = {listen}
# Where the decrypted traffic goes.
connect = {backend}
cert = {chain}
{key}# Key exchange with the RSA key is left out: it needs more of the HSM than signatures.
sslVersionMin = TLSv1.2
ciphers = ECDHE+AESGCM:ECDHE+CHACHA20
",
        listen = site.listen,
        backend = site.backend.map_or_else(|| "127.0.0.1:80".to_owned(), |backend| backend.to_string()),
    );
    let mut next = Vec::new();
    if let Some(service) = service {
        companions.push(service.companion);
        next.push(("the daemon's environment", service.install));
    }
    next.push(("start", format!("systemctl restart stunnel@{}", instance(site))));
    next.push((
        "or by hand",
        shell::with_environment(&environment, &format!("stunnel {}", site.main_file("/etc/stunnel/NAME.conf"))),
    ));
    next.push(("prove", openssl::handshake(site)));
    Ok(Configuration { main: ConfigFile { purpose: "stunnel configuration", text }, companions, next })
}

/// `stunnel@www` reads `/etc/stunnel/www.conf`.
fn instance(site: &Site) -> String {
    let stem = site.main.as_deref().and_then(std::path::Path::file_stem);
    stem.map_or_else(|| "NAME".to_owned(), |stem| shell::word(&stem.to_string_lossy()))
}

/// The rest of the line is the value; there are no quotes, and blanks at its ends are cut off.
fn value(value: &str) -> Result<&str, Error> {
    let edges = value.starts_with(' ') || value.ends_with(' ');
    writable("stunnel", value, if edges { &[' '] } else { &[] })
}
