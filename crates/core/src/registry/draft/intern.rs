//! The keys that a draft speaks of, each held once and named by a number.
//!
//! A tag update of a thousand devices says its tag's name once, and edges are gathered by number instead of by name.

use crate::store::{Key, OwnedKey};
use hashbrown::{DefaultHashBuilder, HashSet, HashTable};
use smallvec::SmallVec;
use std::hash::BuildHasher;

/// A key of the draft, by its position among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct KeyId(u32);

impl KeyId {
    pub(super) const fn index(self) -> usize {
        self.0 as usize
    }
}

/// Keys of the draft: those of one device, mostly.
pub(crate) type KeyIds = SmallVec<[KeyId; 16]>;

/// Up to this many keys are searched one by one; beyond, by hash.
pub(super) const FEW: usize = 16;

/// The keys of a list, for asking whether one is among them.
pub(crate) struct KeySet<'a> {
    list: &'a [KeyId],
    by_hash: HashSet<KeyId>,
}

impl<'a> KeySet<'a> {
    pub(crate) fn of(list: &'a [KeyId]) -> Self {
        let many = if list.len() > FEW { list } else { &[] };
        KeySet { list, by_hash: many.iter().copied().collect() }
    }

    pub(crate) fn contains(&self, key: KeyId) -> bool {
        if self.list.len() > FEW { self.by_hash.contains(&key) } else { self.list.contains(&key) }
    }
}

/// What two keys of a draft rarely share: their lengths and how they end, since names that are made by machine begin
/// alike.
fn print_of(key: Key<'_>) -> u64 {
    let name = key.name.as_bytes();
    let end = name.last_chunk::<8>().map_or_else(
        || name.iter().fold(0, |word, &byte| word << 8 | u64::from(byte)),
        |end| u64::from_le_bytes(*end),
    );
    end.rotate_left(8) ^ (name.len() as u64) << 2 ^ key.relation as u64
}

/// The keys of a draft.
#[derive(Debug, Default)]
pub(super) struct Interned {
    keys: Vec<OwnedKey>,
    /// What tells the first few apart without comparing names.
    prints: SmallVec<[u64; FEW]>,
    /// All of them, from the moment they are more than a few.
    by_hash: HashTable<u32>,
    hasher: DefaultHashBuilder,
}

impl Interned {
    pub(super) fn find(&self, key: Key<'_>) -> Option<KeyId> {
        if self.keys.len() <= FEW {
            let print = print_of(key);
            let mut alike =
                self.prints.iter().zip(&self.keys).enumerate().filter(|(_, (known, _))| **known == print);
            let (position, _) = alike.find(|(_, (_, known))| known.as_key() == key)?;
            return u32::try_from(position).ok().map(KeyId);
        }
        let is = |&n: &u32| self.keys.get(n as usize).is_some_and(|known| known.as_key() == key);
        self.by_hash.find(self.hasher.hash_one(key), is).copied().map(KeyId)
    }

    pub(super) fn intern(&mut self, key: Key<'_>) -> KeyId {
        self.find(key).unwrap_or_else(|| self.push(key.to_owned()))
    }

    pub(super) fn intern_owned(&mut self, key: OwnedKey) -> KeyId {
        self.find(key.as_key()).unwrap_or_else(|| self.push(key))
    }

    pub(super) fn get(&self, id: KeyId) -> Option<Key<'_>> {
        self.keys.get(id.index()).map(OwnedKey::as_key)
    }

    /// How many keys there are.
    pub(super) fn len(&self) -> usize {
        self.keys.len()
    }

    /// Makes room for so many more keys.
    pub(super) fn reserve(&mut self, more: usize) {
        self.keys.reserve(more);
    }

    /// Takes a key that nobody will ask for again.
    pub(super) fn take(&mut self, id: KeyId) -> Option<OwnedKey> {
        let key = self.keys.get_mut(id.index())?;
        Some(OwnedKey { relation: key.relation, name: std::mem::take(&mut key.name) })
    }

    /// All keys, in the order of their numbers.
    pub(super) fn into_keys(self) -> Vec<OwnedKey> {
        self.keys
    }

    fn push(&mut self, key: OwnedKey) -> KeyId {
        let number = u32::try_from(self.keys.len()).unwrap_or(u32::MAX);
        if self.keys.len() < FEW {
            self.prints.push(print_of(key.as_key()));
        }
        self.keys.push(key);
        let unhashed = if self.keys.len() == FEW + 1 { 0 } else { self.keys.len() - 1 };
        if self.keys.len() > FEW {
            let Interned { keys, by_hash, hasher, .. } = self;
            let hash = |&n: &u32| keys.get(n as usize).map_or(0, |key| hasher.hash_one(key.as_key()));
            for n in unhashed..keys.len() {
                let n = n as u32;
                by_hash.insert_unique(hash(&n), n, hash);
            }
        }
        KeyId(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Relation;

    #[test]
    fn a_key_has_one_number_however_many_there_are() {
        let mut interned = Interned::default();
        let names: Vec<String> = (0..100).map(|n| format!("name{n}")).collect();
        let numbers: Vec<KeyId> = names.iter().map(|n| interned.intern(Key::new(Relation::Tag, n))).collect();
        assert_eq!(numbers.iter().map(|id| id.index()).collect::<Vec<_>>(), (0..100).collect::<Vec<_>>());
        for (name, number) in names.iter().zip(&numbers) {
            assert_eq!(interned.intern(Key::new(Relation::Tag, name)), *number);
            assert_eq!(interned.get(*number), Some(Key::new(Relation::Tag, name)));
        }
        assert_eq!(interned.find(Key::new(Relation::Alias, "name1")), None);
        assert_eq!(interned.into_keys().len(), 100);
    }
}
