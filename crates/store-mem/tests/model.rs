//! Random write sets against a model of plain maps: after each commit every read is compared.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unreachable,
    reason = "in a test a panic is a failed test, in its helpers too"
)]

use proptest::prelude::*;
use rollbook::store::{
    Conflicted, DeviceRecord, Key, Operation, OwnedKey, Place, Relation, Store, StoreError, View, WriteSet,
};
use rollbook::{
    AppId, DeviceId, Language, Mobile, Platform, PushToken, Timestamp, UserId, UtcOffset, Version,
};
use rollbook_store_mem::{MemOptions, MemStore};
use std::collections::{BTreeMap, BTreeSet};

const APP: AppId = AppId(7);
const PLATFORMS: [Platform; 3] = [Platform::Unknown, Platform::Ios, Platform::Blackberry];
const LONG: &str = "a name that is much longer than what fits into a row or a line";
const IDS: [&str; 6] = [
    "00112233445566778899aabbccddeeff",
    "01234567-89AB-CDEF-0011-2233AABBCCFF",
    "sixteen bytes!!!",
    "an id longer than its line",
    "an id longer than its Line",
    "z",
];
const NAMES: [&str; 4] = ["1", "2", LONG, "00112233445566778899aabbccddeeff"];

#[derive(Debug, Clone)]
enum Step {
    Insert(usize, usize, u8, Vec<(usize, usize)>),
    Put(usize, u8),
    Remove(usize),
    Link(usize, usize, Vec<usize>),
    Unlink(usize, usize, Vec<usize>),
    Drop(usize, usize, u8),
    Condemn(usize, u64),
}

fn step() -> impl Strategy<Value = Step> {
    let device = 0..9_usize;
    let devices = || proptest::collection::vec(0..9_usize, 1..4);
    let keys = proptest::collection::vec((0..4_usize, 0..4_usize), 0..5);
    prop_oneof![
        4 => (0..IDS.len(), 0..PLATFORMS.len(), any::<u8>(), keys).prop_map(|(i, p, f, k)| Step::Insert(i, p, f, k)),
        2 => (device.clone(), any::<u8>()).prop_map(|(d, f)| Step::Put(d, f)),
        2 => device.prop_map(Step::Remove),
        8 => (0..4_usize, 0..4_usize, devices()).prop_map(|(r, n, d)| Step::Link(r, n, d)),
        4 => (0..4_usize, 0..4_usize, devices()).prop_map(|(r, n, d)| Step::Unlink(r, n, d)),
        2 => (0..4_usize, 0..4_usize, 0..8_u8).prop_map(|(r, n, p)| Step::Drop(r, n, p)),
        1 => (0..4_usize, 1..3_u64).prop_map(|(n, d)| Step::Condemn(n, d)),
    ]
}

fn record(id: &str, fields: u8) -> DeviceRecord {
    let has = |bit: u8| fields & 1 << bit != 0;
    DeviceRecord {
        token: has(0).then(|| PushToken::new("t".repeat(1 + usize::from(fields))).unwrap()),
        mobile: has(1).then(|| Mobile::new("+49").unwrap()),
        language: has(2).then(|| Language::new("zh-Hans").unwrap()),
        utc_offset: has(3).then(|| UtcOffset::new(-43_200 + i32::from(fields)).unwrap()),
        registered_at: has(5).then(|| Timestamp::from_secs(i64::from(fields) << 24)),
        alias_rank: has(4).then_some(u32::from(fields) << 20),
        ..DeviceRecord::new(DeviceId::new(id).unwrap())
    }
}

#[derive(Debug, Clone)]
struct Held {
    /// `None` while the set that inserts it is not committed.
    place: Option<Place>,
    platform: Platform,
    version: Version,
    record: DeviceRecord,
    keys: BTreeSet<(Relation, String)>,
}

impl Held {
    fn link(&mut self, key: &OwnedKey) {
        let owner = |relation| matches!(relation, Relation::User | Relation::Deletion);
        self.keys.retain(|(relation, _)| {
            relation.is_many() || *relation != key.relation && !(owner(*relation) && owner(key.relation))
        });
        self.keys.insert((key.relation, key.name.to_string()));
    }
}

#[derive(Debug, Clone, Default)]
struct Model {
    devices: BTreeMap<String, Held>,
    version: Version,
    filled_before: BTreeSet<(Platform, u32)>,
    /// Every number that a deletion had; no entry is ever removed here.
    deletions: BTreeSet<u64>,
}

impl Model {
    fn at(&mut self, place: Place) -> Result<&mut Held, Conflicted> {
        self.devices.values_mut().find(|held| held.place == Some(place)).ok_or(Conflicted::DeviceGone)
    }

