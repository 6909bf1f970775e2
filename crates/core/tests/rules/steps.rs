//! Work that may be endless goes in steps of at most 1 024 operations, so that no commit keeps others waiting for long.

use crate::common::{
    alias, device, event, key, many_devices, many_tags, on_device, tags, to_user, user, with_user,
};
use crate::recording::Recording;
use rollbook::store::{Store, View};
use rollbook::{
    AliasOverflow, App, AppId, AppSettings, Audience, Command, DeletedUser, EventQuery, EventScope, Limits,
    ManualClock, NewEvent, OnUserChange, Platform, PlatformSet, Policies, Registration, Registry,
    SeededEntropy, Timestamp, UserId,
};
use rollbook_testkit::ordered::OrderedStore;
use rollbook_testkit::{Call, Failure, Fault, FaultStore, check_register};
use std::sync::Arc;

/// The most operations of a step.
const STEP: usize = 1_024;

fn register_of<S: Store>(store: S) -> Registry<S> {
    Registry::builder(store).clock(ManualClock::at(crate::common::NOW)).entropy(SeededEntropy::new(1)).build()
}

/// An app without limits that takes what it is told of a user from a device that changes hands.
fn app_of<S: Store>(registry: &Registry<S>, on_user_change: OnUserChange) -> App<S> {
    let settings = AppSettings {
        limits: Limits { declare_on_first_use: true, ..Limits::unlimited() },
        policies: Policies { on_user_change, ..Policies::default() },
        ..AppSettings::default()
    };
    registry.create_app(&key("shop"), settings).unwrap()
}

/// How many operations each commit had that this makes.
fn commits(registry: &Registry<Recording>, work: impl FnOnce()) -> Vec<usize> {
    registry.store().commits(work).iter().map(|writes| writes.operations.len()).collect()
}

fn register<S: Store>(app: &App<S>, registrations: impl IntoIterator<Item = Registration>) {
    let all: Vec<Command> = registrations.into_iter().map(Command::Register).collect();
    app.batch(&all).unwrap();
}

#[test]
fn the_devices_of_a_deleted_user_are_removed_a_thousand_and_twenty_four_at_a_time() {
    let registry = register_of(Recording::default());
    let app = app_of(&registry, OnUserChange::Keep);
    register(&app, (0..2_500).map(|n| with_user(&format!("d{n}"), "ann")));
    let steps = commits(&registry, || {
        let deleted = app.delete_user(&user("ann")).unwrap();
        assert_eq!(deleted, DeletedUser { devices: 2_500, events: 0 });
    });
    // Between the one that begins the deletion and the one that ends it.
    assert_eq!(steps[1..], [STEP, STEP, 452, 1]);
    assert_eq!(app.count(&Audience::All).unwrap(), 0);
}

#[test]
fn events_count_among_what_a_step_removes_and_a_device_goes_with_the_last_of_its_own() {
    let registry = register_of(Recording::default());
    let app = app_of(&registry, OnUserChange::Keep);
    register(&app, ["d1", "d2", "d3"].map(|id| with_user(id, "ann")));
    for (id, events) in [("d1", STEP), ("d2", 2)] {
        let events = (0..events).map(|_| Command::PostEvent(on_device("opened", id)));
        app.batch(&events.collect::<Vec<_>>()).unwrap();
    }
    let steps = commits(&registry, || {
        let deleted = app.delete_user(&user("ann")).unwrap();
        assert_eq!(deleted, DeletedUser { devices: 3, events: STEP as u64 + 2 });
    });
    // The events of the first; then itself, the second with its events, the third.
    assert_eq!(steps[1..], [1, 4, 1]);
    assert!(app.events(&EventQuery::default()).unwrap().items.is_empty());
}

#[test]
fn an_app_is_cleared_in_bounded_steps_whatever_is_in_it() {
    let registry = register_of(Recording::default());
    let app = app_of(&registry, OnUserChange::Keep);
    let of = |platform: Platform, id: String| Registration::new(device(&id), platform);
    register(&app, (0..700).map(|n| of(Platform::Ios, format!("i{n}"))));
    register(&app, (0..700).map(|n| of(Platform::Android, format!("a{n}"))));
    for n in 0..700 {
        app.declare_event(&event(&format!("e{n}"))).unwrap();
    }
    let some = (0..1_500).map(|_| Command::PostEvent(on_device("e1", "i1")));
    app.batch(&some.collect::<Vec<_>>()).unwrap();
    let steps = commits(&registry, || registry.delete_app(app.key()).unwrap());
    assert!(steps.iter().all(|&step| step <= STEP), "{steps:?}");
    // Out of the directory, sealed, what is in it in full steps, and the end.
    assert!(steps.contains(&STEP) && steps.len() < 12, "{steps:?}");
    let view = registry.store().view(AppId(1)).unwrap();
    assert!(view.is_sealed());
    for platform in Platform::ALL {
        assert_eq!(view.devices(platform).unwrap().len(), 0);
    }
}

