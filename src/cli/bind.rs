//! `hsmcert bind TARGET [CERT|LABEL]`.

mod files;
mod json;
pub(super) mod place;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use hsmcert::ErrorKind;
use hsmcert::bind::{self, Bound, Place};
use hsmcert::deploy::{Configuration, KeyStorage, Listen, Method, Target};

use super::failure::Failure;
use super::report::{Report, shown};
use super::{Global, clock, connect, named, state};
use files::{Change, Planned};

#[derive(Debug, Args)]
#[command(after_help = "Targets: nginx, apache, haproxy, stunnel, gnutls, java, openssl, strongswan, iis, pem-uri

Examples:
  hsmcert bind nginx request.crt.pem  print the server block
  hsmcert bind nginx request.crt.pem --write /etc/nginx/conf.d/www.conf
  hsmcert bind apache www.example.com --chain /etc/ssl/www.fullchain.pem \\
    --write /etc/apache2/sites-available/www.conf
  hsmcert bind java --listen 8443 --pin-file /run/hsm/pin

With --write, the files that FILE refers to are written too, beside the chain file. No file holds a PIN.")]
pub(super) struct BindArguments {
    /// The server
    #[arg(value_name = "TARGET", hide_possible_values = true, value_parser = named::parser(&Target::NAMES))]
    target: Option<Target>,
    /// Certificate: a file, the label of the one on the token, or its pkcs11: URI [default: the only linked one]
    #[arg(value_name = "CERT|LABEL")]
    certificate: Option<String>,
    /// Write the configuration to FILE instead of printing it
    #[arg(short, long, value_name = "FILE")]
    write: Option<PathBuf>,
    /// Replace files with other content
    #[arg(short, long)]
    force: bool,
    /// How the server reaches the key [default: the most common way]
    #[arg(long, value_name = "METHOD", value_parser = named::parser(&Method::NAMES))]
    method: Option<Method>,
    /// Where the server listens
    #[arg(long, value_name = "[ADDRESS:]PORT", default_value = "443")]
    listen: Listen,
    /// Program behind the server that gets the decrypted traffic
    #[arg(long, value_name = "ADDRESS:PORT")]
    backend: Option<SocketAddr>,
    /// Chain file (leaf and intermediates, PEM) [default: the one that accept wrote, else LABEL.fullchain.pem here]
    #[arg(long, value_name = "FILE")]
    chain: Option<PathBuf>,
    /// File from which the server reads the PIN [default: the file of --pin-source, else /etc/hsmcert/pin]
    #[arg(long, value_name = "FILE")]
    pin_file: Option<PathBuf>,
    /// Windows: key storage provider that holds the key
    #[arg(long, value_name = "NAME", default_value = "Cavium Key Storage Provider")]
    ksp: String,
    /// Windows: name of the key's container
    #[arg(long, value_name = "NAME")]
    ksp_container: Option<String>,
}

