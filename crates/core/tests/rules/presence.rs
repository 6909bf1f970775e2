//! Presence: heartbeats, the two windows, and who may ask.

use crate::common::{
    NOW, changes_nothing, device, devices, enrol, fixture, fixture_of, key, populate, refused, snapshot,
};
use rollbook::{AppSettings, DeviceId, Error, ErrorKind, Limits, Platform, Presence};

#[test]
fn a_device_is_online_for_600_seconds_after_it_was_seen() {
    let f = fixture();
    enrol(&f.app, "d1", Platform::Ios);
    f.app.touch(&devices(&["d1"])).unwrap();
    let answer = || f.app.presence(&devices(&["d1"])).unwrap();
    for (later, expected) in [
        (0, Presence::Online),
        (599, Presence::Online),
        (600, Presence::Online),
        (601, Presence::LastSeen(NOW)),
        (602, Presence::LastSeen(NOW)),
    ] {
        f.clock.set(NOW.plus(later));
        assert_eq!(answer(), [Some(expected)], "{later} seconds later");
    }
}

#[test]
fn the_last_seen_time_is_told_for_48_hours_and_not_a_second_longer() {
    const HOURS_48: i64 = 48 * 3600;
    let f = fixture();
    enrol(&f.app, "d1", Platform::Ios);
    f.app.touch(&devices(&["d1"])).unwrap();
    for (later, expected) in [
        (HOURS_48 - 1, Presence::LastSeen(NOW)),
        (HOURS_48, Presence::LastSeen(NOW)),
        (HOURS_48 + 1, Presence::Offline),
    ] {
        f.clock.set(NOW.plus(later));
        assert_eq!(f.app.presence(&devices(&["d1"])).unwrap(), [Some(expected)], "{later} seconds later");
    }
    assert_eq!(f.app.last_seen(&device("d1")).unwrap(), Some(NOW));
}

#[test]
fn the_windows_are_the_apps_own() {
    let f = fixture_of(Limits { online_window_secs: 10, last_seen_window_secs: 20, ..Limits::default() });
    enrol(&f.app, "d1", Platform::Ios);
    f.app.touch(&devices(&["d1"])).unwrap();
    for (later, expected) in [
        (10, Presence::Online),
        (11, Presence::LastSeen(NOW)),
        (20, Presence::LastSeen(NOW)),
        (21, Presence::Offline),
    ] {
        f.clock.set(NOW.plus(later));
        assert_eq!(f.app.presence(&devices(&["d1"])).unwrap(), [Some(expected)], "{later} seconds later");
    }
}

#[test]
fn answers_come_in_the_order_asked_with_nothing_for_an_unknown_id() {
    let app = fixture().app;
    enrol(&app, "seen", Platform::Ios);
    enrol(&app, "never", Platform::Android);
    app.touch(&devices(&["seen"])).unwrap();
    assert_eq!(
        app.presence(&devices(&["ghost", "seen", "never", "seen"])).unwrap(),
        [None, Some(Presence::Online), Some(Presence::Offline), Some(Presence::Online)]
    );
}

#[test]
fn a_question_holds_1_to_1000_ids() {
    let app = fixture().app;
    let ask = |how_many| app.presence(&vec![device("d1"); how_many]);
    for good in [1, 2, 999, 1000] {
        assert_eq!(ask(good).unwrap().len(), good);
    }
    assert_eq!(ask(0).unwrap_err().to_string(), "devices: items: must be at least 1: got 0");
    assert_eq!(ask(1001).unwrap_err().to_string(), "devices: items: must be at most 1000: got 1001");
    let boundless = fixture_of(Limits::unlimited()).app;
    assert_eq!(boundless.presence(&[]).unwrap_err().to_string(), "devices: items: must be at least 1: got 0");
}

#[test]
fn only_an_app_with_the_capability_may_ask() {
    let f = fixture();
    let settings = AppSettings { presence: false, ..AppSettings::default() };
    let app = f.registry.create_app(&key("other"), settings).unwrap();
    enrol(&app, "d1", Platform::Ios);
    app.touch(&devices(&["d1"])).unwrap();
    let error = app.presence(&devices(&["d1"])).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Forbidden);
    assert_eq!(error.to_string(), "app other: presence: must be a capability of the app: got none");

    f.registry.set_presence(&key("other"), true).unwrap();
    let app = f.registry.app(&key("other")).unwrap();
    assert!(app.has_presence());
    assert_eq!(app.presence(&devices(&["d1"])).unwrap(), [Some(Presence::Online)]);
    f.registry.set_presence(&key("other"), false).unwrap();
    assert!(f.registry.app(&key("other")).unwrap().presence(&devices(&["d1"])).is_err());
}

