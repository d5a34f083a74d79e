//! strongSwan: a file for `swanctl` (swanctl.conf(5)), and the plugin's own settings, which name the module.

use super::notes::Notes;
use super::site::text;
use super::{ConfigFile, Configuration, Error, Site, service, shell, writable};

pub(super) fn configure(site: &Site) -> Result<Configuration, Error> {
    let service = service::service(site, "strongswan", &site.environment)?;
    let (plugin, pin) = (site.companion(".strongswan.conf"), site.companion(".swanctl-pin.conf"));
    let write_pin = format!(
        "(umask 077; printf 'pin = \"%s\"\\n' \"$(cat {})\" > {})",
        shell::path(&site.pin_file),
        shell::path(&pin)
    );
    let notes = Notes::new(site, "strongSwan (hsmcert bind strongswan)")
        .row(
            "Belongs",
            &[
                "into /etc/swanctl/conf.d/NAME.conf; the intermediates of the chain file go, one a file, into",
                "/etc/swanctl/x509ca/",
            ],
        )
        .row("Packages", &["strongswan-swanctl, charon-systemd, libstrongswan-extra-plugins (the plugin pkcs11)"])
        .row("Module", &[&format!("stands in {}, which belongs to /etc/strongswan.d/", text(&plugin))])
        .environment(&site.environment, &text(&site.companion(".strongswan.service.conf")))
        .row(
            "PIN",
            &[
                "strongSwan takes a PIN only as a setting. It stands in a file of its own, which this one includes:",
                &write_pin,
                "Without that file: swanctl --load-creds asks for the PIN.",
            ],
        )
        .row(
            "AppArmor",
            &[
                "Debian's profile lets charon load no module but OpenSC's. Add the module (FILE rm,) and what it reads",
                "(FILE r,) to /etc/apparmor.d/local/usr.sbin.charon-systemd, the chain too.",
            ],
        )
        .row("Not proved", &["hsmcert's tests load key and certificate into charon this way; they try no IKE exchange"])
        .finish();
    let identity = site.host_name().map(|name| format!("            id = {name}\n")).unwrap_or_default();
    let main = format!(
        "{notes}connections {{
    hsmcert {{
        version = 2
        local {{
            auth = pubkey
            certs = {chain}
{identity}        }}
        remote {{
            auth = pubkey
        }}
        children {{
            hsmcert {{
            }}
        }}
    }}
}}
secrets {{
    token-hsmcert {{
        # CKA_ID of key and certificate.
        handle = {id}
        module = hsmcert
        slot = {slot}
        include {pin}
    }}
}}
",
        chain = quoted(&text(&site.chain))?,
        id = site.key.id,
        slot = site.token.slot,
        pin = included(&text(&pin))?,
    );
    let settings = format!(
        "# The PKCS#11 module for strongSwan's plugin pkcs11.
charon {{
    plugins {{
        pkcs11 {{
            load = yes
            modules {{
                hsmcert {{
                    path = {}
                    # The certificate comes from the chain file.
                    load_certs = no
                }}
            }}
        }}
    }}
}}
",
        quoted(&text(&site.module))?
    );
    let install = format!("install -m 644 {} /etc/strongswan.d/hsmcert.conf", shell::path(&plugin));
    let mut companions = vec![(plugin, ConfigFile { purpose: "strongSwan module", text: settings })];
    let mut next = vec![("the module", install)];
    if let Some(service) = service {
        companions.push(service.companion);
        next.push(("the daemon's environment", service.install));
    }
    next.push(("the PIN", write_pin));
    next.push(("start", "systemctl restart strongswan && swanctl --load-all".to_owned()));
    next.push(("check, it says \"has private key\"", "swanctl --list-certs".to_owned()));
    Ok(Configuration { main: ConfigFile { purpose: "swanctl configuration", text: main }, companions, next })
}

/// In quotes `#`, braces and `=` lose their meaning.
fn quoted(value: &str) -> Result<String, Error> {
    let value = writable("strongSwan", value, &[])?;
    let plain = |character: char| character.is_ascii_alphanumeric() || "-_./".contains(character);
    if value.chars().all(plain) {
        return Ok(value.to_owned());
    }
    Ok(format!("\"{}\"", value.replace('\\', r"\\").replace('"', "\\\"")))
}

/// A path to include is a pattern of file names.
fn included(value: &str) -> Result<String, Error> {
    quoted(writable("strongSwan", value, &['*', '?', '['])?)
}
