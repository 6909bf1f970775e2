//! Entry points for fuzzers, outside the promises of this crate: every form on disk, read from arbitrary bytes.
//!
//! Bytes are read as a value or a key, or refused. What was read and is written again must read as the same.
#![allow(clippy::panic, reason = "a fuzzer is told by a panic")]

use crate::keys;
use crate::values::{
    Device, Header, Holds, NameRecord, decode_chunk, decode_dead, decode_entry, decode_event, decode_free,
    decode_number, decode_seen, decode_slot, decode_time, encode_chunk, encode_dead, encode_entry,
    encode_event, encode_free, encode_number, encode_seen, encode_slot, encode_time, find_home,
};
use rollbook::store::{OwnedKey, Relation};
use rollbook::{DeviceId, Platform, Timestamp};
use std::fmt::Debug;

/// Asserts that a value that was read, written and read again is the same.
#[track_caller]
fn same<T: PartialEq + Debug>(read: &T, again: Option<T>) {
    assert!(again.as_ref() == Some(read), "{read:?} reads again as {again:?}");
}

/// Reads the bytes as every kind of value.
pub fn values(bytes: &[u8]) {
    device(bytes);
    name(bytes);
    if let Ok(header) = Header::decode(bytes) {
        same(&header, Header::decode(&header.encode()).ok());
    }
    if let Ok(ordinals) = decode_chunk(bytes, 3) {
        same(&ordinals, decode_chunk(&encode_chunk(&mut ordinals.clone()), 3).ok());
    }
    let at = Timestamp::from_secs(-1);
    if let Ok(event) = decode_event(at, bytes) {
        same(&event, decode_event(at, &encode_event(&event)).ok());
    }
    if let Ok((entry, version)) = decode_entry(bytes) {
        let again = encode_entry(&entry, version).and_then(|written| decode_entry(&written).ok());
        same(&(entry, version), again);
    }
    small(bytes);
}

fn device(bytes: &[u8]) {
    let Ok(id) = DeviceId::new("id") else { return };
    let holds = Holds::decode(bytes);
    let Ok(device) = Device::decode(id.clone(), bytes) else { return };
    same(&device, Device::decode(id, &device.encode()).ok());
    let Ok(holds) = holds else { panic!("a device that reads whole and not in part: {device:?}") };
    for tag in device.tags.iter().flat_map(|tag| [tag, tag.wrapping_add(1)]) {
        same(&device.holds(Relation::Tag, tag), holds.holds(Relation::Tag, tag).ok());
    }
}

fn name(bytes: &[u8]) {
    let Ok(record) = NameRecord::decode(bytes) else {
        let _ = find_home(bytes, Platform::Ios);
        return;
    };
    same(&record, NameRecord::decode(&record.encode()).ok());
    for platform in Platform::ALL {
        same(&record.home(platform).cloned(), find_home(bytes, platform).ok());
    }
}

fn small(bytes: &[u8]) {
    if let Ok((filled, id)) = decode_slot(bytes)
        && let Ok(id) = DeviceId::new(id)
    {
        same(&(filled, id.as_str()), decode_slot(&encode_slot(filled, &id)).ok());
    }
    if let Ok((relation, platform, name)) = decode_number(bytes) {
        let key = OwnedKey { relation, name: name.into() };
        same(&(relation, platform, name), decode_number(&encode_number(&key, platform)).ok());
    }
    if let Ok((filled, at)) = decode_seen(bytes) {
        same(&(filled, at), decode_seen(&encode_seen(filled, at)).ok());
    }
    if let Ok(ordinal) = decode_free(bytes) {
        same(&ordinal, decode_free(&encode_free(ordinal)).ok());
    }
    if let Ok((number, from)) = decode_dead(bytes) {
        same(&(number, from), decode_dead(&encode_dead(number, from)).ok());
    }
    if let Ok(at) = decode_time(bytes) {
        same(&at, decode_time(&encode_time(at)).ok());
    }
}

/// Reads the bytes as every kind of key that the store reads.
pub fn keys(bytes: &[u8]) {
    let app = rollbook::AppId(7);
    if let Ok(name) = keys::name_in(bytes) {
        same(&name, keys::name_in(&keys::name(app, Relation::Tag, &name)).ok());
    }
    if let Ok(chunk) = keys::chunk_in(bytes) {
        same(&chunk, keys::chunk_in(&keys::chunk(app, 9, chunk)).ok());
    }
    if let Ok(position) = keys::position_in(bytes) {
        same(&position, keys::position_in(&keys::event(app, position)).ok());
    }
    if let Ok(seq) = keys::seq_in(bytes) {
        let owner = keys::EventIndex::Device("d");
        same(&seq, keys::seq_in(&keys::by_number(app, owner, seq)).ok());
    }
    let behind = keys::behind(bytes);
    assert!(behind.is_empty() || *behind > *bytes, "{behind:?} is not behind {bytes:?}");
}