#[test]
fn a_heartbeat_older_than_the_recorded_one_changes_nothing() {
    let app = fixture().app;
    enrol(&app, "d1", Platform::Ios);
    let at = |secs| [(device("d1"), NOW.plus(secs))];
    app.touch_at(&at(-50)).unwrap();
    changes_nothing(&app, |app| app.touch_at(&at(-51)));
    changes_nothing(&app, |app| app.touch_at(&at(-50)));
    app.touch_at(&at(-49)).unwrap();
    assert_eq!(app.last_seen(&device("d1")).unwrap(), Some(NOW.plus(-49)));
    // The same in one call: the newest counts, wherever it stands.
    app.touch_at(&[at(-5), at(-3), at(-4)].concat()).unwrap();
    assert_eq!(app.device(&device("d1")).unwrap().last_seen, Some(NOW.plus(-3)));
}

#[test]
fn a_heartbeat_later_than_now_counts_as_one_from_now() {
    let f = fixture();
    enrol(&f.app, "d1", Platform::Ios);
    f.app.touch_at(&[(device("d1"), NOW.plus(1_000_000_000_000))]).unwrap();
    assert_eq!(f.app.last_seen(&device("d1")).unwrap(), Some(NOW));
    // So it does not keep the device online for ever.
    f.clock.advance(601);
    assert_eq!(f.app.presence(&devices(&["d1"])).unwrap(), [Some(Presence::LastSeen(NOW))]);
}

#[test]
fn a_heartbeat_does_not_count_as_a_change_of_the_device() {
    let app = fixture().app;
    enrol(&app, "d1", Platform::Ios);
    let before = app.device(&device("d1")).unwrap().version;
    app.touch(&devices(&["d1"])).unwrap();
    assert_eq!(app.device(&device("d1")).unwrap().version, before);
}

#[test]
fn one_unknown_device_fails_all_heartbeats_of_the_call_and_every_one_is_named() {
    let app = fixture().app;
    populate(&app);
    let message = "devices[1]: known: must be a device of the app: got \"x\"; \
                   devices[3]: known: must be a device of the app: got \"y\"";
    refused(&app, message, |app| app.touch(&devices(&["d2", "x", "d4", "y"])));
    let seen: Vec<(DeviceId, _)> =
        devices(&["d2", "x", "d4", "y"]).into_iter().map(|id| (id, NOW.plus(9))).collect();
    refused(&app, message, |app| app.touch_at(&seen));
    changes_nothing(&app, |app| app.touch(&[]));
}

#[test]
fn the_heartbeat_of_an_unknown_device_is_not_found() {
    let error = fixture().app.last_seen(&device("x")).unwrap_err();
    assert!(matches!(error, Error::NotFound { .. }));
    assert_eq!(error.to_string(), "device not found: \"x\"");
}

#[test]
fn a_device_that_is_made_again_was_never_seen() {
    let app = fixture().app;
    enrol(&app, "d1", Platform::Ios);
    app.touch(&devices(&["d1"])).unwrap();
    app.remove(&device("d1")).unwrap();
    assert_eq!(app.presence(&devices(&["d1"])).unwrap(), [None]);
    enrol(&app, "d1", Platform::Ios);
    assert_eq!(app.presence(&devices(&["d1"])).unwrap(), [Some(Presence::Offline)]);
}

#[test]
fn a_device_that_moves_to_another_platform_keeps_its_last_seen_time() {
    let app = fixture().app;
    enrol(&app, "d1", Platform::Ios);
    app.touch(&devices(&["d1"])).unwrap();
    enrol(&app, "d1", Platform::Android);
    assert_eq!(app.presence(&devices(&["d1"])).unwrap(), [Some(Presence::Online)]);
    assert_eq!(snapshot(&app).devices[&device("d1")].last_seen, Some(NOW));
}
