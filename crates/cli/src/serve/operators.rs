//! The routes for operators, `/healthz` and `/metrics`, beside the vendors' protocols or on a listener of their own.
//!
//! The listener of their own has a thread, a runtime and connections of its own: it responds while every connection and
//! every thread of the service is taken.

use super::health::{self, Health};
use super::metrics::{self, Metrics};
use axum::Router;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get};
use rollbook_http::{ServeOptions, serve};
use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::runtime::Builder;
use tokio::sync::oneshot;

/// How many connections operators may have at once.
const CONNECTIONS: usize = 64;
/// How long a request of an operator that is under way is waited for at the end.
const GRACE: Duration = Duration::from_secs(1);

/// The type of every body that is not metrics.
const JSON: &str = "application/json; charset=utf-8";

/// A time-out for whatever an operator asks: a store that has not answered by then is not well.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

const HEALTH: &str = "/healthz";
const METRICS: &str = "/metrics";

/// The paths of the routes.
pub(super) const PATHS: [&str; 2] = [HEALTH, METRICS];

/// The two routes.
pub(super) fn routes(health: Arc<Health>, metrics: Arc<Metrics>) -> Router {
    let only_get = |route: MethodRouter| route.fallback(wrong_method);
    Router::new()
        .route(HEALTH, only_get(get(health::answer).with_state(health)))
        .route(METRICS, only_get(get(metrics::answer).with_state(metrics)))
}

/// A response with this JSON. What is unavailable may be asked again: how soon is said.
pub(super) fn json(status: StatusCode, body: String) -> Response {
    let mut response = (status, [(header::CONTENT_TYPE, JSON)], body).into_response();
    if status == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    }
    response
}

async fn wrong_method() -> Response {
    let headers = [(header::CONTENT_TYPE, JSON), (header::ALLOW, "GET, HEAD")];
    (StatusCode::METHOD_NOT_ALLOWED, headers, r#"{"error":"method must be GET or HEAD"}"#).into_response()
}

async fn no_path() -> Response {
    let headers = [(header::CONTENT_TYPE, JSON)];
    (StatusCode::NOT_FOUND, headers, r#"{"error":"path must be /healthz or /metrics"}"#).into_response()
}

/// The listener of their own, until it is ended.
pub(super) struct Operators {
    end: oneshot::Sender<()>,
    thread: JoinHandle<()>,
}

impl Operators {
    /// Serves the routes on this listener, on a thread of its own.
    pub(super) fn start(listener: TcpListener, routes: Router) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let (end, ended) = oneshot::channel();
        let options = ServeOptions {
            max_connections: CONNECTIONS,
            grace_millis: u64::try_from(GRACE.as_millis()).unwrap_or(u64::MAX),
            ..ServeOptions::default()
        };
        let work = move || {
            runtime.block_on(async {
                match tokio::net::TcpListener::from_std(listener) {
                    Ok(listener) => {
                        let ended = async { ended.await.unwrap_or_default() };
                        serve(listener, routes.fallback(no_path), options, ended).await;
                    }
                    Err(error) => tracing::error!(%error, "operators are not listened to"),
                }
            });
            // A question to a store that hangs is not waited for.
            runtime.shutdown_timeout(GRACE);
        };
        let thread = std::thread::Builder::new().name("operators".into()).spawn(work)?;
        Ok(Operators { end, thread })
    }

    /// Stops listening, and waits until the routes are dropped with what they hold of the register.
    pub(super) fn end(self) {
        self.end.send(()).ok();
        if self.thread.join().is_err() {
            tracing::error!("the thread of the operators' listener has panicked");
        }
    }
}
