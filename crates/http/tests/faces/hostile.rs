//! What is sent in bad faith: a clear error or a closed connection, and the service goes on answering others.

use crate::common::{
    Connection, Served, TOKEN, authorized, exchange, goes_on, head, serve_store, served, snapshot,
    until_closed,
};
use rollbook::{Entropy, Limits, SeededEntropy};
use rollbook_http::{FaceOptions, ServeOptions};
use rollbook_store_mem::MemStore;
use std::io::{ErrorKind, Read, Write};
use std::time::Duration;

fn impatient() -> Served {
    let options = FaceOptions { body_timeout_millis: 300, body_limit: 10_000, ..FaceOptions::default() };
    let serve =
        ServeOptions { idle_timeout_millis: 300, head_timeout_millis: 300, ..ServeOptions::default() };
    let served = serve_store(MemStore::new(), Limits::default(), options, serve);
    served.populate();
    served
}

/// So many bytes by chance.
fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    SeededEntropy::new(seed).fill(&mut bytes);
    bytes
}

#[test]
fn random_bytes() {
    let served = served();
    served.populate();
    for seed in 0..200 {
        let length = usize::from(noise(seed, 2)[0]) * 16;
        let got = until_closed(served.address, &noise(seed + 1_000, length));
        assert!(got.is_empty() || got.starts_with(b"HTTP/1.1 400 "), "{:?}", String::from_utf8_lossy(&got));
    }
    goes_on(&served);
}

#[test]
fn random_bodies_and_random_changes_of_good_ones() {
    let served = served();
    served.populate();
    let before = snapshot(&served.app);
    let good = br#"{"registration_ids":{"add":["nobody","d1"],"remove":["nobody"]},"tags":5,"request":{}}"#;
    for seed in 0..150 {
        let mut body = good.to_vec();
        let draws = noise(seed, 64);
        for pair in draws.chunks(2).take(1 + usize::from(draws[0] % 8)) {
            let at = usize::from(pair[0]) % body.len();
            body[at] = pair[1];
        }
        body.truncate(body.len() - usize::from(draws[63]) % 3 * 20);
        for (method, target, authorization) in [
            ("POST", "/v3/devices/d1", authorized()),
            ("POST", "/v3/tags/news", authorized()),
            ("POST", "/json/1.3/postEvent", format!("Authorization: Token {TOKEN}")),
        ] {
            let length = format!("Content-Length: {}", body.len());
            let reply = exchange(
                served.address,
                &[head(method, target, &[&authorization, &length]), body.clone()].concat(),
            );
            assert!([200, 400].contains(&reply.status()), "{reply:?}");
            assert!(reply.text().starts_with('{'));
        }
    }
    // Nothing of it makes a device or removes one.
    assert_eq!(snapshot(&served.app).devices.len(), before.devices.len());
    goes_on(&served);
}

#[test]
fn a_body_that_stops_early() {
    let served = served();
    served.populate();
    let before = snapshot(&served.app);
    for lines in [["Content-Length: 100", "X: y"], ["Transfer-Encoding: chunked", "X: y"]] {
        let head = head("POST", "/v3/devices/d1", &[&authorized(), lines[0], lines[1]]);
        let bytes = [&head[..], b"5\r\n{\"ali"].concat();
        let got = until_closed(served.address, &bytes);
        assert!(got.is_empty() || got.starts_with(b"HTTP/1.1 400 "), "{:?}", String::from_utf8_lossy(&got));
    }
    assert_eq!(snapshot(&served.app), before);
    goes_on(&served);
}

