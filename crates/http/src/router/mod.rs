//! The faces behind a socket: what a pure function cannot do for itself.
//!
//! - `attend`: the order in which a request is judged, awaited and done;
//! - `ask`: the register asked, here or on a thread for blocking work, in time;
//! - `body`: bodies and what all of them may take;
//! - `cors`: browsers;
//! - `refused`: log lines about credentials.

mod ask;
mod attend;
mod body;
mod cors;
mod refused;

use crate::exchange::Outcome;
use crate::options::FaceOptions;
use crate::serve::Respond;
use attend::Service;
use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response};
use rollbook::Registry;
use rollbook::store::Store;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tracing::{Instrument, field};

/// A router of the faces. It takes every path that no other route takes, so it is merged into, nested in or the
/// fallback of a router with routes of its own.
///
/// - Path, method and credentials are judged before a byte of the body is awaited; a request that is refused for them
///   is answered at once.
/// - Bodies are bounded in size and in time, and all large ones together in size; the register is asked a bounded number
///   of requests at once, each of which takes its place when its body is there. A request too many is told to try again.
/// - A read, or a request that was not begun, is told to try again when it is late. A write that is late goes on, and is
///   told that its outcome is unknown.
/// - A panic answers its own request with a fault.
/// - A wrong secret is answered after as long a time as an unknown app, to the resolution of the runtime's timer, and
///   both are logged with peer and app.
/// - Each request is a span `request` with `operation`, `status` and `code`; secrets, tokens and ids are in none.
/// - The answer's extensions hold its [`Outcome`].
/// - A store that may block is asked on a thread for blocking work: see [`Execution`](crate::Execution).
///
/// ```
/// use axum::{Router, routing::get};
/// use rollbook::Registry;
/// use rollbook_http::{FaceOptions, router};
/// use rollbook_store_mem::MemStore;
///
/// let registry = Registry::builder(MemStore::new()).build();
/// let service: Router = Router::new()
///     .route("/healthz", get(|| async { "well" }))
///     .merge(router(registry, FaceOptions::default()));
/// ```
pub fn router<S: Store>(registry: Registry<S>, options: FaceOptions) -> Router {
    Router::new().fallback_service(service(registry, options))
}

/// The faces without a router: what [`router`] does, for a service that chooses by itself which requests they get.
///
/// A request allocates less than through a router with a layer.
///
/// ```
/// use rollbook::Registry;
/// use rollbook_http::{FaceOptions, ServeOptions, serve, service};
/// use rollbook_store_mem::MemStore;
/// use tokio::net::TcpListener;
///
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// let service = service(Registry::builder(MemStore::new()).build(), FaceOptions::default());
/// let listener = TcpListener::bind("127.0.0.1:0").await?;
/// serve(listener, service, ServeOptions::default(), async {}).await;
/// # std::io::Result::Ok(())
/// # })?;
/// # std::io::Result::Ok(())
/// ```
pub fn service<S: Store>(registry: Registry<S>, options: FaceOptions) -> impl Respond + Sync {
    Protocols(Arc::new(Service::new(registry, options)))
}

struct Protocols<S>(Arc<Service<S>>);

impl<S> Clone for Protocols<S> {
    fn clone(&self) -> Self {
        Protocols(Arc::clone(&self.0))
    }
}

impl<S: Store> tower_service::Service<Request<Body>> for Protocols<S> {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let service = Arc::clone(&self.0);
        Box::pin(async move {
            let span = tracing::info_span!(
                "request",
                operation = field::Empty,
                status = field::Empty,
                code = field::Empty
            );
            let answer = service.handle(request).instrument(span.clone()).await;
            span.record("status", answer.status().as_u16());
            if let Some(outcome) = answer.extensions().get::<Outcome>() {
                span.record("operation", outcome.operation).record("code", outcome.code);
            }
            span.in_scope(|| tracing::debug!("answered"));
            Ok(answer.map(Body::from))
        })
    }
}
