//! The last ordinals, slots that are filled again, and concurrent threads.

#![allow(clippy::unwrap_used, reason = "in a test a panic is a failed test, in its helpers too")]

use rollbook::store::{
    Check, Conflicted, DeviceRecord, Key, Operation, OwnedKey, Place, Relation, Store, StoreError, View,
    WriteSet,
};
use rollbook::{AppId, DeviceId, Platform, PlatformSet, Version};
use rollbook_store_mem::{MemOptions, MemStore};

const APP: AppId = AppId(7);
const LONG: &str = "a name that is much longer than what fits into a row or a line";

fn insert(id: &str) -> Operation {
    let record = Box::new(DeviceRecord::new(DeviceId::new(id).unwrap()));
    Operation::Insert { platform: Platform::Ios, record, last_seen: None, keys: Vec::new() }
}

fn commit(
    store: &MemStore,
    operations: impl IntoIterator<Item = Operation>,
) -> Result<Vec<Place>, StoreError> {
    let writes = WriteSet { operations: operations.into_iter().collect(), ..WriteSet::default() };
    store.commit(APP, &writes).map(|committed| committed.inserted.to_vec())
}

#[test]
fn ordinals_reach_the_top_and_no_further() {
    let store = MemStore::with_options(MemOptions { first_ordinal: u32::MAX - 2, ..MemOptions::default() });
    assert_eq!(store.info().max_devices_per_platform, 2);
    let places = commit(&store, [insert("a"), insert("b")]).unwrap();
    assert_eq!(places[1].slot.ordinal, u32::MAX - 1);
    assert!(matches!(commit(&store, [insert("c")]), Err(StoreError::TooLarge { limit: 2, .. })));
    // A removal earlier in the set makes room.
    let again = commit(&store, [Operation::Remove { device: places[1] }, insert("c")]).unwrap();
    assert_eq!(again, [Place { slot: places[1].slot, filled: Version(2) }]);
}

#[test]
fn a_place_of_an_earlier_device_does_not_lead_to_the_later_one() {
    let store = MemStore::new();
    let old = commit(&store, [insert("old")]).unwrap()[0];
    commit(&store, [Operation::Remove { device: old }]).unwrap();
    let new = commit(&store, [insert("new")]).unwrap()[0];
    assert_eq!((new.slot, new.filled), (old.slot, Version(3)));
    let gone = commit(&store, [Operation::Remove { device: old }]);
    assert!(matches!(gone, Err(StoreError::Conflict { what: Conflicted::DeviceGone })));
    store.touch(APP, &[(old, rollbook::Timestamp::from_secs(5))]).unwrap();
    let view = store.view(APP).unwrap();
    assert_eq!(view.last_seen(new.slot).unwrap(), None);
    let mut named = Vec::new();
    view.ids(Platform::Ios, &[0, 1], Version(2), &mut |_, id| named.push(id.to_owned())).unwrap();
    assert!(named.is_empty());
    view.ids(Platform::Ios, &[0, 1], Version(3), &mut |_, id| named.push(id.to_owned())).unwrap();
    assert_eq!(named, ["new"]);
}

#[test]
fn when_a_device_was_seen_goes_with_it() {
    let at = rollbook::Timestamp::from_secs;
    let store = MemStore::new();
    let old = commit(&store, [insert("old")]).unwrap()[0];
    store.touch(APP, &[(old, at(9)), (old, at(5))]).unwrap();
    assert_eq!(store.view(APP).unwrap().last_seen(old.slot).unwrap(), Some(at(9)));
    let new = commit(&store, [Operation::Remove { device: old }, insert("new")]).unwrap()[0];
    assert_eq!(new.slot, old.slot);
    assert_eq!(store.view(APP).unwrap().last_seen(new.slot).unwrap(), None);
}

#[test]
fn an_app_that_was_never_committed_to_is_empty() {
    let store = MemStore::new();
    let view = store.view(AppId(u32::MAX)).unwrap();
    assert_eq!((view.version(), view.is_sealed()), (Version(0), false));
}

#[test]
fn a_check_that_fails_leaves_everything_as_it_was() {
    let store = MemStore::new();
    commit(&store, [insert("a")]).unwrap();
    let mut writes = WriteSet::default();
    writes.checks.push(Check::Absent { id: DeviceId::new("a").unwrap() });
    writes.operations.push(insert("b"));
    let refused = store.commit(APP, &writes);
    assert!(matches!(refused, Err(StoreError::Conflict { what: Conflicted::DeviceExists })));
    let view = store.view(APP).unwrap();
    assert_eq!(view.version(), Version(1));
    assert_eq!(view.find(&DeviceId::new("b").unwrap()).unwrap(), None);
}

#[test]
fn a_device_of_many_tags_keeps_them_all() {
    let store = MemStore::new();
    let place = commit(&store, [insert(LONG)]).unwrap()[0];
    for n in 0..3000 {
        let key = OwnedKey { relation: Relation::Tag, name: format!("tag {n}").into() };
        commit(&store, [Operation::Link { key, devices: [place].into_iter().collect() }]).unwrap();
    }
    let view = store.view(APP).unwrap();
    assert_eq!(view.key_count(place.slot, Relation::Tag).unwrap(), 3000);
    assert!(
        (0..3000).all(|n| view.linked(place.slot, Key::new(Relation::Tag, &format!("tag {n}"))).unwrap())
    );
    assert_eq!(view.device(place.slot).unwrap().unwrap().record.id.as_str(), LONG);
}

#[test]
fn a_view_never_shows_part_of_a_commit() {
    let store = MemStore::new();
    let places = commit(&store, (0..100).map(|n| insert(&n.to_string()))).unwrap();
    let key = OwnedKey { relation: Relation::Tag, name: "all".into() };
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for _ in 0..200 {
                let devices = places.clone().into();
                commit(&store, [Operation::Link { key: key.clone(), devices }]).unwrap();
                commit(&store, [Operation::Drop { key: key.clone(), platforms: PlatformSet::ALL }]).unwrap();
            }
        });
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let view = store.view(APP).unwrap();
                    let linked = view.linked(places[99].slot, key.as_key()).unwrap();
                    let devices = view.cardinality(key.as_key(), Platform::Ios.into()).unwrap();
                    assert_eq!(devices, if linked { 100 } else { 0 });
                    assert_eq!(linked, view.version().0.is_multiple_of(2));
                    if view.version().0 == 401 {
                        break;
                    }
                }
            });
        }
    });
}
