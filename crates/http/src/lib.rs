//! The register behind two vendors' HTTP protocols: the JPush Device API v3 and Pushwoosh's user-centric API.
//!
//! An application that speaks one of them through the vendor's own client library is pointed at another host, and
//! works.
//!
//! # Without a socket
//!
//! Each face is a pure function from a request to an answer over a [`Registry`]: [`jpush::answer`] and
//! [`pushwoosh::answer`], or [`answer`], which picks the face by the path. The bodies are serde types, public in
//! [`jpush::wire`] and [`pushwoosh::wire`].
//!
//! ```
//! use rollbook::{AppKey, AppSettings, DeviceId, Platform, Registration, Registry, Secret};
//! use rollbook_http::{FaceOptions, Request, answer};
//! use rollbook_store_mem::MemStore;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let registry = Registry::builder(MemStore::new()).build();
//! let settings = AppSettings { master_secret: Some(Secret::new("secret")?), ..AppSettings::default() };
//! let shop = registry.create_app(&AppKey::new("key")?, settings)?;
//! shop.register(&Registration::new(DeviceId::new("d1")?, Platform::Ios))?;
//!
//! let request = axum::http::Request::get("/v3/devices/d1")
//!     .header("Authorization", "Basic a2V5OnNlY3JldA==") // key:secret
//!     .body(Default::default())?;
//! let answered = answer(&registry, &FaceOptions::default(), &request);
//! assert_eq!(answered.body(), r#"{"tags":[],"alias":null,"mobile":null}"#.as_bytes());
//! # Ok(())
//! # }
//! ```
//!
//! # With one
//!
//! [`router`] makes an axum `Router` of both faces, with a limit and a time-out for bodies, with spans, and with
//! panics kept to the request that met them; [`serve`](fn@serve) is a server for it that bounds slow heads, slow readers
//! and the number of connections, and ends gently. Both are small; a service that has its own server and middleware
//! mounts the router (see the example `mount`). The program `rollbook serve` adds a configuration, health and metrics.
//!
//! The example `load` tells how many requests a second that makes on this machine, beside those of a handler that does
//! nothing.
//!
//! # What is where
//!
//! - [`jpush`], [`pushwoosh`]: the faces.
//! - [`FaceOptions`], [`ServeOptions`]: what may be tuned.
//! - [`Outcome`]: what became of a request, left among the answer's extensions for metrics and logs.
//!
//! # Why is there no …
//!
//! - *… extractor of the framework?* The vendors' clients send JSON under content types that are none, and an
//!   extractor refuses it before the face is asked.
//! - *… answer 204?* Four of the clients break on it; what has nothing to say answers `{}`.
//! - *… rate limit?* It belongs to whoever stands in front of all instances.

mod authenticate;
mod exchange;
mod extract;
pub mod jpush;
mod options;
mod path;
pub mod pushwoosh;
mod router;
mod serve;
mod work;

pub use exchange::{Answer, Dropped, Outcome, Peer, Request};
pub use options::{Execution, FaceOptions, Faces, ServeOptions};
pub use router::{router, service};
pub use serve::{Respond, serve};

use rollbook::Registry;
use rollbook::store::Store;

/// Answers a request by the face that its path belongs to.
///
/// Paths below `/json/` and `/api/` are Pushwoosh's, all others are JPush's, so that a path of neither is answered in
/// a shape that some client understands. A face that the options leave out answers nothing but that there is no such
/// path.
///
/// ```
/// use rollbook_http::{FaceOptions, Request, answer};
/// use rollbook_store_mem::MemStore;
///
/// let registry = rollbook::Registry::builder(MemStore::new()).build();
/// let answered = answer(&registry, &FaceOptions::default(), &Request::default());
/// assert_eq!(answered.status(), 404);
/// ```
pub fn answer<S: Store>(registry: &Registry<S>, options: &FaceOptions, request: &Request) -> Answer {
    match Face::of(request.uri().path(), options.faces) {
        Face::Jpush => jpush::answer(registry, options, request),
        Face::Pushwoosh => pushwoosh::answer(registry, options, request),
    }
}

/// One of the two protocols.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Face {
    Jpush,
    Pushwoosh,
}

impl Face {
    /// The face that a path belongs to. Where only one is served it answers for all paths.
    pub(crate) fn of(path: &str, faces: Faces) -> Face {
        match faces {
            Faces::Jpush => Face::Jpush,
            Faces::Pushwoosh => Face::Pushwoosh,
            Faces::Both => match path.split('/').find(|segment| !segment.is_empty()) {
                Some("json" | "api") => Face::Pushwoosh,
                _ => Face::Jpush,
            },
        }
    }
}
