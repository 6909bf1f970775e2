//! Pushwoosh's user-centric API, and the device calls that go with it.
//!
//! | request | operation |
//! |---|---|
//! | `POST /json/1.3/applicationOpen` | record a device, and that it was seen |
//! | `POST /json/1.3/registerDevice`, `unregisterDevice`, `deleteDevice`, `checkDevice` | devices |
//! | `POST /json/1.3/registerUser` | tie a user to a device |
//! | `POST /json/1.3/postEvent` | post an event |
//! | `POST /api/v2/device-api/deleteUser` | delete a user with all devices |
//!
//! # What the SDKs call
//!
//! Each call that the vendor's SDKs for iOS (with macOS, tvOS and VoIP), Android (with Amazon and Huawei) and browsers and
//! the library for Python can make, and what comes of it. SDKs for other frameworks, such as Cordova, React Native,
//! Flutter or Unity, call through these. A test sends every row, below `/json/1.3/` unless the path is given. The first
//! start of an SDK is one or more of `getConfig`, `checkDevice`, `applicationOpen`, `getInApps`, `registerUser` and
//! `registerDevice`.
//!
//! | call | answer |
//! |---|---|
//! | `applicationOpen` | 200: done; versions and model are not kept |
//! | `registerDevice`, `unregisterDevice`, `deleteDevice` | 200: done; `tags`, `gateway`, `sounds`, `public_key`, `auth_token`, `voip_push_token` are not kept |
//! | `checkDevice` | 200: whether there is such a device, and whether it has a push token |
//! | `registerUser` | 200: done |
//! | `postEvent` | 200: the event's code |
//! | `/api/v2/device-api/deleteUser` | 200: done |
//! | `getInApps` | 200: `{"inApps":[]}`: there are none |
//! | `getConfig` | 200: `{"features":{}}`: none of the vendor's features are on |
//! | `pushStat`, `messageDeliveryEvent`, `setBadge` | 200: counted in metrics, and nothing is kept |
//! | `setTags`, `getTags`, `setEmailTags` | 404: there are no attributes of devices |
//! | `registerEmail`, `registerEmailUser`, `mergeUser`, `multiRegisterDevice`, `createTestDevice` | 404: a user is told by `registerUser` |
//! | `registerSmsNumber`, `registerWhatsappNumber` | 404: the SDKs send `registerDevice` for them, with the number as `hwid` |
//! | `triggerInAppAction`, `richMediaAction`, `getPopupForms`, `getPopupFormContent`, `recordPopupFormEvent` | 404: there is no content |
//! | `getInboxMessages`, `inboxStatus` | 404: nor an inbox |
//! | `getNearestZone`, `setActivityToken`, `setActivityPushToStartToken` | 404: nor zones, nor live activities |
//! | `setPurchase`, `pageVisit` | 404: `postEvent` keeps what happened |
//! | `setMADID`, `/api/v2/device-api/setMADID` | 404: no advertising id is kept |
//! | `safari/v1/pushPackages/{id}`, `safari/v1/log` | 404: no packages for Safari's own protocol |
//! | `createMessage`, `createTargetedMessage`, `deleteMessage`, `compileFilter` | 404: nothing is sent from here |
//!
//! The iOS SDK's optional transport by gRPC is not spoken; without that module it sends the calls above.
//!
//! A call that an SDK makes itself counts as the device being seen, by the app's
//! [`presence_from`](rollbook::Policies::presence_from): `applicationOpen`, `registerDevice`, `registerUser`, and
//! `postEvent` with the `hwid` of a known device.
//!
//! No device is lost for a detail: a whole number may be a text or have a point, and a `language` or a `timezone` that is
//! none is left out of `registerDevice` and `applicationOpen`, which [`Dropped`](crate::Dropped) among the extensions of
//! the answer says. A device that is gone already is unregistered and deleted with success, so that a client that tries
//! again does not take what was done for a failure.
//!
//! `applicationOpen` of a known device leaves it with the user that it has, whatever `userId` says, and moves it to
//! another platform when `device_type` names one: going to another user is the work of `registerUser` and
//! `registerDevice`.
//!
//! A member that is null or an empty text counts as absent, also where a number belongs. Members that are not known are
//! ignored, however often they are given; a known one that is given twice is refused. Errors name each member, and each
//! number, as it was sent.
//!
//! # Answers
//!
//! Path and method are judged first, then whether there is a token at all, then the app that the body names, the token
//! against the app, and the arguments. The app is named in the body, so path, method and the form of the token are all
//! that can be judged of the head alone, and the router judges them before it waits for a byte of the body; whether
//! the token is right is judged as soon as the app is known, before the rest of the body is looked at.
//!
//! Answers carry a code of their own beside that of HTTP:
//!
//! | HTTP | `status_code` | when |
//! |---|---|---|
//! | 200 | 200 | done |
//! | 200, or 400 by [`FaceOptions::argument_errors_are_400`] | 210 | arguments, an unknown app among them |
//! | 400 | 400 | no JSON, or none in full |
//! | 401 | 401 | no token, or none of the app's |
//! | 404, 405 | the same | no such path, another method |
//! | 500 | 500 | a fault of ours, busy, or a write of which it is not known whether it was done: the message says which |

