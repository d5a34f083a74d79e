//! Products that hsmcert knows: what it says of them.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use support::Sandbox;

#[test]
fn the_table_names_a_source_for_each_product() {
    let machine = Sandbox::new();
    let listed = machine.run(&["token", "vendors", "--json"]).ok().json();
    let vendors = listed["vendors"].as_array().unwrap();
    let profiles: Vec<_> = vendors.iter().map(|vendor| vendor["profile"].as_str().unwrap()).collect();
    for wanted in
        ["cloudhsm", "cloudhsm-sdk3", "azure-cloud-hsm", "google-kms", "luna", "nshield", "utimaco", "yubihsm"]
    {
        assert!(profiles.contains(&wanted), "{wanted} is not in {profiles:?}");
    }
    for wanted in ["nethsm", "tpm2", "softhsm", "kryoptic", "opencryptoki", "nss"] {
        assert!(profiles.contains(&wanted), "{wanted} is not in {profiles:?}");
    }
    for vendor in vendors {
        assert!(!vendor["sources"].as_array().unwrap().is_empty(), "{vendor:#}");
    }
    let text = machine.run(&["token", "vendors"]).ok().stdout;
    for line in
        ["YubiHSM 2", "key ids have 2 bytes", "configure-pkcs11 --enable-certificate-storage", "gcloud kms keys create"]
    {
        assert!(text.contains(line), "`{line}` is not in:\n{text}");
    }
}
