//! Connections: how many there are, which one gives way, and what each is told in the end.

use crate::common::{
    Connection, Served, TOKEN, Waiting, authorized, device, exchange, goes_on, head, serve_store, tag,
    until_closed,
};
use rollbook::store::Store;
use rollbook::{Limits, Platform, Registration};
use rollbook_http::{Execution, FaceOptions, ServeOptions};
use rollbook_store_mem::MemStore;
use std::io::{ErrorKind, Read};
use std::net::Shutdown;
use std::time::Duration;

/// On the runtime that serves and on threads of their own.
const THREADS: [usize; 2] = [0, 2];

fn served_with_at_most(max_connections: usize, threads: usize) -> Served {
    let serve = ServeOptions { max_connections, threads, ..ServeOptions::default() };
    let served = serve_store(MemStore::new(), Limits::default(), FaceOptions::default(), serve);
    served.populate();
    served
}

/// Asks something over a connection that is kept; the status, if it was not closed.
fn ask(connection: &mut Connection) -> Option<u16> {
    use std::io::Write;
    connection.0.write_all(&head("GET", "/v3", &[])).ok()?;
    connection.reply().map(|reply| reply.status())
}

fn opened<S: Store>(served: &Served<S>) -> Connection {
    let mut connection = Connection::open(served.address);
    assert_eq!(ask(&mut connection), Some(404));
    connection
}

#[test]
fn a_connection_more_than_allowed_waits_while_every_other_one_is_being_answered() {
    for threads in THREADS {
        let options = FaceOptions { execution: Execution::Blocking, ..FaceOptions::default() };
        let serve = ServeOptions { max_connections: 1, threads, ..ServeOptions::default() };
        let served = serve_store(Waiting::default(), Limits::default(), options, serve);
        served.populate();
        served.registry.store().set(true);
        let mut first = Connection::open(served.address);
        first.send(&head("DELETE", "/v3/aliases/ann", &[&authorized()]));
        served.registry.store().waited_for(1);
        let mut second = Connection::open(served.address);
        second.send(&head("GET", "/v3", &[]));
        second.0.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
        let waited = second.0.peek(&mut [0]).unwrap_err();
        assert!([ErrorKind::WouldBlock, ErrorKind::TimedOut].contains(&waited.kind()), "{waited}");
        served.registry.store().set(false);
        first.reply().unwrap().is(200, "{}");
        second.0.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        assert_eq!(second.reply().unwrap().status(), 404);
        // The first was idle by then.
        assert!(first.reply().is_none());
    }
}

#[test]
fn the_connection_that_was_idle_for_the_longest_time_is_closed_for_the_next_one() {
    for threads in THREADS {
        let served = served_with_at_most(3, threads);
        let [mut a, mut b, mut c] = [(); 3].map(|()| opened(&served));
        assert_eq!(ask(&mut a), Some(404));
        let mut d = opened(&served);
        assert!(b.reply().is_none(), "it was idle for the longest time");
        for connection in [&mut d, &mut a, &mut c] {
            assert_eq!(ask(connection), Some(404));
        }
        let mut e = opened(&served);
        assert!(d.reply().is_none());
        for connection in [&mut a, &mut c, &mut e] {
            assert_eq!(ask(connection), Some(404));
        }
    }
}

#[test]
fn neither_silent_connections_nor_parts_of_heads_keep_anybody_out() {
    for threads in THREADS {
        let served = served_with_at_most(20, threads);
        let mut idle: Vec<Connection> = Vec::new();
        for n in 0..60 {
            let mut connection = Connection::open(served.address);
            match n % 3 {
                0 => {}
                1 => connection.send(b"GET /v3/tags HTTP/1.1\r\nHost: te"),
                _ => assert_eq!(ask(&mut connection), Some(404)),
            }
            idle.push(connection);
        }
        for _ in 0..30 {
            goes_on(&served);
        }
    }
}

#[test]
fn connections_that_wait_for_bodies_give_way_and_what_they_asked_for_is_not_done() {
    for threads in THREADS {
        let served = served_with_at_most(4, threads);
        let token = format!("Authorization: Token {TOKEN}");
        let mut slow: Vec<Connection> = (0..4).map(|_| Connection::open(served.address)).collect();
        for connection in &mut slow {
            let lines = [token.as_str(), "Content-Length: 100", "Expect: 100-continue"];
            connection.send(&head("POST", "/json/1.3/postEvent", &lines));
            // From here on it waits for the body.
            assert_eq!(connection.reply().unwrap().status(), 100);
        }
        goes_on(&served);
        assert!(slow[0].reply().is_none(), "the first has waited for the longest time");
    }
}

