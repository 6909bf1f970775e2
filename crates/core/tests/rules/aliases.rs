//! Aliases: look up, unbind, delete.

use crate::common::{
    alias, changes_nothing, device, devices, enrol, fixture, fixture_of, platforms, populate, refused,
    set_alias, snapshot, with_alias,
};
use rollbook::{Limits, Platform, PlatformSet};

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
fn pages_of_an_alias_are_complete_and_filtered_by_platform_before_they_are_cut() {
    let app = fixture_of(Limits::unlimited()).app;
    for n in 0..30 {
        let platform = if n < 20 { Platform::Ios } else { Platform::Android };
        enrol(&app, &format!("d{n:02}"), platform);
        app.update(&device(&format!("d{n:02}")), &set_alias("ann")).unwrap();
    }
    app.remove(&device("d03")).unwrap();
    let (ann, all) = (alias("ann"), PlatformSet::ALL);
    let mut read = Vec::new();
    let mut after = None;
    loop {
        let page = app.alias_page(&ann, all, after, 7).unwrap();
        assert!(page.items.len() <= 7);
        read.extend(page.items);
        match page.next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    read.sort();
    assert_eq!(read, app.alias_devices(&ann, all).unwrap());
    let android = app.alias_page(&ann, platforms(&[Platform::Android]), None, 10).unwrap();
    assert_eq!((android.items.len(), android.next), (10, None));
    assert_eq!(app.alias_page(&alias("x"), all, None, 0).unwrap().items, []);
    let cursor = app.alias_page(&ann, all, None, 1).unwrap().next;
    assert!(app.alias_page(&alias("x"), all, cursor, 1).is_err(), "a cursor of another alias");
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
