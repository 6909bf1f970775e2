//! Devices: register, unregister, remove, look up, update.

use crate::common::{
    NOW, alias, audience, change_tags, changes_nothing, device, devices, enrol, event, every_tag, everyone,
    fixture, on_device, populate, refused, set_alias, snapshot, tag, tags, user, with_alias, with_tags,
    with_user,
};
use rollbook::{
    Audience, Device, DeviceUpdate, Error, ErrorKind, EventQuery, EventScope, Language, Mobile, Platform,
    PlatformSet, PushToken, Registration, Set, TagsChange, UtcOffset, Version,
};

fn everything() -> Registration {
    Registration {
        id: device("d1"),
        platform: Platform::Xiaomi,
        token: Some(PushToken::new("opaque").unwrap()),
        mobile: Some(Mobile::new("+86-130").unwrap()),
        language: Some(Language::new("zh-CN").unwrap()),
        utc_offset: Some(UtcOffset::BEIJING),
        user: Some(user("ann")),
        alias: Some(alias("annie")),
        tags: tags(&["b", "a", "b"]),
    }
}

#[test]
fn a_device_is_registered_with_every_field_and_looked_up_with_every_field() {
    let app = fixture().app;
    assert!(app.register(&everything()).unwrap().created);
    let expected = Device {
        id: device("d1"),
        platform: Platform::Xiaomi,
        version: Version(1),
        token: everything().token,
        mobile: everything().mobile,
        language: everything().language,
        utc_offset: everything().utc_offset,
        alias: everything().alias,
        user: user("ann"),
        tags: tags(&["a", "b"]),
        registered_at: Some(NOW),
        last_seen: None,
    };
    assert_eq!(app.device(&device("d1")).unwrap(), expected);
}

#[test]
fn registering_again_updates_what_is_given_and_leaves_the_rest() {
    let app = fixture().app;
    app.register(&everything()).unwrap();
    let told = changes_nothing(&app, |app| app.register(&Registration::new(device("d1"), Platform::Xiaomi)));
    assert!(!told.created && told.former_user.is_none());
    changes_nothing(&app, |app| app.register(&everything()));

    let other = Registration {
        token: Some(PushToken::new("other").unwrap()),
        ..Registration::new(device("d1"), Platform::Xiaomi)
    };
    app.register(&other).unwrap();
    let after = app.device(&device("d1")).unwrap();
    assert_eq!(
        (after.token, after.mobile, after.alias),
        (other.token, everything().mobile, everything().alias)
    );
    app.register(&Registration { platform: Platform::Xiaomi, ..with_tags("d1", tags(&["c"])) }).unwrap();
    assert_eq!(app.device(&device("d1")).unwrap().tags, tags(&["a", "b", "c"]));
}

#[test]
fn a_new_device_without_a_user_belongs_to_its_anonymous_user() {
    let app = fixture().app;
    enrol(&app, "d1", Platform::Ios);
    assert_eq!(app.device(&device("d1")).unwrap().user, user("d1"));
    assert_eq!(app.user_devices(&user("d1"), PlatformSet::ALL).unwrap(), devices(&["d1"]));
}

#[test]
fn unregistering_takes_the_push_token_and_nothing_else() {
    let app = fixture().app;
    app.register(&everything()).unwrap();
    let before = app.device(&device("d1")).unwrap();
    app.unregister(&device("d1")).unwrap();
    let after = app.device(&device("d1")).unwrap();
    assert_eq!(after, Device { token: None, version: after.version, ..before });
    changes_nothing(&app, |app| app.unregister(&device("d1")));
}

#[test]
fn a_removed_device_is_gone_from_everything_but_history() {
    let app = fixture().app;
    populate(&app);
    app.remove(&device("d1")).unwrap();
    assert_eq!(app.device(&device("d1")).unwrap_err().kind(), ErrorKind::NotFound);
    let after = snapshot(&app);
    assert!(!after.devices.contains_key(&device("d1")));
    assert_eq!(app.tag_count(&tag("news"), PlatformSet::ALL).unwrap(), 1);
    assert_eq!(app.alias_devices(&alias("annie"), PlatformSet::ALL).unwrap(), devices(&["d2"]));
    assert_eq!(app.user_devices(&user("ann"), PlatformSet::ALL).unwrap(), devices(&["d2"]));
    assert!(!everyone(&app).contains(&device("d1")));
    assert_eq!(app.count(&audience("device(d1)")).unwrap(), 0);
    let query = EventQuery { scope: EventScope::Device(device("d1")), ..EventQuery::default() };
    assert_eq!(app.events(&query).unwrap().items.len(), 1);
}

