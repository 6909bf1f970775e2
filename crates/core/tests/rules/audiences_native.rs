//! Audiences: what each part selects, on a register that is known.

use crate::common::{
    audience, changes_nothing, device, devices, enrol, everyone, fixture, many_devices, platforms, populate,
    refused, tag, tags, with_tags,
};
use rollbook::{Audience, Limits, Platform, PlatformSet, Registration, TagName};

/// Each question, and the devices it selects among those of a populated app.
const QUESTIONS: [(&str, &[&str]); 29] = [
    ("all()", &["d1", "d2", "d3", "d4"]),
    ("none()", &[]),
    ("news", &["d1", "d2"]),
    ("vip", &["d1", "d4"]),
    ("nobody", &[]),
    ("news || vip", &["d1", "d2", "d4"]),
    ("news && vip", &["d1"]),
    ("!news", &["d3", "d4"]),
    ("!news && !vip", &["d3"]),
    ("!(news || vip)", &["d3"]),
    ("!(news && vip)", &["d2", "d3", "d4"]),
    ("!!news", &["d1", "d2"]),
    ("!nobody", &["d1", "d2", "d3", "d4"]),
    ("!all()", &[]),
    ("news && !vip", &["d2"]),
    ("alias(annie)", &["d1", "d2"]),
    ("alias(nobody)", &[]),
    ("!alias(annie)", &["d3", "d4"]),
    ("user(ann)", &["d1", "d2"]),
    ("user(bob) || user(d3)", &["d3", "d4"]),
    ("user(d1)", &[]),
    ("device(d1) || device(d4) || device(x)", &["d1", "d4"]),
    ("!device(d1)", &["d2", "d3", "d4"]),
    ("platform(ios)", &["d1"]),
    ("platform(ios, android)", &["d1", "d2"]),
    ("!platform(ios)", &["d2", "d3", "d4"]),
    ("platform(unknown)", &["d3"]),
    ("platform(ios, harmony) && !news", &["d4"]),
    ("(news && alias(annie) || user(bob)) && !(platform(ios) && vip)", &["d2", "d4"]),
];

#[test]
fn each_question_selects_the_devices_it_means() {
    let app = fixture().app;
    populate(&app);
    for (question, expected) in QUESTIONS {
        let audience = audience(question);
        let mut ids = app.audience(&audience, None, 100).unwrap().items;
        ids.sort();
        assert_eq!(ids, devices(expected), "{question}");
    }
}

#[test]
fn counting_listing_and_asking_one_device_agree() {
    let app = fixture().app;
    populate(&app);
    for (question, expected) in QUESTIONS {
        let audience = audience(question);
        assert_eq!(app.count(&audience).unwrap(), expected.len() as u64, "{question}");
        let by_platform = app.count_by_platform(&audience).unwrap();
        assert_eq!(by_platform.values().sum::<u64>(), expected.len() as u64, "{question}");
        assert!(by_platform.values().all(|&count| count > 0), "{question}");
        for id in devices(&["d1", "d2", "d3", "d4"]) {
            let is_in = expected.contains(&id.as_str());
            assert_eq!(app.contains(&audience, &id).unwrap(), is_in, "{question}: {id}");
        }
    }
}

#[test]
fn asking_changes_nothing() {
    let app = fixture().app;
    populate(&app);
    changes_nothing(&app, |app| {
        for (question, _) in QUESTIONS {
            app.count(&audience(question))?;
        }
        app.contains(&Audience::All, &device("d1"))
    });
}

#[test]
fn lists_of_no_members_select_everything_or_nothing() {
    let app = fixture().app;
    populate(&app);
    assert_eq!(app.count(&Audience::And(vec![])).unwrap(), 4);
    assert_eq!(app.count(&Audience::Or(vec![])).unwrap(), 0);
    assert_eq!(app.count(&PlatformSet::NONE.into()).unwrap(), 0);
    assert_eq!(app.count(&PlatformSet::ALL.into()).unwrap(), 4);
}

#[test]
fn not_is_relative_to_the_devices_on_the_chosen_platforms() {
    let app = fixture().app;
    populate(&app);
    enrol(&app, "d5", Platform::Ios);
    let chosen = Audience::from(platforms(&[Platform::Ios, Platform::Android])) & !Audience::from(tag("vip"));
    let mut ids = app.audience(&chosen, None, 100).unwrap().items;
    ids.sort();
    assert_eq!(ids, devices(&["d2", "d5"]));
}

