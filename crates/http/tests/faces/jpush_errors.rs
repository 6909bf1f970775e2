//! Every row of the JPush codes, and what changes nothing.

use crate::common::{
    KEY, PLAIN_KEY, SECRET, authorized, basic, device, exchange, head, serve_store, served, served_of,
    snapshot, tag,
};
use rollbook::{Limits, Platform, Registration};
use rollbook_http::{FaceOptions, ServeOptions};
use rollbook_store_mem::MemStore;
use rollbook_testkit::{Call, Failure, Fault, FaultStore};

fn error(code: u16, message: &str) -> String {
    serde_json::json!({"error": {"code": code, "message": message}}).to_string()
}

#[test]
fn without_credentials_7001() {
    let served = served();
    let none = "authorization: form: must be Basic appKey:masterSecret: got none";
    exchange(served.address, &head("GET", "/v3/tags", &[])).is(401, &error(7001, none));
    let other = "authorization: form: must be Basic appKey:masterSecret: got another form";
    for header in ["Basic", "Basic ", "Basic !!!", "Basic bm9jb2xvbg==", "Token abc", "Bearer abc", "\u{80}"]
    {
        served.send("GET", "/v3/tags", header, "").is(401, &error(7001, other));
    }
    let empty = "authorization: form: must be Basic appKey:masterSecret: got an empty key or secret";
    for (key, secret) in [("", SECRET), (KEY, ""), ("", "")] {
        served.send("GET", "/v3/tags", &basic(key, secret), "").is(401, &error(7001, empty));
    }
}

#[test]
fn two_authorization_headers_are_refused_even_when_both_are_right() {
    let served = served();
    let message = "authorization: form: must be Basic appKey:masterSecret: got more than one";
    let other = format!("Authorization: {}", basic(KEY, "other"));
    for (first, second) in
        [(authorized(), authorized()), (authorized(), other.clone()), (other, authorized())]
    {
        let head = head("GET", "/v3/tags", &[&first, "X-Between: x", &second]);
        exchange(served.address, &head).is(401, &error(7001, message));
    }
}

#[test]
fn a_wrong_secret_7004_and_an_unknown_app_7008() {
    let served = served();
    let long = "x".repeat(300);
    for secret in ["wrong", "fedcba98765432100123456", long.as_str(), "a:b", "\n"] {
        let message = "authorization: secret: must be the app's master secret: got another";
        served.send("GET", "/v3/tags", &basic(KEY, secret), "").is(401, &error(7004, message));
    }
    for key in ["ffffffffffffffffffffffff", "no key", &long, "汉"] {
        let message = "authorization: known: must be the key of an app: got another";
        served.send("GET", "/v3/tags", &basic(key, SECRET), "").is(400, &error(7008, message));
    }
}

