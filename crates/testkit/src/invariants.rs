//! A walk over everything that one view shows, looking for what contradicts itself.

use crate::look::ordinals;
use rollbook::store::{
    Deleted, Entry, EntryKey, EntryKind, Key, LogIndex, LogRange, Place, Posting, Relation, Slot, StoreError,
    StoredEvent, View,
};
use rollbook::{DeviceId, EventName, EventOrder, Platform, Timestamp, UserId, Version};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// What kind of promise a view breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Broken {
    /// A device is not the same by id, by slot, in the list of its platform and in the translation of ordinals.
    Device,
    /// A posting is not ascending, or holds what is not a device.
    Posting,
    /// The two sides of a relation differ.
    Sides,
    /// A count is not the number of what it counts.
    Count,
    /// A device has two keys where it may have one.
    Single,
    /// Something empty is shown.
    Empty,
    /// A listing is out of order, or names something twice.
    Order,
    /// A version is newer than the view.
    Version,
    /// A catalogue entry is not found under its key, or only there.
    Entry,
    /// The log and its indexes differ.
    Log,
    /// A device has no owner; the registry gives every device one.
    Owner,
    /// A deletion under way has no record, so that nobody would resume it.
    Deletion,
}

/// One thing that contradicts itself.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Breach {
    /// What kind of promise is broken.
    pub broken: Broken,
    /// Where, and how, in words.
    pub what: String,
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

/// Walks everything that a view of a register's app shows and answers what contradicts itself: what the
/// [contract](rollbook::store) asks of any store, and what the registry keeps above it (every device has exactly one
/// owner, a user or a deletion; every deletion has its record).
///
/// It takes memory and time for the whole app. Run it on a view that is not being written around: it holds the view
/// for as long as it walks.
///
/// # Errors
/// What the view answers when it cannot be read.
///
/// ```
/// use rollbook::{AppId, store::Store};
/// use rollbook_testkit::{check_invariants, ordered::OrderedStore};
///
/// let view = OrderedStore::new().view(AppId(1)).unwrap();
/// assert_eq!(check_invariants(&view).unwrap(), []);
/// ```
pub fn check_invariants(view: &impl View) -> Result<Vec<Breach>, StoreError> {
    let mut walk = Walk { view, breaches: Vec::new(), keys: BTreeMap::new(), devices: BTreeMap::new() };
    walk.store()?;
    walk.register()?;
    Ok(walk.breaches)
}

/// The part of [`check_invariants`] that holds for any store after any write set, also one that no registry would
/// make.
///
/// # Errors
/// What the view answers when it cannot be read.
pub fn check_store_invariants(view: &impl View) -> Result<Vec<Breach>, StoreError> {
    let mut walk = Walk { view, breaches: Vec::new(), keys: BTreeMap::new(), devices: BTreeMap::new() };
    walk.store()?;
    Ok(walk.breaches)
}

struct Walk<'a, V> {
    view: &'a V,
    breaches: Vec<Breach>,
    /// The names of each relation, as listed.
    keys: BTreeMap<Relation, Vec<String>>,
    /// The devices that fill slots, as the lists of the platforms say, with their keys.
    devices: BTreeMap<Slot, BTreeSet<(Relation, String)>>,
}

