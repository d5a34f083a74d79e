//! The servers of `deploy` in `[renewal]`: names and addresses are read, and what is left out is as their packages have it.

use std::path::Path;

use hsmcert::deploy::{Daemon, Listen, Method, Target};
use hsmcert::renewal::{Deploy, Renewal, Server};
use hsmcert::rollout::{self, Step};

use super::super::failure::Failure;
use super::super::verify::HostPort;

/// The steps of a request in this file.
pub(in crate::cli) fn steps(renewal: &Renewal, spec_file: &Path) -> Result<Vec<Step>, Failure> {
    let step = |deploy: &Deploy| match deploy {
        Deploy::Command(exec) if exec.command.is_empty() => Err(Failure::usage("a deploy step has an empty command")),
        Deploy::Command(exec) => Ok(Step::Command(exec.clone())),
        Deploy::Server(server) => self::server(server, spec_file).map(|server| Step::Server(Box::new(server))),
    };
    for (name, hook) in [("pre", &renewal.pre), ("post", &renewal.post)] {
        if hook.as_ref().is_some_and(|hook| hook.0.command.is_empty()) {
            return Err(Failure::usage(format!("{name} has an empty command")));
        }
    }
    renewal.deploy.iter().flatten().map(step).collect()
}

fn server(configured: &Server, spec_file: &Path) -> Result<rollout::Server, Failure> {
    let (target, daemon) = daemon(&configured.target)?;
    let method = configured.method.as_deref().map(|method| method_of(target, method)).transpose()?;
    let wrong = |key: &str, value: &str, why: &str| Failure::usage(format!("{key} = \"{value}\" of {target}: {why}"));
    let listen = match &configured.listen {
        Some(text) => text.parse().map_err(|why: String| wrong("listen", text, &why))?,
        None => Listen::default(),
    };
    let connect = match &configured.connect {
        Some(text) => text.parse().map_err(|why: String| wrong("connect", text, &why))?,
        None => {
            let address = listen.address.filter(|address| !address.is_unspecified());
            let host = address.map_or_else(|| "127.0.0.1".to_owned(), |address| address.to_string());
            HostPort { host, port: listen.port }
        }
    };
    let beside = |path: &Path| spec_file.parent().map_or_else(|| path.to_owned(), |folder| folder.join(path));
    let usual = || {
        let folders = daemon.folders();
        let folder = folders.iter().find(|folder| Path::new(folder).is_dir()).or(folders.first())?;
        Some(Path::new(folder).join(spec_file.with_extension("conf").file_name()?))
    };
    let main = configured.write.as_deref().map(beside).or_else(usual).ok_or_else(|| {
        Failure::usage(format!("{target} reads no folder of configurations, so deploy needs the file"))
            .hint(format!("{{ target = \"{target}\", write = \"/etc/...\" }}"))
    })?;
    let or = |own: &Option<Vec<String>>, usual: fn(Daemon, &Path) -> Vec<String>| {
        own.clone().unwrap_or_else(|| usual(daemon, &main))
    };
    Ok(rollout::Server {
        target,
        method,
        main: main.clone(),
        listen,
        backend: configured.backend,
        pin_file: configured.pin_file.as_deref().map(beside),
        check: or(&configured.check, Daemon::check),
        reload: or(&configured.reload, Daemon::reload),
        restart: or(&configured.restart, Daemon::restart),
        host: connect.host,
        port: connect.port,
        env: configured.env.clone(),
        timeout: configured.timeout,
    })
}

fn daemon(name: &str) -> Result<(Target, Daemon), Failure> {
    let known = || Target::NAMES.iter().filter_map(|(target, name)| Some((*name, *target, target.daemon()?)));
    if let Some((_, target, daemon)) = known().find(|(known, ..)| *known == name) {
        return Ok((target, daemon));
    }
    let names: Vec<&str> = known().map(|(name, ..)| name).collect();
    Err(Failure::usage(format!("deploy has \"{name}\", which is none of {}", names.join(", ")))
        .hint("a command is written as { command = [\"program\", \"argument\"] } (docs/renew.md)"))
}

fn method_of(target: Target, name: &str) -> Result<Method, Failure> {
    let known = Method::NAMES.iter().filter(|(method, _)| target.methods().contains(method));
    let names: Vec<&str> = known.clone().map(|(_, name)| *name).collect();
    known
        .clone()
        .find(|(_, known)| *known == name)
        .map(|(method, _)| *method)
        .ok_or_else(|| Failure::usage(format!("{target} has no method \"{name}\"; it has {}", names.join(", "))))
}
