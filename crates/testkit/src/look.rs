//! A view with simple results: lists instead of callbacks, and a panic instead of an error, which in a case is always
//! a failure.

use rollbook::store::{
    Entry, EntryKey, EntryKind, LogIndex, LogRange, OwnedKey, Place, Posting, Relation, Slot, StoreError,
    StoredDevice, StoredEvent, View,
};
use rollbook::{DeviceId, EventOrder, Platform, PlatformSet, Timestamp, Version};
use std::fmt::Write as _;

/// A view as cases read it.
pub(crate) struct Look<'a>(pub(crate) Box<dyn View + 'a>);

#[track_caller]
fn read<T>(answer: Result<T, StoreError>) -> T {
    match answer {
        Ok(answer) => answer,
        Err(error) => panic!("this must be read: {error}"),
    }
}

/// The ordinals of a posting.
pub(crate) fn ordinals(posting: &Posting) -> Vec<u32> {
    let mut all = Vec::new();
    posting.for_each(|ordinal| all.push(ordinal));
    all
}

/// Checks what was found of a set whose members are all known: everything that was asked for, and nothing that is not
/// in the set.
#[track_caller]
fn assert_looked_into(of: &str, asked: &Posting, all: &[u32], found: &[u32]) {
    assert!(found.is_sorted_by(|a, b| a < b), "{of}, looked into for {asked:?}: {found:?} must ascend");
    let stray = found.iter().find(|ordinal| all.binary_search(ordinal).is_err());
    assert_eq!(stray, None, "{of}, looked into for {asked:?}: not one of them");
    let mut wanted = all.iter().filter(|ordinal| asked.contains(**ordinal));
    let lost = wanted.find(|ordinal| found.binary_search(ordinal).is_err());
    assert_eq!(lost, None, "{of}, looked into for {asked:?}: one of them");
}

#[track_caller]
pub(crate) fn device_id(id: &str) -> DeviceId {
    DeviceId::new(id).expect("a device id that a case uses")
}

