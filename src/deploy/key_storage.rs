//! Windows' way to a key: a key storage provider and the name that it gives the key, its container. A token does not
//! know that name, and none is made up: where it is not known, the commands are told that show it.
//!
//! Sources: AWS CloudHSM user guide, "Export an asymmetric key with CloudHSM CLI" (Generating KSP key references) and
//! "Migrate your Key Storage Provider (KSP)"; Microsoft, "certutil" and "`CRYPT_KEY_PROV_INFO` structure".

/// The providers of AWS CloudHSM, of Client SDK 3 and 5. The container is the name of a key-reference file.
const CLOUDHSM: [&str; 2] = ["Cavium Key Storage Provider", "CloudHSM Key Storage Provider"];

/// Where CloudHSM's key-reference files are, on the drive of the system.
pub const KEY_REFERENCES: &str = "Users\\Default\\AppData\\Roaming\\Microsoft\\Crypto\\CaviumKSP\\GlobalPartition";

/// `CRYPT_MACHINE_KEYSET`: the key is one of the machine and not of a user. certreq sets it for `MachineKeySet = TRUE`,
/// and services find their keys by it; the provider of CloudHSM makes no difference between the two.
pub(super) const MACHINE_KEY_SET: u32 = 0x20;

/// Whether a provider is AWS CloudHSM's.
#[must_use]
pub fn is_cloudhsm(provider: &str) -> bool {
    CLOUDHSM.iter().any(|known| known.eq_ignore_ascii_case(provider.trim()))
}

/// `dwKeySpec` of a key: 2 (`AT_SIGNATURE`) in AWS's text for its own providers, else 0 (`AT_NONE`), as for every key
/// of a key storage provider.
#[must_use]
pub fn key_spec(provider: &str) -> u32 {
    if is_cloudhsm(provider) { 2 } else { 0 }
}

/// Commands that show the container of a key, or make it: each with what it is for. A key is named by the modulus of
/// an RSA key, in hex, else by its label.
#[must_use]
pub fn find_container(provider: Option<&str>, modulus: Option<&str>, label: &str) -> Vec<(&'static str, String)> {
    match provider {
        None => vec![("list the key storage providers", "certutil -csplist".to_owned())],
        Some(provider) if is_cloudhsm(provider) => vec![
            ("write the key-reference file (Client SDK 5.16 and newer)", generate_file(modulus, label)),
            ("its name is the container, the newest last", format!("dir /b /od \"C:\\{KEY_REFERENCES}\"")),
        ],
        Some(provider) => vec![("list the containers of the provider", format!("certutil -csp \"{provider}\" -key"))],
    }
}

/// CloudHSM's command for its key-reference file.
pub(super) fn generate_file(modulus: Option<&str>, label: &str) -> String {
    let key = modulus.map_or_else(|| format!("attr.label=\"{label}\""), |modulus| format!("attr.modulus=0x{modulus}"));
    format!("cloudhsm-cli key generate-file --encoding ksp-key-reference --filter attr.class=private-key {key}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_is_that_of_the_provider() {
        let of = |provider, modulus| find_container(provider, modulus, "web key").remove(0).1;
        assert!(of(Some("cavium key storage provider"), Some("b30d")).ends_with("private-key attr.modulus=0xb30d"));
        // An EC key has no modulus.
        assert!(of(Some("CloudHSM Key Storage Provider"), None).ends_with("private-key attr.label=\"web key\""));
        assert_eq!(
            of(Some("Luna Key Storage Provider"), Some("b30d")),
            "certutil -csp \"Luna Key Storage Provider\" -key"
        );
        assert_eq!(of(None, Some("b30d")), "certutil -csplist");
    }

    #[test]
    fn only_cloudhsm_has_a_key_spec() {
        assert_eq!(CLOUDHSM.map(key_spec), [2, 2]);
        assert_eq!(key_spec("Luna Key Storage Provider"), 0);
    }
}
