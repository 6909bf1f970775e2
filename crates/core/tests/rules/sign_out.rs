//! Devices that change hands: what they keep and lose, and what is told of it.

use crate::common::{
    Fixture, NOW, TestApp, alias, changes_nothing, device, devices, enrol, fixture, fixture_of, populate,
    refused, set_alias, snapshot, tag, tags, user, with_tags, with_user,
};
use rollbook::{
    AppSettings, Audience, Command, DeviceUpdate, Error, ErrorKind, Limits, ManualClock, OnUserChange,
    Outcome, Platform, PlatformSet, Policies, Registered, Registration, Registry, SeededEntropy, Set,
    SignedOut, Version,
};
use rollbook_testkit::ordered::OrderedStore;
use rollbook_testkit::{Call, Failure, Fault, FaultStore};

fn on_user_change(f: &Fixture, on_user_change: OnUserChange) -> TestApp {
    f.registry.set_policies(f.app.key(), &Policies { on_user_change, ..Policies::default() }).unwrap();
    f.registry.app(f.app.key()).unwrap()
}

/// John's device, with an alias and tags.
fn johns(app: &TestApp) {
    app.register(&Registration {
        user: Some(user("john")),
        alias: Some(alias("john")),
        ..with_tags("shared", tags(&["orders", "vip"]))
    })
    .unwrap();
}

/// The alias and tags of the device.
fn carried(app: &TestApp) -> (Option<rollbook::Alias>, Vec<rollbook::TagName>) {
    let found = app.device(&device("shared")).unwrap();
    (found.alias, found.tags)
}

#[test]
fn a_device_that_goes_to_another_user_tells_what_it_still_carries_of_the_former_one() {
    let app = fixture().app;
    johns(&app);
    let done = app.register_user(&device("shared"), Some(&user("mary")), None, None).unwrap();
    let expected = Registered {
        former_user: Some(user("john")),
        former_user_vanished: true,
        kept_alias: Some(alias("john")),
        kept_tags: tags(&["orders", "vip"]),
        ..Registered::default()
    };
    assert_eq!(done, expected);
    assert_eq!(carried(&app), (Some(alias("john")), tags(&["orders", "vip"])));
    // Nobody left it this time.
    let again = app.register_user(&device("shared"), Some(&user("mary")), None, None).unwrap();
    assert_eq!(again, Registered::default());
}

#[test]
fn what_the_registration_itself_gives_is_not_of_the_former_user() {
    let app = fixture().app;
    johns(&app);
    let registration = Registration {
        user: Some(user("mary")),
        alias: Some(alias("mary")),
        ..with_tags("shared", tags(&["vip", "new"]))
    };
    let done = app.register(&registration).unwrap();
    assert_eq!((done.kept_alias, done.kept_tags), (None, tags(&["orders"])));
    assert_eq!(carried(&app), (Some(alias("mary")), tags(&["new", "orders", "vip"])));
}

#[test]
fn an_app_may_have_the_alias_and_the_tags_go_with_the_former_user() {
    for (policy, kept) in [
        (OnUserChange::Keep, (Some(alias("john")), tags(&["orders", "vip"]))),
        (OnUserChange::ClearAlias, (None, tags(&["orders", "vip"]))),
        (OnUserChange::ClearAliasAndTags, (None, vec![])),
    ] {
        let f = fixture();
        let app = on_user_change(&f, policy);
        johns(&app);
        let done = app.register_user(&device("shared"), Some(&user("mary")), None, None).unwrap();
        assert_eq!((done.kept_alias, done.kept_tags), kept, "{policy:?}");
        assert_eq!(carried(&app), kept, "{policy:?}");
        assert_eq!(app.alias_devices(&alias("john"), PlatformSet::ALL).unwrap().is_empty(), kept.0.is_none());
        assert_eq!(app.tag_count(&tag("vip"), PlatformSet::ALL).unwrap(), u64::from(!kept.1.is_empty()));

        // By signing out as well.
        let g = fixture();
        let app = on_user_change(&g, policy);
        johns(&app);
        let done = app.sign_out(&device("shared")).unwrap();
        assert_eq!((done.kept_alias, done.kept_tags), kept, "{policy:?}");
        assert_eq!(carried(&app), kept, "{policy:?}");
    }
}

