//! GnuTLS: a script around `gnutls-serv`, whose options are those of other programs that use the library.

use super::notes::Notes;
use super::site::text;
use super::{ConfigFile, Configuration, Error, Site, key_uri, openssl, shell, writable};

pub(super) fn configure(site: &Site) -> Result<Configuration, Error> {
    let notes = Notes::new(site, "GnuTLS (hsmcert bind gnutls)")
        .row(
            "Run",
            &[
                "with: sh FILE. Other programs with GnuTLS take the same two values for key and certificate;",
                "those that have no option for the module find it through p11-kit:",
                "/etc/pkcs11/modules/NAME.module with the line  module: FILE",
            ],
        )
        .row("Packages", &["gnutls-bin (Red Hat: gnutls-utils)"])
        .pin(site)
        .renewal("start it again")
        .finish();
    let alone = match site.listen.address {
        Some(_) => "# gnutls-serv has no option for an address: it listens on all of them.\n",
        None => "",
    };
    let mut text = format!("#!/bin/sh\n{notes}{alone}");
    for (name, value) in &site.environment {
        text.push_str(&format!("export {name}={}\n", quoted(value)?));
    }
    text.push_str(&format!(
        "exec gnutls-serv --http --port {port} \\
    --provider {module} \\
    --x509certfile {chain} \\
    --x509keyfile {key}
",
        port = site.listen.port,
        module = quoted(&self::text(&site.module))?,
        chain = quoted(&self::text(&site.chain))?,
        key = quoted(&key_uri::key_uri(site))?,
    ));
    let next = vec![("try", format!("sh {}", site.main_file("FILE"))), ("prove", openssl::handshake(site))];
    Ok(Configuration { main: ConfigFile { purpose: "gnutls-serv script", text }, companions: vec![], next })
}

fn quoted(value: &str) -> Result<String, Error> {
    Ok(shell::word(writable("a shell script", value, &[])?))
}
