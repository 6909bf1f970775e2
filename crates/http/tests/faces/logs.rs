//! What is logged: operations and codes, and never a secret or a token.

use crate::common::{KEY, SECRET, TOKEN, basic, key};
use rollbook::{AppSettings, Limits, Registry, Secret};
use rollbook_http::{FaceOptions, Outcome, Request, answer};
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

#[test]
fn no_secret_and_no_token_is_logged() {
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
    let body = format!(
        r#"{{"request":{{"application":"{KEY}","hwid":"d1","device_type":1,"push_token":"a-push-token"}}}}"#
    );
    served.pushwoosh("/json/1.3/registerDevice", &body);
    served.send("POST", "/json/1.3/registerDevice", "Token wrong-api-token", &body);
    served.jpush("GET", "/v3/devices/d1", "");
    served.send("GET", "/v3/devices/d1", &basic(KEY, "wrong-master-secret"), "");
    served.send("GET", "/v3/devices/d1", &format!("Malformed {SECRET}"), "");
    served.registry.store().arm(Fault::at(Call::Commit, 1, Failure::Corrupt));
    served.jpush("POST", "/v3/devices/d1", r#"{"alias":"other"}"#);

    let logged = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    for secret in [
        SECRET,
        TOKEN,
        "a-push-token",
        "opaque-push-token",
        "wrong-api-token",
        "wrong-master-secret",
        basic(KEY, SECRET).trim_start_matches("Basic "),
        basic(KEY, "wrong-master-secret").trim_start_matches("Basic "),
    ] {
        assert!(!logged.contains(secret), "{secret} is in {logged}");
    }
    for said in [
        "operation=\"jpush.device.get\"",
        "operation=\"pushwoosh.register_device\"",
        "status=401 operation",
        "code=7004",
        "could not commit: stored data is corrupt",
    ] {
        assert!(logged.contains(said), "{said} is not in {logged}");
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
    assert_eq!(outcome("GET", "/v3/tags", SECRET), Outcome { operation: "jpush.tag.list", code: 200 });
    assert_eq!(outcome("GET", "/v3/tags", "no"), Outcome { operation: "jpush.tag.list", code: 7004 });
    assert_eq!(outcome("GET", "/v3", SECRET), Outcome { operation: "none", code: 7010 });
    let user = Outcome { operation: "pushwoosh.register_user", code: 401 };
    assert_eq!(outcome("POST", "/json/1.3/registerUser", SECRET), user);
}
