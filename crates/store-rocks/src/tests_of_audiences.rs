//! Audiences read the chunks that they need, and no others.

use crate::values::READ;
use crate::{RocksOptions, RocksStore};
use rollbook::store::{
    DeviceRecord, Durability, Entry, EntryKey, Key, Operation, Relation, Store, View, WriteSet,
};
use rollbook::{App, AppId, AppKey, AppSettings, Audience, DeviceId, Platform, Registry};
use std::sync::{Arc, LazyLock};
use tempfile::TempDir;

/// Five chunks of devices.
const DEVICES: usize = 300_000;

fn id(n: usize) -> DeviceId {
    DeviceId::new(format!("{n}")).unwrap()
}

/// The tags of device `n`: every device has `all`, one in three has `third`, ten devices in one chunk each have
/// `here` and `there`, and those of both have `both`.
fn tags(n: usize) -> impl Iterator<Item = &'static str> {
    let (here, there) = ((70_000..70_010).contains(&n), (270_000..270_010).contains(&n));
    let third = n.is_multiple_of(3);
    let has = [("all", true), ("third", third), ("here", here), ("there", there), ("both", here || there)];
    has.into_iter().filter(|(_, has)| *has).map(|(tag, _)| tag)
}

/// Devices on one platform, in the order of their numbers. None was ever removed, so number and ordinal are the same.
static SHOP: LazyLock<(App<Arc<RocksStore>>, TempDir)> = LazyLock::new(|| {
    let directory = tempfile::tempdir().unwrap();
    let options = RocksOptions { durability: Durability::Buffered, ..RocksOptions::default() };
    let store = Arc::new(RocksStore::open(directory.path().join("store"), &options).unwrap());
    let registry = Registry::builder(store.clone()).build();
    let key = AppKey::new("shop").unwrap();
    let app = registry.create_app(&key, AppSettings::default()).unwrap();
    let entry = store.view(AppId::DIRECTORY).unwrap().entry(&EntryKey::App(key)).unwrap();
    let Some((Entry::App(record), _)) = entry else { panic!("the app must be in the directory") };
    for first in (0..DEVICES).step_by(10_000) {
        let insert = |n| {
            let keys = tags(n).map(|tag| Key::new(Relation::Tag, tag).to_owned()).collect();
            let record = Box::new(DeviceRecord::new(id(n)));
            Operation::Insert { platform: Platform::Ios, record, last_seen: None, keys }
        };
        let operations = (first..first + 10_000).map(insert).collect();
        store.commit(record.id, &WriteSet { operations, ..WriteSet::default() }).unwrap();
    }
    (app, directory)
});

/// Returns the result, and how many chunks were read for it.
fn counted<T>(ask: impl FnOnce(&App<Arc<RocksStore>>) -> T) -> (T, usize) {
    let (app, _) = &*SHOP;
    READ.set(0);
    (ask(app), READ.get())
}

fn audience(text: &str) -> Audience {
    text.parse().unwrap()
}

#[test]
fn counting_reads_the_chunks_in_which_the_smallest_part_is() {
    for (text, devices, chunks) in [
        ("all", 300_000, 0),
        ("here && all", 10, 1 + 1),
        ("both && all", 20, 2 + 2),
        ("both && all && third", 7, 2 + 2 + 2),
        ("both && !third", 13, 2 + 2),
        ("both && (third || here)", 14, 2 + 2 + 1),
        ("here && there && all", 0, 1),
        ("all && third", 100_000, 5 + 5),
        ("all && nobody", 0, 0),
        ("device(7) && all", 1, 0),
    ] {
        assert_eq!(counted(|app| app.count(&audience(text)).unwrap()), (devices, chunks), "{text}");
    }
}

#[test]
fn what_is_selected_is_read_as_it_is_counted() {
    let text = audience("both && all");
    assert_eq!(counted(|app| app.select(&text).unwrap().len()), (20, 4));
    assert_eq!(counted(|app| app.select(&text).unwrap().ids().unwrap().len()), (20, 4));
    assert_eq!(counted(|app| app.sample(&text, 5, 1).unwrap().len()), (5, 4));
    let batches = |app: &App<Arc<RocksStore>>| app.batches(&text, 15, None).unwrap().count();
    assert_eq!(counted(batches), (2, 4));
}

#[test]
fn a_page_reads_the_chunks_that_it_is_in() {
    for (text, chunks) in [
        ("all", 1),
        ("all()", 1),
        ("all && third", 2),
        ("!third", 2),
        ("all && !third", 2),
        ("third || all", 2),
    ] {
        let text = audience(text);
        let ((first, cursor), read) = counted(|app| {
            let page = app.audience(&text, None, 100).unwrap();
            (page.items, page.next)
        });
        assert_eq!((first.len(), read), (100, chunks), "{text}");
        let (second, read) = counted(|app| app.audience(&text, cursor, 100).unwrap().items);
        assert_eq!((second.len(), read), (100, chunks), "{text}");
        assert!(!first.contains(&second[0]));
    }
}

#[test]
fn a_page_far_behind_reads_as_much_as_the_first() {
    let everyone = audience("all && !here");
    let (app, _) = &*SHOP;
    let (mut after, mut pages, mut devices) = (None, 0, 0);
    loop {
        let (page, read) = counted(|app| app.audience(&everyone, after, 20_000).unwrap());
        pages += 1;
        devices += page.items.len();
        // Two chunks where the page crosses a border, and the chunks of what is subtracted.
        assert!(read <= 2 + 8, "{pages}: {read}");
        let Some(next) = page.next else { break };
        after = Some(next);
    }
    assert_eq!((pages, devices as u64), (15, app.count(&everyone).unwrap()));
}

#[test]
fn whether_a_device_is_in_an_audience_reads_no_chunk() {
    let text = audience("all && (third || here) && !there");
    for (n, is_in) in [(0, true), (1, false), (70_001, true), (270_009, false)] {
        assert_eq!(counted(|app| app.contains(&text, &id(n)).unwrap()), (is_in, 0), "{n}");
        assert_eq!(counted(|app| app.why_not(&text, &id(n)).unwrap().is_none()), (is_in, 0), "{n}");
    }
}
