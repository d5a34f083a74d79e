//! The order of a listing.

use std::cmp::Ordering;

use super::pair::Row;

/// By what, and whether from the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Order {
    /// By what; by label, id and handle where that is the same.
    pub by: SortKey,
    /// From the end.
    pub reverse: bool,
}

/// What is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SortKey {
    /// `CKA_LABEL`.
    #[default]
    Label,
    /// `CKA_ID`.
    Id,
    /// Algorithm and size.
    Algorithm,
    /// End of the certificate, the next one first, those without at the end.
    Expiry,
    /// Subject of the certificate.
    Subject,
    /// The object handle.
    Handle,
}

impl Order {
    pub(super) fn sort(self, rows: &mut [Row]) {
        match self.by {
            SortKey::Label | SortKey::Id | SortKey::Algorithm | SortKey::Expiry | SortKey::Handle => {
                rows.sort_by(|a, b| self.compare(a, b));
            }
            // A subject is written only once for each row.
            SortKey::Subject => {
                rows.sort_by_cached_key(|row| {
                    let subject = row.certificate.as_ref().map(|one| one.subject.to_string());
                    (subject.is_none(), subject, row.label.clone(), handle(row))
                });
            }
        }
        if self.reverse {
            rows.reverse();
        }
    }

    fn compare(self, a: &Row, b: &Row) -> Ordering {
        let end = |row: &Row| row.certificate.as_ref().map_or(i64::MAX, |one| one.not_after);
        let first = match self.by {
            SortKey::Label | SortKey::Subject => Ordering::Equal,
            SortKey::Id => a.id.cmp(&b.id),
            SortKey::Algorithm => a.algorithm.cmp(&b.algorithm),
            SortKey::Expiry => end(a).cmp(&end(b)),
            SortKey::Handle => handle(a).cmp(&handle(b)),
        };
        first.then_with(|| (&a.label, &a.id, handle(a)).cmp(&(&b.label, &b.id, handle(b))))
    }
}

fn handle(row: &Row) -> Option<u64> {
    row.objects.first().map(|listed| listed.object.handle())
}
