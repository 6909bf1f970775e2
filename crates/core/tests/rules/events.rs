//! Events: declare, post, read, retention.

use crate::common::{
    NOW, TestApp, changes_nothing, device, devices, enrol, event, every_event, fixture, fixture_of,
    on_device, populate, refused, to_user, user,
};
use rollbook::{
    Attribute, Attributes, Command, EventCode, EventOrder, EventQuery, EventScope, EventType, Limits,
    NewEvent, Platform, Scalar, Timestamp, UtcOffset,
};
use std::collections::BTreeSet;

/// A device `d1`, and `opened` and `closed` declared.
fn ready(limits: Limits) -> crate::common::Fixture {
    let f = fixture_of(limits);
    enrol(&f.app, "d1", Platform::Ios);
    f.app.declare_event(&event("opened")).unwrap();
    f.app.declare_event(&event("closed")).unwrap();
    f
}

fn with(attributes: Attributes) -> NewEvent {
    NewEvent { attributes, ..on_device("opened", "d1") }
}

fn one(name: &str, value: impl Into<Attribute>) -> NewEvent {
    with([(name, value.into())].into_iter().collect())
}

fn at(secs: i64) -> NewEvent {
    NewEvent { timestamp_utc: Some(Timestamp::from_secs(secs)), ..on_device("opened", "d1") }
}

fn times(app: &TestApp, query: &EventQuery) -> Vec<i64> {
    every_event(app, query).iter().map(|event| event.at.secs()).collect()
}

#[test]
fn an_event_is_declared_before_it_is_posted() {
    let app = fixture().app;
    populate(&app);
    refused(&app, "event: known: must be declared: got \"installed\"", |app| {
        app.post_event(&on_device("installed", "d1"))
    });
    app.declare_event(&event("installed")).unwrap();
    app.post_event(&on_device("installed", "d1")).unwrap();
    // Case counts.
    assert!(app.post_event(&on_device("Installed", "d1")).is_err());
}

#[test]
fn event_types_are_listed_in_byte_order_with_the_time_of_their_first_declaration() {
    let f = fixture();
    f.app.declare_event(&event("b")).unwrap();
    f.clock.advance(10);
    f.app.declare_event(&event("B")).unwrap();
    changes_nothing(&f.app, |app| app.declare_event(&event("b")));
    let expected = [
        EventType { name: event("B"), declared_at: NOW.plus(10) },
        EventType { name: event("b"), declared_at: NOW },
    ];
    assert_eq!(f.app.event_types().unwrap(), expected);
}

#[test]
fn a_lenient_app_declares_on_first_use() {
    let app = ready(Limits { declare_on_first_use: true, ..Limits::default() }).app;
    app.post_event(&on_device("fresh", "d1")).unwrap();
    app.post_event(&on_device("fresh", "d1")).unwrap();
    assert_eq!(app.event_types().unwrap().len(), 3);
    // What is refused for another reason declares nothing.
    refused(&app, "device: known: must be a device of the app: got \"x\"", |app| {
        app.post_event(&on_device("other", "x"))
    });
}

#[test]
fn an_event_needs_a_device_or_a_user_of_which_one_is_known() {
    let app = fixture().app;
    populate(&app);
    let unknown_device = "device: known: must be a device of the app: got \"x\"";
    let unknown_user = "user: known: must be a user of the app: got \"y\"";
    refused(&app, "device or user: present: one of them must be given: got neither", |app| {
        app.post_event(&NewEvent::new(event("opened")))
    });
    refused(&app, unknown_device, |app| app.post_event(&on_device("opened", "x")));
    refused(&app, unknown_user, |app| app.post_event(&to_user("opened", "y")));
    let both = |id: &str, name: &str| NewEvent { user: Some(user(name)), ..on_device("opened", id) };
    refused(&app, &format!("{unknown_device}; {unknown_user}"), |app| app.post_event(&both("x", "y")));
    app.post_event(&both("d1", "y")).unwrap();
    app.post_event(&both("x", "ann")).unwrap();
    app.post_event(&both("d1", "ann")).unwrap();
    app.post_event(&to_user("opened", "d3")).unwrap();
}

