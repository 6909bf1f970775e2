//! How many allocations the busiest calls take, from a request to its answer.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a panic is a failed test, and figures are read"
)]

use allocation_counter::measure;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rollbook::{
    Alias, AppKey, AppSettings, DeviceId, EventName, Platform, Registration, Registry, Secret, TagName,
};
use rollbook_http::{FaceOptions, answer};
use rollbook_store_mem::MemStore;

#[test]
fn the_busiest_calls_take_few_allocations() {
    let registry = Registry::builder(MemStore::new()).build();
    let settings = AppSettings {
        master_secret: Some(Secret::new("secret").unwrap()),
        api_tokens: vec![Secret::new("token").unwrap()],
        presence: true,
        ..AppSettings::default()
    };
    let app = registry.create_app(&AppKey::new("shop").unwrap(), settings).unwrap();
    let phone = Registration {
        tags: vec![TagName::new("news").unwrap()],
        alias: Some(Alias::new("ann").unwrap()),
        ..Registration::new(DeviceId::new("phone").unwrap(), Platform::Ios)
    };
    app.register(&phone).unwrap();
    app.declare_event(&EventName::new("opened").unwrap()).unwrap();
    let event = concat!(
        r#"{"request":{"application":"shop","event":"opened","hwid":"phone","userId":"phone","device_type":1,"#,
        r#""attributes":{"login":"facebook","tries":2,"list":["a",1]},"timestampUTC":1435228403}}"#
    );
    // A few more than are taken today, so that a change of a dependency is not taken for one of this crate.
    let mut over = Vec::new();
    for (method, path, body, most) in [
        ("GET", "/v3/tags/news/registration_ids/phone", "", 24),
        ("GET", "/v3/aliases/ann", "", 26),
        ("POST", "/v3/devices/phone", r#"{"alias":"ann","tags":{"add":["news"]}}"#, 36),
        ("POST", "/v3/tags/news", r#"{"registration_ids":{"add":["phone"]}}"#, 33),
        ("POST", "/v3/devices/status", r#"{"registration_ids":["phone","nobody"]}"#, 32),
        ("POST", "/json/1.3/registerUser", r#"{"request":{"application":"shop","hwid":"phone"}}"#, 28),
        (
            "POST",
            "/json/1.3/registerDevice",
            r#"{"request":{"application":"shop","hwid":"phone","device_type":1,"language":"en","timezone":3600}}"#,
            33,
        ),
        ("POST", "/json/1.3/postEvent", event, 66),
    ] {
        let authorization = match path.starts_with("/v3") {
            true => format!("Basic {}", STANDARD.encode("shop:secret")),
            false => "Token token".to_owned(),
        };
        let request = || {
            let request = axum::http::Request::builder().method(method).uri(path);
            request.header("Authorization", &authorization).body(body.to_owned().into()).unwrap()
        };
        let options = FaceOptions::default();
        // What is made once is made by the first.
        assert_eq!(answer(&registry, &options, &request()).status(), 200);
        let request = request();
        let info = measure(|| {
            answer(&registry, &options, &request);
        });
        println!("{method} {path}: {} allocations, at most {} bytes", info.count_total, info.bytes_max);
        if info.count_total > most {
            over.push((path, info.count_total));
        }
    }
    assert_eq!(over, []);
}
