//! The reads of the store contract. All reads of a view use one snapshot of the engine, so they belong to one
//! version.

use crate::error;
use crate::families::Family;
use crate::keys::{self, EventIndex, KeyBuf};
use crate::links::all_of;
use crate::looked::RocksView;
use crate::values::{self, Device, Devices, Home, decode_entry, decode_event, each_home};
use rollbook::store::{
    Entry, EntryKey, EntryKind, Key, LogRange, Place, Posting, Relation, Slot, StoreError, StoredDevice,
    StoredEvent, View,
};
use rollbook::{DeviceId, EventOrder, EventPosition, EventSeq, Platform, PlatformSet, Timestamp, Version};

/// How many slots are looked up at once.
const AT_ONCE: usize = 128;

impl View for RocksView<'_> {
    fn version(&self) -> Version {
        self.picture.version
    }

    fn is_sealed(&self) -> bool {
        self.picture.sealed
    }

    fn find(&self, id: &DeviceId) -> Result<Option<Place>, StoreError> {
        self.place(id)
    }

    fn device(&self, slot: Slot) -> Result<Option<StoredDevice>, StoreError> {
        let Some((filled, id)) = self.reads.slot(slot)? else { return Ok(None) };
        match self.reads.device(&id)? {
            Some(device) if device.place == (Place { slot, filled }) => Ok(Some(Device::into_stored(device))),
            _ => error::contradiction("a slot that names a device which does not fill it"),
        }
    }

    fn ids(
        &self,
        platform: Platform,
        ordinals: &[u32],
        as_of: Version,
        each: &mut dyn FnMut(u32, &str),
    ) -> Result<(), StoreError> {
        for ordinals in ordinals.chunks(AT_ONCE) {
            let slot = |&ordinal: &u32| keys::slot(self.reads.app, Slot { platform, ordinal });
            let asked: Vec<KeyBuf> = ordinals.iter().map(slot).collect();
            let found = self.reads.get_many(Family::Slot, &asked, ordinals.is_sorted_by(|a, b| a < b))?;
            for ((ordinal, key), value) in ordinals.iter().zip(&asked).zip(found) {
                let Some(value) = value else { continue };
                let (filled, id) =
                    values::decode_slot(&value).map_err(error::malformed(Family::Slot, key))?;
                // A slot that was filled later holds a device that is newer than the caller's list.
                if filled <= as_of {
                    each(*ordinal, id);
                }
            }
        }
        Ok(())
    }

    fn devices(&self, platform: Platform) -> Result<Posting, StoreError> {
        let ordinals = self.header()?.ordinals(platform);
        if ordinals.taken() == 0 {
            return Ok(Posting::default());
        }
        self.reads.posting(all_of(platform), ordinals.next)
    }

    fn devices_among(&self, platform: Platform, among: &Posting) -> Result<Posting, StoreError> {
        self.reads.posting_among(all_of(platform), among)
    }

    fn last_seen(&self, slot: Slot) -> Result<Option<Timestamp>, StoreError> {
        let Some(seen) = self.reads.seen(slot)? else { return Ok(None) };
        // A heartbeat of an earlier device in this slot does not count.
        let filled = self.reads.filled(slot)?;
        Ok((filled == Some(seen.0)).then_some(seen.1))
    }

    fn linked(&self, slot: Slot, key: Key<'_>) -> Result<bool, StoreError> {
        self.holds(slot, key)
    }

    fn keys_of(&self, slot: Slot, relation: Relation, each: &mut dyn FnMut(&str)) -> Result<(), StoreError> {
        let (numbers, _) = self.held(slot, relation)?;
        self.each_name(&numbers, relation, each)
    }

    fn key_count(&self, slot: Slot, relation: Relation) -> Result<usize, StoreError> {
        let (numbers, version) = self.held(slot, relation)?;
        // No key has died since the last write of the device, so none of the numbers is dead.
        if relation == Relation::Tag && version > self.picture.last_drop {
            return Ok(numbers.len());
        }
        let mut count = 0;
        self.each_name(&numbers, relation, &mut |_| count += 1)?;
        Ok(count)
    }

    fn platforms(&self, key: Key<'_>) -> Result<PlatformSet, StoreError> {
        let mut platforms = PlatformSet::NONE;
        self.name(key, |value| {
            each_home(value, |home| {
                platforms = platforms.with(home.platform);
                true
            })
        })?;
        Ok(platforms)
    }

    fn posting(&self, key: Key<'_>, platform: Platform) -> Result<Posting, StoreError> {
        match self.home(key, platform)? {
            None => Ok(Posting::default()),
            Some(Home { devices: Devices::Few(few), .. }) => Ok(Posting::Few(few)),
            Some(home) => self.reads.posting(home.number, self.header()?.ordinals(platform).next),
        }
    }

    fn posting_among(
        &self,
        key: Key<'_>,
        platform: Platform,
        among: &Posting,
    ) -> Result<Posting, StoreError> {
        match self.home(key, platform)? {
            None => Ok(Posting::default()),
            Some(Home { devices: Devices::Few(few), .. }) => Ok(Posting::Few(few)),
            Some(home) => self.reads.posting_among(home.number, among),
        }
    }

    fn cardinality(&self, key: Key<'_>, platforms: PlatformSet) -> Result<u64, StoreError> {
        let mut sum = 0;
        self.name(key, |value| {
            each_home(value, |home| {
                if platforms.contains(home.platform) {
                    sum += home.devices.len();
                }
                true
            })
        })?;
        Ok(sum)
    }

    fn names(
        &self,
        relation: Relation,
        after: Option<&str>,
        limit: usize,
        each: &mut dyn FnMut(&str),
    ) -> Result<(), StoreError> {
        let app = self.reads.app;
        if relation == Relation::Deletion && !self.picture.deletions {
            return Ok(());
        }
        let all = keys::names(app, relation);
        let low = after.map_or_else(|| all.clone(), |after| keys::next(keys::name(app, relation, after)));
        let mut scan = self.reads.scan(Family::Name, &low, &keys::behind(&all), false)?;
        for _ in 0..limit {
            let Some((key, _)) = scan.next()? else { break };
            each(&keys::name_in(key).map_err(error::malformed(Family::Name, key))?);
        }
        Ok(())
    }

    fn entry(&self, key: &EntryKey) -> Result<Option<(Entry, Version)>, StoreError> {
        self.reads.entry(key)
    }

    fn entries(
        &self,
        kind: EntryKind,
        after: Option<&EntryKey>,
        limit: usize,
    ) -> Result<Vec<(Entry, Version)>, StoreError> {
        let all = keys::entries(self.reads.app, kind);
        let after = after.map(|after| keys::next(keys::entry(self.reads.app, after)));
        let low = after.filter(|after| *after > all).unwrap_or_else(|| all.clone());
        let mut scan = self.reads.scan(Family::Entry, &low, &keys::behind(&all), false)?;
        let mut found = Vec::new();
        while found.len() < limit {
            let Some((key, value)) = scan.next()? else { break };
            found.push(decode_entry(value).map_err(error::malformed(Family::Entry, key))?);
        }
        Ok(found)
    }

    fn log_end(&self) -> Result<EventSeq, StoreError> {
        Ok(self.picture.log_end)
    }

    fn events(&self, range: &LogRange<'_>) -> Result<Vec<StoredEvent>, StoreError> {
        let app = self.reads.app;
        let index = EventIndex::of(range.index);
        let at = |position| match index {
            None => keys::event(app, position),
            Some(index) => keys::index(app, index, position),
        };
        let mut low = at(EventPosition { at: range.from, seq: EventSeq(0) });
        let mut high = keys::next(at(EventPosition { at: range.until, seq: EventSeq(u64::MAX) }));
        match (range.after, range.order) {
            (None, _) => {}
            (Some(after), EventOrder::OldestFirst) => low = low.max(keys::next(at(after))),
            (Some(after), EventOrder::NewestFirst) => high = high.min(at(after)),
        }
        let backward = range.order == EventOrder::NewestFirst;
        let family = if index.is_some() { Family::EventIndex } else { Family::Event };
        let mut scan = self.reads.scan(family, &low, &high, backward)?;
        let mut found = Vec::new();
        while found.len() < range.limit {
            let Some((key, value)) = scan.next()? else { break };
            let position = keys::position_in(key).map_err(error::malformed(family, key))?;
            let record = match index {
                None => decode_event(position.at, value).map_err(error::malformed(family, key))?,
                Some(_) => match self.reads.event(position)? {
                    Some(record) => record,
                    None => return error::contradiction("an index of events that names none"),
                },
            };
            found.push(StoredEvent { seq: position.seq, record });
        }
        Ok(found)
    }
}
