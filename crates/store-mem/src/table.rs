//! A hash table from hash to number with one cache line per look-up: the table of ids and the tables of names.
//!
//! An entry is eight bytes: 32 bits of the hash, then the number plus one. What a number stands for is compared by
//! the caller, in the device line or key that it needs next anyway. `hashbrown` keeps its control bytes apart from
//! its buckets, which is one more cache miss on a table that is larger than the cache, and it must visit every device
//! line to grow; this table grows from the 32 bits alone. It is split into shards that grow one by one, by a quarter
//! each: no commit ever waits for ten million entries to move, and the unused part stays small.

const SHARD_BITS: u32 = 6;
/// A table smaller than this is one shard.
const SPLIT_AT: usize = 4096;

/// Numbers by hash.
#[derive(Debug, Default)]
pub(crate) struct Table {
    shards: Vec<Shard>,
}

#[derive(Debug, Default)]
struct Shard {
    slots: Vec<u64>,
    len: usize,
}

const fn tag_of(hash: u64) -> u32 {
    (hash >> 32) as u32
}

const fn slot_tag(slot: u64) -> u32 {
    (slot >> 32) as u32
}

const fn slot_number(slot: u64) -> u32 {
    (slot as u32).wrapping_sub(1)
}

const fn slot_of(tag: u32, number: u32) -> u64 {
    (tag as u64) << 32 | number.wrapping_add(1) as u64
}

impl Table {
    /// Returns the number with this hash for which `is` returns `true`.
    #[inline]
    pub(crate) fn find(&self, hash: u64, mut is: impl FnMut(u32) -> bool) -> Option<u32> {
        let tag = tag_of(hash);
        let slots = &self.shards.get(self.shard_of(tag))?.slots;
        let (before, from) = slots.split_at_checked(home(tag, slots.len()))?;
        // The search wraps around at the end of the table. It ends at the first empty entry.
        for part in [from, before] {
            for &slot in part {
                if slot == 0 {
                    return None;
                }
                if slot_tag(slot) == tag && is(slot_number(slot)) {
                    return Some(slot_number(slot));
                }
            }
        }
        None
    }

    /// Adds a number that is not in the table. It must be below `u32::MAX`.
    pub(crate) fn insert(&mut self, hash: u64, number: u32) {
        match self.shards.as_mut_slice() {
            [] => self.shards.push(Shard::default()),
            [only] if only.len >= SPLIT_AT => self.split(),
            _ => {}
        }
        let tag = tag_of(hash);
        let shard = self.shard_of(tag);
        if let Some(shard) = self.shards.get_mut(shard) {
            shard.insert(slot_of(tag, number));
        }
    }

    /// Removes a number.
    pub(crate) fn remove(&mut self, hash: u64, number: u32) {
        let tag = tag_of(hash);
        let shard = self.shard_of(tag);
        if let Some(shard) = self.shards.get_mut(shard) {
            shard.remove(slot_of(tag, number));
        }
    }

    /// Replaces a number by another with the same hash.
    pub(crate) fn replace(&mut self, hash: u64, number: u32, by: u32) {
        self.remove(hash, number);
        self.insert(hash, by);
    }

    /// Iterates over every number, in no particular order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = u32> {
        let slots = self.shards.iter().flat_map(|shard| &shard.slots);
        slots.filter(|&&slot| slot != 0).map(|&slot| slot_number(slot))
    }

    pub(crate) fn bytes(&self) -> usize {
        let slots: usize = self.shards.iter().map(|shard| shard.slots.capacity()).sum();
        slots * size_of::<u64>() + self.shards.capacity() * size_of::<Shard>()
    }

    #[inline]
    fn shard_of(&self, tag: u32) -> usize {
        if self.shards.len() > 1 { (tag >> (32 - SHARD_BITS)) as usize } else { 0 }
    }

    fn split(&mut self) {
        let whole = std::mem::take(&mut self.shards);
        self.shards.resize_with(1 << SHARD_BITS, Shard::default);
        for slot in whole.into_iter().flat_map(|shard| shard.slots).filter(|&slot| slot != 0) {
            let shard = self.shard_of(slot_tag(slot));
            if let Some(shard) = self.shards.get_mut(shard) {
                shard.insert(slot);
            }
        }
    }
}

