//! What a request asks for, done: its body, the app that the body names, the token against the app, the arguments.

use super::error::Refusal;
use super::fields::check_whole;
use super::route::Operation;
use super::wire::{
    Addressed, Config, DeletedUser, DeviceExists, DeviceName, Enclosed, EventPosted, InApps, NewDevice,
    NewUser, OpenedApp, PostedEvent, Response,
};
use crate::authenticate::{Verdict, authenticate};
use crate::exchange::{Answer, Dropped, Outcome, causes, json};
use crate::extract::{Request, as_sent, decode};
use axum::http::StatusCode;
use rollbook::store::Store;
use rollbook::{App, DeviceId, Error, NewEvent, Registration, Registry, Secret, Subject, Violations};
use serde::Serialize;

/// Performs a request of the app whose token it carries.
pub(super) fn perform<S: Store>(app: &App<S>, operation: Operation, body: &[u8]) -> Result<Answer, Refusal> {
    match operation {
        Operation::RegisterUser => {
            let new: NewUser = request(operation, body)?;
            app.register_user(&new.hwid, new.user_id.as_ref(), new.device_type, new.tz_offset)?;
            called(app, &new.hwid);
        }
        Operation::PostEvent => {
            let event = NewEvent::from(request::<PostedEvent>(operation, body)?);
            check_whole(&event.attributes, body)?;
            let code = app.post_event(&event).map_err(|error| match error {
                Error::Invalid(violations) => told_as_sent(&violations, body),
                error => error.into(),
            })?;
            if let Some(device) = &event.device {
                called(app, device);
            }
            return Ok(done(operation, &Response::done(EventPosted { code })));
        }
        Operation::DeleteUser => {
            app.delete_user(&request::<DeletedUser>(operation, body)?.user_id)?;
        }
        Operation::ApplicationOpen => {
            let mut opened = request::<OpenedApp>(operation, body)?;
            let dropped = std::mem::take(&mut opened.dropped);
            app.open(&opened.into())?;
            return Ok(without(dropped, done(operation, &Response::<()>::DONE)));
        }
        Operation::RegisterDevice => {
            let mut new = request::<NewDevice>(operation, body)?;
            let dropped = std::mem::take(&mut new.dropped);
            let registration = Registration::from(new);
            app.register(&registration)?;
            called(app, &registration.id);
            return Ok(without(dropped, done(operation, &Response::<()>::DONE)));
        }
        Operation::UnregisterDevice => {
            known(app.unregister(&request::<DeviceName>(operation, body)?.hwid))?;
        }
        Operation::DeleteDevice => {
            known(app.remove(&request::<DeviceName>(operation, body)?.hwid))?;
        }
        Operation::CheckDevice => {
            let exists = match app.device(&request::<DeviceName>(operation, body)?.hwid) {
                Ok(device) => DeviceExists { exist: true, push_token_exist: device.token.is_some() },
                Err(Error::NotFound { .. }) => DeviceExists { exist: false, push_token_exist: false },
                Err(error) => return Err(error.into()),
            };
            return Ok(done(operation, &Response::done(exists)));
        }
        Operation::GetInApps => return Ok(done(operation, &Response::done(InApps::default()))),
        Operation::GetConfig => return Ok(done(operation, &Response::done(Config::default()))),
        // The app and the token are good, and there is nothing to keep.
        Operation::Counted(_) => {}
    }
    Ok(done(operation, &Response::<()>::DONE))
}

/// Violations that the register found, with the numbers as the body has them.
fn told_as_sent(violations: &Violations, body: &[u8]) -> Refusal {
    // What was read is text.
    std::str::from_utf8(body).map_or_else(|_| violations.clone(), |body| as_sent(violations, body)).into()
}

fn done(operation: Operation, body: &impl Serialize) -> Answer {
    json(StatusCode::OK, body, Outcome::new(operation.name(), 200))
}

/// A device made this call itself. What it asked for is done, so that it was seen is not worth an error: heartbeats may be
/// lost.
fn called<S: Store>(app: &App<S>, device: &DeviceId) {
    if let Err(error) = app.device_called(device) {
        tracing::warn!(error = causes(&error), "a heartbeat is lost");
    }
}

/// An answer to a request of which these members were dropped.
fn without(dropped: Vec<&'static str>, mut answer: Answer) -> Answer {
    if !dropped.is_empty() {
        tracing::debug!(?dropped, "a device was kept without what it sent here");
        answer.extensions_mut().insert(Dropped(dropped));
    }
    answer
}

/// What was done, also of a device that is not there: a client that tries again after it heard nothing must not take the
/// first try, which was done, for a failure.
fn known<T>(done: Result<T, Error>) -> Result<(), Error> {
    match done {
        Ok(_) | Err(Error::NotFound { subject: Subject::Device, .. }) => Ok(()),
        Err(error) => Err(error),
    }
}

/// The request that a body holds.
fn request<'b, T: Request<'b>>(operation: Operation, body: &'b [u8]) -> Result<T, Refusal> {
    match operation {
        Operation::DeleteUser => Ok(decode(body)?),
        _ => Ok(decode::<Enclosed<T>>(body)?.request),
    }
}

/// The app that the body names, if the token is one of its. Nothing else of the body is looked at before.
pub(super) fn app<S: Store>(
    registry: &Registry<S>,
    operation: Operation,
    token: &Secret,
    body: &[u8],
) -> Result<App<S>, Refusal> {
    let Addressed(key) = request(operation, body)?;
    match authenticate(registry, Some(&key), Some(token), App::verify_api_token)? {
        Verdict::Right(app) => Ok(app),
        Verdict::Wrong => Err(Refusal::wrong_token(key)),
        Verdict::Unknown => Err(Refusal::no_app(key)),
    }
}
