//! Tags: list, count, ask, update, delete.

use crate::common::{
    changes_nothing, device, devices, enrol, every_device_of, every_tag, fixture, fixture_of, many_devices,
    platforms, populate, refused, snapshot, tag, tags, with_tags,
};
use rollbook::{Command, Limits, Platform, PlatformSet, Registration, TagCount};

#[test]
fn the_list_of_tags_is_in_byte_order_with_exact_counts() {
    let app = fixture().app;
    app.register(&with_tags("d1", tags(&["b", "B", "汉", "_", "a1"]))).unwrap();
    app.register(&with_tags("d2", tags(&["b", "汉"]))).unwrap();
    let listed: Vec<(String, u64)> = every_tag(&app, PlatformSet::ALL)
        .into_iter()
        .map(|count| (count.tag.to_string(), count.devices))
        .collect();
    let expected = [("B", 1), ("_", 1), ("a1", 1), ("b", 2), ("汉", 2)];
    assert_eq!(listed, expected.map(|(name, devices)| (name.to_owned(), devices)));
}

#[test]
fn tags_of_one_length_that_end_alike_are_different_tags() {
    let app = fixture().app;
    app.register(&with_tags("d1", tags(&["a_12345678", "b_12345678"]))).unwrap();
    assert_eq!(app.device(&device("d1")).unwrap().tags, tags(&["a_12345678", "b_12345678"]));
    app.update(&device("d1"), &crate::common::change_tags(tags(&["c_12345678"]), tags(&["a_12345678"])))
        .unwrap();
    assert_eq!(app.device(&device("d1")).unwrap().tags, tags(&["b_12345678", "c_12345678"]));
}

