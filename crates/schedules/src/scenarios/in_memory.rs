//! The store in memory: its lock, its tree of apps, its heartbeats.

use crate::MemStore;
use rollbook::store::{
    Check, Conflicted, DeviceRecord, Key, Operation, OwnedKey, Place, Relation, Slot, Store, StoreError,
    View, WriteSet,
};
use rollbook::{AppId, DeviceId, Platform, Timestamp, Version};
use shuttle::thread;
use std::sync::Arc;

const APP: AppId = AppId(1);

fn id(text: &str) -> DeviceId {
    DeviceId::new(text).expect("an id")
}

fn tag(name: &str) -> OwnedKey {
    OwnedKey { relation: Relation::Tag, name: name.into() }
}

fn insert(name: &str) -> Operation {
    let record = Box::new(DeviceRecord::new(id(name)));
    Operation::Insert { platform: Platform::Ios, record, last_seen: None, keys: Vec::new() }
}

fn link(name: &str, device: Place) -> Operation {
    Operation::Link { key: tag(name), devices: [device].into_iter().collect() }
}

fn unlink(name: &str, device: Place) -> Operation {
    Operation::Unlink { key: tag(name), devices: [device].into_iter().collect() }
}

fn set(operations: impl IntoIterator<Item = Operation>) -> WriteSet {
    WriteSet { operations: operations.into_iter().collect(), ..WriteSet::default() }
}

fn commit(store: &MemStore, operations: impl IntoIterator<Item = Operation>) -> Version {
    store.commit(APP, &set(operations)).expect("a commit").version
}

/// Makes a store with one device.
fn with_device(name: &str) -> (Arc<MemStore>, Place) {
    let store = Arc::new(MemStore::new());
    let committed = store.commit(APP, &set([insert(name)])).expect("a device");
    let place = committed.inserted.first().copied().expect("its place");
    (store, place)
}

fn has(view: &impl View, slot: Slot, name: &str) -> bool {
    view.linked(slot, Key::new(Relation::Tag, name)).expect("an answer")
}

/// Two writers move a device between two states of two tags. A reader sees one state or the other, in membership and
/// postings alike, and versions that only grow.
pub fn a_view_is_one_state() {
    let (store, place) = with_device("d");
    commit(&store, [link("a1", place), link("a2", place)]);
    let writers = [["a1", "a2", "b1", "b2"], ["b1", "b2", "a1", "a2"]].map(|[off1, off2, on1, on2]| {
        let store = Arc::clone(&store);
        thread::spawn(move || {
            commit(&store, [unlink(off1, place), unlink(off2, place), link(on1, place), link(on2, place)]);
        })
    });
    let reader = {
        let store = Arc::clone(&store);
        thread::spawn(move || {
            let mut before = Version(0);
            for _ in 0..2 {
                let view = store.view(APP).expect("a view");
                assert!(view.version() >= before, "versions only grow");
                before = view.version();
                let seen = ["a1", "a2", "b1", "b2"].map(|name| has(&view, place.slot, name));
                assert!(
                    [[true, true, false, false], [false, false, true, true]].contains(&seen),
                    "between two states: {seen:?}"
                );
                for (name, seen) in ["a1", "a2", "b1", "b2"].into_iter().zip(seen) {
                    let count = view
                        .cardinality(Key::new(Relation::Tag, name), Platform::Ios.into())
                        .expect("a count");
                    assert_eq!(count, u64::from(seen), "posting and device tell the same of {name}");
                }
            }
        })
    };
    writers.into_iter().chain([reader]).for_each(|thread| thread.join().expect("no panic"));
}

