//! The questions: one version of one app, shared with the store for as long as nothing changes.
//!
//! A view never waits and never changes, so no question can fail; a store on disk returns its engine's errors.

use super::app::{App, slots};
use rollbook::store::{
    Entry, EntryKey, EntryKind, EventRecord, Key, LogIndex, LogRange, Place, Posting, Relation, Slot,
    StoreError, StoredDevice, StoredEvent, View,
};
use rollbook::{DeviceId, EventOrder, EventPosition, EventSeq, Platform, PlatformSet, Timestamp, Version};
use std::sync::Arc;

/// One version of one app.
///
/// ```
/// use rollbook::{AppId, Version, store::{Store, View, WriteSet}};
/// use rollbook_testkit::ordered::OrderedStore;
///
/// let store = OrderedStore::new();
/// let before = store.view(AppId(1))?;
/// store.commit(AppId(1), &WriteSet::default())?;
/// assert_eq!((before.version(), store.view(AppId(1))?.version()), (Version(0), Version(1)));
/// # Ok::<(), rollbook::store::StoreError>(())
/// ```
#[derive(Debug, Clone)]
pub struct OrderedView(Arc<App>);

impl OrderedView {
    pub(super) fn of(app: Arc<App>) -> Self {
        OrderedView(app)
    }
}

impl View for OrderedView {
    fn version(&self) -> Version {
        self.0.version
    }

    fn is_sealed(&self) -> bool {
        self.0.sealed
    }

    fn find(&self, id: &DeviceId) -> Result<Option<Place>, StoreError> {
        let device = self.0.ids.get(id).and_then(|slot| self.0.devices.get(slot));
        Ok(device.map(|device| device.stored.place))
    }

    fn device(&self, slot: Slot) -> Result<Option<StoredDevice>, StoreError> {
        Ok(self.0.devices.get(&slot).map(|device| device.stored.clone()))
    }

    // A list may be older than the view: a device that filled a slot later than `as_of` is not the one that was
    // listed.
    fn ids(
        &self,
        platform: Platform,
        ordinals: &[u32],
        as_of: Version,
        each: &mut dyn FnMut(u32, &str),
    ) -> Result<(), StoreError> {
        for &ordinal in ordinals {
            let device = self.0.devices.get(&Slot { platform, ordinal });
            if let Some(device) = device.filter(|device| device.stored.place.filled <= as_of) {
                each(ordinal, device.stored.record.id.as_str());
            }
        }
        Ok(())
    }

    fn devices(&self, platform: Platform) -> Result<Posting, StoreError> {
        Ok(self.0.devices.range(slots(platform)).map(|(slot, _)| slot.ordinal).collect())
    }

    fn devices_among(&self, platform: Platform, among: &Posting) -> Result<Posting, StoreError> {
        let there = self.0.devices.range(slots(platform)).map(|(slot, _)| slot.ordinal);
        Ok(there.filter(|&ordinal| among.contains(ordinal)).collect())
    }

    fn last_seen(&self, slot: Slot) -> Result<Option<Timestamp>, StoreError> {
        Ok(self.0.devices.get(&slot).and_then(|device| device.last_seen))
    }

    fn linked(&self, slot: Slot, key: Key<'_>) -> Result<bool, StoreError> {
        Ok(self.0.devices.get(&slot).is_some_and(|device| device.keys.iter().any(|k| k.as_key() == key)))
    }

    fn keys_of(&self, slot: Slot, relation: Relation, each: &mut dyn FnMut(&str)) -> Result<(), StoreError> {
        let keys = self.0.devices.get(&slot).into_iter().flat_map(|device| &device.keys);
        keys.filter(|key| key.relation == relation).for_each(|key| each(&key.name));
        Ok(())
    }

    fn key_count(&self, slot: Slot, relation: Relation) -> Result<usize, StoreError> {
        let keys = self.0.devices.get(&slot).into_iter().flat_map(|device| &device.keys);
        Ok(keys.filter(|key| key.relation == relation).count())
    }

    // Returns the platforms on which the key has devices now, not those on which it ever had some.
    fn platforms(&self, key: Key<'_>) -> Result<PlatformSet, StoreError> {
        Ok(self.0.all_slots_of(key).map(|slot| slot.platform).collect())
    }

    fn posting(&self, key: Key<'_>, platform: Platform) -> Result<Posting, StoreError> {
        Ok(self.0.slots_of(key, platform).map(|slot| slot.ordinal).collect())
    }

    fn posting_among(
        &self,
        key: Key<'_>,
        platform: Platform,
        among: &Posting,
    ) -> Result<Posting, StoreError> {
        let slots = self.0.slots_of(key, platform);
        Ok(slots.map(|slot| slot.ordinal).filter(|&ordinal| among.contains(ordinal)).collect())
    }

    fn cardinality(&self, key: Key<'_>, platforms: PlatformSet) -> Result<u64, StoreError> {
        Ok(platforms.iter().map(|platform| self.0.slots_of(key, platform).count() as u64).sum())
    }

    fn names(
        &self,
        relation: Relation,
        after: Option<&str>,
        limit: usize,
        each: &mut dyn FnMut(&str),
    ) -> Result<(), StoreError> {
        self.0.names(relation, after).take(limit).for_each(each);
        Ok(())
    }

    fn entry(&self, key: &EntryKey) -> Result<Option<(Entry, Version)>, StoreError> {
        Ok(self.0.entries.get(key).cloned())
    }

    fn entries(
        &self,
        kind: EntryKind,
        after: Option<&EntryKey>,
        limit: usize,
    ) -> Result<Vec<(Entry, Version)>, StoreError> {
        let of_kind = self.0.entries.iter().filter(|(key, _)| key.kind() == kind);
        let behind = of_kind.filter(|(key, _)| after.is_none_or(|after| *key > after));
        Ok(behind.map(|(_, entry)| entry.clone()).take(limit).collect())
    }

    fn log_end(&self) -> Result<EventSeq, StoreError> {
        Ok(self.0.log_end)
    }

    fn events(&self, range: &LogRange<'_>) -> Result<Vec<StoredEvent>, StoreError> {
        let asked = |(at, event): &(&EventPosition, &EventRecord)| {
            let indexed = match range.index {
                LogIndex::All => true,
                LogIndex::Device(id) => event.device.as_ref() == Some(id),
                LogIndex::User(id) => event.user.as_ref() == Some(id),
                LogIndex::Name(name) => event.name == *name,
            };
            let behind = range.after.is_none_or(|after| match range.order {
                EventOrder::OldestFirst => **at > after,
                EventOrder::NewestFirst => **at < after,
            });
            indexed && behind && (range.from..=range.until).contains(&at.at)
        };
        let stored =
            |(at, event): (&EventPosition, &EventRecord)| StoredEvent { seq: at.seq, record: event.clone() };
        let found = self.0.log.iter().filter(asked);
        Ok(match range.order {
            EventOrder::OldestFirst => found.map(stored).take(range.limit).collect(),
            EventOrder::NewestFirst => found.rev().map(stored).take(range.limit).collect(),
        })
    }
}
