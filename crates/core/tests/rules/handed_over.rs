//! What one app gave out, handed to another: cursors are refused, positions lead through one's own data, and codes
//! lead nowhere.

use crate::common::{
    Fixture, TestApp, audience, device, enrol, event, every_event, every_tag, fixture, key, on_device,
    snapshot, tag, with_tags,
};
use rollbook::{
    AppSettings, DeviceCursor, Error, ErrorKind, EventOrder, EventPosition, EventQuery, Platform,
    PlatformSet, Registration, TagName,
};
use std::collections::BTreeSet;

/// The app `shop`, and the app `other` with the same devices and tags, so that every question has an answer in both.
fn twins() -> (Fixture, TestApp) {
    let f = fixture();
    let other = f.registry.create_app(&key("other"), AppSettings::default()).unwrap();
    for app in [&f.app, &other] {
        fill(app, "d");
    }
    (f, other)
}

fn fill(app: &TestApp, prefix: &str) {
    for n in 0..6 {
        let id = format!("{prefix}{n}");
        let tags = vec![tag("news"), tag(&format!("{prefix}_tag{n}"))];
        app.register(&Registration {
            platform: if n % 2 == 0 { Platform::Ios } else { Platform::Android },
            ..with_tags(&id, tags)
        })
        .unwrap();
        app.declare_event(&event("opened")).unwrap();
        app.post_event(&on_device("opened", &id)).unwrap();
    }
}

/// One cursor of every verb that gives one.
fn cursors(app: &TestApp) -> Vec<(&'static str, DeviceCursor)> {
    let all = PlatformSet::ALL;
    vec![
        ("audience", app.audience(&audience("news"), None, 2).unwrap().next.unwrap()),
        ("tag_devices", app.tag_devices(&tag("news"), all, None, 2).unwrap().next.unwrap()),
        ("batches", app.batches(&audience("news"), 2, None).unwrap().next_batch().unwrap().unwrap().cursor),
    ]
}

/// The questions that the cursors are of, asked with a cursor.
fn asked_with(app: &TestApp, cursor: DeviceCursor) -> [Result<usize, Error>; 3] {
    [
        app.audience(&audience("news"), Some(cursor), 2).map(|page| page.items.len()),
        app.tag_devices(&tag("news"), PlatformSet::ALL, Some(cursor), 2).map(|page| page.items.len()),
        app.batches(&audience("news"), 2, Some(cursor)).map(|batches| batches.count()),
    ]
}

#[test]
fn a_cursor_of_another_app_is_refused_by_every_verb_though_the_question_is_the_same() {
    let (f, other) = twins();
    for (verb, cursor) in cursors(&f.app) {
        assert!(asked_with(&f.app, cursor).iter().any(Result::is_ok), "{verb}: good in its own app");
        // Also as it comes back from a client.
        for cursor in [cursor, cursor.to_string().parse().unwrap()] {
            for refused in asked_with(&other, cursor) {
                let refused = refused.unwrap_err();
                assert_eq!(refused.kind(), ErrorKind::Argument, "{verb}");
                // Nothing is in it but what was sent.
                assert_eq!(
                    refused.to_string(),
                    format!(
                        "cursor: known: must come from the same question to the same app: got \"{cursor}\""
                    )
                );
            }
        }
    }
}

#[test]
fn a_cursor_of_a_deleted_app_is_refused_by_the_next_app_of_its_key() {
    let (f, _) = twins();
    let cursors = cursors(&f.app);
    f.registry.delete_app(f.app.key()).unwrap();
    let again = f.registry.create_app(&key("shop"), AppSettings::default()).unwrap();
    fill(&again, "d");
    for (verb, cursor) in cursors {
        assert!(asked_with(&again, cursor).iter().all(Result::is_err), "{verb}");
    }
}

#[test]
fn a_place_in_another_apps_tags_leads_through_ones_own_tags() {
    let f = fixture();
    let other = f.registry.create_app(&key("other"), AppSettings::default()).unwrap();
    fill(&f.app, "mine");
    fill(&other, "other");
    let own: BTreeSet<TagName> =
        every_tag(&other, PlatformSet::ALL).into_iter().map(|count| count.tag).collect();
    for after in every_tag(&f.app, PlatformSet::ALL) {
        let page = other.tags(PlatformSet::ALL, Some(&after.tag), 100).unwrap();
        let behind: Vec<TagName> = own.iter().filter(|tag| **tag > after.tag).cloned().collect();
        assert_eq!(page.items.into_iter().map(|count| count.tag).collect::<Vec<_>>(), behind);
    }
}

#[test]
fn a_place_in_another_apps_history_leads_through_ones_own_history() {
    let f = fixture();
    let other = f.registry.create_app(&key("other"), AppSettings::default()).unwrap();
    fill(&f.app, "mine");
    f.clock.advance(5);
    fill(&other, "other");
    f.clock.advance(5);
    fill(&f.app, "late");
    let oldest = EventQuery { order: EventOrder::OldestFirst, ..EventQuery::default() };
    let own = every_event(&other, &oldest);
    let mut seen = BTreeSet::new();
    let mut after: Option<EventPosition> = None;
    loop {
        let page = f.app.events(&EventQuery { after, limit: 1, ..oldest.clone() }).unwrap();
        let Some(next) = page.next else { break };
        let found = other.events(&EventQuery { after: Some(next), ..oldest.clone() }).unwrap().items;
        assert!(own.ends_with(&found), "more than its own events behind some place: {found:?}");
        seen.insert(found.len());
        after = Some(next);
    }
    assert_eq!((seen.first(), seen.last()), (Some(&0), Some(&own.len())), "both ends were met");
}

#[test]
fn refused_cursors_change_nothing_and_a_device_of_the_same_id_is_another() {
    let (f, other) = twins();
    let before = snapshot(&other);
    for (_, cursor) in cursors(&f.app) {
        asked_with(&other, cursor).into_iter().for_each(|refused| assert!(refused.is_err()));
    }
    enrol(&f.app, "d9", Platform::Harmony);
    f.app.remove(&device("d0")).unwrap();
    assert_eq!(snapshot(&other), before);
}
