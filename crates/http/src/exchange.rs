//! A request and an answer without a socket.

use axum::body::Bytes;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use rollbook::AppKey;
use serde::Serialize;

/// A request whose body has been read.
pub type Request = axum::http::Request<Bytes>;

/// What is judged of a request before its body: path, method and credentials.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Head<'r> {
    pub(crate) method: &'r Method,
    pub(crate) uri: &'r Uri,
    pub(crate) headers: &'r HeaderMap,
}

impl<'r> From<&'r Request> for Head<'r> {
    fn from(request: &'r Request) -> Self {
        Head { method: request.method(), uri: request.uri(), headers: request.headers() }
    }
}

impl<'r> From<&'r Parts> for Head<'r> {
    fn from(parts: &'r Parts) -> Self {
        Head { method: &parts.method, uri: &parts.uri, headers: &parts.headers }
    }
}

/// An answer: always with a JSON body, and with an [`Outcome`] among its extensions.
pub type Answer = axum::http::Response<Bytes>;

/// What became of a request: for metrics and logs, which may know neither secrets nor ids.
///
/// ```
/// use rollbook_http::{Answer, Outcome};
/// fn label(answer: &Answer) -> &'static str {
///     answer.extensions().get::<Outcome>().map_or("none", |outcome| outcome.operation)
/// }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// The operation, such as `jpush.device.get`; `none` where the path names none.
    pub operation: &'static str,
    /// The vendor's code: 200 for success, otherwise the code in the body.
    pub code: u16,
    /// Whether what was asked for may or may not have been done: the store was too late, or could not say.
    pub unknown: bool,
}

impl Outcome {
    /// The operation of a path that names none.
    pub(crate) const NO_OPERATION: &'static str = "none";

    pub(crate) const fn new(operation: &'static str, code: u16) -> Self {
        Outcome { operation, code, unknown: false }
    }
}

/// The members of a request that were not kept though it was done, such as a language that is none: left among the
/// extensions of the answer, for metrics, where there are any.
///
/// ```
/// use rollbook_http::{Answer, Dropped};
/// fn dropped(answer: &Answer) -> &[&'static str] {
///     answer.extensions().get::<Dropped>().map_or(&[], |Dropped(members)| members)
/// }
/// assert!(dropped(&Answer::default()).is_empty());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dropped(pub Vec<&'static str>);

/// What a client is told when the store cannot do it now; the cause is for the log.
pub(crate) fn unavailable(error: &rollbook::Error) -> &'static str {
    if is_storage_full(error) {
        // Every write meets it. Whoever keeps the store tells it once.
        tracing::debug!(error = causes(error), "unavailable");
        return "the disk is full: try again later";
    }
    tracing::warn!(error = causes(error), "unavailable");
    "the register is busy: try again"
}

fn is_storage_full(error: &(dyn std::error::Error + 'static)) -> bool {
    let mut causes = std::iter::successors(Some(error), |error| error.source());
    causes.any(|cause| {
        let cause = cause.downcast_ref::<std::io::Error>();
        cause.is_some_and(|cause| cause.kind() == std::io::ErrorKind::StorageFull)
    })
}

/// The number of seconds after which a client may try again: what is too much at the moment is over soon.
pub(crate) const RETRY_AFTER: HeaderValue = HeaderValue::from_static("1");

/// What a client is told of a write whose outcome is unknown. It must not read as an invitation to write again.
pub(crate) const UNKNOWN: &str =
    "outcome unknown: it may or may not have been done: look before you try again";

/// The peer of a request's connection, for log lines: [`serve`](fn@crate::serve) leaves it among the extensions of each
/// request, and a service with its own server may do the same.
///
/// ```
/// use rollbook_http::{Peer, Request};
/// let mut request = Request::default();
/// request.extensions_mut().insert(Peer("127.0.0.1:50000".parse().unwrap()));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer(pub std::net::SocketAddr);

/// Left among the extensions of an answer to who was not let in. When it is sent must not tell what the secret was
/// compared with.
#[derive(Debug, Clone)]
pub(crate) struct Stranger {
    /// The key that was tried, for the log, if it can be one.
    pub(crate) app: Option<AppKey>,
}

/// An answer of this body as JSON.
pub(crate) fn json(status: StatusCode, body: &impl Serialize, outcome: Outcome) -> Answer {
    // The bodies are plain data with text for keys: there is nothing in them that JSON cannot say.
    let bytes = serde_json::to_vec(body).unwrap_or_else(|_| b"{}".to_vec());
    let mut answer = Answer::new(bytes.into());
    *answer.status_mut() = status;
    let json = HeaderValue::from_static("application/json; charset=utf-8");
    answer.headers_mut().insert(header::CONTENT_TYPE, json);
    answer.extensions_mut().insert(outcome);
    answer
}

/// What a failure and its causes say, in one line, for the log.
pub(crate) fn causes(error: &dyn std::error::Error) -> String {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        line.push_str(": ");
        line.push_str(&error.to_string());
        cause = error.source();
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use rollbook::store::StoreError;
    use std::io;

    #[test]
    fn a_full_disk_is_told_from_a_register_that_is_busy() {
        let said = |cause: io::Error| {
            let source = StoreError::Unavailable { what: "writing the log", cause: Some(Box::new(cause)) };
            unavailable(&rollbook::Error::Store { action: "commit", source })
        };
        assert_eq!(said(io::ErrorKind::StorageFull.into()), "the disk is full: try again later");
        assert_eq!(said(io::ErrorKind::TimedOut.into()), "the register is busy: try again");
    }
}
