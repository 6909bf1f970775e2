//! Changing many tags of one device takes work in proportion to the tags that it has and to those that change, and
//! not to their product.
//!
//! The work is counted and not timed: as bytes allocated (every packing of a device's tags is an allocation of their
//! size) and as store calls of a plan (each of which may search all of a device's tags).
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a panic is a failed test")]

use allocation_counter::measure;
use rollbook::{
    App, AppKey, AppSettings, DeviceId, DeviceUpdate, Limits, Platform, Registration, Registry, TagName,
    TagsChange,
};
use rollbook_store_mem::MemStore;
use rollbook_testkit::FaultStore;

type Store = FaultStore<MemStore>;

fn tags(from: usize, to: usize) -> Vec<TagName> {
    (from..to).map(|n| TagName::new(format!("tag{n}")).unwrap()).collect()
}

fn device() -> DeviceId {
    DeviceId::new("device").unwrap()
}

fn update(app: &App<Store>, tags: TagsChange) {
    app.update(&device(), &DeviceUpdate { tags, ..DeviceUpdate::default() }).unwrap();
}

/// Work on a device with this many tags.
type Work = fn(&App<Store>, usize);

const WORKS: [(&str, Work); 6] = [
    ("registering with all of them", |app, n| {
        let new = Registration { tags: tags(n, 2 * n), ..Registration::new(device(), Platform::Ios) };
        drop(app.register(&new).unwrap());
    }),
    ("adding as many", |app, n| update(app, TagsChange::Change { add: tags(n, 2 * n), remove: vec![] })),
    ("adding those that it has", |app, n| {
        update(app, TagsChange::Change { add: tags(0, n), remove: vec![] })
    }),
    ("removing every one of them", |app, n| {
        update(app, TagsChange::Change { add: vec![], remove: tags(0, n) });
    }),
    ("clearing them", |app, _| update(app, TagsChange::Clear)),
    ("moving it to another platform", |app, _| {
        drop(app.register(&Registration::new(device(), Platform::Android)).unwrap());
    }),
];

/// Returns the bytes allocated, and the number of store calls.
fn cost(work: Work, n: usize) -> (u64, u64) {
    let registry = Registry::builder(FaultStore::new(MemStore::new())).build();
    let settings = AppSettings { limits: Limits::unlimited(), ..AppSettings::default() };
    let app = registry.create_app(&AppKey::new("shop").unwrap(), settings).unwrap();
    app.register(&Registration { tags: tags(0, n), ..Registration::new(device(), Platform::Ios) }).unwrap();
    let before = registry.store().calls().reads;
    let bytes = measure(|| work(&app, n)).bytes_total;
    (bytes, registry.store().calls().reads - before)
}

#[test]
fn the_work_on_a_device_of_many_tags_grows_as_they_do() {
    for (what, work) in WORKS {
        let sizes = [2_000, 4_000, 8_000].map(|n| (n, cost(work, n)));
        println!("{what}: {sizes:?}");
        let [(_, (_, reads)), .., (_, (_, more_reads))] = sizes;
        assert!(more_reads <= reads + 2 && reads < 100, "{what}: questions to the store: {sizes:?}");
        for pair in sizes.windows(2) {
            let [(_, (less, _)), (_, (more, _))] = pair else { continue };
            assert!(
                *more < less * 5 / 2,
                "{what}: twice the tags are at most about twice the bytes: {sizes:?}"
            );
        }
    }
}
