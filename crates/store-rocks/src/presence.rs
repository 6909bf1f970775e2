//! Heartbeats: written to the log without waiting for the disk, and without a version of their own.

use crate::batch::Batch;
use crate::error;
use crate::families::Family;
use crate::keys;
use crate::open::RocksStore;
use crate::reads::Reads;
use crate::values::encode_seen;
use rocksdb::WriteOptions;
use rollbook::store::{Place, StoreError};
use rollbook::{AppId, Timestamp};
use std::collections::BTreeMap;

impl RocksStore {
    /// Records heartbeats that are newer than the recorded ones, of devices that still fill their places.
    ///
    /// Heartbeats need no lock against most commits; only commits that depend on heartbeats take this one. A
    /// heartbeat contains the version that filled its slot, so one that is written after its device was removed is
    /// never read as that of another device.
    pub(crate) fn record_seen(&self, app: AppId, seen: &[(Place, Timestamp)]) -> Result<(), StoreError> {
        let mut newest = BTreeMap::new();
        for &(place, at) in seen {
            let newer = newest.entry(place).or_insert(at);
            *newer = at.max(*newer);
        }
        let state = self.apps.get(app);
        let one_at_a_time = state.touching.lock();
        let reads = Reads::latest(&self.db, app);
        let mut batch = Batch::new(&self.db);
        for (place, at) in newest {
            if reads.filled(place.slot)? != Some(place.filled) {
                continue;
            }
            let recorded = reads.seen(place.slot)?.filter(|(filled, _)| *filled == place.filled);
            if recorded.is_none_or(|(_, recorded)| recorded < at) {
                let value = encode_seen(place.filled, at);
                batch.put(Family::Presence, &keys::slot(app, place.slot), &value)?;
            }
        }
        let batch = batch.into_inner();
        if batch.is_empty() {
            return Ok(());
        }
        let written = self.write(batch, &WriteOptions::default());
        drop(one_at_a_time);
        // A heartbeat may be lost and may be repeated, so an unknown outcome needs no class of its own here.
        written.map_err(error::read("heartbeats"))
    }
}
