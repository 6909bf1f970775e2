//! On which thread the register is asked: by what may come of the operation, the app's limits and the body's length.

use crate::common::{KEY, SECRET, TOKEN, basic, device, key, tag};
use axum::body::Body;
use hyper::service::Service;
use hyper_util::service::TowerToHyperService;
use rollbook::store::{Committed, Place, Store, StoreError, StoreInfo, WriteSet};
use rollbook::{
    AppId, AppSettings, EventName, Limits, Platform, Registration, Registry, Secret, Timestamp, UserId,
};
use rollbook_http::{FaceOptions, router};
use rollbook_store_mem::{MemStore, MemView};
use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::thread::ThreadId;

/// A store that notes the threads that look at an app's data.
#[derive(Default)]
struct Noting {
    inner: MemStore,
    threads: Arc<Mutex<HashSet<ThreadId>>>,
}

impl Store for Noting {
    type View<'a> = MemView<'a>;

    fn info(&self) -> StoreInfo {
        self.inner.info()
    }

    fn view(&self, app: AppId) -> Result<MemView<'_>, StoreError> {
        if app != AppId::DIRECTORY {
            self.threads.lock().unwrap().insert(std::thread::current().id());
        }
        self.inner.view(app)
    }

    fn commit(&self, app: AppId, writes: &WriteSet) -> Result<Committed, StoreError> {
        self.inner.commit(app, writes)
    }

    fn touch(&self, app: AppId, seen: &[(Place, Timestamp)]) -> Result<(), StoreError> {
        self.inner.touch(app, seen)
    }
}

/// Which of these requests are asked on the thread that reads them, in an app of these limits.
fn here(limits: Limits, requests: &[(&str, &str, String)]) -> Vec<bool> {
    let store = Noting::default();
    let threads = Arc::clone(&store.threads);
    let registry = Registry::builder(store).build();
    let settings = AppSettings {
        master_secret: Some(Secret::new(SECRET).unwrap()),
        api_tokens: vec![Secret::new(TOKEN).unwrap()],
        presence: true,
        limits,
        ..AppSettings::default()
    };
    let app = registry.create_app(&key(KEY), settings).unwrap();
    app.declare_event(&EventName::new("e").unwrap()).unwrap();
    let tags = vec![tag("news")];
    let user = Some(UserId::new("u").unwrap());
    app.register(&Registration { tags, user, ..Registration::new(device("d1"), Platform::Ios) }).unwrap();
    let router = router(registry, FaceOptions::default());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let asked = |(method, target, body): &(&str, &str, String)| {
        let authorization = match target.starts_with("/v3") {
            true => basic(KEY, SECRET),
            false => format!("Token {TOKEN}"),
        };
        let request = axum::http::Request::builder().method(*method).uri(*target);
        let request = request.header("authorization", authorization).body(Body::from(body.clone())).unwrap();
        threads.lock().unwrap().clear();
        let service = TowerToHyperService::new(router.clone());
        let status = runtime.block_on(service.call(request)).unwrap().status();
        assert!(status == 200 || status == 400, "{method} {target}: {status}");
        let threads = threads.lock().unwrap();
        assert!(!threads.is_empty(), "{method} {target}: the register was not asked");
        threads.iter().all(|thread| *thread == std::thread::current().id())
    };
    requests.iter().map(asked).collect()
}

fn of(members: &str) -> String {
    format!(r#"{{"request":{{"application":"{KEY}","hwid":"d1"{members}}}}}"#)
}

/// The requests that are small work wherever limits bound tags and aliases.
fn bounded() -> Vec<(&'static str, &'static str, String)> {
    let none = String::new;
    vec![
        ("GET", "/v3/devices/d1", none()),
        ("POST", "/v3/devices/d1", r#"{"tags":""}"#.into()),
        ("POST", "/v3/devices/d1", r#"{"alias":"ann"}"#.into()),
        ("GET", "/v3/aliases/ann", none()),
        ("POST", "/v3/aliases/ann", r#"{"registration_ids":{"remove":["d1"]}}"#.into()),
        ("DELETE", "/v3/aliases/ann", none()),
        ("POST", "/json/1.3/registerDevice", of(r#","device_type":3"#)),
        ("POST", "/json/1.3/registerUser", of(r#","userId":"u""#)),
        ("POST", "/json/1.3/checkDevice", of("")),
        ("POST", "/json/1.3/unregisterDevice", of("")),
        ("POST", "/json/1.3/deleteDevice", of("")),
    ]
}

#[test]
fn small_work_is_done_where_it_was_read_under_limits_that_bound_it_and_elsewhere_without_them() {
    let requests = bounded();
    let all = |here| vec![here; requests.len()];
    assert_eq!(here(Limits::default(), &requests), all(true));
    assert_eq!(here(Limits::relaxed(), &requests), all(true));
    assert_eq!(here(Limits::unlimited(), &requests), all(false));
    let many = Limits { tags_per_device: Some(1_001), devices_per_alias: Some(101), ..Limits::default() };
    assert_eq!(here(many, &requests), all(false));
    // An update touches the tags of its device and the devices of its alias; an alias is told with its devices.
    let both = [requests[2].clone(), requests[3].clone()];
    let many_tags = Limits { tags_per_device: Some(1_001), ..Limits::default() };
    let many_carriers = Limits { devices_per_alias: Some(101), ..Limits::default() };
    for limits in [many_tags, many_carriers] {
        assert_eq!(here(limits, &both), [false; 2]);
    }
}

#[test]
fn what_no_limit_bounds_is_never_done_where_it_was_read() {
    let user = format!(r#"{{"application":"{KEY}","user_id":"u"}}"#);
    let requests = [
        ("GET", "/v3/tags", String::new()),
        ("GET", "/v3/tags/", String::new()),
        ("DELETE", "/v3/tags/news", String::new()),
        ("POST", "/api/v2/device-api/deleteUser", user),
    ];
    assert_eq!(here(Limits::default(), &requests), [false; 4]);
}

#[test]
fn a_body_that_is_not_small_is_worked_off_elsewhere_and_membership_and_short_lists_are_not() {
    let padded = |body: &str, length: usize| format!("{body}{}", " ".repeat(length - body.len()));
    let list = r#"{"registration_ids":{"add":["d1"]}}"#;
    let event = of(r#","event":"e","attributes":{}"#);
    let requests = [
        ("GET", "/v3/tags/news/registration_ids/d1", String::new()),
        ("POST", "/v3/tags/news", list.to_owned()),
        ("POST", "/v3/devices/status", r#"{"registration_ids":["d1"]}"#.to_owned()),
        ("POST", "/json/1.3/postEvent", event.clone()),
        ("POST", "/v3/devices/d1", padded("{}", 16_384)),
        ("POST", "/v3/tags/news", padded(list, 4_097)),
        ("POST", "/v3/devices/d1", padded("{}", 16_385)),
        ("POST", "/json/1.3/postEvent", padded(&event, 16_385)),
    ];
    let expected = [true, true, true, true, true, false, false, false];
    assert_eq!(here(Limits::default(), &requests), expected);
    // Whatever it is called: a device may have the name of a slow call.
    let device =
        [("POST", "/v3/tags/deleteUser", list.to_owned()), ("GET", "/v3/devices/tags", String::new())];
    assert_eq!(here(Limits::default(), &device), [true; 2]);
}