#[test]
fn bodies_at_and_over_the_limit() {
    let served = served();
    served.populate();
    let padded = |length: usize| format!("{}{}", r#"{"alias":"a"}"#, " ".repeat(length - 13));
    served.jpush("POST", "/v3/devices/d1", &padded(1 << 20)).is(200, "{}");
    let message = "body: bytes: must be at most 1048576: got more";
    for length in [(1 << 20) + 1, 5 << 20] {
        served.refused(("POST", "/v3/devices/d2", &padded(length)), 400, 7002, message);
        let body = &padded(length);
        served.pushwoosh_refused("/json/1.3/postEvent", body, 400, 400, message);
    }
    // In chunks, and without end: what comes after enough of them is not read any more.
    let mut connection = Connection::open(served.address);
    connection.send(&head("POST", "/v3/devices/d2", &[&authorized(), "Transfer-Encoding: chunked"]));
    let chunk = format!("{:x}\r\n{}\r\n", 1 << 20, " ".repeat(1 << 20));
    let sent = (0..100).take_while(|_| connection.0.write_all(chunk.as_bytes()).is_ok());
    assert!(sent.count() < 100);
    // A client that waits to be asked is asked for what may be sent, and told of more at once.
    let mut connection = Connection::open(served.address);
    let lines = [&authorized(), "Content-Length: 1048576", "Expect: 100-continue"];
    connection.send(&head("POST", "/v3/devices/d2", &lines));
    assert_eq!(connection.reply().unwrap().status(), 100);
    let mut connection = Connection::open(served.address);
    let lines = [&authorized(), "Content-Length: 99999999", "Expect: 100-continue"];
    connection.send(&head("POST", "/v3/devices/d2", &lines));
    let reply = connection.reply().unwrap();
    assert!(reply.status() == 400 && reply.text().contains(message), "{reply:?}");
    goes_on(&served);
}

#[test]
fn json_of_ten_thousand_levels() {
    let served = served();
    served.populate();
    for (open, close) in [("[", "]"), (r#"{"deep":"#, "}")] {
        let deep = format!("{}5{}", open.repeat(10_000), close.repeat(10_000));
        // What is not known is skipped however deep it is, and what is known is refused for what it is.
        served.jpush("POST", "/v3/devices/d1", &format!(r#"{{"other":{deep}}}"#)).is(200, "{}");
        let kind = if open == "[" { "a list" } else { "an object" };
        let message = format!("alias: type: must be a string: got {kind}");
        served.refused(("POST", "/v3/devices/d1", &format!(r#"{{"alias":{deep}}}"#)), 400, 7002, &message);
        let message = format!("application: type: must be a string: got {kind}");
        let body = format!(r#"{{"request":{{"application":{deep}}}}}"#);
        served.pushwoosh_refused("/json/1.3/postEvent", &body, 200, 210, &message);
        let unended = open.repeat(100_000);
        let reply = served.jpush("POST", "/v3/devices/d1", &unended);
        assert!(reply.status() == 400 && reply.text().contains("body: form: must be JSON"), "{reply:?}");
    }
    goes_on(&served);
}

#[test]
fn lists_as_long_as_a_body_can_be() {
    let served = served();
    served.populate();
    for (items, code) in [("\"\",", 7002), ("5,", 7002), ("{},", 7002), ("\"zz\",", 7002)] {
        let list = items.repeat((1_000_000) / items.len());
        let list = list.trim_end_matches(',');
        for body in [
            format!(r#"{{"tags":{{"add":[{list}],"remove":[{list}]}}}}"#),
            format!(r#"{{"registration_ids":{{"add":[{list}]}}}}"#),
        ] {
            let reply = served.jpush("POST", "/v3/tags/news", &body);
            assert!(reply.status() == 400 && reply.text().contains(&code.to_string()));
            assert!(reply.body.len() < 200_000, "{}", reply.body.len());
            let reply = served.jpush("POST", "/v3/devices/d1", &body);
            assert!(reply.body.len() < 400_000);
        }
    }
    goes_on(&served);
}

#[test]
fn bytes_in_a_path_that_are_no_text() {
    let served = served();
    served.populate();
    for bytes in [&b"\xFF"[..], b"\xC3\x28", b"\xE6\xB1", b"\x80"] {
        let request =
            [b"GET /v3/tags/", bytes, b"/registration_ids/d1 HTTP/1.1\r\nHost: test\r\n\r\n"].concat();
        let got = until_closed(served.address, &request);
        assert!(got.starts_with(b"HTTP/1.1 4"), "{:?}", String::from_utf8_lossy(&got));
    }
    goes_on(&served);
}

#[test]
fn a_flood_of_headers() {
    let served = served();
    served.populate();
    let many = "X-Flood: 1\r\n".repeat(10_000);
    let long = format!("X-Flood: {}\r\n", "x".repeat(10 << 20));
    let path = "x".repeat(1 << 20);
    for request in [
        format!("GET /v3/tags HTTP/1.1\r\n{many}\r\n"),
        format!("GET /v3/tags HTTP/1.1\r\n{long}\r\n"),
        format!("GET /v3/tags/{path} HTTP/1.1\r\n\r\n"),
    ] {
        let got = until_closed(served.address, request.as_bytes());
        assert!(got.is_empty() || got.starts_with(b"HTTP/1.1 4"), "{:?}", String::from_utf8_lossy(&got));
    }
    goes_on(&served);
}

#[test]
fn senders_that_are_too_slow() {
    let served = impatient();
    let before = snapshot(&served.app);
    // A head that does not end.
    let mut slow = Connection::open(served.address);
    slow.send(b"GET /v3/tags HTTP/1.1\r\nHost: te");
    // A connection on which nothing is asked.
    let mut silent = Connection::open(served.address);
    // A body that does not end.
    let mut body = Connection::open(served.address);
    body.send(&head("POST", "/v3/devices/d1", &[&authorized(), "Content-Length: 100"]));
    body.send(br#"{"alias":"#);
    let mut other = Connection::open(served.address);
    let token = format!("Authorization: Token {TOKEN}");
    other.send(&head("POST", "/json/1.3/postEvent", &[&token, "Transfer-Encoding: chunked"]));
    goes_on(&served);
    assert!(slow.reply().is_none_or(|reply| reply.status() == 408));
    assert!(silent.reply().is_none());
    let reply = body.reply().unwrap();
    reply.is(
        503,
        r#"{"error":{"code":7030,"message":"not done: the body did not arrive within 300 ms: try again"}}"#,
    );
    assert_eq!(reply.header("connection"), Some("close"));
    assert!(body.reply().is_none());
    let text = r#"{"status_code":500,"status_message":"not done: the body did not arrive within 300 ms: try again","response":null}"#;
    other.reply().unwrap().is(500, text);
    assert_eq!(snapshot(&served.app), before);
    goes_on(&served);
}

#[test]
fn a_part_of_a_head_has_the_time_of_a_head_however_long_a_connection_may_be_idle() {
    let serve = ServeOptions { head_timeout_millis: 300, ..ServeOptions::default() };
    let serve = ServeOptions { idle_timeout_millis: 3_600_000, ..serve };
    let served = serve_store(MemStore::new(), Limits::default(), FaceOptions::default(), serve);
    let mut connection = Connection::open(served.address);
    for _ in 0..2 {
        connection.send(&head("GET", "/v3", &[]));
        assert_eq!(connection.reply().unwrap().status(), 404);
    }
    connection.send(b"GET /v3/tags HTTP/1.1\r\nHost: te");
    assert!(connection.reply().is_none());
}

/// Sends one byte, listens a moment, and so on; what came until the connection was closed, if it was.
fn drip(connection: &mut Connection, bytes: usize) -> Option<Vec<u8>> {
    connection.0.set_read_timeout(Some(Duration::from_millis(10))).unwrap();
    let mut got = Vec::new();
    let mut buffer = [0; 4_096];
    for _ in 0..bytes {
        // Once it is closed there may still be something to read.
        connection.0.write_all(b" ").ok();
        match connection.0.read(&mut buffer) {
            Ok(0) => return Some(got),
            Ok(n) => got.extend_from_slice(&buffer[..n]),
            Err(error) if [ErrorKind::WouldBlock, ErrorKind::TimedOut].contains(&error.kind()) => {}
            Err(_) => return Some(got),
        }
    }
    None
}

#[test]
fn senders_that_go_on_a_byte_at_a_time_gain_no_time() {
    let served = impatient();
    let before = snapshot(&served.app);
    let mut slow = Connection::open(served.address);
    slow.send(b"GET /v3/tags HTTP/1.1\r\nX-Slow: ");
    let got = drip(&mut slow, 2_000).unwrap();
    assert!(got.is_empty() || got.starts_with(b"HTTP/1.1 408 "), "{:?}", String::from_utf8_lossy(&got));
    let mut body = Connection::open(served.address);
    body.send(&head("POST", "/v3/devices/d1", &[&authorized(), "Content-Length: 9000"]));
    let got = String::from_utf8(drip(&mut body, 2_000).unwrap()).unwrap();
    assert!(
        got.starts_with("HTTP/1.1 503 ") && got.contains("not done: the body did not arrive within 300 ms"),
        "{got}"
    );
    assert_eq!(snapshot(&served.app), before);
    goes_on(&served);
}

#[test]
fn two_lengths_of_one_body() {
    let served = served();
    served.populate();
    let before = snapshot(&served.app);
    for lines in [["Content-Length: 13", "Content-Length: 14"], ["Content-Length: 13, 14", "X: y"]] {
        let head = head("POST", "/v3/devices/d1", &[&authorized(), lines[0], lines[1]]);
        let got = until_closed(served.address, &[&head[..], br#"{"alias":"a"}"#].concat());
        assert!(got.starts_with(b"HTTP/1.1 400 "), "{:?}", String::from_utf8_lossy(&got));
    }
    assert_eq!(snapshot(&served.app), before);
    goes_on(&served);
}

#[test]
fn a_body_that_is_declared_too_long_is_never_told_to_try_again() {
    let served = impatient();
    let before = snapshot(&served.app);
    let message = r#"{"error":{"code":7002,"message":"body: bytes: must be at most 10000: got more"}}"#;
    // The first is awaited, so that a client which sends it reads its answer; the other could not be.
    for length in ["Content-Length: 20000", "Content-Length: 99999999"] {
        let mut connection = Connection::open(served.address);
        connection.send(&head("POST", "/v3/devices/d1", &[&authorized(), length]));
        let reply = connection.reply().unwrap();
        assert_eq!((reply.status(), reply.text()), (400, message));
        assert_eq!(reply.header("connection"), Some("close"));
    }
    assert_eq!(snapshot(&served.app), before);
    goes_on(&served);
}
