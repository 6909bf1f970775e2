//! Many at once, and what is held for each of them: bounded, told, and given back.

use crate::common::{
    Connection, KEY, Served, TOKEN, Waiting, authorized, basic, device, exchange, goes_on, head, serve_store,
    served, served_with, snapshot, tag,
};
use rollbook::Limits;
use rollbook_http::{Execution, FaceOptions, ServeOptions};
use rollbook_store_mem::MemStore;
use std::io::{ErrorKind, Write};
use std::sync::atomic::Ordering;

#[test]
fn a_thousand_connections_at_once() {
    // Both ends of each are in this process.
    let files = rlimit::increase_nofile_limit(4_096).unwrap();
    assert!(files >= 2_100, "this system lets a process open only {files} files");
    let served = served();
    served.populate();
    let mut open: Vec<Connection> = (0..1_000).map(|_| Connection::open(served.address)).collect();
    for connection in &mut open {
        connection.send(&head("POST", "/v3/devices/d1", &[&authorized(), "Content-Length: 14"]));
    }
    goes_on(&served);
    for connection in &mut open {
        connection.send(br#"{"alias":"a"} "#);
    }
    for connection in &mut open {
        connection.reply().unwrap().is(200, "{}");
    }
    goes_on(&served);
}

#[test]
fn more_requests_at_once_than_allowed_are_told_to_try_again() {
    let options = FaceOptions { in_flight: 2, execution: Execution::Blocking, ..FaceOptions::default() };
    let served = serve_store(Waiting::default(), Limits::default(), options, ServeOptions::default());
    served.populate();
    served.registry.store().set(true);
    let mut waiting: Vec<Connection> = (0..2).map(|_| Connection::open(served.address)).collect();
    for connection in &mut waiting {
        connection.send(&head("DELETE", "/v3/aliases/ann", &[&authorized()]));
    }
    served.registry.store().waited_for(2);
    let busy = r#"{"error":{"code":7030,"message":"too many requests are under way: try again"}}"#;
    let reply = served.jpush("GET", "/v3/tags", "");
    reply.is(503, busy);
    assert_eq!(reply.header("retry-after"), Some("1"));
    served.registry.store().set(false);
    for connection in &mut waiting {
        connection.reply().unwrap().is(200, "{}");
    }
    goes_on(&served);
}

/// The start of a request whose body does not come.
fn without_its_body(target: &str, lines: &[&str]) -> Vec<u8> {
    [&head("POST", target, lines)[..], b"{"].concat()
}

#[test]
fn requests_whose_bodies_do_not_come_take_no_place_from_others() {
    let options = FaceOptions { in_flight: 1, ..FaceOptions::default() };
    let served = serve_store(MemStore::new(), Limits::default(), options, ServeOptions::default());
    served.populate();
    let token = format!("Authorization: Token {TOKEN}");
    let mut slow = Vec::new();
    for n in 0..40 {
        let mut connection = Connection::open(served.address);
        connection.send(&match n % 2 {
            0 => without_its_body("/v3/devices/d1", &[&authorized(), "Content-Length: 2"]),
            _ => without_its_body("/json/1.3/postEvent", &[&token, "Transfer-Encoding: chunked"]),
        });
        slow.push(connection);
        goes_on(&served);
        served.jpush("POST", "/v3/devices/d2", r#"{"alias":"b"}"#).is(200, "{}");
    }
    slow[0].send(b"}");
    slow[0].reply().unwrap().is(200, "{}");
}

#[test]
fn path_method_and_credentials_are_judged_before_a_byte_of_the_body_has_come() {
    for execution in [Execution::Auto, Execution::Blocking] {
        let served = served_with(FaceOptions { execution, ..FaceOptions::default() });
        served.populate();
        let (right, other) = (authorized(), format!("Authorization: {}", basic(KEY, "other")));
        let unknown = format!("Authorization: {}", basic("ffffffffffffffffffffffff", "x"));
        let right = right.as_str();
        for (method, target, line, status) in [
            ("POST", "/no/such/path", "X: y", 404),
            ("PUT", "/v3/devices/d1", right, 405),
            ("POST", "/v3/devices/d1", "X: y", 401),
            ("POST", "/v3/devices/d1", "Authorization: Basic x", 401),
            ("POST", "/v3/devices/d1", &other, 401),
            ("POST", "/v3/devices/d1", &unknown, 400),
            ("POST", "/json/1.3/no", "Authorization: Token x", 404),
            ("PUT", "/json/1.3/postEvent", "Authorization: Token x", 405),
            ("POST", "/json/1.3/postEvent", "X: y", 401),
            ("POST", "/json/1.3/postEvent", right, 401),
        ] {
            for length in ["Content-Length: 1048576", "Content-Length: 5", "Transfer-Encoding: chunked"] {
                let mut connection = Connection::open(served.address);
                connection.send(&head(method, target, &[line, length]));
                let reply = connection.reply().expect("an answer without the body");
                assert_eq!(reply.status(), status, "{method} {target} {line}");
                assert_eq!(reply.header("connection"), Some("close"));
                assert!(connection.reply().is_none());
            }
            // A client that waits to be asked for its body is not asked for it.
            let mut connection = Connection::open(served.address);
            connection.send(&head(method, target, &[line, "Content-Length: 5", "Expect: 100-continue"]));
            assert_eq!(connection.reply().unwrap().status(), status, "{method} {target} {line}");
        }
    }
}

#[test]
fn a_refused_request_whose_small_body_has_come_leaves_its_connection_open() {
    let served = served();
    served.populate();
    let mut connection = Connection::open(served.address);
    for _ in 0..3 {
        let refused = head("POST", "/v3/nothing", &[&authorized(), "Content-Length: 5"]);
        connection.send(&[&refused[..], b"12345"].concat());
        let reply = connection.reply().unwrap();
        assert_eq!((reply.status(), reply.header("connection")), (404, None));
    }
    connection.send(&head("GET", "/v3/tags", &[&authorized()]));
    assert_eq!(connection.reply().unwrap().status(), 200);
}

#[test]
fn a_refused_request_whose_large_body_is_on_its_way_is_answered_all_the_same() {
    let served = served();
    let body = vec![b' '; 900_000];
    for _ in 0..20 {
        let refused = head("POST", "/no/such/path", &["Content-Length: 900000"]);
        assert_eq!(exchange(served.address, &[&refused[..], &body].concat()).status(), 404);
    }
}

/// Much more than the system holds of what was sent and not read: whoever closes without reading it takes its answer back.
const LARGE: usize = 12 << 20;

#[test]
fn a_body_that_is_not_read_to_its_end_is_thrown_away_so_that_its_sender_reads_the_answer() {
    let served = served_with(FaceOptions { body_limit: 1_000, ..FaceOptions::default() });
    served.populate();
    let length = format!("Content-Length: {LARGE}");
    for (target, status) in [("/no/such/path", 404), ("/v3/devices/d1", 400)] {
        for _ in 0..3 {
            let head = head("POST", target, &[&authorized(), &length]);
            let reply = exchange(served.address, &[&head[..], &vec![b' '; LARGE]].concat());
            assert_eq!((reply.status(), reply.header("connection")), (status, Some("close")));
        }
    }
    // Of no declared length, so that it is read until it is too long to be thrown away.
    for _ in 0..3 {
        let head = head("POST", "/v3/devices/d1", &[&authorized(), "Transfer-Encoding: chunked"]);
        let chunk = format!("{LARGE:x}\r\n{}\r\n0\r\n\r\n", " ".repeat(LARGE));
        let reply = exchange(served.address, &[&head[..], chunk.as_bytes()].concat());
        assert_eq!((reply.status(), reply.header("connection")), (400, Some("close")));
    }
}

/// `{}` and spaces: changes nothing.
fn nothing(length: usize) -> String {
    format!("{{}}{}", " ".repeat(length - 2))
}

/// A connection whose body is on its way and holds so much of the budget that there is no room for 20 000 bytes.
fn holding(served: &Served, declared: usize, sent: usize) -> Connection {
    loop {
        let mut holding = Connection::open(served.address);
        let length = format!("Content-Length: {declared}");
        holding.send(&head("POST", "/v3/devices/d1", &[&authorized(), &length]));
        holding.send(&nothing(sent).into_bytes());
        holding.0.set_nonblocking(true).unwrap();
        // One of the others may come first, so that there is no room for this one.
        while holding.0.peek(&mut [0]).is_err() {
            if served.jpush("POST", "/v3/devices/d2", &nothing(20_000)).status() == 503 {
                holding.0.set_nonblocking(false).unwrap();
                return holding;
            }
        }
    }
}

fn of_little_room() -> Served {
    let options = FaceOptions { body_limit: 40_000, body_budget: 40_000, ..FaceOptions::default() };
    let served = serve_store(MemStore::new(), Limits::default(), options, ServeOptions::default());
    served.populate();
    served
}

#[test]
fn bodies_beyond_what_all_may_hold_are_told_to_try_again_and_small_ones_are_not() {
    let served = of_little_room();
    let before = snapshot(&served.app);
    served.jpush("POST", "/v3/devices/d2", &nothing(40_000)).is(200, "{}");
    let mut holding = holding(&served, 30_000, 29_999);
    let busy =
        r#"{"error":{"code":7030,"message":"too many bodies above 16384 bytes are under way: try again"}}"#;
    served.jpush("POST", "/v3/devices/d2", &nothing(20_000)).is(503, busy);
    served.jpush("POST", "/v3/devices/d2", &nothing(16_384)).is(200, "{}");
    goes_on(&served);
    assert_eq!(snapshot(&served.app), before);
    holding.send(b" ");
    holding.reply().unwrap().is(200, "{}");
    served.jpush("POST", "/v3/devices/d2", &nothing(20_000)).is(200, "{}");
}

#[test]
fn bodies_of_clients_that_are_not_known_yet_leave_half_of_the_room_to_those_that_are() {
    let options = FaceOptions { body_limit: 40_000, body_budget: 80_000, ..FaceOptions::default() };
    let served = serve_store(MemStore::new(), Limits::default(), options, ServeOptions::default());
    served.populate();
    let mut strangers: Vec<Connection> = (0..4).map(|_| Connection::open(served.address)).collect();
    let token = format!("Authorization: Token {TOKEN}");
    for stranger in &mut strangers {
        stranger.send(&head("POST", "/json/1.3/checkDevice", &[&token, "Content-Length: 40000"]));
        stranger.send(&vec![b' '; 39_999]);
    }
    let busy = "too many bodies above 16384 bytes are under way: try again";
    // All but one of them are refused, one after the other as their bytes come.
    let mut refused = 0;
    for stranger in &mut strangers {
        stranger.0.set_nonblocking(true).unwrap();
    }
    let answered = |stranger: &Connection| stranger.0.peek(&mut [0]).is_ok();
    while refused < 3 {
        refused = strangers.iter().filter(|stranger| answered(stranger)).count();
    }
    for stranger in strangers.iter_mut().filter(|stranger| answered(stranger)) {
        stranger.0.set_nonblocking(false).unwrap();
        let reply = stranger.reply().unwrap();
        assert!(reply.text().contains(busy), "{reply:?}");
        assert_eq!(reply.header("retry-after"), Some("1"));
    }
    for _ in 0..10 {
        served.jpush("POST", "/v3/devices/d2", &nothing(40_000)).is(200, "{}");
    }
}

#[test]
fn the_share_of_a_body_that_is_too_large_is_given_back_while_the_rest_is_thrown_away() {
    let served = of_little_room();
    let mut too_large = holding(&served, 60_000, 30_000);
    too_large.send(&[b' '; 20_000]);
    // It is still sending, and others have all the room.
    let mut replies = (0..100_000).map(|_| served.jpush("POST", "/v3/devices/d2", &nothing(40_000)));
    assert!(replies.any(|reply| reply.status() == 200), "it holds its share");
    too_large.send(&[b' '; 10_000]);
    let reply = too_large.reply().unwrap();
    assert!(reply.text().contains("must be at most 40000"), "{reply:?}");
}

#[test]
fn a_client_that_takes_no_answer_loses_its_connection() {
    let serve = ServeOptions { write_timeout_millis: 300, max_connections: 1, ..ServeOptions::default() };
    let served = serve_store(MemStore::new(), Limits::default(), FaceOptions::default(), serve);
    served.populate();
    // Questions with long answers, one behind the other, and none of the answers is read.
    let ids: Vec<String> = (0..1_000).map(|n| format!("\"unknown-device-{n:04}\"")).collect();
    let body = format!(r#"{{"registration_ids":[{}]}}"#, ids.join(","));
    let length = format!("Content-Length: {}", body.len());
    let question =
        [head("POST", "/v3/devices/status", &[&authorized(), &length]), body.into_bytes()].concat();
    let mut deaf = Connection::open(served.address);
    let ended = (0..100_000).find_map(|_| deaf.0.write_all(&question).err()).unwrap();
    let closed = [ErrorKind::ConnectionReset, ErrorKind::BrokenPipe, ErrorKind::ConnectionAborted];
    assert!(closed.contains(&ended.kind()), "{ended}");
    // It was the only connection that may be open.
    goes_on(&served);
}

fn late(in_flight: usize) -> Served<Waiting> {
    let options = FaceOptions {
        execution: Execution::Blocking,
        store_timeout_millis: 300,
        in_flight,
        ..FaceOptions::default()
    };
    let served = serve_store(Waiting::default(), Limits::default(), options, ServeOptions::default());
    served.populate();
    served
}

const UNKNOWN: &str = "outcome unknown: it may or may not have been done: look before you try again";

#[test]
fn a_request_that_was_late_is_under_way_until_the_store_lets_go_of_it() {
    let served = late(1);
    served.registry.store().set(true);
    let unknown = format!(r#"{{"error":{{"code":7000,"message":"{UNKNOWN}"}}}}"#);
    served.jpush("POST", "/v3/devices/d1", r#"{"alias":"a"}"#).is(500, &unknown);
    let busy = r#"{"error":{"code":7030,"message":"too many requests are under way: try again"}}"#;
    for _ in 0..3 {
        served.jpush("GET", "/v3/tags", "").is(503, busy);
    }
    served.registry.store().set(false);
    let mut replies = (0..100_000).map(|_| served.jpush("GET", "/v3/tags", ""));
    assert!(replies.any(|reply| reply.status() == 200));
}

#[test]
fn a_late_write_is_told_that_its_outcome_is_unknown_and_is_done_all_the_same() {
    let served = late(100);
    served.registry.store().set(true);
    let unknown = format!(r#"{{"error":{{"code":7000,"message":"{UNKNOWN}"}}}}"#);
    served.jpush("POST", "/v3/devices/d3", r#"{"alias":"late"}"#).is(500, &unknown);
    served.jpush("DELETE", "/v3/tags/vip", "").is(500, &unknown);
    let event = format!(
        r#"{{"request":{{"application":"{KEY}","hwid":"d1","event":"activityCompleted","attributes":{{}}}}}}"#
    );
    let unknown = format!(r#"{{"status_code":500,"status_message":"{UNKNOWN}","response":null}}"#);
    let reply = served.pushwoosh("/json/1.3/postEvent", &event);
    reply.is(500, &unknown);
    assert_eq!(reply.header("retry-after"), None);
    served.registry.store().set(false);
    let done = || {
        let (app, d3) = (snapshot(&served.app), device("d3"));
        app.devices[&d3].alias.is_some()
            && app.events.len() == 1
            && !served.app.has_tag(&device("d1"), &tag("vip")).unwrap()
    };
    assert!((0..1_000_000).any(|_| done()));
}

#[test]
fn a_late_read_and_a_write_that_was_never_begun_may_be_tried_again() {
    let views = Waiting::default();
    let options =
        FaceOptions { execution: Execution::Blocking, store_timeout_millis: 300, ..FaceOptions::default() };
    let served = serve_store(views, Limits::default(), options, ServeOptions::default());
    served.populate();
    let store = served.registry.store();
    store.set(true);
    let late = r#"{"error":{"code":7030,"message":"not done within 300 ms: try again"}}"#;
    store.reads.store(true, Ordering::SeqCst);
    served.jpush("GET", "/v3/devices/d1", "").is(503, late);
    let check = format!(r#"{{"request":{{"application":"{KEY}","hwid":"d1"}}}}"#);
    let late_check =
        r#"{"status_code":500,"status_message":"not done within 300 ms: try again","response":null}"#;
    let reply = served.pushwoosh("/json/1.3/checkDevice", &check);
    reply.is(500, late_check);
    assert_eq!(reply.header("retry-after"), Some("1"));
    store.reads.store(false, Ordering::SeqCst);
    store.apps.store(true, Ordering::SeqCst);
    served.jpush("GET", "/v3/devices/d1", "").is(503, late);
    // Its credentials were being judged: the write itself is not done, now or later.
    served.jpush("DELETE", "/v3/tags/vip", "").is(503, late);
    served.jpush("POST", "/v3/devices/d3", r#"{"alias":"late"}"#).is(503, late);
    store.set(false);
    store.idle();
    assert!(served.app.has_tag(&device("d1"), &tag("vip")).unwrap());
    assert_eq!(served.app.device(&device("d3")).unwrap().alias, None);
}

#[test]
fn a_crowd_of_strangers_keeps_nobody_out() {
    let served = served();
    served.populate();
    let before = snapshot(&served.app);
    let stranger = format!("Authorization: {}", basic("ffffffffffffffffffffffff", "guess"));
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..100 {
                    let head = head("DELETE", "/v3/tags/news", &[&stranger]);
                    assert_eq!(exchange(served.address, &head).status(), 400);
                }
            });
        }
        for _ in 0..100 {
            goes_on(&served);
        }
    });
    assert_eq!(snapshot(&served.app), before);
}
