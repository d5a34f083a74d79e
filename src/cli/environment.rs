//! The environment variables that hsmcert knows, read once.

use std::path::PathBuf;

/// Their values; an empty variable is as good as none.
#[derive(Debug, Clone, Default)]
pub(super) struct Environment {
    pub(super) module: Option<PathBuf>,
    /// p11-kit's and libp11's name for the module.
    pub(super) module_path: Option<PathBuf>,
    pub(super) token: Option<String>,
    pub(super) serial: Option<String>,
    pub(super) slot: Option<String>,
    pub(super) uri: Option<String>,
    pub(super) profile: Option<String>,
    pub(super) require_hardware: bool,
    pub(super) isolate: bool,
    pub(super) timeout: Option<String>,
    /// The user has a SoftHSM configuration of their own.
    pub(super) softhsm_configured: bool,
}

impl Environment {
    pub(super) fn read() -> Self {
        Self {
            module: text("HSMCERT_MODULE").map(PathBuf::from),
            module_path: text("PKCS11_MODULE_PATH").map(PathBuf::from),
            token: text("HSMCERT_TOKEN"),
            serial: text("HSMCERT_SERIAL"),
            slot: text("HSMCERT_SLOT"),
            uri: text("HSMCERT_URI"),
            profile: text("HSMCERT_PROFILE"),
            require_hardware: is_set("HSMCERT_REQUIRE_HARDWARE"),
            isolate: is_set("HSMCERT_ISOLATE"),
            timeout: text("HSMCERT_TIMEOUT"),
            softhsm_configured: text("SOFTHSM2_CONF").is_some(),
        }
    }
}

impl Environment {
    /// Whether a variable says which token is meant.
    pub(super) fn names_a_token(&self) -> bool {
        let Self {
            module,
            module_path,
            token,
            serial,
            slot,
            uri,
            profile,
            require_hardware: _,
            isolate: _,
            timeout: _,
            softhsm_configured: _,
        } = self;
        let texts = [token, serial, slot, uri, profile];
        module.is_some() || module_path.is_some() || texts.into_iter().any(Option::is_some)
    }
}

/// Where the key-reference files of AWS CloudHSM are on this Windows: its command can write them elsewhere too.
pub(super) fn key_references() -> PathBuf {
    if let Some(folder) = text("HSMCERT_KEY_REFERENCES") {
        return PathBuf::from(folder);
    }
    let drive = text("SystemDrive").unwrap_or_else(|| "C:".to_owned());
    PathBuf::from(format!("{drive}\\{}", hsmcert::deploy::KEY_REFERENCES))
}

/// The value of a variable that is set and not empty.
pub(super) fn text(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Whether a variable says yes.
fn is_set(name: &str) -> bool {
    text(name).is_some_and(|value| !matches!(value.as_str(), "0" | "false" | "no"))
}

/// All variables with a readable value, for `${NAME}` in a TOML request.
pub(super) fn variables() -> std::collections::BTreeMap<String, String> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}
