//! Tests that count batches, chunks and dead numbers, which are visible only inside the crate.

use crate::families::Family;
use crate::keys;
use crate::reads::Reads;
use crate::{RocksOptions, RocksStore};
use rollbook::store::{
    Check, Committed, Conflicted, DeviceRecord, Durability, Key, Operation, OwnedKey, Place, Relation, Store,
    StoreError, View, WriteSet,
};
use rollbook::{AppId, DeviceId, Platform, PlatformSet};
use std::sync::Barrier;
use tempfile::TempDir;

const APP: AppId = AppId(7);
const IOS: Platform = Platform::Ios;

fn open(options: RocksOptions) -> (RocksStore, TempDir) {
    let directory = tempfile::tempdir().unwrap();
    let store = RocksStore::open(directory.path().join("store"), &options).unwrap();
    (store, directory)
}

fn buffered() -> RocksOptions {
    RocksOptions { durability: Durability::Buffered, ..RocksOptions::default() }
}

fn tag(name: &str) -> OwnedKey {
    Key::new(Relation::Tag, name).to_owned()
}

fn insert(id: &str) -> Operation {
    let record = Box::new(DeviceRecord::new(DeviceId::new(id).unwrap()));
    Operation::Insert { platform: IOS, record, last_seen: None, keys: Vec::new() }
}

fn set(operations: impl IntoIterator<Item = Operation>) -> WriteSet {
    WriteSet { operations: operations.into_iter().collect(), ..WriteSet::default() }
}

fn link(key: &OwnedKey, devices: &[Place]) -> Operation {
    Operation::Link { key: key.clone(), devices: devices.into() }
}

fn commit(store: &RocksStore, operations: impl IntoIterator<Item = Operation>) -> Committed {
    store.commit(APP, &set(operations)).unwrap()
}

/// Inserts `count` devices, in sets of ten thousand.
fn devices(store: &RocksStore, count: usize) -> Vec<Place> {
    let mut places = Vec::new();
    while places.len() < count {
        let from = places.len();
        let step = 10_000.min(count - from);
        places.extend(commit(store, (from..from + step).map(|n| insert(&format!("{n}")))).inserted);
    }
    places
}

/// Returns the keys that the last batches wrote or deleted in a family.
fn written(store: &RocksStore, family: Family) -> Vec<Vec<u8>> {
    // The engine numbers families in the order of their creation, and the store creates them in this order.
    let id = Family::ALL.iter().position(|&other| other == family).unwrap() as u32 + 1;
    store.written.lock().iter().filter(|(of, _)| *of == id).map(|(_, key)| key.clone()).collect()
}

fn chunks(store: &RocksStore) -> usize {
    let reads = Reads::latest(&store.db, APP);
    let low = keys::number(APP, keys::FIRST_NUMBER);
    let mut scan = reads.scan(Family::Posting, &low, &keys::behind(&keys::of_app(APP)), false).unwrap();
    let mut count = 0;
    while scan.next().unwrap().is_some() {
        count += 1;
    }
    count
}

#[test]
fn a_bulk_tag_update_writes_each_touched_chunk_once() {
    let (store, _directory) = open(buffered());
    let places = devices(&store, 140_000);
    let every = |n: usize| places.iter().copied().step_by(n).collect::<Vec<_>>();
    commit(&store, [link(&tag("t"), &every(1_000))]);
    let thousand: Vec<Place> = every(139);
    assert!(thousand.len() >= 1_000);
    store.written.lock().clear();
    commit(
        &store,
        [link(&tag("t"), &thousand), Operation::Unlink { key: tag("t"), devices: every(7_000).into() }],
    );
    let chunks = written(&store, Family::Posting);
    assert_eq!(chunks.len(), 3, "140 000 ordinals are three chunks");
    assert_eq!(written(&store, Family::Name).len(), 1);
    assert_eq!(written(&store, Family::App).len(), 1, "the header");
    let had = every(1_000);
    let gain = thousand.iter().filter(|place| !had.contains(place)).copied();
    let changed: std::collections::BTreeSet<Place> = gain.chain(every(7_000)).collect();
    assert_eq!(
        written(&store, Family::Device).len(),
        changed.len(),
        "those that have the tag stay as they are"
    );
    assert!(written(&store, Family::Slot).is_empty(), "no device is new");
}

