//! Changes by another caller between the reads of an operation and its commit.
#![allow(clippy::unwrap_used, reason = "in tests a panic is a failed test")]

use rollbook::store::{Committed, Place, Store, StoreError, StoreInfo, WriteSet};
use rollbook::{
    App, AppId, AppKey, AppSettings, Audience, Error, EventQuery, NewEvent, Platform, Registration, Registry,
    Timestamp,
};
use rollbook_store_mem::MemStore;
use std::sync::{Arc, Mutex};

type Act = Box<dyn FnOnce() + Send>;

/// A store that runs an action before its next commit, once.
struct Meanwhile {
    store: MemStore,
    act: Arc<Mutex<Option<Act>>>,
}

impl Store for Meanwhile {
    type View<'a> = <MemStore as Store>::View<'a>;

    fn info(&self) -> StoreInfo {
        self.store.info()
    }

    fn view(&self, app: AppId) -> Result<Self::View<'_>, StoreError> {
        self.store.view(app)
    }

    fn commit(&self, app: AppId, writes: &WriteSet) -> Result<Committed, StoreError> {
        // Taken out first, since the action commits as well.
        let act = self.act.lock().unwrap().take();
        if let Some(act) = act {
            act();
        }
        self.store.commit(app, writes)
    }

    fn touch(&self, app: AppId, seen: &[(Place, Timestamp)]) -> Result<(), StoreError> {
        self.store.touch(app, seen)
    }
}

fn key(text: &str) -> AppKey {
    AppKey::new(text).unwrap()
}

/// Makes a register with the app `shop`, and a cell for the action that runs before the next commit.
fn register() -> (Registry<Meanwhile>, Arc<Mutex<Option<Act>>>) {
    let act = Arc::new(Mutex::new(None));
    let store = Meanwhile { store: MemStore::new(), act: Arc::clone(&act) };
    let registry = Registry::builder(store).build();
    registry.create_app(&key("shop"), AppSettings::default()).unwrap();
    (registry, act)
}

/// Makes the app with a device `phone` of the user `ann`, and the cell.
fn app() -> (App<Meanwhile>, Arc<Mutex<Option<Act>>>) {
    let (registry, act) = register();
    let app = registry.app(&key("shop")).unwrap();
    app.declare_event(&"opened".parse().unwrap()).unwrap();
    let phone = Registration::new("phone".parse().unwrap(), Platform::Ios);
    app.register(&Registration { user: Some("ann".parse().unwrap()), ..phone }).unwrap();
    (app, act)
}

/// Posts an event while the action runs.
fn post(
    event: &NewEvent,
    meanwhile: impl FnOnce(&App<Meanwhile>) + Send + 'static,
) -> (Result<(), Error>, usize) {
    let (app, act) = app();
    let other = app.clone();
    *act.lock().unwrap() = Some(Box::new(move || meanwhile(&other)));
    let posted = app.post_event(event).map(drop);
    assert!(act.lock().unwrap().is_none(), "nothing was committed");
    (posted, app.events(&EventQuery::default()).unwrap().items.len())
}

fn opened() -> NewEvent {
    NewEvent::new("opened".parse().unwrap())
}

#[test]
fn no_event_is_posted_on_a_device_that_is_deleted_with_its_user_meanwhile() {
    let on_phone = NewEvent { device: Some("phone".parse().unwrap()), ..opened() };
    let (posted, events) = post(&on_phone, |app| {
        app.delete_user(&"ann".parse().unwrap()).unwrap();
    });
    assert!(matches!(posted, Err(Error::Invalid(_))), "{posted:?}");
    assert_eq!(events, 0);
}

#[test]
fn no_event_is_posted_on_a_device_that_is_removed_meanwhile() {
    let on_phone = NewEvent { device: Some("phone".parse().unwrap()), ..opened() };
    let (posted, events) = post(&on_phone, |app| {
        app.remove(&"phone".parse().unwrap()).unwrap();
    });
    assert!(matches!(posted, Err(Error::Invalid(_))), "{posted:?}");
    assert_eq!(events, 0);
}