#[test]
fn an_event_is_read_back_as_it_was_posted() {
    let app = ready(Limits::default()).app;
    let attributes: Attributes = [
        ("text", Attribute::from("汉")),
        ("whole", 2.into()),
        ("part", 0.5.into()),
        ("truth", true.into()),
        ("list", Attribute::List(vec![Scalar::Integer(1), Scalar::Text("a".into()), Scalar::Bool(false)])),
    ]
    .into_iter()
    .collect();
    let posted = NewEvent { user: Some(user("ann")), ..with(attributes) };
    let code = app.post_event(&posted).unwrap();
    let read = every_event(&app, &EventQuery::default()).remove(0);
    assert_eq!((read.code, read.at, read.name), (code, NOW, posted.name));
    assert_eq!((read.device, read.user, read.attributes), (posted.device, posted.user, posted.attributes));
}

#[test]
fn posting_twice_is_two_events_with_codes_of_their_own() {
    let app = ready(Limits::default()).app;
    let codes: BTreeSet<EventCode> =
        (0..300).map(|_| app.post_event(&on_device("opened", "d1")).unwrap()).collect();
    assert_eq!(codes.len(), 300);
    let read = every_event(&app, &EventQuery::default());
    assert_eq!(read.iter().map(|event| event.code).collect::<BTreeSet<_>>(), codes);
    for code in codes {
        let text = code.to_string();
        assert_eq!((text.len(), &text[5..6]), (11, "-"));
        assert!(
            text.replace('-', "").bytes().all(|b| b.is_ascii_digit() || (b'A'..=b'F').contains(&b)),
            "{text}"
        );
        assert_eq!(text.parse::<EventCode>().unwrap(), code);
    }
}

#[test]
fn a_text_of_another_form_is_no_event_code() {
    for bad in ["", "61BC984DD0", "61bc9-84dd0", "61BC9-84DD", "61BC9-84DD0-", "G1BC9-84DD0", "+1BC9-84DD0"] {
        let limit = "must be XXXXX-XXXXX in upper-case hexadecimal";
        let message = format!("code: form: {limit}: got {bad:?}");
        assert_eq!(bad.parse::<EventCode>().unwrap_err().to_string(), message);
    }
}

#[test]
fn an_event_holds_at_most_100_attributes() {
    let app = ready(Limits::default()).app;
    let many = |n: usize| with((0..n).map(|n| (format!("a{n}"), 1.into())).collect());
    for good in [0, 1, 99, 100] {
        app.post_event(&many(good)).unwrap();
    }
    refused(&app, "attributes: items: must be at most 100: got 101", |app| app.post_event(&many(101)));
}

#[test]
fn the_name_of_an_attribute_is_1_to_255_bytes() {
    let app = ready(Limits::default()).app;
    for good in ["a", &"a".repeat(254), &"a".repeat(255), &"汉".repeat(85)] {
        app.post_event(&one(good, 1)).unwrap();
    }
    refused(&app, "attributes: bytes: names must be 1 to 255: got 0 (\"\")", |app| {
        app.post_event(&one("", 1))
    });
    let long = "a".repeat(256);
    let message = format!("attributes: bytes: names must be 1 to 255: got 256 (\"{}\"…)", "a".repeat(64));
    refused(&app, &message, |app| app.post_event(&one(&long, 1)));
}

#[test]
fn a_text_among_the_attributes_is_at_most_4096_bytes() {
    let app = ready(Limits::default()).app;
    for good in ["", &"a".repeat(4095), &"a".repeat(4096), &format!("{}a", "汉".repeat(1365))] {
        app.post_event(&one("t", good)).unwrap();
    }
    let got = |shown: &str| format!("bytes: must be at most 4096: got 4097 (\"{shown}\"…)");
    let a = "a".repeat(64);
    refused(&app, &format!("attributes.t: {}", got(&a)), |app| app.post_event(&one("t", &*"a".repeat(4097))));
    let han = format!("{}aa", "汉".repeat(1365));
    refused(&app, &format!("attributes.t: {}", got(&"汉".repeat(21))), |app| {
        app.post_event(&one("t", &*han))
    });
    let list = Attribute::List(vec![Scalar::Text("fine".into()), Scalar::Text("a".repeat(4097))]);
    refused(&app, &format!("attributes.l[1]: {}", got(&a)), |app| app.post_event(&one("l", list.clone())));
}

#[test]
fn a_list_among_the_attributes_holds_at_most_100_values() {
    let app = ready(Limits::default()).app;
    let list = |n| one("l", Attribute::List(vec![Scalar::Integer(1); n]));
    for good in [0, 1, 99, 100] {
        app.post_event(&list(good)).unwrap();
    }
    refused(&app, "attributes.l: items: must be at most 100: got 101", |app| app.post_event(&list(101)));
}

