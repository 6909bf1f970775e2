//! What is printed: operations and codes, and never a secret or a token.

use crate::common::{KEY, Reply, SECRET, Served, TOKEN, Waiting, basic, key, serve_store};
use rollbook::{AppSettings, Limits, Registration, Registry, Secret};
use rollbook_http::pushwoosh::wire::NewDevice;
use rollbook_http::{Execution, FaceOptions, Outcome, Request, ServeOptions, answer};
use rollbook_store_mem::MemStore;
use rollbook_testkit::{Call, Failure, Fault, FaultStore};
use std::io::Write;
use std::sync::{Arc, Mutex};
use tracing_subscriber::fmt::MakeWriter;

/// What was logged so far.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Log;
    fn make_writer(&'a self) -> Log {
        self.clone()
    }
}

/// Whatever must not be seen, in every form in which it was sent.
fn hidden() -> Vec<String> {
    let mut hidden: Vec<String> = [
        SECRET,
        TOKEN,
        "a-push-token",
        "opaque-push-token",
        "wrong-api-token",
        "wrong-master-secret",
        "4657657",
    ]
    .map(str::to_owned)
    .into();
    for (key, secret) in [(KEY, SECRET), (KEY, "wrong-master-secret"), ("nobody", "wrong-master-secret")] {
        hidden.push(basic(key, secret).trim_start_matches("Basic ").to_owned());
    }
    hidden
}

/// All of an answer, as text.
fn said(reply: &Reply) -> String {
    format!("{} {:?}\n{}\n", reply.status_line, reply.headers, reply.text())
}