#[test]
fn what_the_registration_gives_stays_when_the_rest_goes() {
    let f = fixture();
    let app = on_user_change(&f, OnUserChange::ClearAliasAndTags);
    johns(&app);
    let registration = Registration {
        user: Some(user("mary")),
        alias: Some(alias("john")),
        platform: Platform::Android,
        ..with_tags("shared", tags(&["vip", "new"]))
    };
    let done = app.register(&registration).unwrap();
    assert_eq!((done.kept_alias, done.kept_tags), (None, vec![]));
    assert_eq!(carried(&app), (Some(alias("john")), tags(&["new", "vip"])));
    assert_eq!(app.device(&device("shared")).unwrap().platform, Platform::Android);
}

#[test]
fn tags_that_go_make_room_for_those_that_come() {
    let f = fixture_of(Limits { tags_per_device: Some(2), ..Limits::default() });
    let app = on_user_change(&f, OnUserChange::ClearAliasAndTags);
    johns(&app);
    app.register(&Registration { user: Some(user("mary")), ..with_tags("shared", tags(&["a", "b"])) })
        .unwrap();
    assert_eq!(carried(&app).1, tags(&["a", "b"]));
    refused(&app, "tags: tags per device: must be at most 2: got 3", |app| {
        app.register(&Registration { user: Some(user("ann")), ..with_tags("shared", tags(&["c", "d", "e"])) })
    });
}

#[test]
fn a_device_over_a_limit_that_came_later_changes_hands_with_as_many_tags_as_it_had() {
    let f = fixture();
    on_user_change(&f, OnUserChange::ClearAliasAndTags);
    johns(&f.registry.app(f.app.key()).unwrap());
    let app = f.relimited(&Limits { tags_per_device: Some(1), ..Limits::default() });
    let to_mary =
        |some: &[&str]| Registration { user: Some(user("mary")), ..with_tags("shared", tags(some)) };
    refused(&app, "tags: tags per device: must be at most 1: got 3", |app| {
        app.register(&to_mary(&["a", "b", "c"]))
    });
    app.register(&to_mary(&["a", "b"])).unwrap();
    assert_eq!(carried(&app).1, tags(&["a", "b"]));
}

#[test]
fn who_signs_in_first_keeps_what_the_device_got_while_it_was_nobodys() {
    let f = fixture();
    let app = on_user_change(&f, OnUserChange::ClearAliasAndTags);
    app.register(&with_tags("shared", tags(&["chosen"]))).unwrap();
    app.update(&device("shared"), &set_alias("mine")).unwrap();
    let done = app.register_user(&device("shared"), Some(&user("john")), None, None).unwrap();
    assert_eq!(done.former_user, Some(user("shared")));
    assert_eq!(carried(&app), (Some(alias("mine")), tags(&["chosen"])));
}

#[test]
fn a_device_that_is_signed_out_is_its_anonymous_users_and_keeps_everything_else() {
    let app = fixture().app;
    populate(&app);
    let before = app.device(&device("d1")).unwrap();
    let done = app.sign_out(&device("d1")).unwrap();
    let expected = SignedOut {
        former_user: Some(user("ann")),
        former_user_vanished: false,
        kept_alias: Some(alias("annie")),
        kept_tags: tags(&["news", "vip"]),
    };
    assert_eq!(done, expected);
    let after = app.device(&device("d1")).unwrap();
    assert_eq!(after, rollbook::Device { user: user("d1"), version: after.version, ..before });
    assert!(app.sign_out(&device("d2")).unwrap().former_user_vanished);
    assert_eq!(app.user_devices(&user("ann"), PlatformSet::ALL).unwrap(), []);
}

