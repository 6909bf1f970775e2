//! One chunk of a posting: the ordinals that share their upper sixteen bits.

use super::{start, start_for};
use crate::bytes::{Cursor, Decoded, Malformed};
use roaring::RoaringBitmap;

/// Up to this many ordinals are stored as a plain list. More are stored in the portable format of Roaring bitmaps,
/// whose header would outweigh a short list.
const LONGEST_LIST: u64 = 64;

const LIST: u8 = 1;
const ROARING: u8 = 2;

/// Returns the bytes of a chunk. The ordinals are whole (32 bits), and there is at least one.
pub(crate) fn encode_chunk(ordinals: &mut RoaringBitmap) -> Vec<u8> {
    if ordinals.len() <= LONGEST_LIST {
        let mut out = start();
        out.push(LIST);
        ordinals.iter().for_each(|ordinal| out.extend_from_slice(&(ordinal as u16).to_le_bytes()));
        return out;
    }
    // A dense range, such as all devices of a platform, becomes a few runs. Many runs would save little and slow down
    // every operation on them.
    if is_dense(ordinals) {
        ordinals.optimize();
    }
    let mut out = start_for(ordinals.serialized_size() + 2);
    out.push(ROARING);
    // Writing into a vector cannot fail. If it did, the chunk would not decode, and reading it would report damage.
    let _ = ordinals.serialize_into(&mut out);
    out
}

/// Returns whether, between the first ordinal and the last, at most one of 64 is missing.
fn is_dense(ordinals: &RoaringBitmap) -> bool {
    let (Some(first), Some(last)) = (ordinals.min(), ordinals.max()) else { return false };
    let span = u64::from(last - first) + 1;
    (span - ordinals.len()) * 64 <= span
}

#[cfg(test)]
thread_local! {
    /// Counts the chunks that this thread has read, for tests.
    pub(crate) static READ: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

pub(crate) fn decode_chunk(value: &[u8], chunk: u16) -> Decoded<RoaringBitmap> {
    #[cfg(test)]
    READ.set(READ.get() + 1);
    let base = u32::from(chunk) << 16;
    let mut cursor = Cursor::value(value)?;
    let bitmap = match cursor.u8()? {
        LIST => {
            let mut ordinals = RoaringBitmap::new();
            while cursor.remaining() > 0 {
                let ordinal = base | u32::from(cursor.u16()?);
                ordinals.try_push(ordinal).map_err(|_| Malformed("ordinals that do not ascend"))?;
            }
            ordinals
        }
        ROARING => {
            let bytes = cursor.rest();
            let mut rest = bytes;
            let read = RoaringBitmap::deserialize_from(&mut rest);
            let ordinals = read.map_err(|_| Malformed("a bitmap that does not decode"))?;
            if !rest.is_empty() {
                return Err(Malformed("bytes behind a bitmap"));
            }
            ordinals
        }
        _ => return Err(Malformed("an unknown kind of chunk")),
    };
    match (bitmap.min(), bitmap.max()) {
        (Some(first), Some(last)) if first >> 16 == u32::from(chunk) && last >> 16 == u32::from(chunk) => {
            Ok(bitmap)
        }
        _ => Err(Malformed("a chunk without ordinals, or with those of another")),
    }
}
