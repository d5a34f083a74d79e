//! `find-key`: what is on the token, what belongs together, and what does not.

mod duplicate;
mod filter;
mod inventory;
mod pair;
mod pattern;
mod sort;
mod stored_key;
mod weakness;

pub use duplicate::Shared;
pub use filter::Filter;
pub use pair::{Linked, Orphan, Row, uri};
pub use pattern::{AlgorithmPattern, Pattern};
pub use sort::{Order, SortKey};
pub use stored_key::{Nameable, StoredCertificate, StoredKey, stored_key};
pub use weakness::Weakness;

use inventory::Inventory;

use crate::error::Error;
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
    rows.retain(|row| query.filter.fits(row));
    let matched = rows.len();
    query.order.sort(&mut rows);
    rows.truncate(query.limit.unwrap_or(usize::MAX));
    Ok(Found { rows, matched, keys })
}
