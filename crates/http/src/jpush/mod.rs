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
//! # What the libraries call
//!
//! Each call that the vendor's libraries for servers can make, and what comes of it: those for Java (`jpush-client` and
//! `jiguang-sdk`), Python, PHP, Node.js, Ruby and C#. The vendor publishes none for Go; those of others make no further
//! calls of the Device API. A test sends every row.
//!
//! | call | answer |
//! |---|---|
//! | `GET /v3/devices/{id}` | 200: its tags, alias and mobile number |
//! | `POST /v3/devices/{id}` | 200: changed |
//! | `POST /v3/devices/status`, `POST /v3/devices/status/` | 200: presence, keyed by device |
//! | `GET /v3/aliases/{alias}`, `GET /v3/aliases/{alias}?platform={platform}`, `GET /v3/aliases/{alias}/?platform={platform}` | 200: its devices |
//! | `GET /v3/aliases/{alias}?new_format=true`, `GET /v3/aliases/{alias}?platform={platform}&new_format=true` | 200: its devices with platform and day |
//! | `POST /v3/aliases/{alias}` | 200: unbound |
//! | `DELETE /v3/aliases/{alias}`, `DELETE /v3/aliases/{alias}?platform={platform}`, `DELETE /v3/aliases/{alias}/?platform={platform}` | 200: deleted |
//! | `GET /v3/tags`, `GET /v3/tags/` | 200: the tags |
//! | `GET /v3/tags/{tag}/registration_ids/{id}` | 200: yes or no |
//! | `POST /v3/tags/{tag}` | 200: changed |
//! | `DELETE /v3/tags/{tag}`, `DELETE /v3/tags/{tag}?platform={platform}`, `DELETE /v3/tags/{tag}/?platform={platform}` | 200: deleted |
//! | `GET /v3/device/{id}`, `POST /v3/device/{id}`, `POST /v3/device/status`, `GET /v3/device/tags/`, `GET /v3/device/tags/{tag}/registration_ids/{id}`, `POST /v3/device/tags/{tag}`, `DELETE /v3/device/tags/{tag}`, `GET /v3/device/aliases/{alias}`, `DELETE /v3/device/aliases/{alias}` | 200: the same, in the layout of the data centre in Beijing |
//! | `POST /v3/push`, `POST /v3/push/validate`, `POST /v3/push/file`, `POST /v3/push/batch/regid/single`, `POST /v3/push/batch/alias/single`, `POST /v3/push/template`, `POST /v3/push/template/schedule`, `GET /v3/push/cid`, `GET /v3/push/quota`, `DELETE /v3/push/{msg_id}`, `POST /v3/grouppush`, `POST /v3/grouppush/file` | 404: nothing is sent from here |
//! | `POST /v3/schedules`, `GET /v3/schedules`, `GET /v3/schedules/{schedule}`, `PUT /v3/schedules/{schedule}`, `DELETE /v3/schedules/{schedule}`, `GET /v3/schedules/{schedule}/msg_ids`, `POST /v3/push/schedules`, `GET /v3/push/schedules/{schedule}` | 404: nor later |
//! | `GET /v3/received`, `GET /v3/received/detail`, `GET /v3/messages`, `GET /v3/messages/detail`, `POST /v3/status/message`, `GET /v3/users`, `GET /v3/group/messages/detail`, `GET /v3/group/users`, `GET /v3/report/received`, `POST /v3/report/status/message` | 404: so there is nothing to report |
//! | `POST /v3/files/alias`, `POST /v3/files/registration_id`, `GET /v3/files`, `GET /v3/files/{file}`, `DELETE /v3/files/{file}` | 404: no lists are kept |
//! | `POST /v3/images/byurls`, `PUT /v3/images/byurls/{media}`, `POST /v3/images/byfiles`, `PUT /v3/images/byfiles/{media}` | 404: nor images |
//! | `POST /v1/app`, `POST /v1/app/{key}/delete`, `DELETE /v1/app/{key}/delete`, `POST /v1/app/{key}/certificate` | 404: apps are the operator's, by `rollbook app` or the configuration |
//! | `POST /v3/test/model/add`, `PUT /v3/test/model/update`, `DELETE /v3/test/model/delete/{id}`, `GET /v3/test/model/list` | 404: no test devices |
//!
//! 404 comes with the code 7010. The libraries send `null` for what is not given, `{"tags":{}}` where no tag changes, and
//! platforms as `android,ios` in one parameter or in several: all of it is understood.
//!
//! # What holds of all of them
//!
//! Platforms are JPush's, in filters and in answers: every Android phone is `android`, all Windows is `winphone`, and a
//! device of a kind that JPush has no name for is in no answer with a filter. A filter that is empty, or on `DELETE` one
//! that is not known, is refused: it must not widen a deletion to everything. What these calls come from are servers, so
//! none of them counts as a device being seen.
//!
//! Members that are not known are ignored, however often they are given, but for those inside `tags` and
//! `registration_ids`, which are refused: what is misspelt must not pass for done. A known member that is given twice is
//! refused, and one that is null counts as absent.
//!
//! The second layout, below `/v3/device/`, answers alike. A device whose id is a word of the paths is reached with one of
//! its letters encoded, since routes are told apart before decoding: `/v3/devices/%73tatus`, and in the second layout also
//! `/v3/device/%74ags` and `/v3/device/%61liases`.
//!
//! Path and method are judged first, then who asks, then the arguments. Path, method and credentials are all in the
//! head of a request, so the router judges them before it waits for a byte of the body.
//!
//! HTTP 500 with code 7000 is a fault, or a write of which it is not known whether it was done: the message says which,
//! and only 7030 invites to try again.

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

