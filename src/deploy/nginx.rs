//! nginx: a `server` block. The certificate can only come from a file (nginx/nginx#1086, #1117).

use super::notes::Notes;
use super::site::text;
use super::{ConfigFile, Configuration, Error, Method, Site, key_uri, openssl, pem_uri, service, shell, writable};

pub(super) fn configure(site: &Site, method: Method) -> Result<Configuration, Error> {
    let environment = site.openssl_environment();
    let service = service::service(site, "nginx", &environment)?;
    let mut companions = vec![(site.openssl_configuration(), openssl::file(site, method)?)];
    let uri = key_uri::key_uri(site);
    let (why, key) = match method {
        // The first `pkcs11` names the engine, the second one is the scheme of the URI.
        Method::Engine => ("engine:NAME:URI. nginx 1.29 and newer with pkcs11-provider: --method store", {
            format!("engine:pkcs11:{uri}")
        }),
        Method::Store => ("store:URI is understood by nginx 1.29 and newer; older ones: --method provider", {
            format!("store:{uri}")
        }),
        Method::Provider => {
            companions.push((site.key_file(), pem_uri::file(site)));
            ("This file holds the URI of the key, not the key: OpenSSL's provider reads it", text(&site.key_file()))
        }
    };
    let names = site.host_names();
    let notes = Notes::new(site, "nginx (hsmcert bind nginx)")
        .row("Belongs", &["into http { ... }; Debian's nginx.conf reads /etc/nginx/conf.d/*.conf there"])
        .row("Packages", &[&format!("nginx, {}", method.package())])
        .environment(&environment, &text(&site.companion(".nginx.service.conf")));
    let notes = environment_lines(site, method, notes)
        .pin(site)
        .permissions(site, "www-data, Red Hat: nginx")
        .renewal("systemctl reload nginx")
        .finish();
    let block = format!(
        "{notes}server {{
    listen {listen} ssl;
    server_name {names};

    ssl_certificate {chain};
    # {why}.
    ssl_certificate_key {key};
    # nginx before 1.23.4 offers no TLS 1.3 by itself. Key exchange with the RSA key is left out: it needs more of the
    # HSM than signatures.
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_ciphers ECDHE+AESGCM:ECDHE+CHACHA20;

{pages}}}
",
        listen = site.listen,
        pages = match site.backend {
            Some(backend) => format!(
                "    location / {{\n        proxy_pass http://{backend};\n        proxy_set_header Host $host;\n    }}\n"
            ),
            None => "    # Your pages.\n    root /var/www/html;\n".to_owned(),
        },
        names = if names.is_empty() { "_".to_owned() } else { names.join(" ") },
        chain = quoted(&text(&site.chain))?,
        key = quoted(&key)?,
    );
    let mut next = Vec::new();
    if let Some(service) = service {
        companions.push(service.companion);
        next.push(("the daemon's environment", service.install));
    }
    next.push(("check", shell::with_environment(&environment, "nginx -t")));
    next.push(("start", "systemctl restart nginx".to_owned()));
    next.push(("prove", openssl::handshake(site)));
    Ok(Configuration { main: ConfigFile { purpose: "nginx server block", text: block }, companions, next })
}

/// nginx empties the environment of its workers. The provider starts the module anew in each of them, and so do some
/// modules by themselves; they read their configuration there.
fn environment_lines(site: &Site, method: Method, notes: Notes) -> Notes {
    let lines: String = site.environment.iter().map(|(name, _)| format!(" env {name};")).collect();
    if lines.is_empty() {
        return notes;
    }
    match method {
        Method::Engine => notes
            .row("", &[&format!("and at the top of nginx.conf, for modules that start again in each worker:{lines}")]),
        Method::Provider | Method::Store => notes.row(
            "",
            &[
                &format!("and at the top of nginx.conf:{lines}"),
                "(without it every handshake fails: the provider starts the module again in each worker)",
            ],
        ),
    }
}

/// In quotes `;` does not end the directive. `$` begins a variable and cannot be escaped.
fn quoted(value: &str) -> Result<String, Error> {
    let value = writable("nginx", value, &['$'])?;
    Ok(format!("\"{}\"", value.replace('\\', r"\\").replace('"', "\\\"")))
}
