//! Cursors belong to an app and a question.

use crate::shop::{TestApp, app, app_in, audience, enrol, registry};
use rollbook::{DeviceCursor, ErrorKind, Platform, PlatformSet, TagName};

fn filled(app: &TestApp) {
    for n in 0..10 {
        enrol(app, &format!("d{n}"), if n % 2 == 0 { Platform::Ios } else { Platform::Android }, &["a", "b"]);
    }
}

const OTHER: &str = "cursor: known: must come from the same question to the same app: got ";

#[test]
fn a_cursor_of_another_app_is_refused_though_the_question_is_the_same() {
    let registry = registry();
    let (one, other) = (app_in(&registry, "one"), app_in(&registry, "other"));
    filled(&one);
    filled(&other);
    let next = one.audience(&audience("a"), None, 3).unwrap().next.unwrap();
    assert!(one.audience(&audience("a"), Some(next), 3).is_ok());
    let refused = other.audience(&audience("a"), Some(next), 3).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Argument);
    assert_eq!(refused.to_string(), format!("{OTHER}\"{next}\""));
}

#[test]
fn a_cursor_of_another_question_is_refused() {
    let app = app();
    filled(&app);
    let (a, b) = (TagName::new("a").unwrap(), TagName::new("b").unwrap());
    let of_audience = app.audience(&audience("a"), None, 3).unwrap().next;
    let of_tag = app.tag_devices(&a, PlatformSet::ALL, None, 3).unwrap().next;
    assert!(app.audience(&audience("b"), of_audience, 3).unwrap_err().to_string().starts_with(OTHER));
    assert!(app.audience(&audience("a"), of_tag, 3).is_err());
    assert!(app.batches(&audience("a || b"), 3, of_audience).is_err());
    assert!(app.tag_devices(&a, PlatformSet::ALL, of_audience, 3).is_err());
    assert!(app.tag_devices(&b, PlatformSet::ALL, of_tag, 3).is_err());
    assert!(app.tag_devices(&a, Platform::Ios.into(), of_tag, 3).is_err());
    assert!(app.tag_devices(&a, PlatformSet::ALL, of_tag, 5).is_ok(), "another size is the same question");
    assert!(app.batches(&audience("a"), 3, of_audience).is_ok(), "so are the batches of the audience");
}

#[test]
fn a_text_that_is_no_cursor_is_refused_with_what_it_was() {
    let refused = "d1zz".parse::<DeviceCursor>().unwrap_err();
    assert_eq!(refused.to_string(), "cursor: form: must be a cursor as it was given: got \"d1zz\"");
    let long = "x".repeat(100_000);
    assert!(long.parse::<DeviceCursor>().unwrap_err().to_string().len() < 200);
}

/// A cursor that was made up leads to a place in the question's own answer, or to an error.
#[test]
fn a_made_up_cursor_leads_to_nothing_that_the_question_does_not_answer() {
    let app = app();
    filled(&app);
    let question = audience("a && !platform(android)");
    let next = app.audience(&question, None, 2).unwrap().next.unwrap().to_string();
    let mark = &next[12..];
    for place in ["00ffffffff", "0100000000", "02ffffffff", "10ffffffff", "ff00000000"] {
        let Ok(cursor) = format!("d1{place}{mark}").parse::<DeviceCursor>() else { continue };
        let page = app.audience(&question, Some(cursor), 100).unwrap();
        assert!(page.items.iter().all(|id| app.contains(&question, id).unwrap()));
        app.batches(&question, 2, Some(cursor)).unwrap().for_each(|batch| assert!(batch.is_ok()));
    }
}

#[test]
fn batches_leave_out_who_has_left_and_never_name_who_took_the_place() {
    let app = app();
    filled(&app);
    let mut batches = app.batches(&audience("a"), 2, None).unwrap();
    let first = batches.next_batch().unwrap().unwrap();
    for n in 0..10 {
        let id = crate::shop::id(&format!("d{n}"));
        if !first.devices.contains(&id) && n != 9 {
            app.remove(&id).unwrap();
            enrol(
                &app,
                &format!("new{n}"),
                if n % 2 == 0 { Platform::Ios } else { Platform::Android },
                &["a"],
            );
        }
    }
    let rest: Vec<_> = batches.map(|batch| batch.unwrap()).collect();
    assert_eq!(rest.len(), 1, "no batch is empty: {rest:?}");
    assert_eq!(rest[0].devices, [crate::shop::id("d9")]);
}
