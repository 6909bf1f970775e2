//! What is printed for people: explanations and reasons.

use crate::shop::{TestApp, app, audience, enrol, id};
use rollbook::{Platform, Taken};

/// A hundred devices on iOS: all have `all`, ten `ten`, one `one`; one on Android has `other`.
fn hundred() -> TestApp {
    let app = app();
    for n in 0..100 {
        let tags: &[&str] = match n {
            0 => &["all", "ten", "one"],
            1..10 => &["all", "ten"],
            _ => &["all"],
        };
        enrol(&app, &format!("d{n:02}"), Platform::Ios, tags);
    }
    enrol(&app, "other", Platform::Android, &["other"]);
    app
}

fn explained(text: &str) -> String {
    hundred().explain(&audience(text)).unwrap().to_string()
}

#[test]
fn an_explanation_shows_every_size_the_order_and_what_was_skipped() {
    assert_eq!(
        explained("all && ten && !one"),
        "9 devices: all && ten && !one\n\
         ios: 9 devices\n\
         9 and: made\n\
         ├─ 10 ten: read\n\
         ├─ 100 all: read\n\
         └─ 99 !one: read\n"
    );
    assert_eq!(
        explained("all && one && ten && (ten || one)"),
        "1 device: all && one && ten && (ten || one)\n\
         ios: 1 device\n\
         1 and: made\n\
         ├─ 1 one: read\n\
         ├─ 10 ten: asked of the few devices left\n\
         ├─ 10 or: asked of the few devices left\n\
         └─ 100 all: asked of the few devices left\n"
    );
    assert_eq!(explained("one && !one && all"), "0 devices: one && !one && all\n");
    assert_eq!(
        explained("device(d99) && one && (all || ten)"),
        "0 devices: device(d99) && one && (all || ten)\n\
         ios: 0 devices\n\
         0 and: made\n\
         ├─ 1 device(d99): read\n\
         ├─ 1 one: asked of the few devices left\n\
         └─ 100 or: skipped\n"
    );
    assert_eq!(explained("all"), "100 devices: all\nios: 100 devices\n100 all: counted\n");
    assert_eq!(
        explained("(all && !ten) || (one && all && !ten) || !all"),
        "91 devices: all && !ten || one && all && !ten || !all\n\
         ios: 90 devices\n\
         90 or: made\n\
         ├─ 0 !all: read\n\
         ├─ 0 and: made\n│  ├─ 1 one: read\n│  ├─ 100 all: asked of the few devices left\n\
         │  └─ 90 !ten: asked of the few devices left\n\
         └─ 90 and: made\n   ├─ 100 all: made already\n   └─ 90 !ten: read\n\
         android: 1 device\n1 or: known\n"
    );
}

#[test]
fn an_explanation_can_be_read_by_a_program() {
    let explanation = hundred().explain(&audience("platform(ios) && nobody || other")).unwrap();
    assert_eq!(explanation.devices(), 1);
    let [(platform, part)] = explanation.platforms.as_slice() else { panic!("one platform") };
    assert_eq!((*platform, part.devices, part.taken), (Platform::Android, 1, Taken::CounterOnly));
    assert_eq!(part.label, "other");
}

#[test]
fn a_reason_names_every_part_that_failed() {
    let app = hundred();
    let question = audience("all && (one || other) && !(ten && all) && platform(ios)");
    let why = app.why_not(&question, &id("d05")).unwrap().unwrap();
    assert_eq!(
        why.to_string(),
        "no: all && (one || other) && !(ten && all) && platform(ios)\n\
         ├─ no: one || other\n│  ├─ no: one\n│  └─ no: other\n\
         └─ no: !(ten && all)\n   └─ yes: ten && all\n      ├─ yes: ten\n      └─ yes: all\n"
    );
    assert!(app.why_not(&question, &id("nobody")).unwrap_err().to_string().contains("device not found"));
    let long = audience(&vec!["missing"; 200].join(" && "));
    let first = app.why_not(&long, &id("d05")).unwrap().unwrap().to_string();
    assert!(first.lines().next().unwrap().chars().count() < 110);
}