#[test]
fn a_number_among_the_attributes_is_finite() {
    let app = ready(Limits::default()).app;
    app.post_event(&one("n", f64::MAX)).unwrap();
    for (bad, shown) in [(f64::NAN, "NaN"), (f64::INFINITY, "inf"), (f64::NEG_INFINITY, "-inf")] {
        refused(&app, &format!("attributes.n: range: must be finite: got {shown}"), |app| {
            app.post_event(&one("n", bad))
        });
    }
}

#[test]
fn every_bad_attribute_is_named() {
    let app = ready(Limits { attribute_bytes: Some(1), attribute_items: Some(1), ..Limits::default() }).app;
    let attributes: Attributes = [
        ("a", Attribute::from("aa")),
        ("b", Attribute::List(vec![Scalar::Text("bb".into()), Scalar::Text("b".into())])),
        ("c", 1.into()),
    ]
    .into_iter()
    .collect();
    let message = "attributes.a: bytes: must be at most 1: got 2 (\"aa\"); \
                   attributes.b: items: must be at most 1: got 2; \
                   attributes.b[0]: bytes: must be at most 1: got 2 (\"bb\"); \
                   event: known: must be declared: got \"x\"";
    refused(&app, message, |app| app.post_event(&NewEvent { name: event("x"), ..with(attributes.clone()) }));
}

#[test]
fn attributes_as_data_hold_no_null_and_nest_no_deeper_than_a_list() {
    let good = r#"{"s":"a","i":1,"f":1.5,"b":true,"l":[1,"a",false,0.5],"e":[]}"#;
    let read: Attributes = serde_json::from_str(good).unwrap();
    assert_eq!(read.iter().count(), 6);
    assert_eq!(read.get("i"), Some(&Attribute::One(Scalar::Integer(1))));
    assert_eq!(serde_json::from_str::<Attributes>(&serde_json::to_string(&read).unwrap()).unwrap(), read);
    for bad in [
        r#"{"a":null}"#,
        r#"{"a":[null]}"#,
        r#"{"a":[[]]}"#,
        r#"{"a":[[1]]}"#,
        r#"{"a":{}}"#,
        r#"{"a":{"b":1}}"#,
        r#"{"a":[{}]}"#,
        "[]",
        "null",
        "1",
        "\"a\"",
    ] {
        assert!(serde_json::from_str::<Attributes>(bad).is_err(), "{bad}");
    }
}

