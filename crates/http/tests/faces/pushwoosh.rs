//! Every row of the Pushwoosh requests.

use crate::common::{KEY, PLAIN_KEY, device, served, served_with};
use rollbook::{EventQuery, EventScope, Platform, PlatformSet, Timestamp, UserId};
use rollbook_http::FaceOptions;

const DONE: &str = r#"{"status_code":200,"status_message":"OK","response":null}"#;

/// A request of this app, with these members more.
fn of(members: &str) -> String {
    format!(r#"{{"request":{{"application":"{KEY}"{members}}}}}"#)
}

#[test]
fn a_user_is_registered() {
    let served = served();
    let body = of(r#","userId":"user_3078a","hwid":"h1","tz_offset":-3600,"device_type":3"#);
    served.pushwoosh("/json/1.3/registerUser", &body).is(200, DONE);
    let found = served.app.device(&device("h1")).unwrap();
    assert_eq!(found.user.as_str(), "user_3078a");
    assert_eq!((found.platform, found.utc_offset.unwrap().secs()), (Platform::Android, -3600));
    for (members, user) in [
        (r#","hwid":"h1""#, "h1"),
        (r#","hwid":"h1","userId":12345678901234567890"#, "12345678901234567890"),
        (r#","hwid":"h1","userId":"""#, "h1"),
        (r#","hwid":"h1","userId":null,"tz_offset":null,"device_type":null"#, "h1"),
        (r#","hwid":"h1","userId":-7,"other":{}"#, "-7"),
    ] {
        served.pushwoosh("/json/1.3/registerUser", &of(members)).is(200, DONE);
        assert_eq!(served.app.device(&device("h1")).unwrap().user.as_str(), user);
    }
    // A known device keeps its platform, a new one has none.
    assert_eq!(served.app.device(&device("h1")).unwrap().platform, Platform::Android);
    served.pushwoosh("/json/1.3/registerUser", &of(r#","hwid":"h2""#)).is(200, DONE);
    assert_eq!(served.app.device(&device("h2")).unwrap().platform, Platform::Unknown);
}

#[test]
fn an_event_is_posted() {
    let served = served();
    served.populate();
    // It is the time of the event.
    served.clock.advance(16_529_776);
    let body = of(concat!(
        r#","event":"activityCompleted","hwid":"d1","userId":"someuser@user.com","device_type":1,"#,
        r#""attributes":{"login":"facebook","tries":2,"rate":1.5,"ok":true,"list":["a",1]},"#,
        r#""timestampUTC":1435228403,"timestampCurrent":1435253603"#
    ));
    let reply = served.pushwoosh("/json/1.3/postEvent", &body);
    let events = served.app.events(&EventQuery::default()).unwrap().items;
    let code = events[0].code.to_string();
    reply.is(200, &format!(r#"{{"status_code":200,"status_message":"OK","response":{{"code":"{code}"}}}}"#));
    assert_eq!(code.len(), 11);
    assert_eq!(events[0].at, Timestamp::from_secs(1_435_228_403));
    assert_eq!(events[0].attributes.iter().count(), 5);
    let again = served.pushwoosh("/json/1.3/postEvent", &body);
    assert_ne!(again.text(), reply.text());
    let by_user = of(r#","event":"activityCompleted","attributes":{},"userId":"u1","hwid":"""#);
    assert_eq!(served.pushwoosh("/json/1.3/postEvent", &by_user).status(), 200);
    let scope = EventScope::User(UserId::new("u1").unwrap());
    let of_user = served.app.events(&EventQuery { scope, ..EventQuery::default() }).unwrap().items;
    assert_eq!((of_user.len(), of_user[0].device.as_ref()), (1, None));
    assert_eq!(served.app.events(&EventQuery::default()).unwrap().items.len(), 3);
}

#[test]
fn the_local_time_of_an_event_is_that_of_its_device() {
    let served = served();
    served.clock.advance(16_529_776);
    served.pushwoosh("/json/1.3/registerUser", &of(r#","hwid":"h1","tz_offset":28800"#)).is(200, DONE);
    let body =
        of(r#","event":"activityCompleted","attributes":{},"hwid":"h1","timestampCurrent":1435257203"#);
    assert_eq!(served.pushwoosh("/json/1.3/postEvent", &body).status(), 200);
    let events = served.app.events(&EventQuery::default()).unwrap().items;
    assert_eq!(events[0].at, Timestamp::from_secs(1_435_228_403));
}

#[test]
fn a_user_is_deleted_with_all_devices() {
    let served = served();
    served.populate();
    let body = format!(r#"{{"application":"{KEY}","user_id":"u1"}}"#);
    for _ in 0..2 {
        served.pushwoosh("/api/v2/device-api/deleteUser", &body).is(200, DONE);
        let left = served.app.user_devices(&UserId::new("u1").unwrap(), PlatformSet::ALL).unwrap();
        assert!(left.is_empty() && served.app.device(&device("d1")).is_err());
    }
    let number = format!(r#"{{"application":"{KEY}","user_id":7}}"#);
    served.pushwoosh("/api/v2/device-api/deleteUser/", &number).is(200, DONE);
}

#[test]
fn a_device_lives_through_its_calls() {
    let served = served();
    let new =
        r#","hwid":"h1","device_type":1,"push_token":"opaque","language":"en","timezone":3600,"userId":"u9""#;
    let exists = |exist: bool, token: bool| {
        let response = format!(r#"{{"exist":{exist},"push_token_exist":{token}}}"#);
        format!(r#"{{"status_code":200,"status_message":"OK","response":{response}}}"#)
    };
    let check = || served.pushwoosh("/json/1.3/checkDevice", &of(r#","hwid":"h1""#));
    check().is(200, &exists(false, false));
    served.pushwoosh("/json/1.3/registerDevice", &of(new)).is(200, DONE);
    check().is(200, &exists(true, true));
    let found = served.app.device(&device("h1")).unwrap();
    assert_eq!(found.token.unwrap().as_str(), "opaque");
    assert_eq!(found.language.unwrap().as_str(), "en");
    assert_eq!((found.platform, found.utc_offset.unwrap().secs()), (Platform::Ios, 3600));
    assert_eq!(found.user.as_str(), "u9");
    // What is not given stays, with an empty text as good as none.
    let less = r#","hwid":"h1","device_type":17,"push_token":"","language":null"#;
    served.pushwoosh("/json/1.3/registerDevice", &of(less)).is(200, DONE);
    check().is(200, &exists(true, true));
    assert_eq!(served.app.device(&device("h1")).unwrap().platform, Platform::Huawei);
    served.pushwoosh("/json/1.3/unregisterDevice", &of(r#","hwid":"h1""#)).is(200, DONE);
    check().is(200, &exists(true, false));
    served.pushwoosh("/json/1.3/deleteDevice", &of(r#","hwid":"h1""#)).is(200, DONE);
    check().is(200, &exists(false, false));
}

#[test]
fn every_number_of_a_platform_is_known() {
    let served = served();
    for platform in Platform::ALL {
        let Some(number) = platform.device_type() else { continue };
        let body = of(&format!(r#","hwid":"h1","device_type":{number}"#));
        served.pushwoosh("/json/1.3/registerDevice", &body).is(200, DONE);
        assert_eq!(served.app.device(&device("h1")).unwrap().platform, platform);
    }
}

#[test]
fn one_token_is_good_for_several_apps() {
    let served = served();
    for (app, token) in [(KEY, "DEV-TOKEN"), (KEY, "SECOND"), (PLAIN_KEY, "DEV-TOKEN")] {
        let body = format!(r#"{{"request":{{"application":"{app}","hwid":"h1"}}}}"#);
        for scheme in ["Token", "token", "TOKEN  "] {
            let reply = served.send("POST", "/json/1.3/registerUser", &format!("{scheme} {token}"), &body);
            reply.is(200, DONE);
        }
    }
}

#[test]
fn browsers_of_named_origins_may_call() {
    let origin = "https://shop.example";
    let served = served_with(FaceOptions { cors_origins: vec![origin.into()], ..FaceOptions::default() });
    let preflight = |path: &str, origin: &str| {
        let lines = [
            format!("Origin: {origin}"),
            "Access-Control-Request-Method: POST".into(),
            "Access-Control-Request-Headers: authorization, content-type".into(),
        ];
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        crate::common::exchange(served.address, &crate::common::head("OPTIONS", path, &lines))
    };
    let reply = preflight("/json/1.3/registerUser", origin);
    assert_eq!((reply.status(), reply.text()), (200, "{}"));
    assert_eq!(reply.header("access-control-allow-origin"), Some(origin));
    assert_eq!(reply.header("access-control-allow-headers"), Some("authorization, content-type"));
    assert_eq!(reply.header("access-control-allow-methods"), Some("POST"));
    assert_eq!(reply.header("vary"), Some("origin"));
    for (path, origin) in [("/json/1.3/registerUser", "https://other.example"), ("/v3/tags", origin)] {
        let reply = preflight(path, origin);
        assert_eq!(reply.status(), 405);
        assert_eq!(reply.header("access-control-allow-origin"), None);
    }
    // Only the whole origin is that origin.
    for other in [
        "https://shop.example.evil",
        "https://shop.exampl",
        "https://shop.example:8443",
        "http://shop.example",
        "https://evil.example/https://shop.example",
        "null",
        "",
    ] {
        let reply = preflight("/json/1.3/registerUser", other);
        assert_eq!(reply.header("access-control-allow-origin"), None, "{other}");
        let lines = [&format!("Origin: {other}"), "Content-Length: 0"];
        let head = crate::common::head("POST", "/json/1.3/registerUser", &lines);
        let reply = crate::common::exchange(served.address, &head);
        assert_eq!(reply.header("access-control-allow-origin"), None, "{other}");
    }
    let lines = ["Origin: https://shop.example", "Content-Length: 0"];
    let head = crate::common::head("POST", "/json/1.3/registerUser", &lines);
    let reply = crate::common::exchange(served.address, &head);
    assert_eq!((reply.status(), reply.header("access-control-allow-origin")), (401, Some(origin)));
    // Neither the method nor the header alone makes a question before the call.
    for (method, line) in [("POST", "Access-Control-Request-Method: POST"), ("OPTIONS", "X: y")] {
        let lines = ["Origin: https://shop.example", line, "Content-Length: 0"];
        let head = crate::common::head(method, "/json/1.3/registerUser", &lines);
        let reply = crate::common::exchange(served.address, &head);
        assert_eq!(reply.header("access-control-allow-methods"), None, "{method}");
        assert_ne!(reply.status(), 200, "{method}");
    }
}