#[test]
fn a_client_that_is_slow_to_take_its_answers_keeps_its_connection() {
    for threads in THREADS {
        let serve = ServeOptions { max_connections: 3, threads, ..ServeOptions::default() };
        let served = serve_store(MemStore::new(), Limits::unlimited(), FaceOptions::default(), serve);
        let tags = (0..1_000).map(|n| tag(&format!("a-tag-of-a-length-that-people-choose-{n}"))).collect();
        let big = Registration { tags, ..Registration::new(device("big"), Platform::Ios) };
        drop(served.app.register(&big).unwrap());
        // More bytes of answers than both sockets hold, and none of them is read.
        let mut slow = Connection::open(served.address);
        let questions = 600;
        slow.send(&head("GET", "/v3/devices/big", &[&authorized()]).repeat(questions));
        for _ in 0..10 {
            assert_eq!(ask(&mut Connection::open(served.address)), Some(404));
        }
        let mut idle: Vec<Connection> = (0..5).map(|_| opened(&served)).collect();
        let (mut text, mut piece) = (Vec::new(), vec![0; 1 << 16]);
        let answers = |text: &[u8]| text.windows(15).filter(|bytes| bytes == b"HTTP/1.1 200 OK").count();
        let mut taken = 0;
        while taken < questions {
            let more = slow.0.read(&mut piece).unwrap();
            assert!(more > 0, "its place was given to another after {taken} answers");
            text.extend_from_slice(&piece[..more]);
            taken += answers(&text);
            // What may be the beginning of another one stays.
            text.drain(..text.len().saturating_sub(14));
        }
        assert!(idle[0].reply().is_none(), "it was idle for the longest time");
    }
}

#[test]
fn a_client_that_has_said_all_is_answered() {
    for threads in THREADS {
        let options = FaceOptions { execution: Execution::Blocking, ..FaceOptions::default() };
        let serve = ServeOptions { threads, ..ServeOptions::default() };
        let served = serve_store(Waiting::default(), Limits::default(), options, serve);
        served.populate();
        served.registry.store().set(true);
        let mut connection = Connection::open(served.address);
        connection.send(&head("DELETE", "/v3/aliases/ann", &[&authorized()]));
        connection.0.shutdown(Shutdown::Write).unwrap();
        served.registry.store().waited_for(1);
        // Its end has been seen while the store is asked.
        assert_eq!(exchange(served.address, &head("GET", "/v3", &[])).status(), 404);
        served.registry.store().set(false);
        connection.reply().unwrap().is(200, "{}");
        assert!(connection.reply().is_none());
    }
}

