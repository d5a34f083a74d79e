//! `hsmcert find-key`.

mod arguments;
mod column;
mod json;
mod text;

pub(super) use arguments::FindKeyArguments;
use arguments::Output;
pub(super) use column::class_name;
use hsmcert::find;
use hsmcert::request::TokenRequest;

use super::clock::now;
use super::failure::Failure;
use super::progress::Progress;
use super::report::Report;
use super::{Global, connect};

pub(super) fn run(global: &Global, arguments: &FindKeyArguments, report: &Report) -> Result<(), Failure> {
    let now = now();
    let query = arguments.query(global, now)?;
    let output = arguments.output(&query, report)?;
    let (found, token) =
        connect::with_session(&arguments.token(global), &TokenRequest::default(), report, |session| {
            let progress = Progress::new("reading object", report);
            let found = find::find(session, &query, now, &|done, total| progress.show(done, total))?;
            Ok((found, session.token().clone()))
        })?;
    let listing = json::Found::new(&token, &query, &found);
    match &output {
        Output::Count => report.result(&json::Count::new(&token, &found), &format!("{}\n", found.matched)),
        Output::Handles => report.result_in_pieces(&listing, |out| text::handles(out, &found)),
        Output::Csv(columns) => report.result_in_pieces(&listing, |out| text::csv(out, &found, columns, &token)),
        Output::Table(columns) => report.result_in_pieces(&listing, |out| text::table(out, &found, columns, &token)),
    }
    Ok(())
}
