//! The refusals of each vendor, with their sources. What no source tells is left to the real module.

use cryptoki_sys::*;

use crate::templates::Rule;

/// `CKM_RSA_FIPS_186_3_PRIME_KEY_PAIR_GEN` of Thales Luna.
const LUNA_FIPS_186_3: CK_MECHANISM_TYPE = CKM_VENDOR_DEFINED + 0x143;

/// What one vendor's module refuses.
pub(crate) struct Rules {
    /// The answer to a session that is not read/write.
    pub(crate) read_only_session: Option<CK_RV>,
    /// So many sessions, not more.
    pub(crate) most_sessions: Option<usize>,
    /// The PIN is `user:password`.
    pub(crate) user_in_pin: bool,
    /// The PIN is four hexadecimal digits and the password.
    pub(crate) key_id_in_pin: bool,
    /// Mechanisms that make RSA keys and that the real module does not have.
    pub(crate) more_mechanisms: &'static [CK_MECHANISM_TYPE],
    /// Mechanisms that are listed, and refused when a key is made (`CKR_MECHANISM_INVALID`).
    pub(crate) unusable_mechanisms: &'static [CK_MECHANISM_TYPE],
    /// The public template must be empty.
    pub(crate) public_template_is_refused: bool,
    pub(crate) public_key: Rule,
    pub(crate) private_key: Rule,
    /// A key has one name of letters and digits; other ids become hex.
    pub(crate) label_is_id: bool,
    pub(crate) certificates: Certificates,
    pub(crate) changes: Changes,
    /// The attributes by which objects are found; by others nothing is.
    pub(crate) searchable: Option<&'static [CK_ATTRIBUTE_TYPE]>,
}

/// The rules for certificates.
pub(crate) struct Certificates {
    /// None is taken.
    pub(crate) refused: Option<CK_RV>,
    pub(crate) template: Rule,
    /// The answer to a second one of the same `CKA_ID`.
    pub(crate) second: Option<CK_RV>,
    /// The answer to one whose `CKA_ID` no key has.
    pub(crate) without_key: Option<CK_RV>,
    /// The end of a private key is that of its public key and its certificate.
    pub(crate) go_with_key: bool,
}