#[test]
fn a_device_that_is_made_again_starts_with_nothing() {
    let app = fixture().app;
    app.register(&everything()).unwrap();
    app.touch(&devices(&["d1"])).unwrap();
    app.remove(&device("d1")).unwrap();
    assert!(app.register(&Registration::new(device("d1"), Platform::Ios)).unwrap().created);
    let after = app.device(&device("d1")).unwrap();
    assert_eq!((after.token, after.mobile, after.language, after.utc_offset), (None, None, None, None));
    assert_eq!((after.alias, after.user, after.last_seen), (None, user("d1"), None));
    assert!(after.tags.is_empty());
}

#[test]
fn an_unknown_device_is_not_found_and_nothing_is_created() {
    let app = fixture().app;
    populate(&app);
    let message = "device not found: \"x\"";
    let x = device("x");
    refused(&app, message, |app| app.device(&x));
    refused(&app, message, |app| app.unregister(&x));
    refused(&app, message, |app| app.remove(&x));
    refused(&app, message, |app| app.update(&x, &DeviceUpdate::default()));
    refused(&app, message, |app| app.update(&x, &change_tags(tags(&["t"]), vec![])));
    refused(&app, message, |app| app.update(&x, &set_alias("annie")));
    refused(&app, message, |app| app.has_tag(&x, &tag("news")));
    refused(&app, message, |app| app.last_seen(&x));
    refused(&app, message, |app| app.contains(&Audience::All, &x));
}

#[test]
fn a_long_id_is_cut_in_an_error() {
    let error = fixture().app.device(&device(&"a".repeat(255))).unwrap_err();
    assert_eq!(error.to_string(), format!("device not found: \"{}\"…", "a".repeat(64)));
}

#[test]
fn a_tag_in_add_and_in_remove_ends_up_present() {
    let app = fixture().app;
    app.register(&with_tags("d1", tags(&["had"]))).unwrap();
    app.update(&device("d1"), &change_tags(tags(&["had", "new"]), tags(&["new", "had"]))).unwrap();
    assert_eq!(app.device(&device("d1")).unwrap().tags, tags(&["had", "new"]));
}

#[test]
fn adding_a_tag_it_has_and_removing_one_it_lacks_succeed() {
    let app = fixture().app;
    app.register(&with_tags("d1", tags(&["had"]))).unwrap();
    changes_nothing(&app, |app| app.update(&device("d1"), &change_tags(tags(&["had"]), tags(&["lacked"]))));
}

#[test]
fn clearing_takes_every_tag() {
    let app = fixture().app;
    app.register(&with_tags("d1", tags(&["a", "b"]))).unwrap();
    app.register(&with_tags("d2", tags(&["b"]))).unwrap();
    let clear = DeviceUpdate { tags: TagsChange::Clear, ..DeviceUpdate::default() };
    app.update(&device("d1"), &clear).unwrap();
    let left: Vec<_> = every_tag(&app, PlatformSet::ALL).into_iter().map(|count| count.tag).collect();
    assert_eq!(left, tags(&["b"]));
    changes_nothing(&app, |app| app.update(&device("d1"), &clear));
}

#[test]
fn a_new_alias_replaces_the_old_one_which_no_longer_leads_to_the_device() {
    let app = fixture().app;
    app.register(&with_alias("d1", "old")).unwrap();
    app.update(&device("d1"), &set_alias("new")).unwrap();
    assert_eq!(app.alias_devices(&alias("old"), PlatformSet::ALL).unwrap(), []);
    assert_eq!(app.alias_devices(&alias("new"), PlatformSet::ALL).unwrap(), devices(&["d1"]));
    app.register(&with_alias("d1", "newest")).unwrap();
    assert_eq!(app.alias_devices(&alias("new"), PlatformSet::ALL).unwrap(), []);
}

#[test]
fn alias_and_mobile_number_are_set_cleared_and_left() {
    let app = fixture().app;
    app.register(&everything()).unwrap();
    let mobile = Mobile::new("123").unwrap();
    let set = DeviceUpdate { mobile: Set::To(mobile.clone()), ..DeviceUpdate::default() };
    app.update(&device("d1"), &set).unwrap();
    changes_nothing(&app, |app| app.update(&device("d1"), &set));
    let clear = DeviceUpdate { mobile: Set::Clear, alias: Set::Clear, ..DeviceUpdate::default() };
    let found = app.device(&device("d1")).unwrap();
    assert_eq!((found.mobile, found.alias), (Some(mobile), Some(alias("annie"))));
    app.update(&device("d1"), &clear).unwrap();
    let found = app.device(&device("d1")).unwrap();
    assert_eq!((found.mobile, found.alias), (None, None));
    changes_nothing(&app, |app| app.update(&device("d1"), &clear));
}

