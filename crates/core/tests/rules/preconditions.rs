//! What a commit relies on: as little as keeps it right, so that writers that do not disturb each other do not wait for
//! each other.

use crate::common::{alias, device, devices, key, tag, tags, user, with_user};
use crate::recording::Recording;
use rollbook::store::Check;
use rollbook::{
    App, AppSettings, Command, DeviceUpdate, Platform, PlatformSet, Registration, Registry, Set, TagsChange,
};

/// An app with the devices `d1`, `d2` (tagged `old`), which are Ann's, and `d3`.
fn app() -> (Registry<Recording>, App<Recording>) {
    let registry = Registry::builder(Recording::default()).build();
    let app = registry.create_app(&key("shop"), AppSettings::default()).unwrap();
    app.register(&with_user("d1", "ann")).unwrap();
    app.register(&Registration { tags: tags(&["old"]), ..with_user("d2", "ann") }).unwrap();
    app.register(&Registration::new(device("d3"), Platform::Android)).unwrap();
    (registry, app)
}

/// How many devices' versions, and how many devices' rooms for a tag, the commit of this relies on.
fn relied_on(work: impl FnOnce(&App<Recording>)) -> (usize, usize) {
    let (registry, app) = app();
    let commits = registry.store().commits(|| work(&app));
    // Others may follow the first, such as the steps of a deletion.
    let checks = &commits.first().unwrap_or_else(|| panic!("nothing was committed")).checks;
    assert!(checks.iter().any(|check| matches!(check, Check::Open)));
    let versions = checks.iter().filter(|check| matches!(check, Check::Unchanged { .. })).count();
    let rooms = checks.iter().map(|check| match check {
        Check::Room { devices, .. } => devices.len(),
        _ => 0,
    });
    (versions, rooms.sum())
}

fn change(add: &[&str], remove: &[&str]) -> DeviceUpdate {
    let tags = TagsChange::Change { add: tags(add), remove: tags(remove) };
    DeviceUpdate { tags, ..DeviceUpdate::default() }
}

fn update(id: &str, update: &DeviceUpdate) -> impl FnOnce(&App<Recording>) {
    move |app| app.update(&device(id), update).map(drop).unwrap()
}

#[test]
fn one_tag_on_a_device_relies_on_its_room_and_one_off_it_on_nothing_of_it() {
    assert_eq!(relied_on(update("d1", &change(&["new"], &[]))), (0, 1));
    assert_eq!(relied_on(update("d2", &change(&[], &["old"]))), (0, 0));
    let both = devices(&["d1", "d3"]);
    assert_eq!(relied_on(|app| app.update_tag(&tag("new"), &both, &[]).unwrap()), (0, 2));
    assert_eq!(relied_on(|app| app.update_tag(&tag("old"), &both, &devices(&["d2"])).unwrap()), (0, 2));
}

#[test]
fn every_other_change_of_a_device_relies_on_its_version() {
    let of = |alias, mobile| DeviceUpdate { alias, mobile, ..DeviceUpdate::default() };
    for changed in [
        change(&["new", "newer"], &[]),
        change(&["new"], &["old"]),
        DeviceUpdate { tags: TagsChange::Clear, ..DeviceUpdate::default() },
        of(Set::To(alias("a")), Set::Keep),
        of(Set::Keep, Set::To("13012345678".parse().unwrap())),
        DeviceUpdate { alias: Set::To(alias("a")), ..change(&["new"], &[]) },
        DeviceUpdate { mobile: Set::To("13012345678".parse().unwrap()), ..change(&["new"], &[]) },
    ] {
        assert_eq!(relied_on(update("d2", &changed)), (1, 0), "{changed:?}");
    }
    let to_bob = |app: &App<Recording>| {
        app.register_user(&device("d2"), Some(&user("bob")), None, None).map(drop).unwrap();
    };
    assert_eq!(relied_on(to_bob), (1, 0));
    assert_eq!(relied_on(|app| drop(app.remove(&device("d2")).unwrap())), (1, 0));
}

#[test]
fn a_batch_relies_on_the_version_of_every_device_that_it_looked_at_but_not_of_those_that_go_with_their_user()
{
    let batch = |commands: Vec<Command>| {
        relied_on(move |app| {
            app.batch(&commands).unwrap();
        })
    };
    let update = |id: &str, update| Command::Update { device: device(id), update };
    assert_eq!(batch(vec![update("d1", change(&["new"], &[]))]), (1, 0));
    let as_it_is = Registration::new(device("d3"), Platform::Android);
    assert_eq!(batch(vec![Command::Register(as_it_is), update("d1", change(&["new"], &[]))]), (2, 0));
    assert_eq!(batch(vec![Command::DeleteUser(user("ann"))]), (0, 0));
    assert_eq!(batch(vec![Command::DeleteUser(user("ann")), update("d3", change(&["new"], &[]))]), (1, 0));
}

#[test]
fn a_tag_or_alias_that_no_device_has_is_deleted_without_a_commit() {
    let (registry, app) = app();
    let commits = registry.store().commits(|| {
        app.delete_tag(&tag("nobodys"), PlatformSet::ALL).unwrap();
        app.delete_alias(&alias("nobodys"), PlatformSet::ALL).unwrap();
        app.delete_tag(&tag("old"), Platform::Android.into()).unwrap();
    });
    assert_eq!(commits, []);
}
