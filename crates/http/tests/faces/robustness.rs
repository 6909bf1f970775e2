//! What clients send beside the point, and must be understood.

use crate::common::{Connection, KEY, Served, TOKEN, authorized, exchange, head, served, tag};

fn populated() -> Served {
    let served = served();
    served.populate();
    served
}

#[test]
fn the_content_type_of_a_request_is_ignored() {
    let served = populated();
    for content_type in [
        "application/json;charset:utf-8",
        "text/plain;charset=UTF-8",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "",
    ] {
        let content_type = format!("Content-Type: {content_type}");
        let body = br#"{"alias":"a"}"#;
        let lines = [authorized(), content_type, format!("Content-Length: {}", body.len())];
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let post = [&head("POST", "/v3/devices/d3", &lines)[..], body].concat();
        exchange(served.address, &post).is(200, "{}");
        let get = head("GET", "/v3/aliases/a", &lines[..2]);
        exchange(served.address, &get).is(200, r#"{"registration_ids":["d3"]}"#);
        let delete = head("DELETE", "/v3/aliases/a", &lines[..2]);
        exchange(served.address, &delete).is(200, "{}");
    }
}

#[test]
fn a_body_in_chunks_without_a_length_is_accepted() {
    let served = populated();
    let chunked = |target: &str, authorization: &str, chunks: &[&str]| {
        let mut connection = Connection::open(served.address);
        connection.send(&head("POST", target, &[authorization, "Transfer-Encoding: chunked"]));
        for chunk in chunks.iter().chain([&""]) {
            connection.send(format!("{:x}\r\n{chunk}\r\n", chunk.len()).as_bytes());
        }
        connection.reply().unwrap()
    };
    let chunks = [r#"{"al"#, r#"ias":"in "#, r#"parts"}"#];
    let refused = chunked("/v3/devices/d3", &authorized(), &chunks);
    assert!(refused.text().contains("alias: characters"), "{refused:?}");
    chunked("/v3/devices/d3", &authorized(), &[r#"{"al"#, r#"ias":"in_"#, r#"parts"}"#]).is(200, "{}");
    served.jpush("GET", "/v3/aliases/in_parts", "").is(200, r#"{"registration_ids":["d3"]}"#);
    let body = format!(r#"{{"request":{{"application":"{KEY}","hwid":"h"}}}}"#);
    let token = format!("Authorization: Token {TOKEN}");
    let done = r#"{"status_code":200,"status_message":"OK","response":null}"#;
    chunked("/json/1.3/registerUser", &token, &[&body]).is(200, done);
}

#[test]
fn a_wish_for_another_protocol_is_ignored() {
    let served = populated();
    let mut connection = Connection::open(served.address);
    for _ in 0..2 {
        let wish = [
            &authorized(),
            "Connection: Upgrade, HTTP2-Settings",
            "Upgrade: h2c",
            "HTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA",
            "Content-Length: 15",
        ];
        connection.send(&head("POST", "/v3/devices/d3", &wish));
        connection.send(br#"{"alias":"hop"}"#);
        connection.reply().unwrap().is(200, "{}");
        connection.send(&head("GET", "/v3/tags/news/registration_ids/d1", &wish[..4]));
        connection.reply().unwrap().is(200, r#"{"result":true}"#);
    }
}

#[test]
fn slashes_at_the_end_and_doubled_ones_do_not_matter() {
    let served = populated();
    let same = |method: &str, targets: &[&str], body: &str| {
        let first = served.jpush(method, targets[0], body);
        assert_eq!(first.status(), 200);
        for target in &targets[1..] {
            served.jpush(method, target, body).is(200, first.text());
        }
    };
    same("GET", &["/v3/tags", "/v3/tags/", "//v3/tags", "/v3//tags//"], "");
    same("GET", &["/v3/devices/d1", "/v3/devices/d1/", "/v3/devices//d1"], "");
    same("POST", &["/v3/devices/status", "/v3/devices/status/"], r#"{"registration_ids":["d1"]}"#);
    same("GET", &["/v3/aliases/ann?platform=ios", "/v3/aliases/ann/?platform=ios"], "");
    same(
        "GET",
        &[
            "/v3/tags/news/registration_ids/d1",
            "/v3/tags//news/registration_ids/d1",
            "/v3/tags/news/registration_ids/d1/",
        ],
        "",
    );
    same("DELETE", &["/v3/tags/vip?platform=ios", "/v3/tags/vip/?platform=ios"], "");
    let done = r#"{"status_code":200,"status_message":"OK","response":null}"#;
    let body = format!(r#"{{"request":{{"application":"{KEY}","hwid":"h"}}}}"#);
    for target in ["/json/1.3/registerUser/", "//json/1.3//registerUser"] {
        served.pushwoosh(target, &body).is(200, done);
    }
}

#[test]
fn platforms_are_decoded_and_then_split() {
    let served = populated();
    for query in ["android%2Cios", "android,ios", "ios%2candroid", "ios&platform=android"] {
        let reply = served.jpush("GET", &format!("/v3/aliases/ann?platform={query}"), "");
        reply.is(200, r#"{"registration_ids":["d1","d2"]}"#);
    }
}

#[test]
fn names_in_paths_are_decoded_as_utf_8() {
    let served = populated();
    for spelled in ["%E6%B1%89", "%e6%b1%89", "汉"] {
        let target = format!("/v3/tags/{spelled}/registration_ids/d1");
        served.jpush("GET", &target, "").is(200, r#"{"result":true}"#);
    }
    served.jpush("POST", "/v3/devices/d2", r#"{"tags":{"add":["a+b|c"]},"alias":"汉"}"#).is(200, "{}");
    served.jpush("GET", "/v3/aliases/%E6%B1%89", "").is(200, r#"{"registration_ids":["d2"]}"#);
    for spelled in ["a+b|c", "a%2Bb%7cc"] {
        let target = format!("/v3/tags/{spelled}/registration_ids/d2");
        served.jpush("GET", &target, "").is(200, r#"{"result":true}"#);
    }
    for spelled in ["%FF", "%C3%28", "%E6%B1", "%zz", "%"] {
        let message =
            |field: &str| format!("{field}: form: must be percent-encoded UTF-8: got \"{spelled}\"");
        let target = format!("/v3/tags/{spelled}?platform=ios");
        served.refused(("DELETE", &target, ""), 400, 7002, &message("tag"));
        served.refused(("GET", &format!("/v3/aliases/{spelled}"), ""), 400, 7002, &message("alias"));
        served.refused(
            ("GET", &format!("/v3/devices/{spelled}"), ""),
            400,
            7002,
            &message("registration_id"),
        );
        let target = format!("/v3/aliases/ann?platform={spelled}");
        served.refused(("GET", &target, ""), 400, 7002, &message("platform"));
    }
}

#[test]
fn bytes_are_counted_after_decoding() {
    let served = populated();
    // Thirteen characters of three bytes and one of one: exactly forty.
    for (spelled, name) in [("\\u6c49".repeat(13), "汉".repeat(13)), ("汉".repeat(13), "汉".repeat(13))] {
        let body = format!(r#"{{"tags":{{"add":["{spelled}x"]}}}}"#);
        served.jpush("POST", "/v3/devices/d3", &body).is(200, "{}");
        let carried = tag(&format!("{name}x"));
        assert!(served.app.has_tag(&crate::common::device("d3"), &carried).unwrap());
        let body = format!(r#"{{"tags":{{"add":["{spelled}xy"]}}}}"#);
        let message = format!("tags.add[0]: bytes: must be 1 to 40: got 41 (\"{name}xy\")");
        served.refused(("POST", "/v3/devices/d3", &body), 400, 7002, &message);
    }
}

#[test]
fn several_requests_on_one_connection_are_answered_in_turn() {
    let served = populated();
    let mut connection = Connection::open(served.address);
    for _ in 0..3 {
        connection.send(&head("GET", "/v3/tags/news/registration_ids/d1", &[&authorized()]));
        connection.reply().unwrap().is(200, r#"{"result":true}"#);
    }
    connection.send(b"GET /v3/tags HTTP/1.0\r\n\r\n");
    assert_eq!(connection.reply().unwrap().status(), 401);
    assert!(connection.reply().is_none(), "kept open for a client that asks for less");
}