/// How many devices of an alias have a rank among them, in the records of the store.
fn ranked(store: &impl Store, ids: &[rollbook::DeviceId]) -> usize {
    let view = store.view(AppId(1)).unwrap();
    let ranked = |id| {
        let place = view.find(id).unwrap().unwrap();
        view.device(place.slot).unwrap().unwrap().record.alias_rank.is_some()
    };
    ids.iter().filter(|id| ranked(id)).count()
}

#[test]
fn devices_come_back_from_a_user_in_steps_and_without_what_the_policy_takes() {
    let ids = many_devices(1_100);
    for (policy, ranks) in
        [(OnUserChange::Keep, 1_100), (OnUserChange::ClearAlias, 0), (OnUserChange::ClearAliasAndTags, 0)]
    {
        let registry = register_of(Recording::default());
        app_of(&registry, policy);
        // Only where the oldest gives way do devices have an order.
        let alias_overflow = AliasOverflow::EvictOldest;
        let limits = Limits { devices_per_alias: Some(2_000), alias_overflow, ..Limits::unlimited() };
        registry.set_limits(&key("shop"), &limits).unwrap();
        let app = registry.app(&key("shop")).unwrap();
        register(
            &app,
            ids.iter().map(|id| Registration {
                user: Some(user("kiosk")),
                alias: Some(alias("all")),
                tags: tags(&["a", "b"]),
                ..Registration::new(id.clone(), Platform::Ios)
            }),
        );
        assert_eq!(ranked(registry.store(), &ids), 1_100);
        let steps = commits(&registry, || {
            assert_eq!(app.sign_out_user(&user("kiosk")).unwrap(), 1_100);
        });
        assert!(steps.iter().all(|&step| step <= STEP), "{policy:?}: {steps:?}");
        let full = steps.iter().filter(|&&step| step > STEP - 6).count();
        assert!(full > 0 && steps.len() - full <= 3, "{policy:?}: {steps:?}");
        assert_eq!(ranked(registry.store(), &ids), ranks, "{policy:?}");
    }
}

#[test]
fn a_device_without_an_alias_comes_back_with_the_record_that_it_had() {
    let registry = register_of(Recording::default());
    let app = app_of(&registry, OnUserChange::ClearAlias);
    register(&app, (0..2_100).map(|n| with_user(&format!("d{n}"), "kiosk")));
    let steps = commits(&registry, || {
        app.sign_out_user(&user("kiosk")).unwrap();
    });
    // One link for each device, and room for a record that is not written.
    assert_eq!(steps[1..], [STEP - 1, STEP - 1, 54, 1]);
}

#[test]
fn a_device_with_more_tags_than_a_step_removes_comes_back_after_several() {
    let registry = register_of(Recording::default());
    let app = app_of(&registry, OnUserChange::ClearAliasAndTags);
    register(&app, (0..1_100).map(|n| with_user(&format!("d{n}"), "kiosk")));
    let tags = many_tags(2_600);
    app.register(&Registration {
        tags,
        user: Some(user("kiosk")),
        ..Registration::new(device("many"), Platform::Android)
    })
    .unwrap();
    let steps = commits(&registry, || {
        assert_eq!(app.sign_out_user(&user("kiosk")).unwrap(), 1_101);
    });
    assert!(steps.iter().all(|&step| step <= STEP), "{steps:?}");
    assert!(steps.len() < 10, "{steps:?}");
    let found = app.device(&device("many")).unwrap();
    assert_eq!((found.tags.len(), found.user), (0, device("many").anonymous_user()));
    assert!(check_register(registry.store()).unwrap().is_empty());
}

/// The events that a user's scope shows.
fn events_of<S: Store>(app: &App<S>, name: &UserId) -> Vec<Timestamp> {
    let query = EventQuery { scope: EventScope::User(name.clone()), limit: 10_000, ..EventQuery::default() };
    app.events(&query).unwrap().items.iter().map(|event| event.at).collect()
}

/// A register whose worker dies with its second commit, on a store that goes on.
fn that_dies(store: &Arc<OrderedStore>) -> Registry<FaultStore<Arc<OrderedStore>>> {
    let dying = register_of(FaultStore::new(Arc::clone(store)));
    dying.store().arm(Fault::at(Call::Commit, 2, Failure::Unavailable).staying());
    dying
}

