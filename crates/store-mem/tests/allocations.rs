//! Frequent reads allocate nothing beyond what they return.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic is a failed test")]

use allocation_counter::{AllocationInfo, measure};
use rollbook::{
    Alias, App, AppKey, AppSettings, Audience, Command, DeviceId, Limits, Platform, PlatformSet,
    Registration, Registry, TagName,
};
use rollbook_store_mem::MemStore;

fn tag(n: u32) -> TagName {
    TagName::new(format!("tag{n}")).unwrap()
}

fn id(n: u32) -> DeviceId {
    DeviceId::new(format!("{n:032x}")).unwrap()
}

/// Makes an app with a thousand devices of ten tags each; every alias has two devices on two platforms.
fn app() -> App<MemStore> {
    let registry = Registry::builder(MemStore::new()).build();
    let app = registry.create_app(&AppKey::new("shop").unwrap(), AppSettings::default()).unwrap();
    for n in 0..1_000 {
        let new = Registration {
            alias: Some(Alias::new(format!("alias{}", n / 2)).unwrap()),
            tags: (0..10).map(|i| tag(n % 7 + i)).collect(),
            ..Registration::new(id(n), [Platform::Ios, Platform::Android][n as usize % 2])
        };
        app.register(&new).unwrap();
    }
    app
}

/// Returns the allocations of the second call, because the first one also pays for what is made once per thread or
/// process.
fn cost<T>(ask: impl Fn() -> T) -> AllocationInfo {
    drop(ask());
    let mut answer = None;
    let cost = measure(|| answer = Some(ask()));
    drop(answer);
    cost
}

#[test]
fn membership_allocates_nothing() {
    let app = app();
    let (device, carried, other) = (id(500), tag(500 % 7), tag(999));
    assert_eq!(cost(|| app.has_tag(&device, &carried).unwrap()).count_total, 0);
    assert_eq!(cost(|| app.has_tag(&device, &other).unwrap()).count_total, 0);
}

#[test]
fn being_in_an_audience_allocates_nothing() {
    let app = app();
    let audience: Audience = "(tag1 || tag2) && !tag999 && platform(ios, android)".parse().unwrap();
    let device = id(500);
    assert_eq!(cost(|| app.contains(&audience, &device).unwrap()).count_total, 0);
}

#[test]
fn an_alias_look_up_allocates_the_list_and_one_text_a_device() {
    let app = app();
    let alias = Alias::new("alias7").unwrap();
    assert_eq!(app.alias_devices(&alias, PlatformSet::ALL).unwrap(), [id(14), id(15)]);
    assert_eq!(cost(|| app.alias_devices(&alias, PlatformSet::ALL).unwrap()).count_total, 1 + 2);
    let unknown = Alias::new("nobody").unwrap();
    assert_eq!(cost(|| app.alias_devices(&unknown, PlatformSet::ALL).unwrap()).count_total, 0);
}

#[test]
fn a_device_look_up_allocates_its_texts_and_its_list_of_tags() {
    let app = app();
    let device = id(500);
    let (texts, list) = (3 + 10, 1);
    assert_eq!(
        cost(|| app.device(&device).unwrap()).count_total,
        texts + list,
        "id, alias, user, ten tags; the list"
    );
}

#[test]
fn a_tags_count_allocates_nothing() {
    let app = app();
    let tag = tag(3);
    assert_eq!(cost(|| app.tag_count(&tag, PlatformSet::ALL).unwrap()).count_total, 0);
}

/// The ids of a hundred thousand devices are read only when they are asked for.
#[test]
fn ten_devices_of_an_alias_cost_the_same_however_many_devices_carry_it() {
    let registry = Registry::builder(MemStore::new()).build();
    let limits = Limits::unlimited();
    let settings = AppSettings { limits, ..AppSettings::default() };
    let app = registry.create_app(&AppKey::new("shop").unwrap(), settings).unwrap();
    let alias = |name: &str| Some(Alias::new(name).unwrap());
    let commands: Vec<Command> = (0..40_000)
        .map(|n| {
            let name = if n < 100 { "few" } else { "many" };
            Registration { alias: alias(name), ..Registration::new(id(n), Platform::Ios) }
        })
        .map(Command::Register)
        .collect();
    commands.chunks(1_000).for_each(|thousand| drop(app.batch(thousand).unwrap()));
    let page = |name: &str| {
        let alias = Alias::new(name).unwrap();
        cost(|| app.alias_page(&alias, PlatformSet::ALL, None, 10).unwrap())
    };
    let (few, many) = (page("few"), page("many"));
    assert_eq!(few.count_total, many.count_total);
    assert!(many.bytes_total < 20_000, "{} bytes", many.bytes_total);
}
