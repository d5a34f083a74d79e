//! `find-key`: what is on the token, what belongs together, and what does not.

mod duplicate;
mod filter;
mod inventory;
mod pair;
mod pattern;
mod sort;
mod stored_key;
mod trace;
mod weakness;

pub use duplicate::Shared;
pub use filter::Filter;
pub use pair::{Linked, Orphan, Row, uri};
pub use pattern::{AlgorithmPattern, Pattern};
pub use sort::{Order, SortKey};
pub use stored_key::{Nameable, StoredCertificate, StoredKey, stored_key};
pub use trace::{ByHand, Left, Trace};
pub use weakness::Weakness;

use std::collections::HashMap;

use inventory::Inventory;

use crate::error::Error;
use crate::state::Record;
use crate::token::{Detail, ObjectClass, Session};

/// What is to be found, and how much is said of it.
#[derive(Debug, Clone)]
pub struct Query {
    /// A row for each pair or object.
    pub rows: Rows,
    /// Which of them.
    pub filter: Filter,
    /// In which order.
    pub order: Order,
    /// At most so many.
    pub limit: Option<usize>,
    /// How much of each object is read.
    pub detail: Detail,
    /// Whether the DER of certificates is kept. What is told of them ([`Linked`]) takes less.
    pub with_der: bool,
    /// What is remembered: then the traces of runs that were ended are looked for too.
    pub remembered: Option<Vec<Record>>,
}

/// What a row stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rows {
    /// A key with its certificate; what has no partner stands by itself.
    Pairs,
    /// An object of one of these classes.
    Objects(Vec<ObjectClass>),
}

/// The result.
#[derive(Debug, Clone)]
pub struct Found {
    /// The rows, filtered, sorted and cut.
    pub rows: Vec<Row>,
    /// So many fitted, the cut ones included.
    pub matched: usize,
    /// So many keys (private, public, secret) are on the token; unknown where only a part of it was read.
    pub keys: Option<usize>,
    /// What runs that were ended have left, where that was asked for and all of the token was read.
    pub traces: Vec<Trace>,
}

/// Finds keys and certificates. `now` is in seconds since 1970; `progress` is told how many objects of how many are
/// read.
///
/// # Errors
/// Token errors.
pub fn find(session: &Session<'_>, query: &Query, now: i64, progress: &dyn Fn(usize, usize)) -> Result<Found, Error> {
    let Inventory { entries, keys } = inventory::read(session, query, now, progress)?;
    let groups = pair::group(&entries);
    let shared = duplicate::shared(&groups);
    let mut rows = match &query.rows {
        Rows::Pairs => pair::pairs(&groups, &shared),
        Rows::Objects(classes) => pair::objects(&groups, classes, &shared),
    };
    let traces = match &query.remembered {
        Some(records) if keys.is_some() => {
            trace::look(&groups, &trace::Known::new(records, session.token(), true, now))
        }
        Some(_) | None => vec![],
    };
    mark(&mut rows, &traces);
    rows.retain(|row| query.filter.fits(row));
    let matched = rows.len();
    query.order.sort(&mut rows);
    rows.truncate(query.limit.unwrap_or(usize::MAX));
    Ok(Found { rows, matched, keys, traces })
}

/// Says of each row which traces its objects are part of.
fn mark(rows: &mut [Row], traces: &[Trace]) {
    let mut words: HashMap<(ObjectClass, u64), Vec<&'static str>> = HashMap::new();
    for trace in traces {
        for object in &trace.objects {
            words.entry((object.class, object.handle())).or_default().push(trace.left.word());
        }
    }
    for row in rows.iter_mut().filter(|_| !words.is_empty()) {
        let of_row = row.objects().filter_map(|one| words.get(&(one.object.class, one.object.handle()))).flatten();
        let mut found: Vec<&'static str> = of_row.copied().collect();
        found.sort_unstable();
        found.dedup();
        row.traces = found;
    }
}

/// What runs that were ended have left: on the whole token and in the memory, or of what a filter by label or id finds.
///
/// # Errors
/// Token errors.
pub fn traces(
    session: &Session<'_>,
    filter: Filter,
    records: &[Record],
    now: i64,
    progress: &dyn Fn(usize, usize),
) -> Result<Vec<Trace>, Error> {
    let query = Query {
        rows: Rows::Pairs,
        filter,
        order: Order::default(),
        limit: None,
        detail: Detail::Summary,
        with_der: true,
        remembered: None,
    };
    let Inventory { entries, keys } = inventory::read(session, &query, now, progress)?;
    Ok(trace::look(&pair::group(&entries), &trace::Known::new(records, session.token(), keys.is_some(), now)))
}
