//! A cache of decoded records that commits have read and written lately, for the next commits: new devices go into
//! the same chunks as those before them, and under the same popular names.
//!
//! The leader of the commits to an app takes out what it needs, and puts it back when the engine has written it. So
//! the cache always holds what is stored: nothing else writes these records, and what a failed write may have changed
//! has been taken out. Readers do not use the cache, since a view may be older.
//!
//! Entries that are not used are evicted by generations: the young ones were put in lately, the old ones before that.
//! When the young ones reach half of the bound they become the old ones, and the old ones are dropped.

use crate::values::NameRecord;
use hashbrown::{Equivalent, HashMap};
use parking_lot::Mutex;
use roaring::RoaringBitmap;
use rollbook::AppId;
use rollbook::store::OwnedKey;
use std::hash::Hash;

/// Chunks of postings by app, key number and chunk, and names with many devices, by app.
#[derive(Debug)]
pub(crate) struct Recent {
    chunks: Mutex<Generations<(AppId, u64, u16), RoaringBitmap>>,
    names: Mutex<Generations<(AppId, OwnedKey), NameRecord>>,
}

impl Recent {
    /// Makes a cache of about `most` bytes at most.
    pub(crate) fn new(most: usize) -> Self {
        let names = Mutex::new(Generations::new(most / 8));
        Recent { chunks: Mutex::new(Generations::new(most - most / 8)), names }
    }

    pub(crate) fn take_chunk(&self, app: AppId, number: u64, chunk: u16) -> Option<RoaringBitmap> {
        self.chunks.lock().take(&(app, number, chunk))
    }

    pub(crate) fn take_name(&self, app: AppId, key: &OwnedKey) -> Option<NameRecord> {
        self.names.lock().take(&NameOf(app, key))
    }

    /// Puts in chunks as they are stored.
    pub(crate) fn put_chunks(&self, app: AppId, stored: impl Iterator<Item = ((u64, u16), RoaringBitmap)>) {
        let mut chunks = self.chunks.lock();
        for ((number, chunk), ordinals) in stored {
            let bytes = ordinals.serialized_size() + 64;
            chunks.put((app, number, chunk), ordinals, bytes);
        }
    }

    /// Puts in names as they are stored.
    pub(crate) fn put_names(&self, app: AppId, stored: impl Iterator<Item = (OwnedKey, NameRecord)>) {
        let mut names = self.names.lock();
        for (key, record) in stored {
            let bytes = key.name.len() + record.homes.len() * 64;
            names.put((app, key), record, bytes);
        }
    }
}

/// A borrowed key of the names.
#[derive(Hash)]
struct NameOf<'a>(AppId, &'a OwnedKey);

impl Equivalent<(AppId, OwnedKey)> for NameOf<'_> {
    fn equivalent(&self, (app, key): &(AppId, OwnedKey)) -> bool {
        self.0 == *app && self.1 == key
    }
}

/// Values with their sizes in bytes.
#[derive(Debug)]
struct Generations<K, V> {
    young: HashMap<K, (V, usize)>,
    old: HashMap<K, (V, usize)>,
    /// The bytes of the young generation.
    bytes: usize,
    /// The most bytes of both generations together.
    most: usize,
}

impl<K: Eq + Hash, V> Generations<K, V> {
    fn new(most: usize) -> Self {
        Generations { young: HashMap::new(), old: HashMap::new(), bytes: 0, most }
    }

    fn take(&mut self, key: &(impl Equivalent<K> + Hash)) -> Option<V> {
        if let Some((value, bytes)) = self.young.remove(key) {
            self.bytes -= bytes;
            return Some(value);
        }
        self.old.remove(key).map(|(value, _)| value)
    }

    fn put(&mut self, key: K, value: V, bytes: usize) {
        if self.bytes + bytes > self.most / 2 {
            self.old = std::mem::take(&mut self.young);
            self.bytes = 0;
        }
        self.bytes += bytes;
        self.young.insert(key, (value, bytes));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_out_is_out() {
        let mut recent = Generations::new(100);
        recent.put(1, "one", 10);
        assert_eq!(recent.take(&1), Some("one"));
        assert_eq!((recent.take(&1), recent.bytes), (None, 0));
    }

    #[test]
    fn what_nobody_asks_for_is_forgotten_and_the_bound_holds() {
        let mut recent = Generations::new(100);
        for n in 0..1_000 {
            recent.put(n, n, 10);
            assert!(recent.young.len() + recent.old.len() <= 10);
            // This entry is used all the time, so it stays.
            assert_eq!(recent.take(&0), Some(0));
            recent.put(0, 0, 10);
        }
        assert_eq!(recent.take(&1), None);
        assert_eq!(recent.take(&999), Some(999));
    }
}