#[test]
fn credentials_are_taken_in_every_spelling_of_them() {
    let served = served();
    let padded = basic(KEY, SECRET);
    let bare = padded.trim_end_matches('=').to_owned();
    for header in [padded.replace("Basic", "basic"), padded.replace("Basic ", "BASIC   "), bare] {
        served.send("GET", "/v3/tags", &header, "").is(200, r#"{"tags":[]}"#);
    }
}

#[test]
fn an_app_without_a_secret_lets_nobody_in() {
    let served = served();
    served.registry.set_master_secret(served.app.key(), None).unwrap();
    let message = "authorization: secret: must be the app's master secret: got another";
    served.jpush("GET", "/v3/tags", "").is(401, &error(7004, message));
}

#[test]
fn an_unknown_path_7010_with_or_without_credentials() {
    let served = served();
    let message = "path: known: must be a path of the Device API: got another";
    for path in [
        "/",
        "/v3",
        "/v3/devices",
        "/v3/aliases/",
        "/v4/devices/d1",
        "/v3/tags/t/devices/d",
        "/v3/devices/a/b",
    ] {
        served.jpush("GET", path, "").is(404, &error(7010, message));
        exchange(served.address, &head("POST", path, &["Content-Length: 0"])).is(404, &error(7010, message));
    }
}

#[test]
fn a_wrong_method_7010_with_the_right_ones() {
    let served = served();
    for (method, path, allow) in [
        ("PUT", "/v3/devices/d1", "GET, POST"),
        ("DELETE", "/v3/devices/d1", "GET, POST"),
        ("GET", "/v3/devices/status", "POST"),
        ("PATCH", "/v3/aliases/a", "GET, POST, DELETE"),
        ("POST", "/v3/tags/", "GET"),
        ("GET", "/v3/tags/t", "POST, DELETE"),
        ("POST", "/v3/tags/t/registration_ids/d", "GET"),
        ("OPTIONS", "/v3/tags/t", "POST, DELETE"),
    ] {
        let reply = served.jpush(method, path, "");
        let message = format!("method: known: must be {allow} on this path: got another");
        reply.is(405, &error(7010, &message));
        assert_eq!(reply.header("allow"), Some(allow));
    }
}

#[test]
fn an_unknown_device_in_a_call_of_one_7002() {
    let served = served();
    served.populate();
    let message = r#"registration_id: known: must be a device of the app: got "nobody""#;
    served.refused(("GET", "/v3/devices/nobody", ""), 400, 7002, message);
    served.refused(("POST", "/v3/devices/nobody", r#"{"alias":"a"}"#), 400, 7002, message);
    served.refused(("GET", "/v3/tags/news/registration_ids/nobody", ""), 400, 7002, message);
}

#[test]
fn unknown_devices_of_a_list_7013_each_by_its_place() {
    let served = served();
    served.populate();
    let message = concat!(
        r#"registration_ids.add[1]: known: must be a device of the app: got "x"; "#,
        r#"registration_ids.remove[0]: known: must be a device of the app: got "y""#
    );
    let body = r#"{"registration_ids":{"add":["d1","x"],"remove":["y","d2"]}}"#;
    refused_of(&served, "/v3/tags/news", body, message, &["x", "y"]);
    let message = r#"registration_ids.remove[0]: known: must be a device of the app: got "y""#;
    let body = r#"{"registration_ids":{"remove":["y","d1"]}}"#;
    refused_of(&served, "/v3/aliases/ann", body, message, &["y"]);
    refused_of(&served, "/v3/tags/news", body, message, &["y"]);
}

#[test]
fn the_ids_that_nobody_has_stand_in_the_answer_whole_and_once() {
    let served = served();
    served.populate();
    let long = "y".repeat(255);
    let shown = format!("\"{}\"…", "y".repeat(64));
    let told = |index, shown: &str| {
        format!("registration_ids.add[{index}]: known: must be a device of the app: got {shown}")
    };
    let message = [told(0, &shown), told(2, "\"\\\"q\\\"\""), told(3, &shown)].join("; ");
    let body = format!(r#"{{"registration_ids":{{"add":["{long}","d1","\"q\"","{long}"]}}}}"#);
    refused_of(&served, "/v3/tags/news", &body, &message, &[&long, "\"q\""]);
}

#[test]
fn of_an_endless_list_of_unknown_devices_a_bounded_number_is_named() {
    let served = served_of(Limits::unlimited());
    served.populate();
    for path in ["/v3/tags/news", "/v3/aliases/ann"] {
        let ids: Vec<String> = (0..3_000).map(|n| format!("gone{n:04}")).collect();
        let body = serde_json::json!({"registration_ids": {"remove": ids}}).to_string();
        let before = snapshot(&served.app);
        let reply = served.jpush("POST", path, &body);
        let told: serde_json::Value = serde_json::from_slice(&reply.body).unwrap();
        assert_eq!((reply.status(), &told["error"]["code"]), (400, &7013.into()));
        assert_eq!(told["error"]["illegal_rids"].as_array().unwrap().len(), 1_000);
        assert!(
            told["error"]["message"].as_str().unwrap().ends_with("got 2000 more that are not"),
            "{}",
            told["error"]["message"]
        );
        assert_eq!(snapshot(&served.app), before);
    }
}

/// As `refused`, of a list in which the app does not know these ids.
#[track_caller]
fn refused_of(served: &crate::common::Served, target: &str, body: &str, message: &str, ids: &[&str]) {
    let before = snapshot(&served.app);
    let (message, ids) = (serde_json::to_string(message).unwrap(), serde_json::to_string(ids).unwrap());
    let expected = format!(r#"{{"error":{{"code":7013,"message":{message},"illegal_rids":{ids}}}}}"#);
    served.jpush("POST", target, body).is(400, &expected);
    assert_eq!(snapshot(&served.app), before);
}

#[test]
fn devices_at_their_tag_limit_7013_each_by_its_place() {
    let served = served_of(Limits { tags_per_device: Some(2), ..Limits::default() });
    for (id, tags) in [("full", vec![tag("a"), tag("b")]), ("free", vec![])] {
        served.app.register(&Registration { tags, ..Registration::new(device(id), Platform::Ios) }).unwrap();
    }
    let body = r#"{"registration_ids":{"add":["free","full","x"]}}"#;
    let message = concat!(
        "registration_ids.add[1]: tags per device: must be at most 2: got 3; ",
        r#"registration_ids.add[2]: known: must be a device of the app: got "x""#
    );
    refused_of(&served, "/v3/tags/c", body, message, &["x"]);
    let message = "registration_ids.add[1]: tags per device: must be at most 2: got 3";
    let body = r#"{"registration_ids":{"add":["free","full"]}}"#;
    served.refused(("POST", "/v3/tags/c", body), 400, 7013, message);
    let message = "tags.add: tags per device: must be at most 2: got 3";
    served.refused(("POST", "/v3/devices/full", r#"{"tags":{"add":["c"]}}"#), 400, 7002, message);
}

#[test]
fn an_alias_at_its_limit_7015() {
    let served = served_of(Limits { devices_per_alias: Some(1), ..Limits::default() });
    served.populate_one_alias();
    let message = r#"alias: devices per alias: must be at most 1: got 2 ("ann")"#;
    served.refused(("POST", "/v3/devices/e2", r#"{"alias":"ann","mobile":"1"}"#), 400, 7015, message);
    served.jpush("POST", "/v3/devices/e1", r#"{"alias":"ann"}"#).is(200, "{}");
}

impl crate::common::Served {
    fn populate_one_alias(&self) {
        self.enrol("e1", Platform::Ios);
        self.enrol("e2", Platform::Ios);
        self.jpush("POST", "/v3/devices/e1", r#"{"alias":"ann"}"#).is(200, "{}");
    }
}

#[test]
fn presence_without_the_capability_2007() {
    let served = served();
    let plain = basic(PLAIN_KEY, SECRET);
    let expected = error(2007, "app: presence: must be a capability of the app: got none");
    for body in [r#"{"registration_ids":["d1"]}"#, "{}", "no json"] {
        served.send("POST", "/v3/devices/status", &plain, body).is(403, &expected);
    }
}

#[test]
fn a_fault_of_ours_7000_and_no_more_is_told() {
    let served = serve_store(
        FaultStore::new(MemStore::new()),
        Limits::default(),
        FaceOptions::default(),
        ServeOptions::default(),
    );
    served.enrol("d1", Platform::Ios);
    let before = snapshot(&served.app);
    for failure in [Failure::Corrupt, Failure::Closed] {
        served.registry.store().arm(Fault::at(Call::Commit, 1, failure));
        let reply = served.jpush("POST", "/v3/devices/d1", r#"{"alias":"a"}"#);
        reply.is(500, &error(7000, "internal error"));
    }
    served.registry.store().arm(Fault::at(Call::Read, 1, Failure::Corrupt).staying());
    served.jpush("GET", "/v3/devices/d1", "").is(500, &error(7000, "internal error"));
    served.registry.store().disarm();
    assert_eq!(snapshot(&served.app), before);
}

#[test]
fn a_store_that_cannot_say_what_became_of_a_write_7000_and_not_try_again() {
    let served = serve_store(
        FaultStore::new(MemStore::new()),
        Limits::default(),
        FaceOptions::default(),
        ServeOptions::default(),
    );
    served.enrol("d1", Platform::Ios);
    let unknown = "outcome unknown: it may or may not have been done: look before you try again";
    for failure in [Failure::UnknownNotApplied, Failure::UnknownApplied] {
        served.registry.store().arm(Fault::at(Call::Commit, 1, failure));
        let reply = served.jpush("POST", "/v3/devices/d1", r#"{"alias":"a"}"#);
        reply.is(500, &error(7000, unknown));
    }
    let told = served.app.device(&device("d1")).unwrap();
    assert!(told.alias.is_some());
}

#[test]
fn a_busy_register_7030() {
    let served = serve_store(
        FaultStore::new(MemStore::new()),
        Limits::default(),
        FaceOptions::default(),
        ServeOptions::default(),
    );
    served.enrol("d1", Platform::Ios);
    let before = snapshot(&served.app);
    let expected = error(7030, "the register is busy: try again");
    for failure in [Failure::Unavailable, Failure::Conflict(rollbook::store::Conflicted::DeviceChanged)] {
        served.registry.store().arm(Fault::at(Call::Commit, 1, failure).staying());
        served.jpush("POST", "/v3/devices/d1", r#"{"alias":"a"}"#).is(503, &expected);
        served.registry.store().disarm();
    }
    served.registry.store().arm(Fault::at(Call::View, 1, Failure::Unavailable).staying());
    served.jpush("GET", "/v3/tags", "").is(503, &expected);
    served.registry.store().disarm();
    assert_eq!(snapshot(&served.app), before);
}
