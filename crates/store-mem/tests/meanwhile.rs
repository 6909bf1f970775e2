//! Changes by another caller between the reads of an operation and its commit.
#![allow(clippy::unwrap_used, reason = "in tests a panic is a failed test")]

use rollbook::store::{Committed, Place, Store, StoreError, StoreInfo, WriteSet};
use rollbook::{
    AliasOverflow, App, AppId, AppKey, AppSettings, Audience, Command, DeviceId, DeviceUpdate, Error,
    EventQuery, Limits, ManualClock, NewEvent, Platform, PlatformSet, Registration, Registry, Set, Timestamp,
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

/// Does one thing to the app with the phone while another one happens.
fn both_in_app<T>(
    one: impl FnOnce(&App<Meanwhile>) -> T,
    meanwhile: impl FnOnce(&App<Meanwhile>) + Send + 'static,
) -> (T, App<Meanwhile>) {
    let (app, act) = app();
    let tags = vec!["vip".parse().unwrap()];
    let alias = Some("home".parse().unwrap());
    let phone = Registration::new("phone".parse().unwrap(), Platform::Ios);
    app.register(&Registration { tags, alias, ..phone }).unwrap();
    app.register(&Registration { user: Some("bob".parse().unwrap()), ..tablet() }).unwrap();
    let other = app.clone();
    *act.lock().unwrap() = Some(Box::new(move || meanwhile(&other)));
    let done = one(&app);
    assert!(act.lock().unwrap().is_none(), "nothing was committed");
    (done, app)
}

fn tablet() -> Registration {
    Registration::new("tablet".parse().unwrap(), Platform::Android)
}

#[test]
fn what_is_deleted_meanwhile_does_not_come_back_with_a_device_that_moves() {
    let moves = |app: &App<Meanwhile>| {
        app.register(&Registration::new("phone".parse().unwrap(), Platform::Harmony)).unwrap();
    };
    let ((), app) = both_in_app(moves, |app| {
        app.delete_alias(&"home".parse().unwrap(), PlatformSet::ALL).unwrap();
    });
    let phone = app.device(&"phone".parse().unwrap()).unwrap();
    assert_eq!((phone.platform, phone.alias, phone.tags.len()), (Platform::Harmony, None, 1));
    let ((), app) = both_in_app(moves, |app| {
        app.delete_tag(&"vip".parse().unwrap(), PlatformSet::ALL).unwrap();
    });
    let phone = app.device(&"phone".parse().unwrap()).unwrap();
    assert_eq!((phone.alias, phone.tags.len()), (Some("home".parse().unwrap()), 0));
}

#[test]
fn two_users_whose_deletions_meet_are_both_deleted() {
    let (deleted, app) = both_in_app(
        |app| app.delete_user(&"ann".parse().unwrap()),
        |app| {
            app.delete_user(&"bob".parse().unwrap()).unwrap();
        },
    );
    assert_eq!(deleted.unwrap().devices, 1);
    assert_eq!(app.count(&Audience::All).unwrap(), 0);
    // A deletion that is cut off holds its number.
    let ((), app) = both_in_app(
        |app| {
            app.batch(&["ann", "nobody"].map(|name| Command::DeleteUser(name.parse().unwrap()))).unwrap();
        },
        |app| {
            app.batch(&[Command::DeleteUser("bob".parse().unwrap())]).unwrap();
        },
    );
    assert_eq!((app.count(&Audience::All).unwrap(), app.resume_deletions().unwrap()), (0, 0));
}

#[test]
fn a_device_that_registers_meanwhile_is_signed_out_with_the_others_of_its_user() {
    let ann = || "ann".parse().unwrap();
    let (signed_out, app) = both_in_app(
        |app| app.sign_out_user(&ann()),
        move |app| {
            app.register(&Registration { user: Some(ann()), ..tablet() }).unwrap();
        },
    );
    assert_eq!(signed_out.unwrap(), 2);
    assert!(app.user_devices(&"ann".parse().unwrap(), PlatformSet::ALL).unwrap().is_empty());
}

#[test]
fn a_device_that_is_seen_meanwhile_is_not_removed_for_being_unseen() {
    let begun = Timestamp::from_secs(1_700_000_000);
    let (clock, act) = (Arc::new(ManualClock::at(begun)), Arc::new(Mutex::new(None::<Act>)));
    let store = Meanwhile { store: MemStore::new(), act: Arc::clone(&act) };
    let registry = Registry::builder(store).clock(Arc::clone(&clock)).build();
    let app = registry.create_app(&key("shop"), AppSettings::default()).unwrap();
    app.register(&Registration::new("phone".parse().unwrap(), Platform::Ios)).unwrap();
    app.register(&tablet()).unwrap();
    clock.advance(100);
    let other = app.clone();
    *act.lock().unwrap() = Some(Box::new(move || other.touch(&["phone".parse().unwrap()]).unwrap()));
    assert_eq!(app.remove_unseen(begun.plus(50), 10).unwrap(), ["tablet".parse().unwrap()]);
    assert!(app.device(&"phone".parse().unwrap()).is_ok());
}

/// Binds the alias to a third device in an app that lets two have it, while something happens to the older ones, `phone`
/// and `tablet`. Returns the devices that lost it for that, and those that have it.
fn third(meanwhile: impl FnOnce(&App<Meanwhile>) + Send + 'static) -> (Vec<DeviceId>, Vec<DeviceId>) {
    let (registry, act) = register();
    let alias_overflow = AliasOverflow::EvictOldest;
    let limits = Limits { devices_per_alias: Some(2), alias_overflow, ..Limits::default() };
    registry.set_limits(&key("shop"), &limits).unwrap();
    let app = registry.app(&key("shop")).unwrap();
    let bound = |id: &str, user: &str| Registration {
        alias: Some("home".parse().unwrap()),
        user: Some(user.parse().unwrap()),
        ..Registration::new(id.parse().unwrap(), Platform::Ios)
    };
    app.register(&bound("phone", "ann")).unwrap();
    app.register(&bound("tablet", "bob")).unwrap();
    let other = app.clone();
    *act.lock().unwrap() = Some(Box::new(move || meanwhile(&other)));
    let done = app.register(&bound("watch", "carol")).unwrap();
    assert!(act.lock().unwrap().is_none(), "nothing was committed");
    (done.evicted, app.alias_devices(&"home".parse().unwrap(), PlatformSet::ALL).unwrap())
}

#[test]
fn the_oldest_device_of_an_alias_gives_way_as_it_is_when_the_new_one_is_bound() {
    let ids = |ids: &[&str]| ids.iter().map(|id| id.parse().unwrap()).collect::<Vec<DeviceId>>();
    let update = |app: &App<Meanwhile>, alias| {
        let alias = DeviceUpdate { alias, ..DeviceUpdate::default() };
        app.update(&"phone".parse().unwrap(), &alias).unwrap();
    };
    assert_eq!(third(|_| {}), (ids(&["phone"]), ids(&["tablet", "watch"])));
    // It lost the alias and got it back: now the other one is older.
    let got_back = third(move |app| {
        update(app, Set::Clear);
        update(app, Set::To("home".parse().unwrap()));
    });
    assert_eq!(got_back, (ids(&["tablet"]), ids(&["phone", "watch"])));
    // Nobody gives way to one for which there is room.
    let lost = third(move |app| update(app, Set::Clear));
    assert_eq!(lost, (ids(&[]), ids(&["tablet", "watch"])));
    let dropped = third(|app| app.delete_alias(&"home".parse().unwrap(), PlatformSet::ALL).unwrap());
    assert_eq!(dropped, (ids(&[]), ids(&["watch"])));
    for (user, left) in [("ann", "tablet"), ("bob", "phone")] {
        let deleted = third(move |app| {
            app.delete_user(&user.parse().unwrap()).unwrap();
        });
        assert_eq!(deleted, (ids(&[]), ids(&[left, "watch"])), "{user}");
    }
}

#[test]
fn no_device_gives_way_to_one_that_is_deleted_meanwhile() {
    let (registry, act) = register();
    let alias_overflow = AliasOverflow::EvictOldest;
    let limits = Limits { devices_per_alias: Some(1), alias_overflow, ..Limits::default() };
    registry.set_limits(&key("shop"), &limits).unwrap();
    let app = registry.app(&key("shop")).unwrap();
    let home = || Some("home".parse().unwrap());
    app.register(&Registration { alias: home(), ..tablet() }).unwrap();
    let phone = Registration::new("phone".parse().unwrap(), Platform::Ios);
    app.register(&Registration { user: Some("ann".parse().unwrap()), ..phone }).unwrap();
    let other = app.clone();
    *act.lock().unwrap() = Some(Box::new(move || {
        other.delete_user(&"ann".parse().unwrap()).unwrap();
    }));
    let alias = Set::To("home".parse().unwrap());
    let update = app.update(&"phone".parse().unwrap(), &DeviceUpdate { alias, ..DeviceUpdate::default() });
    assert!(matches!(update, Err(Error::NotFound { .. })), "{update:?}");
    assert_eq!(app.device(&"tablet".parse().unwrap()).unwrap().alias, home());
}

#[test]
fn an_alias_that_is_filled_meanwhile_is_refused() {
    let (registry, act) = register();
    let limits = Limits { devices_per_alias: Some(2), ..Limits::default() };
    registry.set_limits(&key("shop"), &limits).unwrap();
    let app = registry.app(&key("shop")).unwrap();
    let bound = |id: &str| Registration {
        alias: Some("home".parse().unwrap()),
        ..Registration::new(id.parse().unwrap(), Platform::Ios)
    };
    app.register(&bound("phone")).unwrap();
    let (other, tablet) = (app.clone(), bound("tablet"));
    *act.lock().unwrap() = Some(Box::new(move || {
        other.register(&tablet).unwrap();
    }));
    let refused = app.register(&bound("watch")).unwrap_err().to_string();
    assert_eq!(refused, "alias: devices per alias: must be at most 2: got 3 (\"home\")");
}