impl<V: View> Walk<'_, V> {
    fn breach(&mut self, broken: Broken, what: impl Into<String>) {
        self.breaches.push(Breach { broken, what: what.into() });
    }

    fn store(&mut self) -> Result<(), StoreError> {
        let mut ids: BTreeMap<DeviceId, Slot> = BTreeMap::new();
        for platform in Platform::ALL {
            let all = self.view.devices(platform)?;
            self.posting(&all, &format!("the devices of {platform}"));
            let all = ordinals(&all);
            for &ordinal in &all {
                self.device(Slot { platform, ordinal }, &mut ids)?;
            }
            self.translation(platform, &all, &ids)?;
        }
        for relation in Relation::ALL {
            self.relation(relation)?;
        }
        self.entries()?;
        self.log()
    }

    fn register(&mut self) -> Result<(), StoreError> {
        let owners = |keys: &BTreeSet<(Relation, String)>| {
            keys.iter()
                .filter(|(relation, _)| matches!(relation, Relation::User | Relation::Deletion))
                .count()
        };
        let without: Vec<Slot> =
            self.devices.iter().filter(|(_, keys)| owners(keys) == 0).map(|(slot, _)| *slot).collect();
        for slot in without {
            self.breach(Broken::Owner, format!("{slot:?} has neither a user nor a deletion"));
        }
        for name in self.keys.get(&Relation::Deletion).cloned().unwrap_or_default() {
            let number = name.parse().ok().filter(|number: &u64| number.to_string() == name);
            let Some(number) = number else {
                self.breach(Broken::Deletion, format!("deletion {name:?} is not a number"));
                continue;
            };
            match self.view.entry(&EntryKey::Deletion(number))? {
                Some((Entry::Deletion(record), _)) if matches!(record.of, Deleted::User { .. }) => {}
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
        self.devices.insert(slot, BTreeSet::new());
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
        let many = keys.len();
        let keys: BTreeSet<(Relation, String)> = keys.into_iter().collect();
        if keys.len() != many {
            self.breach(Broken::Sides, format!("{id} shows a key twice"));
        }
        self.devices.insert(slot, keys);
        Ok(())
    }

    /// Ordinals turn into the ids of exactly the devices that fill them.
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
        // Keys that only devices show are asked about as well: a posting may have lost them.
        let shown =
            self.devices.values().flatten().filter(|(r, _)| *r == relation).map(|(_, name)| name.clone());
        let shown: BTreeSet<String> = shown.collect();
        for name in shown.iter().filter(|name| !names.contains(name)) {
            self.breach(Broken::Sides, format!("devices show {relation:?} {name:?}, which is not listed"));
        }
        for name in &names {
            let mut size = 0;
            for platform in Platform::ALL {
                size += self.key(Key::new(relation, name), platform)?;
            }
            if size == 0 {
                self.breach(Broken::Empty, format!("{relation:?} {name:?} is listed, but names no device"));
            }
        }
        self.keys.insert(relation, names);
        Ok(())
    }

    fn key(&mut self, key: Key<'_>, platform: Platform) -> Result<usize, StoreError> {
        let of = format!("the devices of {:?} {:?} on {platform}", key.relation, key.name);
        let posting = self.view.posting(key, platform)?;
        self.posting(&posting, &of);
        let listed: BTreeSet<u32> = ordinals(&posting).into_iter().collect();
        let wanted = (key.relation, key.name.to_owned());
        let here = self.devices.iter().filter(|(slot, _)| slot.platform == platform);
        let carrying: BTreeSet<u32> =
            here.filter(|(_, keys)| keys.contains(&wanted)).map(|(slot, _)| slot.ordinal).collect();
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
        let counted = self.view.cardinality(key, platform)?;
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
        let devices: BTreeSet<&DeviceId> =
            all.iter().filter_map(|event| event.record.device.as_ref()).collect();
        let users: BTreeSet<&UserId> = all.iter().filter_map(|event| event.record.user.as_ref()).collect();
        let names: BTreeSet<&EventName> = all.iter().map(|event| &event.record.name).collect();
        self.index(LogIndex::All, &all, |_| true)?;
        for id in devices {
            self.index(LogIndex::Device(id), &all, |event| event.record.device.as_ref() == Some(id))?;
        }
        for id in users {
            self.index(LogIndex::User(id), &all, |event| event.record.user.as_ref() == Some(id))?;
        }
        for name in names {
            self.index(LogIndex::Name(name), &all, |event| event.record.name == *name)?;
        }
        Ok(())
    }

    fn events(&self, index: LogIndex<'_>, order: EventOrder) -> Result<Vec<StoredEvent>, StoreError> {
        let (from, until) = (Timestamp::MIN, Timestamp::MAX);
        self.view.events(&LogRange { index, from, until, order, after: None, limit: usize::MAX })
    }

    /// An index shows exactly its events, in both orders.
    fn index(
        &mut self,
        index: LogIndex<'_>,
        all: &[StoredEvent],
        belongs: impl Fn(&StoredEvent) -> bool,
    ) -> Result<(), StoreError> {
        let expected: Vec<&StoredEvent> = all.iter().filter(|event| belongs(event)).collect();
        let up = self.events(index, EventOrder::OldestFirst)?;
        let down = self.events(index, EventOrder::NewestFirst)?;
        if !up.iter().eq(expected.iter().copied()) || !down.iter().eq(expected.iter().rev().copied()) {
            self.breach(Broken::Log, format!("the index {index:?} does not show exactly its events"));
        }
        Ok(())
    }
}
