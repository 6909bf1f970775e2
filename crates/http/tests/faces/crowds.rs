//! Many at once, and what is held for each of them: bounded, told, and given back.

use crate::common::{Connection, authorized, basic, exchange, goes_on, head, serve_store, served, snapshot};
use rollbook::Limits;
use rollbook::store::{Committed, Place, Store, StoreError, StoreInfo, WriteSet};
use rollbook::{AppId, Timestamp};
use rollbook_http::{Execution, FaceOptions, ServeOptions};
use rollbook_store_mem::{MemStore, MemView};
use std::io::{ErrorKind, Write};
use std::sync::{Condvar, Mutex};

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
    let options = FaceOptions { in_flight: 2, ..FaceOptions::default() };
    let served = serve_store(MemStore::new(), Limits::default(), options, ServeOptions::default());
    served.populate();
    let mut waiting: Vec<Connection> = (0..2).map(|_| Connection::open(served.address)).collect();
    for connection in &mut waiting {
        // The server asks for the body when it waits for it: then the request is under way.
        let lines = [&authorized(), "Content-Length: 2", "Expect: 100-continue"];
        connection.send(&head("POST", "/v3/devices/d1", &lines));
        assert_eq!(connection.reply().unwrap().status(), 100);
    }
    let busy = r#"{"error":{"code":7030,"message":"too many requests are under way: try again"}}"#;
    served.jpush("GET", "/v3/tags", "").is(503, busy);
    for connection in &mut waiting {
        connection.send(b"{}");
        connection.reply().unwrap().is(200, "{}");
    }
    goes_on(&served);
}

#[test]
fn bodies_beyond_what_all_may_hold_are_told_to_try_again() {
    let options = FaceOptions { body_limit: 10_000, body_budget: 10_000, ..FaceOptions::default() };
    let served = serve_store(MemStore::new(), Limits::default(), options, ServeOptions::default());
    served.populate();
    let before = snapshot(&served.app);
    let padded = |length: usize| format!("{}{}", r#"{"alias":"a"}"#, " ".repeat(length - 13));
    served.jpush("POST", "/v3/devices/d2", &padded(10_000)).is(200, "{}");
    served.jpush("POST", "/v3/devices/d2", r#"{"alias":"ann"}"#).is(200, "{}");
    let mut holding = Connection::open(served.address);
    holding.send(&head("POST", "/v3/devices/d1", &[&authorized(), "Content-Length: 9000"]));
    holding.send(&padded(9_000).as_bytes()[..8_999]);
    let busy = r#"{"error":{"code":7030,"message":"too many large bodies: try again"}}"#;
    // Until the server has read what is held, there is room; `{}` and spaces change nothing.
    let nothing = format!("{{}}{}", " ".repeat(5_000));
    let mut replies = (0..100_000).map(|_| served.jpush("POST", "/v3/devices/d2", &nothing));
    replies.find(|reply| reply.status() == 503).unwrap().is(503, busy);
    goes_on(&served);
    assert_eq!(snapshot(&served.app).devices.len(), before.devices.len());
    holding.send(b" ");
    holding.reply().unwrap().is(200, "{}");
    served.jpush("POST", "/v3/devices/d2", &nothing).is(200, "{}");
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

/// A store whose commits wait while they are told to.
#[derive(Default)]
struct Waiting {
    inner: MemStore,
    closed: Mutex<bool>,
    opened: Condvar,
}

impl Waiting {
    fn set(&self, closed: bool) {
        *self.closed.lock().unwrap() = closed;
        self.opened.notify_all();
    }
}

impl Store for Waiting {
    type View<'a> = MemView<'a>;

    fn info(&self) -> StoreInfo {
        self.inner.info()
    }

    fn view(&self, app: AppId) -> Result<MemView<'_>, StoreError> {
        self.inner.view(app)
    }

    fn commit(&self, app: AppId, writes: &WriteSet) -> Result<Committed, StoreError> {
        drop(self.opened.wait_while(self.closed.lock().unwrap(), |closed| *closed).unwrap());
        self.inner.commit(app, writes)
    }

    fn touch(&self, app: AppId, seen: &[(Place, Timestamp)]) -> Result<(), StoreError> {
        self.inner.touch(app, seen)
    }
}

#[test]
fn a_request_that_was_late_is_under_way_until_the_store_lets_go_of_it() {
    let options = FaceOptions {
        execution: Execution::Blocking,
        timeout_millis: 300,
        in_flight: 1,
        ..FaceOptions::default()
    };
    let served = serve_store(Waiting::default(), Limits::default(), options, ServeOptions::default());
    served.populate();
    served.registry.store().set(true);
    let late = r#"{"error":{"code":7030,"message":"not done within 300 ms: try again"}}"#;
    served.jpush("POST", "/v3/devices/d1", r#"{"alias":"a"}"#).is(503, late);
    let busy = r#"{"error":{"code":7030,"message":"too many requests are under way: try again"}}"#;
    for _ in 0..3 {
        served.jpush("GET", "/v3/tags", "").is(503, busy);
    }
    served.registry.store().set(false);
    let mut replies = (0..100_000).map(|_| served.jpush("GET", "/v3/tags", ""));
    assert!(replies.any(|reply| reply.status() == 200));
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
