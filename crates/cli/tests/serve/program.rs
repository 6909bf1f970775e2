//! The service as a program: what it prints, takes, refuses, counts and tells.

use crate::run::rollbook;
use crate::service::{BASIC, CONFIG, DONE, KEY, SECRET, Service, file};

#[test]
fn both_faces_answer_where_the_first_line_says_and_a_signal_ends_it() {
    for signal in ["-TERM", "-INT"] {
        let service = Service::start(&format!("both{signal}"), CONFIG, &[]);
        assert!(service.address.ip().is_loopback() && service.address.port() > 0);
        service.pushwoosh("registerDevice", r#""hwid":"d1","device_type":3"#).is(200, DONE);
        service.jpush("POST", "/v3/devices/d1", r#"{"tags":{"add":["news"]},"alias":"ann"}"#).is(200, "{}");
        service.jpush("GET", "/v3/tags/news/registration_ids/d1", "").is(200, r#"{"result":true}"#);
        let told = r#"{"tags":["news"],"alias":"ann","mobile":null}"#;
        service.jpush("GET", "/v3/devices/d1", "").is(200, told);
        let members = r#""event":"activityCompleted","attributes":{},"hwid":"d1""#;
        assert!(service.pushwoosh("postEvent", members).body.contains(r#""status_code":200"#));
        service
            .jpush("POST", "/v3/devices/status", r#"{"registration_ids":["d1"]}"#)
            .is(200, r#"{"d1":{"online":true}}"#);
        service.signal(signal);
        let ended = service.ended();
        assert_eq!((ended.status.code(), ended.stdout.as_str(), ended.stderr.as_str()), (Some(0), "", ""));
    }
}

#[test]
fn the_command_line_overrides_the_configuration() {
    let config = CONFIG.replace("127.0.0.1:0", "192.0.2.1:1") + "\n[faces]\nfaces = \"jpush\"\n";
    let service = Service::start("override", &config, &["--listen", "127.0.0.1:0", "--store", "memory"]);
    service.jpush("GET", "/v3/tags", "").is(200, r#"{"tags":[]}"#);
    assert_eq!(service.pushwoosh("registerUser", r#""hwid":"h""#).status, 404);
}

#[test]
fn a_configuration_that_is_wrong_is_refused_before_anything_is_done() {
    let path = file("wrong.toml", "listen = \"nowhere\"\n[[apps]]\nkey = \"a\"\nmaster_secret = 5\n");
    let path = path.to_str().unwrap();
    let answer = rollbook(&["serve", "--config", path], b"");
    assert_eq!((answer.code, answer.stdout.as_str()), (Some(1), ""));
    let expected = format!(
        "error: {path}, line 1: listen: form: must be an address and a port, such as 127.0.0.1:8085: got \"nowhere\"\n\
         error: {path}, line 4: apps[0].master_secret: type: must be a string: got a whole number\n"
    );
    assert_eq!(answer.stderr, expected);
}

#[test]
fn what_cannot_be_opened_is_told() {
    let missing = rollbook(&["serve", "--config", "no-such-file.toml"], b"");
    assert_eq!((missing.code, missing.stdout.as_str()), (Some(1), ""));
    assert!(missing.stderr.starts_with("error: cannot read no-such-file.toml: "), "{}", missing.stderr);
    let service = Service::start("taken", CONFIG, &[]);
    let address = service.address.to_string();
    let taken = rollbook(&["serve", "--listen", &address], b"");
    assert_eq!((taken.code, taken.stdout.as_str()), (Some(1), ""));
    assert!(taken.stderr.starts_with(&format!("error: cannot listen on {address}: ")), "{}", taken.stderr);
    for arguments in
        [["--listen", "nowhere"], ["--store", "disk"], ["--log", "loud"], ["--store", "rocksdb:"]]
    {
        let usage = rollbook(&["serve", arguments[0], arguments[1]], b"");
        assert_eq!((usage.code, usage.stdout.as_str()), (Some(2), ""), "{arguments:?}");
    }
}

#[test]
fn a_new_app_without_a_secret_is_given_one_that_is_shown_once() {
    let config = "listen = \"127.0.0.1:0\"\n[[apps]]\nkey = \"shop\"\napi_tokens = [\"DEV-TOKEN\"]\n";
    let mut service = Service::start("made", config, &["--log", "trace"]);
    let line = service.next_line();
    let secret = line.trim_end().strip_prefix("master secret of shop: ").unwrap().to_owned();
    assert_eq!(secret.len(), 24);
    let authorization = format!("Basic {}", base64(&format!("shop:{secret}")));
    service.ask("GET", "/v3/tags", &authorization, "").is(200, r#"{"tags":[]}"#);
    let ended = service.stop();
    assert_eq!(ended.stdout, "");
    assert!(!ended.stderr.contains(&secret), "{}", ended.stderr);
}

/// As a client does it.
fn base64(text: &str) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let digit = |three: &[u8], n: usize| {
        let bits = three.iter().fold(0_usize, |bits, &byte| bits << 8 | usize::from(byte))
            << (8 * (3 - three.len()));
        if n > three.len() { '=' } else { char::from(DIGITS[bits >> (18 - 6 * n) & 63]) }
    };
    text.as_bytes().chunks(3).flat_map(|three| (0..4).map(move |n| digit(three, n))).collect()
}

#[test]
fn no_secret_is_printed_or_logged_however_much_is_told() {
    let service = Service::start("logs", CONFIG, &["--log", "trace"]);
    service.jpush("GET", "/v3/tags", "");
    service.ask("GET", "/v3/tags", "Basic d3Jvbmc6d3Jvbmctc2VjcmV0", "");
    service.pushwoosh("registerDevice", r#""hwid":"d1","device_type":3,"push_token":"a-push-token""#);
    service.ask("POST", "/json/1.3/registerUser", "Token wrong-token", "{}");
    let ended = service.stop();
    assert!(ended.stderr.contains("operation=\"jpush.tag.list\""), "{}", ended.stderr);
    for secret in
        [SECRET, "DEV-TOKEN", "wrong-secret", "wrong-token", "a-push-token", "d3Jvbmc6", &BASIC[6..]]
    {
        assert!(
            !ended.stdout.contains(secret) && !ended.stderr.contains(secret),
            "{secret}: {}",
            ended.stderr
        );
    }
}

#[test]
fn health_is_told() {
    let service = Service::start("health", CONFIG, &[]);
    let reply = service.ask("GET", "/healthz", "", "");
    reply.is(200, r#"{"status":"ok"}"#);
    assert!(reply.head.contains("content-type: application/json; charset=utf-8"), "{}", reply.head);
    assert_eq!(service.ask("POST", "/healthz", "", "").status, 405);
}

#[test]
fn requests_are_counted_by_operation_and_outcome_and_by_nothing_that_a_client_makes_up() {
    let service = Service::start("metrics", CONFIG, &[]);
    for n in 0..3 {
        service.pushwoosh("registerDevice", &format!(r#""hwid":"d{n}","device_type":3"#));
    }
    service.pushwoosh(
        "registerDevice",
        r#""hwid":"d9","device_type":1,"language":"made up","timezone":"made up""#,
    );
    service.pushwoosh("registerDevice", r#""hwid":"d9","device_type":99"#);
    service.jpush("GET", "/v3/devices/d1", "");
    service.jpush("GET", "/v3/devices/nobody", "");
    service.ask("GET", "/v3/devices/d1", "Basic eDp5", "");
    for n in 0..50 {
        service.jpush("GET", &format!("/made/up/{n}?q={n}"), "");
        service.jpush("GET", &format!("/v3/devices/made-up-{n}"), "");
        service.ask(&format!("MADE{n}"), "/v3/tags", "", "");
    }
    let reply = service.ask("GET", "/metrics", "", "");
    assert_eq!(reply.status, 200);
    assert!(
        reply.head.contains("content-type: application/openmetrics-text; version=1.0.0"),
        "{}",
        reply.head
    );
    for line in [
        r#"rollbook_requests_total{operation="pushwoosh.register_device",code="200"} 4"#,
        r#"rollbook_requests_total{operation="pushwoosh.register_device",code="210"} 1"#,
        r#"rollbook_requests_total{operation="jpush.device.get",code="200"} 1"#,
        r#"rollbook_requests_total{operation="jpush.device.get",code="7002"} 51"#,
        r#"rollbook_requests_total{operation="jpush.device.get",code="7008"} 1"#,
        r#"rollbook_requests_total{operation="none",code="7010"} 100"#,
        r#"rollbook_dropped_members_total{member="language"} 1"#,
        r#"rollbook_dropped_members_total{member="timezone"} 1"#,
        r#"rollbook_request_seconds_count{operation="jpush.device.get"} 53"#,
        r#"rollbook_request_seconds_bucket{le="+Inf",operation="none"} 100"#,
        "rollbook_requests_under_way 0",
        "rollbook_apps 1",
        r#"rollbook_devices{app="0123456789abcdef01234567",platform="android"} 3"#,
        r#"rollbook_devices{app="0123456789abcdef01234567",platform="ios"} 1"#,
        "# EOF",
    ] {
        assert!(reply.body.lines().any(|told| told == line), "{line} is not in {}", reply.body);
    }
    assert!(reply.body.contains(r#"store="memory""#) && !reply.body.contains("made"), "{}", reply.body);
}

#[test]
fn browsers_of_the_origins_in_the_configuration_may_call() {
    let config = format!("{CONFIG}\n[faces]\ncors_origins = [\"https://shop.example\"]\n");
    let service = Service::start("cors", &config, &[]);
    let preflight = |origin: &str| {
        let mut connection = service.connect();
        connection.send(&format!(
            "OPTIONS /json/1.3/registerUser HTTP/1.1\r\nHost: test\r\nOrigin: {origin}\r\n\
             Access-Control-Request-Method: POST\r\n\r\n"
        ));
        connection.reply().unwrap()
    };
    let allowed = "access-control-allow-origin: https://shop.example";
    assert!(preflight("https://shop.example").head.contains(allowed));
    assert!(!preflight("https://other.example").head.contains("access-control"));
}

#[test]
fn the_help_tells_how_a_configuration_looks() {
    let help = rollbook(&["serve", "--help"], b"");
    assert_eq!((help.code, help.stderr.as_str()), (Some(0), ""));
    for said in
        ["--config <FILE>", "--listen <ADDRESS>", "--store <STORE>", "[[apps]]", "/healthz", "/metrics"]
    {
        assert!(help.stdout.contains(said), "{said} is not in {}", help.stdout);
    }
}

#[test]
fn a_key_of_the_configuration_is_no_secret_but_its_app_is_its_own() {
    let config = format!("{CONFIG}\n[[apps]]\nkey = \"other\"\nmaster_secret = \"another-secret\"\n");
    let service = Service::start("apart", &config, &[]);
    service.pushwoosh("registerDevice", r#""hwid":"d1","device_type":3"#).is(200, DONE);
    let other = format!("Basic {}", base64("other:another-secret"));
    assert_eq!(service.ask("GET", "/v3/devices/d1", &other, "").status, 400);
    let wrong = format!("Basic {}", base64(&format!("{KEY}:another-secret")));
    assert_eq!(service.ask("GET", "/v3/devices/d1", &wrong, "").status, 401);
}
