//! Products as data: where vendors install their modules, which Windows providers stand for them, and where they are
//! unlike the standard. A product is one row here, with its sources.

mod cloud;
mod hardware;
mod pin_form;
mod quirks;
mod row;
mod software;

use std::path::Path;

pub use pin_form::PinForm;
pub use quirks::{Certificates, Changes, Quirks, RsaGeneration};
pub use row::{Platform, Vendor};
pub use software::SOFTHSM;

/// All built-in profiles.
pub const VENDORS: &[Vendor] = &[
    cloud::CLOUDHSM,
    cloud::CLOUDHSM_3,
    cloud::AZURE,
    cloud::KMS,
    hardware::LUNA,
    hardware::NSHIELD,
    hardware::UTIMACO,
    hardware::YUBIHSM,
    hardware::NETHSM,
    hardware::TPM2,
    SOFTHSM,
    software::KRYOPTIC,
    software::OPENCRYPTOKI,
    software::NSS,
];

/// The profile of this name.
#[must_use]
pub fn by_profile(name: &str) -> Option<&'static Vendor> {
    VENDORS.iter().find(|vendor| vendor.profile.eq_ignore_ascii_case(name))
}

/// The product whose module this is: by its place, else by its file name, wherever it is.
#[must_use]
pub fn by_module(module: &Path) -> Option<&'static Vendor> {
    let name = module.file_name()?;
    let fits = |is_it: &dyn Fn(&Path) -> bool| {
        VENDORS.iter().find(|vendor| vendor.modules(Platform::CURRENT).iter().any(|known| is_it(Path::new(known))))
    };
    fits(&|known| known == module).or_else(|| fits(&|known| known.file_name() == Some(name)))
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
    fn each_row_is_whole() {
        for (index, vendor) in VENDORS.iter().enumerate() {
            assert!(
                !vendor.profile.is_empty() && !vendor.product.is_empty() && !vendor.sources.is_empty(),
                "{vendor:?}"
            );
            assert!(!vendor.unix.is_empty(), "{vendor:?}");
            let is_known_before = VENDORS[..index].iter().any(|one| one.profile == vendor.profile);
            assert!(!is_known_before, "{}", vendor.profile);
            assert_eq!(vendor.quirks.generates_keys, vendor.key_creation.is_none(), "{}", vendor.profile);
            let needs_enabling = vendor.quirks.certificates == Certificates::OffAtFirst;
            assert!(!needs_enabling || vendor.certificate_storage.is_some(), "{}", vendor.profile);
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_module_is_known_by_its_place_and_else_by_its_name() {
        let profile = |path: &str| by_module(Path::new(path)).map(|vendor| vendor.profile);
        assert_eq!(profile("/opt/cloudhsm/lib/libcloudhsm_pkcs11.so"), Some("cloudhsm"));
        assert_eq!(profile("/opt/cloudhsm/lib/libcloudhsm_pkcs11_redis.so"), Some("cloudhsm-sdk3"));
        assert_eq!(profile("/somewhere/yubihsm_pkcs11.so"), Some("yubihsm"));
        assert_eq!(profile("/somewhere/unknown.so"), None);
    }

    #[test]
    fn only_windows_own_software_providers_name_no_hardware() {
        assert!(is_software_provider("Microsoft RSA SChannel Cryptographic Provider"));
        assert!(is_software_provider("Microsoft Software Key Storage Provider"));
        assert!(!is_software_provider("Microsoft Smart Card Key Storage Provider"));
        assert!(!is_software_provider("Some Vendor Key Storage Provider"));
    }
}