use crate::exchange::{Answer, Head, Outcome, Request, json};
use crate::options::FaceOptions;
use crate::path;
use crate::work::{few_carriers, few_listed, few_tags};
use axum::body::Bytes;
use axum::http::{StatusCode, Uri};
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
    match judge(registry, request.into()) {
        Ok(admitted) => admitted.perform(options, request.uri(), request.body()),
        Err(refused) => *refused,
    }
}

/// Judges path, method and credentials. The error is the answer to a request that is refused for one of them.
pub(crate) fn judge<S: Store>(registry: &Registry<S>, head: Head<'_>) -> Result<Admitted<S>, Box<Answer>> {
    let operation = route::route(&path::segments(head.uri.path()), head.method)
        .map_err(|refusal| Box::new(refusal.answer(Outcome::NO_OPERATION)))?;
    let app =
        auth::app(registry, head.headers).map_err(|refusal| Box::new(refusal.answer(operation.name())))?;
    Ok(Admitted { app, operation })
}

/// The name of the operation that a path and a method name.
pub(crate) fn operation(head: Head<'_>) -> Option<&'static str> {
    route::route(&path::segments(head.uri.path()), head.method).ok().map(Operation::name)
}

/// A request of which path, method and credentials are good; its body has not been looked at.
pub(crate) struct Admitted<S> {
    app: App<S>,
    operation: Operation,
}

impl<S: Store> Admitted<S> {
    /// The name of the operation.
    pub(crate) fn name(&self) -> &'static str {
        self.operation.name()
    }

    /// Whether nothing is changed, whatever the arguments are.
    pub(crate) fn reads_only(&self) -> bool {
        match self.operation {
            Operation::LookUp
            | Operation::Status
            | Operation::AliasDevices
            | Operation::Tags
            | Operation::Membership => true,
            Operation::Update
            | Operation::UnbindAlias
            | Operation::DeleteAlias
            | Operation::UpdateTag
            | Operation::DeleteTag => false,
        }
    }

    /// Whether the app's limits and the body's length bound the work to what a small piece of work may cost.
    pub(crate) fn is_small(&self, body: usize) -> bool {
        let limits = self.app.limits();
        match self.operation {
            Operation::Membership => true,
            Operation::LookUp => few_tags(limits),
            Operation::Update | Operation::AliasDevices => few_tags(limits) && few_carriers(limits),
            // Each device is changed, one after the other.
            Operation::UnbindAlias | Operation::DeleteAlias => few_carriers(limits) && few_listed(body),
            Operation::UpdateTag | Operation::Status => few_listed(body),
            // A tag may be on every device, and an app may have any number of tags.
            Operation::DeleteTag | Operation::Tags => false,
        }
    }

    /// Does what the request asks for. The URI is the one that was judged.
    pub(crate) fn perform(self, options: &FaceOptions, uri: &Uri, body: &Bytes) -> Answer {
        let Admitted { app, operation } = self;
        let name = operation.name();
        let call = Call { app, options, query: uri.query(), body, name };
        let performed = call.perform(operation, &path::segments(uri.path()));
        performed.unwrap_or_else(|refusal| refusal.answer(name))
    }
}

/// A request that was admitted, with its body.
struct Call<'r, S> {
    app: App<S>,
    options: &'r FaceOptions,
    query: Option<&'r str>,
    body: &'r Bytes,
    name: &'static str,
}

impl<S: Store> Call<'_, S> {
    fn perform(&self, operation: Operation, segments: &[&str]) -> Result<Answer, Refusal> {
        let from_end = |n| segments.iter().rev().nth(n).copied().unwrap_or_default();
        let last = from_end(0);
        match operation {
            Operation::LookUp => self.look_up(last),
            Operation::Update => self.update(last),
            Operation::Status => self.status(),
            Operation::AliasDevices => self.alias_devices(last),
            Operation::UnbindAlias => self.unbind_alias(last),
            Operation::DeleteAlias => self.delete_alias(last),
            Operation::Tags => self.tags(),
            Operation::UpdateTag => self.update_tag(last),
            Operation::DeleteTag => self.delete_tag(last),
            Operation::Membership => self.membership(from_end(2), last),
        }
    }

    fn done(&self, body: &impl Serialize) -> Result<Answer, Refusal> {
        Ok(json(StatusCode::OK, body, Outcome::new(self.name, 200)))
    }
}
