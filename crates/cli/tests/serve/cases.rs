//! Small inputs that clients really send, from end to end: the program with a configuration, a socket, both protocols,
//! and, where that is in the build, what a register in a directory holds afterwards.

use crate::service::{CONFIG, DONE, KEY, Reply, Service, TOKEN};

fn service(name: &str) -> Service {
    Service::start(&format!("cases-{name}"), CONFIG, &[])
}

/// A service whose app has more settings.
fn service_with(name: &str, settings: &str) -> Service {
    Service::start(&format!("cases-{name}"), &format!("{CONFIG}{settings}\n"), &[])
}

impl Service {
    #[cfg(feature = "rocks")]
    fn delete_user(&self, user: &str) -> Reply {
        let body = format!(r#"{{"application":"{KEY}","user_id":"{user}"}}"#);
        self.ask("POST", "/api/v2/device-api/deleteUser", TOKEN, &body)
    }

    #[track_caller]
    fn has_device(&self, hwid: &str, exist: bool, push_token_exist: bool) {
        let response = format!(r#"{{"exist":{exist},"push_token_exist":{push_token_exist}}}"#);
        let told = DONE.replace("null", &response);
        self.pushwoosh("checkDevice", &format!(r#""hwid":"{hwid}""#)).is(200, &told);
    }

    /// An argument error of Pushwoosh's protocol whose message has these parts.
    #[track_caller]
    fn refuses(&self, call: &str, members: &str, parts: &[&str]) {
        let reply = self.pushwoosh(call, members);
        assert!(
            reply.status == 200 && reply.body.contains(r#""status_code":210"#),
            "{members}: {}",
            reply.body
        );
        assert!(parts.iter().all(|part| reply.body.contains(part)), "{members}: {}", reply.body);
    }

    #[track_caller]
    fn is_online(&self, hwid: &str, online: bool) {
        let body = format!(r#"{{"registration_ids":["{hwid}"]}}"#);
        self.jpush("POST", "/v3/devices/status/", &body)
            .is(200, &format!(r#"{{"{hwid}":{{"online":{online}}}}}"#));
    }

    fn has_alias(&self, alias: &str, query: &str) -> Vec<String> {
        let reply = self.jpush("GET", &format!("/v3/aliases/{alias}{query}"), "");
        assert_eq!(reply.status, 200, "{}", reply.body);
        let told: serde_json::Value = serde_json::from_str(&reply.body).unwrap();
        let ids = told["registration_ids"].as_array().unwrap();
        let mut ids: Vec<String> = ids.iter().map(|id| id.as_str().unwrap().to_owned()).collect();
        ids.sort();
        ids
    }
}

/// An error of JPush's protocol.
#[track_caller]
fn refused(reply: Reply, code: u16, parts: &[&str]) {
    assert!(reply.status == 400 && reply.body.contains(&format!(r#""code":{code}"#)), "{}", reply.body);
    assert!(parts.iter().all(|part| reply.body.contains(part)), "{}", reply.body);
}

#[test]
fn a_time_zone_that_is_sent_as_text_or_with_a_point_registers_the_device() {
    let service = service("zones");
    for (n, zone) in [r#""-12600""#, "19800.0", r#""0""#, "-43200", r#""50400""#].iter().enumerate() {
        let hwid = format!("iphone-{n}");
        let members = format!(r#""hwid":"{hwid}","device_type":"1","push_token":"ab","timezone":{zone}"#);
        service.pushwoosh("registerDevice", &members).is(200, DONE);
        service.has_device(&hwid, true, true);
        let members = format!(r#""hwid":"{hwid}","tz_offset":{zone}"#);
        service.pushwoosh("registerUser", &members).is(200, DONE);
    }
    // No device is lost for an offset that no place on Earth has.
    service
        .pushwoosh("registerDevice", r#""hwid":"far","device_type":1,"push_token":"ab","timezone":"90000""#)
        .is(200, DONE);
    service.has_device("far", true, true);
    service.refuses("registerUser", r#""hwid":"far","tz_offset":"soon""#, &["tz_offset: "]);
}

#[test]
fn a_language_in_any_form_of_a_phone_registers_the_device() {
    let service = service("languages");
    let languages = ["zh-Hant-TW-u-ca-roc", "de_DE.UTF-8@euro", "EN_us", "sr-Latn-RS", "klingon?", "", "x"];
    for (n, language) in languages.iter().enumerate() {
        let hwid = format!("phone-{n}");
        let members = format!(r#""hwid":"{hwid}","device_type":3,"push_token":"ab","language":"{language}""#);
        service.pushwoosh("registerDevice", &members).is(200, DONE);
        service.has_device(&hwid, true, true);
    }
}

#[test]
fn an_empty_or_unknown_filter_of_a_deletion_deletes_nothing() {
    let service = service("filters");
    for (hwid, device_type) in [("droid", 3), ("apple", 1)] {
        let members = format!(r#""hwid":"{hwid}","device_type":{device_type}"#);
        service.pushwoosh("registerDevice", &members).is(200, DONE);
        let body = r#"{"alias":"both","tags":{"add":["fans"]}}"#;
        service.jpush("POST", &format!("/v3/devices/{hwid}"), body).is(200, "{}");
    }
    for thing in ["aliases/both", "tags/fans"] {
        for query in [
            "?platform=",
            "?platform=ios,",
            "?platform=,",
            "?Platform=ios",
            "?platform[]=ios",
            "?platfrom=ios",
        ] {
            refused(service.jpush("DELETE", &format!("/v3/{thing}{query}"), ""), 7002, &[]);
        }
    }
    assert_eq!(service.has_alias("both", ""), ["apple", "droid"]);
    for hwid in ["apple", "droid"] {
        service
            .jpush("GET", &format!("/v3/tags/fans/registration_ids/{hwid}"), "")
            .is(200, r#"{"result":true}"#);
    }
    service.jpush("DELETE", "/v3/aliases/both?platform=ios", "").is(200, "{}");
    assert_eq!(service.has_alias("both", ""), ["droid"]);
}

#[test]
fn phones_of_every_maker_are_android_to_jpush_and_browsers_have_no_platform() {
    let service = service("makers");
    for (hwid, device_type) in [("amazon", 9), ("huawei", 17), ("xiaomi", 19), ("firefox", 12), ("lumia", 5)]
    {
        let members = format!(r#""hwid":"{hwid}","device_type":{device_type}"#);
        service.pushwoosh("registerDevice", &members).is(200, DONE);
        service.jpush("POST", &format!("/v3/devices/{hwid}"), r#"{"alias":"makers"}"#).is(200, "{}");
    }
    assert_eq!(service.has_alias("makers", "?platform=android"), ["amazon", "huawei", "xiaomi"]);
    assert_eq!(service.has_alias("makers", "?platform=winphone"), ["lumia"]);
    assert_eq!(service.has_alias("makers", "").len(), 5);
    let reply = service.jpush("GET", "/v3/aliases/makers?new_format=true", "");
    let told: serde_json::Value = serde_json::from_str(&reply.body).unwrap();
    for item in told["data"].as_array().unwrap() {
        let platform = match item["registration_id"].as_str().unwrap() {
            "firefox" => None,
            "lumia" => Some("winphone"),
            _ => Some("android"),
        };
        assert_eq!(item.get("platform").and_then(|name| name.as_str()), platform, "{item}");
    }
}

#[test]
fn a_byte_order_mark_before_a_body_is_skipped() {
    let service = service("marks");
    let body =
        format!("\u{feff}{{\"request\":{{\"application\":\"{KEY}\",\"hwid\":\"net\",\"device_type\":8}}}}");
    service.ask("POST", "/json/1.3/registerDevice", TOKEN, &body).is(200, DONE);
    service.jpush("POST", "/v3/devices/net", "\u{feff}{\"alias\":\"marked\"}").is(200, "{}");
    assert_eq!(service.has_alias("marked", ""), ["net"]);
    let user = format!("\u{feff}{{\"application\":\"{KEY}\",\"user_id\":\"net\"}}");
    service.ask("POST", "/api/v2/device-api/deleteUser", TOKEN, &user).is(200, DONE);
}

#[test]
fn a_name_that_nobody_can_see_is_refused() {
    let service = service("blanks");
    for members in [
        r#""hwid":"\t ","userId":"u""#,
        r#""hwid":"h","userId":"\u200b\u2060""#,
        r#""hwid":"h","userId":" ann""#,
        r#""hwid":"h\u00a0","userId":"ann""#,
    ] {
        service.refuses("registerUser", members, &[]);
    }
    service.has_device("h", false, false);
    service.pushwoosh("registerUser", r#""hwid":"h","userId":"ann b""#).is(200, DONE);
    refused(service.jpush("POST", "/v3/devices/h", r#"{"tags":{"add":[" "]}}"#), 7002, &["tags"]);
    refused(service.jpush("POST", "/v3/devices/h", r#"{"mobile":"+"}"#), 7002, &["mobile"]);
}

#[test]
fn every_unknown_id_of_a_list_is_named_and_nothing_is_done() {
    let service = service("unknown");
    service.pushwoosh("registerDevice", r#""hwid":"here","device_type":3"#).is(200, DONE);
    let add = r#"{"registration_ids":{"add":["gone-1","here","gone-2"]}}"#;
    refused(service.jpush("POST", "/v3/tags/list", add), 7013, &[r#""illegal_rids":["gone-1","gone-2"]"#]);
    service.jpush("GET", "/v3/tags/list/registration_ids/here", "").is(200, r#"{"result":false}"#);
    let addd = r#"{"registration_ids":{"addd":["here"]}}"#;
    refused(service.jpush("POST", "/v3/tags/list", addd), 7002, &["addd"]);
}

#[test]
fn null_and_empty_members_of_an_audience_count_as_absent() {
    let parsed = |text: &str| serde_json::from_str::<rollbook::JpushAudience>(text);
    let only = parsed(r#"{"tag":["fans"]}"#).unwrap();
    for more in [r#""alias":null"#, r#""segment":[]"#, r#""registration_id":[],"tag_not":null"#] {
        assert_eq!(parsed(&format!(r#"{{"tag":["fans"],{more}}}"#)).unwrap(), only, "{more}");
    }
}

#[test]
fn a_device_that_is_gone_already_is_removed_with_success() {
    let service = service("gone");
    for call in ["deleteDevice", "unregisterDevice"] {
        service.pushwoosh(call, r#""hwid":"never""#).is(200, DONE);
    }
    service.has_device("never", false, false);
}

#[test]
fn times_and_numbers_of_an_event_are_bounded_by_name() {
    let service = service("times");
    service.pushwoosh("registerUser", r#""hwid":"clock","userId":"clock""#).is(200, DONE);
    let event = |more: &str| format!(r#""hwid":"clock","event":"activityCompleted","attributes":{more}"#);
    service.refuses(
        "postEvent",
        &event(r#"{},"timestampUTC":1700000000000"#),
        &["milliseconds", "1700000000000"],
    );
    service.refuses("postEvent", &event(r#"{},"timestampUTC":-1"#), &["from 1970", "-1"]);
    service.refuses("postEvent", &event(r#"{"id":9223372036854775808}"#), &["id", "9223372036854775808"]);
    for more in
        [r#"{},"timestampUTC":"1700000000""#, r#"{"id":9223372036854775807},"timestampUTC":1700000000.0"#]
    {
        let reply = service.pushwoosh("postEvent", &event(more));
        assert!(reply.body.contains(r#""status_code":200"#), "{more}: {}", reply.body);
    }
}

#[test]
fn what_a_device_keeps_of_its_former_user_is_a_setting() {
    for (setting, alias, tags) in [
        ("", r#""john""#, r#"["orders"]"#),
        ("policies = { on_user_change = \"clear_alias\" }", "null", r#"["orders"]"#),
        ("policies = { on_user_change = \"clear_alias_and_tags\" }", "null", "[]"),
    ] {
        let service = service_with(&format!("change-{}", setting.len()), setting);
        service.pushwoosh("registerUser", r#""hwid":"shared","userId":"john""#).is(200, DONE);
        let body = r#"{"alias":"john","tags":{"add":["orders"]}}"#;
        service.jpush("POST", "/v3/devices/shared", body).is(200, "{}");
        // The same user again changes nothing.
        service.pushwoosh("registerUser", r#""hwid":"shared","userId":"john""#).is(200, DONE);
        assert_eq!(service.has_alias("john", ""), ["shared"]);
        service.pushwoosh("registerUser", r#""hwid":"shared","userId":"mary""#).is(200, DONE);
        let told = format!(r#"{{"tags":{tags},"alias":{alias},"mobile":null}}"#);
        service.jpush("GET", "/v3/devices/shared", "").is(200, &told);
    }
}

#[test]
fn a_device_is_online_once_it_has_called() {
    let service = service("online");
    service.pushwoosh("registerDevice", r#""hwid":"watch","device_type":1,"push_token":"ab""#).is(200, DONE);
    service.is_online("watch", true);
    service.pushwoosh("registerUser", r#""hwid":"tablet","userId":"ann""#).is(200, DONE);
    service.is_online("tablet", true);
    // What a server says of a device is no sign of life.
    let quiet = service_with("quiet", "policies = { presence_from = \"none\" }");
    quiet.pushwoosh("registerDevice", r#""hwid":"watch","device_type":1"#).is(200, DONE);
    quiet.is_online("watch", false);
    let opened = service_with("opened", "policies = { presence_from = \"app_open\" }");
    opened.pushwoosh("registerDevice", r#""hwid":"watch","device_type":1"#).is(200, DONE);
    opened.is_online("watch", false);
    opened.pushwoosh("applicationOpen", r#""hwid":"watch","device_type":1"#).is(200, DONE);
    opened.is_online("watch", true);
}

#[test]
fn an_app_that_is_opened_first_records_the_device() {
    let service = service("open");
    let members = r#""hwid":"new","device_type":"3","userId":"ann","language":"pt_BR","timezone":"-10800","app_version":"1.2""#;
    service.pushwoosh("applicationOpen", members).is(200, DONE);
    service.has_device("new", true, false);
    service.is_online("new", true);
    let event = r#""hwid":"new","userId":"ann","event":"activityCompleted","attributes":{}"#;
    let reply = service.pushwoosh("postEvent", event);
    assert!(reply.status == 200 && reply.body.contains(r#""status_code":200"#), "{}", reply.body);
    service.pushwoosh("registerDevice", r#""hwid":"new","device_type":3,"push_token":"ab""#).is(200, DONE);
    service.has_device("new", true, true);
}

/// What is on disk after a service has ended.
#[cfg(feature = "rocks")]
mod on_disk {
    use super::*;
    use crate::run::rollbook;

    /// Runs a service on a directory, ends it, and exports its app.
    fn exported(name: &str, of: impl FnOnce(&Service)) -> String {
        let directory = tempfile::tempdir().unwrap();
        let store = format!("rocksdb:{}", directory.path().join("data").display());
        let service = Service::start(&format!("cases-{name}"), CONFIG, &["--store", &store]);
        of(&service);
        assert_eq!(service.stop().status.code(), Some(0));
        let export = rollbook(&["export", "--store", &store, "--app", KEY], b"");
        assert_eq!(export.code, Some(0), "{}", export.stderr);
        export.stdout
    }

    #[test]
    fn languages_and_time_zones_are_kept_in_one_form() {
        let export = exported("forms", |service| {
            let members =
                r#""hwid":"taipei","device_type":3,"language":"zh-Hant-TW-u-ca-roc","timezone":"28800""#;
            service.pushwoosh("registerDevice", members).is(200, DONE);
            let members = r#""hwid":"moon","device_type":3,"language":"?","timezone":"99999""#;
            service.pushwoosh("registerDevice", members).is(200, DONE);
        });
        let line =
            |id: &str| export.lines().find(|line| line.starts_with(&format!(r#"{{"id":"{id}""#))).unwrap();
        assert!(line("taipei").contains(r#""language":"zh-Hant-TW","utc_offset":28800"#), "{export}");
        assert!(!line("moon").contains("language") && !line("moon").contains("utc_offset"), "{export}");
    }

    #[test]
    fn nothing_of_an_erased_user_stays_whatever_became_of_the_device() {
        let event = |hwid: &str, user: &str| {
            format!(
                r#""hwid":"{hwid}","userId":"{user}","event":"activityCompleted","attributes":{{"mail":"{user}-private"}}"#
            )
        };
        let export = exported("erased", |service| {
            let posted = |hwid: &str, user: &str| {
                let reply = service.pushwoosh("postEvent", &event(hwid, user));
                assert!(reply.body.contains(r#""status_code":200"#), "{}", reply.body);
            };
            let registered = |hwid: &str, user: &str| {
                let members = format!(r#""hwid":"{hwid}","userId":"{user}""#);
                service.pushwoosh("registerUser", &members).is(200, DONE);
            };
            // Sold on, lost, never on a device, and still there.
            registered("sold", "ann");
            posted("sold", "ann");
            registered("sold", "bob");
            registered("lost", "cy");
            posted("lost", "cy");
            service.pushwoosh("deleteDevice", r#""hwid":"lost""#).is(200, DONE);
            posted("sold", "ghost");
            registered("kept", "dan");
            posted("kept", "dan");
            for user in ["ann", "cy", "ghost", "dan"] {
                assert_eq!(service.delete_user(user).status, 200);
            }
            posted("sold", "bob");
        });
        assert_eq!(export.matches("-private").count(), 1, "{export}");
        assert!(export.contains("bob-private") && !export.contains(r#""id":"kept""#), "{export}");
    }

    #[test]
    fn when_a_device_called_last_is_kept() {
        let export = exported("seen", |service| {
            service.pushwoosh("registerDevice", r#""hwid":"here","device_type":1"#).is(200, DONE);
        });
        assert!(export.contains(r#""last_seen":"#), "{export}");
    }
}