#[test]
fn signing_out_a_device_that_is_signed_out_changes_nothing() {
    let app = fixture().app;
    populate(&app);
    assert_eq!(changes_nothing(&app, |app| app.sign_out(&device("d3"))), SignedOut::default());
}

#[test]
fn signing_out_an_unknown_device_makes_none() {
    let app = fixture().app;
    populate(&app);
    refused(&app, "device not found: \"nope\"", |app| app.sign_out(&device("nope")));
    // A device that was removed in between does not come back.
    app.remove(&device("d1")).unwrap();
    refused(&app, "operation 0: device not found: \"d1\"", |app| {
        app.batch(&[Command::SignOut(device("d1"))])
    });
}

#[test]
fn a_user_is_signed_out_on_all_devices_at_once() {
    let f = fixture();
    let app = on_user_change(&f, OnUserChange::ClearAliasAndTags);
    populate(&app);
    // One of a user's devices may be called like the user.
    app.register(&with_user("ann", "ann")).unwrap();
    app.register(&with_tags("ann", tags(&["hers"]))).unwrap();
    let others = app.device(&device("d4")).unwrap();
    let before = f.registry.apps(None, 1).unwrap();
    assert_eq!(app.sign_out_user(&user("ann")).unwrap(), 2);
    let after = snapshot(&app);
    for id in ["d1", "d2"] {
        let found = &after.devices[&device(id)];
        assert_eq!((&found.user, &found.alias, found.tags.len()), (&user(id), &None, 0));
    }
    assert_eq!(after.devices[&device("ann")].tags, tags(&["hers"]));
    assert_eq!(after.users[&user("ann")], devices(&["ann"]));
    assert_eq!(after.devices[&device("d4")], others);
    assert_eq!(f.registry.apps(None, 1).unwrap(), before);
    assert_eq!(changes_nothing(&app, |app| app.sign_out_user(&user("ann"))), 0);
    assert_eq!(changes_nothing(&app, |app| app.sign_out_user(&user("nobody"))), 0);
}

#[test]
fn devices_that_a_batch_gives_to_a_user_are_signed_out_by_it_and_those_it_takes_are_not() {
    let app = fixture().app;
    populate(&app);
    let outcomes = app
        .batch(&[
            Command::SignOut(device("d1")),
            Command::Register(with_user("d5", "ann")),
            Command::SignOutUser(user("ann")),
            Command::SignOut(device("d5")),
        ])
        .unwrap();
    let Outcome::SignedOut(first) = &outcomes[0] else { panic!("{outcomes:?}") };
    assert_eq!((first.former_user.clone(), first.former_user_vanished), (Some(user("ann")), true));
    assert_eq!(outcomes[2], Outcome::UserSignedOut { devices: 2 });
    assert_eq!(outcomes[3], Outcome::SignedOut(SignedOut::default()));
    for id in ["d1", "d2", "d5"] {
        assert_eq!(app.device(&device(id)).unwrap().user, user(id));
    }
}

#[test]
fn a_removal_may_be_based_on_a_version() {
    let app = fixture().app;
    enrol(&app, "d1", Platform::Ios);
    let seen = app.device(&device("d1")).unwrap().version;
    app.update(
        &device("d1"),
        &DeviceUpdate { mobile: Set::To("+1".parse().unwrap()), ..DeviceUpdate::default() },
    )
    .unwrap();
    let message = format!("device \"d1\": version: must be {}, the current one: got {seen}", seen.0 + 1);
    refused(&app, &message, |app| app.remove_based_on(&device("d1"), seen));
    let based_on = |version| Command::RemoveBasedOn { device: device("d1"), version };
    assert!(matches!(app.batch(&[based_on(Version(99))]), Err(Error::Batch(_))));
    app.batch(&[based_on(app.device(&device("d1")).unwrap().version)]).unwrap();
    refused(&app, "device not found: \"d1\"", |app| app.remove_based_on(&device("d1"), seen));
}