pub(super) fn run(global: &Global, arguments: BindArguments, report: &Report) -> Result<(), Failure> {
    let BindArguments {
        target,
        certificate,
        write,
        force,
        method,
        listen,
        backend,
        chain,
        pin_file,
        ksp,
        ksp_container,
    } = arguments;
    let known = named::names(&Target::NAMES).join(", ");
    let target = target.ok_or_else(|| {
        Failure::usage("no target is named").hint(format!("hsmcert bind TARGET, where TARGET is one of {known}"))
    })?;
    check_method(target, method)?;
    if backend.is_some() && !target.passes_on() {
        return Err(Failure::usage(format!("{target} passes no traffic on")).hint("leave --backend out"));
    }
    // Before the HSM is touched: what is read, and what is written.
    let main = write.as_deref().map(place::absolute).transpose()?;
    if let Some(main) = &main {
        files::check(main)?;
    }
    let source = place::Source::read(certificate.as_deref(), chain.as_deref(), global)?;

    let memory = state::open(global, report)?;
    let request = state::token_of(memory.as_ref(), source.which.certificates(), global)?;
    let now = clock::now();
    let global = &source.which.token(global);
    let (bound, hsm) = connect::with_target(global, &request, report, |session, _| {
        bind::find(session, source.which.select(), memory.as_ref(), now)
    })?;
    let (chain, new_chain) = source.chain(&bound)?;
    let pin_file = place::pin_file(pin_file.as_deref(), &hsm)?;
    let place = Place {
        listen,
        backend,
        chain,
        main: main.clone(),
        module: place::module(&hsm.module),
        pin_file,
        environment: place::environment(),
        key_storage: KeyStorage { provider: ksp, container: ksp_container },
    };
    let site = bind::site(&bound, place);
    let Configuration { main: main_file, companions, next } =
        target.configure(&site, method).map_err(hsmcert::Error::from)?;

    let mut plan = vec![Planned::new(main, main_file)?];
    plan.extend(new_chain.map(|text| Planned::chain(&site.chain, text)).transpose()?);
    for (path, file) in companions {
        plan.push(Planned::new(Some(path), file)?);
    }
    let written = write.is_some();
    if written {
        files::write(&plan, force, memory.as_ref(), report)?;
        if let Some(memory) = &memory {
            let written = || plan.iter().filter_map(Planned::remembered);
            let key = bound.leaf.public_key().map_err(hsmcert::Error::from)?;
            if let Err(error) = memory.update(&key, |record| record.written.extend(written())) {
                report.warning(&format!("a renewal will not know that hsmcert wrote these files: {error}"));
            }
        }
    }
    let method = method.or(target.methods().first().copied());
    if let Some(flaw) = place::pin_file_flaw(&site.pin_file, method).filter(|_| target != Target::Iis) {
        report.warning(&flaw);
    }
    if hsm.trial && target != Target::Iis {
        report.note("the trial token is private to the user who runs hsmcert: let the server run as this user too");
    } else if bound.token.on_disk && target.passes_on() {
        report.note(
            "the token is SoftHSM's: the server's user must be able to read its files (Permissions, in the text)",
        );
    }

    let object = json::Bind::new(target, method, &bound, &site, &plan, written, &next);
    let next: String = next.iter().map(|(purpose, command)| format!("next: {purpose}: {}\n", shown(command))).collect();
    if written {
        report.result(&object, &(describe(target, &bound, &plan) + &next));
    } else if report.is_json() {
        report.result(&object, "");
    } else {
        report.stdout(plan[0].file.text.as_bytes());
        report.aside(&missing(&plan));
        report.aside(&next);
    }
    Ok(())
}

fn check_method(target: Target, method: Option<Method>) -> Result<(), Failure> {
    let Some(method) = method.filter(|method| !target.methods().contains(method)) else { return Ok(()) };
    let failure = Failure::usage(format!("{target} has no method \"{method}\""));
    let known: Vec<String> = target.methods().iter().map(ToString::to_string).collect();
    Err(if known.is_empty() {
        failure.hint("leave --method out: there is only one way")
    } else {
        failure.hint(format!("it has {}", known.join(", ")))
    })
}

fn describe(target: Target, bound: &Bound, plan: &[Planned]) -> String {
    let mut text = match plan.iter().all(|one| one.change == Change::Unchanged) {
        true => format!("{target} is configured already: nothing changed\n"),
        false => format!("configuration for {target} written\n"),
    };
    let mut line = |name: &str, value: &str| text.push_str(&format!("  {name:<10} {}\n", shown(value)));
    for one in plan {
        let path = one.path.as_ref().map(|path| path.display().to_string()).unwrap_or_default();
        line(one.change.word(), &format!("{path} ({})", one.file.purpose));
    }
    line("subject", &bound.leaf.subject().to_string());
    for (index, name) in bound.leaf.subject_alt_names().iter().enumerate() {
        line(if index == 0 { "SANs" } else { "" }, &name.to_string());
    }
    let key = &bound.key;
    line("key", &format!("\"{}\", {}, id {}; the link is proved", key.label, key.algorithm, key.id));
    text
}

/// Files that the printed text refers to and that are not there.
fn missing(plan: &[Planned]) -> String {
    let mut text = String::new();
    for one in plan.iter().skip(1).filter(|one| one.change != Change::Unchanged) {
        if let Some(path) = &one.path {
            let path = shown(&path.display().to_string());
            text.push_str(&format!(
                "note: not written yet: {path} ({}); --write FILE writes it too\n",
                one.file.purpose
            ));
        }
    }
    text
}

fn conflict(message: String) -> Failure {
    Failure::new(ErrorKind::Conflict, message)
}
