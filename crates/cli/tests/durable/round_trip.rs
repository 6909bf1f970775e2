//! Exported, imported and exported again: the same.

use crate::place::{Place, create, devices, done, key, open};
use crate::run::rollbook;
use proptest::prelude::*;
use proptest::test_runner::Config;
use rollbook::{
    Alias, AliasOverflow, App, AppKey, AppSettings, Attribute, Attributes, Audience, DeviceId, Event,
    EventOrder, EventQuery, Limits, NewEvent, Platform, PlatformSet, Registration, Scalar, TagName,
    TagsChange, Timestamp, Version,
};
use rollbook_store_rocks::RocksStore;
use rollbook_testkit::check::check;
use rollbook_testkit::op::ops_strategy;
use rollbook_testkit::survey::{AppSurvey, survey_app};

/// Everything that an app tells of itself, but what an import gives again: versions, codes, places, and when a device
/// was registered, which is when the register got it.
fn told(app: &App<RocksStore>) -> AppSurvey {
    let mut survey = survey_app(app).unwrap();
    for device in &mut survey.devices {
        device.version = Version(0);
        device.registered_at = None;
    }
    survey.devices.sort_by(|a, b| a.id.cmp(&b.id));
    for (_, carriers) in survey.tags.values_mut() {
        carriers.sort();
    }
    let code = "00000-00000".parse().unwrap();
    survey.events = survey.events.into_iter().map(|event| Event { code, ..event }).collect();
    survey
}

/// Exports an app, imports it into an empty store, and compares everything.
fn assert_round_trip(place: &Place, store: &str, app: &AppKey) {
    let copy = format!("copy of {store} {app}");
    let run = |command: &str, store: &str, more: &[&str]| {
        let store = place.store(store);
        done(rollbook(&[&[command, "--store", &store, "--app", app.as_str()], more].concat(), b"")).0
    };
    let before = run("export", store, &[]);
    run("import", &copy, &["--input", &place.write("export.jsonl", &before)]);
    assert_eq!(run("export", &copy, &[]), before);
    run("verify", &copy, &[]);
    let (original, copy) = (open(place.path(store)), open(place.path(&copy)));
    let (original, copy) = (original.app(app).unwrap(), copy.app(app).unwrap());
    assert_eq!(told(&copy), told(&original));
    assert_eq!((copy.name(), copy.limits()), (original.name(), original.limits()));
    assert_eq!(copy.has_presence(), original.has_presence());
}

#[test]
fn devices_with_everything_and_with_nothing_survive() {
    let place = Place::new();
    place.import("store", &place.write("devices.jsonl", devices(3_210)), &[]);
    assert_round_trip(&place, "store", &key());
}

#[test]
fn more_devices_of_one_platform_than_one_chunk_of_a_posting_holds_survive() {
    const DEVICES: usize = 70_000;
    let place = Place::new();
    let lines = (0..DEVICES).map(|n| format!("{{\"id\":\"{n:08}\",\"platform\":\"ios\"}}\n"));
    place.import("store", &place.write("devices.jsonl", lines.collect::<String>()), &[]);
    let export = place.export("store");
    let mut ids = export.lines().filter_map(|line| line.strip_prefix("{\"id\":\""));
    assert!((0..DEVICES).all(|n| ids.next().is_some_and(|rest| rest.starts_with(&format!("{n:08}\"")))));
    assert_eq!(ids.next(), None);
    place.import("copy", &place.write("export.jsonl", &export), &[]);
    assert!(place.export("copy") == export);
}

#[test]
fn an_empty_app_survives() {
    let place = Place::new();
    place.import("store", &place.write("devices.jsonl", ""), &[]);
    assert_round_trip(&place, "store", &key());
}

fn id(text: &str) -> DeviceId {
    DeviceId::new(text).unwrap()
}

fn device(app: &App<RocksStore>, name: &str, alias: Option<&str>) {
    let alias = alias.map(|alias| Alias::new(alias).unwrap());
    app.register(&Registration { alias, ..Registration::new(id(name), Platform::Ios) }).unwrap();
}

#[test]
fn what_lies_above_lowered_limits_survives() {
    let place = Place::new();
    let register = open(place.path("store"));
    let settings = AppSettings { limits: Limits::unlimited(), ..AppSettings::default() };
    let app = create(&register, settings);
    for n in 0..20 {
        device(&app, &format!("d{n}"), Some("one for all: names as wide as they can be"));
    }
    let tags = (0..2_345).map(|n| TagName::new(format!("tag {n}")).unwrap()).collect();
    let update = rollbook::DeviceUpdate {
        tags: TagsChange::Change { add: tags, remove: vec![] },
        ..Default::default()
    };
    app.update(&id("d7"), &update).unwrap();
    let limits = Limits { tags_per_device: Some(3), ..Limits::jpush() };
    register.set_limits(&key(), &limits).unwrap();
    drop((app, register));
    assert_round_trip(&place, "store", &key());
    // The limits hold for whoever comes next.
    let error = place.run(
        "import",
        "copy of store shop",
        &["--input", &place.write("d", "{\"id\":\"n\",\"platform\":\"ios\",\"tags\":[\"a b\"]}")],
    );
    assert!(error.stderr.contains("tags[0]: characters: "), "{}", error.stderr);
}

