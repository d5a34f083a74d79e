//! What to do next about a superseded pair that stays.

use hsmcert::prune::PruneError;

/// Hints, most useful first.
pub(super) fn prune_hints(error: &PruneError) -> Vec<String> {
    match error {
        PruneError::NotReplaced { label, .. } => {
            vec![format!("nothing of it was deleted; see what is there with: hsmcert status \"{label}*\" --all")]
        }
        PruneError::OtherKey { id, .. } => {
            vec![format!(
                "nothing of it was deleted; if that key is not needed: hsmcert delete-key id:{id} --certificate"
            )]
        }
        PruneError::Served { .. } => {
            vec!["nothing of it was deleted; point the server at the newer key and reload it: hsmcert bind".to_owned()]
        }
        PruneError::NoAnswer { .. } => vec![
            "nothing of it was deleted; check that the server is running".to_owned(),
            "a server that is no more belongs out of deploy in the request file".to_owned(),
        ],
    }
}
