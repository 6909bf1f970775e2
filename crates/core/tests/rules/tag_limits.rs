//! Tags of one device: how many, and what a limit that was lowered leaves possible.

use crate::common::{
    TestApp, change_tags, changes_nothing, device, enrol, every_device_of, fixture, fixture_of, many_tags,
    refused, snapshot, tag, tags, with_tags,
};
use rollbook::{Command, DeviceUpdate, Limits, Platform, PlatformSet, TagName, TagsChange};

/// Gives `d1` so many tags, a list at a time.
fn fill(app: &TestApp, how_many: usize) {
    enrol(app, "d1", Platform::Ios);
    for list in many_tags(how_many).chunks(100) {
        app.update(&device("d1"), &change_tags(list.to_vec(), vec![])).unwrap();
    }
}

fn at_most(most: u32) -> Limits {
    Limits { tags_per_device: Some(most), ..Limits::default() }
}

#[test]
fn a_device_carries_1000_tags_and_not_one_more() {
    let app = fixture().app;
    fill(&app, 999);
    app.update(&device("d1"), &change_tags(vec![tag("last")], vec![])).unwrap();
    assert_eq!(app.device(&device("d1")).unwrap().tags.len(), 1000);
    let rule = "tags per device: must be at most 1000: got";
    refused(&app, &format!("tags.add: {rule} 1001"), |app| {
        app.update(&device("d1"), &change_tags(vec![tag("more")], vec![]))
    });
    refused(&app, &format!("tags.add: {rule} 1003"), |app| {
        app.update(&device("d1"), &change_tags(tags(&["m1", "m2", "m3"]), vec![]))
    });
    refused(&app, &format!("tags: {rule} 1001"), |app| app.register(&with_tags("d1", vec![tag("more")])));
    refused(&app, &format!("add[0]: {rule} 1001"), |app| app.update_tag(&tag("more"), &[device("d1")], &[]));
    refused(&app, &format!("operation 0: add[0]: {rule} 1001"), |app| {
        app.batch(&[Command::UpdateTag { tag: tag("more"), add: vec![device("d1")], remove: vec![] }])
    });
}

#[test]
fn a_new_device_is_held_to_the_limit_of_tags_too() {
    let app = fixture_of(at_most(2)).app;
    app.register(&with_tags("d1", many_tags(1))).unwrap();
    app.register(&with_tags("d2", many_tags(2))).unwrap();
    refused(&app, "tags: tags per device: must be at most 2: got 3", |app| {
        app.register(&with_tags("d3", many_tags(3)))
    });
}

#[test]
fn a_tag_that_the_device_has_takes_no_room() {
    let app = fixture_of(at_most(2)).app;
    app.register(&with_tags("d1", tags(&["a", "b"]))).unwrap();
    changes_nothing(&app, |app| app.register(&with_tags("d1", tags(&["a", "b", "a"]))));
    changes_nothing(&app, |app| app.update(&device("d1"), &change_tags(tags(&["b"]), vec![])));
    changes_nothing(&app, |app| app.update_tag(&tag("a"), &[device("d1")], &[]));
}

#[test]
fn an_update_is_judged_by_what_the_device_has_afterwards() {
    let app = fixture_of(at_most(2)).app;
    app.register(&with_tags("d1", tags(&["a", "b"]))).unwrap();
    app.update(&device("d1"), &change_tags(tags(&["c", "d"]), tags(&["a", "b"]))).unwrap();
    assert_eq!(app.device(&device("d1")).unwrap().tags, tags(&["c", "d"]));
    // A tag that is not there makes no room by going, nor does one that comes back at once.
    for remove in ["zzz", "e"] {
        refused(&app, "tags.add: tags per device: must be at most 2: got 3", |app| {
            app.update(&device("d1"), &change_tags(tags(&["e"]), tags(&[remove])))
        });
    }
}