#[test]
fn what_the_parser_of_heads_refuses_is_answered_in_the_form_of_its_face() {
    let served = served_with_at_most(100, 0);
    let (jpush, pushwoosh) = (r#"{"error":{"code":7002,"#, r#"{"status_code":400,"status_message":"#);
    let path = "x".repeat(65_600);
    let good = head("GET", "/v3/tags", &[&authorized()]);
    let other = head("POST", "/json/1.3/registerUser", &["Content-Length: 2"]);
    for (line, expected) in [
        (&b"POST /json/1.3/register\xFF HTTP/1.1"[..], pushwoosh),
        (b"POST //json//1.3/\xC3\x28 HTTP/1.1", pushwoosh),
        (b"POST /api/v2/device-api/\x80 HTTP/1.1", pushwoosh),
        (b"GET /v3/tags/\xFF HTTP/1.1", jpush),
        (b"GET /\xFF HTTP/1.1", jpush),
        (b"GET", jpush),
        (b"POST /json/1.3/registerUser HTTP/3.7", pushwoosh),
        (format!("POST /json/{path} HTTP/1.1").as_bytes(), r#"{"status_code":414,"status_message":"path: "#),
    ] {
        let request = [line, b"\r\nHost: test\r\n\r\n"].concat();
        // By itself, and after a good request of either face on the same connection.
        for before in [&[][..], &good, &[&other[..], b"{}"].concat()] {
            let mut connection = Connection::open(served.address);
            if !before.is_empty() {
                connection.send(before);
                connection.reply().unwrap();
            }
            connection.send(&request);
            let reply = connection.reply().unwrap();
            assert!(reply.text().starts_with(expected), "{}", reply.text());
            assert!(connection.reply().is_none(), "kept open");
        }
    }
}

#[test]
fn what_the_parser_of_heads_refuses_is_answered_with_a_body() {
    let served = served_with_at_most(100, 0);
    let long = format!("GET /v3/tags HTTP/1.1\r\nX-Long: {}\r\n\r\n", "x".repeat(300_000));
    let many = format!("GET /v3/tags HTTP/1.1\r\n{}\r\n", "X: y\r\n".repeat(200));
    let path = format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "x".repeat(65_600));
    let large = "head: bytes: must be at most 65536, in at most 100 lines: got more";
    let form = "request: form: must be HTTP/1.1: got something else";
    for (bytes, status, message) in [
        ("no request at all\r\n\r\n", "400 Bad Request", form),
        ("GET /v3/tags HTTP/1.1\r\nNo colon\r\n\r\n", "400 Bad Request", form),
        ("GET /v3/tags HTTP/1.1\r\nContent-Length: x\r\n\r\n", "400 Bad Request", form),
        ("GET /v3/tags HTTP/3.7\r\n\r\n", "400 Bad Request", form),
        (&many, "431 Request Header Fields Too Large", large),
        (&long, "431 Request Header Fields Too Large", large),
        (&path, "414 URI Too Long", "path: bytes: must be at most 65534: got more"),
    ] {
        // Also after a good one on the same connection.
        for before in [0, 1] {
            let mut connection = Connection::open(served.address);
            if before == 1 {
                assert_eq!(ask(&mut connection), Some(404));
            }
            connection.send(bytes.as_bytes());
            let reply = connection.reply().unwrap();
            let shown: String = bytes.chars().take(60).collect();
            assert_eq!(reply.status_line, format!("HTTP/1.1 {status}"), "{shown:?}");
            let expected = serde_json::json!({"error": {"code": 7002, "message": message}}).to_string();
            assert_eq!(reply.text(), expected);
            assert_eq!(reply.header("content-type"), Some("application/json; charset=utf-8"));
            assert_eq!(reply.header("connection"), Some("close"));
            assert!(reply.header("date").is_some());
            assert!(connection.reply().is_none());
        }
    }
    goes_on(&served);
}

#[test]
fn http_2_is_refused_in_words_of_http_1() {
    let served = served_with_at_most(100, 0);
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
    let mut connection = Connection::open(served.address);
    connection.send(preface);
    let reply = connection.reply().unwrap();
    assert_eq!(reply.status_line, "HTTP/1.1 505 HTTP Version Not Supported");
    let message = "protocol: known: must be HTTP/1.1: got HTTP/2";
    assert_eq!(reply.text(), serde_json::json!({"error": {"code": 7002, "message": message}}).to_string());
    assert!(connection.reply().is_none());
    // In pieces it may be taken for a bad request; it is never left without an answer.
    let mut connection = Connection::open(served.address);
    for byte in &preface[..24] {
        connection.send(&[*byte]);
        std::thread::yield_now();
    }
    assert!([400, 505].contains(&connection.reply().unwrap().status()));
    goes_on(&served);
}

#[test]
fn a_connection_ends_when_it_is_idle_for_too_long_and_its_requests_make_it_last() {
    for threads in THREADS {
        let serve = ServeOptions { idle_timeout_millis: 400, threads, ..ServeOptions::default() };
        let served = serve_store(MemStore::new(), Limits::default(), FaceOptions::default(), serve);
        let mut idle = opened(&served);
        // It lasts longer than the time-out, as long as it asks.
        let mut lasting = opened(&served);
        lasting.0.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
        for _ in 0..20 {
            assert!(lasting.0.read(&mut [0]).is_err(), "closed, or something that was not asked for");
            assert_eq!(ask(&mut lasting), Some(404));
        }
        assert!(idle.reply().is_none());
    }
}

#[test]
fn a_body_that_was_read_does_not_count_as_a_part_of_the_next_head() {
    let serve = ServeOptions { head_timeout_millis: 100, ..ServeOptions::default() };
    let served = serve_store(MemStore::new(), Limits::default(), FaceOptions::default(), serve);
    served.populate();
    let mut connection = Connection::open(served.address);
    for _ in 0..3 {
        connection.send(&head("POST", "/v3/devices/d3", &[&authorized(), "Content-Length: 13"]));
        // It comes after its head, so that it is a piece of its own.
        std::thread::yield_now();
        connection.send(br#"{"alias":"a"}"#);
        connection.reply().unwrap().is(200, "{}");
        connection.0.set_read_timeout(Some(Duration::from_millis(400))).unwrap();
        assert!(connection.0.peek(&mut [0]).is_err(), "closed");
        connection.0.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    }
}

#[test]
fn noise_is_answered_or_closed_on_threads_of_their_own_too() {
    let served = served_with_at_most(100, 2);
    for bytes in [&b"\x16\x03\x01\x02\0\x01"[..], b"\r\n\r\n\r\n", b"", b"GET"] {
        let got = until_closed(served.address, bytes);
        assert!(got.is_empty() || got.starts_with(b"HTTP/1.1 400 "), "{:?}", String::from_utf8_lossy(&got));
    }
    goes_on(&served);
}