#[test]
fn an_alias_of_few_devices_is_one_key() {
    let (store, _directory) = open(buffered());
    let places = devices(&store, 4);
    store.written.lock().clear();
    commit(&store, [link(&Key::new(Relation::Alias, "a").to_owned(), &places)]);
    assert!(written(&store, Family::Posting).is_empty());
    assert_eq!(written(&store, Family::Name).len(), 1);
}

#[test]
fn an_empty_chunk_is_deleted() {
    let (store, _directory) = open(buffered());
    let places = devices(&store, 10);
    commit(&store, [link(&tag("t"), &places)]);
    assert_eq!(chunks(&store), 1);
    commit(&store, [Operation::Unlink { key: tag("t"), devices: places.clone().into() }]);
    assert_eq!(chunks(&store), 0);
    assert_eq!(store.view(APP).unwrap().posting(tag("t").as_key(), IOS).unwrap().len(), 0);
}

#[test]
fn a_dropped_key_costs_the_same_whatever_its_size_and_is_cleared_bit_by_bit() {
    let options = RocksOptions { dead_chunks_per_commit: 1, ..buffered() };
    let (store, _directory) = open(options);
    let places = devices(&store, 300_000);
    for (name, step) in [("all", 1), ("some", 30_000)] {
        let some: Vec<Place> = places.iter().copied().step_by(step).collect();
        some.chunks(50_000).for_each(|some| drop(commit(&store, [link(&tag(name), some)])));
    }
    let drop = |name: &str| {
        store.written.lock().clear();
        commit(&store, [Operation::Drop { key: tag(name), platforms: PlatformSet::ALL }]);
        store.written.lock().len()
    };
    let before = chunks(&store);
    assert_eq!(
        (drop("some"), drop("all")),
        (4, 4 + 2),
        "a name, a number, the queue, the header; a chunk swept"
    );
    assert!(before > 9 && chunks(&store) >= before - 1, "nothing was cleared in the commit that dropped");
    let mut left = u64::MAX;
    for _ in 0..100 {
        left = store.sweep(APP, 2).unwrap();
        if left == 0 {
            break;
        }
    }
    assert_eq!((left, chunks(&store)), (0, 0));
    let view = store.view(APP).unwrap();
    assert!(!view.linked(places[0].slot, tag("all").as_key()).unwrap());
    assert_eq!(view.key_count(places[0].slot, Relation::Tag).unwrap(), 0);
    assert_eq!(view.version().0, commit(&store, []).version.0 - 1, "sweeping makes no version");
}

#[test]
fn commits_clear_what_was_dropped_on_the_side() {
    let (store, _directory) = open(buffered());
    let places = devices(&store, 10);
    commit(&store, [link(&tag("t"), &places)]);
    commit(&store, [Operation::Drop { key: tag("t"), platforms: PlatformSet::ALL }]);
    assert_eq!(chunks(&store), 1);
    commit(&store, []);
    assert_eq!(chunks(&store), 0);
}

#[test]
fn a_key_made_again_in_the_set_that_drops_it_starts_empty() {
    let (store, _directory) = open(buffered());
    let places = devices(&store, 10);
    commit(&store, [link(&tag("t"), &places)]);
    let drop = Operation::Drop { key: tag("t"), platforms: PlatformSet::ALL };
    commit(&store, [link(&tag("t"), &places), drop, link(&tag("t"), &places[3..9])]);
    commit(&store, []);
    let view = store.view(APP).unwrap();
    assert_eq!(view.cardinality(tag("t").as_key(), IOS.into()).unwrap(), 6);
    assert_eq!(view.posting(tag("t").as_key(), IOS).unwrap().len(), 6);
    let linked = |n: usize| view.linked(places[n].slot, tag("t").as_key()).unwrap();
    assert!(!linked(0) && linked(3) && linked(8) && !linked(9));
}