impl Look<'_> {
    pub(crate) fn version(&self) -> u64 {
        self.0.version().0
    }

    pub(crate) fn is_sealed(&self) -> bool {
        self.0.is_sealed()
    }

    #[track_caller]
    pub(crate) fn find(&self, id: &str) -> Option<Place> {
        read(self.0.find(&device_id(id)))
    }

    #[track_caller]
    pub(crate) fn device(&self, slot: Slot) -> Option<StoredDevice> {
        read(self.0.device(slot))
    }

    /// Returns the version of a device that must exist.
    #[track_caller]
    pub(crate) fn version_of(&self, place: Place) -> Version {
        match self.device(place.slot) {
            Some(device) => device.version,
            None => panic!("a device must fill {place:?}"),
        }
    }

    #[track_caller]
    pub(crate) fn ids(&self, platform: Platform, ordinals: &[u32], as_of: u64) -> Vec<(u32, String)> {
        let mut all = Vec::new();
        let mut each = |ordinal, id: &str| all.push((ordinal, id.to_owned()));
        read(self.0.ids(platform, ordinals, Version(as_of), &mut each));
        all
    }

    #[track_caller]
    pub(crate) fn devices(&self, platform: Platform) -> Vec<u32> {
        ordinals(&read(self.0.devices(platform)))
    }

    #[track_caller]
    pub(crate) fn last_seen(&self, slot: Slot) -> Option<i64> {
        read(self.0.last_seen(slot)).map(Timestamp::secs)
    }

    #[track_caller]
    pub(crate) fn linked(&self, slot: Slot, key: &OwnedKey) -> bool {
        read(self.0.linked(slot, key.as_key()))
    }

    /// Returns the names of a device's keys, sorted.
    #[track_caller]
    pub(crate) fn keys_of(&self, slot: Slot, relation: Relation) -> Vec<String> {
        let mut all = Vec::new();
        read(self.0.keys_of(slot, relation, &mut |name| all.push(name.to_owned())));
        all.sort();
        all
    }

    #[track_caller]
    pub(crate) fn key_count(&self, slot: Slot, relation: Relation) -> usize {
        read(self.0.key_count(slot, relation))
    }

    #[track_caller]
    pub(crate) fn posting(&self, key: &OwnedKey, platform: Platform) -> Vec<u32> {
        ordinals(&read(self.0.posting(key.as_key(), platform)))
    }

    /// Checks a look-up of the devices at some ordinals: it must find those of them that exist, and no other.
    #[track_caller]
    pub(crate) fn assert_devices_among(&self, platform: Platform, among: &[u32]) {
        let asked: Posting = among.iter().copied().collect();
        let found = ordinals(&read(self.0.devices_among(platform, &asked)));
        assert_looked_into(&format!("the devices of {platform}"), &asked, &self.devices(platform), &found);
    }

    /// Checks a posting restricted to some ordinals: it must have those of them that are the key's devices, and no
    /// other.
    #[track_caller]
    pub(crate) fn assert_among(&self, key: &OwnedKey, platform: Platform, among: &[u32]) {
        let asked: Posting = among.iter().copied().collect();
        let found = ordinals(&read(self.0.posting_among(key.as_key(), platform, &asked)));
        let of = format!("the devices of {key:?} on {platform}");
        assert_looked_into(&of, &asked, &self.posting(key, platform), &found);
    }

    #[track_caller]
    pub(crate) fn platforms(&self, key: &OwnedKey) -> PlatformSet {
        read(self.0.platforms(key.as_key()))
    }

    #[track_caller]
    pub(crate) fn cardinality(&self, key: &OwnedKey, platform: Platform) -> u64 {
        read(self.0.cardinality(key.as_key(), platform.into()))
    }

    /// Returns the number of devices that a key names on all platforms.
    #[track_caller]
    pub(crate) fn size(&self, key: &OwnedKey) -> u64 {
        PlatformSet::ALL.iter().map(|platform| self.cardinality(key, platform)).sum()
    }

    #[track_caller]
    pub(crate) fn page(&self, relation: Relation, after: Option<&str>, limit: usize) -> Vec<String> {
        let mut all = Vec::new();
        read(self.0.names(relation, after, limit, &mut |name| all.push(name.to_owned())));
        all
    }

    #[track_caller]
    pub(crate) fn names(&self, relation: Relation) -> Vec<String> {
        self.page(relation, None, usize::MAX)
    }

    #[track_caller]
    pub(crate) fn entry(&self, key: &EntryKey) -> Option<(Entry, Version)> {
        read(self.0.entry(key))
    }

    #[track_caller]
    pub(crate) fn entries(
        &self,
        kind: EntryKind,
        after: Option<&EntryKey>,
        limit: usize,
    ) -> Vec<(Entry, Version)> {
        read(self.0.entries(kind, after, limit))
    }

    #[track_caller]
    pub(crate) fn log_end(&self) -> u64 {
        read(self.0.log_end()).0
    }

    #[track_caller]
    pub(crate) fn events(&self, range: &LogRange<'_>) -> Vec<StoredEvent> {
        read(self.0.events(range))
    }

    /// Returns the numbers of the events of an index, the earliest first.
    #[track_caller]
    pub(crate) fn numbers(&self, index: LogIndex<'_>) -> Vec<u64> {
        self.events(&whole(index)).iter().map(|event| event.seq.0).collect()
    }

    /// Checks that this key cannot be distinguished from one that never existed.
    #[track_caller]
    pub(crate) fn assert_absent(&self, key: &OwnedKey) {
        let names = self.names(key.relation);
        assert!(!names.contains(&key.name.to_string()), "{key:?} must not be listed: {names:?}");
        assert!(self.platforms(key).is_empty(), "{key:?} must be on no platform");
        for platform in Platform::ALL {
            assert_eq!(self.posting(key, platform), [], "{key:?} must name no device on {platform}");
            assert_eq!(self.cardinality(key, platform), 0, "{key:?} must count no device on {platform}");
            self.assert_among(key, platform, &self.devices(platform));
        }
        for platform in Platform::ALL {
            for ordinal in self.devices(platform) {
                let slot = Slot { platform, ordinal };
                assert!(!self.linked(slot, key), "{key:?} must not be linked with {slot:?}");
                let keys = self.keys_of(slot, key.relation);
                assert!(
                    !keys.contains(&key.name.to_string()),
                    "{key:?} must not be among the keys of {slot:?}"
                );
                assert_eq!(self.key_count(slot, key.relation), keys.len(), "the key count of {slot:?}");
            }
        }
    }

    /// Checks that the key names exactly these devices, from both sides of the relation.
    #[track_caller]
    pub(crate) fn assert_names(&self, key: &OwnedKey, places: &[Place]) {
        if places.is_empty() {
            return self.assert_absent(key);
        }
        assert!(self.names(key.relation).contains(&key.name.to_string()), "{key:?} must be listed");
        let on: PlatformSet = places.iter().map(|place| place.slot.platform).collect();
        assert_eq!(self.platforms(key), on, "the platforms of {key:?}");
        for platform in Platform::ALL {
            let mut there: Vec<u32> = Vec::new();
            there.extend(places.iter().filter(|p| p.slot.platform == platform).map(|p| p.slot.ordinal));
            there.sort_unstable();
            assert_eq!(self.posting(key, platform), there, "the devices of {key:?} on {platform}");
            assert_eq!(
                self.cardinality(key, platform),
                there.len() as u64,
                "the number of {key:?} on {platform}"
            );
            self.assert_among(key, platform, &self.devices(platform));
            for ordinal in self.devices(platform) {
                let slot = Slot { platform, ordinal };
                let expected = there.contains(&ordinal);
                assert_eq!(self.linked(slot, key), expected, "is {key:?} linked with {slot:?}?");
                let among = self.keys_of(slot, key.relation).contains(&key.name.to_string());
                assert_eq!(among, expected, "is {key:?} among the keys of {slot:?}?");
            }
        }
    }

    /// Returns everything except heartbeats as text: two equal texts are equal states.
    #[track_caller]
    pub(crate) fn picture(&self) -> String {
        let mut text = format!("version {} sealed {}\n", self.version(), self.is_sealed());
        for platform in Platform::ALL {
            for ordinal in self.devices(platform) {
                let slot = Slot { platform, ordinal };
                let _ = write!(text, "{:?}", self.device(slot));
                for relation in Relation::ALL {
                    let _ = write!(text, " {relation:?} {:?}", self.keys_of(slot, relation));
                }
                text.push('\n');
            }
        }
        for relation in Relation::ALL {
            for name in self.names(relation) {
                let key = OwnedKey { relation, name: name.into() };
                let all = Platform::ALL.map(|platform| self.posting(&key, platform));
                let _ = writeln!(text, "{key:?} {all:?}");
            }
        }
        for kind in [EntryKind::App, EntryKind::NextApp, EntryKind::EventType, EntryKind::Deletion] {
            let _ = writeln!(text, "{:?}", self.entries(kind, None, usize::MAX));
        }
        let _ = write!(text, "log {} {:?}", self.log_end(), self.events(&whole(LogIndex::All)));
        text
    }
}

/// The whole of an index, the earliest first.
pub(crate) fn whole(index: LogIndex<'_>) -> LogRange<'_> {
    LogRange {
        index,
        from: Timestamp::MIN,
        until: Timestamp::MAX,
        order: EventOrder::OldestFirst,
        after: None,
        limit: usize::MAX,
    }
}
