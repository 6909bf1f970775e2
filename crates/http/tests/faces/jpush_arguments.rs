//! What the JPush face refuses of arguments: field, rule, limit and what was sent, and nothing is changed.

use crate::common::{Served, served, served_of};
use rollbook::Limits;

fn populated() -> Served {
    let served = served();
    served.populate();
    served
}

#[test]
fn what_is_of_the_wrong_type() {
    let served = populated();
    let tags = "tags: type: must be an object or an empty string: got";
    let device = [
        (r#"{"tags":"tag1"}"#, format!("{tags} \"tag1\"")),
        (r#"{"tags":5}"#, format!("{tags} 5")),
        (r#"{"tags":["a"]}"#, format!("{tags} a list")),
        (r#"{"tags":true,"alias":"x"}"#, format!("{tags} true")),
        (r#"{"tags":{"add":{"1":"t"}}}"#, "tags.add: type: must be a list of strings: got an object".into()),
        (r#"{"tags":{"add":"t"}}"#, r#"tags.add: type: must be a list of strings: got "t""#.into()),
        (
            r#"{"tags":{"add":["a",5,null],"remove":[["b"]]}}"#,
            concat!(
                "tags.add[1]: type: must be a string: got 5; tags.add[2]: type: must be a string: got null; ",
                "tags.remove[0]: type: must be a string: got a list"
            )
            .into(),
        ),
        (r#"{"alias":{"a":1}}"#, "alias: type: must be a string: got an object".into()),
        (r#"{"mobile":["1"]}"#, "mobile: type: must be a string: got a list".into()),
        (
            r#"{"alias":1,"mobile":2,"tags":{"add":["ok"]}}"#,
            "alias: type: must be a string: got 1; mobile: type: must be a string: got 2".into(),
        ),
        ("[]", "body: type: must be an object: got a list".into()),
        ("null", "body: type: must be an object: got null".into()),
        (r#""text""#, r#"body: type: must be an object: got "text""#.into()),
    ];
    for (body, message) in device {
        served.refused(("POST", "/v3/devices/d1", body), 400, 7002, &message);
    }
    for (body, message) in [
        (r#"{"registration_ids":"r1"}"#, r#"registration_ids: type: must be an object: got "r1""#),
        (r#"{"registration_ids":["d1"]}"#, "registration_ids: type: must be an object: got a list"),
        (
            r#"{"registration_ids":{"add":"d1"}}"#,
            r#"registration_ids.add: type: must be a list of strings: got "d1""#,
        ),
        (
            r#"{"registration_ids":{"remove":[7]}}"#,
            "registration_ids.remove[0]: type: must be a string: got 7",
        ),
    ] {
        served.refused(("POST", "/v3/tags/news", body), 400, 7002, message);
        served.refused(("POST", "/v3/aliases/ann", body), 400, 7002, message);
    }
    let list = r#"registration_ids: type: must be a list of strings: got "r1""#;
    served.refused(("POST", "/v3/devices/status", r#"{"registration_ids":"r1"}"#), 400, 7002, list);
}

#[test]
fn what_is_no_json() {
    let served = populated();
    let place = |column| format!("body: form: must be JSON: got something else at line 1 column {column}");
    for path in ["/v3/devices/d1", "/v3/tags/news", "/v3/aliases/ann", "/v3/devices/status"] {
        served.refused(("POST", path, ""), 400, 7002, "body: present: must be JSON: got none");
        let part = "body: form: must be JSON to its end: got a part that breaks off at line 1 column";
        served.refused(("POST", path, "{"), 400, 7002, &format!("{part} 1"));
        served.refused(("POST", path, r#"{"alias":"a"#), 400, 7002, &format!("{part} 11"));
        served.refused(("POST", path, "\n "), 400, 7002, "body: present: must be JSON: got none");
        served.refused(("POST", path, "\u{feff}"), 400, 7002, "body: present: must be JSON: got none");
        served.refused(("POST", path, r#"{"alias":"a"}x"#), 400, 7002, &place(14));
    }
}

#[test]
fn neither_list_of_devices() {
    let served = populated();
    let absent = "registration_ids: present: must be given: got none";
    for body in ["{}", r#"{"registration_ids":null}"#, r#"{"registrationIds":{"add":["d1"]}}"#] {
        for path in ["/v3/tags/news", "/v3/aliases/ann", "/v3/devices/status"] {
            served.refused(("POST", path, body), 400, 7002, absent);
        }
    }
    let none = "registration_ids: present: one of them must name devices: got none";
    for body in [r#"{"registration_ids":{}}"#, r#"{"registration_ids":{"add":null}}"#] {
        served.refused(("POST", "/v3/tags/news", body), 400, 7002, none);
        let absent = "registration_ids.remove: present: must be given: got none";
        served.refused(("POST", "/v3/aliases/ann", body), 400, 7002, absent);
    }
    let add = "registration_ids.add: items: must be absent: an alias is set on the device: got 1";
    served.refused(("POST", "/v3/aliases/ann", r#"{"registration_ids":{"add":["d3"]}}"#), 400, 7002, add);
    let empty = "registration_ids: items: must be at least 1: got 0";
    served.refused(("POST", "/v3/devices/status", r#"{"registration_ids":[]}"#), 400, 7002, empty);
}

#[test]
fn bad_names() {
    let served = populated();
    let long = "x".repeat(41);
    let huge = "x".repeat(256);
    let alphabet = "must hold only A-Z a-z 0-9 _ Han characters and @!#$&*+=.|￥¥";
    let body = format!(
        r#"{{"tags":{{"add":["ok","","a b","{long}","{huge}"],"remove":["","a b"]}},"alias":"a b","mobile":"x"}}"#
    );
    let message = format!(
        concat!(
            "tags.add[1]: bytes: must be 1 to 40: got 0 (\"\"); ",
            "tags.add[2]: characters: {alphabet}: got \"a b\"; ",
            "tags.add[3]: bytes: must be 1 to 40: got 41 (\"{long}\"); ",
            "tags.add[4]: bytes: must be 1 to 40: got 256 (\"{cut}\"…); ",
            "tags.remove[0]: bytes: must be 1 to 255: got 0 (\"\"); ",
            "mobile: form: must be + or a digit, then digits and -, with at least one digit: got \"x\"; ",
            "alias: characters: {alphabet}: got \"a b\""
        ),
        alphabet = alphabet,
        long = long,
        cut = "x".repeat(64),
    );
    served.refused(("POST", "/v3/devices/d1", &body), 400, 7002, &message);
    let message = format!("alias: bytes: must be 1 to 40: got 41 (\"{long}\")");
    served.refused(("POST", "/v3/devices/d1", &format!(r#"{{"alias":"{long}"}}"#)), 400, 7002, &message);
    let message = "mobile: bytes: must be 1 to 20: got 21 (\"111111111111111111111\")";
    served.refused(
        ("POST", "/v3/devices/d1", &format!(r#"{{"mobile":"{}"}}"#, "1".repeat(21))),
        400,
        7002,
        message,
    );
    let message = format!("tag: characters: {alphabet}: got \"a b\"");
    let add = r#"{"registration_ids":{"add":["d1"]}}"#;
    served.refused(("POST", "/v3/tags/a%20b", add), 400, 7002, &message);
    let message = format!("tag: bytes: must be 1 to 40: got 300 (\"{}\"…)", "x".repeat(64));
    served.refused(("POST", &format!("/v3/tags/{}", "x".repeat(300)), add), 400, 7002, &message);
    let message = format!("registration_id: bytes: must be 1 to 255: got 256 (\"{}\"…)", "x".repeat(64));
    served.refused(("GET", &format!("/v3/devices/{huge}"), ""), 400, 7002, &message);
    let message = r#"alias: characters: must hold no control characters: got "\n""#;
    served.refused(("GET", "/v3/aliases/%0A", ""), 400, 7002, message);
}

#[test]
fn texts_that_are_no_ids_are_named_with_the_ids_of_no_device() {
    let served = populated();
    let body = r#"{"registration_ids":{"add":["x","","d1"],"remove":["\t"]}}"#;
    let message = concat!(
        r#"registration_ids.add[0]: known: must be a device of the app: got "x"; "#,
        r#"registration_ids.add[1]: bytes: must be 1 to 255: got 0 (""); "#,
        r#"registration_ids.remove[0]: characters: must hold no control characters: got "\t""#
    );
    served.refused(("POST", "/v3/tags/news", body), 400, 7002, message);
}

#[test]
fn over_the_limits_of_a_request() {
    let served = populated();
    let list = |n: usize, text: &str| vec![format!("\"{text}\""); n].join(",");
    let tags = |key: &str, n| format!(r#"{{"tags":{{"{key}":[{}]}}}}"#, list(n, "t"));
    for key in ["add", "remove"] {
        served.jpush("POST", "/v3/devices/d3", &tags(key, 100)).is(200, "{}");
        let message = format!("tags.{key}: items: must be at most 100: got 101");
        served.refused(("POST", "/v3/devices/d3", &tags(key, 101)), 400, 7002, &message);
        let ids = |n| format!(r#"{{"registration_ids":{{"{key}":[{}]}}}}"#, list(n, "d3"));
        served.jpush("POST", "/v3/tags/t", &ids(1_000)).is(200, "{}");
        let message = format!("registration_ids.{key}: items: must be at most 1000: got 1001");
        served.refused(("POST", "/v3/tags/t", &ids(1_001)), 400, 7002, &message);
    }
    let body = format!(r#"{{"registration_ids":{{"remove":[{}]}}}}"#, list(1_001, "d3"));
    let message = "registration_ids.remove: items: must be at most 1000: got 1001";
    served.refused(("POST", "/v3/aliases/ann", &body), 400, 7002, message);
    let ids = |n| format!(r#"{{"registration_ids":[{}]}}"#, list(n, "d3"));
    served.jpush("POST", "/v3/devices/status", &ids(1_000)).is(200, r#"{"d3":{"online":false}}"#);
    let message = "registration_ids: items: must be at most 1000: got 1001";
    served.refused(("POST", "/v3/devices/status", &ids(1_001)), 400, 7002, message);
    // Bytes after decoding: 25 tags of 40 bytes, sent as escapes six times as long.
    let long = "\\u6c49".repeat(13) + "x";
    served
        .jpush("POST", "/v3/devices/d3", &format!(r#"{{"tags":{{"add":[{}]}}}}"#, list(25, &long)))
        .is(200, "{}");
    let body = format!(r#"{{"tags":{{"add":[{},"y"]}}}}"#, list(25, &long));
    let message = "tags.add: total bytes: must be at most 1000: got 1001";
    served.refused(("POST", "/v3/devices/d3", &body), 400, 7002, message);
}

#[test]
fn unknown_platforms() {
    let served = populated();
    let known = "must be one of ios android winphone hmos quickapp";
    for (query, index, named) in [
        ("amiga", 0, "amiga"),
        ("unknown", 0, "unknown"),
        ("IOS", 0, "IOS"),
        // A platform that JPush has no name for is in no answer with a filter.
        ("chrome", 0, "chrome"),
        ("android,huawei", 1, "huawei"),
        // What is empty is no platform, and never all of them.
        ("", 0, ""),
        ("ios,", 1, ""),
        (",ios", 0, ""),
        ("ios&platform=", 1, ""),
        ("ios&platform", 1, ""),
        ("ios%2C%20", 1, ""),
    ] {
        let message = format!("platform[{index}]: known: {known}: got {named:?}");
        for (method, path) in [("GET", "aliases/ann"), ("DELETE", "aliases/ann"), ("DELETE", "tags/news")] {
            let target = format!("/v3/{path}?platform={query}");
            served.refused((method, &target, ""), 400, 7002, &message);
        }
    }
    let both = format!(r#"platform[0]: known: {known}: got "a"; platform[3]: known: {known}: got "b""#);
    for query in ["platform=a,ios,ios,b", "platform=a&platform=ios,ios&platform=b"] {
        served.refused(("GET", &format!("/v3/aliases/ann?{query}"), ""), 400, 7002, &both);
    }
    let two = format!(r#"platform[0]: known: {known}: got ""; platform[1]: known: {known}: got """#);
    served.refused(("DELETE", "/v3/aliases/ann?platform=,", ""), 400, 7002, &two);
    // The first ones are named, and nothing is said of each of the others.
    let many = format!("/v3/aliases/ann?platform={}", ",".repeat(60_000));
    let reply = served.jpush("GET", &many, "");
    assert_eq!(reply.text().matches("platform[").count(), 20);
    assert!(reply.status() == 400 && reply.text().contains("platform: known: "), "{reply:?}");
    assert!(reply.text().contains(r#""code":7002,"#) && reply.text().contains("got more that are not"));
}

#[test]
fn a_deletion_refuses_a_filter_that_it_does_not_understand_and_a_look_up_ignores_it() {
    let served = populated();
    for (query, key) in [
        ("Platform=ios", "Platform"),
        ("platform[]=ios", "platform[]"),
        ("platform%5B%5D=ios", "platform%5B%5D"),
        ("platforms=ios", "platforms"),
        ("platform=ios&force=true", "force"),
        ("new_format=true", "new_format"),
        ("ios", "ios"),
    ] {
        let message = format!("query: known: must hold only platform: got {key:?}");
        for path in ["aliases/ann", "tags/news", "device/aliases/ann", "device/tags/news"] {
            served.refused(("DELETE", &format!("/v3/{path}?{query}"), ""), 400, 7002, &message);
        }
    }
    let both =
        "query: known: must hold only platform: got \"a\"; query: known: must hold only platform: got \"b\"";
    served.refused(("DELETE", "/v3/tags/news?a=1&platform=ios&b", ""), 400, 7002, both);
    let ann = r#"{"registration_ids":["d1","d2"]}"#;
    for query in ["Platform=ios", "platform[]=ios", "x", "&&"] {
        served.jpush("GET", &format!("/v3/aliases/ann?{query}"), "").is(200, ann);
    }
    served.jpush("DELETE", "/v3/aliases/ann?platform=ios&", "").is(200, "{}");
    served.jpush("GET", "/v3/aliases/ann", "").is(200, r#"{"registration_ids":["d2"]}"#);
}

#[test]
fn names_as_the_relaxed_profile_allows_them() {
    let served = served_of(Limits::relaxed());
    served.populate();
    served.jpush("POST", "/v3/devices/d3", r#"{"tags":{"add":["country:us","pref-news"]}}"#).is(200, "{}");
    served.jpush("GET", "/v3/tags/country:us/registration_ids/d3", "").is(200, r#"{"result":true}"#);
    served.jpush("GET", "/v3/tags/country%3Aus/registration_ids/d3", "").is(200, r#"{"result":true}"#);
    let message = format!("alias: bytes: must be 1 to 128: got 300 (\"{}\"…)", "x".repeat(64));
    let body = format!(r#"{{"alias":"{}"}}"#, "x".repeat(300));
    served.refused(("POST", "/v3/devices/d3", &body), 400, 7002, &message);
}
