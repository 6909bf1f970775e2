//! Batches: all or nothing, in order, and rehearsed.

use crate::common::{
    Fixture, alias, apply, change_tags, changes_nothing, device, devices, event, every_command, fixture,
    fixture_of, on_device, platforms, populate, refused, set_alias, snapshot, tag, tags, to_user, user,
    with_alias, with_tags, with_user,
};
use rollbook::{
    Command, DeletedUser, DeviceUpdate, Error, ErrorKind, Limits, NewEvent, Outcome, Platform, PlatformSet,
    Registered, Registration, Set, SignedOut, TagsChange, Version,
};

fn populated() -> Fixture {
    let f = fixture();
    populate(&f.app);
    f
}

fn deleted(devices: u64, events: u64) -> Outcome {
    Outcome::UserDeleted(DeletedUser { devices, events })
}

fn update_tag(name: &str, add: &[&str], remove: &[&str]) -> Command {
    Command::UpdateTag { tag: tag(name), add: devices(add), remove: devices(remove) }
}

fn update(id: &str, update: DeviceUpdate) -> Command {
    Command::Update { device: device(id), update }
}

/// An update of a device that the batch makes was taken to be based on version 0.
#[test]
fn no_version_is_that_of_a_device_which_the_same_batch_makes() {
    let f = populated();
    for version in [0, 1, f.app.device(&device("d1")).unwrap().version.0] {
        let based = DeviceUpdate { based_on: Some(Version(version)), ..DeviceUpdate::default() };
        let new = Command::Register(Registration::new(device("new"), Platform::Ios));
        let why = "version: must be left out, as the same batch makes the device";
        refused(&f.app, &format!("operation 1: device \"new\": {why}: got {version}"), |app| {
            app.batch(&[new.clone(), update("new", based.clone())])
        });
    }
}

/// The version of the device that was removed was taken for that of the one which took its id.
#[test]
fn no_version_of_a_device_that_a_batch_removes_is_that_of_the_next_of_its_id() {
    let f = populated();
    let version = f.app.device(&device("d1")).unwrap().version;
    let based = DeviceUpdate { based_on: Some(version), ..DeviceUpdate::default() };
    let why = format!("version: must be left out, as the same batch makes the device: got {}", version.0);
    refused(&f.app, &format!("operation 2: device \"d1\": {why}"), |app| {
        let new = Command::Register(Registration::new(device("d1"), Platform::Ios));
        app.batch(&[Command::Remove(device("d1")), new, update("d1", based.clone())])
    });
}

fn to_user_of(id: &str, name: &str) -> Command {
    Command::RegisterUser { device: device(id), user: Some(user(name)), platform: None, utc_offset: None }
}

#[test]
fn every_operation_alone_in_a_batch_does_what_its_method_does() {
    for command in every_command() {
        let (one, other) = (populated(), populated());
        let before = snapshot(&one.app);
        assert_eq!(before, snapshot(&other.app));
        let told = apply(&one.app, &command).unwrap();
        assert_eq!(other.app.batch(std::slice::from_ref(&command)).unwrap(), [told], "{command:?}");
        assert_eq!(snapshot(&one.app), snapshot(&other.app), "{command:?}");
        assert_ne!(snapshot(&one.app), before, "{command:?}");
    }
}

#[test]
fn every_operation_twice_in_a_batch_does_what_its_method_does_twice() {
    for command in every_command() {
        let (one, other) = (populated(), populated());
        let told = [apply(&one.app, &command), apply(&one.app, &command)];
        let together = other.app.batch(&[command.clone(), command.clone()]);
        match told {
            [Ok(first), Ok(second)] => {
                let told = without_vanishing([first, second]);
                assert_eq!(without_vanishing(together.unwrap()), told, "{command:?}");
            }
            [Ok(_), Err(error)] => {
                assert_eq!(together.unwrap_err().to_string(), format!("operation 1: {error}"));
                continue;
            }
            other => panic!("{command:?}: {other:?}"),
        }
        assert_eq!(told_apart(&one), told_apart(&other), "{command:?}");
    }
}

/// The app without what tells apart one commit from two.
fn told_apart(f: &Fixture) -> crate::common::Snapshot {
    let mut all = snapshot(&f.app);
    all.devices.values_mut().for_each(|device| device.version = rollbook::Version(0));
    all
}

/// Operations that get into each other's way: all there are, and more on one device.
fn entangled() -> Vec<Command> {
    let mut all = every_command();
    all.extend(entangling());
    all
}