/// Calls of both faces, done and refused, each under every authorization that may come with it; all that was answered.
fn calls(served: &Served<FaultStore<MemStore>>) -> String {
    let authorizations = [
        basic(KEY, SECRET),
        basic(KEY, "wrong-master-secret"),
        basic("nobody", "wrong-master-secret"),
        format!("Malformed {SECRET}"),
        format!("Basic {SECRET}"),
        format!("Token {TOKEN}"),
        "Token wrong-api-token".to_owned(),
        format!("Bearer {TOKEN}"),
    ];
    let request = |members: &str| format!(r#"{{"request":{{"application":"{KEY}"{members}}}}}"#);
    let device = r#","hwid":"d1","device_type":1,"push_token":"#;
    let requests = [
        ("GET", "/v3/devices/d1", String::new()),
        ("GET", "/v3/devices/nobody", String::new()),
        ("POST", "/v3/devices/d1", r#"{"alias":"\u0000"}"#.to_owned()),
        ("POST", "/v3/devices/d1", "{".to_owned()),
        ("POST", "/v3/devices/status", r#"{"registration_ids":["d1"]}"#.to_owned()),
        ("GET", "/v3/tags", String::new()),
        ("PUT", "/v3/tags", String::new()),
        ("GET", "/v3/elsewhere", String::new()),
        ("POST", "/json/1.3/registerDevice", request(&format!(r#"{device}"a-push-token""#))),
        ("POST", "/json/1.3/registerDevice", request(&format!(r#"{device}"a-push-token\u0000""#))),
        ("POST", "/json/1.3/registerDevice", request(&format!("{device}4657657"))),
        ("POST", "/json/1.3/registerDevice", request(&format!(r#"{device}["a-push-token"]"#))),
        ("POST", "/json/1.3/registerDevice", request(r#","hwid":"","push_token":"a-push-token""#)),
        ("POST", "/json/1.3/registerDevice", request(&format!(r#"{device}"a-push-token"#))),
        ("POST", "/json/1.3/checkDevice", request(r#","hwid":"d1""#)),
        ("POST", "/json/1.3/postEvent", request(r#","hwid":"d1","event":"undeclared","attributes":{}"#)),
        ("POST", "/json/1.3/elsewhere", request("")),
    ];
    let mut answered = String::new();
    for authorization in &authorizations {
        for (method, target, body) in &requests {
            answered += &said(&served.send(method, target, authorization, body));
        }
    }
    for (call, target, body) in [
        (Call::Commit, "/v3/devices/d1", r#"{"alias":"other"}"#),
        (Call::View, "/v3/devices/d1", r#"{"alias":"another"}"#),
    ] {
        for failure in [Failure::Corrupt, Failure::Unavailable] {
            served.registry.store().arm(Fault::at(call, 1, failure));
            answered += &said(&served.jpush("POST", target, body));
            served.registry.store().arm(Fault::at(call, 1, failure));
            let body = request(&format!(r#"{device}"opaque-push-token","language":"de""#));
            answered += &said(&served.pushwoosh("/json/1.3/registerDevice", &body));
        }
    }
    answered
}

#[test]
fn no_secret_and_no_token_is_in_anything_that_a_run_prints() {
    let log = Log::default();
    // Of everything, also what the libraries below say.
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_span_events(tracing_subscriber::fmt::format::FmtSpan::FULL)
        .with_ansi(false)
        .with_writer(log.clone())
        .finish();
    tracing::subscriber::set_global_default(subscriber).unwrap();

    let served = crate::common::serve_store(
        FaultStore::new(MemStore::new()),
        Limits::default(),
        FaceOptions::default(),
        rollbook_http::ServeOptions::default(),
    );
    served.populate();
    let answered = calls(&served);
    let debugged = format!("{:?} {:?} {:?}", served.registry, served.app, served.registry.store());
    let logged = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    for (place, text) in [("the log", &logged), ("the answers", &answered), ("a debug form", &debugged)] {
        for secret in hidden() {
            let line = text.lines().find(|line| line.contains(&secret));
            assert!(line.is_none(), "{secret} is in {place}: {line:?}");
        }
    }
    // The net was cast where there are fish.
    for said in [
        "operation=\"jpush.device.get\"",
        "operation=\"pushwoosh.register_device\"",
        "status=401 operation",
        "code=7004",
        "code=7008",
        "could not commit: stored data is corrupt",
    ] {
        assert!(logged.contains(said), "{said} is not in {logged}");
    }
    for said in
        ["push_token: characters", "push_token: type: must be a string", "7001", "7002", "internal error"]
    {
        assert!(answered.contains(said), "{said} is not in {answered}");
    }
}

#[test]
fn no_push_token_is_in_the_debug_form_of_a_body_or_in_what_refuses_it() {
    let body = r#"{"application":"a","hwid":"d","device_type":1,"push_token":"a-push-token"}"#;
    let read: NewDevice = serde_json::from_str(body).unwrap();
    let refused =
        serde_json::from_str::<NewDevice>(&body.replace("\"a-push-token\"", "4657657")).unwrap_err();
    assert!(refused.to_string().contains("push_token: type"), "{refused}");
    for text in
        [format!("{read:?}"), format!("{:?}", Registration::from(read.clone())), format!("{refused:?}")]
    {
        assert!(!text.contains("a-push-token") && !text.contains("4657657"), "{text}");
    }
}

#[test]
fn an_answer_tells_what_became_of_the_request() {
    let registry = Registry::builder(MemStore::new()).build();
    let master_secret = Some(Secret::new(SECRET).unwrap());
    registry.create_app(&key(KEY), AppSettings { master_secret, ..AppSettings::default() }).unwrap();
    let outcome = |method: &str, target: &str, secret: &str| {
        let request: Request = axum::http::Request::builder()
            .method(method)
            .uri(target)
            .header("authorization", basic(KEY, secret))
            .body(Default::default())
            .unwrap();
        *answer(&registry, &FaceOptions::default(), &request).extensions().get::<Outcome>().unwrap()
    };
    assert_eq!(
        outcome("GET", "/v3/tags", SECRET),
        Outcome { operation: "jpush.tag.list", code: 200, unknown: false }
    );
    assert_eq!(
        outcome("GET", "/v3/tags", "no"),
        Outcome { operation: "jpush.tag.list", code: 7004, unknown: false }
    );
    assert_eq!(outcome("GET", "/v3", SECRET), Outcome { operation: "none", code: 7010, unknown: false });
    let user = Outcome { operation: "pushwoosh.register_user", code: 401, unknown: false };
    assert_eq!(outcome("POST", "/json/1.3/registerUser", SECRET), user);
}

#[test]
fn what_is_late_is_counted_under_its_operation_and_a_write_as_one_of_unknown_outcome() {
    let options =
        FaceOptions { execution: Execution::Blocking, store_timeout_millis: 100, ..FaceOptions::default() };
    let served = serve_store(Waiting::default(), Limits::default(), options.clone(), ServeOptions::default());
    served.populate();
    let router = rollbook_http::router(served.registry.clone(), options);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let outcome = |method: &str, target: &str, body: &str| {
        let authorization = match target.starts_with("/v3") {
            true => basic(KEY, SECRET),
            false => format!("Token {TOKEN}"),
        };
        let request = axum::http::Request::builder().method(method).uri(target);
        let request = request.header("authorization", authorization);
        let request = request.body(axum::body::Body::from(body.to_owned())).unwrap();
        let service = hyper_util::service::TowerToHyperService::new(router.clone());
        let answer = runtime.block_on(hyper::service::Service::call(&service, request)).unwrap();
        *answer.extensions().get::<Outcome>().unwrap()
    };
    let store = served.registry.store();
    store.set(true);
    let user = format!(r#"{{"request":{{"application":"{KEY}","hwid":"d1","userId":"u"}}}}"#);
    let writes = [
        outcome("POST", "/v3/devices/d3", r#"{"alias":"late"}"#),
        outcome("DELETE", "/v3/tags/vip", ""),
        outcome("POST", "/json/1.3/registerUser", &user),
    ];
    store.reads.store(true, std::sync::atomic::Ordering::SeqCst);
    let read = outcome("GET", "/v3/devices/d1", "");
    // While credentials are judged, which needs the app, no write has begun.
    store.apps.store(true, std::sync::atomic::Ordering::SeqCst);
    let not_begun = outcome("POST", "/v3/devices/d3", r#"{"alias":"late"}"#);
    // Before anything is judged: threads that wait would keep a test that fails from ending.
    store.set(false);
    let unknown = |operation, code| Outcome { operation, code, unknown: true };
    let expected = [
        unknown("jpush.device.update", 7000),
        unknown("jpush.tag.delete", 7000),
        unknown("pushwoosh.register_user", 500),
    ];
    assert_eq!(writes, expected);
    assert_eq!(read, Outcome { operation: "jpush.device.get", code: 7030, unknown: false });
    assert_eq!(not_begun, Outcome { operation: "jpush.device.update", code: 7030, unknown: false });
}

#[test]
fn refused_credentials_are_logged_with_peer_and_app_and_without_the_secret() {
    let registry = Registry::builder(MemStore::new()).build();
    let settings = AppSettings {
        master_secret: Some(Secret::new(SECRET).unwrap()),
        api_tokens: vec![Secret::new(TOKEN).unwrap()],
        ..AppSettings::default()
    };
    registry.create_app(&key(KEY), settings).unwrap();
    let router = rollbook_http::router(registry, FaceOptions::default());
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::WARN)
        .with_writer(log.clone())
        .with_ansi(false)
        .finish();
    let _logged = tracing::subscriber::set_default(subscriber);
    let body = format!(r#"{{"request":{{"application":"{KEY}","hwid":"h"}}}}"#);
    let ask = |target: &str, authorization: &str, body: &str| {
        let method = if body.is_empty() { "GET" } else { "POST" };
        let mut request = axum::http::Request::builder()
            .method(method)
            .uri(target)
            .header("authorization", authorization)
            .body(axum::body::Body::from(body.to_owned()))
            .unwrap();
        request.extensions_mut().insert(rollbook_http::Peer("192.0.2.7:50123".parse().unwrap()));
        let service = hyper_util::service::TowerToHyperService::new(router.clone());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(hyper::service::Service::call(&service, request)).unwrap();
        String::from_utf8(std::mem::take(&mut *log.0.lock().unwrap())).unwrap()
    };
    for (target, authorization, body, operation, code, app) in [
        ("/v3/tags", basic(KEY, "guess"), "", "jpush.tag.list", 7004, KEY),
        (
            "/v3/tags",
            basic("ffffffffffffffffffffffff", SECRET),
            "",
            "jpush.tag.list",
            7008,
            "ffffffffffffffffffffffff",
        ),
        ("/json/1.3/checkDevice", "Token guess".to_owned(), &body, "pushwoosh.check_device", 401, KEY),
    ] {
        let logged = ask(target, &authorization, body);
        assert_eq!(logged.lines().count(), 1, "{logged}");
        for part in [
            "WARN",
            "credentials refused",
            "peer=192.0.2.7:50123",
            &format!("app=\"{app}\""),
            &format!("operation=\"{operation}\""),
            &format!("code={code}"),
        ] {
            assert!(logged.contains(part), "{part}: {logged}");
        }
        let sent = authorization.split_once(' ').unwrap().1;
        assert!(!logged.contains("guess") && !logged.contains(SECRET) && !logged.contains(sent), "{logged}");
    }
    // Who is let in leaves no line, and a key that can be none is not repeated.
    assert_eq!(ask("/v3/tags", &basic(KEY, SECRET), ""), "");
    let logged = ask("/v3/tags", &basic("not a key\n", "guess"), "");
    assert!(logged.contains("credentials refused") && !logged.contains("not a key"), "{logged}");
}
