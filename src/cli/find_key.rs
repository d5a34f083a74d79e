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
use super::{Global, connect, which};

pub(super) fn run(global: &Global, arguments: &FindKeyArguments, report: &Report) -> Result<(), Failure> {
    let now = now();
    let query = arguments.query(global, report, now)?;
    let output = arguments.output(&query, report)?;
    let (found, token) =
        connect::with_session(&which::token_of_objects(global), &TokenRequest::default(), report, |session| {
            let progress = Progress::new("reading object", report);
            let found = find::find(session, &query, now, &|done, total| progress.show(done, total))?;
            Ok((found, session.token().clone()))
        })?;
    if !found.traces.is_empty() {
        let left = match found.traces.len() {
            1 => "1 trace of a run that was ended".to_owned(),
            count => format!("{count} traces of runs that were ended"),
        };
        report.note(&format!("{left}: hsmcert repair shows and mends what can be mended"));
    }
    let listing = json::Found::new(&token, &query, &found);
    match &output {
        Output::Count => report.result(&json::Count::new(&token, &found), &format!("{}\n", found.matched)),
        Output::Handles => report.result_in_pieces(&listing, |out| text::handles(out, &found)),
        Output::Csv(columns) => report.result_in_pieces(&listing, |out| text::csv(out, &found, columns, &token)),
        Output::Table(columns) => report.result_in_pieces(&listing, |out| text::table(out, &found, columns, &token)),
    }
    Ok(())
}