#[test]
fn order_and_duplicates_of_members_do_not_matter() {
    let app = fixture().app;
    populate(&app);
    for (one, other) in [("news && vip", "vip && news && vip"), ("news || vip", "vip || vip || news")] {
        let ids = |question| app.audience(&audience(question), None, 100).unwrap().items;
        assert_eq!(ids(one), ids(other));
    }
}

#[test]
fn pages_of_an_audience_leave_out_nothing_and_repeat_nothing() {
    let app = fixture().app;
    for (n, id) in many_devices(60).into_iter().enumerate() {
        let names: Vec<TagName> = if n % 2 == 0 { tags(&["even"]) } else { vec![] };
        let platform = [Platform::Ios, Platform::Android, Platform::Unknown][n % 3];
        app.register(&Registration { tags: names, ..Registration::new(id, platform) }).unwrap();
    }
    for question in ["all()", "even", "!even", "even && !platform(ios)"] {
        let audience = audience(question);
        let whole = app.audience(&audience, None, 100).unwrap();
        assert_eq!(whole.next, None);
        for limit in [0, 1, 7, whole.items.len(), whole.items.len() + 1] {
            let mut all = Vec::new();
            let mut after = None;
            loop {
                let page = app.audience(&audience, after, limit).unwrap();
                assert!(page.items.len() <= limit.max(1));
                all.extend(page.items);
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
            assert_eq!(all, whole.items, "{question}: {limit} on a page");
        }
    }
}

#[test]
fn a_device_made_again_between_pages_is_not_reported_as_another_device() {
    let app = fixture().app;
    for id in many_devices(10) {
        app.register(&with_tags(id.as_str(), tags(&["t"]))).unwrap();
    }
    let first = app.audience(&audience("t"), None, 5).unwrap();
    for gone in ["n0002", "n0007"] {
        app.remove(&device(gone)).unwrap();
    }
    app.register(&with_tags("stranger", vec![])).unwrap();
    app.register(&with_tags("n0007", vec![])).unwrap();
    let second = app.audience(&audience("t"), first.next, 100).unwrap();
    assert_eq!(second.items, devices(&["n0005", "n0006", "n0008", "n0009"]));
    assert_eq!(everyone(&app).len(), 10);
}

#[test]
fn an_expression_beyond_its_bounds_is_refused_by_every_question() {
    let f = fixture();
    populate(&f.app);
    let app = f.relimited(&Limits { audience_nodes: 3, ..Limits::default() });
    let wide = |leaves| Audience::Or(vec![Audience::All; leaves]);
    assert_eq!(app.count(&wide(1)).unwrap(), 4);
    assert_eq!(app.count(&wide(2)).unwrap(), 4);
    let too_wide = "audience: items: must be at most 3 nodes: got 4";
    refused(&app, too_wide, |app| app.count(&wide(3)));
    refused(&app, too_wide, |app| app.count_by_platform(&wide(3)));
    refused(&app, too_wide, |app| app.audience(&wide(3), None, 10));
    refused(&app, too_wide, |app| app.contains(&wide(3), &device("d1")));

    let deep = |levels| (1..levels).fold(Audience::All, |inner, _| !inner);
    for good in [Audience::MAX_DEPTH - 1, Audience::MAX_DEPTH] {
        f.app.count(&deep(good)).unwrap();
    }
    let too_deep = "audience: depth: must be at most 64: got 65";
    refused(&f.app, too_deep, |app| app.count(&deep(65)));
    refused(&f.app, too_deep, |app| app.count_by_platform(&deep(65)));
    refused(&f.app, too_deep, |app| app.audience(&deep(65), None, 10));
    refused(&f.app, too_deep, |app| app.contains(&deep(65), &device("d1")));
}

#[test]
fn the_default_bound_of_an_expression_is_10000_nodes() {
    let app = fixture().app;
    populate(&app);
    let wide = |leaves| Audience::Or(vec![Audience::from(tag("news")); leaves]);
    for good in [9_998, 9_999] {
        assert_eq!(app.count(&wide(good)).unwrap(), 2);
    }
    let message = "audience: items: must be at most 10000 nodes: got 10001";
    assert_eq!(app.count(&wide(10_000)).unwrap_err().to_string(), message);
}
