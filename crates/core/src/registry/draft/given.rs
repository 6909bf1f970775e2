//! The devices of a draft by the alias that they were given, so that a batch does not look through all of its devices
//! for every alias.

use super::overlay::Working;
use crate::model::Alias;
use hashbrown::{DefaultHashBuilder, HashTable};
use std::hash::BuildHasher;

/// Positions of devices by the hash of an alias. A device stays here when it gets another alias, or none.
#[derive(Debug, Default)]
pub(super) struct Given {
    by_hash: HashTable<(u64, usize)>,
    hasher: DefaultHashBuilder,
}

impl Given {
    /// The device at this position is given an alias.
    pub(super) fn note(&mut self, device: usize, alias: &Alias) {
        let hash = self.hasher.hash_one(alias);
        let given = (hash, device);
        if self.by_hash.find(hash, |known| *known == given).is_none() {
            self.by_hash.insert_unique(hash, given, |(hash, _)| *hash);
        }
    }

    /// Those of the devices that have been given this alias and still have it, each once.
    pub(super) fn now<'a>(
        &'a self,
        alias: &'a Alias,
        devices: &'a [Working],
    ) -> impl Iterator<Item = &'a Working> {
        let hash = self.hasher.hash_one(alias);
        let at = self.by_hash.iter_hash(hash).filter(move |(known, _)| *known == hash);
        let alike = at.filter_map(|(_, device)| devices.get(*device));
        alike.filter(move |device| {
            device.exists && device.alias.as_ref().and_then(Option::as_ref) == Some(alias)
        })
    }
}
