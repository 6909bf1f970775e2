//! What the Pushwoosh SDKs for iOS, Android and browsers send when an app is started for the first time, call by call,
//! with the members and headers that they send; and when a device counts as seen.

use crate::common::{KEY, Reply, Served, TOKEN, device, exchange, head, served, served_with};
use rollbook::{EventQuery, Platform, Policies, PresenceFrom, UserId};
use rollbook_http::FaceOptions;

const DONE: &str = r#"{"status_code":200,"status_message":"OK","response":null}"#;

fn done(response: &str) -> String {
    format!(r#"{{"status_code":200,"status_message":"OK","response":{response}}}"#)
}

/// Sends a call with these members, and these lines in its head.
fn call(served: &Served, name: &str, lines: &[&str], members: &str) -> Reply {
    let body = format!(r#"{{"request":{{"application":"{KEY}",{members}}}}}"#);
    let (token, length) =
        (format!("Authorization: Token {TOKEN}"), format!("Content-Length: {}", body.len()));
    let lines = [&[token.as_str(), length.as_str()], lines].concat();
    exchange(
        served.address,
        &[head("POST", &format!("/json/1.3/{name}"), &lines), body.into_bytes()].concat(),
    )
}

fn status(served: &Served, id: &str) -> String {
    let body = format!(r#"{{"registration_ids":["{id}"]}}"#);
    served.jpush("POST", "/v3/devices/status", &body).text().to_owned()
}

#[test]
fn the_sdk_for_ios_starts() {
    let served = served();
    let hwid = "6B29FC40-CA47-1067-B31D-00DD010662DA";
    let lines = ["Content-Type: application/json", "Accept-Language: zh-Hans"];
    let base = format!(r#""userId":"{hwid}","hwid":"{hwid}","v":"7.1.3","device_type":1"#);
    let send = |name: &str, members: &str| call(&served, name, &lines, &format!("{base}{members}"));
    let open = concat!(
        r#","package":"example.shop","timezone":"25200","app_version":"2.4","os_version":"18.5","#,
        r#""device_model":"iPhone17,1","language":"zh-Hans","time_sensitive_notifications":true,"#,
        r#""scheduled_summary":false,"notificationTypes":7"#
    );
    send("applicationOpen", open).is(200, DONE);
    let found = served.app.device(&device(hwid)).unwrap();
    assert_eq!((found.platform, found.user.as_str(), found.token), (Platform::Ios, hwid, None));
    assert_eq!((found.utc_offset.unwrap().secs(), found.language.unwrap().as_str()), (25_200, "zh-Hans"));
    assert_eq!(status(&served, hwid), format!(r#"{{"{hwid}":{{"online":true}}}}"#));
    send("getInApps", r#","language":"zh""#).is(200, &done(r#"{"inApps":[]}"#));
    let event = concat!(
        r#","event":"activityCompleted","attributes":{"login":"1","list":["a","2"],"ok":true},"#,
        r#""timestampUTC":1418698627,"timestampCurrent":1418723827"#
    );
    assert_eq!(send("postEvent", event).status(), 200);
    send("registerUser", "").is(200, DONE);
    let register = concat!(
        r#","push_token":"740f4707bebcf74f9b7c25d48e3358945f6aa01da5ddb387462c7eaf61bb78ad","timezone":"25200","#,
        r#""gateway":"sandbox","sounds":["ding.caf"],"voip_push_token":"00ff""#
    );
    send("registerDevice", register).is(200, DONE);
    call(&served, "checkDevice", &lines, &base).is(200, &done(r#"{"exist":true,"push_token_exist":true}"#));
    let events = served.app.events(&EventQuery::default()).unwrap().items;
    assert_eq!((events.len(), events[0].user.as_ref().unwrap().as_str()), (1, hwid));
    send("pushStat", r#","hash":"61BC984DD0","metaData":{}"#).is(200, DONE);
    send("messageDeliveryEvent", r#","hash":"61BC984DD0""#).is(200, DONE);
}

#[test]
fn the_sdk_for_android_starts() {
    let served = served();
    let lines = ["Content-Type: application/json;charset=UTF-8"];
    let base = r#""hwid":"2f9a3c1d8e7b6a50","v":"6.7.20","device_type":3"#;
    let send = |name: &str, members: &str| call(&served, name, &lines, &format!("{base}{members}"));
    let open = concat!(
        r#","language":"zh-Hans-CN-u-fw-mon","timezone":28800,"android_package":"example.shop","#,
        r#""device_model":"Pixel 9","device_name":"Phone","os_version":"15","app_version":"2.4","notificationTypes":7"#
    );
    send("applicationOpen", open).is(200, DONE);
    send("getInApps", r#","language":"zh""#).is(200, &done(r#"{"inApps":[]}"#));
    send("registerUser", r#","userId":"ann""#).is(200, DONE);
    let register =
        r#","userId":"ann","push_token":"dGhpcyBpcyBub3QgYSB0b2tlbg:APA91bE","tags":{},"sounds":["ding"]"#;
    send("registerDevice", register).is(200, DONE);
    // The next start, before which the language was changed to one that is none.
    send("applicationOpen", r#","userId":"ann","language":"?","timezone":"28800""#).is(200, DONE);
    let found = served.app.device(&device("2f9a3c1d8e7b6a50")).unwrap();
    assert_eq!((found.platform, found.user.as_str()), (Platform::Android, "ann"));
    assert_eq!((found.utc_offset.unwrap().secs(), found.language.unwrap().as_str()), (28_800, "zh-Hans-CN"));
    assert!(found.token.is_some());
}

#[test]
fn the_sdk_for_browsers_starts() {
    let origin = "https://shop.example";
    let served = served_with(FaceOptions { cors_origins: vec![origin.into()], ..FaceOptions::default() });
    let origin_line = format!("Origin: {origin}");
    let lines = ["Content-Type: text/plain;charset=UTF-8", origin_line.as_str()];
    let base = concat!(
        r#""hwid":"web_5f2c","userId":"web_5f2c","device_type":11,"device_model":"Google Chrome 138","#,
        r#""timezone":7200,"language":"de","v":"3.53.0""#
    );
    let send = |name: &str, members: &str| {
        let preflight = [
            "Access-Control-Request-Method: POST",
            "Access-Control-Request-Headers: authorization,content-type",
        ];
        let lines_of = [origin_line.as_str(), preflight[0], preflight[1]];
        let allowed = exchange(served.address, &head("OPTIONS", &format!("/json/1.3/{name}"), &lines_of));
        assert_eq!(allowed.header("access-control-allow-origin"), Some(origin), "{name}");
        let reply = call(&served, name, &lines, &format!("{base}{members}"));
        assert_eq!(
            (reply.status(), reply.header("access-control-allow-origin")),
            (200, Some(origin)),
            "{name}"
        );
        reply.text().to_owned()
    };
    let features = r#","features":["page_visit","vapid_key","web_in_apps","events","subscription_prompt"]"#;
    assert_eq!(send("getConfig", features), done(r#"{"features":{}}"#));
    assert_eq!(send("checkDevice", ""), done(r#"{"exist":false,"push_token_exist":false}"#));
    assert_eq!(send("applicationOpen", ""), DONE);
    let user = r#","ts_offset":7200"#;
    assert_eq!(send("registerUser", user), DONE);
    let register = r#","push_token":"https://push.example/x","auth_token":"YXV0aA","public_key":"BPub""#;
    assert_eq!(send("registerDevice", register), DONE);
    assert_eq!(send("checkDevice", ""), done(r#"{"exist":true,"push_token_exist":true}"#));
    let found = served.app.device(&device("web_5f2c")).unwrap();
    assert_eq!((found.platform, found.user.as_str()), (Platform::Chrome, "web_5f2c"));
    assert_eq!(send("unregisterDevice", ""), DONE);
    assert_eq!(send("deleteDevice", ""), DONE);
    assert_eq!(send("deleteDevice", ""), DONE);
}

#[test]
fn an_opening_makes_a_device_and_changes_what_it_says() {
    let served = served();
    served.populate();
    let open = |members: &str| call(&served, "applicationOpen", &[], members).is(200, DONE);
    // A known device keeps its user, its platform where none is given, and all else that is not given.
    open(r#""hwid":"d1","userId":"someone","language":"fr""#);
    let found = served.app.device(&device("d1")).unwrap();
    assert_eq!((found.platform, found.user.as_str()), (Platform::Ios, "u1"));
    assert_eq!((found.language.unwrap().as_str(), found.tags.len()), ("fr", 3));
    assert_eq!(found.token.unwrap().as_str(), "opaque-push-token");
    open(r#""hwid":"d1","device_type":17,"push_token":"new","timezone":0,"language":null"#);
    let found = served.app.device(&device("d1")).unwrap();
    assert_eq!((found.platform, found.token.unwrap().as_str()), (Platform::Huawei, "new"));
    assert_eq!((found.language.unwrap().as_str(), found.utc_offset.unwrap().secs()), ("fr", 0));
    // A new one is of the user that it names, or its own.
    open(r#""hwid":"n1","userId":"ann""#);
    open(r#""hwid":"n2","userId":"""#);
    let of = |id: &str| served.app.device(&device(id)).unwrap();
    assert_eq!((of("n1").user, of("n1").platform), (UserId::new("ann").unwrap(), Platform::Unknown));
    assert_eq!(of("n2").user.as_str(), "n2");
    let body = |members: &str| format!(r#"{{"request":{{"application":"{KEY}"{members}}}}}"#);
    for (members, message) in [
        ("", "hwid: present: must be given: got none"),
        (
            r#","hwid":"n3","device_type":"phone""#,
            r#"device_type: type: must be a whole number: got "phone""#,
        ),
        (r#","hwid":"n3","push_token":5"#, "push_token: type: must be a string: got another type"),
    ] {
        served.pushwoosh_refused("/json/1.3/applicationOpen", &body(members), 200, 210, message);
    }
}

/// The calls of a device, each with what it needs.
const CALLS: [(&str, &str); 4] = [
    ("applicationOpen", r#""hwid":"d1""#),
    ("registerDevice", r#""hwid":"d1","device_type":1"#),
    ("registerUser", r#""hwid":"d1","userId":"u1""#),
    ("postEvent", r#""hwid":"d1","event":"activityCompleted","attributes":{}"#),
];

#[test]
fn a_device_that_calls_was_seen_and_one_that_a_server_speaks_of_was_not() {
    for (name, members) in CALLS {
        let served = served();
        served.populate();
        assert_eq!(status(&served, "d1"), r#"{"d1":{"online":false}}"#);
        // Nothing of this comes from the device.
        served.jpush("POST", "/v3/devices/d1", r#"{"mobile":"1"}"#).is(200, "{}");
        served.jpush("GET", "/v3/devices/d1", "");
        call(&served, "checkDevice", &[], r#""hwid":"d1""#);
        call(&served, "pushStat", &[], r#""hwid":"d1""#);
        let by_user = r#""userId":"u1","event":"activityCompleted","attributes":{}"#;
        assert_eq!(call(&served, "postEvent", &[], by_user).status(), 200);
        // What is refused is no sign of life either.
        call(&served, name, &[], &format!(r#"{members},"hwid":"d1""#));
        assert_eq!(status(&served, "d1"), r#"{"d1":{"online":false}}"#, "{name}");
        assert_eq!(call(&served, name, &[], members).status(), 200);
        assert_eq!(status(&served, "d1"), r#"{"d1":{"online":true}}"#, "{name}");
        served.clock.advance(601);
        let seen = r#"{"d1":{"online":false,"last_online_time":"2014-12-16 10:57:07"}}"#;
        assert_eq!(status(&served, "d1"), seen, "{name}");
        let by_day = r#"{"registration_id":"d1","platform":"ios","last_online_date":"2014-12-16"}"#;
        assert!(served.jpush("GET", "/v3/aliases/ann?new_format=true", "").text().contains(by_day), "{name}");
    }
}

#[test]
fn which_calls_count_as_seen_is_the_apps_to_say() {
    for (presence_from, counted) in [
        (PresenceFrom::DeviceCalls, &["applicationOpen", "registerDevice", "registerUser", "postEvent"][..]),
        (PresenceFrom::AppOpen, &["applicationOpen"]),
        (PresenceFrom::None, &[]),
    ] {
        for (name, members) in CALLS {
            let served = served();
            served.populate();
            let policies = Policies { presence_from, ..Policies::default() };
            served.registry.set_policies(served.app.key(), &policies).unwrap();
            assert_eq!(call(&served, name, &[], members).status(), 200);
            let online = format!(r#"{{"d1":{{"online":{}}}}}"#, counted.contains(&name));
            assert_eq!(status(&served, "d1"), online, "{name}");
        }
    }
}
