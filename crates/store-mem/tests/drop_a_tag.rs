//! Deleting a tag costs the same for a tag on a hundred devices and on a million.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic is a failed test")]

use allocation_counter::measure;
use rollbook::store::Store;
use rollbook::{
    App, AppKey, AppSettings, DeviceId, Limits, Platform, PlatformSet, Registration, Registry, TagName,
};
use rollbook_store_mem::MemStore;
use rollbook_testkit::FaultStore;
use std::sync::Arc;

type Counted = Arc<FaultStore<MemStore>>;

fn tag(name: &str) -> TagName {
    TagName::new(name).unwrap()
}

fn id(n: u32) -> DeviceId {
    DeviceId::new(format!("{n:08x}")).unwrap()
}

/// Makes a register with a million devices on two platforms: all carry `many`, a hundred carry `few`.
fn register() -> (Counted, App<Counted>) {
    let store: Counted = Arc::new(FaultStore::new(MemStore::new()));
    let registry = Registry::builder(Arc::clone(&store)).build();
    let settings = AppSettings { limits: Limits::unlimited(), ..AppSettings::default() };
    let app = registry.create_app(&AppKey::new("shop").unwrap(), settings).unwrap();
    for n in 0..1_000_000 {
        let mut tags = vec![tag("many")];
        tags.extend((n % 10_000 == 0).then(|| tag("few")));
        tags.extend((n % 10_000 == 1).then(|| tag("first")));
        let platform = [Platform::Ios, Platform::Android][n as usize / 10_000 % 2];
        app.register(&Registration { tags, ..Registration::new(id(n), platform) }).unwrap();
    }
    (store, app)
}

#[test]
fn a_tag_on_a_million_devices_is_deleted_with_the_work_of_one_on_a_hundred() {
    let (store, app) = register();
    let count = |name: &str| app.tag_count(&tag(name), PlatformSet::ALL).unwrap();
    assert_eq!((count("few"), count("many")), (100, 1_000_000));
    // The first deletion also makes what is made only once; that is not part of the cost of a tag.
    app.delete_tag(&tag("first"), PlatformSet::ALL).unwrap();
    let version = || app.device(&id(0)).unwrap().version;
    let before = version();
    let mut costs = Vec::new();
    for name in ["few", "many"] {
        let calls = store.calls();
        let memory = measure(|| app.delete_tag(&tag(name), PlatformSet::ALL).unwrap());
        let after = store.calls();
        assert_eq!(count(name), 0);
        let asked = [after.views - calls.views, after.reads - calls.reads, after.commits - calls.commits];
        // Lists that grow occasionally make the count vary by one.
        assert!(memory.count_total < 10, "{name}: {} allocations", memory.count_total);
        costs.push(asked);
    }
    assert_eq!(costs[0], costs[1], "views, questions, commits");
    assert_eq!(version(), before, "no device was written");
    assert!(!app.has_tag(&id(999_999), &tag("many")).unwrap());
    assert_eq!(store.info().name, "memory");
}
