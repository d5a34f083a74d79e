//! The variables of the Windows key storage provider of AWS CloudHSM Client SDK 3 (AWS Security Blog, "Using AWS
//! CloudHSM-backed certificates with Microsoft Internet Information Server"): what each of them is here.

use hsmcert::token::vendor::{PinForm, Vendor};

use super::check::Check;
use super::checks::Checks;
use crate::cli::environment;

/// Name, and why nothing needs it.
const UNUSED: [(&str, &str); 5] = [
    (
        "n3fips_username",
        "not used: the user is part of the PIN (n3fips_password, CLOUDHSM_PIN or --pin-source, as USER:PASSWORD)",
    ),
    ("n3fips_partition", "not used: a cluster is one token; where there are several, --token LABEL or --slot chooses"),
    ("liquidsecurity_daemon_id", DAEMON),
    ("liquidsecurity_daemon_socket_type", DAEMON),
    ("liquidsecurity_daemon_tcp_port", DAEMON),
];
const DAEMON: &str = "not used: it leads the key storage provider of Client SDK 3 to the program cloudhsm_client; the PKCS#11 \
                      library of SDK 5 needs no such program, and that of SDK 3 reads its own configuration";

/// Each of them that is set, and whether it is of any use.
pub(super) fn variables(vendor: Option<&Vendor>, checks: &Checks) {
    const PASSWORD: &str = "n3fips_password";
    if environment::text(PASSWORD).is_some() {
        checks.push(match vendor.is_some_and(|vendor| vendor.pin == PinForm::UserPassword) {
            true => {
                Check::ok(PASSWORD, "used: it is the PIN when --pin-source, HSMCERT_PIN and CLOUDHSM_PIN give none")
            }
            false => Check::warning(
                PASSWORD,
                "not used: the module is not that of AWS CloudHSM",
                "name its module with --module FILE or --profile cloudhsm, or give the PIN with --pin-source",
            ),
        });
    }
    let unused = UNUSED.into_iter().filter(|(name, _)| environment::text(name).is_some());
    checks.extend(unused.map(|(name, why)| Check::ok(name, why)));
}