/// The attributes that `C_SetAttributeValue` changes, and the answer to others; all without a rule.
pub(crate) struct Changes {
    pub(crate) key: Option<(&'static [CK_ATTRIBUTE_TYPE], CK_RV)>,
    pub(crate) certificate: Option<(&'static [CK_ATTRIBUTE_TYPE], CK_RV)>,
}

const NOTHING: Rules = Rules {
    read_only_session: None,
    most_sessions: None,
    user_in_pin: false,
    key_id_in_pin: false,
    more_mechanisms: &[],
    unusable_mechanisms: &[],
    public_template_is_refused: false,
    public_key: Rule::NONE,
    private_key: Rule::NONE,
    label_is_id: false,
    certificates: STORED,
    changes: Changes { key: None, certificate: None },
    searchable: None,
};

const STORED: Certificates =
    Certificates { refused: None, template: Rule::NONE, second: None, without_key: None, go_with_key: false };
const UNSUPPORTED: Certificates = Certificates { refused: Some(CKR_FUNCTION_NOT_SUPPORTED), ..STORED };
const NO_CHANGE: (&[CK_ATTRIBUTE_TYPE], CK_RV) = (&[], CKR_FUNCTION_NOT_SUPPORTED);

impl Rules {
    pub(crate) fn of(vendor: &str) -> Option<Self> {
        Some(match vendor {
            "cloudhsm" => cloudhsm(),
            "cloudhsm-sdk3" => Rules {
                certificates: Certificates { refused: Some(CKR_ATTRIBUTE_VALUE_INVALID), ..STORED },
                changes: Changes { key: Some(NO_CHANGE), certificate: Some(NO_CHANGE) },
                ..cloudhsm()
            },
            // Microsoft Learn, "PKCS#11 API for certificate storage"; the templates of its family.
            "azure-cloud-hsm" => Rules { certificates: STORED, changes: NOTHING.changes, ..cloudhsm() },
            // kmsp11/docs/user_guide.md, "Functions".
            "google-kms" => Rules {
                public_template_is_refused: true,
                private_key: Rule {
                    known: Some((&[CKA_LABEL, CKA_VENDOR_DEFINED | 0x1e101], CKR_TEMPLATE_INCONSISTENT)),
                    ..Rule::NONE
                },
                certificates: UNSUPPORTED,
                changes: Changes { key: Some(NO_CHANGE), certificate: Some(NO_CHANGE) },
                ..NOTHING
            },
            // Keyfactor, "Thales Luna HSM": in FIPS mode only key generation by FIPS 186-3 is approved.
            "luna" => Rules {
                more_mechanisms: &[CKM_RSA_X9_31_KEY_PAIR_GEN, LUNA_FIPS_186_3],
                unusable_mechanisms: &[CKM_RSA_PKCS_KEY_PAIR_GEN, CKM_RSA_X9_31_KEY_PAIR_GEN],
                ..NOTHING
            },
            // Entrust nShield documentation, "PKCS #11", security assurance mechanism: a key that could leave the HSM,
            // or of which that is not said, is refused.
            "nshield" => Rules {
                private_key: Rule {
                    required: (&[CKA_TOKEN, CKA_SENSITIVE, CKA_EXTRACTABLE, CKA_SIGN], CKR_TEMPLATE_INCONSISTENT),
                    fixed: (&[(CKA_SENSITIVE, true), (CKA_EXTRACTABLE, false)], CKR_TEMPLATE_INCONSISTENT),
                    ..Rule::NONE
                },
                ..NOTHING
            },
            // No refusal beyond the standard is documented in public.
            "utimaco" => NOTHING,
            "yubihsm" => yubihsm(),
            "nethsm" => nethsm(),
            // Measured with tpm2-pkcs11 1.9.0.
            "tpm2" => Rules {
                private_key: Rule {
                    fixed: (&[(CKA_DECRYPT, true), (CKA_UNWRAP, true)], CKR_GENERAL_ERROR),
                    ..Rule::NONE
                },
                certificates: Certificates {
                    template: Rule { fixed: (&[(CKA_PRIVATE, false)], CKR_ATTRIBUTE_VALUE_INVALID), ..Rule::NONE },
                    ..STORED
                },
                ..NOTHING
            },
            "softhsm" => NOTHING,
            // Measured with kryoptic 1.5.4.
            "kryoptic" => Rules {
                certificates: Certificates {
                    template: Rule { required: (&[CKA_SUBJECT], CKR_TEMPLATE_INCOMPLETE), ..Rule::NONE },
                    ..STORED
                },
                ..NOTHING
            },
            // Measured with openCryptoki 3.8.1.
            "opencryptoki" => Rules {
                private_key: Rule { known: Some((OPENCRYPTOKI_PRIVATE, CKR_ATTRIBUTE_TYPE_INVALID)), ..Rule::NONE },
                certificates: Certificates {
                    template: Rule {
                        required: (&[CKA_SUBJECT], CKR_TEMPLATE_INCOMPLETE),
                        known: Some((OPENCRYPTOKI_CERTIFICATE, CKR_TEMPLATE_INCONSISTENT)),
                        ..Rule::NONE
                    },
                    ..STORED
                },
                ..NOTHING
            },
            // Measured with NSS 3.87.
            "nss" => Rules {
                public_key: Rule {
                    known: Some((NSS_PUBLIC, CKR_KEY_TYPE_INCONSISTENT)),
                    required: (&[CKA_PUBLIC_EXPONENT], CKR_TEMPLATE_INCOMPLETE),
                    ..Rule::NONE
                },
                certificates: Certificates {
                    template: Rule {
                        required: (&[CKA_SUBJECT, CKA_ISSUER, CKA_SERIAL_NUMBER], CKR_TEMPLATE_INCOMPLETE),
                        fixed: (&[(CKA_PRIVATE, false)], CKR_ATTRIBUTE_VALUE_INVALID),
                        ..Rule::NONE
                    },
                    ..STORED
                },
                ..NOTHING
            },
            _ => return None,
        })
    }

    /// Certificates were not enabled.
    pub(crate) fn certificates_are_off(&mut self) -> Result<(), String> {
        if self.certificates.refused.is_some() {
            return Err("certificates cannot be switched off where there are none".to_owned());
        }
        self.certificates.refused = Some(CKR_ATTRIBUTE_VALUE_INVALID);
        Ok(())
    }

    /// What the real module is asked for in the place of an additional mechanism.
    pub(crate) fn real_mechanism(&self, mechanism: CK_MECHANISM_TYPE) -> CK_MECHANISM_TYPE {
        if self.more_mechanisms.contains(&mechanism) { CKM_RSA_PKCS_KEY_PAIR_GEN } else { mechanism }
    }
}

const OPENCRYPTOKI_PRIVATE: &[CK_ATTRIBUTE_TYPE] = &[
    CKA_CLASS,
    CKA_KEY_TYPE,
    CKA_TOKEN,
    CKA_PRIVATE,
    CKA_SENSITIVE,
    CKA_EXTRACTABLE,
    CKA_SIGN,
    CKA_DECRYPT,
    CKA_UNWRAP,
    CKA_DERIVE,
    CKA_ID,
    CKA_LABEL,
    CKA_SUBJECT,
    CKA_MODIFIABLE,
];
const OPENCRYPTOKI_CERTIFICATE: &[CK_ATTRIBUTE_TYPE] = &[
    CKA_CLASS,
    CKA_CERTIFICATE_TYPE,
    CKA_TOKEN,
    CKA_PRIVATE,
    CKA_ID,
    CKA_LABEL,
    CKA_SUBJECT,
    CKA_ISSUER,
    CKA_SERIAL_NUMBER,
    CKA_VALUE,
];
/// `CKA_ENCRYPT` false is refused, so none is known here that is not needed.
const NSS_PUBLIC: &[CK_ATTRIBUTE_TYPE] = &[
    CKA_CLASS,
    CKA_KEY_TYPE,
    CKA_TOKEN,
    CKA_PRIVATE,
    CKA_VERIFY,
    CKA_ID,
    CKA_LABEL,
    CKA_MODULUS_BITS,
    CKA_PUBLIC_EXPONENT,
    CKA_EC_PARAMS,
];

/// AWS CloudHSM User Guide: "Supported key attributes for the PKCS #11 library" and the error codes below it, "Known
/// issues for the PKCS #11 library" (read/write sessions), "Authenticate to the PKCS #11 library" (PIN), "Certificate
/// storage attributes", "Supported API operations" (`C_SetAttributeValue` is for certificates).
fn cloudhsm() -> Rules {
    const PUBLIC: &[CK_ATTRIBUTE_TYPE] = &[
        CKA_CLASS,
        CKA_KEY_TYPE,
        CKA_LABEL,
        CKA_ID,
        CKA_TOKEN,
        CKA_PRIVATE,
        CKA_ENCRYPT,
        CKA_MODIFIABLE,
        CKA_DESTROYABLE,
        CKA_VERIFY,
        CKA_WRAP,
        CKA_TRUSTED,
        CKA_MODULUS_BITS,
        CKA_PUBLIC_EXPONENT,
        CKA_EC_PARAMS,
    ];
    const PRIVATE: &[CK_ATTRIBUTE_TYPE] = &[
        CKA_CLASS,
        CKA_KEY_TYPE,
        CKA_LABEL,
        CKA_ID,
        CKA_TOKEN,
        CKA_PRIVATE,
        CKA_DECRYPT,
        CKA_DERIVE,
        CKA_MODIFIABLE,
        CKA_DESTROYABLE,
        CKA_SENSITIVE,
        CKA_SIGN,
        CKA_UNWRAP,
        CKA_EXTRACTABLE,
        CKA_WRAP_WITH_TRUSTED,
    ];
    const CERTIFICATE: &[CK_ATTRIBUTE_TYPE] = &[
        CKA_CLASS,
        CKA_CERTIFICATE_TYPE,
        CKA_SUBJECT,
        CKA_VALUE,
        CKA_TOKEN,
        CKA_PRIVATE,
        CKA_MODIFIABLE,
        CKA_COPYABLE,
        CKA_DESTROYABLE,
        CKA_TRUSTED,
        CKA_CERTIFICATE_CATEGORY,
        CKA_ID,
        CKA_LABEL,
        CKA_ISSUER,
        CKA_SERIAL_NUMBER,
    ];
    let fixed = (&[(CKA_PRIVATE, true), (CKA_MODIFIABLE, true)][..], CKR_ATTRIBUTE_VALUE_INVALID);
    Rules {
        read_only_session: Some(CKR_FUNCTION_FAILED),
        user_in_pin: true,
        more_mechanisms: &[CKM_RSA_X9_31_KEY_PAIR_GEN],
        public_key: Rule { known: Some((PUBLIC, CKR_TEMPLATE_INCONSISTENT)), fixed, ..Rule::NONE },
        private_key: Rule { known: Some((PRIVATE, CKR_TEMPLATE_INCONSISTENT)), fixed, ..Rule::NONE },
        certificates: Certificates {
            template: Rule {
                known: Some((CERTIFICATE, CKR_TEMPLATE_INCONSISTENT)),
                required: (&[CKA_SUBJECT, CKA_VALUE, CKA_TOKEN], CKR_TEMPLATE_INCOMPLETE),
                fixed: (
                    &[
                        (CKA_TOKEN, true),
                        (CKA_PRIVATE, false),
                        (CKA_MODIFIABLE, true),
                        (CKA_COPYABLE, false),
                        (CKA_DESTROYABLE, true),
                        (CKA_TRUSTED, false),
                    ],
                    CKR_ATTRIBUTE_VALUE_INVALID,
                ),
                label: Some((127, CKR_ATTRIBUTE_VALUE_INVALID)),
            },
            ..STORED
        },
        changes: Changes { key: Some(NO_CHANGE), certificate: None },
        ..NOTHING
    }
}

/// Yubico/yubihsm-shell: `parse_rsa_generate_template` and `parse_ec_generate_template` in pkcs11/util_pkcs11.c,
/// `C_CreateObject`, `C_SetAttributeValue` and `C_FindObjectsInit` in pkcs11/yubihsm_pkcs11.c. A `YubiHSM` has 16
/// sessions. Two objects of one type and id are refused by the device.
fn yubihsm() -> Rules {
    const PUBLIC: &[CK_ATTRIBUTE_TYPE] = &[
        CKA_CLASS,
        CKA_KEY_TYPE,
        CKA_ID,
        CKA_PUBLIC_EXPONENT,
        CKA_MODULUS_BITS,
        CKA_EC_PARAMS,
        CKA_LABEL,
        CKA_TOKEN,
        CKA_MODIFIABLE,
        CKA_DECRYPT,
        CKA_SIGN,
        CKA_UNWRAP,
        CKA_WRAP,
        CKA_VERIFY,
        CKA_ENCRYPT,
        CKA_EXTRACTABLE,
        CKA_PRIVATE,
        CKA_COPYABLE,
        CKA_DESTROYABLE,
    ];
    const PRIVATE: &[CK_ATTRIBUTE_TYPE] = &[
        CKA_CLASS,
        CKA_KEY_TYPE,
        CKA_ID,
        CKA_DECRYPT,
        CKA_SIGN,
        CKA_EXTRACTABLE,
        CKA_LABEL,
        CKA_TOKEN,
        CKA_SENSITIVE,
        CKA_PRIVATE,
        CKA_DESTROYABLE,
        CKA_WRAP,
        CKA_MODIFIABLE,
        CKA_COPYABLE,
        CKA_ENCRYPT,
        CKA_VERIFY,
        CKA_UNWRAP,
        CKA_SUBJECT,
    ];
    const CERTIFICATE: &[CK_ATTRIBUTE_TYPE] = &[
        CKA_VALUE,
        CKA_CERTIFICATE_TYPE,
        CKA_PRIVATE,
        CKA_SENSITIVE,
        CKA_COPYABLE,
        CKA_DESTROYABLE,
        CKA_TOKEN,
        CKA_CLASS,
        CKA_ID,
        CKA_LABEL,
        CKA_APPLICATION,
        CKA_OBJECT_ID,
        CKA_SUBJECT,
        CKA_ISSUER,
        CKA_SERIAL_NUMBER,
        CKA_EXTRACTABLE,
    ];
    const SEARCHABLE: &[CK_ATTRIBUTE_TYPE] = &[
        CKA_ID,
        CKA_CLASS,
        CKA_LABEL,
        CKA_SIGN,
        CKA_DECRYPT,
        CKA_ENCRYPT,
        CKA_WRAP,
        CKA_UNWRAP,
        CKA_EXTRACTABLE,
        CKA_VALUE,
        CKA_TOKEN,
        CKA_PRIVATE,
        CKA_SENSITIVE,
        CKA_ALWAYS_SENSITIVE,
        CKA_DESTROYABLE,
        CKA_KEY_TYPE,
        CKA_APPLICATION,
        CKA_CERTIFICATE_TYPE,
    ];
    let label = Some((40, CKR_ATTRIBUTE_VALUE_INVALID));
    Rules {
        most_sessions: Some(16),
        key_id_in_pin: true,
        public_key: Rule {
            known: Some((PUBLIC, CKR_ATTRIBUTE_TYPE_INVALID)),
            fixed: (
                &[
                    (CKA_TOKEN, true),
                    (CKA_MODIFIABLE, false),
                    (CKA_DECRYPT, false),
                    (CKA_SIGN, false),
                    (CKA_UNWRAP, false),
                ],
                CKR_ATTRIBUTE_VALUE_INVALID,
            ),
            label,
            ..Rule::NONE
        },
        private_key: Rule {
            known: Some((PRIVATE, CKR_ATTRIBUTE_TYPE_INVALID)),
            fixed: (
                &[
                    (CKA_TOKEN, true),
                    (CKA_SENSITIVE, true),
                    (CKA_PRIVATE, true),
                    (CKA_DESTROYABLE, true),
                    (CKA_WRAP, false),
                    (CKA_MODIFIABLE, false),
                    (CKA_COPYABLE, false),
                    (CKA_ENCRYPT, false),
                    (CKA_VERIFY, false),
                ],
                CKR_ATTRIBUTE_VALUE_INVALID,
            ),
            label,
            ..Rule::NONE
        },
        certificates: Certificates {
            template: Rule {
                known: Some((CERTIFICATE, CKR_ATTRIBUTE_TYPE_INVALID)),
                fixed: (
                    &[(CKA_PRIVATE, false), (CKA_COPYABLE, false), (CKA_DESTROYABLE, true)],
                    CKR_ATTRIBUTE_VALUE_INVALID,
                ),
                ..Rule::NONE
            },
            second: Some(CKR_FUNCTION_FAILED),
            ..STORED
        },
        changes: Changes {
            key: Some((&[CKA_ID, CKA_LABEL, CKA_SUBJECT], CKR_FUNCTION_NOT_SUPPORTED)),
            certificate: Some((&[CKA_ID, CKA_LABEL, CKA_SUBJECT], CKR_FUNCTION_NOT_SUPPORTED)),
        },
        searchable: Some(SEARCHABLE),
        ..NOTHING
    }
}

/// Nitrokey/nethsm-pkcs11, pkcs11/src/backend/key.rs: names and certificates; session.rs, `delete_object`: the end of a
/// private key is that of the key with all its parts, and a public key alone is not deleted; issues 183 and 260.
fn nethsm() -> Rules {
    Rules {
        label_is_id: true,
        certificates: Certificates {
            second: Some(CKR_DEVICE_ERROR),
            without_key: Some(CKR_DEVICE_ERROR),
            go_with_key: true,
            ..STORED
        },
        changes: Changes { key: Some(NO_CHANGE), certificate: Some(NO_CHANGE) },
        ..NOTHING
    }
}
