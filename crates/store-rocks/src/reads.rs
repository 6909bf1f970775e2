//! Typed reads of the engine, at one snapshot or as of now.

use crate::error;
use crate::families::Family;
use crate::keys::{self, KeyBuf};
use crate::values::{self, Device, Header, NameRecord, decode_chunk, decode_entry, decode_event};
use roaring::RoaringBitmap;
use rocksdb::{ColumnFamily, DB, DBPinnableSlice, DBRawIterator, ReadOptions, Snapshot};
use rollbook::store::{Entry, EntryKey, EventRecord, Key, OwnedKey, Relation, Slot, StoreError};
use rollbook::{AppId, DeviceId, EventPosition, Platform, Timestamp, Version};

pub(crate) type Bytes<'a> = DBPinnableSlice<'a>;

/// A key and its value.
type Pair<'a> = (&'a [u8], &'a [u8]);

/// Reads what is stored of one app.
pub(crate) struct Reads<'a> {
    pub(crate) db: &'a DB,
    pub(crate) app: AppId,
    // Declared before the snapshot that it points to, so that it is dropped first.
    options: ReadOptions,
    snapshot: Option<Snapshot<'a>>,
}

impl std::fmt::Debug for Reads<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reads").field("app", &self.app).field("now", &self.snapshot.is_none()).finish()
    }
}

/// Returns the handle of a family. All families were opened with the store, so a missing one is an error.
pub(crate) fn handle(db: &DB, family: Family) -> Result<&ColumnFamily, StoreError> {
    db.cf_handle(family.name()).ok_or(StoreError::Closed)
}

impl<'a> Reads<'a> {
    /// Reads the latest state: each read sees what was written before it.
    pub(crate) fn latest(db: &'a DB, app: AppId) -> Self {
        Reads { db, app, options: ReadOptions::default(), snapshot: None }
    }

    /// Reads at one moment, from a snapshot.
    pub(crate) fn at_once(db: &'a DB, app: AppId) -> Self {
        let snapshot = db.snapshot();
        let mut options = ReadOptions::default();
        options.set_snapshot(&snapshot);
        Reads { db, app, options, snapshot: Some(snapshot) }
    }

