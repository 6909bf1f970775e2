//! Openings of an app, and which calls count as being seen.

use crate::common::{
    Fixture, NOW, changes_nothing, device, devices, enrol, fixture, refused, user, with_user,
};
use rollbook::{
    App, AppOpen, Language, Platform, Policies, Presence, PresenceFrom, PushToken, Registered, Timestamp,
    UtcOffset,
};
use rollbook_testkit::ordered::OrderedStore;

fn with_presence_from(f: &Fixture, presence_from: PresenceFrom) -> App<OrderedStore> {
    f.registry.set_policies(f.app.key(), &Policies { presence_from, ..Policies::default() }).unwrap();
    f.registry.app(f.app.key()).unwrap()
}

fn everything(id: &str) -> AppOpen {
    AppOpen {
        platform: Some(Platform::Android),
        user: Some(user("ann")),
        token: Some(PushToken::new("opaque").unwrap()),
        language: Some(Language::new("zh-hans-cn-u-fw-mon").unwrap()),
        utc_offset: Some(UtcOffset::BEIJING),
        ..AppOpen::new(device(id))
    }
}

#[test]
fn an_unknown_device_is_recorded_with_what_it_says_and_was_seen() {
    let app = fixture().app;
    let done = app.open(&everything("d1")).unwrap();
    assert_eq!(done, Registered { created: true, ..Registered::default() });
    let found = app.device(&device("d1")).unwrap();
    assert_eq!((found.platform, found.user), (Platform::Android, user("ann")));
    assert_eq!(found.token, Some(PushToken::new("opaque").unwrap()));
    assert_eq!(found.language.unwrap().as_str(), "zh-Hans-CN");
    assert_eq!((found.utc_offset, found.last_seen), (Some(UtcOffset::BEIJING), Some(NOW)));

    app.open(&AppOpen::new(device("d2"))).unwrap();
    let found = app.device(&device("d2")).unwrap();
    assert_eq!((found.platform, found.user), (Platform::Unknown, user("d2")));
}

#[test]
fn a_known_device_is_updated_and_stays_with_its_user() {
    let app = fixture().app;
    app.register(&with_user("d1", "bob")).unwrap();
    let done = app.open(&everything("d1")).unwrap();
    assert_eq!(done, Registered::default());
    let found = app.device(&device("d1")).unwrap();
    assert_eq!((found.platform, &found.user), (Platform::Android, &user("bob")));
    assert!(found.token.is_some() && found.language.is_some() && found.utc_offset.is_some());
    // What it does not say stays, and nothing new is no change of the device.
    app.open(&AppOpen::new(device("d1"))).unwrap();
    assert_eq!(app.device(&device("d1")).unwrap(), found);
}

#[test]
fn an_opening_that_changes_a_device_where_it_is_counts_as_being_seen_too() {
    let f = fixture();
    let app = with_presence_from(&f, PresenceFrom::default());
    f.clock.set(NOW.plus(-60));
    enrol(&app, "d1", Platform::Android);
    f.clock.set(NOW);
    let language = Some(Language::new("de").unwrap());
    app.open(&AppOpen { language, ..AppOpen::new(device("d1")) }).unwrap();
    assert_eq!(app.last_seen(&device("d1")).unwrap(), Some(NOW));
}

#[test]
fn a_name_that_cannot_be_seen_is_refused_by_an_opening_too() {
    let app = fixture().app;
    let message = "device: characters: must have a visible character: got \" \"";
    refused(&app, message, |app| app.open(&AppOpen::new(device(" "))));
    // Whether or not the device is there, whose user stays.
    let message = "user: characters: must have a visible character: got \" \"";
    for created in [true, false] {
        let open = AppOpen { user: Some(user(" ")), ..AppOpen::new(device("d1")) };
        refused(&app, message, |app| app.open(&open));
        assert_eq!(app.open(&AppOpen::new(device("d1"))).unwrap().created, created);
    }
}

#[test]
fn device_calls_and_openings_are_heartbeats_as_the_app_has_it() {
    for (presence_from, called, opened) in [
        (PresenceFrom::DeviceCalls, Some(NOW), Some(NOW)),
        (PresenceFrom::AppOpen, None, Some(NOW)),
        (PresenceFrom::None, None, None),
    ] {
        let f = fixture();
        let app = with_presence_from(&f, presence_from);
        enrol(&app, "called", Platform::Ios);
        enrol(&app, "opened", Platform::Ios);
        assert_eq!(app.last_seen(&device("called")).unwrap(), None, "a registration is none by itself");
        app.device_called(&device("called")).unwrap();
        app.open(&AppOpen::new(device("opened"))).unwrap();
        app.open(&AppOpen::new(device("new"))).unwrap();
        assert_eq!(app.last_seen(&device("called")).unwrap(), called, "{presence_from:?}");
        assert_eq!(app.last_seen(&device("opened")).unwrap(), opened, "{presence_from:?}");
        assert_eq!(app.last_seen(&device("new")).unwrap(), opened, "{presence_from:?}");
        // A heartbeat that is sent as one always counts.
        app.touch(&devices(&["called"])).unwrap();
        assert_eq!(app.presence(&devices(&["called"])).unwrap(), [Some(Presence::Online)]);
    }
}

#[test]
fn a_call_of_an_unknown_device_makes_none() {
    let app = fixture().app;
    changes_nothing(&app, |app| app.device_called(&device("unknown")));
}

#[test]
fn a_heartbeat_later_than_now_counts_as_now() {
    let f = fixture();
    enrol(&f.app, "d1", Platform::Ios);
    f.app.touch_at(&[(device("d1"), Timestamp::MAX)]).unwrap();
    assert_eq!(f.app.last_seen(&device("d1")).unwrap(), Some(NOW));
    f.app.touch_at(&[(device("d1"), NOW.plus(1))]).unwrap();
    assert_eq!(f.app.last_seen(&device("d1")).unwrap(), Some(NOW));
    f.clock.advance(48 * 3600 + 1);
    assert_eq!(f.app.presence(&devices(&["d1"])).unwrap(), [Some(Presence::Offline)]);
}
