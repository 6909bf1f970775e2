//! What a request asks for, done: its body, the app that the body names, the token against the app, the arguments.

use super::error::Refusal;
use super::fields;
use super::route::Operation;
use super::wire::{
    DeletedUser, DeviceExists, DeviceName, EventPosted, NewDevice, NewUser, PostedEvent, Response,
};
use crate::authenticate::{Verdict, authenticate};
use crate::exchange::{Answer, Outcome, json};
use crate::extract::{Members, object, parse, shown};
use axum::body::Bytes;
use axum::http::StatusCode;
use rollbook::store::Store;
use rollbook::{App, AppKey, Error, Registration, Registry, Secret};
use serde::Serialize;
use serde_json::{Map, Value};

/// Performs a request of which path, method and the form of the token are good.
pub(super) fn perform<S: Store>(
    registry: &Registry<S>,
    operation: Operation,
    token: &Secret,
    body: &Bytes,
) -> Result<Answer, Refusal> {
    let mut body = parse(body).map_err(|violation| Refusal::malformed(violation.to_string()))?;
    if operation != Operation::DeleteUser {
        body = enclosed(body)?;
    }
    let members = object("request", body)?;
    let app = app(registry, &members, token)?;
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
