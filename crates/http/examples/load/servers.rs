//! What is measured: the faces over a register in memory, and handlers that do nothing.

use axum::Router;
use axum::body::Bytes;
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use rollbook::store::BoxedStore;
use rollbook::{AppKey, AppSettings, DeviceId, Platform, Registration, Registry, Secret, TagName};
use rollbook_http::{FaceOptions, ServeOptions, router, serve};
use rollbook_store_mem::MemStore;
use std::error::Error;
use std::net::SocketAddr;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};

/// Both servers, on one runtime.
pub(crate) struct Served {
    pub(crate) faces: SocketAddr,
    pub(crate) empty: SocketAddr,
    runtime: Runtime,
}

impl Served {
    pub(crate) fn start(devices: usize) -> Result<Self, Box<dyn Error>> {
        let runtime = Builder::new_multi_thread().enable_all().build()?;
        let listener = || runtime.block_on(TcpListener::bind("127.0.0.1:0"));
        let (ours, its) = (listener()?, listener()?);
        let (faces, empty) = (ours.local_addr()?, its.local_addr()?);
        let faces_of = router(register(devices)?, FaceOptions::default());
        runtime.spawn(serve(ours, faces_of, ServeOptions::default(), std::future::pending()));
        // The server that comes with the framework.
        runtime.spawn(axum::serve(its, nothing()).into_future());
        Ok(Served { faces, empty, runtime })
    }

    pub(crate) fn stop(self) {
        self.runtime.shutdown_background();
    }
}

/// On a store whose type is hidden, as the program `rollbook` has it.
fn register(devices: usize) -> Result<Registry<BoxedStore>, Box<dyn Error>> {
    let registry = Registry::builder(BoxedStore::new(MemStore::new())).build();
    let settings =
        AppSettings { master_secret: Some(Secret::new(requests::SECRET)?), ..AppSettings::default() };
    let shop = registry.create_app(&AppKey::new(requests::KEY)?, settings)?;
    for n in 0..devices {
        let mut new = Registration::new(DeviceId::new(requests::device(n))?, Platform::Android);
        new.tags = vec![TagName::new("news")?, TagName::new(format!("city_{}", n % 300))?];
        shop.register(&new)?;
    }
    Ok(registry)
}

fn nothing() -> Router {
    Router::new()
        .route("/v3/tags/{tag}/registration_ids/{id}", get(|| async { json(r#"{"result":true}"#) }))
        .route("/v3/devices/{id}", post(|_: Bytes| async { json("{}") }))
}

fn json(body: &'static str) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json; charset=utf-8")], body)
}

/// The requests, made beforehand.
pub(crate) mod requests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    pub(crate) const KEY: &str = "0123456789abcdef01234567";
    pub(crate) const SECRET: &str = "fedcba987654321001234567";

    pub(crate) fn device(n: usize) -> String {
        format!("{n:011x}")
    }

    /// Is the device in the tag?
    pub(crate) fn membership(devices: usize) -> Vec<Vec<u8>> {
        let request = |n| request("GET", &format!("/v3/tags/news/registration_ids/{}", device(n)), "");
        (0..devices).map(request).collect()
    }

    /// One tag comes, one goes, and the alias is one that few devices have.
    pub(crate) fn update(devices: usize) -> Vec<Vec<u8>> {
        let request = |n: usize| {
            let (new, old) = (n % 300 + 1, n % 300);
            let tags = format!(r#"{{"add":["city_{new}"],"remove":["city_{old}"]}}"#);
            let body = format!(r#"{{"tags":{tags},"alias":"person_{}"}}"#, n / 3);
            request("POST", &format!("/v3/devices/{}", device(n)), &body)
        };
        (0..devices).map(request).collect()
    }

    fn request(method: &str, target: &str, body: &str) -> Vec<u8> {
        let credentials = STANDARD.encode(format!("{KEY}:{SECRET}"));
        let length =
            if body.is_empty() { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
        format!(
            "{method} {target} HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: load\r\nAccept: application/json\r\n\
             Authorization: Basic {credentials}\r\n{length}\r\n{body}"
        )
        .into_bytes()
    }
}
