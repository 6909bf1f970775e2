//! What the Pushwoosh face refuses, and that it changes nothing.

use crate::common::{KEY, Served, TOKEN, exchange, head, serve_store, served, served_with, snapshot};
use rollbook::{Limits, Platform};
use rollbook_http::{FaceOptions, ServeOptions};
use rollbook_store_mem::MemStore;
use rollbook_testkit::{Call, Failure, Fault, FaultStore};

fn of(members: &str) -> String {
    format!(r#"{{"request":{{"application":"{KEY}"{members}}}}}"#)
}

fn failed(code: u16, message: &str) -> String {
    let message = serde_json::to_string(message).unwrap();
    format!(r#"{{"status_code":{code},"status_message":{message},"response":null}}"#)
}

fn populated() -> Served {
    let served = served();
    served.populate();
    served
}

#[test]
fn a_token_that_is_missing_malformed_or_wrong() {
    let served = populated();
    let before = snapshot(&served.app);
    let told = |actual| {
        failed(
            401,
            &format!("authorization: form: must be Token and one of the app's API tokens: got {actual}"),
        )
    };
    let body = of(r#","hwid":"h1""#);
    let length = format!("Content-Length: {}", body.len());
    let bare = [head("POST", "/json/1.3/registerUser", &[&length]), body.clone().into_bytes()].concat();
    exchange(served.address, &bare).is(401, &told("none"));
    for header in ["Token", "Token ", "DEV-TOKEN", "Basic abc", "Bearer DEV-TOKEN", "\u{80}"] {
        served.send("POST", "/json/1.3/registerUser", header, &body).is(401, &told("another form"));
    }
    let right = format!("Authorization: Token {TOKEN}");
    let twice =
        [head("POST", "/json/1.3/registerUser", &[&right, &right, &length]), body.clone().into_bytes()];
    exchange(served.address, &twice.concat()).is(401, &told("more than one"));
    for token in ["DEV-TOKE", "DEV-TOKENX", "dev-token"] {
        let header = format!("Token {token}");
        served.send("POST", "/json/1.3/registerUser", &header, &body).is(401, &told("another"));
    }
    assert_eq!(snapshot(&served.app), before);
}

#[test]
fn malformed_json_or_an_empty_body() {
    let served = populated();
    for path in ["/json/1.3/registerUser", "/json/1.3/postEvent", "/api/v2/device-api/deleteUser"] {
        served.pushwoosh_refused(path, "", 400, 400, "body: present: must be JSON: got none");
        let message = "body: form: must be JSON: got something else at line 1 column 2";
        served.pushwoosh_refused(path, "{x", 400, 400, message);
        let message = "body: form: must be JSON to its end: got a part that breaks off at line 1 column 11";
        served.pushwoosh_refused(path, r#"{"request":"#, 400, 400, message);
    }
}

#[test]
fn an_unknown_application_is_an_argument_error() {
    let served = populated();
    let body = r#"{"request":{"application":"XXXXX-XXXXX","hwid":"h1"}}"#;
    let message = r#"application: known: must be an app: got "XXXXX-XXXXX""#;
    served.pushwoosh_refused("/json/1.3/registerUser", body, 200, 210, message);
    for (body, message) in [
        (r#"{"request":{"hwid":"h1"}}"#, "application: present: must be given: got none"),
        (r#"{"request":{"application":null}}"#, "application: present: must be given: got none"),
        (r#"{"request":{"application":5}}"#, "application: type: must be a string: got 5"),
        (
            r#"{"request":{"application":"a/b"}}"#,
            r#"application: characters: must hold only A-Z a-z 0-9 - _: got "a/b""#,
        ),
        (r#"{"request":[]}"#, "request: type: must be an object: got a list"),
        ("{}", "request: present: must be given: got none"),
        ("[]", "body: type: must be an object: got a list"),
    ] {
        served.pushwoosh_refused("/json/1.3/registerUser", body, 200, 210, message);
    }
}

#[test]
fn every_argument_that_is_wrong_is_named() {
    let served = populated();
    let types = "must be one of 1 3 5 7 8 9 10 11 12 17 18 19 21 2";
    let register_user = [
        ("".to_owned(), "hwid: present: must be given: got none".to_owned()),
        (r#","hwid":"""#.into(), "hwid: present: must be given: got none".into()),
        (r#","hwid":7"#.into(), "hwid: type: must be a string: got 7".into()),
        (
            r#","hwid":"h1","userId":["u"],"tz_offset":"3600.5","device_type":4"#.into(),
            format!(
                "userId: type: must be a string or a whole number of 64 bits: got a list; \
                 tz_offset: type: must be a whole number: got \"3600.5\"; device_type: known: {types}: got 4"
            ),
        ),
        (
            r#","hwid":"h1","tz_offset":50401"#.into(),
            "tz_offset: range: must be -43200 to 50400: got 50401".into(),
        ),
        (
            r#","hwid":"h1","tz_offset":-9999999999"#.into(),
            "tz_offset: range: must be -43200 to 50400: got -9999999999".into(),
        ),
        (
            r#","hwid":"h1","userId":123456789012345678901234567890"#.into(),
            "userId: type: must be a string or a whole number of 64 bits: got 123456789012345678901234567890"
                .into(),
        ),
        (
            r#","hwid":"h1","userId":"\u0000""#.into(),
            r#"userId: characters: must hold no control characters: got "\0""#.into(),
        ),
        (
            r#","hwid":"h1","device_type":1.5"#.into(),
            "device_type: type: must be a whole number: got 1.5".into(),
        ),
        // What was sent is shown in the client's own spelling.
        (r#","hwid":"h1","device_type":"100""#.into(), format!("device_type: known: {types}: got \"100\"")),
        (r#","hwid":"h1","device_type":100.0"#.into(), format!("device_type: known: {types}: got 100.0")),
        (r#","hwid":"h1","device_type":-0"#.into(), format!("device_type: known: {types}: got -0")),
        (
            r#","hwid":"h1","device_type":-0.0,"tz_offset":1e400"#.into(),
            "tz_offset: range: must be a number that 64 bits hold: got 1e400".into(),
        ),
        (
            r#","hwid":"h1","device_type":4e0,"tz_offset":1E+6"#.into(),
            format!(
                "tz_offset: range: must be -43200 to 50400: got 1E+6; device_type: known: {types}: got 4e0"
            ),
        ),
    ];
    for (members, message) in register_user {
        served.pushwoosh_refused("/json/1.3/registerUser", &of(&members), 200, 210, &message);
    }
    let message = "device_type: present: must be given: got none";
    served.pushwoosh_refused("/json/1.3/registerDevice", &of(r#","hwid":"h1""#), 200, 210, message);
    let bad = r#","hwid":"h1","device_type":1,"push_token":"a\nb","language":"english","timezone":true"#;
    let message = "push_token: characters: must hold no control characters: got one";
    served.pushwoosh_refused("/json/1.3/registerDevice", &of(bad), 200, 210, message);
    let flat = format!(r#"{{"application":"{KEY}","user_id":""}}"#);
    let message = "user_id: present: must be given: got none";
    served.pushwoosh_refused("/api/v2/device-api/deleteUser", &flat, 200, 210, message);
    let message = "application: present: must be given: got none";
    served.pushwoosh_refused("/api/v2/device-api/deleteUser", &of(""), 200, 210, message);
}

#[test]
fn events_that_are_wrong() {
    let served = populated();
    let post = |members: &str, message: &str| {
        served.pushwoosh_refused("/json/1.3/postEvent", &of(members), 200, 210, message);
    };
    post(
        r#","hwid":"d1""#,
        "event: present: must be given: got none; attributes: present: must be given: got none",
    );
    post(
        r#","event":"undeclared","attributes":{},"hwid":"d1""#,
        r#"event: known: must be declared: got "undeclared""#,
    );
    let event = r#","event":"activityCompleted","attributes":{}"#;
    post(event, "hwid or userId: present: one of them must be given: got neither");
    post(
        &format!(r#"{event},"hwid":"x","userId":"y""#),
        r#"hwid: known: must be a device of the app: got "x"; userId: known: must be a user of the app: got "y""#,
    );
    post(
        &format!(r#"{event},"hwid":"d1","timestampUTC":"now","timestampCurrent":1.5,"device_type":0"#),
        concat!(
            r#"timestampUTC: type: must be a whole number: got "now"; "#,
            "timestampCurrent: type: must be a whole number: got 1.5; ",
            "device_type: known: must be one of 1 3 5 7 8 9 10 11 12 17 18 19 21 2: got 0"
        ),
    );
    // Times by the names and in the spelling of the client.
    let ahead = concat!(
        "range: must be from 1970 to 86400 seconds after now, in seconds ",
        "(milliseconds are a frequent mistake): got"
    );
    for sent in ["1418698627000", "1418698627000.0", "1.418698627e12", "-1"] {
        for member in ["timestampUTC", "timestampCurrent"] {
            let members = format!(r#"{event},"hwid":"d1","{member}":{sent}"#);
            post(&members, &format!("{member}: {ahead} {sent}"));
        }
    }
    let values = "must be a text, a number, true or false, or a list of those";
    post(
        r#","event":"activityCompleted","hwid":"d1","attributes":{"a":null,"b":{"c":1},"d":[[1]],"e":1}"#,
        &format!(
            "attributes.a: type: {values}: got null; attributes.b: type: {values}: got an object; \
             attributes.d[0]: type: must be a text, a number, true or false: got a list"
        ),
    );
    post(
        r#","event":"activityCompleted","hwid":"d1","attributes":[]"#,
        "attributes: type: must be an object: got a list",
    );
}

#[test]
fn argument_errors_may_be_400() {
    let served = served_with(FaceOptions { argument_errors_are_400: true, ..FaceOptions::default() });
    served.populate();
    let message = "hwid: present: must be given: got none";
    served.pushwoosh_refused("/json/1.3/registerUser", &of(""), 400, 210, message);
}

#[test]
fn paths_and_methods() {
    let served = populated();
    let path = "path: known: must be a path of the API: got another";
    for target in ["/json/1.3/createMessage", "/json/1.4/registerUser", "/json", "/api/v2/other"] {
        served.pushwoosh_refused(target, "{}", 404, 404, path);
    }
    let reply = served.send("GET", "/json/1.3/registerUser", "Token DEV-TOKEN", "");
    reply.is(405, &failed(405, "method: known: must be POST: got another"));
    assert_eq!(reply.header("allow"), Some("POST"));
}

#[test]
fn a_fault_of_ours() {
    let served = serve_store(
        FaultStore::new(MemStore::new()),
        Limits::default(),
        FaceOptions::default(),
        ServeOptions::default(),
    );
    served.enrol("h1", Platform::Ios);
    let store = served.registry.store();
    for (failure, message) in [
        (Failure::Corrupt, "internal error"),
        (
            Failure::UnknownNotApplied,
            "outcome unknown: it may or may not have been done: look before you try again",
        ),
        (Failure::Unavailable, "the register is busy: try again"),
    ] {
        store.arm(Fault::at(Call::Commit, 1, failure));
        served.pushwoosh_refused("/json/1.3/deleteDevice", &of(r#","hwid":"h1""#), 500, 500, message);
    }
}
