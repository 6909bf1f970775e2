//! Clearing dead key numbers: what a dropped key leaves on disk is cleared piece by piece, never in the commit that
//! drops it.
//!
//! A range tombstone for each dropped key would be one write, but every later read of the family checks all range
//! tombstones that no compaction has removed; a few thousand dropped tags would slow down every commit that reads a
//! chunk. Single deletes of single chunks cost as much as the writes that made them, and then cost nothing more.

use crate::batch::Batch;
use crate::error;
use crate::families::Family;
use crate::keys;
use crate::reads::Reads;
use crate::values::{Header, encode_dead};
use rollbook::store::StoreError;

/// Deletes up to `chunks` chunks of the numbers in the queue, and moves the head of the queue past the numbers that
/// are done.
pub(crate) fn clear(
    reads: &Reads<'_>,
    header: &mut Header,
    batch: &mut Batch<'_>,
    chunks: usize,
) -> Result<(), StoreError> {
    let app = reads.app;
    let mut left = chunks;
    while left > 0 && header.dead.0 < header.dead.1 {
        let index = header.dead.0;
        // An item that this same batch writes is not stored yet: it is cleared by a later batch.
        let Some((number, from)) = reads.dead(index)? else { break };
        let low = keys::chunk(app, number, from);
        let high = keys::behind(&keys::number(app, number));
        let mut scan = reads.scan(Family::Posting, &low, &high, false)?;
        let mut last = None;
        while left > 0 {
            let Some((key, _)) = scan.next()? else { break };
            last = Some(keys::chunk_in(key).map_err(error::malformed(Family::Posting, key))?);
            batch.delete(Family::Posting, key)?;
            left -= 1;
        }
        // If the limit was reached, chunks may remain after the last one that was deleted.
        match last.and_then(|last| last.checked_add(1)).filter(|_| left == 0) {
            Some(next) => batch.put(Family::App, &keys::dead(app, index), &encode_dead(number, next))?,
            None => {
                batch.delete(Family::App, &keys::dead(app, index))?;
                header.dead.0 += 1;
            }
        }
    }
    Ok(())
}
