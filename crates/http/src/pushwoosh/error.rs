//! What the Pushwoosh face refuses with.

use super::wire::Response;
use crate::exchange::{Answer, Outcome, RETRY_AFTER, Stranger, UNKNOWN, causes, json, unavailable};
use crate::extract::{Unread, line, shown};
use crate::options::FaceOptions;
use axum::http::{HeaderValue, StatusCode, header};
use rollbook::{AppKey, Error, ErrorKind, Rule, Subject, Violation, Violations};

/// Why a request is not done.
#[derive(Debug)]
pub(crate) struct Refusal {
    /// The code in the body.
    code: u16,
    status: StatusCode,
    message: String,
    /// Whether what was asked for may have been done.
    unknown: bool,
    /// Whether the same request may be sent again.
    busy: bool,
    /// The app that was tried, where a token was compared and not the right one.
    stranger: Option<AppKey>,
}

/// The code of every argument error.
const ARGUMENT: u16 = 210;

impl Refusal {
    fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Refusal {
            code: status.as_u16(),
            status,
            message: message.into(),
            unknown: false,
            busy: false,
            stranger: None,
        }
    }

    pub(crate) fn fault() -> Self {
        Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "internal error")
    }

    pub(crate) fn busy(message: &str) -> Self {
        Refusal { busy: true, ..Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, message) }
    }

    pub(crate) fn unknown() -> Self {
        Refusal { unknown: true, ..Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, UNKNOWN) }
    }

    pub(crate) fn malformed(message: impl Into<String>) -> Self {
        Refusal::new(StatusCode::BAD_REQUEST, message)
    }

    pub(super) fn no_token(actual: &str) -> Self {
        let message =
            format!("authorization: form: must be Token and one of the app's API tokens: got {actual}");
        Refusal::new(StatusCode::UNAUTHORIZED, message)
    }

    pub(super) fn wrong_token(app: AppKey) -> Self {
        Refusal { stranger: Some(app), ..Refusal::no_token("another") }
    }

    /// No app of this key.
    pub(super) fn no_app(app: AppKey) -> Self {
        let name = shown(app.as_str());
        let refusal: Refusal = Violation::new("application", Rule::Known, "must be an app", name).into();
        Refusal { stranger: Some(app), ..refusal }
    }

    pub(super) fn no_path() -> Self {
        Refusal::new(StatusCode::NOT_FOUND, "path: known: must be a path of the API: got another")
    }

    pub(super) fn no_method() -> Self {
        Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "method: known: must be POST: got another")
    }

    pub(crate) fn answer(self, options: &FaceOptions, operation: &'static str) -> Answer {
        let Refusal { code, status, message, unknown, busy, stranger } = self;
        let status = match code {
            ARGUMENT if options.argument_errors_are_400 => StatusCode::BAD_REQUEST,
            _ => status,
        };
        let body = Response::<()> { status_code: code, status_message: message.into(), response: None };
        let mut answer = json(status, &body, Outcome { unknown, ..Outcome::new(operation, code) });
        if let Some(app) = stranger {
            answer.extensions_mut().insert(Stranger { app: Some(app) });
        }
        let headers = answer.headers_mut();
        if status == StatusCode::METHOD_NOT_ALLOWED {
            headers.insert(header::ALLOW, HeaderValue::from_static("POST"));
        }
        if busy {
            headers.insert(header::RETRY_AFTER, RETRY_AFTER);
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Token"));
        }
        answer
    }
}

impl From<Violations> for Refusal {
    fn from(violations: Violations) -> Self {
        let renamed: Vec<Violation> = violations.iter().cloned().map(renamed).collect();
        Refusal { code: ARGUMENT, ..Refusal::new(StatusCode::OK, line(&renamed)) }
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
            Unread::Malformed(violation) => Refusal::malformed(violation.to_string()),
            Unread::Invalid(violations) => violations.into(),
        }
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        match error {
            Error::Invalid(violations) => violations.into(),
            // Deleted between two questions of one request.
            Error::NotFound { subject: Subject::App, name } => {
                Violation::new("application", Rule::Known, "must be an app", shown(&name)).into()
            }
            Error::NotFound { name, .. } => {
                Violation::new("hwid", Rule::Known, "must be a device of the app", name).into()
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
        "device" => "hwid",
        "user" => "userId",
        "device or user" => "hwid or userId",
        "timestamp_utc" => "timestampUTC",
        "timestamp_current" => "timestampCurrent",
        _ => return violation,
    };
    violation.in_field(field)
}
