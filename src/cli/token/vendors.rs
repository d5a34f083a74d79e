//! `hsmcert token vendors`: the built-in profiles, and what hsmcert does differently for each product.

use std::path::Path;

use hsmcert::token::vendor::{Certificates, Changes, PinForm, Platform, Quirks, RsaGeneration, VENDORS, Vendor};
use serde::Serialize;

use super::super::facts::Facts;
use super::super::report::Report;

#[derive(Serialize)]
struct Listed {
    vendors: Vec<JsonVendor>,
}

#[derive(Serialize)]
struct JsonVendor {
    profile: &'static str,
    product: &'static str,
    software: bool,
    /// The form of the PIN.
    pin: &'static str,
    providers: &'static [&'static str],
    modules: Vec<JsonModule>,
    certificate_storage: Option<&'static str>,
    key_creation: Option<&'static str>,
    needed_variable: Option<&'static str>,
    /// By their names in `hsmcert.toml`.
    quirks: Quirks,
    remarks: &'static [&'static str],
    sources: &'static [&'static str],
}

#[derive(Serialize)]
struct JsonModule {
    path: &'static str,
    is_here: bool,
}

pub(super) fn run(report: &Report) {
    let vendors: Vec<JsonVendor> = VENDORS.iter().map(json).collect();
    let text: Vec<String> = vendors.iter().map(draw).collect();
    report.result(&Listed { vendors }, &text.join("\n"));
}

fn json(vendor: &Vendor) -> JsonVendor {
    let Vendor {
        profile,
        product,
        sources,
        providers,
        unix: _,
        macos: _,
        windows: _,
        pin,
        software,
        certificate_storage,
        key_creation,
        needed_variable,
        quirks,
        remarks,
    } = *vendor;
    let module = |path: &&'static str| JsonModule { path, is_here: Path::new(path).exists() };
    let modules = vendor.modules(Platform::CURRENT).iter().map(module).collect();
    JsonVendor {
        profile,
        product,
        software,
        pin: pin.example(),
        providers,
        modules,
        certificate_storage,
        key_creation,
        needed_variable,
        quirks,
        remarks,
        sources,
    }
}

fn draw(vendor: &JsonVendor) -> String {
    let mut facts = Facts::new(&format!("{}: {}", vendor.profile, vendor.product), 10);
    let place = |one: &JsonModule| format!("{}{}", one.path, if one.is_here { " (is here)" } else { "" });
    facts.list("module", vendor.modules.iter().map(place));
    if vendor.modules.is_empty() {
        facts.line("module", "none for this platform");
    }
    facts.list("provider", vendor.providers);
    facts.list("special", special(vendor));
    facts.list("remark", vendor.remarks);
    facts.list("source", vendor.sources);
    facts.finish()
}

/// What is unlike the standard, in words.
fn special(vendor: &JsonVendor) -> Vec<String> {
    let Quirks {
        id_length,
        label_is_id,
        label_length,
        finds_by_public_key,
        public_key_private,
        deny_uses_in_template,
        changes,
        rsa_generation,
        generates_keys,
        certificates,
        certificates_share_id,
        changes_side_by_side,
        new_key_seconds,
        certificate_retry_seconds,
    } = vendor.quirks;
    let mut words = Vec::new();
    let mut say = |is_so: bool, text: &str| {
        if is_so {
            words.push(text.to_owned());
        }
    };
    say(vendor.software, "keys are on a disk, not in an HSM");
    say(vendor.pin != PinForm::Plain.example(), &format!("the PIN is {}", vendor.pin));
    say(id_length != Quirks::STANDARD.id_length, &format!("key ids have {id_length} bytes"));
    say(label_is_id, "label and id of a key are one name of letters and digits");
    say(label_length.is_some(), &format!("labels have at most {} bytes", label_length.unwrap_or_default()));
    say(!finds_by_public_key, "keys are not found by their public key: all are read and compared");
    say(public_key_private, "public keys are private objects too");
    say(deny_uses_in_template, "uses that nobody asked for are denied when a key is made");
    match changes {
        Changes::All => {}
        Changes::Certificates => say(true, "attributes of keys cannot be changed"),
        Changes::Nothing => say(true, "attributes cannot be changed"),
    }
    match rsa_generation {
        RsaGeneration::RsaPkcs => {}
        RsaGeneration::RsaX931 => say(true, "RSA keys are made by CKM_RSA_X9_31_KEY_PAIR_GEN where it is there"),
        RsaGeneration::LunaFips186 => {
            say(true, "RSA keys are made by CKM_RSA_FIPS_186_3_PRIME_KEY_PAIR_GEN where it is there");
        }
    }
    let how = vendor.key_creation.unwrap_or("its own tool");
    say(!generates_keys, &format!("makes no keys for new; make them with: {how}"));
    let storage = vendor.certificate_storage.unwrap_or("see its documentation");
    match certificates {
        Certificates::Stored => {}
        Certificates::OffAtFirst => say(true, &format!("holds certificates after: {storage}")),
        Certificates::Never => match vendor.certificate_storage {
            Some(instead) => say(true, &format!("holds no certificates; shows them after: {instead}")),
            None => say(true, "holds no certificates"),
        },
        Certificates::WithKey => say(true, "holds certificates only with their key, and destroys both together"),
    }
    say(
        !certificates_share_id,
        "two certificates cannot have one id: the old one goes first, after it was saved to a file",
    );
    say(changes_side_by_side, "many certificates are accepted in several sessions at once");
    say(new_key_seconds > 0, &format!("a new key may take {new_key_seconds} s until it is on all HSMs"));
    say(
        certificate_retry_seconds > 0,
        &format!("operations on certificates are tried again for {certificate_retry_seconds} s"),
    );
    words
}
