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
use rollbook::store::{DeviceRecord, EntryKey, EventRecord, Key, Operation, Relation, Store, WriteSet};
use rollbook::{AppId, Attributes, Platform, PlatformSet, Timestamp, UserId};
use rollbook_testkit::ordered::OrderedStore;
use rollbook_testkit::{Broken, check_invariants, check_store_invariants};
use std::collections::BTreeSet;

const APP: AppId = AppId(1);

fn commit(store: &impl Store, operations: impl IntoIterator<Item = Operation>) {
    let writes = WriteSet { operations: operations.into_iter().collect(), ..WriteSet::default() };
    store.commit(APP, &writes).unwrap();
}

fn insert(platform: Platform, id: &str, keys: &[(Relation, &str)]) -> Operation {
    let record = Box::new(DeviceRecord::new(id.parse().unwrap()));
    let keys = keys.iter().map(|&(relation, name)| Key::new(relation, name).to_owned()).collect();
    Operation::Insert { platform, record, last_seen: None, keys }
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
    let ios = |id, user, tag| insert(Platform::Ios, id, &[(Relation::User, user), (Relation::Tag, tag)]);
    commit(&store, [ios("1", "ann", "new")]);
    commit(&store, [ios("2", "Bob", "Z")]);
    commit(&store, [ios("3", "eve", "a"), event(9), event(3)]);
    commit(&store, [insert(Platform::Android, "4", &[(Relation::User, "eve"), (Relation::Tag, "Z")])]);
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
    commit(&store, [insert(Platform::Ios, "1", &[(Relation::Tag, "news")])]);
    let view = store.view(APP).unwrap();
    assert_eq!(check_store_invariants(&view).unwrap(), []);
    let breaches = check_invariants(&view).unwrap();
    assert_eq!(breaches.iter().map(|breach| breach.broken).collect::<Vec<_>>(), [Broken::Owner]);
}

#[test]
fn a_deletion_without_a_record_is_a_breach() {
    let store = OrderedStore::new();
    let user = insert(Platform::Ios, "1", &[(Relation::User, "ann")]);
    commit(&store, [user, Operation::Condemn { user: ann(), deletion: 7 }]);
    assert_eq!(check_invariants(&store.view(APP).unwrap()).unwrap(), []);
    commit(&store, [Operation::RemoveEntry { key: EntryKey::Deletion(7) }]);
    let breaches = check_invariants(&store.view(APP).unwrap()).unwrap();
    assert_eq!(breaches.iter().map(|breach| breach.broken).collect::<Vec<_>>(), [Broken::Deletion]);
}
