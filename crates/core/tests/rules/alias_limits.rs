//! Devices of one alias: how many, and what happens to one more.

use crate::common::{
    TestApp, alias, changes_nothing, device, devices, enrol, fixture, fixture_of, refused, set_alias,
    with_alias,
};
use rollbook::{
    AliasOverflow, AppKey, AppSettings, Command, DeviceId, DeviceUpdate, Limits, Outcome, Platform,
    PlatformSet, Registry, Set,
};
use rollbook_testkit::FaultStore;
use rollbook_testkit::ordered::OrderedStore;

fn named(n: usize) -> String {
    format!("d{n:02}")
}

/// Binds `ann` to so many devices, `d01` first.
fn bind(app: &TestApp, how_many: usize) {
    for n in 1..=how_many {
        app.register(&with_alias(&named(n), "ann")).unwrap();
    }
}

fn anns(app: &TestApp) -> Vec<DeviceId> {
    app.alias_devices(&alias("ann"), PlatformSet::ALL).unwrap()
}

fn evicting(most: u32) -> Limits {
    Limits { devices_per_alias: Some(most), alias_overflow: AliasOverflow::EvictOldest, ..Limits::default() }
}

#[test]
fn an_alias_names_10_devices_and_not_one_more() {
    let app = fixture().app;
    bind(&app, 9);
    enrol(&app, "late", Platform::Android);
    app.update(&device("late"), &set_alias("ann")).unwrap();
    assert_eq!(anns(&app).len(), 10);

    enrol(&app, "later", Platform::Android);
    let rule = "alias: devices per alias: must be at most 10: got 11 (\"ann\")";
    refused(&app, rule, |app| app.update(&device("later"), &set_alias("ann")));
    refused(&app, rule, |app| app.register(&with_alias("later", "ann")));
    refused(&app, rule, |app| app.register(&with_alias("new", "ann")));
    refused(&app, &format!("operation 0: {rule}"), |app| {
        app.batch(&[Command::Register(with_alias("new", "ann"))])
    });
}

#[test]
fn the_limit_counts_all_platforms_together() {
    let app = fixture_of(Limits { devices_per_alias: Some(2), ..Limits::default() }).app;
    bind(&app, 2);
    enrol(&app, "d01", Platform::Android);
    enrol(&app, "d03", Platform::Harmony);
    assert!(app.update(&device("d03"), &set_alias("ann")).is_err());
}

#[test]
fn setting_the_same_alias_again_does_not_count_twice() {
    let app = fixture().app;
    bind(&app, 10);
    for n in 1..=10 {
        changes_nothing(&app, |app| app.update(&device(&named(n)), &set_alias("ann")));
        changes_nothing(&app, |app| app.register(&with_alias(&named(n), "ann")));
    }
    enrol(&app, "d01", Platform::Android);
    assert_eq!(anns(&app).len(), 10);
}

#[test]
fn a_device_that_leaves_an_alias_makes_room() {
    let app = fixture().app;
    bind(&app, 10);
    let clear = DeviceUpdate { alias: Set::Clear, ..DeviceUpdate::default() };
    app.update(&device("d01"), &clear).unwrap();
    app.register(&with_alias("d11", "ann")).unwrap();
    app.update(&device("d02"), &set_alias("other")).unwrap();
    app.register(&with_alias("d12", "ann")).unwrap();
    app.remove(&device("d03")).unwrap();
    app.register(&with_alias("d13", "ann")).unwrap();
    app.unbind_alias(&alias("ann"), &devices(&["d04"])).unwrap();
    app.register(&with_alias("d14", "ann")).unwrap();
    assert!(app.register(&with_alias("d15", "ann")).is_err());
}

#[test]
fn above_a_lowered_limit_an_alias_keeps_working_and_only_shrinks() {
    let f = fixture();
    bind(&f.app, 5);
    let app = f.relimited(&Limits { devices_per_alias: Some(2), ..Limits::default() });
    assert_eq!(anns(&app).len(), 5);
    changes_nothing(&app, |app| app.register(&with_alias("d05", "ann")));
    refused(&app, "alias: devices per alias: must be at most 2: got 6 (\"ann\")", |app| {
        app.register(&with_alias("d06", "ann"))
    });
    app.unbind_alias(&alias("ann"), &devices(&["d01", "d02", "d03"])).unwrap();
    assert!(app.register(&with_alias("d06", "ann")).is_err());
    app.unbind_alias(&alias("ann"), &devices(&["d04"])).unwrap();
    app.register(&with_alias("d06", "ann")).unwrap();
    assert_eq!(anns(&app), devices(&["d05", "d06"]));
}

