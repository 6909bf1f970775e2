//! The lists of all calls of the vendors' libraries and SDKs, in the documentation of the faces: each row is sent and must
//! be answered as the row says.

use crate::common::{KEY, Served, served};
use std::collections::BTreeSet;

/// The rows of the documentation below a heading: the calls of each, and the status that it promises them.
fn documented(source: &'static str, heading: &str) -> Vec<(&'static str, u16)> {
    let section = source.split_once(heading).unwrap().1;
    let section = section.split_once("//! # ").unwrap().0;
    let rows = section.lines().filter_map(|line| line.strip_prefix("//! | `"));
    rows.flat_map(|row| {
        let (calls, answer) = row.split_once(" | ").unwrap();
        let status = answer.get(..3).unwrap().parse().unwrap();
        assert_eq!(answer.get(3..4), Some(":"), "{row}");
        calls.split('`').step_by(2).map(move |call| (call, status))
    })
    .collect()
}

fn populated() -> Served {
    let served = served();
    served.populate();
    served
}

/// The calls of the JPush libraries that something comes of: what they send, each in every form of the libraries, and
/// what they are answered.
const DEVICE_CALLS: [(&str, &[&str], &str); 14] = [
    ("GET /v3/devices/{id}", &[""], r#"{"tags":["news","vip","汉"],"alias":"ann","mobile":"13012345678"}"#),
    (
        "POST /v3/devices/{id}",
        &[
            r#"{"alias":"a","tags":{"add":["t"],"remove":["u"]},"mobile":"1"}"#,
            r#"{"alias":"","tags":""}"#,
            r#"{"mobile":""}"#,
            r#"{"tags":{}}"#,
            r#"{"alias":null,"mobile":null,"tags":{"add":null,"remove":["u"]}}"#,
            "{}",
        ],
        "{}",
    ),
    ("POST /v3/devices/status", &[r#"{"registration_ids":["d1"]}"#], r#"{"d1":{"online":false}}"#),
    ("GET /v3/aliases/{alias}", &[""], r#"{"registration_ids":["d1","d2"]}"#),
    ("GET /v3/aliases/{alias}?platform={platform}", &[""], r#"{"registration_ids":["d1"]}"#),
    (
        "GET /v3/aliases/{alias}?new_format=true",
        &[""],
        r#"{"data":[{"registration_id":"d1","platform":"ios"},{"registration_id":"d2","platform":"android"}]}"#,
    ),
    (
        "GET /v3/aliases/{alias}?platform={platform}&new_format=true",
        &[""],
        r#"{"data":[{"registration_id":"d1","platform":"ios"}]}"#,
    ),
    ("POST /v3/aliases/{alias}", &[r#"{"registration_ids":{"remove":["d1"]}}"#], "{}"),
    ("DELETE /v3/aliases/{alias}", &[""], "{}"),
    ("DELETE /v3/aliases/{alias}?platform={platform}", &[""], "{}"),
    ("GET /v3/tags", &[""], r#"{"tags":["news","odd","vip","汉"]}"#),
    ("GET /v3/tags/{tag}/registration_ids/{id}", &[""], r#"{"result":true}"#),
    (
        "POST /v3/tags/{tag}",
        &[
            r#"{"registration_ids":{"add":["d3"],"remove":["d1"]}}"#,
            r#"{"registration_ids":{"add":["d3"]}}"#,
            r#"{"registration_ids":{"add":null,"remove":["d1"]}}"#,
        ],
        "{}",
    ),
    ("DELETE /v3/tags/{tag}", &[""], "{}"),
];

#[test]
fn every_call_of_the_jpush_libraries_is_answered_as_the_documentation_says() {
    let rows = documented(include_str!("../../src/jpush/mod.rs"), "# What the libraries call");
    assert!(rows.len() > 70, "{rows:?}");
    let mut sent = BTreeSet::new();
    for (call, status) in rows {
        // The second layout, a slash before the end and a platform to delete on make no difference.
        let same =
            call.replace("/?", "?").replace("/device/tags", "/tags").replace("/device/aliases", "/aliases");
        let same = same
            .replace("/device/", "/devices/")
            .replace("DELETE /v3/tags/{tag}?platform={platform}", "DELETE /v3/tags/{tag}");
        let same = same.trim_end_matches('/');
        let known = DEVICE_CALLS.iter().find(|(known, ..)| *known == same);
        assert_eq!(known.is_some(), status == 200, "{call}");
        let filled = call.replace("{id}", "d1").replace("{tag}", "news").replace("{alias}", "ann");
        let filled = filled.replace("{platform}", "ios").replace("{key}", KEY);
        let filled = filled.replace(['{', '}'], "");
        let (method, target) = filled.split_once(' ').unwrap();
        let Some((known, bodies, answer)) = known else {
            let body = if method == "GET" { "" } else { r#"{"registration_ids":{"remove":["d1"]}}"# };
            let message = "path: known: must be a path of the Device API: got another";
            populated().refused((method, target, body), 404, 7010, message);
            continue;
        };
        sent.insert(*known);
        for body in *bodies {
            populated().jpush(method, target, body).is(200, answer);
        }
    }
    assert_eq!(sent.len(), DEVICE_CALLS.len(), "no call is left out of the documentation");
}

/// The members that the SDKs send with every call.
const BASE: &str =
    r#""hwid":"d1","userId":"u1","device_type":1,"v":"7.1.3","timezone":"25200","language":"de""#;

/// The calls of the Pushwoosh SDKs that something comes of: what they send beside that, and the response.
const SDK_CALLS: [(&str, &str, &str); 13] = [
    ("applicationOpen", r#""notificationTypes":7,"app_version":"2.4""#, "null"),
    ("registerDevice", r#""push_token":"t","gateway":"sandbox","sounds":[],"tags":{"Age":4}"#, "null"),
    ("unregisterDevice", "", "null"),
    ("deleteDevice", "", "null"),
    ("checkDevice", "", r#"{"exist":true,"push_token_exist":true}"#),
    ("registerUser", r#""ts_offset":7200"#, "null"),
    ("postEvent", r#""event":"activityCompleted","attributes":{"a":"1","b":["x"]}"#, "{code}"),
    ("/api/v2/device-api/deleteUser", "", "null"),
    ("getInApps", "", r#"{"inApps":[]}"#),
    ("getConfig", r#""features":["page_visit"]"#, r#"{"features":{}}"#),
    ("pushStat", r#""hash":"1","metaData":{}"#, "null"),
    ("messageDeliveryEvent", r#""hash":"1""#, "null"),
    ("setBadge", r#""badge":3"#, "null"),
];

#[test]
fn every_call_of_the_pushwoosh_sdks_is_answered_as_the_documentation_says() {
    let rows = documented(include_str!("../../src/pushwoosh/mod.rs"), "# What the SDKs call");
    assert!(rows.len() > 40, "{rows:?}");
    let mut sent = BTreeSet::new();
    for (call, status) in rows {
        let known = SDK_CALLS.iter().find(|(known, ..)| *known == call);
        assert_eq!(known.is_some(), status == 200, "{call}");
        let target = if call.starts_with('/') { call.to_owned() } else { format!("/json/1.3/{call}") };
        let target = target.replace(['{', '}'], "");
        let members = known.map_or("", |(_, members, _)| members);
        let comma = if members.is_empty() { "" } else { "," };
        let body = match call.contains("device-api") {
            true => format!(r#"{{"application":"{KEY}","user_id":"u1"}}"#),
            false => format!(r#"{{"request":{{"application":"{KEY}",{BASE}{comma}{members}}}}}"#),
        };
        let served = populated();
        let Some((known, _, response)) = known else {
            let message = "path: known: must be a path of the API: got another";
            served.pushwoosh_refused(&target, &body, 404, 404, message);
            continue;
        };
        sent.insert(*known);
        let reply = served.pushwoosh(&target, &body);
        let code = reply.text().split('"').find(|word| word.len() == 11 && word.as_bytes()[5] == b'-');
        let response = response.replace("{code}", &format!(r#"{{"code":"{}"}}"#, code.unwrap_or("none")));
        reply.is(200, &format!(r#"{{"status_code":200,"status_message":"OK","response":{response}}}"#));
    }
    assert_eq!(sent.len(), SDK_CALLS.len(), "no call is left out of the documentation");
}