#[test]
fn above_a_lowered_limit_removing_is_legal_and_growing_is_refused() {
    let f = fixture();
    f.app.register(&with_tags("d1", tags(&["a", "b", "c", "d", "e"]))).unwrap();
    let app = f.relimited(&at_most(2));

    refused(&app, "tags.add: tags per device: must be at most 2: got 6", |app| {
        app.update(&device("d1"), &change_tags(tags(&["f"]), vec![]))
    });
    refused(&app, "tags.add: tags per device: must be at most 2: got 6", |app| {
        app.update(&device("d1"), &change_tags(tags(&["f", "g"]), tags(&["a", "zzz"])))
    });
    refused(&app, "add[0]: tags per device: must be at most 2: got 6", |app| {
        app.update_tag(&tag("f"), &[device("d1")], &[])
    });

    app.update(&device("d1"), &change_tags(vec![], tags(&["a"]))).unwrap();
    app.update_tag(&tag("b"), &[], &[device("d1")]).unwrap();
    app.delete_tag(&tag("c"), PlatformSet::ALL).unwrap();
    assert_eq!(app.device(&device("d1")).unwrap().tags, tags(&["d", "e"]));
    assert!(app.update(&device("d1"), &change_tags(tags(&["f"]), vec![])).is_err());
    app.update(&device("d1"), &change_tags(tags(&["f"]), tags(&["d"]))).unwrap();
    let clear = DeviceUpdate { tags: TagsChange::Clear, ..DeviceUpdate::default() };
    app.update(&device("d1"), &clear).unwrap();
    assert!(app.device(&device("d1")).unwrap().tags.is_empty());
}

#[test]
fn above_a_lowered_limit_an_update_that_adds_no_more_than_it_removes_is_accepted() {
    let f = fixture();
    f.app.register(&with_tags("d1", tags(&["a", "b", "c", "d", "e"]))).unwrap();
    let app = f.relimited(&at_most(2));
    app.update(&device("d1"), &change_tags(tags(&["f"]), tags(&["a"]))).unwrap();
    assert_eq!(app.device(&device("d1")).unwrap().tags, tags(&["b", "c", "d", "e", "f"]));
    app.update(&device("d1"), &change_tags(tags(&["g"]), tags(&["b", "c"]))).unwrap();
    assert_eq!(app.device(&device("d1")).unwrap().tags, tags(&["d", "e", "f", "g"]));
    // The same in a batch, where an operation sees those before it.
    let swap = |add: &str, remove: &str| Command::Update {
        device: device("d1"),
        update: change_tags(tags(&[add]), tags(&[remove])),
    };
    app.batch(&[swap("h", "d"), swap("i", "h")]).unwrap();
    assert_eq!(app.device(&device("d1")).unwrap().tags, tags(&["e", "f", "g", "i"]));
}

#[test]
fn what_exists_above_a_lowered_limit_keeps_working() {
    let f = fixture();
    let five = tags(&["a", "b", "c", "d", "e"]);
    f.app.register(&with_tags("d1", five.clone())).unwrap();
    let app = f.relimited(&at_most(2));
    for tag in &five {
        assert!(app.has_tag(&device("d1"), tag).unwrap());
        assert_eq!(every_device_of(&app, tag, PlatformSet::ALL), [device("d1")]);
    }
    changes_nothing(&app, |app| app.register(&with_tags("d1", tags(&["a"]))));
    enrol(&app, "d1", Platform::Android);
    let moved = app.device(&device("d1")).unwrap();
    assert_eq!((moved.platform, moved.tags), (Platform::Android, five));
}

#[test]
fn without_a_limit_a_device_carries_any_number_of_tags() {
    let app = fixture_of(Limits::unlimited()).app;
    let all: Vec<TagName> = many_tags(2500);
    app.register(&with_tags("d1", all.clone())).unwrap();
    assert_eq!(app.device(&device("d1")).unwrap().tags, all);
    assert_eq!(snapshot(&app).tags.len(), 2500);
}
