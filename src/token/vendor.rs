//! Products as data: where vendors install their modules, and which Windows providers stand for them.
//! A quirk is one row here, with its source.

use std::path::Path;

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

/// A built-in profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Vendor {
    /// Name for `--profile`.
    pub profile: &'static str,
    /// The product, for messages.
    pub product: &'static str,
    /// `ProviderName`s in request files that mean this product.
    pub providers: &'static [&'static str],
    /// Usual places of the module, most usual first.
    pub unix: &'static [&'static str],
    /// The same on macOS.
    pub macos: &'static [&'static str],
    /// The same on Windows.
    pub windows: &'static [&'static str],
    /// The PIN is `user:password` and may stand in the vendor's own environment variables.
    pub user_in_pin: bool,
    /// Keys are on a disk and not in an HSM.
    pub software: bool,
    /// What turns certificate objects on where the token has none at first.
    pub certificate_storage: Option<&'static str>,
}

impl Vendor {
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

/// `SoftHSM`, which also holds the trial token.
pub const SOFTHSM: Vendor = Vendor {
    profile: "softhsm",
    product: "SoftHSM 2",
    providers: &[],
    unix: &[
        "/usr/lib/softhsm/libsofthsm2.so",
        "/usr/lib64/pkcs11/libsofthsm2.so",
        "/usr/lib64/softhsm/libsofthsm2.so",
        "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
        "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so",
        "/usr/lib/libsofthsm2.so",
        "/usr/local/lib/softhsm/libsofthsm2.so",
    ],
    macos: &["/opt/homebrew/lib/softhsm/libsofthsm2.so", "/usr/local/lib/softhsm/libsofthsm2.so"],
    windows: &["C:\\SoftHSM2\\lib\\softhsm2-x64.dll", "C:\\Program Files\\SoftHSM2\\lib\\softhsm2-x64.dll"],
    user_in_pin: false,
    software: true,
    certificate_storage: None,
};

/// All built-in profiles.
pub const VENDORS: &[Vendor] = &[
    // AWS CloudHSM user guide, "Install the PKCS #11 library for AWS CloudHSM Client SDK 5"; the providers
    // are those of its Client SDK 3 and 5 for Windows.
    Vendor {
        profile: "cloudhsm",
        product: "AWS CloudHSM",
        providers: &["Cavium Key Storage Provider", "CloudHSM Key Storage Provider"],
        unix: &["/opt/cloudhsm/lib/libcloudhsm_pkcs11.so"],
        macos: &[],
        windows: &["C:\\Program Files\\Amazon\\CloudHSM\\lib\\cloudhsm_pkcs11.dll"],
        user_in_pin: true,
        software: false,
        // AWS CloudHSM user guide, "Certificate storage with the PKCS #11 library".
        certificate_storage: Some(
            "configure-pkcs11 --enable-certificate-storage (Client SDK 5.13 or newer, clusters of type hsm2m.medium)",
        ),
    },
    // Thales Luna HSM client documentation, "PKCS#11 libraries".
    Vendor {
        profile: "luna",
        product: "Thales Luna",
        providers: &["SafeNet Key Storage Provider", "Luna Key Storage Provider"],
        unix: &["/usr/safenet/lunaclient/lib/libCryptoki2_64.so", "/usr/lib/libCryptoki2_64.so"],
        macos: &[],
        windows: &["C:\\Program Files\\SafeNet\\LunaClient\\cryptoki.dll"],
        user_in_pin: false,
        software: false,
        certificate_storage: None,
    },
    // Entrust nShield Security World documentation, "PKCS #11".
    Vendor {
        profile: "nshield",
        product: "Entrust nShield",
        providers: &["nCipher Security World Key Storage Provider"],
        unix: &["/opt/nfast/toolkits/pkcs11/libcknfast.so"],
        macos: &[],
        windows: &["C:\\Program Files\\nCipher\\nfast\\toolkits\\pkcs11\\cknfast.dll"],
        user_in_pin: false,
        software: false,
        certificate_storage: None,
    },
    // Yubico, "PKCS#11 with YubiHSM 2".
    Vendor {
        profile: "yubihsm",
        product: "YubiHSM 2",
        providers: &["YubiHSM Key Storage Provider"],
        unix: &[
            "/usr/lib/x86_64-linux-gnu/pkcs11/yubihsm_pkcs11.so",
            "/usr/lib64/pkcs11/yubihsm_pkcs11.so",
            "/usr/local/lib/pkcs11/yubihsm_pkcs11.so",
        ],
        macos: &["/usr/local/lib/pkcs11/yubihsm_pkcs11.dylib"],
        windows: &["C:\\Program Files\\Yubico\\YubiHSM Shell\\bin\\pkcs11\\yubihsm_pkcs11.dll"],
        user_in_pin: false,
        software: false,
        certificate_storage: None,
    },
    // tpm2-software/tpm2-pkcs11; Windows reaches the TPM through its platform provider.
    Vendor {
        profile: "tpm2",
        product: "TPM 2.0 (tpm2-pkcs11)",
        providers: &["Microsoft Platform Crypto Provider"],
        unix: &[
            "/usr/lib/x86_64-linux-gnu/pkcs11/libtpm2_pkcs11.so",
            "/usr/lib/x86_64-linux-gnu/libtpm2_pkcs11.so.1",
            "/usr/lib64/pkcs11/libtpm2_pkcs11.so",
        ],
        macos: &[],
        windows: &[],
        user_in_pin: false,
        software: false,
        certificate_storage: None,
    },
    SOFTHSM,
];

/// The profile of this name.
#[must_use]
pub fn by_profile(name: &str) -> Option<&'static Vendor> {
    VENDORS.iter().find(|vendor| vendor.profile.eq_ignore_ascii_case(name))
}

/// The product whose module has this file name, wherever it is.
#[must_use]
pub fn by_module(module: &Path) -> Option<&'static Vendor> {
    let name = module.file_name()?;
    let is_here = |known: &&str| Path::new(known).file_name() == Some(name);
    VENDORS.iter().find(|vendor| vendor.modules(Platform::CURRENT).iter().any(is_here))
}

/// The profile for a request's `ProviderName`.
#[must_use]
pub fn by_provider(provider: &str) -> Option<&'static Vendor> {
    VENDORS.iter().find(|vendor| vendor.providers.iter().any(|known| known.eq_ignore_ascii_case(provider.trim())))
}

/// Windows' own software providers name no hardware. The platform provider (a TPM) and the smart card
/// providers do, and a name that nobody knows may.
#[must_use]
pub fn is_software_provider(provider: &str) -> bool {
    let provider = provider.trim().to_ascii_lowercase();
    let hardware = ["platform crypto", "smart card"].iter().any(|word| provider.contains(word));
    provider.is_empty() || (provider.starts_with("microsoft ") && provider.contains("provider") && !hardware)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_provider_belongs_to_one_product_and_is_hardware() {
        for vendor in VENDORS {
            for provider in vendor.providers {
                assert_eq!(by_provider(&provider.to_uppercase()), Some(vendor));
                assert!(!is_software_provider(provider), "{provider}");
            }
            assert_eq!(by_profile(vendor.profile), Some(vendor));
        }
    }

    #[test]
    fn only_windows_own_software_providers_name_no_hardware() {
        assert!(is_software_provider("Microsoft RSA SChannel Cryptographic Provider"));
        assert!(is_software_provider("Microsoft Software Key Storage Provider"));
        assert!(!is_software_provider("Microsoft Smart Card Key Storage Provider"));
        assert!(!is_software_provider("Some Vendor Key Storage Provider"));
    }
}
