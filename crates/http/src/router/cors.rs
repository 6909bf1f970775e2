//! Which browsers may call: the few headers that they ask for.

use crate::exchange::{Answer, Outcome, json};
use crate::jpush::wire::Empty;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};

/// The origins that were named.
#[derive(Debug)]
pub(super) struct Cors {
    origins: Vec<String>,
}

impl Cors {
    pub(super) fn new(origins: &[String]) -> Self {
        Cors { origins: origins.to_vec() }
    }

    /// The request's origin, if it is one of them.
    pub(super) fn allowed(&self, headers: &HeaderMap) -> Option<HeaderValue> {
        if self.origins.is_empty() {
            return None;
        }
        let origin = headers.get(header::ORIGIN)?;
        let named = |one: &String| one == "*" || one.as_bytes() == origin.as_bytes();
        self.origins.iter().any(named).then(|| origin.clone())
    }
}

/// The answer to a browser that asks before it calls.
pub(super) fn preflight(request: &Parts) -> Option<Answer> {
    let asks = request.method == Method::OPTIONS
        && request.headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    asks.then(|| {
        let outcome = Outcome::new("preflight", 200);
        let mut answer = json(StatusCode::OK, &Empty {}, outcome);
        let headers = answer.headers_mut();
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("POST"));
        let allowed = HeaderValue::from_static("authorization, content-type");
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, allowed);
        headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
        answer
    })
}

/// Lets the origin's browser read the answer.
pub(super) fn mark(answer: &mut Answer, origin: HeaderValue) {
    answer.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    answer.headers_mut().append(header::VARY, HeaderValue::from_static("origin"));
}
