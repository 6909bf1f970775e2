//! What the JPush face refuses with: the vendor's codes.

use super::names::Names;
use super::wire::{ErrorBody, ErrorDetail};
use crate::exchange::{Answer, Outcome, RETRY_AFTER, Stranger, UNKNOWN, causes, json, unavailable};
use crate::extract::{Unread, line};
use axum::http::{HeaderValue, StatusCode, header};
use rollbook::{AppKey, DeviceId, Error, ErrorKind, Rule, Subject, Violation, Violations};
use std::collections::HashSet;

/// Why a request is not done.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) code: u16,
    status: StatusCode,
    message: String,
    /// The ids of a list that the app does not know.
    illegal_rids: Vec<String>,
    /// The methods that a known path takes.
    allow: Option<&'static str>,
    /// Whether what was asked for may have been done.
    unknown: bool,
    /// The app that was tried, where a secret was compared and not the right one.
    stranger: Option<Option<AppKey>>,
}

/// Items of a list are not what they must be.
const ITEMS: u16 = 7013;

impl Refusal {
    fn new(code: u16, status: StatusCode, message: impl Into<String>) -> Self {
        Refusal {
            code,
            status,
            message: message.into(),
            illegal_rids: Vec::new(),
            allow: None,
            unknown: false,
            stranger: None,
        }
    }

    pub(crate) fn fault() -> Self {
        Refusal::new(7000, StatusCode::INTERNAL_SERVER_ERROR, "internal error")
    }

    pub(crate) fn unknown() -> Self {
        Refusal { unknown: true, ..Refusal::new(7000, StatusCode::INTERNAL_SERVER_ERROR, UNKNOWN) }
    }

    pub(super) fn no_credentials(actual: &str) -> Self {
        let message = format!("authorization: form: must be Basic appKey:masterSecret: got {actual}");
        Refusal::new(7001, StatusCode::UNAUTHORIZED, message)
    }

    pub(crate) fn argument(message: impl Into<String>) -> Self {
        Refusal::new(7002, StatusCode::BAD_REQUEST, message)
    }

    pub(super) fn wrong_secret(app: Option<AppKey>) -> Self {
        let message = "authorization: secret: must be the app's master secret: got another";
        Refusal { stranger: Some(app), ..Refusal::new(7004, StatusCode::UNAUTHORIZED, message) }
    }

    pub(super) fn no_app(app: Option<AppKey>) -> Self {
        let message = "authorization: known: must be the key of an app: got another";
        Refusal { stranger: Some(app), ..Refusal::new(7008, StatusCode::BAD_REQUEST, message) }
    }

    pub(super) fn no_path() -> Self {
        Refusal::new(
            7010,
            StatusCode::NOT_FOUND,
            "path: known: must be a path of the Device API: got another",
        )
    }

    pub(super) fn no_method(allow: &'static str) -> Self {
        let message = format!("method: known: must be {allow} on this path: got another");
        Refusal { allow: Some(allow), ..Refusal::new(7010, StatusCode::METHOD_NOT_ALLOWED, message) }
    }

    /// An error about lists of devices: the ids that the app does not know stand in the answer by themselves, too.
    pub(super) fn of_lists<const N: usize>(error: Error, lists: [&Names<DeviceId>; N]) -> Self {
        let mut illegal_rids: Vec<String> = Vec::new();
        if let Error::Invalid(violations) = &error {
            let mut seen = HashSet::new();
            for violation in violations.iter().filter(|violation| violation.rule() == Rule::Known) {
                let violation = renamed(violation.clone());
                let list = lists.iter().find(|list| list.field == violation.field());
                let id = list.zip(violation.index()).and_then(|(list, index)| list.good.get(index));
                illegal_rids
                    .extend(id.filter(|id| seen.insert(id.as_str())).map(|id| id.as_str().to_owned()));
            }
        }
        let refusal = Refusal::from(error);
        if refusal.code == ITEMS { Refusal { illegal_rids, ..refusal } } else { refusal }
    }

    pub(crate) fn busy(message: &str) -> Self {
        Refusal::new(7030, StatusCode::SERVICE_UNAVAILABLE, message)
    }

    pub(crate) fn answer(self, operation: &'static str) -> Answer {
        let Refusal { code, status, message, illegal_rids, allow, unknown, stranger } = self;
        let body = ErrorBody { error: ErrorDetail { code, message, illegal_rids } };
        let mut answer = json(status, &body, Outcome { unknown, ..Outcome::new(operation, code) });
        if let Some(allow) = allow {
            answer.headers_mut().insert(header::ALLOW, HeaderValue::from_static(allow));
        }
        if let Some(app) = stranger {
            answer.extensions_mut().insert(Stranger { app });
        }
        if status == StatusCode::SERVICE_UNAVAILABLE {
            answer.headers_mut().insert(header::RETRY_AFTER, RETRY_AFTER);
        }
        if status == StatusCode::UNAUTHORIZED {
            let challenge = HeaderValue::from_static("Basic realm=\"rollbook\"");
            answer.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        }
        answer
    }
}

impl From<Violations> for Refusal {
    fn from(violations: Violations) -> Self {
        let renamed: Vec<Violation> = violations.iter().cloned().map(renamed).collect();
        let message = line(&renamed);
        if renamed.iter().all(|violation| violation.rule() == Rule::DevicesPerAlias) {
            return Refusal::new(7015, StatusCode::BAD_REQUEST, message);
        }
        let of_an_item = |violation: &Violation| {
            matches!(violation.field(), "registration_ids.add" | "registration_ids.remove")
                && matches!(violation.rule(), Rule::Known | Rule::TagsPerDevice)
        };
        if renamed.iter().all(of_an_item) {
            return Refusal::new(ITEMS, StatusCode::BAD_REQUEST, message);
        }
        Refusal::argument(message)
    }
}

impl From<Violation> for Refusal {
    fn from(violation: Violation) -> Self {
        Violations::from(violation).into()
    }
}

impl From<Unread> for Refusal {
    fn from(unread: Unread) -> Self {
        match unread {
            Unread::Malformed(violation) => violation.into(),
            Unread::Invalid(violations) => violations.into(),
        }
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        match error {
            Error::Invalid(violations) => violations.into(),
            Error::NotFound { subject: Subject::Device, name } => {
                let limit = "must be a device of the app";
                Violation::new("registration_id", Rule::Known, limit, name).into()
            }
            // Deleted between two questions of one request.
            Error::NotFound { .. } => Refusal::no_app(None),
            Error::Forbidden { .. } => {
                let message = "app: presence: must be a capability of the app: got none";
                Refusal::new(2007, StatusCode::FORBIDDEN, message)
            }
            error if error.kind() == ErrorKind::Unavailable => Refusal::busy(unavailable(&error)),
            error if error.kind() == ErrorKind::OutcomeUnknown => {
                tracing::error!(error = causes(&error), "the outcome of a write is unknown");
                Refusal::unknown()
            }
            error => {
                tracing::error!(error = causes(&error), "fault");
                Refusal::fault()
            }
        }
    }
}

/// A violation under the name that the field has on the wire.
fn renamed(violation: Violation) -> Violation {
    let field = match violation.field() {
        "add" => "registration_ids.add",
        "remove" | "devices" => "registration_ids.remove",
        "add or remove" => "registration_ids",
        _ => return violation,
    };
    match violation.index() {
        Some(index) => violation.in_list(field, index),
        None => violation.in_field(field),
    }
}
