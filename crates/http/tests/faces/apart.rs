//! Two apps behind one service: whoever speaks for one learns nothing of the other and changes nothing in it.

use crate::common::{KEY, SECRET, Served, TOKEN, basic, device, key, served, snapshot, tag};
use rollbook::{Alias, App, AppSettings, EventName, Platform, Registration, Secret, UserId};
use rollbook_store_mem::MemStore;

const OTHER_KEY: &str = "other0123456789abcdef012";
const OTHER_SECRET: &str = "other-master-secret";
const OTHER_TOKEN: &str = "OTHER-TOKEN";

/// The names of what only the first app has. None of them is part of a message that does not repeat it.
const THEIRS: [&str; 4] = ["d1", "ann", "vip", "u1"];
/// What no app has.
const NOBODYS: &str = "zzzz";

/// A populated app, and another with a device, a tag, an alias and a user of its own.
fn two() -> (Served, App<MemStore>) {
    let served = served();
    served.populate();
    let settings = AppSettings {
        master_secret: Some(Secret::new(OTHER_SECRET).unwrap()),
        api_tokens: vec![Secret::new(OTHER_TOKEN).unwrap()],
        presence: true,
        ..AppSettings::default()
    };
    let other = served.registry.create_app(&key(OTHER_KEY), settings).unwrap();
    other.declare_event(&EventName::new("activityCompleted").unwrap()).unwrap();
    other
        .register(&Registration {
            tags: vec![tag("own")],
            alias: Some(Alias::new("own").unwrap()),
            user: Some(UserId::new("own").unwrap()),
            ..Registration::new(device("own"), Platform::Ios)
        })
        .unwrap();
    (served, other)
}