#[test]
fn no_event_is_posted_for_a_user_that_is_deleted_meanwhile() {
    let for_ann = NewEvent { user: Some("ann".parse().unwrap()), ..opened() };
    let (posted, events) = post(&for_ann, |app| {
        app.delete_user(&"ann".parse().unwrap()).unwrap();
    });
    assert!(matches!(posted, Err(Error::Invalid(_))), "{posted:?}");
    assert_eq!(events, 0);
}

#[test]
fn an_event_is_posted_on_a_device_that_goes_to_another_user_meanwhile() {
    let on_phone = NewEvent { device: Some("phone".parse().unwrap()), ..opened() };
    let (posted, events) = post(&on_phone, |app| {
        app.register_user(&"phone".parse().unwrap(), Some(&"bob".parse().unwrap()), None, None).unwrap();
    });
    assert!(posted.is_ok(), "{posted:?}");
    assert_eq!(events, 1);
}

/// Does one thing to the register, and another one right before its commit.
fn both<T>(
    one: impl FnOnce(&Registry<Meanwhile>) -> T,
    meanwhile: impl FnOnce(&Registry<Meanwhile>) + Send + 'static,
) -> (T, Registry<Meanwhile>) {
    let (registry, act) = register();
    let other = registry.clone();
    *act.lock().unwrap() = Some(Box::new(move || meanwhile(&other)));
    let done = one(&registry);
    assert!(act.lock().unwrap().is_none(), "nothing was committed");
    (done, registry)
}

#[test]
fn two_changes_of_one_app_that_meet_both_hold() {
    let (done, registry) = both(
        |registry| registry.rename_app(&key("shop"), "the shop"),
        |registry| registry.set_presence(&key("shop"), true).unwrap(),
    );
    done.unwrap();
    let app = registry.app(&key("shop")).unwrap();
    assert_eq!((app.name(), app.has_presence()), ("the shop", true));
}

#[test]
fn an_app_that_is_changed_while_it_is_deleted_does_not_come_back() {
    let (done, registry) = both(
        |registry| registry.rename_app(&key("shop"), "the shop"),
        |registry| registry.delete_app(&key("shop")).unwrap(),
    );
    assert!(matches!(done, Err(Error::NotFound { .. })), "{done:?}");
    assert!(registry.apps(None, 9).unwrap().items.is_empty());
}

#[test]
fn an_app_that_is_deleted_while_it_is_deleted_and_made_again_is_the_new_one_or_gone() {
    let (done, registry) = both(
        |registry| registry.delete_app(&key("shop")),
        |registry| {
            registry.delete_app(&key("shop")).unwrap();
            let shop = registry.create_app(&key("shop"), AppSettings::default()).unwrap();
            shop.register(&Registration::new("new".parse().unwrap(), Platform::Ios)).unwrap();
        },
    );
    done.unwrap();
    assert!(registry.apps(None, 9).unwrap().items.is_empty());
    // Nothing of it is left for the next one.
    let shop = registry.create_app(&key("shop"), AppSettings::default()).unwrap();
    assert_eq!(shop.count(&Audience::All).unwrap(), 0);
}

#[test]
fn two_apps_that_are_created_at_once_are_two() {
    let (done, registry) = both(
        |registry| registry.create_app(&key("one"), AppSettings::default()),
        |registry| drop(registry.create_app(&key("two"), AppSettings::default()).unwrap()),
    );
    done.unwrap().register(&Registration::new("phone".parse().unwrap(), Platform::Ios)).unwrap();
    let count = |name| registry.app(&key(name)).unwrap().count(&Audience::All).unwrap();
    assert_eq!((count("one"), count("two")), (1, 0));
    let (done, registry) = both(
        |registry| registry.create_app(&key("one"), AppSettings::default()),
        |registry| {
            let one = registry.create_app(&key("one"), AppSettings::default()).unwrap();
            one.register(&Registration::new("phone".parse().unwrap(), Platform::Ios)).unwrap();
        },
    );
    assert!(matches!(done, Err(Error::AppExists { .. })), "the second");
    assert_eq!(registry.app(&key("one")).unwrap().count(&Audience::All).unwrap(), 1);
}
