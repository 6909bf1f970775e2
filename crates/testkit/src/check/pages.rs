//! Reading a paged answer to its end, and noticing pages that make no sense.

use rollbook::{Error, Page};

/// Pages after which a reader that does not come to an end is given up.
const ENDLESS: usize = 10_000;

/// Why there is no whole answer.
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

/// All rows. A page that is followed by another is full, and the last one is not empty unless it is the first.
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
