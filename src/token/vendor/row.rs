//! One row of the table of products.

use super::pin_form::PinForm;
use super::quirks::Quirks;

/// The platforms that vendors install on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Platform {
    /// Linux and other Unix systems.
    Unix,
    /// macOS.
    MacOs,
    /// Windows.
    Windows,
}

impl Platform {
    /// The platform that this program was built for.
    pub const CURRENT: Self = if cfg!(windows) {
        Self::Windows
    } else if cfg!(target_os = "macos") {
        Self::MacOs
    } else {
        Self::Unix
    };
}

/// A product: its built-in profile, and what is known of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Vendor {
    /// Name for `--profile`.
    pub profile: &'static str,
    /// The product, for messages.
    pub product: &'static str,
    /// Where the row comes from: the vendor's page, a source file, or what was measured on which version.
    pub sources: &'static [&'static str],
    /// `ProviderName`s in request files that mean this product.
    pub providers: &'static [&'static str],
    /// Usual places of the module, most usual first.
    pub unix: &'static [&'static str],
    /// The same on macOS.
    pub macos: &'static [&'static str],
    /// The same on Windows.
    pub windows: &'static [&'static str],
    /// The form of the PIN. One with a user may stand in the vendor's own environment variables.
    pub pin: PinForm,
    /// Keys are on a disk and not in an HSM.
    pub software: bool,
    /// What turns certificate objects on where the token has none at first, or what is done with certificates instead.
    pub certificate_storage: Option<&'static str>,
    /// How a key is made where `C_GenerateKeyPair` does not make it ([`Quirks::generates_keys`]).
    pub key_creation: Option<&'static str>,
    /// The environment variable without which the module does not start, unless `init-args` take its place. Its library
    /// may be here for other reasons.
    pub needed_variable: Option<&'static str>,
    /// Where the product is unlike what hsmcert does with an unknown module.
    pub quirks: Quirks,
    /// What a user should know of it beside.
    pub remarks: &'static [&'static str],
}

impl Vendor {
    /// A row that says nothing yet.
    pub(super) const UNKNOWN: Self = Self {
        profile: "",
        product: "",
        sources: &[],
        providers: &[],
        unix: &[],
        macos: &[],
        windows: &[],
        pin: PinForm::Plain,
        software: false,
        certificate_storage: None,
        key_creation: None,
        needed_variable: None,
        quirks: Quirks::STANDARD,
        remarks: &[],
    };

    /// Usual places of the module on a platform.
    #[must_use]
    pub fn modules(&self, platform: Platform) -> &'static [&'static str] {
        match platform {
            Platform::Unix => self.unix,
            Platform::MacOs => self.macos,
            Platform::Windows => self.windows,
        }
    }
}