    fn users(&self) -> BTreeSet<String> {
        let keys = self.devices.values().flat_map(|held| &held.keys);
        keys.filter(|(relation, _)| *relation == Relation::User).map(|(_, name)| name.clone()).collect()
    }

    fn apply(&mut self, operation: &Operation, inserted: &mut Vec<String>) -> Result<(), Conflicted> {
        let version = self.version;
        match operation {
            Operation::Insert { platform, record, keys, .. } => {
                let id = record.id.as_str().to_owned();
                if self.devices.contains_key(&id) {
                    return Err(Conflicted::DeviceExists);
                }
                let record = (**record).clone();
                let mut held =
                    Held { place: None, platform: *platform, version, record, keys: BTreeSet::new() };
                keys.iter().for_each(|key| held.link(key));
                self.devices.insert(id.clone(), held);
                inserted.push(id);
            }
            Operation::Put { device, record } => {
                let held = self.at(*device)?;
                if held.record.id != record.id {
                    return Err(Conflicted::DeviceGone);
                }
                held.record = (**record).clone();
                held.version = version;
            }
            Operation::Remove { device } => {
                let id = self.at(*device)?.record.id.as_str().to_owned();
                self.devices.remove(&id);
            }
            Operation::Link { key, devices } => {
                for place in devices {
                    let held = self.at(*place)?;
                    let before = held.keys.clone();
                    held.link(key);
                    if held.keys != before {
                        held.version = version;
                    }
                }
            }
            Operation::Unlink { key, devices } => {
                for place in devices {
                    let held = self.at(*place)?;
                    if held.keys.remove(&(key.relation, key.name.to_string())) {
                        held.version = version;
                    }
                }
            }
            Operation::Drop { key, platforms } => {
                for held in self.devices.values_mut().filter(|held| platforms.contains(held.platform)) {
                    held.keys.remove(&(key.relation, key.name.to_string()));
                }
            }
            Operation::Condemn { user, deletion } => {
                if !self.deletions.insert(*deletion) {
                    return Err(Conflicted::EntryChanged);
                }
                for held in self.devices.values_mut() {
                    if held.keys.remove(&(Relation::User, user.as_str().to_owned())) {
                        held.keys.insert((Relation::Deletion, deletion.to_string()));
                    }
                }
            }
            _ => unreachable!("not generated"),
        }
        Ok(())
    }
}

/// Makes the write set of some steps. Devices are given by their position among all places ever given, then among the
/// set's inserts.
fn write_set(steps: &[Step], model: &Model, places: &[Place]) -> WriteSet {
    let mut writes = WriteSet::default();
    let current: Vec<Place> = model.devices.values().filter_map(|held| held.place).collect();
    // Mostly places that are filled, sometimes ones that were filled before.
    let place = |n: usize| match n {
        8 => places.get(places.len() / 2).copied(),
        _ => current.get(n % current.len().max(1)).copied(),
    };
    let key = |r: usize, n: usize| OwnedKey {
        relation: Relation::ALL[r],
        name: NAMES[if r == 3 { n % 2 } else { n }].into(),
    };
    for step in steps {
        let operation = match step {
            Step::Insert(id, platform, fields, keys) => Some(Operation::Insert {
                platform: PLATFORMS[*platform],
                record: Box::new(record(IDS[*id], *fields)),
                last_seen: None,
                keys: keys.iter().map(|&(relation, name)| key(relation, name)).collect(),
            }),
            Step::Put(n, fields) => place(*n).map(|device| {
                let held = model.devices.values().find(|held| held.place == Some(device));
                let id = held.map_or("nobody", |held| held.record.id.as_str());
                Operation::Put { device, record: Box::new(record(id, *fields)) }
            }),
            Step::Remove(n) => place(*n).map(|device| Operation::Remove { device }),
            Step::Link(r, n, devices) => Some(Operation::Link {
                key: key(*r, *n),
                devices: devices.iter().filter_map(|&n| place(n)).collect(),
            }),
            Step::Unlink(r, n, devices) => Some(Operation::Unlink {
                key: key(*r, *n),
                devices: devices.iter().filter_map(|&n| place(n)).collect(),
            }),
            Step::Drop(r, n, platforms) => {
                let reach = PLATFORMS.into_iter().enumerate().filter(|(n, _)| platforms & 1 << n != 0);
                Some(Operation::Drop { key: key(*r, *n), platforms: reach.map(|(_, p)| p).collect() })
            }
            Step::Condemn(n, deletion) => {
                Some(Operation::Condemn { user: UserId::new(NAMES[*n]).unwrap(), deletion: *deletion })
            }
        };
        writes.operations.extend(operation);
    }
    writes
}