#[test]
fn every_view_asks_for_the_number_that_a_tag_had_in_it() {
    let (store, _directory) = open(buffered());
    let places = devices(&store, 20);
    let news = tag("t");
    let cut = |devices: &[Place]| Operation::Unlink { key: news.clone(), devices: devices.into() };
    let mut views = vec![(store.view(APP).unwrap(), 0..0)];
    let mut now = |operations: Vec<Operation>, carriers: std::ops::Range<usize>| {
        commit(&store, operations);
        views.push((store.view(APP).unwrap(), carriers));
        // Every view is read several times: what one view has cached must not mislead another.
        for (view, carriers) in views.iter().rev().chain(&views) {
            for (n, place) in places.iter().enumerate() {
                let linked = view.linked(place.slot, news.as_key()).unwrap();
                assert_eq!(linked, carriers.contains(&n), "device {n} at {:?}", view.version());
            }
        }
    };
    let drop = Operation::Drop { key: news.clone(), platforms: PlatformSet::ALL };
    now(vec![link(&news, &places[..6])], 0..6);
    now(vec![link(&news, &places[6..12])], 0..12);
    now(vec![drop.clone()], 0..0);
    now(vec![link(&news, &places[3..6])], 3..6);
    now(vec![cut(&places[3..6])], 0..0);
    now(vec![link(&news, &places[5..15])], 5..15);
    now(vec![drop, link(&news, &places[10..20])], 10..20);
    now(vec![cut(&places[10..20]), link(&news, &places[1..9])], 1..9);
}

#[test]
fn commits_that_wait_share_a_write_and_a_failed_one_leaves_no_trace() {
    const THREADS: usize = 8;
    let (store, _directory) = open(RocksOptions::default());
    let first = devices(&store, 1)[0];
    let start = Barrier::new(THREADS);
    let outcomes: Vec<Vec<Result<Committed, StoreError>>> = std::thread::scope(|scope| {
        let work = |thread: usize| {
            let (store, start) = (&store, &start);
            move || {
                start.wait();
                let commit = |n: usize| {
                    let id = format!("{thread} {n}");
                    let last = if n.is_multiple_of(3) { insert("0") } else { link(&tag("t"), &[first]) };
                    store.commit(APP, &set([insert(&id), link(&tag("t"), &[first]), last]))
                };
                (0..30).map(commit).collect()
            }
        };
        let threads: Vec<_> = (0..THREADS).map(|thread| scope.spawn(work(thread))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let view = store.view(APP).unwrap();
    let mut versions = Vec::new();
    for (thread, outcomes) in outcomes.iter().enumerate() {
        for (n, outcome) in outcomes.iter().enumerate() {
            let found = view.find(&DeviceId::new(format!("{thread} {n}")).unwrap()).unwrap();
            match outcome {
                Ok(done) => {
                    assert_eq!(found, Some(done.inserted[0]));
                    versions.push(done.version.0);
                }
                Err(StoreError::Conflict { what }) => {
                    assert_eq!((*what, n % 3, found), (Conflicted::DeviceExists, 0, None));
                }
                Err(other) => panic!("{other}"),
            }
        }
    }
    versions.sort_unstable();
    assert_eq!(versions, (2..=view.version().0).collect::<Vec<_>>(), "without gaps");
    assert_eq!(versions.len(), THREADS * 20);
    assert_eq!(view.devices(IOS).unwrap().len() as usize, 1 + versions.len());
}

#[test]
fn a_view_shows_its_version_and_nothing_later() {
    let (store, _directory) = open(buffered());
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for n in 1..=400 {
                // Version n has exactly n devices, and the newest event is n.
                commit(&store, [insert(&format!("{n}"))]);
            }
        });
        while !writer.is_finished() {
            let view = store.view(APP).unwrap();
            let (version, devices) = (view.version().0, view.devices(IOS).unwrap().len());
            assert_eq!(version, devices);
        }
    });
}

