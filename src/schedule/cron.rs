//! cron: a file for `/etc/cron.d`, whose lines name the user (crontab(5) of Debian and of cronie).

use super::{Plan, Schedule, ScheduleFile, shell_line};

const PIN: &str = "/etc/hsmcert/pin";
const STATE: &str = "/var/lib/hsmcert";

pub(super) fn schedule(plan: &Plan) -> Schedule {
    let pin = plan.pin_source.as_deref().unwrap_or(PIN);
    let words = plan.command(Some(pin), Some(plan.state_folder.as_deref().unwrap_or(STATE)), &[]);
    // A percent sign would be a line feed.
    let command = shell_line(&words).replace('%', r"\%");
    let when = plan.twice_a_day();
    let text = format!(
        "\
# Renews certificates whose keys are in an HSM, twice a day. What was done goes to the system's log, errors go to the
# mail of the user.
SHELL=/bin/sh
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
{when} root {command} | logger -t hsmcert
"
    );
    let mut steps: Vec<_> =
        plan.pin_file(PIN).map(|file| format!("the PIN goes to {file}, for root alone (0600)")).into_iter().collect();
    steps.push("cron takes the file up by itself".to_owned());
    Schedule { files: vec![ScheduleFile { path: "/etc/cron.d/hsmcert", text }], steps }
}
