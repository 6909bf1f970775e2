//! What a request asks for, done: its body, the app that the body names, the token against the app, the arguments.

use super::error::Refusal;
use super::route::Operation;
use super::wire::{
    Addressed, DeletedUser, DeviceExists, DeviceName, Enclosed, EventPosted, NewDevice, NewUser, PostedEvent,
    Response,
};
use crate::authenticate::{Verdict, authenticate};
use crate::exchange::{Answer, Outcome, json};
use crate::extract::{Request, decode, shown};
use axum::http::StatusCode;
use rollbook::store::Store;
use rollbook::{App, AppKey, Error, Registration, Registry, Secret};
use serde::Serialize;

/// Performs a request of which path, method and the form of the token are good.
pub(super) fn perform<S: Store>(
    registry: &Registry<S>,
    operation: Operation,
    token: &Secret,
    body: &[u8],
) -> Result<Answer, Refusal> {
    // Nothing else of the body is looked at before the token is known to be good.
    let app = app(registry, &application(operation, body)?, token)?;
    match operation {
        Operation::RegisterUser => {
            let new: NewUser = request(operation, body)?;
            app.register_user(&new.hwid, new.user_id.as_ref(), new.device_type, new.tz_offset)?;
        }
        Operation::PostEvent => {
            let code = app.post_event(&request::<PostedEvent>(operation, body)?.into())?;
            return done(operation, &Response::done(EventPosted { code }));
        }
        Operation::DeleteUser => {
            app.delete_user(&request::<DeletedUser>(operation, body)?.user_id)?;
        }
        Operation::RegisterDevice => {
            app.register(&Registration::from(request::<NewDevice>(operation, body)?))?;
        }
        Operation::UnregisterDevice => app.unregister(&request::<DeviceName>(operation, body)?.hwid)?,
        Operation::DeleteDevice => {
            app.remove(&request::<DeviceName>(operation, body)?.hwid)?;
        }
        Operation::CheckDevice => {
            let exists = match app.device(&request::<DeviceName>(operation, body)?.hwid) {
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

/// The app that a body names.
pub(super) fn application(operation: Operation, body: &[u8]) -> Result<AppKey, Refusal> {
    request(operation, body).map(|Addressed(key)| key)
}

/// The request that a body holds.
fn request<'b, T: Request<'b>>(operation: Operation, body: &'b [u8]) -> Result<T, Refusal> {
    match operation {
        Operation::DeleteUser => Ok(decode(body)?),
        _ => Ok(decode::<Enclosed<T>>(body)?.request),
    }
}

/// The app of this key, if the token is one of its.
fn app<S: Store>(registry: &Registry<S>, key: &AppKey, token: &Secret) -> Result<App<S>, Refusal> {
    match authenticate(registry, Some(key), Some(token), App::verify_api_token)? {
        Verdict::Right(app) => Ok(app),
        Verdict::Wrong => Err(Refusal::wrong_token()),
        Verdict::Unknown => Err(Refusal::no_app(shown(key.as_str()))),
    }
}
