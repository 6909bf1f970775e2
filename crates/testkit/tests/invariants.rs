//! The walk over invariants finds what contradicts itself, and names what kind of promise is broken.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    missing_docs,
    unreachable_pub,
    dead_code,
    unused_imports,
    reason = "tests share modules and use parts of them; in them a panic is a failed test"
)]

mod altered;
mod broken;

use altered::{Alter, Altered};
use broken::*;
use rollbook::store::{
    DeviceRecord, EntryKey, EventRecord, Key, Operation, Relation, Store, Target, WriteSet,
};
use rollbook::{AppId, Attributes, Platform, PlatformSet, Timestamp, UserId};
use rollbook_testkit::ordered::OrderedStore;
use rollbook_testkit::{Broken, check_invariants, check_store_invariants};
use std::collections::BTreeSet;

const APP: AppId = AppId(1);

fn commit(store: &impl Store, operations: impl IntoIterator<Item = Operation>) {
    let writes = WriteSet { operations: operations.into_iter().collect(), ..WriteSet::default() };
    store.commit(APP, &writes).unwrap();
}

fn insert(id: &str) -> Operation {
    let record = Box::new(DeviceRecord::new(id.parse().unwrap()));
    Operation::Insert { platform: Platform::Ios, record, last_seen: None }
}

fn link(relation: Relation, name: &str, new: u32) -> Operation {
    let key = Key::new(relation, name).to_owned();
    Operation::Link { key, devices: [Target::New(new)].into_iter().collect() }
}

fn ann() -> UserId {
    UserId::new("ann").unwrap()
}

/// The kinds of promises that a store of some devices, tags and events breaks when it is altered so.
fn broken_by(alter: impl Alter) -> BTreeSet<Broken> {
    let store = Altered::new(alter);
    let event = |at| {
        let (at, name) = (Timestamp::from_secs(at), "login".parse().unwrap());
        let event = EventRecord { at, name, device: None, user: Some(ann()), attributes: Attributes::new() };
        Operation::Append { event: Box::new(event) }
    };
    commit(&store, [insert("1"), link(Relation::User, "ann", 0), link(Relation::Tag, "new", 0)]);
    commit(&store, [insert("2"), link(Relation::User, "Bob", 0), link(Relation::Tag, "Z", 0)]);
    commit(
        &store,
        [insert("3"), link(Relation::User, "eve", 0), link(Relation::Tag, "a", 0), event(9), event(3)],
    );
    let record = Box::new(DeviceRecord::new("4".parse().unwrap()));
    let android = Operation::Insert { platform: Platform::Android, record, last_seen: None };
    commit(&store, [android, link(Relation::User, "eve", 0), link(Relation::Tag, "Z", 0)]);
    let there =
        Operation::Drop { key: Key::new(Relation::Tag, "Z").to_owned(), platforms: Platform::Android.into() };
    let dropped =
        Operation::Drop { key: Key::new(Relation::Tag, "a").to_owned(), platforms: PlatformSet::ALL };
    commit(&store, [there, dropped, Operation::TrimLog { before: Timestamp::from_secs(5), most: 1 }]);
    let view = store.view(APP).unwrap();
    check_invariants(&view).unwrap().into_iter().map(|breach| breach.broken).collect()
}

#[test]
fn a_right_store_breaks_nothing() {
    struct Nothing;
    impl Alter for Nothing {}
    assert_eq!(broken_by(Nothing), BTreeSet::new());
}

#[test]
fn each_breach_is_named_by_its_kind() {
    assert!(broken_by(LeavesOneSide).contains(&Broken::Sides));
    assert!(broken_by(Miscounts::default()).contains(&Broken::Count));
    assert!(broken_by(KeepsEmptyKeys::default()).contains(&Broken::Empty));
    assert!(broken_by(ErasesOneIndex::default()).contains(&Broken::Log));
    let backwards = broken_by(DictionaryOrder);
    assert!(backwards.contains(&Broken::Order), "{backwards:?}");
}

#[test]
fn a_device_without_an_owner_is_a_breach_of_the_register_not_of_the_store() {
    let store = OrderedStore::new();
    commit(&store, [insert("1"), link(Relation::Tag, "news", 0)]);
    let view = store.view(APP).unwrap();
    assert_eq!(check_store_invariants(&view).unwrap(), []);
    let breaches = check_invariants(&view).unwrap();
    assert_eq!(breaches.iter().map(|breach| breach.broken).collect::<Vec<_>>(), [Broken::Owner]);
}

#[test]
fn a_deletion_without_a_record_is_a_breach() {
    let store = OrderedStore::new();
    commit(
        &store,
        [insert("1"), link(Relation::User, "ann", 0), Operation::Condemn { user: ann(), deletion: 7 }],
    );
    assert_eq!(check_invariants(&store.view(APP).unwrap()).unwrap(), []);
    commit(&store, [Operation::RemoveEntry { key: EntryKey::Deletion(7) }]);
    let breaches = check_invariants(&store.view(APP).unwrap()).unwrap();
    assert_eq!(breaches.iter().map(|breach| breach.broken).collect::<Vec<_>>(), [Broken::Deletion]);
}
