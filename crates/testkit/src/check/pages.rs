//! Reads a paged result to its end, and detects malformed pages.

use rollbook::{Error, Page};

/// The number of pages after which a reader that has not reached the end gives up.
const ENDLESS: usize = 10_000;

/// Why there is no complete result.
#[derive(Debug)]
pub(super) enum Malformed {
    Refused(Error),
    Pages(String),
}

impl From<Error> for Malformed {
    fn from(error: Error) -> Self {
        Malformed::Refused(error)
    }
}

/// Returns all rows. A page that is followed by another must be full, and the last one must not be empty unless it is
/// the first.
pub(super) fn all_pages<T, C, E: Into<Malformed>>(
    limit: usize,
    mut page: impl FnMut(Option<&C>) -> Result<Page<T, C>, E>,
) -> Result<Vec<T>, Malformed> {
    let limit = limit.max(1);
    let (mut rows, mut after) = (Vec::new(), None);
    for n in 0..ENDLESS {
        let Page { items, next } = page(after.as_ref()).map_err(Into::into)?;
        let count = items.len();
        if count > limit || (next.is_some() && count < limit) || (n > 0 && count == 0) {
            let more = if next.is_some() { "another" } else { "no other" };
            return Err(Malformed::Pages(format!(
                "page {n} has {count} rows of {limit}, and {more} follows"
            )));
        }
        rows.extend(items);
        match next {
            Some(next) => after = Some(next),
            None => return Ok(rows),
        }
    }
    Err(Malformed::Pages(format!("no end after {ENDLESS} pages")))
}
