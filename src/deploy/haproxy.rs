//! `HAProxy`: a frontend. It reads no `pkcs11:` URI (haproxy/haproxy#71), but gives its key file to OpenSSL, whose
//! provider understands a URI in PEM.

use super::notes::Notes;
use super::site::text;
use super::{ConfigFile, Configuration, Error, Method, Site, openssl, pem_uri, service, shell, writable};

pub(super) fn configure(site: &Site) -> Result<Configuration, Error> {
    let environment = site.openssl_environment();
    let service = service::service(site, "haproxy", &environment)?;
    let mut companions = vec![
        (site.openssl_configuration(), openssl::file(site, Method::Provider)?),
        (site.key_file(), pem_uri::file(site)),
    ];
    let notes = Notes::new(site, "HAProxy (hsmcert bind haproxy)")
        .row(
            "Belongs",
            &[
                "into /etc/haproxy/haproxy.cfg, at its end, or into a file of its own,",
                "which haproxy reads with one more -f FILE (Debian: EXTRAOPTS in /etc/default/haproxy)",
            ],
        )
        .row("Packages", &[&format!("haproxy, {}", Method::Provider.package())])
        .row(
            "Key",
            &[
                &format!("{} is found by its name beside the chain; it holds", text(&site.key_file())),
                "the URI of the key, not the key",
            ],
        )
        .environment(&environment, &text(&site.companion(".haproxy.service.conf")))
        .pin(site)
        .permissions(site, "haproxy")
        .renewal("systemctl reload haproxy")
        .finish();
    let text = format!(
        "{notes}frontend hsmcert_{port}
    # Key exchange with the RSA key is left out: it needs more of the HSM than signatures.
    bind {host}:{port} ssl crt {chain} ssl-min-ver TLSv1.2 ciphers ECDHE+AESGCM:ECDHE+CHACHA20
    mode http
    timeout client 30s
{pages}",
        pages = match site.backend {
            Some(backend) => format!(
                "    default_backend hsmcert_{port}\n\nbackend hsmcert_{port}\n    mode http\n    timeout connect 5s\n    timeout server 30s\n    server first {backend}\n",
                port = site.listen.port,
            ),
            None => "    # For a first look; then: default_backend NAME (hsmcert bind haproxy --backend ADDRESS:PORT)\n    http-request return status 200 content-type text/plain string \"the key is on the token\"\n".to_owned(),
        },
        host = site.listen.host(""),
        port = site.listen.port,
        chain = quoted(&text(&site.chain))?,
    );
    let mut next = Vec::new();
    if let Some(service) = service {
        companions.push(service.companion);
        next.push(("the daemon's environment", service.install));
    }
    next.push((
        "check",
        shell::with_environment(&environment, &format!("haproxy -c -f {}", site.main_file("/etc/haproxy/haproxy.cfg"))),
    ));
    next.push(("start", "systemctl restart haproxy".to_owned()));
    next.push(("prove", openssl::handshake(site)));
    Ok(Configuration { main: ConfigFile { purpose: "HAProxy frontend", text }, companions, next })
}

/// Strong quotes: nothing is replaced in them, and they cannot hold their own sign.
fn quoted(value: &str) -> Result<String, Error> {
    Ok(format!("'{}'", writable("HAProxy", value, &['\''])?))
}
