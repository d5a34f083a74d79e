//! systemd: a service that runs once, and its timer.
//!
//! systemd.exec(5) for credentials and the sandbox, systemd.timer(5), systemd.syntax(7) for quoting.

use std::collections::BTreeSet;
use std::path::Path;

use super::{Plan, Schedule, ScheduleFile};

const PIN: &str = "/etc/hsmcert/pin";

pub(super) fn schedule(plan: &Plan) -> Schedule {
    let service = ScheduleFile { path: "/etc/systemd/system/hsmcert-renew.service", text: service(plan) };
    let timer = ScheduleFile { path: "/etc/systemd/system/hsmcert-renew.timer", text: TIMER.to_owned() };
    let mut steps = vec!["systemctl daemon-reload && systemctl enable --now hsmcert-renew.timer".to_owned()];
    if let Some(file) = plan.pin_file(PIN) {
        steps.insert(0, format!("the PIN goes to {file}, for root alone (0600): only systemd reads it there"));
    }
    steps.push("try it: systemctl start hsmcert-renew && journalctl -u hsmcert-renew -n 20".to_owned());
    Schedule { files: vec![service, timer], steps }
}

const TIMER: &str = "\
[Unit]
Description=Renew certificates whose keys are in an HSM, twice a day

[Timer]
OnCalendar=*-*-* 00/12:00:00
RandomizedDelaySec=4h
Persistent=true

[Install]
WantedBy=timers.target
";

fn service(plan: &Plan) -> String {
    let credential = plan.pin_file(PIN).map(|file| format!("LoadCredential=pin:{}\n", specifiers(file)));
    // Specifiers of systemd itself, so not to be escaped.
    let (pin, state) = ("\u{1}d/pin", "\u{1}S/hsmcert");
    let pin_source = if credential.is_some() { Some(pin) } else { plan.pin_source.as_deref() };
    let words = plan.command(pin_source, Some(plan.state_folder.as_deref().unwrap_or(state)), &[]);
    let command = words.iter().map(|each| word(each)).collect::<Vec<_>>().join(" ");
    let folders: BTreeSet<_> = plan.specs.iter().filter_map(|spec| Path::new(spec).parent()).collect();
    let written: String = folders
        .into_iter()
        .map(|folder| folder.to_string_lossy().into_owned())
        .chain(plan.state_folder.clone())
        .map(|folder| format!("ReadWritePaths=-{}\n", quoted(&folder)))
        .collect();
    format!(
        "\
[Unit]
Description=Renew certificates whose keys are in an HSM
Documentation=man:hsmcert-renew(1)
Wants=network-online.target
After=network-online.target

[Service]
Type=oneshot
{credential}ExecStart={command}
# 12: a CA has not decided yet. 75: another run is at work.
SuccessExitStatus=12 75
TimeoutStartSec=1h
# Accounts at CAs are in its folder ca.
Environment=XDG_DATA_HOME=%S
StateDirectory=hsmcert
StateDirectoryMode=0700
LimitCORE=0
NoNewPrivileges=yes
PrivateTmp=yes
ProtectHome=read-only
ProtectSystem=full
# Certificates go beside the request files. Add what deploy steps write, such as /etc/nginx/conf.d.
{written}",
        credential = credential.unwrap_or_default(),
    )
}

/// A word of `ExecStart`, in which a dollar sign would begin a variable.
fn word(text: &str) -> String {
    quoted(&text.replace('$', "$$"))
}

/// A word of any setting. `\u{1}` stands for the percent sign of a specifier.
fn quoted(text: &str) -> String {
    let escaped = specifiers(text).replace('\\', r"\\").replace('"', "\\\"");
    let plain = !escaped.is_empty() && !escaped.contains([' ', '\t', '\'', '"', ';']);
    if plain { escaped } else { format!("\"{escaped}\"") }
}

fn specifiers(text: &str) -> String {
    text.replace('%', "%%").replace('\u{1}', "%")
}
