//! What the tests share: a served register, a client that sends and reads bytes, and the whole of an app to compare.

mod client;
mod snapshot;
mod waiting;

pub(crate) use client::{Connection, Reply, exchange, head, until_closed};
pub(crate) use snapshot::snapshot;
pub(crate) use waiting::Waiting;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rollbook::store::Store;
use rollbook::{
    Alias, App, AppKey, AppSettings, DeviceId, EventName, Limits, ManualClock, Mobile, Platform, PushToken,
    Registration, Registry, Secret, SeededEntropy, TagName, Timestamp, UserId,
};
use rollbook_http::{FaceOptions, ServeOptions};
use rollbook_store_mem::MemStore;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;

pub(crate) const KEY: &str = "0123456789abcdef01234567";
pub(crate) const SECRET: &str = "fedcba987654321001234567";
pub(crate) const TOKEN: &str = "DEV-TOKEN";
/// An app without the presence capability.
pub(crate) const PLAIN_KEY: &str = "plain0123456789abcdef012";

/// 2014-12-16 10:57:07 in UTC+8.
pub(crate) const NOW: Timestamp = Timestamp::from_secs(1_418_698_627);

pub(crate) fn key(text: &str) -> AppKey {
    AppKey::new(text).unwrap()
}

pub(crate) fn device(text: &str) -> DeviceId {
    DeviceId::new(text).unwrap()
}

pub(crate) fn tag(text: &str) -> TagName {
    TagName::new(text).unwrap()
}

/// A register that is served on a port of its own until it is dropped.
pub(crate) struct Served<S: Store = MemStore> {
    pub(crate) registry: Registry<S>,
    pub(crate) app: App<S>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) address: SocketAddr,
    end: Option<oneshot::Sender<()>>,
    runtime: Option<Runtime>,
}

pub(crate) fn served() -> Served {
    served_with(FaceOptions::default())
}

pub(crate) fn served_with(options: FaceOptions) -> Served {
    serve_store(MemStore::new(), Limits::default(), options, ServeOptions::default())
}

pub(crate) fn served_of(limits: Limits) -> Served {
    serve_store(MemStore::new(), limits, FaceOptions::default(), ServeOptions::default())
}

pub(crate) fn serve_store<S: Store>(
    store: S,
    limits: Limits,
    options: FaceOptions,
    serve: ServeOptions,
) -> Served<S> {
    let clock = Arc::new(ManualClock::at(NOW));
    let registry = Registry::builder(store).clock(Arc::clone(&clock)).entropy(SeededEntropy::new(1)).build();
    let settings = AppSettings {
        master_secret: Some(Secret::new(SECRET).unwrap()),
        api_tokens: vec![Secret::new(TOKEN).unwrap(), Secret::new("SECOND").unwrap()],
        presence: true,
        limits,
        ..AppSettings::default()
    };
    let plain = AppSettings { presence: false, ..settings.clone() };
    let app = registry.create_app(&key(KEY), settings).unwrap();
    app.declare_event(&EventName::new("activityCompleted").unwrap()).unwrap();
    registry.create_app(&key(PLAIN_KEY), plain).unwrap();
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
    let address = listener.local_addr().unwrap();
    let (end, ended) = oneshot::channel::<()>();
    let router = rollbook_http::router(registry.clone(), options);
    runtime.spawn(rollbook_http::serve(listener, router, serve, async {
        ended.await.ok();
    }));
    Served { registry, app, clock, address, end: Some(end), runtime: Some(runtime) }
}

impl<S: Store> Drop for Served<S> {
    fn drop(&mut self) {
        if let Some(end) = self.end.take() {
            end.send(()).ok();
        }
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

pub(crate) fn basic(key: &str, secret: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{key}:{secret}")))
}

/// The line of a header that the app's own servers send.
pub(crate) fn authorized() -> String {
    format!("Authorization: {}", basic(KEY, SECRET))
}

/// Asserts that others are served as if nothing had happened.
#[track_caller]
pub(crate) fn goes_on<S: Store>(served: &Served<S>) {
    served.jpush("GET", "/v3/tags/news/registration_ids/d1", "").is(200, r#"{"result":true}"#);
}

impl<S: Store> Served<S> {
    /// Tells the server to end.
    pub(crate) fn end(&mut self) {
        self.end.take().unwrap().send(()).unwrap();
    }

    pub(crate) fn jpush(&self, method: &str, target: &str, body: &str) -> Reply {
        self.send(method, target, &basic(KEY, SECRET), body)
    }

    pub(crate) fn pushwoosh(&self, target: &str, body: &str) -> Reply {
        self.send("POST", target, &format!("Token {TOKEN}"), body)
    }

    pub(crate) fn send(&self, method: &str, target: &str, authorization: &str, body: &str) -> Reply {
        let authorization = format!("Authorization: {authorization}");
        let head = head(method, target, &[&authorization, &format!("Content-Length: {}", body.len())]);
        exchange(self.address, &[&head, body.as_bytes()].concat())
    }

    /// Asserts that the request is refused with this code and message and leaves the register as it was.
    #[track_caller]
    pub(crate) fn refused(&self, request: (&str, &str, &str), status: u16, code: u16, message: &str) {
        let before = snapshot(&self.app);
        let (method, target, body) = request;
        let expected = serde_json::json!({"error": {"code": code, "message": message}}).to_string();
        self.jpush(method, target, body).is(status, &expected);
        assert_eq!(snapshot(&self.app), before, "changed by what was refused: {message}");
    }

    /// As [`Served::refused`], of the other face.
    #[track_caller]
    pub(crate) fn pushwoosh_refused(&self, target: &str, body: &str, status: u16, code: u16, message: &str) {
        let before = snapshot(&self.app);
        let message = serde_json::to_string(message).unwrap();
        let expected = format!("{{\"status_code\":{code},\"status_message\":{message},\"response\":null}}");
        self.pushwoosh(target, body).is(status, &expected);
        assert_eq!(snapshot(&self.app), before, "changed by what was refused: {message}");
    }

    pub(crate) fn enrol(&self, id: &str, platform: Platform) {
        self.app.register(&Registration::new(device(id), platform)).unwrap();
    }

    /// `d1` (ios) and `d2` (android) are called ann, `d3` (harmony) is nobody's, `d4` is of no known platform.
    pub(crate) fn populate(&self) {
        let of = |id, platform, tags: &[&str], alias: Option<&str>| Registration {
            tags: tags.iter().map(|text| tag(text)).collect(),
            alias: alias.map(|alias| Alias::new(alias).unwrap()),
            ..Registration::new(device(id), platform)
        };
        let all = [
            Registration {
                mobile: Some(Mobile::new("13012345678").unwrap()),
                token: Some(PushToken::new("opaque-push-token").unwrap()),
                user: Some(UserId::new("u1").unwrap()),
                ..of("d1", Platform::Ios, &["vip", "news", "汉"], Some("ann"))
            },
            of("d2", Platform::Android, &["news"], Some("ann")),
            of("d3", Platform::Harmony, &[], None),
            of("d4", Platform::Unknown, &["odd"], Some("odd")),
        ];
        for registration in &all {
            self.app.register(registration).unwrap();
        }
    }
}
