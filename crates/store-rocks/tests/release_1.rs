//! The directory that release 1 of the format wrote, checked in: every later release must read it, for ever.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "in a test a panic is a failed test, in its helpers too"
)]

mod common;

use common::{assert_sound, options};
use rollbook::store::{Durability, Store};
use rollbook::{
    Alias, AppId, AppKey, AppSettings, Audience, DeviceId, DeviceUpdate, EventName, EventQuery, EventScope,
    Language, Limits, ManualClock, Mobile, NewEvent, Platform, PlatformSet, PushToken, Registration,
    Registry, Secret, SeededEntropy, Set, TagName, TagsChange, Timestamp, UserId, UtcOffset,
};
use rollbook_store_rocks::{RocksOptions, RocksStore};
use std::fs;
use std::path::{Path, PathBuf};

fn fixture() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/release_1")
}

fn register(path: &Path, options: &RocksOptions) -> Registry<RocksStore> {
    let clock = ManualClock::at(Timestamp::from_secs(1_700_000_000));
    Registry::builder(RocksStore::open(path, options).unwrap())
        .clock(clock)
        .entropy(SeededEntropy::new(1))
        .build()
}

fn shop() -> AppKey {
    AppKey::new("shop").unwrap()
}

fn id(n: usize) -> DeviceId {
    DeviceId::new(format!("device-{n:03}")).unwrap()
}

fn tag(name: &str) -> TagName {
    TagName::new(name).unwrap()
}

fn user(name: &str) -> UserId {
    UserId::new(name).unwrap()
}

/// Wrote the fixture once. It must not run again: a changed format is another release.
#[test]
#[ignore = "writes the fixture where there is none"]
fn write_the_fixture() {
    assert!(!fixture().exists(), "the fixture is written once");
    let options = RocksOptions { durability: Durability::Synced, ..options() };
    let registry = register(&fixture(), &options);
    let settings = AppSettings {
        name: "The shop".into(),
        master_secret: Some(Secret::new("master").unwrap()),
        presence: true,
        limits: Limits { declare_on_first_use: true, ..Limits::unlimited() },
        ..AppSettings::default()
    };
    let app = registry.create_app(&shop(), settings).unwrap();
    registry.create_app(&AppKey::new("other").unwrap(), AppSettings::default()).unwrap();
    for n in 0..200 {
        let new = Registration {
            token: Some(PushToken::new(format!("token {n}")).unwrap()),
            mobile: (n == 7).then(|| Mobile::new("+49-30-1234").unwrap()),
            language: (n == 7).then(|| Language::new("zh_Hans").unwrap()),
            utc_offset: (n == 7).then(|| UtcOffset::new(28_800).unwrap()),
            user: Some(user(&format!("user {}", n / 3))),
            alias: Some(Alias::new(format!("alias {}", n / 2)).unwrap()),
            tags: vec![tag("all"), tag(&format!("of ten {}", n % 10)), tag("dropped")],
            ..Registration::new(id(n), Platform::ALL[n % 2 + 1])
        };
        app.register(&new).unwrap();
    }
    app.touch_at(&[(id(7), Timestamp::from_secs(1_699_999_999))]).unwrap();
    for n in 0..20 {
        let event = NewEvent {
            device: Some(id(n)),
            attributes: [("n", (n as i64).into()), ("half", 0.5.into()), ("text", "新".into())]
                .into_iter()
                .collect(),
            timestamp_utc: Some(Timestamp::from_secs(1_000 + n as i64)),
            ..NewEvent::new(EventName::new("login").unwrap())
        };
        app.post_event(&event).unwrap();
    }
    app.delete_tag(&tag("dropped"), PlatformSet::from(Platform::Ios)).unwrap();
    registry.store().compact().unwrap();
    // The rest is in the log only.
    for n in 100..110 {
        app.remove(&id(n)).unwrap();
    }
    let tags = TagsChange::Change { add: vec![tag("late")], remove: vec![tag("all")] };
    app.update(&id(7), &DeviceUpdate { tags, alias: Set::Clear, ..DeviceUpdate::default() }).unwrap();
    drop((app, registry));
    for entry in fs::read_dir(fixture().join("db")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if name.starts_with("LOG") || name == "LOCK" {
            fs::remove_file(path).unwrap();
        }
    }
}

#[test]
fn release_1_opens_and_answers() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store");
    RocksStore::restore(fixture(), &path).unwrap();
    let registry = register(&path, &options());
    let app = registry.app(&shop()).unwrap();
    assert!(app.verify_master_secret(&Secret::new("master").unwrap()) && app.has_presence());
    assert_eq!(app.name(), "The shop");

    let seven = app.device(&id(7)).unwrap();
    assert_eq!(seven.tags, [tag("dropped"), tag("late"), tag("of ten 7")]);
    assert_eq!(seven.platform, Platform::Android);
    assert_eq!((seven.alias, seven.user), (None, user("user 2")));
    assert_eq!(seven.token.unwrap().as_str(), "token 7");
    assert_eq!(seven.mobile.unwrap().as_str(), "+49-30-1234");
    // It was stored as "zh_Hans": languages were not normalized then.
    assert_eq!(seven.language.unwrap().as_str(), "zh-Hans");
    assert_eq!(seven.utc_offset, Some(UtcOffset::BEIJING));
    assert_eq!(seven.last_seen, Some(Timestamp::from_secs(1_699_999_999)));
    assert_eq!(app.device(&id(6)).unwrap().tags, [tag("all"), tag("of ten 6")], "dropped on iOS");
    assert!(app.device(&id(105)).is_err());

    assert_eq!(app.tag_count(&tag("all"), PlatformSet::ALL).unwrap(), 189);
    assert_eq!(app.tag_count(&tag("dropped"), PlatformSet::ALL).unwrap(), 95);
    assert_eq!(app.alias_devices(&Alias::new("alias 4").unwrap(), PlatformSet::ALL).unwrap(), [id(8), id(9)]);
    assert_eq!(app.user_devices(&user("user 2"), PlatformSet::ALL).unwrap().len(), 3);
    let audience: Audience = "all && \"of ten 3\"".parse().unwrap();
    assert_eq!(app.count(&audience).unwrap(), 19);

    let name = EventName::new("login").unwrap();
    let query = EventQuery { scope: EventScope::Name(name), ..EventQuery::default() };
    let events = app.events(&query).unwrap().items;
    assert_eq!(events.len(), 20);
    assert_eq!(events[0].at, Timestamp::from_secs(1_019));
    assert_eq!(events[0].attributes.get("text"), Some(&"新".into()));

    assert!(registry.app(&AppKey::new("other").unwrap()).is_ok());
    for app in [AppId::DIRECTORY, AppId(1), AppId(2)] {
        assert_sound(registry.store(), app);
        assert!(registry.store().view(app).is_ok());
    }
    // The store can still be written to.
    app.register(&Registration { tags: vec![tag("all")], ..Registration::new(id(105), Platform::Android) })
        .unwrap();
    assert_eq!(app.tag_count(&tag("all"), PlatformSet::ALL).unwrap(), 190);
    assert_sound(registry.store(), AppId(1));
}
