//! The order of a listing.

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
        // All of these leave rows that are the same in their order.
        rows.sort_by(|a, b| (a.label(), a.id(), handle(a)).cmp(&(b.label(), b.id(), handle(b))));
        match self.by {
            SortKey::Label => {}
            SortKey::Id => rows.sort_by(|a, b| a.id().cmp(b.id())),
            SortKey::Expiry => rows.sort_by_key(|row| row.certificate.as_ref().map_or(i64::MAX, |one| one.not_after)),
            SortKey::Handle => rows.sort_by_key(handle),
            // Texts are written only once for each row.
            SortKey::Algorithm => rows.sort_by_cached_key(Row::algorithm),
            SortKey::Subject => rows.sort_by_cached_key(|row| {
                let subject = row.certificate.as_ref().map(|one| one.subject().to_string());
                (subject.is_none(), subject)
            }),
        }
        if self.reverse {
            rows.reverse();
        }
    }
}

fn handle(row: &Row) -> u64 {
    row.first.object.handle()
}