/// Every JPush request that names something, for something of this name.
fn jpush_about(name: &str) -> Vec<(&'static str, String, String)> {
    let ids = format!(r#"{{"registration_ids":{{"remove":["{name}"]}}}}"#);
    let added = format!(r#"{{"registration_ids":{{"add":["{name}"],"remove":["own"]}}}}"#);
    vec![
        ("GET", format!("/v3/devices/{name}"), String::new()),
        ("POST", format!("/v3/devices/{name}"), r#"{"alias":"taken","tags":{"add":["taken"]}}"#.into()),
        ("POST", "/v3/devices/status".into(), format!(r#"{{"registration_ids":["{name}"]}}"#)),
        ("GET", format!("/v3/aliases/{name}"), String::new()),
        ("POST", format!("/v3/aliases/{name}"), ids),
        ("DELETE", format!("/v3/aliases/{name}"), String::new()),
        ("GET", "/v3/tags".into(), String::new()),
        ("POST", format!("/v3/tags/{name}"), added),
        ("DELETE", format!("/v3/tags/{name}"), String::new()),
        ("GET", format!("/v3/tags/{name}/registration_ids/own"), String::new()),
        ("GET", format!("/v3/tags/own/registration_ids/{name}"), String::new()),
    ]
}

/// Every Pushwoosh request of an app that names something, for something of this name.
fn pushwoosh_about(app: &str, name: &str) -> Vec<(&'static str, String)> {
    let request = |members: &str| format!(r#"{{"request":{{"application":"{app}",{members}}}}}"#);
    let posted =
        |members: &str| request(&format!(r#""event":"activityCompleted","attributes":{{}},{members}"#));
    let hwid = format!(r#""hwid":"{name}""#);
    vec![
        ("/json/1.3/checkDevice", request(&hwid)),
        ("/json/1.3/unregisterDevice", request(&hwid)),
        ("/json/1.3/deleteDevice", request(&hwid)),
        ("/json/1.3/postEvent", posted(&hwid)),
        ("/json/1.3/postEvent", posted(&format!(r#""userId":"{name}""#))),
        ("/api/v2/device-api/deleteUser", format!(r#"{{"application":"{app}","user_id":"{name}"}}"#)),
    ]
}

#[test]
fn what_only_another_app_has_is_answered_like_what_nobody_has() {
    let (served, _) = two();
    let before = snapshot(&served.app);
    let jpush = basic(OTHER_KEY, OTHER_SECRET);
    for name in THEIRS {
        for ((method, target, body), (_, unknown, nobodys)) in
            jpush_about(name).into_iter().zip(jpush_about(NOBODYS))
        {
            let theirs = served.send(method, &target, &jpush, &body);
            let nobodys = served.send(method, &unknown, &jpush, &nobodys);
            assert_eq!(theirs.status_line, nobodys.status_line, "{method} {target}");
            assert_eq!(theirs.text(), nobodys.text().replace(NOBODYS, name), "{method} {target}");
        }
        let token = format!("Token {OTHER_TOKEN}");
        let nobodys = pushwoosh_about(OTHER_KEY, NOBODYS);
        for ((target, body), (_, nobodys)) in pushwoosh_about(OTHER_KEY, name).into_iter().zip(nobodys) {
            let theirs = served.send("POST", target, &token, &body);
            let nobodys = served.send("POST", target, &token, &nobodys);
            assert_eq!(theirs.status_line, nobodys.status_line, "{target} {body}");
            assert_eq!(theirs.text(), nobodys.text().replace(NOBODYS, name), "{target} {body}");
        }
    }
    assert_eq!(snapshot(&served.app), before);
}

#[test]
fn a_device_registered_under_the_id_of_another_apps_device_is_another_device() {
    let (served, other) = two();
    let before = snapshot(&served.app);
    let token = format!("Token {OTHER_TOKEN}");
    let members = r#""hwid":"d1","device_type":3,"push_token":"theirs","userId":"u1""#;
    let body = format!(r#"{{"request":{{"application":"{OTHER_KEY}",{members}}}}}"#);
    let done = r#"{"status_code":200,"status_message":"OK","response":null}"#;
    served.send("POST", "/json/1.3/registerDevice", &token, &body).is(200, done);
    let found = other.device(&device("d1")).unwrap();
    assert_eq!((found.platform, found.tags, found.alias), (Platform::Android, vec![], None));
    let jpush = basic(OTHER_KEY, OTHER_SECRET);
    served.send("DELETE", "/v3/aliases/ann", &jpush, "").is(200, "{}");
    let gone = format!(r#"{{"application":"{OTHER_KEY}","user_id":"u1"}}"#);
    served.send("POST", "/api/v2/device-api/deleteUser", &token, &gone).is(200, done);
    assert!(other.device(&device("d1")).is_err());
    assert_eq!(snapshot(&served.app), before);
}

#[test]
fn the_secret_or_token_of_one_app_opens_no_other() {
    let (served, other) = two();
    let before = (snapshot(&served.app), snapshot(&other));
    for (app, secret) in
        [(KEY, OTHER_SECRET), (OTHER_KEY, SECRET), (KEY, TOKEN), (KEY, OTHER_TOKEN), (OTHER_KEY, OTHER_TOKEN)]
    {
        for (method, target, body) in jpush_about("d1") {
            let refused = served.send(method, &target, &basic(app, secret), &body);
            assert_eq!(refused.status(), 401, "{method} {target}");
            assert!(refused.text().contains("\"code\":7004"), "{refused:?}");
        }
    }
    for (app, token) in [
        (KEY, OTHER_TOKEN),
        (OTHER_KEY, TOKEN),
        (KEY, SECRET),
        (OTHER_KEY, OTHER_SECRET),
        (KEY, OTHER_SECRET),
    ] {
        for (target, body) in pushwoosh_about(app, "d1") {
            let refused = served.send("POST", target, &format!("Token {token}"), &body);
            assert_eq!(refused.status(), 401, "{target} {body}");
        }
    }
    assert_eq!((snapshot(&served.app), snapshot(&other)), before);
}
