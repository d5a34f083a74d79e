//! HSMs and key services of clouds.

use super::pin_form::PinForm;
use super::quirks::{Certificates, Changes, Quirks, RsaGeneration};
use super::row::Vendor;

const CLOUDHSM_TEMPLATES: &str = "AWS CloudHSM User Guide, \"Supported key attributes for the PKCS #11 library\": CKA_PRIVATE is TRUE for every \
     key, usage flags are FALSE unless set";
const CLOUDHSM_MECHANISMS: &str = "AWS CloudHSM User Guide, \"Supported mechanisms for the PKCS #11 library\": CKM_RSA_X9_31_KEY_PAIR_GEN, with \
     stronger guarantees for the primes";

/// AWS `CloudHSM` with Client SDK 5. The provider names are those of both SDKs.
pub(super) const CLOUDHSM: Vendor = Vendor {
    profile: "cloudhsm",
    product: "AWS CloudHSM",
    sources: &[
        "AWS CloudHSM User Guide, \"Install the PKCS #11 library for AWS CloudHSM Client SDK 5\"",
        CLOUDHSM_TEMPLATES,
        CLOUDHSM_MECHANISMS,
        "AWS CloudHSM User Guide, \"Certificate storage limits\": 60 certificates, 10 reads and 1 write a second for each HSM, \
         not retried by the library",
        "AWS CloudHSM User Guide, \"Change client key durability settings\": a new key must be on two HSMs",
    ],
    providers: &["Cavium Key Storage Provider", "CloudHSM Key Storage Provider"],
    unix: &["/opt/cloudhsm/lib/libcloudhsm_pkcs11.so"],
    windows: &["C:\\Program Files\\Amazon\\CloudHSM\\lib\\cloudhsm_pkcs11.dll"],
    pin: PinForm::UserPassword,
    certificate_storage: Some(
        "configure-pkcs11 --enable-certificate-storage (Client SDK 5.13 or newer, clusters of type hsm2m.medium)",
    ),
    quirks: Quirks {
        label_length: Some(127),
        public_key_private: true,
        changes: Changes::Certificates,
        rsa_generation: RsaGeneration::RsaX931,
        certificates: Certificates::OffAtFirst,
        new_key_seconds: 10,
        certificate_retry_seconds: 20,
        ..Quirks::STANDARD
    },
    remarks: &[
        "needs read/write sessions also for reading, which hsmcert always opens",
        "a cluster of one HSM needs configure-pkcs11 --disable-key-availability-check",
    ],
    ..Vendor::UNKNOWN
};

/// AWS `CloudHSM` with Client SDK 3: the same module name, so that it is chosen by hand.
pub(super) const CLOUDHSM_3: Vendor = Vendor {
    profile: "cloudhsm-sdk3",
    product: "AWS CloudHSM, Client SDK 3",
    sources: &[
        "AWS CloudHSM User Guide, \"PKCS #11 library attributes table for AWS CloudHSM Client SDK 3\"",
        "AWS CloudHSM User Guide, \"Interpreting PKCS #11 library error codes for AWS CloudHSM Client SDK 3\"",
        CLOUDHSM_MECHANISMS,
    ],
    unix: &[
        "/opt/cloudhsm/lib/libcloudhsm_pkcs11.so",
        "/opt/cloudhsm/lib/libcloudhsm_pkcs11_standard.so",
        "/opt/cloudhsm/lib/libcloudhsm_pkcs11_redis.so",
    ],
    windows: &["C:\\Program Files\\Amazon\\CloudHSM\\cloudhsm_pkcs11.dll"],
    pin: PinForm::UserPassword,
    quirks: Quirks {
        public_key_private: true,
        changes: Changes::Nothing,
        rsa_generation: RsaGeneration::RsaX931,
        certificates: Certificates::Never,
        new_key_seconds: 10,
        ..Quirks::STANDARD
    },
    remarks: &["chosen by --profile: its module has the name of SDK 5's"],
    ..Vendor::UNKNOWN
};

/// Azure Cloud HSM, of the same family.
pub(super) const AZURE: Vendor = Vendor {
    profile: "azure-cloud-hsm",
    product: "Azure Cloud HSM",
    sources: &[
        "Microsoft, \"Azure Cloud HSM PKCS#11 Integration Guide\": place of the module",
        "templates and key generation as of AWS CloudHSM, which is of the same family: not measured",
        "Microsoft Learn, \"Authentication in Azure Cloud HSM\": the PIN is user:password",
        "Microsoft Learn, \"PKCS#11 API for certificate storage\"",
    ],
    unix: &["/opt/azurecloudhsm/lib64/libazcloudhsm_pkcs11.so"],
    windows: &["C:\\Program Files\\Microsoft Azure Cloud HSM Client SDK\\libs\\pkcs11\\azcloudhsm_pkcs11.dll"],
    pin: PinForm::UserPassword,
    certificate_storage: Some("the set-up of Microsoft Learn, \"Azure Cloud HSM certificate storage\""),
    quirks: Quirks {
        public_key_private: true,
        rsa_generation: RsaGeneration::RsaX931,
        certificates: Certificates::OffAtFirst,
        new_key_seconds: 10,
        ..Quirks::STANDARD
    },
    ..Vendor::UNKNOWN
};

/// Google Cloud KMS through its PKCS#11 library, which has no place to install to.
pub(super) const KMS: Vendor = Vendor {
    profile: "google-kms",
    product: "Google Cloud KMS",
    sources: &[
        "GoogleCloudPlatform/kms-integrations, kmsp11/docs/user_guide.md, \"Functions\": no C_CreateObject, no C_SetAttributeValue; \
         C_GenerateKeyPair takes a label and a vendor attribute, nothing else",
        "GoogleCloudPlatform/kms-integrations, kmsp11/docs/user_guide.md, \"Per token configuration\": certs",
    ],
    unix: &["/usr/local/lib/libkmsp11.so", "/usr/lib64/libkmsp11.so"],
    macos: &["/usr/local/lib/libkmsp11.dylib"],
    windows: &["C:\\Program Files\\Google\\kmsp11\\kmsp11.dll"],
    certificate_storage: Some("listing its PEM text under certs of the token in the library's YAML configuration"),
    key_creation: Some(
        "gcloud kms keys create NAME --keyring RING --location LOCATION --purpose asymmetric-signing --protection-level hsm \
         --default-algorithm rsa-sign-pkcs1-2048-sha256",
    ),
    quirks: Quirks {
        changes: Changes::Nothing,
        generates_keys: false,
        certificates: Certificates::Never,
        ..Quirks::STANDARD
    },
    remarks: &[
        "the library comes as an archive, without a place of its own: name it with --module",
        "the PIN is ignored",
        "an algorithm with hash and padding belongs to each key",
    ],
    ..Vendor::UNKNOWN
};
