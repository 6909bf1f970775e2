//! The layout of keys. Numbers are big-endian, so that bytes sort as numbers do, and no key of a family is a prefix
//! of another key of that family.
//!
//! A *name* in a key is its bytes with every `00` as `00 FF`, then `00 00`. So names sort by their bytes, and a name
//! sorts before every longer name that begins with it.

use crate::bytes::{Cursor, Decoded, Malformed};
use rollbook::store::{EntryKey, EntryKind, LogIndex, Relation, Slot};
use rollbook::{AppId, EventPosition, EventSeq, Platform, Timestamp};
use smallvec::SmallVec;

/// A key. Keys of the usual length fit without an allocation.
pub(crate) type KeyBuf = SmallVec<[u8; 64]>;

/// Key numbers below this stand for all devices of a platform: the number is the platform's.
pub(crate) const FIRST_NUMBER: u64 = 256;

/// An index of events, by device, user or event name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EventIndex<'a> {
    Device(&'a str),
    User(&'a str),
    Name(&'a str),
}

impl<'a> EventIndex<'a> {
    /// Returns the index for a read, or `None` if the log itself serves it.
    pub(crate) fn of(index: LogIndex<'a>) -> Option<Self> {
        match index {
            LogIndex::All => None,
            LogIndex::Device(id) => Some(EventIndex::Device(id.as_str())),
            LogIndex::User(id) => Some(EventIndex::User(id.as_str())),
            LogIndex::Name(name) => Some(EventIndex::Name(name.as_str())),
        }
    }

    fn parts(self) -> (u8, &'a str) {
        match self {
            EventIndex::Device(id) => (1, id),
            EventIndex::User(id) => (2, id),
            EventIndex::Name(name) => (3, name),
        }
    }
}

pub(crate) fn of_app(app: AppId) -> KeyBuf {
    KeyBuf::from_slice(&app.0.to_be_bytes())
}

fn part(app: AppId, kind: u8) -> KeyBuf {
    let mut key = of_app(app);
    key.push(kind);
    key
}

fn put_name(key: &mut KeyBuf, name: &str) {
    for &byte in name.as_bytes() {
        key.push(byte);
        if byte == 0 {
            key.push(0xFF);
        }
    }
    key.extend_from_slice(&[0, 0]);
}

fn take_name(cursor: &mut Cursor<'_>) -> Decoded<Box<str>> {
    let mut name = Vec::new();
    loop {
        match cursor.u8()? {
            0 => match cursor.u8()? {
                0 => break,
                0xFF => name.push(0),
                _ => return Err(Malformed("a name in a key that does not end")),
            },
            byte => name.push(byte),
        }
    }
    String::from_utf8(name).map(String::into_boxed_str).map_err(|_| Malformed("a name that is not UTF-8"))
}

/// The key of the app's header.
pub(crate) fn header(app: AppId) -> KeyBuf {
    part(app, 0)
}

/// The key of the free ordinal at a height of a platform's stack.
pub(crate) fn free(app: AppId, platform: Platform, height: u64) -> KeyBuf {
    let mut key = part(app, 1);
    key.push(platform.number());
    key.extend_from_slice(&height.to_be_bytes());
    key
}

/// The key of an item in the queue of dead key numbers.
pub(crate) fn dead(app: AppId, index: u64) -> KeyBuf {
    let mut key = part(app, 2);
    key.extend_from_slice(&index.to_be_bytes());
    key
}

pub(crate) fn device(app: AppId, id: &str) -> KeyBuf {
    let mut key = of_app(app);
    key.push(id.len() as u8);
    key.extend_from_slice(id.as_bytes());
    key
}

pub(crate) fn slot(app: AppId, slot: Slot) -> KeyBuf {
    let mut key = part(app, slot.platform.number());
    key.extend_from_slice(&slot.ordinal.to_be_bytes());
    key
}

pub(crate) const fn relation_number(relation: Relation) -> u8 {
    match relation {
        Relation::Tag => 1,
        Relation::Alias => 2,
        Relation::User => 3,
        Relation::Deletion => 4,
    }
}

pub(crate) fn relation_of(number: u8) -> Decoded<Relation> {
    let found = Relation::ALL.into_iter().find(|&relation| relation_number(relation) == number);
    found.ok_or(Malformed("an unknown relation"))
}

/// The prefix of the keys of all names of a relation.
pub(crate) fn names(app: AppId, relation: Relation) -> KeyBuf {
    part(app, relation_number(relation))
}

pub(crate) fn name(app: AppId, relation: Relation, name: &str) -> KeyBuf {
    let mut key = names(app, relation);
    put_name(&mut key, name);
    key
}

/// Reads the name from a key of [`name`].
pub(crate) fn name_in(key: &[u8]) -> Decoded<Box<str>> {
    let mut cursor = Cursor::new(key);
    cursor.take(5)?;
    let name = take_name(&mut cursor)?;
    cursor.end()?;
    Ok(name)
}

pub(crate) fn number(app: AppId, number: u64) -> KeyBuf {
    let mut key = of_app(app);
    key.extend_from_slice(&number.to_be_bytes());
    key
}

/// The key of a chunk of a posting. [`number`] is the prefix of all of them.
pub(crate) fn chunk(app: AppId, of: u64, chunk: u16) -> KeyBuf {
    let mut key = number(app, of);
    key.extend_from_slice(&chunk.to_be_bytes());
    key
}

/// Reads the number of the chunk from a key of [`chunk`].
pub(crate) fn chunk_in(key: &[u8]) -> Decoded<u16> {
    let mut cursor = Cursor::new(key);
    cursor.take(12)?;
    let chunk = cursor.be_u16()?;
    cursor.end()?;
    Ok(chunk)
}

/// The prefix of the keys of all entries of a kind. Kinds sort as [`EntryKind`] does.
pub(crate) fn entries(app: AppId, kind: EntryKind) -> KeyBuf {
    let kind = match kind {
        EntryKind::App => 1,
        EntryKind::NextApp => 2,
        EntryKind::EventType => 3,
        EntryKind::Deletion => 4,
    };
    part(app, kind)
}

pub(crate) fn entry(app: AppId, of: &EntryKey) -> KeyBuf {
    let mut key = entries(app, of.kind());
    match of {
        EntryKey::App(app) => put_name(&mut key, app.as_str()),
        EntryKey::NextApp => {}
        EntryKey::EventType(name) => put_name(&mut key, name.as_str()),
        EntryKey::Deletion(number) => key.extend_from_slice(&number.to_be_bytes()),
    }
    key
}

fn put_position(key: &mut KeyBuf, at: EventPosition) {
    // Flipping the sign bit sorts negative times before positive ones.
    key.extend_from_slice(&(at.at.secs() as u64 ^ 1 << 63).to_be_bytes());
    key.extend_from_slice(&at.seq.0.to_be_bytes());
}

/// The key of an event in the log, which sorts by (time, number).
pub(crate) fn event(app: AppId, at: EventPosition) -> KeyBuf {
    let mut key = of_app(app);
    put_position(&mut key, at);
    key
}

/// The prefix of the keys of an index.
pub(crate) fn indexed(app: AppId, index: EventIndex<'_>) -> KeyBuf {
    let (kind, owner) = index.parts();
    let mut key = part(app, kind);
    put_name(&mut key, owner);
    key
}

/// The key of an event in an index.
pub(crate) fn index(app: AppId, of: EventIndex<'_>, at: EventPosition) -> KeyBuf {
    let mut key = indexed(app, of);
    put_position(&mut key, at);
    key
}

/// Reads the position from the end of a key of [`event`] or [`index`].
pub(crate) fn position_in(key: &[u8]) -> Decoded<EventPosition> {
    let start = key.len().checked_sub(16).ok_or(Malformed("ends too early"))?;
    let mut cursor = Cursor::new(key);
    cursor.take(start)?;
    let at = Timestamp::from_secs((cursor.be_u64()? ^ 1 << 63) as i64);
    Ok(EventPosition { at, seq: EventSeq(cursor.be_u64()?) })
}

/// The prefix of the keys of an owner's events in the order of their numbers.
pub(crate) fn numbered(app: AppId, owner: EventIndex<'_>) -> KeyBuf {
    let (kind, owner) = owner.parts();
    let mut key = part(app, kind | 0x10);
    put_name(&mut key, owner);
    key
}

/// The key of an owner's event by its number; the value is its time.
pub(crate) fn by_number(app: AppId, owner: EventIndex<'_>, seq: EventSeq) -> KeyBuf {
    let mut key = numbered(app, owner);
    key.extend_from_slice(&seq.0.to_be_bytes());
    key
}

/// Reads the number from the end of a key of [`by_number`].
pub(crate) fn seq_in(key: &[u8]) -> Decoded<EventSeq> {
    let start = key.len().checked_sub(8).ok_or(Malformed("ends too early"))?;
    let mut cursor = Cursor::new(key);
    cursor.take(start)?;
    cursor.be_u64().map(EventSeq)
}

/// The smallest key after all keys with this prefix.
pub(crate) fn behind(prefix: &[u8]) -> KeyBuf {
    let mut end = KeyBuf::from_slice(prefix);
    while let Some(last) = end.pop() {
        if last < u8::MAX {
            end.push(last + 1);
            break;
        }
    }
    end
}

/// The smallest key after this one. No key is a prefix of another, so appending one zero byte is enough.
pub(crate) fn next(mut key: KeyBuf) -> KeyBuf {
    key.push(0);
    key
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const APP: AppId = AppId(7);

    proptest! {
        #[test]
        fn names_sort_as_their_bytes_and_none_begins_another(a in "[\\x00ab\\x{10FFFF}]{0,4}", b in "[\\x00ab\\x{10FFFF}]{0,4}") {
            let (ka, kb) = (name(APP, Relation::Tag, &a), name(APP, Relation::Tag, &b));
            prop_assert_eq!(ka.cmp(&kb), a.as_bytes().cmp(b.as_bytes()));
            prop_assert!(a == b || !kb.starts_with(&ka));
            prop_assert_eq!(&*name_in(&ka).unwrap(), a.as_str());
        }

        #[test]
        fn positions_sort_as_time_then_number(a: (i64, u64), b: (i64, u64)) {
            let at = |(secs, seq)| EventPosition { at: Timestamp::from_secs(secs), seq: EventSeq(seq) };
            let (ka, kb) = (event(APP, at(a)), event(APP, at(b)));
            prop_assert_eq!(ka.cmp(&kb), at(a).cmp(&at(b)));
            prop_assert_eq!(position_in(&ka).unwrap(), at(a));
        }

        #[test]
        fn any_bytes_read_as_a_key_without_a_panic(bytes: Vec<u8>) {
            crate::fuzzing::keys(&bytes);
        }

        #[test]
        fn what_begins_with_a_prefix_is_before_the_key_behind_it(prefix in proptest::collection::vec(0..254_u8, 1..5), more: Vec<u8>) {
            let mut key = prefix.clone();
            key.extend(more);
            prop_assert!(*key < *behind(&prefix));
        }
    }
}
