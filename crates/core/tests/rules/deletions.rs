//! Deletions that are interrupted, and deletions by several workers at once.

use crate::common::{key, on_device, to_user, user, with_user};
use rollbook::store::Store;
use rollbook::{
    App, AppSettings, DeletedUser, EventQuery, EventScope, Limits, NewEvent, Registry, SeededEntropy,
};
use rollbook_testkit::ordered::OrderedStore;
use rollbook_testkit::{Call, Failure, Fault, FaultStore, check_register};
use std::sync::Arc;

type Shared = Arc<OrderedStore>;
type Worker = Registry<FaultStore<Shared>>;

/// A worker of its own on the store.
fn worker(store: &Shared) -> Worker {
    Registry::builder(FaultStore::new(Arc::clone(store))).entropy(SeededEntropy::new(1)).build()
}

fn shop(worker: &Worker) -> App<FaultStore<Shared>> {
    worker.app(&key("shop")).unwrap()
}

/// A worker whose commits after the first fail.
fn that_dies_after_a_commit(store: &Shared) -> Worker {
    let worker = worker(store);
    worker.store().arm(Fault::at(Call::Commit, 2, Failure::Unavailable).staying());
    worker
}

fn store_with_a_shop() -> Shared {
    let store = Shared::default();
    let limits = Limits { declare_on_first_use: true, ..Limits::unlimited() };
    worker(&store).create_app(&key("shop"), AppSettings { limits, ..AppSettings::default() }).unwrap();
    store
}

fn events_of(app: &App<impl Store>, name: &str) -> usize {
    let scope = EventScope::User(user(name));
    app.events(&EventQuery { scope, limit: 10_000, ..EventQuery::default() }).unwrap().items.len()
}

#[test]
fn events_of_a_user_without_devices_are_invisible_from_the_first_step_and_resuming_erases_them() {
    const EVENTS: usize = 5_000;
    let store = store_with_a_shop();
    let app = shop(&worker(&store));
    app.register(&with_user("d", "bob")).unwrap();
    for _ in 0..EVENTS {
        app.post_event(&NewEvent { user: Some(user("ghost")), ..on_device("opened", "d") }).unwrap();
    }
    let dying = worker(&store);
    // The first commit begins the deletion, the second erases some events, and there the worker dies.
    dying.store().arm(Fault::at(Call::Commit, 3, Failure::Unavailable).staying());
    assert!(shop(&dying).delete_user(&user("ghost")).is_err());
    assert_eq!(events_of(&app, "ghost"), 0);
    // A new user of the id posts while the old one's events are still there.
    app.post_event(&NewEvent { user: Some(user("ghost")), ..on_device("opened", "d") }).unwrap();
    assert_eq!(events_of(&app, "ghost"), 1);

    assert_eq!(worker(&store).resume_deletions().unwrap(), 0, "no device went");
    assert_eq!(events_of(&app, "ghost"), 1, "the new user's event stays");
    assert_eq!(app.delete_user(&user("ghost")).unwrap(), DeletedUser { devices: 0, events: 1 });
    assert!(check_register(&*store).unwrap().is_empty());
}

#[test]
fn the_steps_of_a_deletion_are_bounded_and_their_counts_add_up() {
    const EVENTS: u64 = 3_000;
    let store = store_with_a_shop();
    let counting = worker(&store);
    let app = shop(&counting);
    app.register(&with_user("d", "bob")).unwrap();
    for _ in 0..EVENTS {
        app.post_event(&NewEvent { user: Some(user("ghost")), ..on_device("opened", "d") }).unwrap();
    }
    let before = counting.store().calls().commits;
    assert_eq!(app.delete_user(&user("ghost")).unwrap(), DeletedUser { devices: 0, events: EVENTS });
    // One begins it, three erase up to 1 024 events each, one ends it.
    assert_eq!(counting.store().calls().commits - before, 5);
}

#[test]
fn deleting_a_user_whose_deletion_was_interrupted_brings_that_to_its_end_first() {
    let store = store_with_a_shop();
    let app = shop(&worker(&store));
    app.register(&with_user("d", "ann")).unwrap();
    app.post_event(&to_user("opened", "ann")).unwrap();
    assert!(shop(&that_dies_after_a_commit(&store)).delete_user(&user("ann")).is_err());
    assert_eq!(
        app.delete_user(&user("ann")).unwrap(),
        DeletedUser::default(),
        "all of it was deleted before"
    );
    assert_eq!(app.resume_deletions().unwrap(), 0, "nothing is left to resume");
    app.register(&with_user("d", "ann")).unwrap();
    assert!(check_register(&*store).unwrap().is_empty());
}
