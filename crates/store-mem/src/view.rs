//! The view of one app.

use crate::line::Line;
use crate::state::AppState;
use crate::sync::ShardedLockReadGuard;
use rollbook::store::{
    Entry, EntryKey, EntryKind, Key, LogRange, Place, Posting, Relation, Slot, StoreError, StoredDevice,
    StoredEvent, View,
};
use rollbook::{DeviceId, EventSeq, Platform, PlatformSet, Timestamp, Version};
use std::collections::BinaryHeap;
use std::ops::Bound;

/// How many lines are located before the first of them is read.
const AT_ONCE: usize = 64;

/// A view of one version of one app. While it is held, commits to the app wait; readers and heartbeats do not.
///
/// ```
/// use rollbook::store::{Key, Relation, Store, View};
/// use rollbook::{AppId, Platform, PlatformSet, Registration, Registry};
/// use rollbook_store_mem::MemStore;
///
/// let registry = Registry::builder(MemStore::new()).build();
/// let shop = registry.create_app(&"shop".parse()?, Default::default())?;
/// let tags = vec!["news".parse()?];
/// shop.register(&Registration { tags, ..Registration::new("phone".parse()?, Platform::Ios) })?;
///
/// let view = registry.store().view(AppId(1))?; // the first app
/// assert_eq!(view.cardinality(Key::new(Relation::Tag, "news"), PlatformSet::ALL)?, 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct MemView<'a> {
    pub(crate) state: ShardedLockReadGuard<'a, AppState>,
}

impl View for MemView<'_> {
    fn version(&self) -> Version {
        self.state.version
    }

    fn is_sealed(&self) -> bool {
        self.state.sealed
    }

    #[inline]
    fn find(&self, id: &DeviceId) -> Result<Option<Place>, StoreError> {
        let devices = &self.state.devices;
        Ok(devices.find(id.as_str()).and_then(|number| devices.place(number)))
    }

    fn device(&self, slot: Slot) -> Result<Option<StoredDevice>, StoreError> {
        let devices = &self.state.devices;
        let Some((_, line)) = devices.at_slot(slot) else { return Ok(None) };
        let place = Place { slot, filled: line.filled(&devices.spills) };
        Ok(Some(StoredDevice { place, version: line.version, record: line.record(&devices.spills)? }))
    }

    fn ids(
        &self,
        platform: Platform,
        ordinals: &[u32],
        as_of: Version,
        each: &mut dyn FnMut(u32, &str),
    ) -> Result<(), StoreError> {
        let devices = &self.state.devices;
        for ordinals in ordinals.chunks(AT_ONCE) {
            // This loop only touches each line, so the processor fetches many of them at a time. Looking up each line
            // together with its id would wait for memory device by device.
            let mut lines: [Option<&Line>; AT_ONCE] = [None; AT_ONCE];
            for (line, &ordinal) in lines.iter_mut().zip(ordinals) {
                *line = devices.at_slot(Slot { platform, ordinal }).map(|(_, line)| line);
            }
            for (line, &ordinal) in lines.into_iter().zip(ordinals) {
                if let Some(line) = line.filter(|line| line.filled(&devices.spills) <= as_of) {
                    line.with_id(&devices.spills, |id| each(ordinal, id))?;
                }
            }
        }
        Ok(())
    }

    fn devices(&self, platform: Platform) -> Result<Posting, StoreError> {
        Ok(Posting::Many(self.state.devices.living(platform)))
    }

    fn devices_among(&self, platform: Platform, _: &Posting) -> Result<Posting, StoreError> {
        self.devices(platform)
    }

    fn last_seen(&self, slot: Slot) -> Result<Option<Timestamp>, StoreError> {
        let devices = &self.state.devices;
        Ok(devices.at_slot(slot).and_then(|(number, _)| devices.last_seen(number)))
    }

    #[inline]
    fn linked(&self, slot: Slot, key: Key<'_>) -> Result<bool, StoreError> {
        let Some((_, line)) = self.state.devices.at_slot(slot) else { return Ok(false) };
        Ok(self.state.is_linked(line, slot, key))
    }

    fn keys_of(&self, slot: Slot, relation: Relation, each: &mut dyn FnMut(&str)) -> Result<(), StoreError> {
        let Some((_, line)) = self.state.devices.at_slot(slot) else { return Ok(()) };
        let (keys, _) = self.state.keys(relation);
        self.state.live_keys(line, relation, |number| {
            keys.with_name(number, &mut *each);
        });
        Ok(())
    }

    fn key_count(&self, slot: Slot, relation: Relation) -> Result<usize, StoreError> {
        let line = self.state.devices.at_slot(slot);
        Ok(line.map_or(0, |(_, line)| self.state.key_count(line, relation)))
    }

    fn platforms(&self, key: Key<'_>) -> Result<PlatformSet, StoreError> {
        let (keys, space) = self.state.keys(key.relation);
        Ok(keys.find(space, key.name).map_or(PlatformSet::NONE, |first| keys.platforms(first)))
    }

    fn posting(&self, key: Key<'_>, platform: Platform) -> Result<Posting, StoreError> {
        let (keys, space) = self.state.keys(key.relation);
        Ok(keys.find(space, key.name).map(|first| keys.posting(first, platform)).unwrap_or_default())
    }

    fn posting_among(&self, key: Key<'_>, platform: Platform, _: &Posting) -> Result<Posting, StoreError> {
        self.posting(key, platform)
    }

    fn cardinality(&self, key: Key<'_>, platforms: PlatformSet) -> Result<u64, StoreError> {
        let (keys, space) = self.state.keys(key.relation);
        Ok(keys.find(space, key.name).map_or(0, |first| keys.len(first, platforms)))
    }

    fn names(
        &self,
        relation: Relation,
        after: Option<&str>,
        limit: usize,
        each: &mut dyn FnMut(&str),
    ) -> Result<(), StoreError> {
        let (keys, space) = self.state.keys(relation);
        if let Some(ordered) = keys.ordered(space) {
            let from = after.map_or(Bound::Unbounded, Bound::Excluded);
            let page = ordered.range::<str, _>((from, Bound::Unbounded)).take(limit);
            page.for_each(|name| each(name));
            return Ok(());
        }
        if limit == 0 {
            return Ok(());
        }
        // The smallest names so far, the largest of them on top.
        let mut page: BinaryHeap<Box<str>> = BinaryHeap::new();
        for first in keys.firsts(space) {
            keys.with_name(first, |name| {
                if after.is_some_and(|after| name <= after) {
                    return;
                }
                if page.len() < limit {
                    page.push(name.into());
                } else if let Some(mut last) = page.peek_mut()
                    && name < &**last
                {
                    *last = name.into();
                }
            });
        }
        page.into_sorted_vec().iter().for_each(|name| each(name));
        Ok(())
    }

    fn entry(&self, key: &EntryKey) -> Result<Option<(Entry, Version)>, StoreError> {
        Ok(self.state.entries(key.kind()).get(key).cloned())
    }

    fn entries(
        &self,
        kind: EntryKind,
        after: Option<&EntryKey>,
        limit: usize,
    ) -> Result<Vec<(Entry, Version)>, StoreError> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let entries = self.state.entries(kind).range((from, Bound::Unbounded));
        Ok(entries.take(limit).map(|(_, entry)| entry.clone()).collect())
    }

    fn log_end(&self) -> Result<EventSeq, StoreError> {
        Ok(self.state.log.end())
    }

    fn events(&self, range: &LogRange<'_>) -> Result<Vec<StoredEvent>, StoreError> {
        self.state.log.read(range)
    }
}
