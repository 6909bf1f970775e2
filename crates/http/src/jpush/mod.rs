//! The JPush Device API v3.
//!
//! | request | operation |
//! |---|---|
//! | `GET`, `POST /v3/devices/{id}` | look a device up, change it |
//! | `POST /v3/devices/status` | presence |
//! | `GET`, `POST`, `DELETE /v3/aliases/{alias}` | look an alias up, unbind devices, delete it |
//! | `GET /v3/tags` | the tags |
//! | `POST`, `DELETE /v3/tags/{tag}` | put a tag on devices and take it off, delete it |
//! | `GET /v3/tags/{tag}/registration_ids/{id}` | is the device in the tag |
//!
//! The second layout, below `/v3/device/`, answers alike. A device whose id is `status` is reached with one of its
//! letters encoded (`%73tatus`): routes are told apart before decoding.
//!
//! Path and method are judged first, then who asks, then the arguments.

mod aliases;
mod auth;
mod devices;
mod error;
mod names;
mod route;
mod status;
mod tags;
pub mod wire;

pub(crate) use error::Refusal;

use crate::exchange::{Answer, Outcome, Request, json};
use crate::options::FaceOptions;
use crate::path;
use axum::body::Bytes;
use axum::http::StatusCode;
use rollbook::store::Store;
use rollbook::{App, Registry};
use route::Operation;
use serde::Serialize;

/// Answers a request. See the [module](self) for the paths, and [`wire`] for the bodies.
///
/// ```
/// use rollbook::Registry;
/// use rollbook_http::{FaceOptions, Request, jpush};
/// use rollbook_store_mem::MemStore;
///
/// let registry = Registry::builder(MemStore::new()).build();
/// let answer = jpush::answer(&registry, &FaceOptions::default(), &Request::default());
/// assert_eq!(answer.status(), 404);
/// let error: jpush::wire::ErrorBody = serde_json::from_slice(answer.body()).unwrap();
/// assert_eq!(error.error.code, 7010);
/// ```
pub fn answer<S: Store>(registry: &Registry<S>, options: &FaceOptions, request: &Request) -> Answer {
    let segments = path::segments(request.uri().path());
    let operation = match route::route(&segments, request.method()) {
        Ok(operation) => operation,
        Err(refusal) => return refusal.answer(Outcome::NO_OPERATION),
    };
    let name = operation.name();
    let answered = auth::app(registry, request.headers()).and_then(|app| {
        let call = Call { app, options, query: request.uri().query(), body: request.body(), name };
        call.perform(&operation)
    });
    answered.unwrap_or_else(|refusal| refusal.answer(name))
}

/// A request of which path, method and credentials are good.
struct Call<'r, S> {
    app: App<S>,
    options: &'r FaceOptions,
    query: Option<&'r str>,
    body: &'r Bytes,
    name: &'static str,
}

impl<S: Store> Call<'_, S> {
    fn perform(&self, operation: &Operation<'_>) -> Result<Answer, Refusal> {
        match *operation {
            Operation::LookUp(device) => self.look_up(device),
            Operation::Update(device) => self.update(device),
            Operation::Status => self.status(),
            Operation::AliasDevices(alias) => self.alias_devices(alias),
            Operation::UnbindAlias(alias) => self.unbind_alias(alias),
            Operation::DeleteAlias(alias) => self.delete_alias(alias),
            Operation::Tags => self.tags(),
            Operation::UpdateTag(tag) => self.update_tag(tag),
            Operation::DeleteTag(tag) => self.delete_tag(tag),
            Operation::Membership { tag, device } => self.membership(tag, device),
        }
    }

    fn done(&self, body: &impl Serialize) -> Result<Answer, Refusal> {
        Ok(json(StatusCode::OK, body, Outcome { operation: self.name, code: 200 }))
    }
}