#[test]
fn no_device_can_be_named_where_the_limit_is_none_at_all() {
    for overflow in [AliasOverflow::Refuse, AliasOverflow::EvictOldest] {
        let limits = Limits { devices_per_alias: Some(0), alias_overflow: overflow, ..Limits::default() };
        refused(
            &fixture_of(limits).app,
            "alias: devices per alias: must be at most 0: got 1 (\"ann\")",
            |app| app.register(&with_alias("d1", "ann")),
        );
    }
}

#[test]
fn evicting_takes_the_alias_from_the_device_bound_first_and_tells_it() {
    let app = fixture_of(evicting(10)).app;
    for n in 1..=10 {
        assert!(app.register(&with_alias(&named(n), "ann")).unwrap().evicted.is_empty());
    }
    let told = app.register(&with_alias("d11", "ann")).unwrap();
    assert_eq!(told.evicted, devices(&["d01"]));
    assert_eq!(app.device(&device("d01")).unwrap().alias, None);
    assert_eq!(anns(&app).len(), 10);
    enrol(&app, "d12", Platform::Ios);
    assert_eq!(app.update(&device("d12"), &set_alias("ann")).unwrap().evicted, devices(&["d02"]));
    let outcomes = app.batch(&[Command::Register(with_alias("d13", "ann"))]).unwrap();
    assert!(matches!(&outcomes[..], [Outcome::Registered(told)] if told.evicted == devices(&["d03"])));
}

#[test]
fn who_is_oldest_goes_by_the_order_of_binding_and_not_by_the_id() {
    let app = fixture_of(evicting(3)).app;
    for id in ["c", "a", "b"] {
        app.register(&with_alias(id, "ann")).unwrap();
    }
    assert_eq!(app.register(&with_alias("d", "ann")).unwrap().evicted, devices(&["c"]));
    // Bound already: keeps its place. Another platform: keeps it, too.
    assert!(app.register(&with_alias("a", "ann")).unwrap().evicted.is_empty());
    enrol(&app, "a", Platform::Android);
    assert_eq!(app.register(&with_alias("e", "ann")).unwrap().evicted, devices(&["a"]));
    // Unbound and bound again: the newest.
    app.unbind_alias(&alias("ann"), &devices(&["b"])).unwrap();
    app.register(&with_alias("b", "ann")).unwrap();
    assert_eq!(app.register(&with_alias("f", "ann")).unwrap().evicted, devices(&["d"]));
}

#[test]
fn under_a_lowered_limit_evicting_makes_as_much_room_as_is_missing() {
    let f = fixture_of(evicting(5));
    bind(&f.app, 5);
    let app = f.relimited(&evicting(2));
    assert_eq!(
        app.register(&with_alias("d06", "ann")).unwrap().evicted,
        devices(&["d01", "d02", "d03", "d04"])
    );
    assert_eq!(anns(&app), devices(&["d05", "d06"]));
}

#[test]
fn in_one_batch_devices_evict_each_other_in_turn() {
    let app = fixture_of(evicting(1)).app;
    let outcomes = app
        .batch(&[
            Command::Register(with_alias("d1", "ann")),
            Command::Register(with_alias("d2", "ann")),
            Command::Register(with_alias("d3", "ann")),
        ])
        .unwrap();
    let evicted = outcomes.into_iter().map(|outcome| match outcome {
        Outcome::Registered(told) => told.evicted,
        other => panic!("{other:?}"),
    });
    assert_eq!(evicted.collect::<Vec<_>>(), [vec![], devices(&["d1"]), devices(&["d2"])]);
    assert_eq!(anns(&app), devices(&["d3"]));
}

#[test]
fn without_a_limit_an_alias_names_any_number_of_devices() {
    let app = fixture_of(Limits { devices_per_alias: None, ..Limits::default() }).app;
    bind(&app, 30);
    assert_eq!(anns(&app).len(), 30);
}

#[test]
fn a_batch_asks_for_each_alias_once_and_not_for_each_device_of_the_batch() {
    for limits in [Limits::default(), evicting(3)] {
        let registry = Registry::builder(FaultStore::new(OrderedStore::new())).build();
        let settings = AppSettings { limits, ..AppSettings::default() };
        let app = registry.create_app(&AppKey::new("app").unwrap(), settings).unwrap();
        let batch = |of: &str, size: usize| -> Vec<Command> {
            (0..size).map(|n| Command::Register(with_alias(&named(n), &format!("{of}{}", n / 3)))).collect()
        };
        // Every device has an alias and gets another one, which others of the batch get, too.
        let reads = |size| {
            app.batch(&batch("old", size)).unwrap();
            let before = registry.store().calls().reads;
            app.batch(&batch("new", size)).unwrap();
            registry.store().calls().reads - before
        };
        let (small, large) = (reads(60), reads(600));
        assert!(large < 12 * small, "ten times the devices: {small} questions, then {large}");
        assert_eq!(app.alias_devices(&alias("new199"), PlatformSet::ALL).unwrap().len(), 3);
    }
}
