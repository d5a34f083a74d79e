//! IIS: PowerShell lines, and the file for `certutil -repairstore`. Windows reaches the key through the vendor's key
//! storage provider and not through PKCS#11, so the certificate in its store must name provider and container.
//!
//! Sources: AWS CloudHSM user guide, "Associate an AWS CloudHSM key with a certificate", and its page on
//! `cloudhsm-cli key generate-file`; Microsoft, "certutil" and "netsh http".

use super::key_storage;
use super::notes::Notes;
use super::site::text;
use super::{ConfigFile, Configuration, Error, Site, writable};

/// IIS Manager writes this application id with its own bindings.
const APPLICATION: &str = "{4dc3e181-e14b-4a21-b022-59fc669b0914}";
/// What stands where the container is not known; the script stops at it.
const UNKNOWN_CONTAINER: &str = "CONTAINER-NAME";

pub(super) fn configure(site: &Site) -> Result<Configuration, Error> {
    let repair = site.companion(".repair.txt");
    let name = site.host_name().unwrap_or("localhost");
    let (port, thumbprint, serial) = (site.listen.port, &site.leaf.thumbprint, &site.leaf.serial);
    let name_it = "The name of the file that it writes is the container: hsmcert bind iis --ksp-container NAME";
    let provider = &site.key_storage.provider;
    let container = match &site.key_storage.container {
        Some(container) => vec![format!("{container}, as it was given to hsmcert")],
        None if key_storage::is_cloudhsm(provider) => vec![
            "not known to hsmcert. AWS CloudHSM, SDK 5.16 and newer:".to_owned(),
            key_storage::generate_file(site.leaf.modulus.as_deref(), &site.key.label),
            name_it.to_owned(),
        ],
        None => {
            vec!["not known to hsmcert; the vendor's tools show it: hsmcert bind iis --ksp-container NAME".to_owned()]
        }
    };
    let container: Vec<&str> = container.iter().map(String::as_str).collect();
    let file_name =
        |path: &std::path::Path| path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let notes = Notes::new(site, "IIS (hsmcert bind iis)")
        .row(
            "Run",
            &[
                "in PowerShell as administrator, on the server, with the chain file and the repair file beside it:",
                "powershell -ExecutionPolicy Bypass -File FILE",
            ],
        )
        .row("Container", &container)
        .row(
            "Not needed",
            &[
                "after certreq -accept, or hsmcert accept with --ksp-container, on this server: then only the binding",
                "at the end",
            ],
        )
        .row(
            "Not proved",
            &[
                "hsmcert's tests run these lines on no Windows server with an HSM. Flags is CRYPT_MACHINE_KEYSET, as",
                "hsmcert accept and certreq write it to the store of the machine. AWS's text has 0, from Microsoft's",
                "example of a key of a user; its provider (Client SDK 5) makes no difference between the two.",
                "certutil -store my may say \"Could not verify certificate public key against private key\" with",
                "CloudHSM SDK 5.14 and 5.15 although it works (AWS, known issues).",
            ],
        )
        .finish();
    let main = format!(
        "{notes}$ErrorActionPreference = 'Stop'
$chain  = Join-Path $PSScriptRoot {chain}
$repair = Join-Path $PSScriptRoot {repair_name}

# The certificate, and the key that belongs to it.
if (Select-String -Quiet -SimpleMatch '{UNKNOWN_CONTAINER}' $repair) {{
    throw \"write the name of the key container into $repair\"
}}
certutil -f -addstore My $chain
if ($LASTEXITCODE) {{ throw 'certutil -addstore failed' }}
certutil -f -repairstore My {serial} $repair
if ($LASTEXITCODE) {{ throw 'certutil -repairstore failed' }}
if (-not (Get-Item Cert:\\LocalMachine\\My\\{thumbprint}).HasPrivateKey) {{ throw 'Windows finds no key for the certificate' }}

# The binding of the site.
Import-Module IISAdministration
New-IISSiteBinding -Name 'Default Web Site' -Protocol https -BindingInformation {binding} `
    -CertificateThumbPrint {thumbprint} -CertStoreLocation 'Cert:\\LocalMachine\\My' -SslFlag Sni
# The same without IIS, for programs on HTTP.sys:
# netsh http add sslcert hostnameport={name}:{port} certhash={thumbprint} certstorename=MY appid='{APPLICATION}'
",
        chain = quoted(&file_name(&site.chain))?,
        repair_name = quoted(&file_name(&repair))?,
        binding = quoted(&format!("*:{port}:{name}"))?,
    );
    let repair_text = format!(
        "[Properties]
11 = \"\" ; friendly name
2 = \"{{text}}\" ; key provider information
_continue_=\"Container={container}&\"
_continue_=\"Provider={provider}&\"
_continue_=\"Flags=0x{flags:x}&\"
_continue_=\"KeySpec={key_spec}\"
",
        container = in_repair_file(site.key_storage.container.as_deref().unwrap_or(UNKNOWN_CONTAINER))?,
        provider = in_repair_file(provider)?,
        flags = key_storage::MACHINE_KEY_SET,
        key_spec = key_storage::key_spec(provider),
    );
    let next = vec![
        ("bring to the server, into one folder", format!("FILE, {}, {}", text(&site.chain), text(&repair))),
        ("there", "powershell -ExecutionPolicy Bypass -File FILE".to_owned()),
        ("prove, from another computer", format!("browse to https://{name}:{port}/ and look at the certificate")),
    ];
    let companions = vec![(repair, ConfigFile { purpose: "certutil -repairstore file", text: repair_text })];
    Ok(Configuration { main: ConfigFile { purpose: "PowerShell script", text: main }, companions, next })
}

/// Nothing is replaced in single quotes; PowerShell takes typographic ones for the same.
fn quoted(value: &str) -> Result<String, Error> {
    let value = writable("PowerShell", value, &['\u{2018}', '\u{2019}', '\u{201a}', '\u{201b}'])?;
    Ok(format!("'{}'", value.replace('\'', "''")))
}

/// `&` ends a part, and a quote the text.
fn in_repair_file(value: &str) -> Result<&str, Error> {
    writable("certutil -repairstore", value, &['&', '"'])
}
