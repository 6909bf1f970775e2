//! Values: what is stored under a key. Every value begins with a version byte; numbers are little-endian; the
//! documentation of the crate lists every byte. Decoding checks everything it reads.

mod chunk;
mod device;
mod entry;
mod event;
mod header;
mod name;
mod tags;

#[cfg(test)]
pub(crate) use chunk::READ;
pub(crate) use chunk::{decode_chunk, encode_chunk};
pub(crate) use device::{Device, Holds};
pub(crate) use entry::{decode_entry, encode_entry};
pub(crate) use event::{decode_event, encode_event};
pub(crate) use header::{Header, Ordinals};
pub(crate) use name::{Devices, Home, NameRecord, each_home, find_home};
pub(crate) use tags::Tags;

use crate::bytes::{Cursor, Decoded, Malformed, VALUE_VERSION, text};
use crate::keys::{relation_number, relation_of};
use rollbook::store::{OwnedKey, Relation};
use rollbook::{DeviceId, Platform, Timestamp, Version};

pub(crate) fn platform_of(number: u8) -> Decoded<Platform> {
    Platform::from_number(number).ok_or(Malformed("an unknown platform"))
}

/// Most values fit into this many bytes, and are written without growing the buffer.
const USUAL_BYTES: usize = 160;

fn start() -> Vec<u8> {
    start_for(USUAL_BYTES)
}

/// Starts a value of about `bytes` bytes.
fn start_for(bytes: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes);
    out.push(VALUE_VERSION);
    out
}

/// A filled slot: the version that filled it, and the device's id.
pub(crate) fn encode_slot(filled: Version, id: &DeviceId) -> Vec<u8> {
    let mut out = start();
    out.extend_from_slice(&filled.0.to_le_bytes());
    out.extend_from_slice(id.as_str().as_bytes());
    out
}

pub(crate) fn decode_slot(value: &[u8]) -> Decoded<(Version, &str)> {
    let mut cursor = Cursor::value(value)?;
    let filled = Version(cursor.u64()?);
    let id = text(cursor.rest())?;
    if id.is_empty() {
        return Err(Malformed("a device without an id"));
    }
    Ok((filled, id))
}

/// What a key number stands for.
pub(crate) fn encode_number(key: &OwnedKey, platform: Platform) -> Vec<u8> {
    let mut out = start();
    out.extend_from_slice(&[relation_number(key.relation), platform.number()]);
    out.extend_from_slice(key.name.as_bytes());
    out
}

pub(crate) fn decode_number(value: &[u8]) -> Decoded<(Relation, Platform, &str)> {
    let mut cursor = Cursor::value(value)?;
    let relation = relation_of(cursor.u8()?)?;
    let platform = platform_of(cursor.u8()?)?;
    Ok((relation, platform, text(cursor.rest())?))
}

/// A heartbeat: the version that filled the slot of its device, and the time.
pub(crate) fn encode_seen(filled: Version, at: Timestamp) -> Vec<u8> {
    let mut out = start();
    out.extend_from_slice(&filled.0.to_le_bytes());
    out.extend_from_slice(&at.secs().to_le_bytes());
    out
}

pub(crate) fn decode_seen(value: &[u8]) -> Decoded<(Version, Timestamp)> {
    let mut cursor = Cursor::value(value)?;
    let seen = (Version(cursor.u64()?), Timestamp::from_secs(cursor.i64()?));
    cursor.end()?;
    Ok(seen)
}

/// A free ordinal.
pub(crate) fn encode_free(ordinal: u32) -> Vec<u8> {
    let mut out = start();
    out.extend_from_slice(&ordinal.to_le_bytes());
    out
}

pub(crate) fn decode_free(value: &[u8]) -> Decoded<u32> {
    let mut cursor = Cursor::value(value)?;
    let ordinal = cursor.u32()?;
    cursor.end()?;
    Ok(ordinal)
}

/// A dead key number, and the first of its chunks that may still exist.
pub(crate) fn encode_dead(number: u64, from: u16) -> Vec<u8> {
    let mut out = start();
    out.extend_from_slice(&number.to_le_bytes());
    out.extend_from_slice(&from.to_le_bytes());
    out
}

pub(crate) fn decode_dead(value: &[u8]) -> Decoded<(u64, u16)> {
    let mut cursor = Cursor::value(value)?;
    let dead = (cursor.u64()?, cursor.u16()?);
    cursor.end()?;
    Ok(dead)
}

/// The time of an event in an index by number.
pub(crate) fn encode_time(at: Timestamp) -> Vec<u8> {
    let mut out = start();
    out.extend_from_slice(&at.secs().to_le_bytes());
    out
}

pub(crate) fn decode_time(value: &[u8]) -> Decoded<Timestamp> {
    let mut cursor = Cursor::value(value)?;
    let at = Timestamp::from_secs(cursor.i64()?);
    cursor.end()?;
    Ok(at)
}

/// The value of a key that needs none.
pub(crate) const PRESENT: &[u8] = &[VALUE_VERSION];

#[cfg(test)]
mod tests;
