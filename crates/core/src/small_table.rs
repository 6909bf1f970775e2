//! Collections that are small nearly always, and stay fast when they are not.

use hashbrown::{DefaultHashBuilder, HashTable};
use smallvec::SmallVec;
use std::hash::{BuildHasher, Hash};

/// Up to this number of items a scan is faster than hashing.
pub(crate) const FEW: usize = 16;

/// An item of a [`SmallTable`]. Its key stays the same while it is in the table.
pub(crate) trait Keyed {
    type Key<'a>: Copy + Hash
    where
        Self: 'a;

    fn key(&self) -> Self::Key<'_>;
    /// Returns whether this is the item's key: what `self.key() == key` would say, were the lifetimes the same.
    fn has_key(&self, key: Self::Key<'_>) -> bool;
}

/// A list whose items are found by their keys: by a scan while they are few, by hash once they are more.
#[derive(Debug)]
pub(crate) struct SmallTable<T, const INLINE: usize> {
    items: SmallVec<[T; INLINE]>,
    /// In a box, because nearly no table has one.
    by_hash: Option<Box<ByHash>>,
}

#[derive(Debug, Default)]
struct ByHash {
    positions: HashTable<usize>,
    hasher: DefaultHashBuilder,
}

impl ByHash {
    /// Enters the items from this position on.
    #[inline(never)]
    #[allow(clippy::indexing_slicing, reason = "the positions entered are those of items")]
    fn enter<T: Keyed>(&mut self, items: &[T], from: usize) {
        let hash = |&at: &usize| self.hasher.hash_one(items[at].key());
        for at in from..items.len() {
            self.positions.insert_unique(hash(&at), at, hash);
        }
    }
}

impl<T, const INLINE: usize> Default for SmallTable<T, INLINE> {
    fn default() -> Self {
        SmallTable { items: SmallVec::new(), by_hash: None }
    }
}

impl<T: Keyed, const INLINE: usize> SmallTable<T, INLINE> {
    pub(crate) fn position(&self, key: T::Key<'_>) -> Option<usize> {
        match self.by_hash.as_deref() {
            None => self.items.iter().position(|item| item.has_key(key)),
            Some(ByHash { positions, hasher }) => {
                positions.find(hasher.hash_one(key), |&at| self.at(at).has_key(key)).copied()
            }
        }
    }

    pub(crate) fn get(&self, key: T::Key<'_>) -> Option<&T> {
        self.position(key).map(|at| self.at(at))
    }

    /// Returns the position of the item with this key, which is made and added if there is none.
    #[allow(clippy::indexing_slicing, reason = "the positions entered are those of items")]
    pub(crate) fn find_or_push(&mut self, key: T::Key<'_>, make: impl FnOnce() -> T) -> usize {
        let Some(ByHash { positions, hasher }) = self.by_hash.as_deref_mut() else {
            return self.position(key).unwrap_or_else(|| self.push(make()));
        };
        let (items, hash) = (&mut self.items, hasher.hash_one(key));
        if let Some(known) = positions.find(hash, |&at| items[at].has_key(key)) {
            return *known;
        }
        let at = items.len();
        items.push(make());
        positions.insert_unique(hash, at, |&at| hasher.hash_one(items[at].key()));
        at
    }

    /// Adds an item whose key no item has. Returns its position.
    pub(crate) fn push(&mut self, item: T) -> usize {
        let at = self.items.len();
        self.items.push(item);
        if let Some(by_hash) = &mut self.by_hash {
            by_hash.enter(&self.items, at);
        } else if self.items.len() > FEW {
            self.by_hash.insert(Box::default()).enter(&self.items, 0);
        }
        at
    }

