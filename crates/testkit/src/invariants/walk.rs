//! The walk: devices first, then the relations against them, then the catalogue and the log.
//!
//! It takes about the time of reading everything once: the devices that each key should name are collected while the
//! devices are walked, and never searched for.

use super::{Breach, Broken, Walked};
use crate::look::ordinals;
use rollbook::store::{
    Deleted, Entry, EntryKey, EntryKind, EventRecord, Key, LogIndex, LogRange, OwnedKey, Place, Posting,
    Relation, Slot, StoreError, StoredEvent, View,
};
use rollbook::{DeviceId, EventOrder, Platform, Timestamp, Version};
use std::collections::{BTreeMap, BTreeSet};

pub(super) struct Walk<'a, V> {
    view: &'a V,
    breaches: Vec<Breach>,
    /// The devices that fill slots, according to the lists of the platforms.
    devices: BTreeSet<Slot>,
    /// The devices of every key, according to the devices.
    carried: BTreeMap<OwnedKey, BTreeSet<Slot>>,
    /// The deletions that name devices, as listed.
    deletions: Vec<String>,
    /// Called with the progress of the walk.
    watch: &'a mut dyn FnMut(Walked),
}

impl<'a, V: View> Walk<'a, V> {
    pub(super) fn new(view: &'a V, watch: &'a mut dyn FnMut(Walked)) -> Self {
        let (devices, carried) = (BTreeSet::new(), BTreeMap::new());
        Walk { view, breaches: Vec::new(), devices, carried, deletions: Vec::new(), watch }
    }

    pub(super) fn into_breaches(self) -> Vec<Breach> {
        self.breaches
    }

    fn breach(&mut self, broken: Broken, what: impl Into<String>) {
        self.breaches.push(Breach { broken, what: what.into() });
    }

    pub(super) fn store(&mut self) -> Result<(), StoreError> {
        let mut ids: BTreeMap<DeviceId, Slot> = BTreeMap::new();
        for platform in Platform::ALL {
            let all = self.view.devices(platform)?;
            self.posting(&all, &format!("the devices of {platform}"));
            let all = ordinals(&all);
            for (done, &ordinal) in (1..).zip(&all) {
                self.device(Slot { platform, ordinal }, &mut ids)?;
                (self.watch)(Walked { what: platform.name(), done, of: all.len() });
            }
            self.translation(platform, &all, &ids)?;
        }
        for relation in Relation::ALL {
            self.relation(relation)?;
        }
        self.entries()?;
        self.log()
    }

    pub(super) fn register(&mut self) -> Result<(), StoreError> {
        let owner = |key: &OwnedKey| matches!(key.relation, Relation::User | Relation::Deletion);
        let owned = self.carried.iter().filter(|(key, _)| owner(key));
        let owned: BTreeSet<Slot> = owned.flat_map(|(_, slots)| slots).copied().collect();
        let without: Vec<Slot> = self.devices.difference(&owned).copied().collect();
        for slot in without {
            self.breach(Broken::Owner, format!("{slot:?} has neither a user nor a deletion"));
        }
        for name in std::mem::take(&mut self.deletions) {
            let number = name.parse().ok().filter(|number: &u64| number.to_string() == name);
            let Some(number) = number else {
                self.breach(Broken::Deletion, format!("deletion {name:?} is not a number"));
                continue;
            };
            match self.view.entry(&EntryKey::Deletion(number))? {
                Some((Entry::Deletion(record), _))
                    if matches!(record.of, Deleted::User { .. } | Deleted::SignOut { .. }) => {}
                _ => self
                    .breach(Broken::Deletion, format!("deletion {number} condemns devices without a record")),
            }
        }
        Ok(())
    }

    fn posting(&mut self, posting: &Posting, of: &str) {
        let all = ordinals(posting);
        if !all.is_sorted_by(|a, b| a < b) {
            self.breach(Broken::Posting, format!("{of} are not ascending: {all:?}"));
        }
        if posting.len() != all.len() as u64 || posting.is_empty() != all.is_empty() {
            self.breach(Broken::Posting, format!("{of} are miscounted by their own posting"));
        }
    }