#[test]
fn attributes_are_required_and_may_be_empty() {
    assert!(serde_json::from_str::<NewEvent>(r#"{"name":"opened","attributes":{},"device":"d1"}"#).is_ok());
    let refused = serde_json::from_str::<NewEvent>(r#"{"name":"opened","device":"d1"}"#).unwrap_err();
    assert!(refused.to_string().contains("attributes"), "{refused}");
}

#[test]
fn an_event_happened_at_its_utc_time_or_its_local_time_less_the_offset_or_now() {
    let f = ready(Limits::default());
    let app = &f.app;
    app.register_user(&device("east"), None, None, Some(UtcOffset::BEIJING)).unwrap();
    app.register_user(&device("west"), None, None, Some(UtcOffset::new(-43_200).unwrap())).unwrap();
    let local = |id: &str| NewEvent {
        timestamp_current: Some(Timestamp::from_secs(100_000)),
        ..on_device("opened", id)
    };
    let both = NewEvent { timestamp_utc: Some(Timestamp::from_secs(7)), ..local("east") };
    let user_only =
        NewEvent { timestamp_current: Some(Timestamp::from_secs(100_000)), ..to_user("opened", "d1") };
    for (posted, expected) in [
        (at(42), 42),
        (local("east"), 100_000 - 28_800),
        (local("west"), 100_000 + 43_200),
        // Of no known offset: as in UTC.
        (local("d1"), 100_000),
        (user_only, 100_000),
        (both, 7),
        (on_device("opened", "east"), NOW.secs()),
    ] {
        let code = app.post_event(&posted).unwrap();
        let read = every_event(app, &EventQuery::default());
        let found = read.iter().find(|event| event.code == code).unwrap();
        assert_eq!(found.at.secs(), expected, "{posted:?}");
    }
}

#[test]
fn an_event_happened_between_1970_and_a_day_from_now_and_milliseconds_are_told_so() {
    let app = fixture().app;
    populate(&app);
    let (first, last) = (0, NOW.secs() + 86_400);
    for good in [first, last, NOW.secs()] {
        app.post_event(&at(good)).unwrap();
    }
    let rule = "range: must be from 1970 to 86400 seconds after now, in seconds \
                (milliseconds are a frequent mistake)";
    for bad in [first - 1, last + 1, NOW.secs() * 1_000, i64::MIN, i64::MAX] {
        refused(&app, &format!("timestamp_utc: {rule}: got {bad}"), |app| app.post_event(&at(bad)));
        refused(&app, &format!("operation 0: timestamp_utc: {rule}: got {bad}"), |app| {
            app.batch(&[Command::PostEvent(at(bad))])
        });
    }
    // What counts is the time that the device's offset leads to: that of d1 is eight hours.
    let local =
        |secs| NewEvent { timestamp_current: Some(Timestamp::from_secs(secs)), ..on_device("opened", "d1") };
    app.post_event(&local(last + 28_800)).unwrap();
    // What was sent is shown, and what it leads to.
    let late = last + 28_801;
    refused(&app, &format!("timestamp_current: {rule}: got {late}, which is {} in UTC", last + 1), |app| {
        app.post_event(&local(late))
    });
    app.post_event(&local(28_800)).unwrap();
    refused(&app, &format!("timestamp_current: {rule}: got 28799, which is -1 in UTC"), |app| {
        app.post_event(&local(28_799))
    });
}

#[test]
fn how_far_ahead_an_event_may_be_is_a_setting_and_so_is_no_check_at_all() {
    let f = fixture();
    populate(&f.app);
    let app = f.relimited(&Limits { event_ahead_secs: Some(0), ..Limits::default() });
    app.post_event(&at(NOW.secs())).unwrap();
    let message = "timestamp_utc: range: must be from 1970 to 0 seconds after now, in seconds \
                   (milliseconds are a frequent mistake): got 1700000001";
    refused(&app, message, |app| app.post_event(&at(NOW.secs() + 1)));
    for limits in [Limits { event_ahead_secs: None, ..Limits::default() }, Limits::unlimited()] {
        let app = f.relimited(&limits);
        app.post_event(&at(i64::MAX)).unwrap();
        app.post_event(&at(-1)).unwrap();
    }
}

#[test]
fn events_out_of_range_from_before_times_were_checked_are_read_and_fall_to_retention() {
    let f = fixture();
    populate(&f.app);
    let app = f.relimited(&Limits { event_ahead_secs: None, ..Limits::default() });
    app.post_event(&at(NOW.secs() * 1_000)).unwrap();
    app.post_event(&at(-5)).unwrap();
    let app = f.relimited(&Limits { event_retention_secs: Some(60), ..Limits::default() });
    let read: Vec<i64> =
        every_event(&app, &EventQuery::default()).iter().map(|event| event.at.secs()).collect();
    assert!(read.contains(&(NOW.secs() * 1_000)) && !read.contains(&-5), "{read:?}");
    assert_eq!(app.purge_events().unwrap(), 1, "the one before 1970");
    assert_eq!(
        app.delete_user(&user("ann")).unwrap().events,
        3,
        "the one far ahead is erased with its device"
    );
}

#[test]
fn events_are_read_newest_or_oldest_first_and_of_one_time_in_the_order_of_posting() {
    let app = ready(Limits::default()).app;
    let codes: Vec<EventCode> =
        [30, 10, 20, 20, 10, 20].into_iter().map(|secs| app.post_event(&at(secs)).unwrap()).collect();
    let oldest = [1, 4, 2, 3, 5, 0].map(|n: usize| codes[n]);
    let read = |order| {
        let query = EventQuery { order, ..EventQuery::default() };
        every_event(&app, &query).iter().map(|event| event.code).collect::<Vec<_>>()
    };
    assert_eq!(read(EventOrder::OldestFirst), oldest);
    assert_eq!(read(EventOrder::NewestFirst), oldest.into_iter().rev().collect::<Vec<_>>());
    assert_eq!(EventQuery::default().order, EventOrder::NewestFirst);
}

#[test]
fn pages_of_events_leave_out_nothing_and_repeat_nothing_also_at_equal_times() {
    let app = ready(Limits::default()).app;
    for n in 0..20 {
        app.post_event(&at(n / 10)).unwrap();
    }
    for order in [EventOrder::NewestFirst, EventOrder::OldestFirst] {
        let whole = app.events(&EventQuery { order, ..EventQuery::default() }).unwrap();
        assert_eq!((whole.items.len(), whole.next), (20, None));
        for limit in [0, 1, 3, 10, 19, 20, 21] {
            let mut query = EventQuery { order, limit, ..EventQuery::default() };
            let mut all = Vec::new();
            loop {
                let page = app.events(&query).unwrap();
                assert!(page.items.len() <= limit.max(1));
                all.extend(page.items);
                query.after = page.next;
                if query.after.is_none() {
                    break;
                }
            }
            assert_eq!(all, whole.items, "{limit} on a page");
        }
    }
}

#[test]
fn a_range_of_time_includes_both_ends() {
    let app = ready(Limits::default()).app;
    for secs in [9, 10, 11, 19, 20, 21] {
        app.post_event(&at(secs)).unwrap();
    }
    let range = |from, until| EventQuery {
        from: Timestamp::from_secs(from),
        until: Timestamp::from_secs(until),
        order: EventOrder::OldestFirst,
        ..EventQuery::default()
    };
    assert_eq!(times(&app, &range(10, 20)), [10, 11, 19, 20]);
    assert_eq!(times(&app, &range(11, 19)), [11, 19]);
    assert_eq!(times(&app, &range(9, 9)), [9]);
    assert_eq!(times(&app, &range(12, 18)), [] as [i64; 0]);
    assert_eq!(times(&app, &range(20, 10)), [] as [i64; 0]);
}

#[test]
fn events_are_read_by_device_by_user_and_by_name() {
    let app = fixture().app;
    populate(&app);
    let count = |scope| every_event(&app, &EventQuery { scope, ..EventQuery::default() }).len();
    assert_eq!(count(EventScope::All), 4);
    assert_eq!(count(EventScope::Device(device("d1"))), 1);
    assert_eq!(count(EventScope::Device(device("d2"))), 0);
    assert_eq!(count(EventScope::User(user("ann"))), 1);
    assert_eq!(count(EventScope::User(user("bob"))), 1);
    assert_eq!(count(EventScope::Name(event("opened"))), 2);
    assert_eq!(count(EventScope::Name(event("closed"))), 2);
    assert_eq!(count(EventScope::Device(device("x"))), 0);
    assert_eq!(count(EventScope::User(user("x"))), 0);
    assert_eq!(count(EventScope::Name(event("x"))), 0);
}

#[test]
fn events_stay_with_the_ids_they_were_posted_with() {
    let app = fixture().app;
    populate(&app);
    app.register_user(&device("d1"), Some(&user("bob")), None, None).unwrap();
    let count = |scope| every_event(&app, &EventQuery { scope, ..EventQuery::default() }).len();
    assert_eq!(count(EventScope::Device(device("d1"))), 1);
    assert_eq!(count(EventScope::User(user("ann"))), 1);
    assert_eq!(count(EventScope::User(user("bob"))), 1);
}

#[test]
fn events_older_than_the_retention_disappear() {
    let f = ready(Limits { event_retention_secs: Some(100), ..Limits::default() });
    for ago in [101, 100, 99, 0] {
        f.app.post_event(&at(NOW.secs() - ago)).unwrap();
    }
    let all = EventQuery { order: EventOrder::OldestFirst, ..EventQuery::default() };
    let ages = || times(&f.app, &all).iter().map(|secs| NOW.secs() - secs).collect::<Vec<_>>();
    assert_eq!(ages(), [100, 99, 0]);
    f.clock.advance(1);
    assert_eq!(ages(), [99, 0]);
    let scope = EventScope::Device(device("d1"));
    assert_eq!(times(&f.app, &EventQuery { scope, ..all.clone() }).len(), 2);

    assert_eq!(changes_nothing(&f.app, TestApp::purge_events), 2);
    assert_eq!(changes_nothing(&f.app, TestApp::purge_events), 0);
    let endless = f.relimited(&Limits::default());
    assert_eq!(every_event(&endless, &all).len(), 2);
    assert_eq!(changes_nothing(&endless, TestApp::purge_events), 0);
}

#[test]
fn purging_erases_more_events_than_one_step_takes() {
    let f = ready(Limits { event_retention_secs: Some(0), operations_per_batch: None, ..Limits::default() });
    let old = rollbook::Command::PostEvent(at(5));
    f.app.batch(&vec![old; 2500]).unwrap();
    f.app.post_event(&on_device("opened", "d1")).unwrap();
    assert_eq!(f.app.purge_events().unwrap(), 2500);
    assert_eq!(every_event(&f.app, &EventQuery::default()).len(), 1);
}

#[test]
fn an_event_does_not_change_its_device() {
    let app = ready(Limits::default()).app;
    let before = app.device(&device("d1")).unwrap();
    app.post_event(&on_device("opened", "d1")).unwrap();
    assert_eq!(app.device(&device("d1")).unwrap(), before);
    assert_eq!(app.presence(&devices(&["d1"])).unwrap(), [Some(rollbook::Presence::Offline)]);
}