/// Returns where the search for a tag (32 bits of hash) starts: its bits below the shard's, scaled to the length of
/// the table.
#[inline]
const fn home(tag: u32, len: usize) -> usize {
    ((((tag << SHARD_BITS) as u64) * len as u64) >> 32) as usize
}

impl Shard {
    fn insert(&mut self, slot: u64) {
        // At most four fifths full: a search that finds nothing then reads two cache lines on average.
        if (self.len + 1) * 5 > self.slots.len() * 4 {
            let larger = vec![0; (self.slots.len() + self.slots.len() / 4).max(4)];
            let slots = std::mem::replace(&mut self.slots, larger);
            slots.into_iter().filter(|&slot| slot != 0).for_each(|slot| self.place(slot));
        }
        self.place(slot);
        self.len += 1;
    }

    fn place(&mut self, slot: u64) {
        let home = home(slot_tag(slot), self.slots.len());
        let Some((before, from)) = self.slots.split_at_mut_checked(home) else { return };
        if let Some(vacant) = from.iter_mut().chain(before).find(|slot| **slot == 0) {
            *vacant = slot;
        }
    }

    fn remove(&mut self, slot: u64) {
        let len = self.slots.len();
        let Some((before, from)) = self.slots.split_at_checked(home(slot_tag(slot), len)) else { return };
        let start = before.len();
        let mut run = from.iter().chain(before).take_while(|&&other| other != 0);
        let Some(steps) = run.position(|&other| other == slot) else { return };
        let mut hole = (start + steps) % len;
        // Closes the hole: each entry of the run moves to it, unless that would put the entry before its home.
        // Tombstones would need no moves, but would make every search longer until the next growth.
        let mut next = hole;
        loop {
            next = if next + 1 == len { 0 } else { next + 1 };
            let moved = match self.slots.get(next) {
                Some(&moved) if moved != 0 && next != hole => moved,
                _ => break,
            };
            let from_home = (next + len - home(slot_tag(moved), len)) % len;
            let from_hole = (next + len - hole) % len;
            if from_home >= from_hole {
                if let Some(place) = self.slots.get_mut(hole) {
                    *place = moved;
                }
                hole = next;
            }
        }
        if let Some(place) = self.slots.get_mut(hole) {
            *place = 0;
        }
        self.len -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        #[test]
        fn a_table_finds_what_is_in_it_and_nothing_else(
            steps in proptest::collection::vec((any::<bool>(), 0..40_u32, 0..5_u64), 0..400)
        ) {
            // A few hashes close to each other, so that runs are long and wrap around.
            let hash = |number: u32, spread: u64| u64::from(number % 3) << 58 | spread.wrapping_mul(u64::MAX / 7) | 0x03FF_FFFF_0000_0000;
            let mut table = Table::default();
            let mut held = BTreeMap::new();
            for (add, number, spread) in steps {
                if add {
                    held.entry(number).or_insert_with(|| { table.insert(hash(number, spread), number); spread });
                } else if let Some(spread) = held.remove(&number) {
                    table.remove(hash(number, spread), number);
                }
                for number in 0..40 {
                    let found = held.get(&number).and_then(|&spread| table.find(hash(number, spread), |n| n == number));
                    prop_assert_eq!(found, held.contains_key(&number).then_some(number));
                }
                let mut all: Vec<u32> = table.iter().collect();
                all.sort_unstable();
                prop_assert!(all.iter().eq(held.keys()));
            }
        }
    }

    #[test]
    fn a_table_that_splits_keeps_everything() {
        let hash = |n: u32| u64::from(n).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let mut table = Table::default();
        (0..50_000).for_each(|n| table.insert(hash(n), n));
        assert!((0..50_000).all(|n| table.find(hash(n), |m| m == n) == Some(n)));
        (0..50_000).step_by(2).for_each(|n| table.remove(hash(n), n));
        assert!((0..50_000).all(|n| table.find(hash(n), |m| m == n).is_some() == (n % 2 == 1)));
        assert_eq!(table.iter().count(), 25_000);
    }
}
