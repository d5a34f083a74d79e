//! What a module needs beside itself, as data: configuration files, the variables that name them, services, and the
//! vendor's own tool for tokens. One row per profile of [`super::vendor`], each with its source.

use super::vendor::Platform;

/// The row of one product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VendorSetup {
    /// Name of the profile.
    pub profile: &'static str,
    /// What the module reads.
    pub settings: &'static [Setting],
    /// What must run, or be allowed, for `C_Initialize` to work; ends "check that ...".
    pub needs: Option<&'static str>,
    /// Makes tokens (partitions, clusters) and sets their PINs.
    pub tool: &'static str,
    /// `C_InitToken` makes a token; else only the tool does.
    pub initialises: bool,
}

/// A file or folder that a module reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Setting {
    /// What it is, for messages.
    pub what: &'static str,
    /// The environment variable that names it.
    pub variable: Option<&'static str>,
    /// The file in the folder that the variable names; empty where the variable names the file, or the folder, itself.
    pub below: &'static str,
    /// Where it is looked for without the variable, first one first; `~` is the user's home.
    pub unix: &'static [&'static str],
    /// The same on Windows.
    pub windows: &'static [&'static str],
    /// The module does nothing without it.
    pub required: bool,
    /// What makes it.
    pub remedy: &'static str,
}

impl Setting {
    /// Where it is looked for on a platform when no variable names it.
    #[must_use]
    pub fn places(&self, platform: Platform) -> &'static [&'static str] {
        match platform {
            Platform::Unix | Platform::MacOs => self.unix,
            Platform::Windows => self.windows,
        }
    }
}

/// The same for both of AWS' clients.
const CLUSTER_CERTIFICATE: Setting = Setting {
    what: "certificate of the cluster",
    variable: None,
    below: "",
    unix: &["/opt/cloudhsm/etc/customerCA.crt"],
    windows: &["C:\\ProgramData\\Amazon\\CloudHSM\\customerCA.crt"],
    required: true,
    remedy: "copy customerCA.crt, with which the cluster was initialised, to this place",
};

