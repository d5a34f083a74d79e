//! The request templates that come with hsmcert: files to start from, each in both languages.

use super::Format;

/// A request template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Template {
    /// Its name, which is that of its files.
    pub name: &'static str,
    inf: &'static str,
    toml: &'static str,
}

macro_rules! templates {
    ($($name:literal),* $(,)?) => {
        [$(Template {
            name: $name,
            inf: include_str!(concat!("../../request-templates/", $name, ".inf")),
            toml: include_str!(concat!("../../request-templates/", $name, ".toml")),
        }),*]
    };
}

/// All of them, the most usual first.
pub const TEMPLATES: [Template; 12] = templates![
    "web-server",
    "wildcard",
    "many-names",
    "ecdsa",
    "pss",
    "must-staple",
    "tls-client",
    "code-signing",
    "domain-controller",
    "smart-card-logon",
    "sub-ca",
    "ml-dsa",
];

impl Template {
    /// The one with this name.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        TEMPLATES.into_iter().find(|template| template.name == name)
    }

    /// The file in a language.
    #[must_use]
    pub fn text(&self, format: Format) -> &'static str {
        match format {
            Format::Inf => self.inf,
            Format::Toml => self.toml,
        }
    }

    /// What it is for: the first line of its file.
    #[must_use]
    pub fn purpose(&self) -> &'static str {
        self.toml.lines().next().unwrap_or_default().trim_start_matches('#').trim()
    }
}