    pub(crate) fn get(&self, family: Family, key: &[u8]) -> Result<Option<Bytes<'a>>, StoreError> {
        let handle = handle(self.db, family)?;
        self.db.get_pinned_cf_opt(handle, key, &self.options).map_err(error::read("a read"))
    }

    /// Returns the values of several keys, in the order of the keys.
    pub(crate) fn get_many(
        &self,
        family: Family,
        keys: &[KeyBuf],
        sorted: bool,
    ) -> Result<Vec<Option<Bytes<'a>>>, StoreError> {
        let handle = handle(self.db, family)?;
        let keys = keys.iter().map(|key| key.as_slice());
        let found = self.db.batched_multi_get_cf_opt(handle, keys, sorted, &self.options);
        found.into_iter().map(|value| value.map_err(error::read("a read of several keys"))).collect()
    }

    /// Iterates over the keys from `low`, inclusive, to `high`, exclusive.
    pub(crate) fn scan(
        &self,
        family: Family,
        low: &[u8],
        high: &[u8],
        backward: bool,
    ) -> Result<Scan<'a>, StoreError> {
        let mut options = ReadOptions::default();
        if let Some(snapshot) = &self.snapshot {
            options.set_snapshot(snapshot);
        }
        options.set_iterate_lower_bound(low);
        options.set_iterate_upper_bound(high);
        let mut iterator = self.db.raw_iterator_cf_opt(handle(self.db, family)?, options);
        if low >= high {
            // Bounds in the wrong order contain no key. What the engine makes of such bounds is not documented.
            return Ok(Scan { iterator, backward, started: true, empty: true });
        }
        if backward {
            iterator.seek_to_last();
        } else {
            iterator.seek_to_first();
        }
        Ok(Scan { iterator, backward, started: false, empty: false })
    }

    /// Iterates over every key with this prefix.
    pub(crate) fn scan_all(&self, family: Family, prefix: &[u8]) -> Result<Scan<'a>, StoreError> {
        self.scan(family, prefix, &keys::behind(prefix), false)
    }

    pub(crate) fn header(&self) -> Result<Option<Header>, StoreError> {
        let key = keys::header(self.app);
        let value = self.get(Family::App, &key)?;
        value.map(|value| Header::decode(&value)).transpose().map_err(error::malformed(Family::App, &key))
    }

    /// Returns whether any device waits for the removal of its user.
    pub(crate) fn deletions(&self) -> Result<bool, StoreError> {
        let mut names = self.scan_all(Family::Name, &keys::names(self.app, Relation::Deletion))?;
        Ok(names.next()?.is_some())
    }

    pub(crate) fn free(&self, platform: Platform, height: u64) -> Result<Option<u32>, StoreError> {
        let key = keys::free(self.app, platform, height);
        let value = self.get(Family::App, &key)?;
        value.map(|v| values::decode_free(&v)).transpose().map_err(error::malformed(Family::App, &key))
    }

    pub(crate) fn dead(&self, index: u64) -> Result<Option<(u64, u16)>, StoreError> {
        let key = keys::dead(self.app, index);
        let value = self.get(Family::App, &key)?;
        value.map(|v| values::decode_dead(&v)).transpose().map_err(error::malformed(Family::App, &key))
    }

    /// Returns the device that fills a slot, and the version that filled it.
    pub(crate) fn slot(&self, slot: Slot) -> Result<Option<(Version, DeviceId)>, StoreError> {
        let key = keys::slot(self.app, slot);
        let Some(value) = self.get(Family::Slot, &key)? else { return Ok(None) };
        let bad = error::malformed(Family::Slot, &key);
        let (filled, id) = values::decode_slot(&value).map_err(bad)?;
        let bad = |_| StoreError::corrupt(format!("slot: {slot:?}: the id of a device"));
        Ok(Some((filled, DeviceId::new(id).map_err(bad)?)))
    }

    /// Returns the version that filled a slot.
    pub(crate) fn filled(&self, slot: Slot) -> Result<Option<Version>, StoreError> {
        let key = keys::slot(self.app, slot);
        let Some(value) = self.get(Family::Slot, &key)? else { return Ok(None) };
        let bad = error::malformed(Family::Slot, &key);
        values::decode_slot(&value).map(|(filled, _)| Some(filled)).map_err(bad)
    }

    pub(crate) fn device(&self, id: &DeviceId) -> Result<Option<Device>, StoreError> {
        let key = keys::device(self.app, id.as_str());
        let Some(value) = self.get(Family::Device, &key)? else { return Ok(None) };
        let bad = error::malformed(Family::Device, &key);
        Device::decode(id.clone(), &value).map(Some).map_err(bad)
    }

    /// Returns the device that fills a slot, with the bytes of its record.
    pub(crate) fn device_bytes(&self, slot: Slot) -> Result<Option<(DeviceId, Bytes<'a>)>, StoreError> {
        let Some((_, id)) = self.slot(slot)? else { return Ok(None) };
        let value = self.get(Family::Device, &keys::device(self.app, id.as_str()))?;
        let value =
            value.ok_or_else(|| StoreError::corrupt(format!("slot: {slot:?}: filled by no device")))?;
        Ok(Some((id, value)))
    }

    pub(crate) fn name(&self, of: Key<'_>) -> Result<Option<NameRecord>, StoreError> {
        let key = keys::name(self.app, of.relation, of.name);
        let value = self.get(Family::Name, &key)?;
        value.map(|v| NameRecord::decode(&v)).transpose().map_err(error::malformed(Family::Name, &key))
    }

    /// Returns what a number stands for, or `None` if it is dead.
    pub(crate) fn number(&self, number: u64) -> Result<Option<(OwnedKey, Platform)>, StoreError> {
        let key = keys::number(self.app, number);
        let Some(value) = self.get(Family::Number, &key)? else { return Ok(None) };
        let bad = error::malformed(Family::Number, &key);
        let (relation, platform, name) = values::decode_number(&value).map_err(bad)?;
        Ok(Some((OwnedKey { relation, name: name.into() }, platform)))
    }

    pub(crate) fn chunk(&self, number: u64, chunk: u16) -> Result<Option<RoaringBitmap>, StoreError> {
        let key = keys::chunk(self.app, number, chunk);
        let value = self.get(Family::Posting, &key)?;
        let chunk = value.map(|v| decode_chunk(&v, chunk)).transpose();
        chunk.map_err(error::malformed(Family::Posting, &key))
    }

    pub(crate) fn entry(&self, of: &EntryKey) -> Result<Option<(Entry, Version)>, StoreError> {
        let key = keys::entry(self.app, of);
        let value = self.get(Family::Entry, &key)?;
        value.map(|v| decode_entry(&v)).transpose().map_err(error::malformed(Family::Entry, &key))
    }

    pub(crate) fn event(&self, at: EventPosition) -> Result<Option<EventRecord>, StoreError> {
        let key = keys::event(self.app, at);
        let value = self.get(Family::Event, &key)?;
        value.map(|v| decode_event(at.at, &v)).transpose().map_err(error::malformed(Family::Event, &key))
    }

    pub(crate) fn seen(&self, slot: Slot) -> Result<Option<(Version, Timestamp)>, StoreError> {
        let key = keys::slot(self.app, slot);
        let value = self.get(Family::Presence, &key)?;
        value.map(|v| values::decode_seen(&v)).transpose().map_err(error::malformed(Family::Presence, &key))
    }
}

/// An iterator over keys of a family.
pub(crate) struct Scan<'a> {
    iterator: DBRawIterator<'a>,
    backward: bool,
    started: bool,
    empty: bool,
}

impl Scan<'_> {
    /// Returns the next key and its value, or `None` at the end.
    pub(crate) fn next(&mut self) -> Result<Option<Pair<'_>>, StoreError> {
        if self.empty {
            return Ok(None);
        }
        if self.started && self.backward {
            self.iterator.prev();
        } else if self.started {
            self.iterator.next();
        }
        self.started = true;
        if !self.iterator.valid() {
            self.empty = true;
            self.iterator.status().map_err(error::read("a read of a stretch of keys"))?;
        }
        Ok(self.iterator.item())
    }
}