/// All rows.
pub const SETUPS: &[VendorSetup] = &[
    // AWS CloudHSM user guide, "Bootstrap the Client SDK" and "Configuration parameters for the AWS CloudHSM client";
    // "Authenticating to PKCS #11 library" for the PIN; clusters and users are made by cloudhsm-cli.
    VendorSetup {
        profile: "cloudhsm",
        settings: &[
            Setting {
                what: "configuration of the PKCS#11 library",
                variable: None,
                below: "",
                unix: &["/opt/cloudhsm/etc/cloudhsm-pkcs11.cfg"],
                windows: &[],
                required: true,
                remedy: "configure the client: /opt/cloudhsm/bin/configure-pkcs11 -a ADDRESS-OF-AN-HSM",
            },
            CLUSTER_CERTIFICATE,
        ],
        needs: Some("the security group lets this machine reach the HSMs on TCP ports 2223 to 2225"),
        tool: "cloudhsm-cli (cluster activate, user create, user change-password)",
        initialises: false,
    },
    // AWS CloudHSM user guide, "Bootstrap the Client SDK", Client SDK 3.
    VendorSetup {
        profile: "cloudhsm-sdk3",
        settings: &[
            Setting {
                what: "configuration of the client",
                variable: None,
                below: "",
                unix: &["/opt/cloudhsm/etc/cloudhsm_client.cfg"],
                windows: &["C:\\ProgramData\\Amazon\\CloudHSM\\data\\cloudhsm_client.cfg"],
                required: true,
                remedy: "configure the client: /opt/cloudhsm/bin/configure -a ADDRESS-OF-AN-HSM",
            },
            CLUSTER_CERTIFICATE,
        ],
        needs: Some("the program cloudhsm_client runs (service cloudhsm-client)"),
        tool: "cloudhsm_mgmt_util (createUser, changePswd)",
        initialises: false,
    },
    // Microsoft Learn, "User management in Azure Cloud HSM".
    VendorSetup {
        profile: "azure-cloud-hsm",
        settings: &[],
        needs: Some("the program azcloudhsm_client runs and reaches the HSMs"),
        tool: "azcloudhsm_mgmt_util (createUser, changePswd)",
        initialises: false,
    },
    // Thales Luna HSM client documentation, "Configuration File Summary"; "Initializing an application partition".
    VendorSetup {
        profile: "luna",
        settings: &[Setting {
            what: "configuration of the Luna client",
            variable: Some("ChrystokiConfigurationPath"),
            below: if cfg!(windows) { "crystoki.ini" } else { "Chrystoki.conf" },
            unix: &["/etc/Chrystoki.conf"],
            windows: &["C:\\Program Files\\SafeNet\\LunaClient\\crystoki.ini"],
            required: true,
            remedy: "install and register the Luna client, or set ChrystokiConfigurationPath to the folder of the file",
        }],
        needs: Some("a partition is assigned to this client (lunacm: slot list)"),
        tool: "lunacm (partition init, role createchallenge, role changepw)",
        initialises: true,
    },
    // Entrust nShield Security World documentation, "nShield PKCS #11 library environment variables" and
    // "Environment variables".
    VendorSetup {
        profile: "nshield",
        settings: &[
            Setting {
                what: "folder of the Security World software",
                variable: Some("NFAST_HOME"),
                below: "",
                unix: &["/opt/nfast"],
                windows: &["C:\\Program Files\\nCipher\\nfast"],
                required: true,
                remedy: "install the Security World software, or set NFAST_HOME to its folder",
            },
            Setting {
                what: "Security World",
                variable: Some("NFAST_KMLOCAL"),
                below: "world",
                unix: &["/opt/nfast/kmdata/local/world"],
                windows: &["C:\\ProgramData\\nCipher\\Key Management Data\\local\\world"],
                required: true,
                remedy: "make a Security World with new-world, or fetch it with rfs-sync",
            },
        ],
        needs: Some("the hardserver runs (enquiry) and this user is in the group nfast"),
        tool: "createocs (card sets) or ppmk (softcards)",
        initialises: true,
    },
    // Yubico, "YubiHSM 2 user guide", "Deploy for PKCS#11".
    VendorSetup {
        profile: "yubihsm",
        settings: &[Setting {
            what: "configuration of the module",
            variable: Some("YUBIHSM_PKCS11_CONF"),
            below: "",
            unix: &["yubihsm_pkcs11.conf"],
            windows: &["yubihsm_pkcs11.conf"],
            required: true,
            remedy: "write a file with the line \"connector = http://127.0.0.1:12345\" and name it in YUBIHSM_PKCS11_CONF",
        }],
        needs: Some("yubihsm-connector runs where the configuration says, or the USB device may be opened"),
        tool: "yubihsm-shell (put authkey, reset)",
        initialises: false,
    },
    // tpm2-software/tpm2-pkcs11, docs/INITIALIZING.md and docs/PKCS11_TOOL.md. A store that is missing is made.
    VendorSetup {
        profile: "tpm2",
        settings: &[Setting {
            what: "store of the tokens",
            variable: Some("TPM2_PKCS11_STORE"),
            below: "",
            unix: &["/etc/tpm2_pkcs11", "~/.tpm2_pkcs11"],
            windows: &[],
            required: false,
            remedy: "make the folder, or name it in TPM2_PKCS11_STORE; without one the module uses the working directory",
        }],
        needs: Some("this user may open /dev/tpmrm0 (group tss), or TPM2_PKCS11_TCTI names another way to the TPM"),
        tool: "tpm2_ptool (init, addtoken, changepin)",
        initialises: true,
    },
    // Nitrokey documentation, "NetHSM", "PKCS#11 setup".
    VendorSetup {
        profile: "nethsm",
        settings: &[Setting {
            what: "configuration of the module",
            variable: Some("P11NETHSM_CONFIG_FILE"),
            below: "",
            unix: &["/etc/nitrokey/p11nethsm.conf", "~/.config/nitrokey/p11nethsm.conf"],
            windows: &[],
            required: true,
            remedy: "write p11nethsm.conf with a slot and the address of the NetHSM, or name it in P11NETHSM_CONFIG_FILE",
        }],
        needs: Some("the NetHSM is unlocked and answers at the url of the configuration"),
        tool: "nitropy nethsm (provision, add-user, set-passphrase)",
        initialises: false,
    },
    // Google Cloud KMS PKCS #11 library user guide, "Configuration".
    VendorSetup {
        profile: "google-kms",
        settings: &[Setting {
            what: "configuration of the library",
            variable: Some("KMS_PKCS11_CONFIG"),
            below: "",
            unix: &[],
            windows: &[],
            required: true,
            remedy: "write a YAML file with a key_ring, writable by its owner only, and name it in KMS_PKCS11_CONFIG",
        }],
        needs: Some("application default credentials are set (gcloud auth application-default login)"),
        tool: "gcloud kms keyrings create",
        initialises: false,
    },
    // Utimaco, "CryptoServer PKCS#11 R3 Developer Guide", "Location of the configuration file".
    VendorSetup {
        profile: "utimaco",
        settings: &[Setting {
            what: "configuration of the module",
            variable: Some("CS_PKCS11_R3_CFG"),
            below: "",
            unix: &["/etc/utimaco/cs_pkcs11_R3.cfg"],
            windows: &[],
            required: true,
            remedy: "write cs_pkcs11_R3.cfg with the Device of the HSM, or name it in CS_PKCS11_R3_CFG",
        }],
        needs: Some("the Device of cs_pkcs11_R3.cfg answers (csadm Dev=... GetState)"),
        tool: "p11tool2 (InitToken, InitPIN, SetPIN)",
        initialises: true,
    },
    // softhsm2.conf(5); SoftHSM 2 README, "Configure".
    VendorSetup {
        profile: "softhsm",
        settings: &[Setting {
            what: "configuration of SoftHSM",
            variable: Some("SOFTHSM2_CONF"),
            below: "",
            unix: &[
                "~/.config/softhsm2/softhsm2.conf",
                "/etc/softhsm/softhsm2.conf",
                "/etc/softhsm2.conf",
                "/usr/local/etc/softhsm2.conf",
                "/opt/homebrew/etc/softhsm/softhsm2.conf",
            ],
            windows: &["C:\\SoftHSM2\\etc\\softhsm2.conf"],
            required: true,
            remedy: "write a file with \"directories.tokendir = FOLDER\" and name it in SOFTHSM2_CONF",
        }],
        needs: Some(
            "this user may read the configuration and write the folder directories.tokendir (on Debian: group softhsm)",
        ),
        tool: "softhsm2-util",
        initialises: true,
    },
    // openCryptoki, pkcsslotd(8) and pkcsconf(1): a new token has the security officer's PIN 87654321, and says until it
    // is changed that it must be.
    VendorSetup {
        profile: "opencryptoki",
        settings: &[Setting {
            what: "configuration of openCryptoki",
            variable: None,
            below: "",
            unix: &["/etc/opencryptoki/opencryptoki.conf"],
            windows: &[],
            required: true,
            remedy: "install the package opencryptoki",
        }],
        needs: Some("the daemon pkcsslotd runs and this user is in the group pkcs11"),
        tool: "pkcsconf (-I, -P, -u, -p)",
        initialises: true,
    },
];

/// The row of a profile.
#[must_use]
pub fn by_profile(name: &str) -> Option<&'static VendorSetup> {
    SETUPS.iter().find(|setup| setup.profile.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::vendor;

    #[test]
    fn each_product_has_one_row() {
        for setup in SETUPS {
            assert_eq!(by_profile(setup.profile), Some(setup), "two rows");
            assert!(!setup.settings.is_empty() || setup.needs.is_some(), "{} needs nothing", setup.profile);
            assert!(vendor::by_profile(setup.profile).is_some(), "{} is no profile", setup.profile);
        }
    }
}
