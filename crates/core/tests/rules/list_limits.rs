//! Lists: how many items, how many bytes, counted as they are sent.

use crate::common::{
    TestApp, alias, change_tags, changes_nothing, device, every_device_of, fixture, fixture_of, many_devices,
    many_tags, refused, tag, with_tags,
};
use rollbook::{Command, DeviceId, Limits, Platform, PlatformSet, Registration, TagName};

/// Registers the devices, a thousand in a batch.
fn enrol_all(app: &TestApp, ids: &[DeviceId]) {
    for thousand in ids.chunks(1000) {
        let one = |id: &DeviceId| Command::Register(Registration::new(id.clone(), Platform::Ios));
        app.batch(&thousand.iter().map(one).collect::<Vec<_>>()).unwrap();
    }
}

/// Different tags whose bytes are so many in sum: as many as go in of 40 bytes and 16 characters, and a rest.
fn tags_of_bytes(bytes: usize) -> Vec<TagName> {
    let mut all: Vec<TagName> = (0..bytes / 40).map(|n| tag(&format!("{n:04}{}", "汉".repeat(12)))).collect();
    if !bytes.is_multiple_of(40) {
        all.push(tag(&"r".repeat(bytes % 40)));
    }
    assert_eq!(all.iter().map(|tag| tag.as_str().len()).sum::<usize>(), bytes);
    all
}

#[test]
fn an_add_list_and_a_remove_list_of_a_device_hold_100_tags_each() {
    let app = fixture().app;
    app.register(&with_tags("d1", vec![])).unwrap();
    for add in [many_tags(99), many_tags(100)] {
        app.update(&device("d1"), &change_tags(add, vec![])).unwrap();
    }
    assert_eq!(app.device(&device("d1")).unwrap().tags, many_tags(100));
    for remove in [many_tags(99), many_tags(100)] {
        app.update(&device("d1"), &change_tags(vec![], remove)).unwrap();
    }
    assert!(app.device(&device("d1")).unwrap().tags.is_empty());
    let others = (0..100).map(|n| tag(&format!("o{n}"))).collect();
    app.update(&device("d1"), &change_tags(many_tags(100), others)).unwrap();

    let rule = "items: must be at most 100: got 101";
    refused(&app, &format!("tags.add: {rule}"), |app| {
        app.update(&device("d1"), &change_tags(many_tags(101), vec![]))
    });
    refused(&app, &format!("tags.remove: {rule}"), |app| {
        app.update(&device("d1"), &change_tags(vec![], many_tags(101)))
    });
    refused(&app, &format!("tags.add: {rule}; tags.remove: {rule}"), |app| {
        app.update(&device("d1"), &change_tags(many_tags(101), many_tags(101)))
    });
}

#[test]
fn each_list_of_tags_holds_1000_bytes_of_the_tags_themselves() {
    let app = fixture().app;
    app.register(&with_tags("d1", vec![])).unwrap();
    for bytes in [999, 1000] {
        app.update(&device("d1"), &change_tags(tags_of_bytes(bytes), vec![])).unwrap();
    }
    for bytes in [999, 1000] {
        app.update(&device("d1"), &change_tags(vec![], tags_of_bytes(bytes))).unwrap();
    }
    app.update(&device("d1"), &change_tags(tags_of_bytes(1000), tags_of_bytes(1000))).unwrap();

    let rule = "total bytes: must be at most 1000: got 1001";
    refused(&app, &format!("tags.add: {rule}"), |app| {
        app.update(&device("d1"), &change_tags(tags_of_bytes(1001), vec![]))
    });
    refused(&app, &format!("tags.remove: {rule}"), |app| {
        app.update(&device("d1"), &change_tags(vec![], tags_of_bytes(1001)))
    });
}

#[test]
fn the_tags_of_a_registration_are_one_add_list() {
    let app = fixture().app;
    app.register(&with_tags("d1", many_tags(99))).unwrap();
    app.register(&with_tags("d2", many_tags(100))).unwrap();
    app.register(&with_tags("d3", tags_of_bytes(999))).unwrap();
    app.register(&with_tags("d4", tags_of_bytes(1000))).unwrap();
    refused(&app, "tags: items: must be at most 100: got 101", |app| {
        app.register(&with_tags("d5", many_tags(101)))
    });
    refused(&app, "tags: total bytes: must be at most 1000: got 1001", |app| {
        app.register(&with_tags("d5", tags_of_bytes(1001)))
    });
}

