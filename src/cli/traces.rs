//! What runs that were ended have left, told by a command that fails at it. The token is asked only then.

use hsmcert::Error;
use hsmcert::find::{self, Filter};
use hsmcert::state::State;
use hsmcert::token::{self, Session};

use super::clock;
use super::report::Report;

/// Says, before the failure itself is told, that what stands in the way was left by a run that was ended.
pub(super) fn tell(error: &Error, session: &Session<'_>, memory: Option<&State>, report: &Report) {
    let filter = match error {
        Error::Token(token::Error::LabelTaken { label, .. }) => {
            Filter { object: Some(label.clone()), ..Filter::default() }
        }
        Error::Token(token::Error::PrivateKeyMissing(id)) => Filter { id: Some(id.clone()), ..Filter::default() },
        _ => return,
    };
    let records = memory.and_then(|memory| memory.records().ok()).map(|(records, _)| records).unwrap_or_default();
    // What it says of this beside the failure is all that it is asked for.
    let traces = find::traces(session, filter, &records, clock::now(), &|_, _| {}).unwrap_or_default();
    traces.iter().for_each(|trace| report.warning(&trace.remark()));
}
