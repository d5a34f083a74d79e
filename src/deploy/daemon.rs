//! How a running server is told of a new configuration, as the packages of Debian and Red Hat have it.

use std::path::Path;

use super::Target;
use super::site::text;

/// A target that runs as a daemon and that a client of TLS can look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Daemon {
    /// nginx.
    Nginx,
    /// Apache httpd.
    Apache,
    /// `HAProxy`.
    HaProxy,
    /// stunnel.
    Stunnel,
}

impl Target {
    /// `None` for what is no such daemon.
    #[must_use]
    pub fn daemon(self) -> Option<Daemon> {
        match self {
            Self::Nginx => Some(Daemon::Nginx),
            Self::Apache => Some(Daemon::Apache),
            Self::HaProxy => Some(Daemon::HaProxy),
            Self::Stunnel => Some(Daemon::Stunnel),
            Self::GnuTls | Self::Java | Self::OpenSsl | Self::StrongSwan | Self::Iis | Self::PemUri => None,
        }
    }
}

impl Daemon {
    /// Folders of which it reads all files: Debian's, then Red Hat's. None where it reads one file.
    #[must_use]
    pub fn folders(self) -> &'static [&'static str] {
        match self {
            Self::Nginx => &["/etc/nginx/conf.d"],
            Self::Apache => &["/etc/apache2/sites-enabled", "/etc/httpd/conf.d"],
            Self::Stunnel => &["/etc/stunnel"],
            Self::HaProxy => &[],
        }
    }

    /// Its own test of the configuration; empty where it has none.
    #[must_use]
    pub fn check(self, main: &Path) -> Vec<String> {
        let main = text(main);
        let words: &[&str] = match self {
            Self::Nginx => &["nginx", "-t"],
            Self::Apache => &["apachectl", "configtest"],
            Self::HaProxy => &["haproxy", "-c", "-f", &main],
            Self::Stunnel => &[],
        };
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    /// What makes it read its configuration anew.
    #[must_use]
    pub fn reload(self, main: &Path) -> Vec<String> {
        self.systemctl("reload", main)
    }

    /// What starts it again.
    #[must_use]
    pub fn restart(self, main: &Path) -> Vec<String> {
        self.systemctl("restart", main)
    }

    fn systemctl(self, verb: &str, main: &Path) -> Vec<String> {
        let unit = match self {
            Self::Nginx => "nginx".to_owned(),
            Self::Apache if main.starts_with("/etc/httpd") => "httpd".to_owned(),
            Self::Apache => "apache2".to_owned(),
            Self::HaProxy => "haproxy".to_owned(),
            // An instance reads the file of its name.
            Self::Stunnel => format!("stunnel@{}", main.file_stem().unwrap_or_default().to_string_lossy()),
        };
        vec!["systemctl".to_owned(), verb.to_owned(), unit]
    }
}