    fn device(&mut self, slot: Slot, ids: &mut BTreeMap<DeviceId, Slot>) -> Result<(), StoreError> {
        self.devices.insert(slot);
        let Some(device) = self.view.device(slot)? else {
            self.breach(Broken::Device, format!("{slot:?} is listed, but no device fills it"));
            return Ok(());
        };
        let id = device.record.id;
        if device.place.slot != slot {
            self.breach(
                Broken::Device,
                format!("{id} in {slot:?} says it stands in {:?}", device.place.slot),
            );
        }
        if self.view.find(&id)? != Some(device.place) {
            self.breach(Broken::Device, format!("{id} fills {:?}, but is not found there", device.place));
        }
        if device.version > self.view.version() || device.version < device.place.filled {
            let Place { filled, .. } = device.place;
            let what = format!("{id}, in its slot since {filled}, changed at {}", device.version);
            self.breach(Broken::Version, format!("{what}, in a view of {}", self.view.version()));
        }
        if let Some(other) = ids.insert(id.clone(), slot) {
            self.breach(Broken::Device, format!("{id} fills {other:?} and {slot:?}"));
        }
        let mut keys: Vec<(Relation, String)> = Vec::new();
        for relation in Relation::ALL {
            let before = keys.len();
            self.view.keys_of(slot, relation, &mut |name| keys.push((relation, name.to_owned())))?;
            let (shown, count) = (keys.len() - before, self.view.key_count(slot, relation)?);
            if shown != count {
                self.breach(Broken::Count, format!("{id} counts {count} of {relation:?}, but shows {shown}"));
            }
            if !relation.is_many() && shown > 1 {
                self.breach(Broken::Single, format!("{id} has {shown} of {relation:?}"));
            }
        }
        for (relation, name) in &keys {
            if !self.view.linked(slot, Key::new(*relation, name))? {
                self.breach(
                    Broken::Sides,
                    format!("{id} shows {relation:?} {name:?}, but is not linked with it"),
                );
            }
        }
        let has = |relation| keys.iter().any(|(r, _)| *r == relation);
        if has(Relation::User) && has(Relation::Deletion) {
            self.breach(Broken::Single, format!("{id} has a user and waits for the removal of its user"));
        }
        for (relation, name) in keys {
            let key = OwnedKey { relation, name: name.into() };
            if !self.carried.entry(key).or_default().insert(slot) {
                self.breach(Broken::Sides, format!("{id} shows a key of {relation:?} twice"));
            }
        }
        Ok(())
    }

    /// Checks that ordinals are translated to the ids of exactly the devices that fill them.
    fn translation(
        &mut self,
        platform: Platform,
        all: &[u32],
        ids: &BTreeMap<DeviceId, Slot>,
    ) -> Result<(), StoreError> {
        let mut shown: BTreeMap<u32, String> = BTreeMap::new();
        let mut order = Vec::new();
        self.view.ids(platform, all, self.view.version(), &mut |ordinal, id| {
            order.push(ordinal);
            shown.insert(ordinal, id.to_owned());
        })?;
        let here = ids.iter().filter(|(_, slot)| slot.platform == platform);
        let expected: BTreeMap<u32, String> =
            here.map(|(id, slot)| (slot.ordinal, id.as_str().to_owned())).collect();
        if order != all || shown != expected {
            let what =
                format!("the ordinals {all:?} of {platform} turn into {shown:?} in the order {order:?}");
            self.breach(Broken::Device, format!("{what}, but the devices are {expected:?}"));
        }
        Ok(())
    }

    fn relation(&mut self, relation: Relation) -> Result<(), StoreError> {
        let mut names: Vec<String> = Vec::new();
        self.view.names(relation, None, usize::MAX, &mut |name| names.push(name.to_owned()))?;
        if !names.is_sorted_by(|a, b| a.as_bytes() < b.as_bytes()) {
            self.breach(Broken::Order, format!("the names of {relation:?} are not ascending: {names:?}"));
        }
        let listed: BTreeSet<&str> = names.iter().map(String::as_str).collect();
        let shown = self.carried.keys().filter(|key| key.relation == relation);
        let unlisted: Vec<OwnedKey> = shown.filter(|key| !listed.contains(&*key.name)).cloned().collect();
        for OwnedKey { name, .. } in unlisted {
            self.breach(Broken::Sides, format!("devices show {relation:?} {name:?}, which is not listed"));
        }
        let what = match relation {
            Relation::Tag => "tags",
            Relation::Alias => "aliases",
            Relation::User => "users",
            Relation::Deletion => "deletions",
        };
        for (done, name) in (1..).zip(&names) {
            let mut size = 0;
            for platform in Platform::ALL {
                size += self.key(Key::new(relation, name), platform)?;
            }
            if size == 0 {
                self.breach(Broken::Empty, format!("{relation:?} {name:?} is listed, but names no device"));
            }
            (self.watch)(Walked { what, done, of: names.len() });
        }
        if relation == Relation::Deletion {
            self.deletions = names;
        }
        Ok(())
    }

