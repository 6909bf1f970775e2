//! The router and the server: panics, threads, one face alone, other services beside it, the end.

use crate::common::{
    Connection, KEY, Served, Waiting, authorized, exchange, head, serve_store, served, served_with,
};
use rollbook::store::{Committed, Place, Store, StoreError, StoreInfo, WriteSet};
use rollbook::{AppId, Limits, Platform, Timestamp};
use rollbook_http::{Execution, FaceOptions, Faces, ServeOptions};
use rollbook_store_mem::{MemStore, MemView};
use rollbook_testkit::{Call, Failure, Fault, FaultStore};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

const UNKNOWN: &str = "outcome unknown: it may or may not have been done: look before you try again";

/// A store whose commits, or views, panic when they are told to.
#[derive(Default)]
struct Panicking {
    inner: MemStore,
    commits: AtomicBool,
    views: AtomicBool,
}

impl Store for Panicking {
    type View<'a> = MemView<'a>;

    fn info(&self) -> StoreInfo {
        self.inner.info()
    }

    fn view(&self, app: AppId) -> Result<MemView<'_>, StoreError> {
        assert!(app == AppId::DIRECTORY || !self.views.load(Ordering::SeqCst), "told to");
        self.inner.view(app)
    }

    fn commit(&self, app: AppId, writes: &WriteSet) -> Result<Committed, StoreError> {
        assert!(!self.commits.load(Ordering::SeqCst), "told to");
        self.inner.commit(app, writes)
    }

    fn touch(&self, app: AppId, seen: &[(Place, Timestamp)]) -> Result<(), StoreError> {
        self.inner.touch(app, seen)
    }
}