mod error;
mod fields;
mod perform;
mod route;
pub mod wire;

pub(crate) use error::Refusal;

use crate::authenticate::authorization;
use crate::exchange::{Answer, Head, Outcome, Request};
use crate::options::FaceOptions;
use crate::path;
use crate::work::few_tags;
use axum::http::HeaderMap;
use rollbook::store::Store;
use rollbook::{App, Registry, Secret};
use route::Operation;

/// Answers a request. See the [module](self) for the paths, and [`wire`] for the bodies.
///
/// ```
/// use rollbook::Registry;
/// use rollbook_http::{FaceOptions, Request, pushwoosh};
/// use rollbook_store_mem::MemStore;
///
/// let registry = Registry::builder(MemStore::new()).build();
/// let mut request = Request::default();
/// *request.method_mut() = axum::http::Method::POST;
/// *request.uri_mut() = "/json/1.3/registerUser".parse().unwrap();
/// let answer = pushwoosh::answer(&registry, &FaceOptions::default(), &request);
/// assert_eq!(answer.status(), 401);
/// ```
pub fn answer<S: Store>(registry: &Registry<S>, options: &FaceOptions, request: &Request) -> Answer {
    match judge(options, request.into()) {
        Ok(admitted) => admitted.perform(registry, options, request.body()),
        Err(refused) => *refused,
    }
}

/// Judges path, method and the form of the token. The error is the answer to a request that is refused for one of
/// them.
pub(crate) fn judge(options: &FaceOptions, head: Head<'_>) -> Result<Admitted, Box<Answer>> {
    let operation = route::route(&path::segments(head.uri.path()), head.method)
        .map_err(|refusal| Box::new(refusal.answer(options, Outcome::NO_OPERATION)))?;
    let token = token(head.headers).map_err(|refusal| Box::new(refusal.answer(options, operation.name())))?;
    Ok(Admitted { operation, token })
}

/// A request of which path, method and the form of the token are good; its body has not been looked at.
pub(crate) struct Admitted {
    operation: Operation,
    token: Secret,
}

impl Admitted {
    /// The name of the operation.
    pub(crate) fn name(&self) -> &'static str {
        self.operation.name()
    }

    /// Finds the app that the body names and judges the token against it.
    pub(crate) fn identify<S: Store>(
        self,
        registry: &Registry<S>,
        options: &FaceOptions,
        body: &[u8],
    ) -> Result<Identified<S>, Box<Answer>> {
        let Admitted { operation, token } = self;
        match perform::app(registry, operation, &token, body) {
            Ok(app) => Ok(Identified { app, operation }),
            Err(refusal) => Err(Box::new(refusal.answer(options, operation.name()))),
        }
    }

    /// Does what the request asks for, if the token is one of the app that the body names.
    pub(crate) fn perform<S: Store>(
        self,
        registry: &Registry<S>,
        options: &FaceOptions,
        body: &[u8],
    ) -> Answer {
        match self.identify(registry, options, body) {
            Ok(identified) => identified.perform(options, body),
            Err(refused) => *refused,
        }
    }
}

/// A request of which the token is one of the app that its body names.
pub(crate) struct Identified<S> {
    app: App<S>,
    operation: Operation,
}

impl<S: Store> Identified<S> {
    /// The name of the operation.
    pub(crate) fn name(&self) -> &'static str {
        self.operation.name()
    }

    /// Whether nothing is changed, whatever the arguments are.
    pub(crate) fn reads_only(&self) -> bool {
        match self.operation {
            Operation::CheckDevice | Operation::GetInApps | Operation::GetConfig | Operation::Counted(_) => {
                true
            }
            Operation::RegisterUser
            | Operation::PostEvent
            | Operation::DeleteUser
            | Operation::ApplicationOpen
            | Operation::RegisterDevice
            | Operation::UnregisterDevice
            | Operation::DeleteDevice => false,
        }
    }

    /// Whether the app's limits bound the work to what a small piece of work may cost, given a small body. Users have
    /// any number of devices.
    pub(crate) fn is_small(&self) -> bool {
        match self.operation {
            Operation::PostEvent | Operation::GetInApps | Operation::GetConfig | Operation::Counted(_) => {
                true
            }
            // A device is read, moved or removed with all of its tags.
            Operation::RegisterUser
            | Operation::ApplicationOpen
            | Operation::RegisterDevice
            | Operation::UnregisterDevice
            | Operation::DeleteDevice
            | Operation::CheckDevice => few_tags(self.app.limits()),
            Operation::DeleteUser => false,
        }
    }

    pub(crate) fn perform(self, options: &FaceOptions, body: &[u8]) -> Answer {
        let Identified { app, operation } = self;
        let performed = perform::perform(&app, operation, body);
        performed.unwrap_or_else(|refusal| refusal.answer(options, operation.name()))
    }
}

/// The token of `Authorization: Token XXXX`. Errors about it repeat nothing of it.
fn token(headers: &HeaderMap) -> Result<Secret, Refusal> {
    let (scheme, token) = authorization(headers).map_err(Refusal::no_token)?;
    let malformed = || Refusal::no_token("another form");
    if !scheme.eq_ignore_ascii_case("token") {
        return Err(malformed());
    }
    Secret::new(token).map_err(|_| malformed())
}