    fn key(&mut self, key: Key<'_>, platform: Platform) -> Result<usize, StoreError> {
        let of = format!("the devices of {:?} {:?} on {platform}", key.relation, key.name);
        let posting = self.view.posting(key, platform)?;
        self.posting(&posting, &of);
        let listed: BTreeSet<u32> = ordinals(&posting).into_iter().collect();
        let all = Slot { platform, ordinal: 0 }..=Slot { platform, ordinal: u32::MAX };
        let carrying =
            self.carried.get(&key.to_owned()).into_iter().flat_map(|slots| slots.range(all.clone()));
        let carrying: BTreeSet<u32> = carrying.map(|slot| slot.ordinal).collect();
        if listed != carrying {
            let only = |a: &BTreeSet<u32>, b: &BTreeSet<u32>| a.difference(b).copied().collect::<Vec<_>>();
            let (posting, devices) = (only(&listed, &carrying), only(&carrying, &listed));
            let what = format!("{of}: only the posting has {posting:?}, only the devices have {devices:?}");
            self.breach(Broken::Sides, what);
        }
        for &ordinal in listed.difference(&carrying) {
            if self.view.linked(Slot { platform, ordinal }, key)? {
                self.breach(Broken::Sides, format!("{of}: {ordinal} is linked, but does not show it"));
            }
        }
        if self.view.platforms(key)?.contains(platform) == posting.is_empty() {
            self.breach(Broken::Sides, format!("{of}: its platforms and its postings differ"));
        }
        let counted = self.view.cardinality(key, platform.into())?;
        if counted != posting.len() {
            self.breach(Broken::Count, format!("{of}: counted {counted}, but they are {}", posting.len()));
        }
        Ok(listed.len())
    }

    fn entries(&mut self) -> Result<(), StoreError> {
        for kind in [EntryKind::App, EntryKind::NextApp, EntryKind::EventType, EntryKind::Deletion] {
            let all = self.view.entries(kind, None, usize::MAX)?;
            if !all.is_sorted_by(|(a, _), (b, _)| a.key() < b.key()) {
                self.breach(Broken::Order, format!("the entries of {kind:?} are not ascending"));
            }
            for (entry, version) in all {
                let key = entry.key();
                if key.kind() != kind {
                    self.breach(Broken::Entry, format!("{key:?} is listed among {kind:?}"));
                }
                if version > self.view.version() || version == Version(0) {
                    self.breach(Broken::Version, format!("{key:?} was written at version {version}"));
                }
                if self.view.entry(&key)? != Some((entry, version)) {
                    self.breach(Broken::Entry, format!("{key:?} is listed, but not found as listed"));
                }
            }
        }
        Ok(())
    }

    fn log(&mut self) -> Result<(), StoreError> {
        let all = self.events(LogIndex::All, EventOrder::OldestFirst)?;
        let end = self.view.log_end()?;
        if let Some(event) = all.iter().find(|event| event.seq > end || event.seq.0 == 0) {
            self.breach(Broken::Log, format!("event {} in a log that ends at {}", event.seq.0, end.0));
        }
        if !all.is_sorted_by(|a, b| (a.record.at, a.seq) < (b.record.at, b.seq)) {
            self.breach(Broken::Order, "the log is not in the order of time and number");
        }
        let numbers: BTreeSet<u64> = all.iter().map(|event| event.seq.0).collect();
        if numbers.len() != all.len() {
            self.breach(Broken::Log, "two events have one number");
        }
        let (mut devices, mut users, mut names) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        for event in &all {
            let EventRecord { device, user, name, .. } = &event.record;
            if let Some(device) = device {
                devices.entry(device).or_insert_with(Vec::new).push(event);
            }
            if let Some(user) = user {
                users.entry(user).or_insert_with(Vec::new).push(event);
            }
            names.entry(name).or_insert_with(Vec::new).push(event);
        }
        self.index(LogIndex::All, &all.iter().collect::<Vec<_>>())?;
        (self.watch)(Walked { what: "events", done: all.len(), of: all.len() });
        for (device, events) in devices {
            self.index(LogIndex::Device(device), &events)?;
        }
        for (user, events) in users {
            self.index(LogIndex::User(user), &events)?;
        }
        for (name, events) in names {
            self.index(LogIndex::Name(name), &events)?;
        }
        Ok(())
    }

    fn events(&self, index: LogIndex<'_>, order: EventOrder) -> Result<Vec<StoredEvent>, StoreError> {
        let (from, until) = (Timestamp::MIN, Timestamp::MAX);
        self.view.events(&LogRange { index, from, until, order, after: None, limit: usize::MAX })
    }

    /// Checks that an index shows exactly its events, in both orders.
    fn index(&mut self, index: LogIndex<'_>, expected: &[&StoredEvent]) -> Result<(), StoreError> {
        let up = self.events(index, EventOrder::OldestFirst)?;
        let down = self.events(index, EventOrder::NewestFirst)?;
        if !up.iter().eq(expected.iter().copied()) || !down.iter().eq(expected.iter().rev().copied()) {
            self.breach(Broken::Log, format!("the index {index:?} does not show exactly its events"));
        }
        Ok(())
    }
}