#[test]
fn checks_are_judged_in_their_order() {
    let (store, _directory) = open(buffered());
    let places = devices(&store, 3);
    let checks = [
        Check::KeyAtMost { key: tag("t"), most: 0 },
        Check::Linked { key: tag("t"), devices: places.clone().into(), is: true },
        Check::Absent { id: DeviceId::new("0").unwrap() },
    ];
    let writes = WriteSet { checks: checks.into_iter().collect(), ..WriteSet::default() };
    let Err(StoreError::Conflict { what }) = store.commit(APP, &writes) else { panic!("must conflict") };
    assert_eq!(what, Conflicted::LinkChanged);
}

#[test]
fn statistics_count_what_was_written() {
    let (store, _directory) = open(buffered());
    devices(&store, 1_000);
    store.compact().unwrap();
    let stats = store.stats().unwrap();
    let family = |name: &str| stats.families.iter().find(|family| family.name == name).unwrap();
    assert_eq!(family("device").keys, 1_000);
    assert!(family("device").table_bytes > 0 && stats.written_bytes > 0 && stats.flushed_bytes > 0);
    assert!(stats.write_amplification().unwrap() > 1.0);
    assert!(stats.cache_capacity > 0 && stats.background_errors == 0);
}

#[test]
fn keys_are_counted_wherever_they_are_also_after_opening() {
    let (store, directory) = open(buffered());
    let places = devices(&store, 1_000);
    let count = |store: &RocksStore| {
        let families = store.stats().unwrap().families;
        families.iter().find(|family| family.name == "device").unwrap().keys
    };
    assert_eq!(count(&store), 1_000);
    store.compact().unwrap();
    drop(store);
    let store = RocksStore::open(directory.path().join("store"), &buffered()).unwrap();
    assert_eq!(count(&store), 1_000);
    let remove = |place: &Place| Operation::Remove { device: *place };
    let operations = places.iter().take(400).map(remove).collect();
    store.commit(APP, &WriteSet { operations, ..WriteSet::default() }).unwrap();
    assert_eq!(count(&store), 600);
    store.compact().unwrap();
    assert_eq!(count(&store), 600);
}

#[test]
fn opening_does_not_read_the_devices() {
    let (store, directory) = open(buffered());
    devices(&store, 50_000);
    store.compact().unwrap();
    let blocks = store.stats().unwrap().families.iter().map(|family| family.table_bytes).sum::<u64>() >> 13;
    drop(store);
    let store = RocksStore::open(directory.path().join("store"), &buffered()).unwrap();
    let opened = store.stats().unwrap();
    // Opening reads no block, but the engine may begin to compact in the background.
    let read = opened.cache_misses + opened.cache_hits;
    assert!(read < blocks / 4, "{read} of {blocks} blocks");
}

/// Earlier releases backed up with the engine's own checkpoint, which leaves out the logs that were flushed to
/// tables.
#[test]
fn a_backup_that_the_engine_itself_has_made_opens() {
    let directory = tempfile::tempdir().unwrap();
    let (path, saved) = (directory.path().join("store"), directory.path().join("saved"));
    for commits in [0, 1, 40] {
        let store = RocksStore::open(&path, &RocksOptions::default()).unwrap();
        for _ in 0..commits {
            store.commit(APP, &WriteSet::default()).unwrap();
        }
        let version = store.view(APP).unwrap().version();
        std::fs::create_dir(&saved).unwrap();
        let checkpoint = rocksdb::checkpoint::Checkpoint::new(&store.db).unwrap();
        checkpoint.create_checkpoint(crate::format::engine_directory(&saved)).unwrap();
        crate::format::write(&saved).unwrap();
        store.commit(APP, &WriteSet::default()).unwrap();
        let read = RocksStore::open_read_only(&saved, &RocksOptions::default()).unwrap();
        assert_eq!(read.view(APP).unwrap().version(), version);
        let copy = RocksStore::open(&saved, &RocksOptions::default()).unwrap();
        assert_eq!(copy.view(APP).unwrap().version(), version);
        drop((read, copy));
        std::fs::remove_dir_all(&saved).unwrap();
    }
}