#[test]
fn an_update_without_members_succeeds_and_changes_nothing() {
    let app = fixture().app;
    app.register(&everything()).unwrap();
    changes_nothing(&app, |app| app.update(&device("d1"), &DeviceUpdate::default()));
}

#[test]
fn an_update_that_is_refused_in_one_member_changes_none() {
    let app = fixture().app;
    populate(&app);
    let update = DeviceUpdate {
        alias: Set::To(alias("a:b")),
        mobile: Set::Clear,
        ..change_tags(tags(&["fine", "x:y"]), tags(&["news"]))
    };
    let rule = "characters: must hold only A-Z a-z 0-9 _ Han characters and @!#$&*+=.|￥¥: got";
    refused(&app, &format!("tags.add[1]: {rule} \"x:y\"; alias: {rule} \"a:b\""), |app| {
        app.update(&device("d1"), &update)
    });
}

#[test]
fn an_update_may_carry_the_version_it_was_based_on() {
    let app = fixture().app;
    app.register(&everything()).unwrap();
    let read = app.device(&device("d1")).unwrap().version;
    let based = |version| DeviceUpdate { based_on: Some(version), ..change_tags(tags(&["mine"]), vec![]) };
    app.update_tag(&tag("theirs"), &devices(&["d1"]), &[]).unwrap();
    let now = app.device(&device("d1")).unwrap().version;
    assert!(now > read);
    refused(&app, &format!("device \"d1\": version: must be {now}, the current one: got {read}"), |app| {
        app.update(&device("d1"), &based(read))
    });
    assert_eq!(app.update(&device("d1"), &based(read)).unwrap_err().kind(), ErrorKind::State);
    refused(
        &app,
        &format!("device \"d1\": version: must be {now}, the current one: got {}", now.0 + 1),
        |app| app.update(&device("d1"), &based(Version(now.0 + 1))),
    );
    app.update(&device("d1"), &based(now)).unwrap();
    assert!(matches!(app.update(&device("d1"), &based(now)), Err(Error::Stale { .. })));
}

#[test]
fn every_change_of_a_device_gives_it_a_later_version_and_no_other_device() {
    let app = fixture().app;
    enrol(&app, "other", Platform::Ios);
    let untouched = app.device(&device("other")).unwrap();
    app.register(&everything()).unwrap();
    let mut last = app.device(&device("d1")).unwrap().version;
    let mut changed = |what: &str| {
        let now = app.device(&device("d1")).unwrap().version;
        assert!(now > last, "{what}");
        last = now;
    };
    app.update_tag(&tag("t"), &devices(&["d1"]), &[]).unwrap();
    changed("a tag more");
    app.update_tag(&tag("t"), &[], &devices(&["d1"])).unwrap();
    changed("a tag less");
    app.update(&device("d1"), &set_alias("z")).unwrap();
    changed("another alias");
    app.unbind_alias(&alias("z"), &devices(&["d1"])).unwrap();
    changed("no alias");
    app.register_user(&device("d1"), Some(&user("bob")), None, None).unwrap();
    changed("another user");
    app.unregister(&device("d1")).unwrap();
    changed("no token");
    enrol(&app, "d1", Platform::Android);
    changed("another platform");
    assert_eq!(app.device(&device("other")).unwrap(), untouched);
}

#[test]
fn a_write_is_visible_to_the_next_read() {
    let app = fixture().app;
    app.declare_event(&event("opened")).unwrap();
    for n in 0..50 {
        let id = format!("d{n}");
        app.register(&with_tags(&id, tags(&["t"]))).unwrap();
        assert_eq!(app.tag_count(&tag("t"), PlatformSet::ALL).unwrap(), n + 1);
        assert!(app.has_tag(&device(&id), &tag("t")).unwrap());
        app.post_event(&on_device("opened", &id)).unwrap();
        assert_eq!(app.events(&EventQuery::default()).unwrap().items[0].device, Some(device(&id)));
    }
}

#[test]
fn registering_a_device_under_another_user_moves_it_at_once() {
    let app = fixture().app;
    app.register(&with_user("d1", "ann")).unwrap();
    let told = app.register(&with_user("d1", "bob")).unwrap();
    assert_eq!((told.former_user, told.former_user_vanished), (Some(user("ann")), true));
    assert_eq!(app.user_devices(&user("ann"), PlatformSet::ALL).unwrap(), []);
    assert_eq!(app.count(&audience("user(ann)")).unwrap(), 0);
    assert_eq!(app.count(&audience("user(bob)")).unwrap(), 1);
    assert_eq!(app.device(&device("d1")).unwrap().last_seen, None);
    app.touch(&devices(&["d1"])).unwrap();
    app.register(&with_user("d1", "cyd")).unwrap();
    assert_eq!(app.device(&device("d1")).unwrap().last_seen, Some(NOW));
}