    /// Removes the item with this key, if there is one. The last item takes its position.
    pub(crate) fn remove(&mut self, key: T::Key<'_>) {
        let Some(at) = self.position(key) else { return };
        let last = self.items.len() - 1;
        if let Some(mut by_hash) = self.by_hash.take() {
            let ByHash { positions, hasher } = &mut *by_hash;
            if let Ok(entry) = positions.find_entry(hasher.hash_one(self.at(at).key()), |&known| known == at)
            {
                entry.remove();
            }
            if let Some(moved) =
                positions.find_mut(hasher.hash_one(self.at(last).key()), |&known| known == last)
            {
                *moved = at;
            }
            self.by_hash = Some(by_hash);
        }
        self.items.swap_remove(at);
    }
}

impl<T, const INLINE: usize> SmallTable<T, INLINE> {
    #[allow(
        clippy::indexing_slicing,
        reason = "a position that the table gave out is good until an item is removed"
    )]
    pub(crate) fn at(&self, position: usize) -> &T {
        &self.items[position]
    }

    #[allow(clippy::indexing_slicing, reason = "as above")]
    pub(crate) fn at_mut(&mut self, position: usize) -> &mut T {
        &mut self.items[position]
    }

    pub(crate) fn as_slice(&self) -> &[T] {
        &self.items
    }

    pub(crate) fn as_mut_slice(&mut self) -> &mut [T] {
        &mut self.items
    }

    pub(crate) fn into_items(self) -> SmallVec<[T; INLINE]> {
        self.items
    }

    pub(crate) fn len(&self) -> usize {
        self.items.len()
    }

    pub(crate) fn reserve(&mut self, more: usize) {
        self.items.reserve(more);
    }

    pub(crate) fn clear(&mut self) {
        *self = SmallTable::default();
    }
}

/// A set of small numbers, one bit each.
#[derive(Debug, Default)]
pub(crate) struct BitSet(SmallVec<[u64; 2]>);

impl BitSet {
    /// Adds a number. Returns whether it is new.
    pub(crate) fn insert(&mut self, number: usize) -> bool {
        let (at, bit) = (number / 64, 1 << (number % 64));
        if let Some(word) = self.0.get_mut(at) {
            let is_new = *word & bit == 0;
            *word |= bit;
            return is_new;
        }
        self.0.resize(at, 0);
        self.0.push(bit);
        true
    }

    pub(crate) fn contains(&self, number: usize) -> bool {
        self.0.get(number / 64).is_some_and(|word| word & 1 << (number % 64) != 0)
    }
}

impl FromIterator<usize> for BitSet {
    fn from_iter<I: IntoIterator<Item = usize>>(numbers: I) -> Self {
        let mut set = BitSet::default();
        for number in numbers {
            set.insert(number);
        }
        set
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::{BTreeMap, BTreeSet};

    impl Keyed for (u8, u32) {
        type Key<'a> = u8;

        fn key(&self) -> u8 {
            self.0
        }

        fn has_key(&self, key: u8) -> bool {
            self.0 == key
        }
    }

    proptest! {
        #[test]
        fn what_was_pushed_is_found_until_it_is_removed(
            steps in proptest::collection::vec((any::<bool>(), 0..40_u8, any::<u32>()), 0..300)
        ) {
            let (mut table, mut model) = (SmallTable::<(u8, u32), 2>::default(), BTreeMap::new());
            for (puts, key, value) in steps {
                match (puts, table.position(key)) {
                    (true, None) if value % 2 == 0 => drop(table.push((key, value))),
                    (true, known) => {
                        let at = table.find_or_push(key, || (key, 0));
                        prop_assert_eq!(at, known.unwrap_or(table.len() - 1));
                        table.at_mut(at).1 = value;
                    }
                    (false, _) => table.remove(key),
                }
                if puts { model.insert(key, value) } else { model.remove(&key) };
                prop_assert!((0..40).all(|key| table.get(key).map(|item| item.1) == model.get(&key).copied()));
                prop_assert_eq!(table.as_slice().len(), model.len());
            }
        }

        #[test]
        fn a_bit_set_is_a_set(numbers in proptest::collection::vec(0..300_usize, 0..100)) {
            let (mut set, mut model) = (BitSet::default(), BTreeSet::new());
            for number in numbers {
                prop_assert_eq!(set.insert(number), model.insert(number));
                prop_assert!((0..320).all(|n| set.contains(n) == model.contains(&n)));
            }
        }
    }
}
