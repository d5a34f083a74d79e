//! The comment at the head of a file: what a newcomer must know before it works.

use super::Site;
use super::shell;
use super::site::text;

/// Rows of a name and a text. All formats here begin a comment with `#`.
#[derive(Debug)]
pub(super) struct Notes(String);

impl Notes {
    /// Begins with what the file is for.
    pub(super) fn new(site: &Site, what: &str) -> Self {
        let key = if site.key.label.is_empty() { site.key.id.to_string() } else { site.key.label.clone() };
        Self(String::new()).line(&format!("{what}, key \"{key}\" on the token \"{}\".", site.token.label)).line("")
    }

    /// Adds a row. Further lines of the text stand below its first one.
    pub(super) fn row(mut self, name: &str, lines: &[&str]) -> Self {
        for (index, line) in lines.iter().enumerate() {
            self = self.line(&format!("{:<13}{line}", if index == 0 { name } else { "" }));
        }
        self
    }

    /// The environment of the daemon.
    pub(super) fn environment(self, environment: &[(String, String)], file: &str) -> Self {
        if environment.is_empty() {
            return self;
        }
        let first = format!("of the daemon; for systemd it is in {file}:");
        let lines: Vec<String> = environment.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let lines: Vec<&str> = std::iter::once(first.as_str()).chain(lines.iter().map(String::as_str)).collect();
        self.row("Environment", &lines)
    }

    /// The PIN file. libp11 0.4.12 and GnuTLS 3.7.9 take all bytes of the file for the PIN.
    pub(super) fn pin(self, site: &Site) -> Self {
        let file = text(&site.pin_file);
        let write = format!("(umask 077; read -rs PIN; printf %s \"$PIN\" > {})", shell::path(&site.pin_file));
        self.row("PIN", &[&format!("in {file}, without a line break at its end; to write it:"), &write])
    }

    /// Who must be able to reach the token.
    pub(super) fn permissions(self, site: &Site, user: &str) -> Self {
        let workers =
            format!("the workers ({user}) sign after they have given up root. If they cannot reach the token,");
        let notes = self.row(
            "Permissions",
            &[
                &workers,
                "the server starts without a word and every handshake fails. A clean start is no proof:",
                "only a handshake is.",
            ],
        );
        if !site.token.on_disk {
            return notes;
        }
        notes.row(
            "",
            &[
                "SoftHSM: its token folder must be readable and writable for them (chgrp -R, chmod -R g+rwX),",
                "and softhsm2.conf, the PIN file and each folder above readable (g+rX).",
            ],
        )
    }

    /// What a renewal needs.
    pub(super) fn renewal(self, reload: &str) -> Self {
        self.row(
            "Renewal",
            &[
                &format!("hsmcert accept, then {reload}, then a look at what is served; only then may an old key be"),
                "deleted: the running server needs it until the reload.",
            ],
        )
    }

    /// The comment.
    pub(super) fn finish(self) -> String {
        self.0
    }

    /// Adds a line. A label can hold anything, a line break too, which would end the comment.
    fn line(mut self, text: &str) -> Self {
        let safe: String = text.chars().map(|one| if one.is_control() { '?' } else { one }).collect();
        self.0.push_str(format!("# {safe}").trim_end());
        self.0.push('\n');
        self
    }
}