/// Who loses the alias when one more device is bound to it.
fn next_evicted(place: &Place, store: &str, alias: &str) -> Vec<DeviceId> {
    let app = open(place.path(store)).app(&key()).unwrap();
    let alias = Some(Alias::new(alias).unwrap());
    let one_more = Registration { alias, ..Registration::new(id("one more"), Platform::Ios) };
    app.register(&one_more).unwrap().evicted
}

#[test]
fn the_order_in_which_an_alias_was_bound_survives() {
    let place = Place::new();
    let register = open(place.path("store"));
    let evicting = |most| Limits {
        devices_per_alias: Some(most),
        alias_overflow: AliasOverflow::EvictOldest,
        ..Limits::jpush()
    };
    // Bound while nothing is evicted: older than all that is bound later, in the order of the ids.
    let early = create(&register, AppSettings::default());
    device(&early, "x", Some("early"));
    device(&early, "m", Some("early"));
    register.set_limits(&key(), &evicting(2_500)).unwrap();
    let app = register.app(&key()).unwrap();
    device(&app, "a", Some("early"));
    for name in ["c", "a1", "b"] {
        device(&app, name, Some("three"));
    }
    for name in ["e1", "e2"] {
        device(&app, name, Some("as_their_ids"));
    }
    device(&app, "only", Some("alone"));
    // More than a line names.
    for n in 0..1_500 {
        device(&app, &format!("many {}", 9_999 - n), Some("many"));
    }
    register.set_limits(&key(), &evicting(3)).unwrap();
    drop((early, app, register));

    let export = place.export("store");
    let orders: Vec<&str> = export.lines().filter(|line| line.starts_with("{\"alias_order\"")).collect();
    assert_eq!(orders[0], r#"{"alias_order":"early","devices":["m","x","a"]}"#);
    assert_eq!(orders.len(), 4, "two lines of many, one of three, none where the ids say it");
    assert_eq!(orders[3], r#"{"alias_order":"three","devices":["c","a1","b"]}"#);
    assert_round_trip(&place, "store", &key());
    for alias in ["early", "three", "as_their_ids", "many", "alone"] {
        let copy = next_evicted(&place, "copy of store shop", alias);
        assert_eq!(copy, next_evicted(&place, "store", alias), "{alias}");
    }
}

fn post(app: &App<RocksStore>, event: NewEvent) {
    app.post_event(&event).unwrap();
}

#[test]
fn history_survives_also_of_devices_and_users_that_are_gone() {
    let place = Place::new();
    let register = open(place.path("store"));
    let limits = Limits { declare_on_first_use: true, ..Limits::jpush() };
    let app = create(&register, AppSettings { limits, ..AppSettings::default() });
    let event = |name: &str, at| NewEvent {
        timestamp_utc: Some(Timestamp::from_secs(at)),
        ..NewEvent::new(name.parse().unwrap())
    };
    let with_user = |name: &str, user: &str| Registration {
        user: Some(user.parse().unwrap()),
        ..Registration::new(id(name), Platform::Android)
    };
    app.register(&with_user("stays", "ann")).unwrap();
    app.register(&with_user("owner-0", "bob")).unwrap();
    app.register(&with_user("goes", "eve")).unwrap();
    let numbers = [0.1, -0.0, 1e300, 5e-324, 9_007_199_254_740_993.0, 1.0, f64::MAX];
    let numbers = Attribute::List(numbers.into_iter().map(Scalar::Float).collect());
    let attributes: Attributes =
        [("n", numbers), ("t", "é \u{1F600} \"\\\u{7}".into()), ("b", true.into()), ("i", i64::MIN.into())]
            .into_iter()
            .collect();
    let (device, user) = (|name| Some(id(name)), |name: &str| Some(name.parse().unwrap()));
    post(&app, NewEvent { device: device("stays"), attributes, ..event("login", 5) });
    post(&app, NewEvent { device: device("stays"), user: user("nobody"), ..event("login", 0) });
    post(&app, NewEvent { device: device("goes"), ..event("bye", 5) });
    post(&app, NewEvent { device: device("goes"), user: user("eve"), ..event("bye", 5) });
    post(&app, NewEvent { user: user("eve"), ..event("bye", 4) });
    for at in 1..1_235 {
        post(&app, NewEvent { user: user("eve"), ..event("bye", at) });
    }
    app.remove(&id("goes")).unwrap();
    drop((app, register));
    assert_eq!(place.export("store").lines().count(), 1 + 2 + 2 + 1_239 + 1);
    assert_round_trip(&place, "store", &key());

    let app = open(place.path("copy of store shop")).app(&key()).unwrap();
    assert_eq!(app.count(&Audience::All).unwrap(), 2, "no device was left behind for the sake of an event");
    assert!(app.user_devices(&"eve".parse().unwrap(), PlatformSet::ALL).unwrap().is_empty());
    let query = EventQuery { order: EventOrder::OldestFirst, limit: 1, ..EventQuery::default() };
    assert_eq!(app.events(&query).unwrap().items[0].at.secs(), 0);
}

proptest! {
    #![proptest_config(Config { cases: 24, max_shrink_iters: 20, ..Config::default() })]

    /// Every verb, in any order, with limits that change in between.
    #[test]
    fn whatever_a_register_holds_survives(ops in ops_strategy(30..=60)) {
        let place = Place::new();
        check(&ops, || RocksStore::open(place.path("store"), &crate::place::quick()).unwrap()).unwrap();
        let apps = open(place.path("store")).apps(None, usize::MAX).unwrap().items;
        for app in apps {
            assert_round_trip(&place, "store", &app.key);
        }
    }
}