#[test]
fn a_panic_ends_with_its_request_and_leaves_the_outcome_of_a_write_unknown() {
    for execution in [Execution::Inline, Execution::Blocking] {
        let options = FaceOptions { execution, ..FaceOptions::default() };
        let served = serve_store(Panicking::default(), Limits::default(), options, ServeOptions::default());
        served.enrol("d1", Platform::Ios);
        let store = served.registry.store();
        store.commits.store(true, Ordering::SeqCst);
        let mut connection = Connection::open(served.address);
        for _ in 0..2 {
            connection.send(&head("POST", "/v3/devices/d1", &[&authorized(), "Content-Length: 13"]));
            connection.send(br#"{"alias":"a"}"#);
            let unknown = format!(r#"{{"error":{{"code":7000,"message":"{UNKNOWN}"}}}}"#);
            connection.reply().unwrap().is(500, &unknown);
        }
        let body = format!(r#"{{"request":{{"application":"{KEY}","hwid":"d1","userId":"u"}}}}"#);
        let unknown = format!(r#"{{"status_code":500,"status_message":"{UNKNOWN}","response":null}}"#);
        served.pushwoosh("/json/1.3/registerUser", &body).is(500, &unknown);
        store.commits.store(false, Ordering::SeqCst);

        // A question has no outcome.
        store.views.store(true, Ordering::SeqCst);
        let fault = r#"{"error":{"code":7000,"message":"internal error"}}"#;
        served.jpush("GET", "/v3/devices/d1", "").is(500, fault);
        let body = format!(r#"{{"request":{{"application":"{KEY}","hwid":"d1"}}}}"#);
        let fault = r#"{"status_code":500,"status_message":"internal error","response":null}"#;
        served.pushwoosh("/json/1.3/checkDevice", &body).is(500, fault);
        store.views.store(false, Ordering::SeqCst);
        served.jpush("POST", "/v3/devices/d1", r#"{"alias":"a"}"#).is(200, "{}");
    }
}

#[test]
fn a_store_that_waits_keeps_nobody_else_waiting() {
    let options =
        FaceOptions { execution: Execution::Blocking, store_timeout_millis: 1_500, ..FaceOptions::default() };
    let store = FaultStore::new(MemStore::new());
    let served = serve_store(store, Limits::default(), options, ServeOptions::default());
    served.populate();
    served.registry.store().arm(Fault::at(Call::Commit, 1, Failure::Slow(Duration::from_secs(4))).staying());
    // More of them than there are threads that read requests.
    let mut waiting: Vec<Connection> = (0..4).map(|_| Connection::open(served.address)).collect();
    for (n, connection) in waiting.iter_mut().enumerate() {
        let body = format!(r#"{{"alias":"a{n}"}}"#);
        let length = format!("Content-Length: {}", body.len());
        connection.send(&head("POST", "/v3/devices/d1", &[&authorized(), &length]));
        connection.send(body.as_bytes());
    }
    served.jpush("GET", "/v3/tags/news/registration_ids/d1", "").is(200, r#"{"result":true}"#);
    for connection in &mut waiting {
        let reply = connection.reply().unwrap();
        assert!(reply.status() == 500 && reply.text().contains("outcome unknown"), "{reply:?}");
    }
    served.registry.store().disarm();
}

#[test]
fn every_way_of_execution_answers_alike() {
    for execution in [Execution::Auto, Execution::Inline, Execution::Blocking] {
        let served = served_with(FaceOptions { execution, ..FaceOptions::default() });
        served.populate();
        served.jpush("GET", "/v3/tags", "").is(200, r#"{"tags":["news","odd","vip","汉"]}"#);
        served.jpush("POST", "/v3/devices/d3", r#"{"alias":"a"}"#).is(200, "{}");
        served.jpush("GET", "/v3/devices/d3", "").is(200, r#"{"tags":[],"alias":"a","mobile":null}"#);
    }
}

#[test]
fn one_face_alone_answers_for_every_path() {
    let jpush = served_with(FaceOptions { faces: Faces::Jpush, ..FaceOptions::default() });
    let reply = jpush.pushwoosh("/json/1.3/registerUser", "{}");
    assert!(reply.status() == 404 && reply.text().contains("\"code\":7010"), "{reply:?}");
    let pushwoosh = served_with(FaceOptions { faces: Faces::Pushwoosh, ..FaceOptions::default() });
    let reply = pushwoosh.jpush("GET", "/v3/tags", "");
    assert!(reply.status() == 404 && reply.text().contains("\"status_code\":404"), "{reply:?}");
}

#[test]
fn times_are_printed_at_the_offset_of_the_options() {
    let utc_offset = rollbook::UtcOffset::UTC;
    let served = served_with(FaceOptions { utc_offset, ..FaceOptions::default() });
    served.populate();
    served.app.touch(&[crate::common::device("d1")]).unwrap();
    served.clock.advance(601);
    served
        .jpush("POST", "/v3/devices/status", r#"{"registration_ids":["d1"]}"#)
        .is(200, r#"{"d1":{"online":false,"last_online_time":"2014-12-16 02:57:07"}}"#);
}

#[test]
fn what_is_under_way_at_the_end_is_finished() {
    let mut served = served();
    served.populate();
    let mut under_way = Connection::open(served.address);
    let lines = [&authorized(), "Content-Length: 13", "Expect: 100-continue"];
    under_way.send(&head("POST", "/v3/devices/d3", &lines));
    assert_eq!(under_way.reply().unwrap().status(), 100);
    let mut idle = Connection::open(served.address);
    idle.send(&head("GET", "/v3", &[]));
    assert_eq!(idle.reply().unwrap().status(), 404);
    served.end();
    assert!(idle.reply().is_none(), "an idle connection is kept");
    under_way.send(br#"{"alias":"a"}"#);
    assert_eq!(under_way.reply().unwrap().text(), "{}");
    assert!(under_way.reply().is_none());
    assert!(std::net::TcpStream::connect(served.address).is_err());
    assert_eq!(served.app.device(&crate::common::device("d3")).unwrap().alias.unwrap().as_str(), "a");
}

/// Whether a server returns in this time.
fn ends(runtime: &Runtime, serving: &mut JoinHandle<()>, millis: u64) -> bool {
    let returned = async { tokio::time::timeout(Duration::from_millis(millis), serving).await };
    runtime.block_on(returned).is_ok()
}

/// A server whose end is waited for, over a store that waits when it is told to.
struct Ending {
    served: Served<Waiting>,
    address: SocketAddr,
    runtime: Runtime,
    end: oneshot::Sender<()>,
    serving: JoinHandle<()>,
}

impl Ending {
    fn serve(serve: ServeOptions) -> Self {
        let options = FaceOptions { execution: Execution::Blocking, ..FaceOptions::default() };
        let served =
            serve_store(Waiting::default(), Limits::default(), options.clone(), ServeOptions::default());
        served.populate();
        let router = rollbook_http::router(served.registry.clone(), options);
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let (end, ended) = oneshot::channel::<()>();
        let serving = runtime.spawn(rollbook_http::serve(listener, router, serve, async {
            ended.await.ok();
        }));
        Ending { served, address, runtime, end, serving }
    }

    /// A connection on which a request waits for the store.
    fn under_way(&self) -> Connection {
        self.served.registry.store().set(true);
        let mut under_way = Connection::open(self.address);
        under_way.send(&head("DELETE", "/v3/aliases/ann", &[&authorized()]));
        self.served.registry.store().waited_for(1);
        under_way
    }
}

#[test]
fn the_server_returns_when_what_is_under_way_is_finished() {
    // Longer than any test: nothing here waits for it to be over.
    let serve = ServeOptions { grace_millis: 3_600_000, ..ServeOptions::default() };
    let ending = Ending::serve(serve);
    // One that came and went.
    assert_eq!(exchange(ending.address, &head("GET", "/v3", &[])).status(), 404);
    let mut under_way = ending.under_way();
    let mut idle = Connection::open(ending.address);
    idle.send(&head("GET", "/v3", &[]));
    assert_eq!(idle.reply().unwrap().status(), 404);
    let Ending { served, runtime, end, mut serving, .. } = ending;
    end.send(()).unwrap();
    let kept = idle.reply();
    let early = ends(&runtime, &mut serving, 100);
    // Before anything is judged: threads that wait would keep a test that fails from ending.
    served.registry.store().set(false);
    assert!(kept.is_none(), "an idle connection is kept: {kept:?}");
    assert!(!early, "a request is under way");
    let reply = under_way.reply().unwrap();
    reply.is(200, "{}");
    assert_eq!(reply.header("connection"), Some("close"));
    assert!(ends(&runtime, &mut serving, 20_000), "it waits for nobody");
}

#[test]
fn connections_are_served_on_threads_of_their_own_where_such_are_wanted() {
    let handler = || async { std::thread::current().name().unwrap_or_default().to_owned() };
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().thread_name("own").build().unwrap();
    for (threads, name) in [(0, "own"), (2, "rollbook-http")] {
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let router = axum::Router::new().route("/thread", axum::routing::get(handler));
        let serve = ServeOptions { threads, ..ServeOptions::default() };
        runtime.spawn(rollbook_http::serve(listener, router, serve, std::future::pending()));
        assert_eq!(exchange(address, &head("GET", "/thread", &[])).text(), name);
    }
    runtime.shutdown_background();
}

#[test]
fn threads_of_their_own_are_waited_for_until_the_store_lets_go_of_them() {
    let serve = ServeOptions { grace_millis: 0, threads: 1, ..ServeOptions::default() };
    let ending = Ending::serve(serve);
    let _under_way = ending.under_way();
    let Ending { served, runtime, end, mut serving, .. } = ending;
    end.send(()).unwrap();
    let early = ends(&runtime, &mut serving, 100);
    served.registry.store().set(false);
    assert!(!early, "the store is still asked");
    assert!(ends(&runtime, &mut serving, 20_000), "it waits for nobody");
}

#[test]
fn a_handler_beside_the_faces_sees_what_is_known_of_its_body() {
    use axum::body::{Body, HttpBody};
    let served = served();
    let handler = |body: Body| async move {
        let (size, mut body) = (body.size_hint().exact(), std::pin::pin!(body));
        while std::future::poll_fn(|cx| body.as_mut().poll_frame(cx)).await.is_some() {}
        format!("{size:?} {}", body.is_end_stream())
    };
    let router = rollbook_http::router(served.registry.clone(), FaceOptions::default());
    let router = axum::Router::new().route("/own", axum::routing::post(handler)).merge(router);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
    let address = listener.local_addr().unwrap();
    runtime.spawn(rollbook_http::serve(listener, router, ServeOptions::default(), std::future::pending()));
    let sized = [&head("POST", "/own", &["Content-Length: 5"])[..], b"12345"].concat();
    assert_eq!(exchange(address, &sized).text(), "Some(5) true");
    runtime.shutdown_background();
}

#[test]
fn a_router_beside_other_routes() {
    let served = served();
    let router: axum::Router = axum::Router::new()
        .route("/healthz", axum::routing::get(|| async { "well" }))
        .nest("/push", rollbook_http::router(served.registry.clone(), FaceOptions::default()));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
    let address = listener.local_addr().unwrap();
    runtime.spawn(rollbook_http::serve(listener, router, ServeOptions::default(), std::future::pending()));
    assert_eq!(exchange(address, &head("GET", "/healthz", &[])).text(), "well");
    exchange(address, &head("GET", "/push/v3/tags/", &[&authorized()])).is(200, r#"{"tags":[]}"#);
    runtime.shutdown_background();
}
