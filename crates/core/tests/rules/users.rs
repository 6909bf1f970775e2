//! Users: register on a device, look up, delete.

use crate::common::{
    NOW, TestApp, changes_nothing, device, devices, enrol, event, every_event, fixture, on_device, platforms,
    populate, snapshot, tags, to_user, user, with_tags, with_user,
};
use rollbook::{
    Audience, DeletedUser, ErrorKind, EventQuery, EventScope, NewEvent, Platform, PlatformSet, Registered,
    UtcOffset,
};

fn deleted(devices: u64, events: u64) -> DeletedUser {
    DeletedUser { devices, events }
}

#[test]
fn registering_a_user_ties_it_to_the_device() {
    let app = fixture().app;
    enrol(&app, "d1", Platform::Ios);
    let told = app.register_user(&device("d1"), Some(&user("ann")), None, None).unwrap();
    let expected = Registered {
        created: false,
        former_user: Some(user("d1")),
        former_user_vanished: true,
        ..Registered::default()
    };
    assert_eq!(told, expected);
    assert_eq!(app.device(&device("d1")).unwrap().user, user("ann"));
    let again = changes_nothing(&app, |app| app.register_user(&device("d1"), Some(&user("ann")), None, None));
    assert_eq!((again.former_user, again.former_user_vanished), (None, false));
}

#[test]
fn an_unknown_device_is_created_on_the_platform_given_or_the_unknown_one() {
    let app = fixture().app;
    let offset = Some(UtcOffset::BEIJING);
    let told = app.register_user(&device("d1"), Some(&user("ann")), Some(Platform::Android), offset).unwrap();
    assert!(told.created && told.former_user.is_none());
    app.register_user(&device("d2"), Some(&user("ann")), None, None).unwrap();
    let (first, second) = (app.device(&device("d1")).unwrap(), app.device(&device("d2")).unwrap());
    assert_eq!((first.platform, first.utc_offset), (Platform::Android, offset));
    assert_eq!((second.platform, second.utc_offset), (Platform::Unknown, None));
}

#[test]
fn a_known_device_keeps_its_platform_unless_one_is_given() {
    let app = fixture().app;
    app.register(&with_tags("d1", tags(&["t"]))).unwrap();
    app.register_user(&device("d1"), Some(&user("ann")), None, None).unwrap();
    assert_eq!(app.device(&device("d1")).unwrap().platform, Platform::Ios);
    app.register_user(&device("d1"), Some(&user("ann")), Some(Platform::Huawei), None).unwrap();
    let moved = app.device(&device("d1")).unwrap();
    assert_eq!((moved.platform, moved.tags), (Platform::Huawei, tags(&["t"])));
}

#[test]
fn no_user_id_means_the_device_id() {
    let app = fixture().app;
    app.register(&with_user("d1", "ann")).unwrap();
    let told = app.register_user(&device("d1"), None, None, None).unwrap();
    assert_eq!((told.former_user, told.former_user_vanished), (Some(user("ann")), true));
    assert_eq!(app.device(&device("d1")).unwrap().user, user("d1"));
}

#[test]
fn a_device_may_come_before_or_after_its_user() {
    let app = fixture().app;
    app.register_user(&device("d1"), Some(&user("ann")), None, None).unwrap();
    let told = app.register(&with_tags("d1", tags(&["t"]))).unwrap();
    assert!(!told.created);
    let found = app.device(&device("d1")).unwrap();
    assert_eq!((found.user, found.platform, found.tags), (user("ann"), Platform::Ios, tags(&["t"])));
}

#[test]
fn a_user_that_loses_its_last_device_disappears_and_the_operation_tells_it() {
    let app = fixture().app;
    app.register(&with_user("d1", "ann")).unwrap();
    app.register(&with_user("d2", "ann")).unwrap();
    let told = app.register_user(&device("d1"), Some(&user("bob")), None, None).unwrap();
    assert_eq!((told.former_user, told.former_user_vanished), (Some(user("ann")), false));
    assert_eq!(app.user_devices(&user("ann"), PlatformSet::ALL).unwrap(), devices(&["d2"]));
    let told = app.register(&with_user("d2", "bob")).unwrap();
    assert_eq!((told.former_user, told.former_user_vanished), (Some(user("ann")), true));
    assert!(!snapshot(&app).users.contains_key(&user("ann")));

    assert_eq!(app.remove(&device("d1")).unwrap(), None);
    assert_eq!(app.remove(&device("d2")).unwrap(), Some(user("bob")));
}