fn entangling() -> Vec<Command> {
    let clear_tags = DeviceUpdate { tags: TagsChange::Clear, ..DeviceUpdate::default() };
    let clear_alias = DeviceUpdate { alias: Set::Clear, ..DeviceUpdate::default() };
    let moved = Registration::new(device("d1"), Platform::Android);
    vec![
        Command::Register(Registration { user: Some(user("bob")), ..moved }),
        Command::Register(with_alias("d9", "annie")),
        Command::Register(with_user("d9", "ann")),
        Command::Remove(device("d1")),
        Command::DeleteUser(user("d3")),
        Command::DeleteUser(user("bob")),
        Command::PostEvent(to_user("closed", "ann")),
        Command::DeleteTag { tag: tag("news"), platforms: platforms(&[Platform::Ios]) },
        to_user_of("d1", "bob"),
        to_user_of("d1", "ann"),
        to_user_of("d3", "ann"),
        update("d1", change_tags(tags(&["news"]), tags(&["vip"]))),
        update("d1", clear_tags),
        update("d1", clear_alias),
        update("d1", set_alias("annie")),
        update_tag("news", &["d3"], &["d1"]),
    ]
}

/// The operations one by one do what they do in one batch. Those are left out of which one is refused.
fn same_in_one_batch(commands: &[Command]) {
    let (one, other) = (populated(), populated());
    let told: Result<Vec<_>, _> = commands.iter().map(|command| apply(&one.app, command)).collect();
    let Ok(told) = told else { return };
    let together = match other.app.batch(commands) {
        Ok(together) => together,
        Err(Error::Batch(failures)) if needs_its_own_batch(&failures[0].error) => return,
        Err(error) => panic!("{commands:?}: {error}"),
    };
    assert_eq!(without_vanishing(together), without_vanishing(told), "{commands:?}");
    assert_eq!(told_apart(&one), told_apart(&other), "{commands:?}");
}

#[test]
fn operations_one_after_another_do_the_same_in_one_batch() {
    for first in entangled() {
        for second in entangled() {
            same_in_one_batch(&[first.clone(), second.clone()]);
        }
    }
}

#[test]
fn three_operations_on_one_device_do_the_same_in_one_batch() {
    let all = entangling();
    for first in &all {
        for second in &all {
            for third in &all {
                same_in_one_batch(&[first.clone(), second.clone(), third.clone()]);
            }
        }
    }
}

/// The second deletion was taken off the number of tags again, of a device that had lost the tag to the first.
#[test]
fn a_tag_deleted_twice_in_one_batch_makes_room_once() {
    let app = fixture_of(Limits { tags_per_device: Some(1), ..Limits::default() }).app;
    app.register(&with_tags("d", tags(&["old"]))).unwrap();
    let delete = |platforms| Command::DeleteTag { tag: tag("old"), platforms };
    let twice = [delete(Platform::Ios.into()), delete(PlatformSet::ALL)];
    let add = |names: &[&str]| update("d", change_tags(tags(names), vec![]));
    refused(&app, "operation 2: tags.add: tags per device: must be at most 1: got 2", |app| {
        app.batch(&[twice.as_slice(), &[add(&["a", "b"])]].concat())
    });
    app.batch(&[twice.as_slice(), &[add(&["a"])]].concat()).unwrap();
    assert_eq!(app.device(&device("d")).unwrap().tags, tags(&["a"]));
}

/// The two things that a batch documents that it cannot do.
fn needs_its_own_batch(error: &Error) -> bool {
    let limits = [
        "must come before the operations that give devices to the user, in another batch",
        "must not be registered again in the batch that deletes its user",
    ];
    matches!(error.violations(), [one] if limits.contains(&one.limit()))
}

/// The outcomes without who vanished, which a batch tells as a whole.
fn without_vanishing(outcomes: impl IntoIterator<Item = Outcome>) -> Vec<Outcome> {
    let without = |outcome| match outcome {
        Outcome::Registered(told) => Outcome::Registered(Registered { former_user_vanished: false, ..told }),
        Outcome::SignedOut(told) => Outcome::SignedOut(SignedOut { former_user_vanished: false, ..told }),
        Outcome::Removed { .. } => Outcome::Removed { vanished_user: None },
        other => other,
    };
    outcomes.into_iter().map(without).collect()
}

