//! What to do next about commands of a renewal and about servers.

use hsmcert::rollout::RolloutError;

use super::check_hint;

/// Hints, most useful first.
pub(super) fn rollout_hints(error: &RolloutError) -> Vec<String> {
    let again = "the new certificate is on the token; when the cause is gone, the same command deploys it".to_owned();
    match error {
        RolloutError::Command { hook: "pre", .. } => {
            vec!["nothing was done; run the same command again when the cause is gone".to_owned()]
        }
        RolloutError::Command { hook: "post", .. } => {
            vec!["what was to be done is done, and this command does not run again by itself".to_owned()]
        }
        RolloutError::Command { .. } => vec![again],
        RolloutError::Server { target, foreign: Some(path), .. } => vec![
            format!(
                "if it may be replaced: hsmcert bind {target} LABEL --chain FILE --write {} --force; what is your own \
                 belongs into a file beside it",
                path.display()
            ),
            again,
        ],
        RolloutError::Server { failed, .. } => {
            let mut all = super::unique(failed.iter().map(|step| check_hint(step.check)));
            all.push(again);
            all
        }
    }
}
