//! What the vendors' own clients send, of which no detail loses a device.

use crate::common::{KEY, Served, TOKEN, device, served};
use rollbook::{Alias, EventQuery, Platform, Registration, Timestamp};

const DONE: &str = r#"{"status_code":200,"status_message":"OK","response":null}"#;

fn populated() -> Served {
    let served = served();
    served.populate();
    served
}

/// A request of this app, with these members more.
fn of(members: &str) -> String {
    format!(r#"{{"request":{{"application":"{KEY}"{members}}}}}"#)
}

fn done(response: &str) -> String {
    format!(r#"{{"status_code":200,"status_message":"OK","response":{response}}}"#)
}

#[test]
fn whole_numbers_may_be_texts_or_have_a_point() {
    let served = served();
    for (sent, offset) in [
        ("\"25200\"", 25_200),
        ("25200.0", 25_200),
        ("\"-3600\"", -3_600),
        ("\"0\"", 0),
        ("\"3600.0\"", 3_600),
    ] {
        for device_type in ["1", "\"1\"", "1.0"] {
            let body = of(&format!(r#","hwid":"h1","device_type":{device_type},"timezone":{sent}"#));
            served.pushwoosh("/json/1.3/registerDevice", &body).is(200, DONE);
            let found = served.app.device(&device("h1")).unwrap();
            assert_eq!((found.platform, found.utc_offset.unwrap().secs()), (Platform::Ios, offset));
        }
        let body = of(&format!(r#","hwid":"h2","device_type":"17","tz_offset":{sent}"#));
        served.pushwoosh("/json/1.3/registerUser", &body).is(200, DONE);
        let found = served.app.device(&device("h2")).unwrap();
        assert_eq!((found.platform, found.utc_offset.unwrap().secs()), (Platform::Huawei, offset));
    }
    // An empty text counts as absent.
    let body = of(r#","hwid":"h2","device_type":"","tz_offset":"""#);
    served.pushwoosh("/json/1.3/registerUser", &body).is(200, DONE);
    assert_eq!(served.app.device(&device("h2")).unwrap().utc_offset.unwrap().secs(), 3_600);
    for (sent, shown) in
        [("\"36e2\"", "\"36e2\""), ("3600.5", "3600.5"), ("[3600]", "a list"), ("true", "true")]
    {
        let message = format!("tz_offset: type: must be a whole number: got {shown}");
        let body = of(&format!(r#","hwid":"h3","tz_offset":{sent}"#));
        served.pushwoosh_refused("/json/1.3/registerUser", &body, 200, 210, &message);
    }
}

#[test]
fn times_of_events_may_be_texts_too() {
    let served = populated();
    for sent in ["\"1418690000\"", "1418690000.0", "1418690000"] {
        let body = of(&format!(
            r#","event":"activityCompleted","attributes":{{}},"hwid":"d1","timestampUTC":{sent},"device_type":"1""#
        ));
        assert_eq!(served.pushwoosh("/json/1.3/postEvent", &body).status(), 200);
        let events = served.app.events(&EventQuery::default()).unwrap().items;
        assert_eq!(events[0].at, Timestamp::from_secs(1_418_690_000));
    }
    // An empty text counts as absent: it happened now.
    let event = r#","event":"activityCompleted","attributes":{},"hwid":"d1""#;
    let body = of(&format!(r#"{event},"timestampUTC":"","timestampCurrent":"","device_type":"""#));
    assert_eq!(served.pushwoosh("/json/1.3/postEvent", &body).status(), 200);
    let events = served.app.events(&EventQuery::default()).unwrap().items;
    assert_eq!(events[0].at, crate::common::NOW);
    let body = of(r#","event":"activityCompleted","attributes":{"n":"5","f":3600.0},"hwid":"d1""#);
    assert_eq!(served.pushwoosh("/json/1.3/postEvent", &body).status(), 200);
    // Attributes stay what they were sent as.
    let events = served.app.events(&EventQuery { limit: 9, ..EventQuery::default() }).unwrap().items;
    let last = events.iter().find(|event| event.attributes.get("n").is_some()).unwrap();
    assert_eq!(
        (last.attributes.get("n"), last.attributes.get("f")),
        (Some(&"5".into()), Some(&3_600.0.into()))
    );
}

#[test]
fn languages_are_taken_in_every_form_that_phones_have() {
    let served = served();
    for (sent, kept) in [
        ("zh-Hans-CN-u-fw-mon", "zh-Hans-CN"),
        ("zh_CN", "zh-CN"),
        ("EN", "en"),
        ("en_US.UTF-8", "en-US"),
        ("de_DE@euro", "de-DE"),
        (" pt-br ", "pt-BR"),
        ("sr-Latn-RS-x-private", "sr-Latn-RS"),
    ] {
        let body = of(&format!(r#","hwid":"h1","device_type":3,"language":"{sent}""#));
        served.pushwoosh("/json/1.3/registerDevice", &body).is(200, DONE);
        assert_eq!(served.app.device(&device("h1")).unwrap().language.unwrap().as_str(), kept);
    }
}

#[test]
fn no_device_is_lost_for_its_language_or_its_clock() {
    let served = served();
    let good = of(r#","hwid":"h1","device_type":3,"language":"fr","timezone":3600"#);
    served.pushwoosh("/json/1.3/registerDevice", &good).is(200, DONE);
    for (number, member) in [
        r#""language":"english""#,
        r#""language":5"#,
        r#""language":["en"]"#,
        r#""language":"-""#,
        r#""timezone":50401"#,
        r#""timezone":"99999999999999999999""#,
        r#""timezone":"Europe/Bern""#,
        r#""timezone":3600.5"#,
        r#""timezone":{}"#,
        r#""timezone":true"#,
        // JSON, and no values at all: a reader of it stops there.
        r#""timezone":1e400"#,
        r#""timezone":1e400,"language":"\ud800""#,
        r#""language":"\udc00x","timezone":-1e999"#,
    ]
    .into_iter()
    .enumerate()
    {
        // What a known device has stays, and a new device has none.
        for hwid in ["h1".to_owned(), format!("new{number}")] {
            let body = of(&format!(r#","hwid":"{hwid}","device_type":3,"push_token":"t{number}",{member}"#));
            served.pushwoosh("/json/1.3/registerDevice", &body).is(200, DONE);
            let found = served.app.device(&device(&hwid)).unwrap();
            assert_eq!(found.token.unwrap().as_str(), format!("t{number}"));
            assert_eq!(found.language.map(String::from), (hwid == "h1").then(|| "fr".to_owned()));
            assert_eq!(found.utc_offset.map(|offset| offset.secs()), (hwid == "h1").then_some(3_600));
        }
    }
    // What decides about the device is still refused with all that is wrong.
    let range = "range: must be a number that 64 bits hold: got 1e400";
    let body = of(r#","hwid":"h9","device_type":1e400,"timezone":1e400"#);
    served.pushwoosh_refused("/json/1.3/registerDevice", &body, 200, 210, &format!("device_type: {range}"));
    let body = of(r#","hwid":"h9","device_type":1,"timezone":1e400,"timezone":1"#);
    let twice = "timezone: items: must be given once: got it more than once";
    served.pushwoosh_refused("/json/1.3/applicationOpen", &body, 200, 210, twice);
    let body = of(r#","hwid":"h9","device_type":4,"language":"english""#);
    let types = "must be one of 1 3 5 7 8 9 10 11 12 17 18 19 21 2";
    let message = format!("device_type: known: {types}: got 4");
    served.pushwoosh_refused("/json/1.3/registerDevice", &body, 200, 210, &message);
}

#[test]
fn what_was_dropped_is_left_with_the_answer() {
    use rollbook_http::{Dropped, FaceOptions, answer};
    let served = served();
    let dropped = |members: &str| {
        let body = of(&format!(r#","hwid":"h1","device_type":3{members}"#));
        let request = axum::http::Request::post("/json/1.3/registerDevice");
        let request = request.header("Authorization", format!("Token {TOKEN}")).body(body.into()).unwrap();
        let answer = answer(&served.registry, &FaceOptions::default(), &request);
        assert_eq!(answer.status(), 200);
        answer.extensions().get::<Dropped>().cloned()
    };
    assert_eq!(dropped(r#","language":"en","timezone":"3600""#), None);
    assert_eq!(dropped(r#","language":"?","timezone":0"#), Some(Dropped(vec!["language"])));
    assert_eq!(dropped(r#","timezone":1e400,"language":"de""#), Some(Dropped(vec!["timezone"])));
    let both = Some(Dropped(vec!["language", "timezone"]));
    assert_eq!(dropped(r#","language":"\ud800","timezone":1e400"#), both);
    assert_eq!(dropped(r#","language":7,"timezone":"now","other":"?""#), both);
}

#[test]
fn a_device_that_is_gone_already_is_removed_and_unregistered_with_success() {
    let served = populated();
    for call in ["unregisterDevice", "deleteDevice"] {
        for _ in 0..2 {
            let body = of(r#","hwid":"d1""#);
            served.pushwoosh(&format!("/json/1.3/{call}"), &body).is(200, DONE);
        }
        let nobody = of(r#","hwid":"nobody""#);
        served.pushwoosh(&format!("/json/1.3/{call}"), &nobody).is(200, DONE);
        assert!(served.app.device(&device("nobody")).is_err());
        // An id that is none is still an argument error.
        let message = "hwid: present: must be given: got none";
        served.pushwoosh_refused(&format!("/json/1.3/{call}"), &of(""), 200, 210, message);
    }
    assert!(served.app.device(&device("d1")).is_err());
}

#[test]
fn calls_of_which_nothing_is_kept_are_accepted() {
    let served = populated();
    let before = crate::common::snapshot(&served.app);
    for (call, members, response) in [
        ("pushStat", r#","hwid":"d1","hash":"1234","metaData":{"a":[]}"#, "null"),
        ("messageDeliveryEvent", r#","hwid":"d1","hash":"1234""#, "null"),
        ("setBadge", r#","hwid":"d1","badge":3"#, "null"),
        ("getInApps", r#","hwid":"d1","device_type":1"#, r#"{"inApps":[]}"#),
        ("getConfig", r#","hwid":"d1","features":["channels"]"#, r#"{"features":{}}"#),
    ] {
        let target = format!("/json/1.3/{call}");
        for members in [members, "", r#","hwid":"nobody""#, r#","hwid":5"#] {
            served.pushwoosh(&target, &of(members)).is(200, &done(response));
        }
        // They are no way in: the app and its token are judged as everywhere.
        let message = "application: present: must be given: got none";
        served.pushwoosh_refused(&target, r#"{"request":{}}"#, 200, 210, message);
        assert_eq!(served.send("POST", &target, "Token other", &of(members)).status(), 401);
        assert_eq!(served.send("GET", &target, &format!("Token {TOKEN}"), "").status(), 405);
    }
    assert_eq!(crate::common::snapshot(&served.app), before);
}

#[test]
fn platforms_are_jpushs_in_both_directions() {
    let served = served();
    let kinds = [
        (1, Some("ios")),
        (3, Some("android")),
        (9, Some("android")),
        (17, Some("android")),
        (19, Some("android")),
        (5, Some("winphone")),
        (8, Some("winphone")),
        (7, None),
        (10, None),
        (11, None),
        (12, None),
        (18, None),
        (21, None),
        (2, None),
    ];
    for (device_type, name) in kinds {
        let body = of(&format!(r#","hwid":"h","device_type":{device_type}"#));
        served.pushwoosh("/json/1.3/registerDevice", &body).is(200, DONE);
        is_on(&served, name);
    }
    for (platform, name) in
        [(Platform::Harmony, Some("hmos")), (Platform::Quickapp, Some("quickapp")), (Platform::Unknown, None)]
    {
        served.app.register(&Registration::new(device("h"), platform)).unwrap();
        is_on(&served, name);
    }
}

/// Asserts that JPush's calls see the device `h` on the platform of this name, or on none that has one.
fn is_on(served: &Served, name: Option<&str>) {
    served
        .app
        .register(&Registration {
            alias: Some(Alias::new("fam").unwrap()),
            tags: vec![crate::common::tag("fam")],
            ..Registration::new(device("h"), served.app.device(&device("h")).unwrap().platform)
        })
        .unwrap();
    let one = r#"{"registration_ids":["h"]}"#;
    served.jpush("GET", "/v3/aliases/fam", "").is(200, one);
    let member = name.map_or(String::new(), |name| format!(r#","platform":"{name}""#));
    let item = format!(r#"{{"data":[{{"registration_id":"h"{member}}}]}}"#);
    let told = served.jpush("GET", "/v3/aliases/fam?new_format=true", "");
    assert_eq!(told.text().replace(r#","last_online_date":"2014-12-16""#, ""), item);
    for asked in ["ios", "android", "winphone", "hmos", "quickapp"] {
        let found = if name == Some(asked) { one } else { r#"{"registration_ids":[]}"# };
        served.jpush("GET", &format!("/v3/aliases/fam?platform={asked}"), "").is(200, found);
        if name != Some(asked) {
            // A deletion on other platforms leaves the device its alias and its tag.
            served.jpush("DELETE", &format!("/v3/aliases/fam?platform={asked}"), "").is(200, "{}");
            served.jpush("DELETE", &format!("/v3/tags/fam?platform={asked}"), "").is(200, "{}");
        }
    }
    served.jpush("GET", "/v3/aliases/fam", "").is(200, one);
    served.jpush("GET", "/v3/tags/fam/registration_ids/h", "").is(200, r#"{"result":true}"#);
    if let Some(name) = name {
        served.jpush("DELETE", &format!("/v3/aliases/fam?platform={name}"), "").is(200, "{}");
        served.jpush("DELETE", &format!("/v3/tags/fam?platform={name}"), "").is(200, "{}");
        served.jpush("GET", "/v3/aliases/fam", "").is(200, r#"{"registration_ids":[]}"#);
        served.jpush("GET", "/v3/tags/fam/registration_ids/h", "").is(200, r#"{"result":false}"#);
    }
}
