//! What goes with a token that is initialised again: all that can be seen without a login.

use hsmcert::Error;
use hsmcert::token::{Module, ObjectClass, Session, TokenInfo};

use crate::cli::connect;
use crate::cli::report::Report;
use crate::cli::target::Target;

/// The visible objects, in words. Private keys are seen by their public ones.
pub(super) fn objects(
    module: &Module,
    token: &TokenInfo,
    target: &Target,
    report: &Report,
) -> Result<Vec<String>, Error> {
    let session = Session::open(module, token.clone())?.with(connect::conduct(target, None, report));
    let classes = [ObjectClass::PrivateKey, ObjectClass::PublicKey, ObjectClass::SecretKey, ObjectClass::Certificate];
    let mut all = Vec::new();
    for class in classes {
        all.extend(session.objects(class)?.iter().map(ToString::to_string));
    }
    Ok(all)
}
