//! Removal of devices that were not seen.

use crate::common::{
    Fixture, NOW, changes_nothing, device, devices, enrol, fixture, populate, snapshot, tag, tags, user,
    with_tags,
};
use rollbook::store::{DeviceRecord, Operation, OwnedKey, Relation, Store, WriteSet};
use rollbook::{AppId, DeviceId, Platform, PlatformSet, Registration, Timestamp};

const DAY: i64 = 86_400;

/// `old` was seen a day ago, `fresh` now, `never` was registered a day ago and `new` now.
fn filled() -> Fixture {
    let f = fixture();
    f.clock.set(NOW.plus(-DAY));
    for id in ["old", "fresh", "never"] {
        enrol(&f.app, id, Platform::Ios);
    }
    f.app.touch(&devices(&["old"])).unwrap();
    f.clock.set(NOW);
    enrol(&f.app, "new", Platform::Android);
    f.app.touch(&devices(&["fresh"])).unwrap();
    f
}

#[test]
fn devices_seen_or_else_registered_before_the_instant_go_and_no_others() {
    let f = filled();
    assert!(changes_nothing(&f.app, |app| app.remove_unseen(NOW.plus(-DAY), 10)).is_empty(), "exactly then");
    let removed = f.app.remove_unseen(NOW.plus(1 - DAY), 10).unwrap();
    assert_eq!(removed, devices(&["old", "never"]));
    let left: Vec<DeviceId> = snapshot(&f.app).devices.into_keys().collect();
    assert_eq!(left, devices(&["fresh", "new"]));
    assert_eq!(f.app.remove_unseen(Timestamp::MAX, 10).unwrap(), devices(&["fresh", "new"]));
}

#[test]
fn no_more_go_than_are_asked_for() {
    let f = filled();
    assert!(changes_nothing(&f.app, |app| app.remove_unseen(NOW, 0)).is_empty());
    assert_eq!(f.app.remove_unseen(NOW, 1).unwrap(), devices(&["old"]));
    assert_eq!(f.app.remove_unseen(NOW, 1).unwrap(), devices(&["never"]));
    assert!(f.app.remove_unseen(NOW, 1).unwrap().is_empty());
}

#[test]
fn more_devices_than_one_step_takes_all_go_with_their_tags_and_users() {
    let f = fixture();
    for n in 0..600 {
        let registration = Registration {
            user: Some(user(&format!("u{}", n / 3))),
            ..with_tags(&format!("d{n}"), tags(&["all"]))
        };
        f.app.register(&registration).unwrap();
    }
    f.clock.advance(10);
    f.app.touch(&devices(&["d300"])).unwrap();
    assert_eq!(f.app.remove_unseen(NOW.plus(5), usize::MAX).unwrap().len(), 599);
    let left = snapshot(&f.app);
    assert_eq!(left.devices.into_keys().collect::<Vec<_>>(), devices(&["d300"]));
    assert_eq!(left.users.into_keys().collect::<Vec<_>>(), [user("u100")]);
    assert_eq!(f.app.tag_count(&tag("all"), PlatformSet::ALL).unwrap(), 1);
}

#[test]
fn events_of_a_device_that_goes_stay() {
    let f = fixture();
    populate(&f.app);
    let events = snapshot(&f.app).events;
    f.clock.advance(DAY);
    assert_eq!(f.app.remove_unseen(NOW.plus(1), 10).unwrap().len(), 4);
    assert_eq!(snapshot(&f.app).events, events);
}

#[test]
fn a_device_of_which_nothing_is_known_stays() {
    let f = fixture();
    // What an earlier release wrote.
    let keys = vec![OwnedKey { relation: Relation::User, name: "d".into() }];
    let record = Box::new(DeviceRecord::new(device("d")));
    let insert = Operation::Insert { platform: Platform::Ios, record, last_seen: None, keys };
    let writes = WriteSet { operations: vec![insert].into(), ..WriteSet::default() };
    f.registry.store().commit(AppId(1), &writes).unwrap();
    assert!(f.app.remove_unseen(Timestamp::MAX, 10).unwrap().is_empty());
    f.app.touch(&devices(&["d"])).unwrap();
    assert_eq!(f.app.remove_unseen(Timestamp::MAX, 10).unwrap(), devices(&["d"]));
}

#[test]
fn the_time_of_the_first_registration_stays_through_changes_and_moves_and_not_through_a_removal() {
    let f = fixture();
    let at = |id: &str| f.app.device(&device(id)).unwrap().registered_at;
    enrol(&f.app, "d", Platform::Ios);
    assert_eq!(at("d"), Some(NOW));
    f.clock.advance(5);
    f.app.register(&Registration { platform: Platform::Huawei, ..with_tags("d", tags(&["a"])) }).unwrap();
    f.app.register_user(&device("d"), Some(&user("ann")), None, None).unwrap();
    assert_eq!(at("d"), Some(NOW));
    f.app.remove(&device("d")).unwrap();
    enrol(&f.app, "d", Platform::Ios);
    assert_eq!(at("d"), Some(NOW.plus(5)));
}