#[test]
fn a_rehearsal_changes_nothing_and_passes_what_the_batch_passes() {
    for command in every_command() {
        let f = populated();
        changes_nothing(&f.app, |app| app.dry_run(std::slice::from_ref(&command)));
    }
    let f = populated();
    let some = every_command();
    changes_nothing(&f.app, |app| app.dry_run(&some));
    f.app.batch(&some).unwrap();
}

#[test]
fn every_failing_operation_is_named_with_its_index_and_reason_and_nothing_is_applied() {
    let app = populated().app;
    let batch = [
        Command::Register(with_tags("new", tags(&["fresh"]))),
        Command::Remove(device("ghost")),
        update_tag("vip", &["d1", "x", "y"], &[]),
        Command::DeclareEvent(event("installed")),
        update("d1", change_tags(tags(&["a:b"]), vec![])),
        Command::PostEvent(on_device("undeclared", "d1")),
    ];
    let message = "operation 1: device not found: \"ghost\"; \
                   operation 2: add[1]: known: must be a device of the app: got \"x\"; \
                   add[2]: known: must be a device of the app: got \"y\"; \
                   operation 4: tags.add[0]: characters: must hold only A-Z a-z 0-9 _ Han characters and \
                   @!#$&*+=.|￥¥: got \"a:b\"; \
                   operation 5: event: known: must be declared: got \"undeclared\"";
    refused(&app, message, |app| app.batch(&batch));
    refused(&app, message, |app| app.dry_run(&batch));
    let Error::Batch(failures) = app.batch(&batch).unwrap_err() else { panic!("not a failed batch") };
    assert_eq!(failures.iter().map(|failure| failure.index).collect::<Vec<_>>(), [1, 2, 4, 5]);
    assert_eq!(failures[1].error.violations().len(), 2);
    assert_eq!(failures[0].error.kind(), ErrorKind::NotFound);
}

#[test]
fn an_empty_batch_succeeds() {
    let app = populated().app;
    assert!(changes_nothing(&app, |app| app.batch(&[])).is_empty());
    app.dry_run(&[]).unwrap();
}

#[test]
fn each_operation_sees_what_those_before_it_did() {
    let app = fixture().app;
    let outcomes = app
        .batch(&[
            Command::Register(with_user("d1", "ann")),
            update_tag("t", &["d1"], &[]),
            Command::DeclareEvent(event("opened")),
            Command::PostEvent(to_user("opened", "ann")),
            to_user_of("d1", "bob"),
            Command::Remove(device("d1")),
            Command::Register(with_alias("d1", "first")),
            update("d1", set_alias("second")),
        ])
        .unwrap();
    assert!(matches!(&outcomes[3], Outcome::Posted(_)));
    let after = snapshot(&app);
    assert!(after.tags.is_empty());
    assert_eq!(after.devices[&device("d1")].alias, Some(alias("second")));
    assert_eq!(after.users.keys().collect::<Vec<_>>(), [&user("d1")]);
    assert_eq!(after.events.len(), 1);
}

#[test]
fn repeated_in_one_batch_an_operation_that_changes_nothing_more_succeeds() {
    let app = populated().app;
    let unbind = Command::UnbindAlias { alias: alias("annie"), devices: devices(&["d1"]) };
    app.batch(&[unbind.clone(), unbind]).unwrap();
    app.batch(&[update_tag("t", &["d1"], &[]), update_tag("t", &["d1"], &[])]).unwrap();
    app.batch(&[update_tag("t", &[], &["d1"]), update_tag("t", &[], &["d1"])]).unwrap();
    let delete = Command::DeleteTag { tag: tag("news"), platforms: PlatformSet::ALL };
    app.batch(&[delete.clone(), update_tag("news", &[], &["d1"]), delete]).unwrap();
    let after = snapshot(&app);
    assert_eq!(after.devices[&device("d1")].alias, None);
    assert_eq!(after.devices[&device("d1")].tags, tags(&["vip"]));
}

#[test]
fn a_tag_that_an_operation_names_first_is_found_on_a_device_whose_tags_an_earlier_one_read() {
    let app = fixture().app;
    app.register(&with_tags("d1", tags(&["held"]))).unwrap();
    // Many tags are looked for in one pass, which did not look for the one that comes later.
    let many = update("d1", change_tags(crate::common::many_tags(40), vec![]));
    app.batch(&[many, update("d1", change_tags(vec![], tags(&["held"])))]).unwrap();
    let found = app.device(&device("d1")).unwrap().tags;
    assert_eq!((found.len(), found.contains(&tag("held"))), (40, false));
}

