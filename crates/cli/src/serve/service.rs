//! Which request is for whom: the two paths of the operators, and the protocols for everything else.
//!
//! This is not a router with a layer, because that allocates more for each request than the protocols do for the answer.

use super::metrics::{Metrics, measure};
use super::operators::PATHS;
use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response};
use rollbook_http::Respond;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

/// What a connection of the service asks.
#[derive(Clone)]
pub(super) struct Service<P> {
    pub(super) protocols: P,
    pub(super) metrics: Arc<Metrics>,
    /// The routes for operators, unless they have a listener of their own.
    pub(super) operators: Option<Router>,
}

impl<P: Respond> tower_service::Service<Request<Body>> for Service<P> {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.protocols.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        match &mut self.operators {
            Some(operators) if PATHS.contains(&request.uri().path()) => {
                Box::pin(tower_service::Service::call(operators, request))
            }
            _ => Box::pin(measure(Arc::clone(&self.metrics), self.protocols.call(request))),
        }
    }
}
