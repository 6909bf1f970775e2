//! Whoever may not, and whatever is no operation, changes nothing: every row of refusal, with requests that would
//! change something if they were let in.

use crate::common::{KEY, PLAIN_KEY, SECRET, Served, TOKEN, basic, key, served, snapshot};
use rollbook::{Platform, Registration};

/// Two apps with a device and tags of the same names.
fn populated() -> Served {
    let served = served();
    served.populate();
    let plain = served.registry.app(&key(PLAIN_KEY)).unwrap();
    let tags = vec![crate::common::tag("news")];
    let device = crate::common::device("d1");
    plain.register(&Registration { tags, ..Registration::new(device, Platform::Ios) }).unwrap();
    served
}

/// Every write of the JPush face, as it would be done.
const JPUSH_WRITES: [(&str, &str, &str); 5] = [
    ("POST", "/v3/devices/d1", r#"{"tags":"","alias":"","mobile":""}"#),
    ("POST", "/v3/tags/news", r#"{"registration_ids":{"add":["d3"],"remove":["d1"]}}"#),
    ("DELETE", "/v3/tags/news", ""),
    ("POST", "/v3/aliases/ann", r#"{"registration_ids":{"remove":["d1"]}}"#),
    ("DELETE", "/v3/aliases/ann", ""),
];

#[test]
fn jpush_writes_of_those_who_may_not() {
    let served = populated();
    let plain = served.registry.app(&key(PLAIN_KEY)).unwrap();
    let before = (snapshot(&served.app), snapshot(&plain));
    for (method, target, body) in JPUSH_WRITES {
        for (authorization, status, code) in [
            ("Basic".to_owned(), 401, 7001),
            (basic("", SECRET), 401, 7001),
            (basic(KEY, ""), 401, 7001),
            (format!("Token {TOKEN}"), 401, 7001),
            (basic(KEY, "fedcba987654321001234568"), 401, 7004),
            (basic(KEY, TOKEN), 401, 7004),
            (basic("ffffffffffffffffffffffff", SECRET), 400, 7008),
        ] {
            let reply = served.send(method, target, &authorization, body);
            assert_eq!(reply.status(), status, "{method} {target}: {reply:?}");
            assert!(reply.text().starts_with(&format!(r#"{{"error":{{"code":{code},"#)), "{reply:?}");
        }
    }
    assert_eq!((snapshot(&served.app), snapshot(&plain)), before);
}

#[test]
fn jpush_writes_on_paths_and_with_methods_that_are_none() {
    let served = populated();
    let before = snapshot(&served.app);
    for (method, target, body) in JPUSH_WRITES {
        for (method, target, status) in [
            (method, format!("/v4{}", target.trim_start_matches("/v3")), 404),
            (method, format!("{target}/more"), 404),
            ("PUT", target.to_owned(), 405),
            ("PATCH", target.to_owned(), 405),
        ] {
            let reply = served.jpush(method, &target, body);
            assert_eq!(reply.status(), status, "{method} {target}: {reply:?}");
            assert!(reply.text().starts_with(r#"{"error":{"code":7010,"#), "{reply:?}");
        }
    }
    assert_eq!(snapshot(&served.app), before);
}

#[test]
fn jpush_writes_of_one_app_leave_the_other_as_it_is() {
    let served = populated();
    let before = snapshot(&served.app);
    for (method, target, body) in JPUSH_WRITES {
        let body = body.replace(r#""d3""#, r#""d1""#);
        served.send(method, target, &basic(PLAIN_KEY, SECRET), &body).is(200, "{}");
    }
    assert_eq!(snapshot(&served.app), before);
}

/// Every write of the Pushwoosh face, as it would be done, of the app that is named.
fn pushwoosh_writes(app: &str) -> Vec<(&'static str, String)> {
    let enclosed = |path, members: &str| {
        let body = format!(r#"{{"request":{{"application":"{app}","hwid":"d1",{members}}}}}"#);
        (path, body)
    };
    vec![
        enclosed("/json/1.3/registerUser", r#""userId":"other","tz_offset":3600"#),
        enclosed("/json/1.3/postEvent", r#""event":"activityCompleted","attributes":{}"#),
        enclosed("/json/1.3/registerDevice", r#""device_type":3,"push_token":"other""#),
        enclosed("/json/1.3/unregisterDevice", r#""x":1"#),
        enclosed("/json/1.3/deleteDevice", r#""x":1"#),
        ("/api/v2/device-api/deleteUser", format!(r#"{{"application":"{app}","user_id":"u1"}}"#)),
    ]
}

#[test]
fn pushwoosh_writes_of_those_who_may_not() {
    let served = populated();
    let before = snapshot(&served.app);
    for (path, body) in pushwoosh_writes(KEY) {
        let other = body.replace(KEY, "XXXXX-XXXXX");
        for (authorization, body, status, code) in [
            ("Token", &body, 401, 401),
            ("Token dev-token", &body, 401, 401),
            (&basic(KEY, SECRET), &body, 401, 401),
            (&format!("Token {SECRET}"), &body, 401, 401),
            (&format!("Token {TOKEN}"), &other, 200, 210),
        ] {
            let reply = served.send("POST", path, authorization, body);
            assert_eq!(reply.status(), status, "{path}: {reply:?}");
            assert!(reply.text().starts_with(&format!(r#"{{"status_code":{code},"#)), "{reply:?}");
        }
    }
    assert_eq!(snapshot(&served.app), before);
}

#[test]
fn pushwoosh_writes_on_paths_and_with_methods_that_are_none() {
    let served = populated();
    let before = snapshot(&served.app);
    let token = format!("Token {TOKEN}");
    for (path, body) in pushwoosh_writes(KEY) {
        for (method, target, status) in [
            ("POST", path.replace("1.3", "1.4").replace("v2", "v1"), 404),
            ("POST", format!("{path}/more"), 404),
            ("PUT", path.to_owned(), 405),
            ("DELETE", path.to_owned(), 405),
        ] {
            let reply = served.send(method, &target, &token, &body);
            assert_eq!(reply.status(), status, "{method} {target}: {reply:?}");
            assert!(reply.text().starts_with(&format!(r#"{{"status_code":{status},"#)), "{reply:?}");
        }
    }
    assert_eq!(snapshot(&served.app), before);
}

#[test]
fn no_answer_sends_a_client_to_another_address() {
    let served = populated();
    for (path, body) in pushwoosh_writes(KEY) {
        let reply = served.pushwoosh(path, &body);
        assert!(!reply.text().contains("base_url"), "{reply:?}");
        assert_eq!(reply.header("location"), None);
    }
}
