//! Aliases: look up, unbind, delete.

use crate::common::{
    alias, changes_nothing, device, devices, enrol, fixture, platforms, populate, refused, set_alias,
    snapshot, with_alias,
};
use rollbook::{Platform, PlatformSet};

#[test]
fn an_alias_leads_to_all_its_devices_in_byte_order_of_their_ids() {
    let app = fixture().app;
    for (id, platform) in [("b", Platform::Ios), ("c", Platform::Android), ("a", Platform::Unknown)] {
        enrol(&app, id, platform);
        app.update(&device(id), &set_alias("ann")).unwrap();
    }
    let of = |some| app.alias_devices(&alias("ann"), some).unwrap();
    assert_eq!(of(PlatformSet::ALL), devices(&["a", "b", "c"]));
    assert_eq!(of(platforms(&[Platform::Ios, Platform::Android])), devices(&["b", "c"]));
    assert_eq!(of(platforms(&[Platform::Sms])), []);
}

#[test]
fn an_unknown_alias_leads_to_nothing_and_is_no_error() {
    let app = fixture().app;
    populate(&app);
    assert_eq!(app.alias_devices(&alias("x"), PlatformSet::ALL).unwrap(), []);
    changes_nothing(&app, |app| app.delete_alias(&alias("x"), PlatformSet::ALL));
    changes_nothing(&app, |app| app.unbind_alias(&alias("x"), &devices(&["d1"])));
}

#[test]
fn unbinding_takes_the_alias_off_those_that_have_it_and_leaves_the_others() {
    let app = fixture().app;
    populate(&app);
    app.update(&device("d3"), &set_alias("other")).unwrap();
    app.unbind_alias(&alias("annie"), &devices(&["d1", "d3", "d4", "d1"])).unwrap();
    let after = snapshot(&app);
    assert_eq!(after.aliases[&alias("annie")], devices(&["d2"]));
    assert_eq!(after.aliases[&alias("other")], devices(&["d3"]));
    changes_nothing(&app, |app| app.unbind_alias(&alias("annie"), &devices(&["d1", "d3", "d4"])));
    changes_nothing(&app, |app| app.unbind_alias(&alias("annie"), &[]));
}

#[test]
fn every_unknown_device_of_an_unbinding_is_named_and_nothing_is_unbound() {
    let app = fixture().app;
    populate(&app);
    let message = "devices[0]: known: must be a device of the app: got \"x\"; \
                   devices[2]: known: must be a device of the app: got \"y\"";
    refused(&app, message, |app| app.unbind_alias(&alias("annie"), &devices(&["x", "d1", "y"])));
}

#[test]
fn a_deleted_alias_is_gone_with_its_bindings_and_starts_empty_when_made_again() {
    let app = fixture().app;
    populate(&app);
    app.delete_alias(&alias("annie"), PlatformSet::ALL).unwrap();
    assert!(snapshot(&app).aliases.is_empty());
    app.register(&with_alias("d9", "annie")).unwrap();
    assert_eq!(app.alias_devices(&alias("annie"), PlatformSet::ALL).unwrap(), devices(&["d9"]));
    assert_eq!(app.device(&device("d1")).unwrap().alias, None);
    snapshot(&app);
}

#[test]
fn an_alias_deleted_on_some_platforms_stays_on_the_others() {
    let app = fixture().app;
    populate(&app);
    app.delete_alias(&alias("annie"), platforms(&[Platform::Ios])).unwrap();
    assert_eq!(app.alias_devices(&alias("annie"), PlatformSet::ALL).unwrap(), devices(&["d2"]));
    assert_eq!(app.device(&device("d1")).unwrap().alias, None);
    changes_nothing(&app, |app| app.delete_alias(&alias("annie"), platforms(&[Platform::Ios])));
}

#[test]
fn tags_and_aliases_of_one_name_have_nothing_to_do_with_each_other() {
    let app = fixture().app;
    app.register(&with_alias("d1", "same")).unwrap();
    app.update_tag(&crate::common::tag("same"), &devices(&["d1"]), &[]).unwrap();
    app.delete_alias(&alias("same"), PlatformSet::ALL).unwrap();
    assert!(app.has_tag(&device("d1"), &crate::common::tag("same")).unwrap());
}