#[test]
fn a_list_is_counted_as_it_was_sent_and_works_as_the_set() {
    let app = fixture().app;
    app.register(&with_tags("d1", vec![tag("same"); 100])).unwrap();
    assert_eq!(app.device(&device("d1")).unwrap().tags, [tag("same")]);
    refused(&app, "tags: items: must be at most 100: got 101", |app| {
        app.register(&with_tags("d1", vec![tag("same"); 101]))
    });
    refused(&app, "tags.add: items: must be at most 100: got 101", |app| {
        app.update(&device("d1"), &change_tags(vec![tag("same"); 101], vec![]))
    });
    refused(&app, "tags.remove: items: must be at most 100: got 101", |app| {
        app.update(&device("d1"), &change_tags(vec![], vec![tag("same"); 101]))
    });
    // 25 times the same 40 bytes are a list of 1 000 bytes, and 26 times are one of 1 040.
    let long = tag(&"a".repeat(40));
    app.update(&device("d1"), &change_tags(vec![long.clone(); 25], vec![])).unwrap();
    refused(&app, "tags.add: total bytes: must be at most 1000: got 1040", |app| {
        app.update(&device("d1"), &change_tags(vec![long.clone(); 26], vec![]))
    });

    app.update_tag(&tag("t"), &vec![device("d1"); 1000], &vec![device("d1"); 1000]).unwrap();
    assert_eq!(app.tag_count(&tag("t"), PlatformSet::ALL).unwrap(), 1);
    for (add, remove, field) in [(1001, 0, "add"), (0, 1001, "remove")] {
        refused(&app, &format!("{field}: items: must be at most 1000: got 1001"), |app| {
            app.update_tag(&tag("t"), &vec![device("d1"); add], &vec![device("d1"); remove])
        });
    }
    app.update_tag(&tag("t"), &[], &vec![device("d1"); 1000]).unwrap();
    assert_eq!(app.tag_count(&tag("t"), PlatformSet::ALL).unwrap(), 0);
}

#[test]
fn an_add_list_and_a_remove_list_of_a_tag_hold_1000_devices_each() {
    let app = fixture().app;
    let ids = many_devices(2001);
    enrol_all(&app, &ids);
    let count = || app.tag_count(&tag("t"), PlatformSet::ALL).unwrap();
    app.update_tag(&tag("t"), &ids[..999], &[]).unwrap();
    app.update_tag(&tag("t"), &ids[..1000], &[]).unwrap();
    assert_eq!(count(), 1000);
    app.update_tag(&tag("t"), &ids[1000..2000], &ids[..1000]).unwrap();
    assert_eq!(every_device_of(&app, &tag("t"), PlatformSet::ALL), ids[1000..2000]);

    for (add, remove, message) in [
        (1001, 0, "add: items: must be at most 1000: got 1001"),
        (0, 1001, "remove: items: must be at most 1000: got 1001"),
        (
            1002,
            1001,
            "add: items: must be at most 1000: got 1002; remove: items: must be at most 1000: got 1001",
        ),
    ] {
        let error = app.update_tag(&tag("t"), &ids[..add], &ids[2001 - remove..]).unwrap_err();
        assert_eq!(error.to_string(), message);
        assert_eq!(count(), 1000);
    }
    app.update_tag(&tag("t"), &[], &ids[1000..1999]).unwrap();
    app.update_tag(&tag("t"), &[], &ids[1000..2000]).unwrap();
    assert_eq!(count(), 0);
}

#[test]
fn a_list_of_devices_that_lose_an_alias_holds_1000() {
    let app = fixture().app;
    app.register(&Registration { alias: Some(alias("ann")), ..with_tags("d1", vec![]) }).unwrap();
    refused(&app, "devices: items: must be at most 1000: got 1001", |app| {
        app.unbind_alias(&alias("ann"), &vec![device("d1"); 1001])
    });
    app.unbind_alias(&alias("ann"), &vec![device("d1"); 1000]).unwrap();
    changes_nothing(&app, |app| app.unbind_alias(&alias("ann"), &vec![device("d1"); 999]));
    assert_eq!(app.device(&device("d1")).unwrap().alias, None);
}

#[test]
fn a_batch_holds_1000_operations() {
    let app = fixture().app;
    let commands = |how_many| vec![Command::Register(with_tags("d1", vec![])); how_many];
    assert_eq!(app.batch(&commands(999)).unwrap().len(), 999);
    assert_eq!(app.batch(&commands(1000)).unwrap().len(), 1000);
    app.dry_run(&commands(1000)).unwrap();
    let message = "operations: items: must be at most 1000: got 1001";
    refused(&app, message, |app| app.batch(&commands(1001)));
    refused(&app, message, |app| app.dry_run(&commands(1001)));
}

#[test]
fn without_limits_lists_hold_any_number() {
    let app = fixture_of(Limits::unlimited()).app;
    let ids = many_devices(1500);
    let one = |id: &DeviceId| Command::Register(Registration::new(id.clone(), Platform::Ios));
    app.batch(&ids.iter().map(one).collect::<Vec<_>>()).unwrap();
    app.update_tag(&tag("t"), &ids, &[]).unwrap();
    assert_eq!(app.tag_count(&tag("t"), PlatformSet::ALL).unwrap(), 1500);
    assert_eq!(app.presence(&ids).unwrap().len(), 1500);
    app.update(&ids[0], &change_tags(many_tags(101), vec![])).unwrap();
    app.update(&ids[0], &change_tags(tags_of_bytes(4000), vec![])).unwrap();
}