/// Three writers commit to an app that was never committed to, while the branch of another app is added to the tree.
/// Versions have no gap, none is given twice, and nothing is lost.
pub fn first_commits_get_versions_without_gaps() {
    let store = Arc::new(MemStore::new());
    let writers = ["d0", "d1", "d2"].map(|name| {
        let store = Arc::clone(&store);
        thread::spawn(move || {
            let own = commit(&store, [insert(name)]);
            let view = store.view(APP).expect("a view");
            assert!(view.version() >= own, "a commit that returned is seen");
            assert!(view.find(&id(name)).expect("an answer").is_some(), "a commit that returned is seen");
            own.0
        })
    });
    let elsewhere = {
        let store = Arc::clone(&store);
        let app = AppId(APP.0 + 256);
        thread::spawn(move || store.commit(app, &set([insert("d0")])).expect("a commit").version.0)
    };
    let mut versions = writers.map(|writer| writer.join().expect("no panic"));
    versions.sort_unstable();
    assert_eq!(versions, [1, 2, 3]);
    assert_eq!(elsewhere.join().expect("no panic"), 1, "the other app counts for itself");
    let view = store.view(APP).expect("a view");
    assert_eq!(view.devices(Platform::Ios).expect("the devices").len(), 3);
}

/// Two writers change a device under the check that it is unchanged. Exactly one succeeds.
pub fn of_two_changes_of_one_version_one_wins() {
    let (store, place) = with_device("d");
    let version = store.view(APP).expect("a view").version();
    let writers = ["a", "b"].map(|name| {
        let store = Arc::clone(&store);
        thread::spawn(move || {
            let checks = [Check::Unchanged { device: place, version }].into_iter().collect();
            match store.commit(APP, &WriteSet { checks, ..set([link(name, place)]) }) {
                Ok(_) => true,
                Err(StoreError::Conflict { what: Conflicted::DeviceChanged }) => false,
                Err(other) => panic!("{other}"),
            }
        })
    });
    let won = writers.map(|writer| writer.join().expect("no panic"));
    assert_eq!(won.iter().filter(|won| **won).count(), 1);
    let view = store.view(APP).expect("a view");
    assert_eq!(["a", "b"].map(|name| has(&view, place.slot, name)), won);
}

/// Heartbeats of one device, the first ones of its chunk: the latest remains, and a reader never sees an earlier one
/// after a later one.
pub fn the_latest_heartbeat_remains() {
    let (store, place) = with_device("d");
    let seen =
        move |store: &MemStore| store.view(APP).expect("a view").last_seen(place.slot).expect("an answer");
    let writers = [5, 9].map(|secs| {
        let store = Arc::clone(&store);
        thread::spawn(move || {
            store.touch(APP, &[(place, Timestamp::from_secs(secs))]).expect("a heartbeat");
            assert!(seen(&store) >= Some(Timestamp::from_secs(secs)), "a heartbeat that returned is seen");
        })
    });
    let reader = {
        let store = Arc::clone(&store);
        thread::spawn(move || {
            let first = seen(&store);
            assert!(first <= seen(&store), "heartbeats only grow");
        })
    };
    writers.into_iter().chain([reader]).for_each(|thread| thread.join().expect("no panic"));
    assert_eq!(seen(&store), Some(Timestamp::from_secs(9)));
}

/// A heartbeat is recorded while its device is replaced by another in the same slot: the other device was never seen.
pub fn a_heartbeat_never_reaches_the_device_that_took_the_slot() {
    let (store, place) = with_device("old");
    let replaces = {
        let store = Arc::clone(&store);
        thread::spawn(move || commit(&store, [Operation::Remove { device: place }, insert("new")]))
    };
    let touches = {
        let store = Arc::clone(&store);
        thread::spawn(move || store.touch(APP, &[(place, Timestamp::from_secs(7))]).expect("a heartbeat"))
    };
    replaces.join().expect("no panic");
    touches.join().expect("no panic");
    let view = store.view(APP).expect("a view");
    let new = view.find(&id("new")).expect("an answer").expect("the new device");
    assert_eq!(new.slot, place.slot, "the scenario is about a slot that is given again");
    assert_eq!(view.last_seen(new.slot).expect("an answer"), None);
}