#[test]
fn a_user_has_devices_on_many_platforms() {
    let app = fixture().app;
    for (id, platform) in [("c", Platform::Ios), ("a", Platform::Android), ("b", Platform::Ios)] {
        app.register_user(&device(id), Some(&user("ann")), Some(platform), None).unwrap();
    }
    let of = |some| app.user_devices(&user("ann"), some).unwrap();
    assert_eq!(of(PlatformSet::ALL), devices(&["a", "b", "c"]));
    assert_eq!(of(platforms(&[Platform::Ios])), devices(&["b", "c"]));
    assert_eq!(app.user_devices(&user("x"), PlatformSet::ALL).unwrap(), []);
}

#[test]
fn deleting_a_user_deletes_its_devices_and_its_and_their_events_and_returns_how_many_of_each() {
    let app = fixture().app;
    populate(&app);
    app.post_event(&NewEvent { user: Some(user("bob")), ..on_device("opened", "d2") }).unwrap();
    app.post_event(&NewEvent { user: Some(user("ann")), ..on_device("opened", "d4") }).unwrap();
    assert_eq!(app.delete_user(&user("ann")).unwrap(), deleted(2, 4));
    let after = snapshot(&app);
    assert_eq!(after.devices.keys().cloned().collect::<Vec<_>>(), devices(&["d3", "d4"]));
    assert_eq!(after.users.keys().cloned().collect::<Vec<_>>(), [user("bob"), user("d3")]);
    assert!(after.aliases.is_empty());
    let told: Vec<_> = after.events.iter().map(|event| event.device.clone()).collect();
    assert_eq!(told, [Some(device("d3")), Some(device("d4"))]);
    assert_eq!(app.count(&Audience::All).unwrap(), 2);
    assert_eq!(app.presence(&devices(&["d1"])).unwrap(), [None]);
    assert_eq!(app.device(&device("d1")).unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(app.resume_deletions().unwrap(), 0);
}

#[test]
fn deleting_an_unknown_user_succeeds_and_removes_nothing() {
    let app = fixture().app;
    populate(&app);
    assert_eq!(changes_nothing(&app, |app| app.delete_user(&user("x"))), deleted(0, 0));
    app.delete_user(&user("ann")).unwrap();
    assert_eq!(changes_nothing(&app, |app| app.delete_user(&user("ann"))), deleted(0, 0));
}

#[test]
fn the_anonymous_user_of_a_device_is_deleted_with_it() {
    let app = fixture().app;
    populate(&app);
    assert_eq!(app.delete_user(&user("d3")).unwrap(), deleted(1, 1));
    assert!(app.device(&device("d3")).is_err());
    // The device of this id has been claimed by another user.
    assert_eq!(app.delete_user(&user("d1")).unwrap(), deleted(0, 0));
}

#[test]
fn the_same_user_id_registered_afterwards_is_a_new_user() {
    let app = fixture().app;
    populate(&app);
    app.delete_user(&user("ann")).unwrap();
    assert_eq!(app.user_devices(&user("ann"), PlatformSet::ALL).unwrap(), []);
    assert!(app.register(&with_user("d9", "ann")).unwrap().created);
    assert_eq!(app.user_devices(&user("ann"), PlatformSet::ALL).unwrap(), devices(&["d9"]));
    let of_ann = EventQuery { scope: EventScope::User(user("ann")), ..EventQuery::default() };
    assert!(every_event(&app, &of_ann).is_empty());
    app.post_event(&to_user("opened", "ann")).unwrap();
    assert_eq!(every_event(&app, &of_ann).len(), 1);
}

#[test]
fn a_device_registered_again_after_its_user_was_deleted_starts_without_anything() {
    let app = fixture().app;
    populate(&app);
    app.delete_user(&user("ann")).unwrap();
    assert!(app.register(&with_tags("d1", vec![])).unwrap().created);
    let found = app.device(&device("d1")).unwrap();
    assert_eq!((found.tags, found.alias, found.token, found.last_seen), (vec![], None, None, None));
    assert_eq!(found.user, user("d1"));
    let of_d1 = EventQuery { scope: EventScope::Device(device("d1")), ..EventQuery::default() };
    assert!(every_event(&app, &of_d1).is_empty());
    app.post_event(&on_device("opened", "d1")).unwrap();
    assert_eq!(every_event(&app, &of_d1).len(), 1);
}

#[test]
fn a_user_with_more_devices_and_events_than_one_step_takes_is_deleted_to_the_end() {
    let app = fixture().app;
    app.declare_event(&event("opened")).unwrap();
    let mut commands = Vec::new();
    for n in 0..1500 {
        commands.push(rollbook::Command::Register(with_user(&format!("d{n}"), "ann")));
    }
    commands.push(rollbook::Command::Register(with_user("other", "bob")));
    for n in 0..1500 {
        commands.push(rollbook::Command::PostEvent(on_device("opened", &format!("d{}", n % 7))));
    }
    commands.push(rollbook::Command::PostEvent(on_device("opened", "other")));
    for thousand in commands.chunks(1000) {
        app.batch(thousand).unwrap();
    }
    assert_eq!(app.delete_user(&user("ann")).unwrap(), deleted(1500, 1500));
    let after = snapshot(&app);
    assert_eq!((after.devices.len(), after.events.len()), (1, 1));
    assert_eq!(after.events[0].at, NOW);
}

/// Posts an event with the device and the user, whoever the device belongs to.
fn post(app: &TestApp, id: &str, name: &str) {
    app.post_event(&NewEvent { user: Some(user(name)), ..on_device("opened", id) }).unwrap();
}

fn events_of(app: &TestApp, name: &str) -> usize {
    let of_user = EventQuery { scope: EventScope::User(user(name)), ..EventQuery::default() };
    every_event(app, &of_user).len()
}

#[test]
fn the_events_of_a_user_are_deleted_whose_last_device_went_to_another() {
    let app = fixture().app;
    populate(&app);
    app.register_user(&device("sold"), Some(&user("eve")), None, None).unwrap();
    post(&app, "sold", "eve");
    app.post_event(&to_user("opened", "eve")).unwrap();
    app.register_user(&device("sold"), Some(&user("bob")), None, None).unwrap();
    assert_eq!(app.delete_user(&user("eve")).unwrap(), deleted(0, 2));
    assert_eq!(events_of(&app, "eve"), 0);
    assert!(app.device(&device("sold")).is_ok(), "the device is another user's by now");
}

#[test]
fn the_events_of_a_user_are_deleted_whose_last_device_was_removed() {
    let app = fixture().app;
    populate(&app);
    app.register_user(&device("lost"), Some(&user("cy")), None, None).unwrap();
    post(&app, "lost", "cy");
    app.remove(&device("lost")).unwrap();
    assert_eq!(app.delete_user(&user("cy")).unwrap(), deleted(0, 1));
    assert_eq!(events_of(&app, "cy"), 0);
}

#[test]
fn the_events_of_a_user_are_deleted_who_never_had_a_device() {
    let app = fixture().app;
    populate(&app);
    post(&app, "d4", "ghost");
    assert_eq!(app.delete_user(&user("ghost")).unwrap(), deleted(0, 1));
    assert_eq!(events_of(&app, "ghost"), 0);
    assert_eq!(changes_nothing(&app, |app| app.delete_user(&user("ghost"))), deleted(0, 0));
}

#[test]
fn a_user_who_registers_after_its_events_were_deleted_does_not_inherit_them() {
    let app = fixture().app;
    populate(&app);
    post(&app, "d4", "ghost");
    app.delete_user(&user("ghost")).unwrap();
    app.register_user(&device("new"), Some(&user("ghost")), None, None).unwrap();
    assert_eq!(events_of(&app, "ghost"), 0);
    post(&app, "new", "ghost");
    assert_eq!(app.delete_user(&user("ghost")).unwrap(), deleted(1, 1));
}
