//! Two apps in one register never see each other.

use crate::common::{
    Fixture, TestApp, alias, apply, devices, event, every_command, every_device_of, every_event, fixture,
    key, populate, snapshot, tag, user,
};
use rollbook::{AppSettings, Audience, DeletedUser, EventQuery, Limits, PlatformSet};

/// A register whose second app has the same names in it as the first.
fn twins() -> (Fixture, TestApp) {
    let f = fixture();
    let settings = AppSettings { presence: true, ..AppSettings::default() };
    let other = f.registry.create_app(&key("other"), settings).unwrap();
    populate(&f.app);
    populate(&other);
    (f, other)
}

#[test]
fn an_operation_in_one_app_leaves_the_other_as_it_was() {
    for command in every_command() {
        let (f, other) = twins();
        let before = snapshot(&other);
        apply(&f.app, &command).unwrap();
        assert_eq!(snapshot(&other), before, "{command:?}");
        f.app.batch(&every_command()).ok();
        assert_eq!(snapshot(&other), before, "a batch after {command:?}");
    }
}

#[test]
fn heartbeats_purges_and_changes_of_one_app_leave_the_other_as_it_was() {
    let (f, other) = twins();
    let before = snapshot(&other);
    f.clock.advance(50);
    f.app.touch(&devices(&["d1", "d2", "d3", "d4"])).unwrap();
    let limits = Limits { event_retention_secs: Some(1), tags_per_device: Some(0), ..Limits::default() };
    assert_eq!(f.relimited(&limits).purge_events().unwrap(), 4);
    f.registry.rename_app(f.app.key(), "renamed").unwrap();
    f.registry.set_presence(f.app.key(), false).unwrap();
    let other = f.registry.app(&key("other")).unwrap();
    assert_eq!(snapshot(&other), before);
    assert_eq!((other.name(), other.has_presence(), other.limits()), ("", true, &Limits::default()));
}

#[test]
fn deleting_one_app_leaves_the_other_as_it_was() {
    let (f, other) = twins();
    let before = snapshot(&other);
    f.registry.delete_app(f.app.key()).unwrap();
    assert_eq!(snapshot(&other), before);
    let again = f.registry.create_app(&key("shop"), AppSettings::default()).unwrap();
    assert!(snapshot(&again).devices.is_empty());
    assert_eq!(snapshot(&other), before);
}

#[test]
fn nothing_of_one_app_is_seen_through_an_empty_one() {
    let f = fixture();
    populate(&f.app);
    let settings = AppSettings { presence: true, ..AppSettings::default() };
    let empty = f.registry.create_app(&key("empty"), settings).unwrap();
    let all = PlatformSet::ALL;
    for id in devices(&["d1", "d2", "d3", "d4"]) {
        assert!(empty.device(&id).is_err());
        assert!(empty.has_tag(&id, &tag("news")).is_err());
        assert!(empty.contains(&Audience::All, &id).is_err());
        assert!(empty.last_seen(&id).is_err());
        assert!(empty.update_tag(&tag("news"), &[id], &[]).is_err());
    }
    assert_eq!(empty.presence(&devices(&["d1", "d3"])).unwrap(), [None, None]);
    assert_eq!(empty.tag_count(&tag("news"), all).unwrap(), 0);
    assert!(every_device_of(&empty, &tag("news"), all).is_empty());
    assert!(empty.alias_devices(&alias("annie"), all).unwrap().is_empty());
    assert!(empty.user_devices(&user("ann"), all).unwrap().is_empty());
    assert_eq!(empty.delete_user(&user("ann")).unwrap(), DeletedUser::default());
    assert!(every_event(&empty, &EventQuery::default()).is_empty());
    assert!(empty.event_types().unwrap().is_empty());
    for question in ["all()", "news", "alias(annie)", "user(ann)", "device(d1)", "platform(ios)", "!news"] {
        assert_eq!(empty.count(&question.parse::<Audience>().unwrap()).unwrap(), 0, "{question}");
    }
    empty.declare_event(&event("opened")).unwrap();
    assert!(empty.post_event(&crate::common::on_device("opened", "d1")).is_err());
    assert!(empty.post_event(&crate::common::to_user("opened", "ann")).is_err());
}

#[test]
fn equal_events_of_two_apps_have_codes_that_do_not_tell_of_each_other() {
    let (f, other) = twins();
    let codes = |app: &TestApp| {
        every_event(app, &EventQuery::default()).into_iter().map(|event| event.code).collect::<Vec<_>>()
    };
    assert_ne!(codes(&f.app), codes(&other));
}