#[test]
fn the_list_of_tags_is_complete_whatever_the_page() {
    let app = fixture().app;
    let names = crate::common::many_tags(230);
    for list in names.chunks(100) {
        app.register(&with_tags("d1", list.to_vec())).unwrap();
    }
    for limit in [0, 1, 7, 100, 229, 230, 231, usize::MAX] {
        let mut all = Vec::new();
        let mut after = None;
        loop {
            let page = app.tags(PlatformSet::ALL, after.as_ref(), limit).unwrap();
            assert!(page.items.len() <= limit.max(1));
            all.extend(page.items.into_iter().map(|count| count.tag));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(all, names, "{limit} on a page");
    }
}

#[test]
fn on_some_platforms_tags_are_listed_and_counted_for_those() {
    let app = fixture().app;
    populate(&app);
    let on = |some: &[Platform]| every_tag(&app, platforms(some));
    let count = |name, devices| TagCount { tag: tag(name), devices };
    assert_eq!(on(&[Platform::Ios]), [count("news", 1), count("vip", 1)]);
    assert_eq!(on(&[Platform::Android]), [count("news", 1)]);
    assert_eq!(
        on(&[Platform::Ios, Platform::Android, Platform::Harmony]),
        [count("news", 2), count("vip", 2)]
    );
    assert_eq!(on(&[Platform::Sms]), []);
    assert_eq!(every_device_of(&app, &tag("vip"), platforms(&[Platform::Harmony])), devices(&["d4"]));
}

#[test]
fn a_tag_exists_while_a_device_carries_it() {
    let app = fixture().app;
    app.register(&with_tags("d1", tags(&["t"]))).unwrap();
    app.register(&with_tags("d2", tags(&["t"]))).unwrap();
    app.remove(&device("d1")).unwrap();
    assert_eq!(every_tag(&app, PlatformSet::ALL).len(), 1);
    app.update_tag(&tag("t"), &[], &devices(&["d2"])).unwrap();
    assert_eq!(every_tag(&app, PlatformSet::ALL).len(), 0);
}

#[test]
fn is_a_device_in_a_tag_is_yes_or_no_and_no_for_an_unknown_tag() {
    let app = fixture().app;
    populate(&app);
    assert!(app.has_tag(&device("d1"), &tag("vip")).unwrap());
    assert!(!app.has_tag(&device("d2"), &tag("vip")).unwrap());
    assert!(!app.has_tag(&device("d1"), &tag("nobody:has:this")).unwrap());
    refused(&app, "device not found: \"x\"", |app| app.has_tag(&device("x"), &tag("vip")));
}

#[test]
fn an_unknown_tag_has_no_devices() {
    let app = fixture().app;
    populate(&app);
    assert_eq!(app.tag_count(&tag("x"), PlatformSet::ALL).unwrap(), 0);
    assert_eq!(app.tag_devices(&tag("x"), PlatformSet::ALL, None, 10).unwrap().items, []);
}

#[test]
fn the_devices_of_a_tag_are_complete_in_a_stable_order_whatever_the_page() {
    let app = fixture().app;
    let ids = many_devices(40);
    for (n, id) in ids.iter().enumerate() {
        let platform = [Platform::Ios, Platform::Android, Platform::Unknown][n % 3];
        app.register(&Registration { tags: tags(&["t"]), ..Registration::new(id.clone(), platform) })
            .unwrap();
    }
    let whole = app.tag_devices(&tag("t"), PlatformSet::ALL, None, 1000).unwrap();
    assert_eq!((whole.items.len(), whole.next), (40, None));
    for limit in [0, 1, 3, 13, 14, 39, 40, 41] {
        let mut all = Vec::new();
        let mut after = None;
        loop {
            let page = app.tag_devices(&tag("t"), PlatformSet::ALL, after, limit).unwrap();
            all.extend(page.items);
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(all, whole.items, "{limit} on a page");
    }
}

#[test]
fn a_device_that_stays_is_on_one_page_exactly_whatever_comes_and_goes() {
    let app = fixture().app;
    for id in many_devices(20) {
        app.register(&Registration { tags: tags(&["t"]), ..Registration::new(id, Platform::Ios) }).unwrap();
    }
    let first = app.tag_devices(&tag("t"), PlatformSet::ALL, None, 10).unwrap();
    app.remove(&device("n0003")).unwrap();
    app.remove(&device("n0012")).unwrap();
    app.register(&with_tags("a-late-one", tags(&["t"]))).unwrap();
    let second = app.tag_devices(&tag("t"), PlatformSet::ALL, first.next, 100).unwrap();
    let both = [first.items, second.items].concat();
    for id in many_devices(20).iter().filter(|id| !["n0003", "n0012"].contains(&id.as_str())) {
        assert_eq!(both.iter().filter(|listed| *listed == id).count(), 1, "{id}");
    }
}

#[test]
fn a_tag_is_put_on_some_devices_and_taken_off_others_at_once() {
    let app = fixture().app;
    populate(&app);
    app.update_tag(&tag("news"), &devices(&["d3", "d4"]), &devices(&["d1"])).unwrap();
    let mut carriers = every_device_of(&app, &tag("news"), PlatformSet::ALL);
    carriers.sort();
    assert_eq!(carriers, devices(&["d2", "d3", "d4"]));
    changes_nothing(&app, |app| app.update_tag(&tag("news"), &devices(&["d3"]), &devices(&["d1"])));
}

#[test]
fn a_device_in_both_lists_ends_up_with_the_tag() {
    let app = fixture().app;
    populate(&app);
    app.update_tag(&tag("both"), &devices(&["d1"]), &devices(&["d1"])).unwrap();
    assert!(app.has_tag(&device("d1"), &tag("both")).unwrap());
    changes_nothing(&app, |app| app.update_tag(&tag("both"), &devices(&["d1"]), &devices(&["d1"])));
}

#[test]
fn taking_an_unknown_tag_off_a_device_succeeds() {
    let app = fixture().app;
    populate(&app);
    changes_nothing(&app, |app| app.update_tag(&tag("x"), &[], &devices(&["d1"])));
}

#[test]
fn every_failing_device_of_a_tag_update_is_named_by_its_index_with_its_own_reason() {
    let app = fixture_of(Limits { tags_per_device: Some(1), ..Limits::default() }).app;
    app.register(&with_tags("full", tags(&["other"]))).unwrap();
    app.register(&with_tags("has", tags(&["t"]))).unwrap();
    enrol(&app, "free", Platform::Ios);
    let unknown = "known: must be a device of the app: got";
    let full = "tags per device: must be at most 1: got 2";
    let message = format!(
        "add[1]: {unknown} \"x\"; add[2]: {full}; add[4]: {unknown} \"y\"; add[5]: {full}; remove[1]: {unknown} \"z\""
    );
    let add = devices(&["free", "x", "full", "has", "y", "full"]);
    let remove = devices(&["has", "z"]);
    refused(&app, &message, |app| app.update_tag(&tag("t"), &add, &remove));
    let command = Command::UpdateTag { tag: tag("t"), add: add.clone(), remove: remove.clone() };
    refused(&app, &format!("operation 0: {message}"), |app| app.batch(std::slice::from_ref(&command)));
    app.update_tag(&tag("t"), &devices(&["free", "has"]), &[]).unwrap();
}

#[test]
fn a_tag_update_without_lists_is_an_argument_error() {
    let app = fixture().app;
    populate(&app);
    refused(&app, "add or remove: present: one of them must name devices: got none", |app| {
        app.update_tag(&tag("news"), &[], &[])
    });
}

#[test]
fn a_deleted_tag_is_on_no_device_and_not_in_the_list() {
    let app = fixture().app;
    populate(&app);
    app.delete_tag(&tag("news"), PlatformSet::ALL).unwrap();
    let after = snapshot(&app);
    assert!(after.devices.values().all(|device| !device.tags.contains(&tag("news"))));
    assert_eq!(after.tags, [TagCount { tag: tag("vip"), devices: 2 }]);
    assert!(!app.has_tag(&device("d1"), &tag("news")).unwrap());
    changes_nothing(&app, |app| app.delete_tag(&tag("news"), PlatformSet::ALL));
}

#[test]
fn deleting_an_unknown_tag_succeeds() {
    let app = fixture().app;
    populate(&app);
    changes_nothing(&app, |app| app.delete_tag(&tag("x"), PlatformSet::ALL));
}

#[test]
fn a_tag_deleted_on_some_platforms_stays_on_the_others() {
    let app = fixture().app;
    populate(&app);
    app.delete_tag(&tag("news"), platforms(&[Platform::Ios, Platform::Sms])).unwrap();
    assert!(!app.has_tag(&device("d1"), &tag("news")).unwrap());
    assert!(app.has_tag(&device("d2"), &tag("news")).unwrap());
    assert_eq!(app.tag_count(&tag("news"), PlatformSet::ALL).unwrap(), 1);
    changes_nothing(&app, |app| app.delete_tag(&tag("news"), platforms(&[Platform::Ios])));
}

#[test]
fn a_tag_made_again_starts_empty() {
    let app = fixture().app;
    for round in 0..3 {
        app.register(&with_tags("d1", tags(&["t", "keep"]))).unwrap();
        app.register(&with_tags(&format!("r{round}"), tags(&["t"]))).unwrap();
        app.delete_tag(&tag("t"), PlatformSet::ALL).unwrap();
        app.register(&with_tags("d2", tags(&["t"]))).unwrap();
        assert_eq!(every_device_of(&app, &tag("t"), PlatformSet::ALL), devices(&["d2"]));
        assert_eq!(app.device(&device("d1")).unwrap().tags, tags(&["keep"]));
        snapshot(&app);
        app.delete_tag(&tag("t"), platforms(&[Platform::Ios])).unwrap();
    }
}

#[test]
fn deleting_a_tag_does_not_count_as_a_change_of_its_devices() {
    let app = fixture().app;
    populate(&app);
    let before = app.device(&device("d1")).unwrap().version;
    app.delete_tag(&tag("news"), PlatformSet::ALL).unwrap();
    assert_eq!(app.device(&device("d1")).unwrap().version, before);
}
