//! What `accept` meets that a run before it has left.

use super::link::Placed;
use crate::find::{self, Filter, Left, Trace};
use crate::state::State;
use crate::token::{KeyPair, Session};

/// What a run that was ended has left of the key. More is asked of the token only where it is seen that there is something.
pub(super) fn left(
    session: &Session<'_>,
    placed: &Placed,
    pair: &KeyPair<'_>,
    state: Option<&State>,
    now: i64,
) -> Vec<String> {
    let one_too_many = match placed {
        Placed::There(others) => *others,
        Placed::Stored(others) | Placed::InPlace(others) => others.saturating_sub(1),
        Placed::Refused(_) => 0,
    };
    let finished = "a run that was ended had left more than one certificate beside the key: this one alone stays";
    let mut left: Vec<String> = (one_too_many > 0).then(|| finished.to_owned()).into_iter().collect();
    if pair.has_other_label() {
        let filter = Filter { id: Some(pair.id().clone()), ..Filter::default() };
        let records = state.and_then(|state| state.records().ok()).map(|(records, _)| records).unwrap_or_default();
        let traces = find::traces(session, filter, &records, now, &|_, _| {}).unwrap_or_default();
        left.extend(traces.iter().filter(|trace| matches!(trace.left, Left::Labels { .. })).map(Trace::remark));
    }
    left
}
