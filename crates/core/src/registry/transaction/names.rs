//! The keys that a transaction names, each held once and known by a number.
//!
//! A tag update of a thousand devices holds the tag's name once, and links are gathered by number instead of by name.

use crate::small_table::{Keyed, SmallTable};
use crate::store::{Key, OwnedKey};
use smallvec::SmallVec;
use std::mem;
use std::ops::Index;

/// A key of a transaction, by its position among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct KeyId(u32);

impl KeyId {
    pub(crate) const fn index(self) -> usize {
        self.0 as usize
    }

    #[allow(
        clippy::unreachable,
        reason = "so many names do not fit into memory, and a wrong number names another key"
    )]
    fn at(position: usize) -> Self {
        KeyId(u32::try_from(position).unwrap_or_else(|_| unreachable!("a transaction has 4 billion keys")))
    }
}

/// Keys of a transaction: those of one device, mostly.
pub(crate) type KeyIds = SmallVec<[KeyId; 16]>;

#[derive(Debug)]
struct Name {
    print: u64,
    key: OwnedKey,
}

/// A key with its print, which is compared first.
#[derive(Debug, Clone, Copy, Hash)]
struct Printed<'a> {
    print: u64,
    key: Key<'a>,
}

impl<'a> Printed<'a> {
    /// The print is what two keys of a transaction rarely share: their lengths and how they end, since names that are made
    /// by machine begin alike.
    fn of(key: Key<'a>) -> Self {
        let name = key.name.as_bytes();
        let end = name.last_chunk::<8>().map_or_else(
            || name.iter().fold(0, |word, &byte| word << 8 | u64::from(byte)),
            |end| u64::from_le_bytes(*end),
        );
        Printed { print: end.rotate_left(8) ^ (name.len() as u64) << 2 ^ key.relation as u64, key }
    }
}

impl Keyed for Name {
    type Key<'a> = Printed<'a>;

    fn key(&self) -> Printed<'_> {
        Printed { print: self.print, key: self.key.as_key() }
    }

    fn has_key(&self, Printed { print, key }: Printed<'_>) -> bool {
        self.print == print && self.key.as_key() == key
    }
}

/// The keys of a transaction.
#[derive(Debug, Default)]
pub(super) struct Names(SmallTable<Name, 4>);

impl Names {
    pub(super) fn find(&self, key: Key<'_>) -> Option<KeyId> {
        self.0.position(Printed::of(key)).map(KeyId::at)
    }

    pub(super) fn intern(&mut self, key: Key<'_>) -> KeyId {
        let printed = Printed::of(key);
        let name = || Name { print: printed.print, key: key.to_owned() };
        KeyId::at(self.0.find_or_push(printed, name))
    }

    pub(super) fn intern_owned(&mut self, key: OwnedKey) -> KeyId {
        let printed = Printed::of(key.as_key());
        let (print, known) = (printed.print, self.0.position(printed));
        KeyId::at(known.unwrap_or_else(|| self.0.push(Name { print, key })))
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Makes room for this many more keys.
    pub(super) fn reserve(&mut self, more: usize) {
        self.0.reserve(more);
    }

    /// Takes the name of a key that is not used again.
    pub(super) fn take(&mut self, id: KeyId) -> OwnedKey {
        let key = &mut self.0.at_mut(id.index()).key;
        OwnedKey { relation: key.relation, name: mem::take(&mut key.name) }
    }

    /// All keys, in the order of their numbers.
    pub(super) fn into_keys(self) -> impl Iterator<Item = OwnedKey> {
        self.0.into_items().into_iter().map(|name| name.key)
    }
}

impl Index<KeyId> for Names {
    type Output = OwnedKey;

    fn index(&self, id: KeyId) -> &OwnedKey {
        &self.0.at(id.index()).key
    }
}
