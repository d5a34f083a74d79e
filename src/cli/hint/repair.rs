//! What to do next about something that a run has left and that is not mended.

use hsmcert::repair::RepairError;

/// Hints, most useful first.
pub(super) fn repair_hints(error: &RepairError) -> Vec<String> {
    match error {
        RepairError::Changed(_) => vec!["another run is at work: look again with: hsmcert repair".to_owned()],
        RepairError::NoPair { .. } => {
            vec!["nothing was changed; see what has which id with: hsmcert find-key --objects".to_owned()]
        }
        RepairError::ChainInTheWay { .. } => {
            vec!["nothing was changed; name another file with: hsmcert accept CERTIFICATE --chain-out FILE".to_owned()]
        }
        RepairError::NotInFile { .. } => {
            vec!["nothing was changed; store the CA's answer again with: hsmcert accept CERTIFICATE".to_owned()]
        }
    }
}
