//! Reading postings: all chunks of a posting, or those that are wanted.

use crate::error;
use crate::families::Family;
use crate::keys::{self, KeyBuf};
use crate::reads::Reads;
use crate::values::decode_chunk;
use roaring::RoaringBitmap;
use rollbook::store::{Posting, StoreError};
use std::ops::RangeInclusive;
use std::sync::Arc;

/// How many chunks are looked up at once.
const AT_ONCE: usize = 128;

/// Up to this many chunks are looked up one by one rather than scanned: a scan must be set up on every level of the
/// engine's tree.
const FEW: u16 = 4;

impl Reads<'_> {
    /// Returns all chunks of a number on a platform on which `given` ordinals were ever given.
    pub(crate) fn posting(&self, number: u64, given: u64) -> Result<Posting, StoreError> {
        let Some(last) = given.checked_sub(1) else { return Ok(Posting::default()) };
        let last = u16::try_from(last >> 16).unwrap_or(u16::MAX);
        if last < FEW {
            return self.single(number, &(0..=last).collect::<Vec<_>>()).map(posting);
        }
        self.stretch(number, 0..=last, |_| true).map(posting)
    }

    /// Returns the chunks of a number that can contain any of these ordinals.
    pub(crate) fn posting_among(&self, number: u64, among: &Posting) -> Result<Posting, StoreError> {
        let wanted = chunks_of(among);
        let (Some(&first), Some(&last)) = (wanted.first(), wanted.last()) else {
            return Ok(Posting::default());
        };
        // Scanning over an unwanted chunk costs less than looking up a wanted one.
        if wanted.len() > usize::from(FEW) && usize::from(last - first) < 2 * wanted.len() {
            let wanted = |chunk| wanted.binary_search(&chunk).is_ok();
            return self.stretch(number, first..=last, wanted).map(posting);
        }
        self.single(number, &wanted).map(posting)
    }

    /// Looks each of these chunks up.
    fn single(&self, number: u64, wanted: &[u16]) -> Result<RoaringBitmap, StoreError> {
        let mut all = RoaringBitmap::new();
        if let [one] = wanted {
            return Ok(self.chunk(number, *one)?.unwrap_or_default());
        }
        for wanted in wanted.chunks(AT_ONCE) {
            let keys: Vec<KeyBuf> = wanted.iter().map(|&n| keys::chunk(self.app, number, n)).collect();
            let found = self.get_many(Family::Posting, &keys, true)?;
            for ((key, chunk), value) in keys.iter().zip(wanted).zip(found) {
                if let Some(value) = value {
                    let ordinals = decode_chunk(&value, *chunk);
                    all |= ordinals.map_err(error::malformed(Family::Posting, key))?;
                }
            }
        }
        Ok(all)
    }

    /// Reads the wanted chunks of a range in one scan.
    fn stretch(
        &self,
        number: u64,
        chunks: RangeInclusive<u16>,
        wanted: impl Fn(u16) -> bool,
    ) -> Result<RoaringBitmap, StoreError> {
        let low = keys::chunk(self.app, number, *chunks.start());
        let high = keys::behind(&keys::chunk(self.app, number, *chunks.end()));
        let mut all = RoaringBitmap::new();
        let mut scan = self.scan(Family::Posting, &low, &high, false)?;
        while let Some((key, value)) = scan.next()? {
            let bad = |found| error::malformed(Family::Posting, key)(found);
            let chunk = keys::chunk_in(key).map_err(bad)?;
            if wanted(chunk) {
                all |= decode_chunk(value, chunk).map_err(bad)?;
            }
        }
        Ok(all)
    }
}

/// Returns the chunks that can contain these ordinals, ascending.
fn chunks_of(ordinals: &Posting) -> Vec<u16> {
    let mut chunks = Vec::new();
    match ordinals {
        Posting::Few(few) => few.iter().for_each(|ordinal| chunks.push((ordinal >> 16) as u16)),
        Posting::Many(many) => {
            let mut rest = many.iter();
            while let Some(ordinal) = rest.next() {
                chunks.push((ordinal >> 16) as u16);
                let Some(next) = (ordinal | 0xFFFF).checked_add(1) else { break };
                rest.advance_to(next);
            }
        }
    }
    chunks.dedup();
    chunks
}

/// Converts a bitmap to the form of the contract; an empty one becomes the smallest form.
fn posting(bitmap: RoaringBitmap) -> Posting {
    if bitmap.len() <= 4 { bitmap.iter().collect() } else { Posting::Many(Arc::new(bitmap)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chunks_of_ordinals_are_named_once_and_ascending() {
        let chunks = |ordinals: &[u32]| chunks_of(&ordinals.iter().copied().collect());
        assert!(chunks(&[]).is_empty());
        assert_eq!(chunks(&[5, 7, 65_535, 65_536]), [0, 1]);
        let top = u32::MAX;
        assert_eq!(chunks(&[0, 1, 2, 65_536, 65_537, 200_000, top - 1, top]), [0, 1, 3, u16::MAX]);
    }
}