/// A user with so many devices that they are not signed out at once, and another device.
fn crowded(policy: OnUserChange) -> (Fixture, TestApp) {
    let f = fixture_of(Limits { devices_per_alias: None, ..Limits::default() });
    let app = on_user_change(&f, policy);
    let crowd = (0..CROWD).map(|n| {
        Command::Register(Registration {
            user: Some(user("kiosk")),
            alias: Some(alias("all")),
            ..with_tags(&format!("k{n}"), tags(&["a", "b"]))
        })
    });
    for some in crowd.collect::<Vec<_>>().chunks(1_000) {
        app.batch(some).unwrap();
    }
    app.register(&with_user("kiosk", "kiosk")).unwrap();
    app.register(&with_user("other", "ann")).unwrap();
    (f, app)
}

const CROWD: u64 = 1_500;

#[test]
fn a_user_of_very_many_devices_is_signed_out_on_all_of_them() {
    for (policy, carriers) in [
        (OnUserChange::Keep, (CROWD, CROWD)),
        (OnUserChange::ClearAlias, (0, CROWD)),
        (OnUserChange::ClearAliasAndTags, (0, 0)),
    ] {
        let (f, app) = crowded(policy);
        assert_eq!(app.sign_out_user(&user("kiosk")).unwrap(), CROWD);
        assert_eq!(app.user_devices(&user("kiosk"), PlatformSet::ALL).unwrap(), devices(&["kiosk"]));
        let after = snapshot(&app);
        assert_eq!(after.devices.len() as u64, CROWD + 2);
        assert!(
            after.devices.iter().all(|(id, found)| found.claimed_by().is_none() || id.as_str() == "other")
        );
        assert_eq!(app.alias_devices(&alias("all"), PlatformSet::ALL).unwrap().len() as u64, carriers.0);
        assert_eq!(app.tag_count(&tag("a"), PlatformSet::ALL).unwrap(), carriers.1);
        assert!(rollbook_testkit::check_register(f.registry.store()).unwrap().is_empty());
        assert_eq!(app.resume_deletions().unwrap(), 0);
    }
}

#[test]
fn what_a_signing_out_that_was_interrupted_has_left_is_unseen_until_it_goes_on() {
    let clock = std::sync::Arc::new(ManualClock::at(NOW));
    let registry = Registry::builder(FaultStore::new(OrderedStore::new()))
        .clock(std::sync::Arc::clone(&clock))
        .entropy(SeededEntropy::new(1))
        .build();
    let app = registry.create_app(&"shop".parse().unwrap(), AppSettings::default()).unwrap();
    for n in 0..CROWD {
        app.register(&with_user(&format!("k{n}"), "kiosk")).unwrap();
    }
    // The commit that takes the devices away, and one step.
    registry.store().arm(Fault::at(Call::Commit, 3, Failure::Unavailable));
    let interrupted = app.sign_out_user(&user("kiosk")).unwrap_err();
    assert_eq!(interrupted.kind(), ErrorKind::OutcomeUnknown);
    assert!(app.user_devices(&user("kiosk"), PlatformSet::ALL).unwrap().is_empty());
    let back = app.count(&Audience::All).unwrap();
    assert!(0 < back && back < CROWD, "{back}");
    let hidden = (0..CROWD).map(|n| device(&format!("k{n}"))).find(|id| app.device(id).is_err()).unwrap();

    // A device that registers meanwhile is signed out first.
    let done = app.register_user(&hidden, Some(&user("mary")), None, None).unwrap();
    assert_eq!((done.created, done.former_user), (false, Some(hidden.anonymous_user())));
    assert_eq!(registry.resume_deletions().unwrap(), 0, "nothing is removed");
    assert_eq!(app.count(&Audience::All).unwrap(), CROWD);
    assert_eq!(app.user_devices(&user("mary"), PlatformSet::ALL).unwrap(), [hidden]);
    assert!(app.user_devices(&user("kiosk"), PlatformSet::ALL).unwrap().is_empty());
}