#[test]
fn deleting_a_user_in_a_batch_hides_its_devices_from_the_operations_behind() {
    let app = populated().app;
    let delete = Command::DeleteUser(user("ann"));
    let unknown = "known: must be a device of the app: got \"d1\"";
    refused(&app, "operation 1: device not found: \"d1\"", |app| {
        app.batch(&[delete.clone(), Command::Unregister(device("d1"))])
    });
    refused(&app, &format!("operation 1: add[0]: {unknown}"), |app| {
        app.batch(&[delete.clone(), update_tag("t", &["d1"], &[])])
    });
    refused(&app, &format!("operation 1: device: {unknown}"), |app| {
        app.batch(&[delete.clone(), Command::PostEvent(on_device("opened", "d1"))])
    });
    refused(&app, "operation 1: user: known: must be a user of the app: got \"ann\"", |app| {
        app.batch(&[delete.clone(), Command::PostEvent(to_user("opened", "ann"))])
    });
    refused(
        &app,
        "operation 1: device: form: must not be registered again in the batch that deletes its user: got \"d1\"",
        |app| app.batch(&[delete.clone(), Command::Register(with_tags("d1", vec![]))]),
    );
    let outcomes = app.batch(&[delete.clone(), delete]).unwrap();
    assert_eq!(outcomes, [deleted(2, 2), deleted(0, 0)]);
}

#[test]
fn devices_that_leave_a_user_before_it_is_deleted_stay() {
    let app = populated().app;
    let batch = [to_user_of("d1", "bob"), Command::DeleteUser(user("ann")), to_user_of("d1", "ann")];
    let outcomes = app.batch(&batch).unwrap();
    assert_eq!(outcomes[1], deleted(1, 1));
    let after = snapshot(&app);
    assert_eq!(after.users[&user("ann")], devices(&["d1"]));
    assert!(after.events.iter().all(|event| event.user != Some(user("ann"))));
    assert!(after.events.iter().any(|event| event.device == Some(device("d1"))));
}

#[test]
fn the_events_of_a_user_whose_last_device_left_earlier_in_the_batch_are_deleted() {
    let app = populated().app;
    let outcomes = app.batch(&[to_user_of("d4", "carol"), Command::DeleteUser(user("bob"))]).unwrap();
    assert_eq!(outcomes[1], deleted(0, 1));
    let after = snapshot(&app);
    assert!(after.devices.contains_key(&device("d4")));
    assert_eq!(after.events.len(), 3);
    assert!(after.events.iter().all(|event| event.user != Some(user("bob"))));
}

#[test]
fn a_batch_deletes_the_events_that_it_posted_before_and_not_those_that_it_posts_afterwards() {
    let app = populated().app;
    let ghost = || Command::PostEvent(NewEvent { user: Some(user("ghost")), ..on_device("opened", "d3") });
    let delete = || Command::DeleteUser(user("ghost"));
    let outcomes = app.batch(&[ghost(), delete(), delete(), ghost(), delete(), ghost()]).unwrap();
    let told: Vec<_> = [1, 2, 4].into_iter().map(|n| outcomes[n].clone()).collect();
    assert_eq!(told, [deleted(0, 1), deleted(0, 0), deleted(0, 1)]);
    let left = snapshot(&app).events.into_iter().filter(|event| event.user == Some(user("ghost")));
    assert_eq!(left.count(), 1);
}

#[test]
fn deleting_a_user_that_an_operation_before_gave_a_device_needs_a_batch_of_its_own() {
    let app = populated().app;
    let message = "operation 1: delete_user: form: must come before the operations that give devices to the user, \
                   in another batch: got \"ann\"";
    refused(&app, message, |app| app.batch(&[to_user_of("d3", "ann"), Command::DeleteUser(user("ann"))]));
}

#[test]
fn a_batch_tells_as_a_whole_which_users_vanished() {
    let app = populated().app;
    let outcomes = app.batch(&[to_user_of("d4", "carol"), to_user_of("d3", "bob")]).unwrap();
    let vanished: Vec<bool> = outcomes
        .iter()
        .map(|outcome| matches!(outcome, Outcome::Registered(told) if told.former_user_vanished))
        .collect();
    // Bob lost a device and got another; nobody is left behind the third device.
    assert_eq!(vanished, [false, true]);
}
