//! Reads together what many new devices need: the engine looks up a hundred keys in one call faster than in a hundred
//! calls.

use crate::draft::Draft;
use crate::error;
use crate::families::Family;
use crate::keys::{self, KeyBuf};
use crate::values::NameRecord;
use rollbook::DeviceId;
use rollbook::store::{DeviceRecord, Operation, OwnedKey, Relation, StoreError, WriteSet};

/// The number of new devices from which prefetching pays.
const MANY: usize = 8;

/// How many keys are looked up at once.
const AT_ONCE: usize = 128;

impl Draft<'_> {
    /// Loads whether the ids of new devices exist, and the names of their aliases and users. Tags are few and shared
    /// by many devices, so they are loaded on first use.
    pub(crate) fn prefetch(&mut self, writes: &WriteSet) -> Result<(), StoreError> {
        let new = writes.operations.iter().filter_map(|operation| match operation {
            Operation::Insert { record, keys, .. } => Some((&**record, keys.as_slice())),
            _ => None,
        });
        let new: Vec<(&DeviceRecord, &[OwnedKey])> = new.collect();
        if new.len() < MANY {
            return Ok(());
        }
        self.expect(new.len());
        self.prefetch_ids(new.iter().map(|(record, _)| &record.id))?;
        let keys = new.iter().flat_map(|(_, keys)| keys.iter());
        self.prefetch_names(keys.filter(|key| key.relation != Relation::Tag))
    }

    fn prefetch_ids<'w>(&mut self, ids: impl Iterator<Item = &'w DeviceId>) -> Result<(), StoreError> {
        let app = self.reads.app;
        let unknown = ids.filter(|id| !self.ids.has(id)).map(|id| (keys::device(app, id.as_str()), id));
        for (asked, ids) in sorted(unknown.collect()) {
            let found = self.reads.get_many(Family::Device, &asked, true)?;
            for (id, _) in ids.into_iter().zip(found).filter(|(_, value)| value.is_none()) {
                self.ids.load(id.clone(), None);
            }
        }
        Ok(())
    }

    fn prefetch_names<'w>(&mut self, names: impl Iterator<Item = &'w OwnedKey>) -> Result<(), StoreError> {
        let app = self.reads.app;
        let mut unknown = Vec::new();
        for of in names {
            if self.names.has(of) {
                continue;
            }
            match self.recent.take_name(app, of) {
                Some(record) => self.names.load(of.clone(), record),
                None => unknown.push((keys::name(app, of.relation, &of.name), of)),
            }
        }
        for (asked, names) in sorted(unknown) {
            let found = self.reads.get_many(Family::Name, &asked, true)?;
            for ((of, key), value) in names.into_iter().zip(&asked).zip(found) {
                let record = value.map(|value| NameRecord::decode(&value)).transpose();
                let record = record.map_err(error::malformed(Family::Name, key))?;
                self.names.load(of.clone(), record.unwrap_or_default());
            }
        }
        Ok(())
    }
}

/// Returns each key once, in the order of the engine, in portions.
fn sorted<T: Copy>(mut asked: Vec<(KeyBuf, T)>) -> impl Iterator<Item = (Vec<KeyBuf>, Vec<T>)> {
    asked.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
    asked.dedup_by(|(a, _), (b, _)| a == b);
    let mut rest = asked.into_iter();
    std::iter::from_fn(move || {
        let portion: (Vec<KeyBuf>, Vec<T>) = rest.by_ref().take(AT_ONCE).unzip();
        Some(portion).filter(|(keys, _)| !keys.is_empty())
    })
}