#[test]
fn what_a_new_user_posted_does_not_hide_an_older_event_of_the_deleted_one_from_its_deletion() {
    let store = Arc::new(OrderedStore::new());
    let registry = register_of(Arc::clone(&store));
    let app = app_of(&registry, OnUserChange::Keep);
    register(&app, [with_user("d", "bob")]);
    let ghost = user("ghost");
    let post = |at| {
        let posted =
            NewEvent { user: Some(ghost.clone()), timestamp_utc: Some(at), ..on_device("opened", "d") };
        Command::PostEvent(posted)
    };
    app.batch(&[post(crate::common::NOW)]).unwrap();
    assert!(that_dies(&store).app(app.key()).unwrap().delete_user(&ghost).is_err());
    // As many as fill more than a page, each of an earlier time than the one that is deleted.
    let earlier = crate::common::NOW.plus(-60);
    app.batch(&vec![post(earlier); 1_100]).unwrap();
    assert_eq!(app.resume_deletions().unwrap(), 0);
    assert_eq!(events_of(&app, &ghost), vec![earlier; 1_100]);
    assert_eq!(app.delete_user(&ghost).unwrap(), DeletedUser { devices: 0, events: 1_100 });
}

#[test]
fn two_users_deleted_in_one_batch_are_deleted_apart_from_a_deletion_that_was_interrupted() {
    let store = Arc::new(OrderedStore::new());
    let registry = register_of(Arc::clone(&store));
    let app = app_of(&registry, OnUserChange::Keep);
    register(&app, ["ann", "bob", "carol", "dan"].map(|name| with_user(&format!("{name}s"), name)));
    app.batch(&["ann", "bob", "carol"].map(|name| Command::PostEvent(to_user("opened", name)))).unwrap();
    assert!(that_dies(&store).app(app.key()).unwrap().delete_user(&user("ann")).is_err());
    let outcomes = app.batch(&["bob", "carol"].map(|name| Command::DeleteUser(user(name)))).unwrap();
    let one = rollbook::Outcome::UserDeleted(DeletedUser { devices: 1, events: 1 });
    assert_eq!(outcomes, [one.clone(), one]);
    assert_eq!(app.resume_deletions().unwrap(), 1);
    assert_eq!(app.count(&Audience::All).unwrap(), 1);
    assert_eq!(app.user_devices(&user("dan"), PlatformSet::ALL).unwrap(), [device("dans")]);
    assert!(check_register(&*store).unwrap().is_empty());
}

#[test]
fn a_user_that_has_only_events_is_deleted_in_a_batch_that_deleted_another_one_before() {
    let registry = register_of(Recording::default());
    let app = app_of(&registry, OnUserChange::Keep);
    register(&app, [with_user("d", "bob"), with_user("e", "carol")]);
    let ghost = user("ghost");
    app.post_event(&NewEvent { user: Some(ghost.clone()), ..on_device("opened", "e") }).unwrap();
    let outcomes = app.batch(&["bob", "ghost"].map(|name| Command::DeleteUser(user(name)))).unwrap();
    let deleted = |devices, events| rollbook::Outcome::UserDeleted(DeletedUser { devices, events });
    assert_eq!(outcomes, [deleted(1, 0), deleted(0, 1)]);
    assert!(events_of(&app, &ghost).is_empty());
    // What the first of two deletions leaves nothing of is not deleted a second time: one commit begins it, one erases the
    // event, one ends it.
    let twice = [Command::DeleteUser(ghost.clone()), Command::DeleteUser(ghost.clone())];
    app.post_event(&NewEvent { user: Some(ghost.clone()), ..on_device("opened", "e") }).unwrap();
    let steps = commits(&registry, || {
        assert_eq!(app.batch(&twice).unwrap(), [deleted(0, 1), deleted(0, 0)]);
    });
    assert_eq!(steps.len(), 3);
    // The posted event of another user is none of theirs.
    let batch = [Command::PostEvent(to_user("opened", "carol")), Command::DeleteUser(ghost)];
    let steps = commits(&registry, || {
        assert_eq!(app.batch(&batch).unwrap()[1], deleted(0, 0));
    });
    assert_eq!(steps.len(), 1, "nothing is begun of which there is nothing");
}

#[test]
fn a_device_that_awaits_its_removal_keeps_no_other_from_its_alias() {
    let store = Arc::new(OrderedStore::new());
    let registry = register_of(Arc::clone(&store));
    app_of(&registry, OnUserChange::Keep);
    let limits = Limits { devices_per_alias: Some(1), ..Limits::default() };
    registry.set_limits(&key("shop"), &limits).unwrap();
    let app = registry.app(&key("shop")).unwrap();
    let bound = |id, name| Registration { alias: Some(alias("home")), ..with_user(id, name) };
    app.register(&bound("phone", "ann")).unwrap();
    assert!(that_dies(&store).app(app.key()).unwrap().delete_user(&user("ann")).is_err());
    app.register(&bound("tablet", "bob")).unwrap();
    assert_eq!(app.alias_devices(&alias("home"), PlatformSet::ALL).unwrap(), [device("tablet")]);
    assert_eq!(app.resume_deletions().unwrap(), 1);
}
