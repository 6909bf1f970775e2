//! Pushwoosh's user-centric API, and the device calls that go with it.
//!
//! | request | operation |
//! |---|---|
//! | `POST /json/1.3/registerUser` | tie a user to a device |
//! | `POST /json/1.3/postEvent` | post an event |
//! | `POST /api/v2/device-api/deleteUser` | delete a user with all devices |
//! | `POST /json/1.3/registerDevice`, `unregisterDevice`, `deleteDevice`, `checkDevice` | devices |
//!
//! Path and method are judged first, then whether there is a token at all, then the body as JSON, the app that it
//! names, the token against the app, and the arguments. Answers carry a code of their own beside that of HTTP:
//!
//! | HTTP | `status_code` | when |
//! |---|---|---|
//! | 200 | 200 | done |
//! | 200, or 400 by [`FaceOptions::argument_errors_are_400`] | 210 | arguments, an unknown app among them |
//! | 400 | 400 | no JSON, or none in full |
//! | 401 | 401 | no token, or none of the app's |
//! | 404, 405 | the same | no such path, another method |
//! | 500 | 500 | a fault of ours, or busy: the message says which |

mod error;
mod fields;
mod route;
pub mod wire;

pub(crate) use error::Refusal;

use crate::authenticate::{Verdict, authenticate};
use crate::exchange::{Answer, Outcome, Request, json};
use crate::extract::{Members, object, parse, shown};
use crate::options::FaceOptions;
use crate::path;
use axum::http::{HeaderMap, StatusCode, header};
use rollbook::store::Store;
use rollbook::{App, AppKey, Error, Registration, Registry, Secret};
use route::Operation;
use serde::Serialize;
use serde_json::{Map, Value};
use wire::{DeletedUser, DeviceExists, DeviceName, EventPosted, NewDevice, NewUser, PostedEvent, Response};

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
    let segments = path::segments(request.uri().path());
    let operation = match route::route(&segments, request.method()) {
        Ok(operation) => operation,
        Err(refusal) => return refusal.answer(options, Outcome::NO_OPERATION),
    };
    let answered = perform(registry, operation, request);
    answered.unwrap_or_else(|refusal| refusal.answer(options, operation.name()))
}

fn perform<S: Store>(
    registry: &Registry<S>,
    operation: Operation,
    request: &Request,
) -> Result<Answer, Refusal> {
    let token = token(request.headers())?;
    let mut body = parse(request.body()).map_err(|violation| Refusal::malformed(violation.to_string()))?;
    if operation != Operation::DeleteUser {
        body = enclosed(body)?;
    }
    let members = object("request", body)?;
    let app = app(registry, &members, &token)?;
    match operation {
        Operation::RegisterUser => {
            let new = NewUser::try_from(members)?;
            app.register_user(&new.hwid, new.user_id.as_ref(), new.device_type, new.tz_offset)?;
        }
        Operation::PostEvent => {
            let code = app.post_event(&PostedEvent::try_from(members)?.into())?;
            return done(operation, &Response::done(EventPosted { code }));
        }
        Operation::DeleteUser => {
            app.delete_user(&DeletedUser::try_from(members)?.user_id)?;
        }
        Operation::RegisterDevice => {
            app.register(&Registration::from(NewDevice::try_from(members)?))?;
        }
        Operation::UnregisterDevice => app.unregister(&DeviceName::try_from(members)?.hwid)?,
        Operation::DeleteDevice => {
            app.remove(&DeviceName::try_from(members)?.hwid)?;
        }
        Operation::CheckDevice => {
            let exists = match app.device(&DeviceName::try_from(members)?.hwid) {
                Ok(device) => DeviceExists { exist: true, push_token_exist: device.token.is_some() },
                Err(Error::NotFound { .. }) => DeviceExists { exist: false, push_token_exist: false },
                Err(error) => return Err(error.into()),
            };
            return done(operation, &Response::done(exists));
        }
    }
    done(operation, &Response::<()>::DONE)
}

fn done(operation: Operation, body: &impl Serialize) -> Result<Answer, Refusal> {
    Ok(json(StatusCode::OK, body, Outcome { operation: operation.name(), code: 200 }))
}

/// What the member `request` holds.
fn enclosed(body: Value) -> Result<Value, Refusal> {
    let mut members = Members::new(object("body", body)?);
    match members.take("request") {
        Some(request) => Ok(request),
        None => Err(fields::required("request").into()),
    }
}

/// The token of `Authorization: Token XXXX`. Errors about it repeat nothing of it.
fn token(headers: &HeaderMap) -> Result<Secret, Refusal> {
    let header = headers.get(header::AUTHORIZATION).ok_or_else(|| Refusal::no_token("none"))?;
    let malformed = || Refusal::no_token("another form");
    let (scheme, token) =
        header.to_str().ok().and_then(|text| text.trim().split_once(' ')).ok_or_else(malformed)?;
    if !scheme.eq_ignore_ascii_case("token") {
        return Err(malformed());
    }
    Secret::new(token.trim()).map_err(|_| malformed())
}

/// The app that the request names, if the token is one of its.
fn app<S: Store>(
    registry: &Registry<S>,
    members: &Map<String, Value>,
    token: &Secret,
) -> Result<App<S>, Refusal> {
    let key: AppKey = fields::application(members)?;
    match authenticate(registry, Some(&key), Some(token), App::verify_api_token)? {
        Verdict::Right(app) => Ok(app),
        Verdict::Wrong => Err(Refusal::wrong_token()),
        Verdict::Unknown => Err(Refusal::no_app(shown(key.as_str()))),
    }
}