fn compare(store: &MemStore, model: &Model) {
    let view = store.view(APP).unwrap();
    assert_eq!(view.version(), model.version);
    for id in IDS {
        let id = DeviceId::new(id).unwrap();
        assert_eq!(view.find(&id).unwrap(), model.devices.get(id.as_str()).and_then(|held| held.place));
    }
    for held in model.devices.values() {
        let place = held.place.unwrap();
        let stored = view.device(place.slot).unwrap().unwrap();
        assert_eq!((stored.place, stored.version, &stored.record), (place, held.version, &held.record));
        for relation in Relation::ALL {
            let mut names = BTreeSet::new();
            view.keys_of(place.slot, relation, &mut |name| {
                assert!(names.insert((relation, name.to_owned())))
            })
            .unwrap();
            let kept: BTreeSet<_> = held.keys.iter().filter(|key| key.0 == relation).cloned().collect();
            assert_eq!(names, kept);
            assert_eq!(view.key_count(place.slot, relation).unwrap(), kept.len());
            for name in NAMES {
                let linked = view.linked(place.slot, Key::new(relation, name)).unwrap();
                assert_eq!(linked, kept.contains(&(relation, name.to_owned())));
            }
        }
    }
    for relation in Relation::ALL {
        let mut all = BTreeSet::new();
        for (name, platform) in NAMES.into_iter().flat_map(|name| PLATFORMS.map(|platform| (name, platform)))
        {
            let mut read = Vec::new();
            view.posting(Key::new(relation, name), platform).unwrap().for_each(|ordinal| read.push(ordinal));
            let has =
                |held: &&Held| held.platform == platform && held.keys.contains(&(relation, name.to_owned()));
            let devices = model.devices.values().filter(has);
            let kept: BTreeSet<u32> = devices.map(|held| held.place.unwrap().slot.ordinal).collect();
            assert!(read.iter().eq(&kept), "{relation:?} {name} {platform}: {read:?} {kept:?}");
            assert_eq!(
                view.cardinality(Key::new(relation, name), platform.into()).unwrap(),
                kept.len() as u64
            );
            if !kept.is_empty() {
                all.insert(name.to_owned());
            }
        }
        let mut names = Vec::new();
        while {
            let before = names.len();
            let after = names.last().cloned();
            view.names(relation, after.as_deref(), 2, &mut |name| names.push(name.to_owned())).unwrap();
            names.len() > before
        } {}
        assert!(names.iter().eq(&all), "{relation:?}: {names:?} {all:?}");
    }
    for platform in PLATFORMS {
        let mut read = BTreeSet::new();
        view.devices(platform).unwrap().for_each(|ordinal| assert!(read.insert(ordinal)));
        let devices = model.devices.values().filter(|held| held.platform == platform);
        assert_eq!(read, devices.map(|held| held.place.unwrap().slot.ordinal).collect());
    }
}

fn run(first_ordinal: u32, sets: &[Vec<Step>]) {
    let store = MemStore::with_options(MemOptions { first_ordinal, ..MemOptions::default() });
    let mut model = Model::default();
    let mut places = Vec::new();
    for steps in sets {
        let writes = write_set(steps, &model, &places);
        let mut next = model.clone();
        next.version.0 += 1;
        let mut inserted = Vec::new();
        let outcome = writes.operations.iter().try_for_each(|operation| next.apply(operation, &mut inserted));
        match (store.commit(APP, &writes), outcome) {
            (Ok(committed), Ok(())) => {
                assert_eq!(committed.version, next.version);
                assert_eq!(committed.inserted.len(), inserted.len());
                for (&place, id) in committed.inserted.iter().zip(&inserted) {
                    let is_first = next.filled_before.insert((place.slot.platform, place.slot.ordinal));
                    assert_eq!(place.filled, if is_first { Version(0) } else { next.version });
                    places.push(place);
                    if let Some(held) = next.devices.get_mut(id) {
                        held.place = Some(place);
                    }
                }
                let vanished: BTreeSet<String> = model.users().difference(&next.users()).cloned().collect();
                assert!(
                    committed.vanished_users.iter().map(UserId::as_str).eq(vanished.iter().map(|s| &**s))
                );
                model = next;
            }
            (Err(StoreError::Conflict { what }), Err(expected)) => assert_eq!(what, expected),
            (answer, expected) => panic!("{answer:?}, but expected {expected:?}"),
        }
        compare(&store, &model);
    }
}

fn sets() -> impl Strategy<Value = Vec<Vec<Step>>> {
    proptest::collection::vec(proptest::collection::vec(step(), 0..6), 1..40)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn every_answer_is_that_of_the_model(sets in sets()) {
        run(0, &sets);
    }

    #[test]
    fn every_answer_is_that_of_the_model_where_containers_meet(sets in sets()) {
        run(65_534, &sets);
    }
}
