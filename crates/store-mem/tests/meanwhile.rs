//! Changes by another caller between the reads of an operation and its commit.
#![allow(clippy::unwrap_used, reason = "in tests a panic is a failed test")]

use rollbook::store::{Committed, Place, Store, StoreError, StoreInfo, WriteSet};
use rollbook::{
    App, AppId, AppKey, AppSettings, Error, EventQuery, NewEvent, Platform, Registration, Registry, Timestamp,
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

/// Makes an app with a device `phone` of the user `ann`, and a cell for the action that runs before the next commit.
fn app() -> (App<Meanwhile>, Arc<Mutex<Option<Act>>>) {
    let act = Arc::new(Mutex::new(None));
    let store = Meanwhile { store: MemStore::new(), act: Arc::clone(&act) };
    let registry = Registry::builder(store).build();
    let app = registry.create_app(&AppKey::new("shop").unwrap(), AppSettings::default()).unwrap();
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
