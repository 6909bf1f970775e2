//! What answers requests, as a connection calls it.

use super::Respond;
use super::open::Open;
use super::state::State;
use crate::exchange::Peer;
use axum::body::Body;
use axum::http::{HeaderValue, Request, Response, header};
use hyper::body::{Body as HttpBody, Bytes, Frame, Incoming, SizeHint};
use hyper_util::service::TowerToHyperService;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

pub(super) struct Service<R> {
    pub(super) respond: TowerToHyperService<R>,
    pub(super) state: Arc<State>,
    pub(super) open: Arc<Open>,
    pub(super) peer: Peer,
}

impl<R: Respond> hyper::service::Service<Request<Incoming>> for Service<R> {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn call(&self, mut request: Request<Incoming>) -> Self::Future {
        if !self.state.begin() {
            // The task is about to end.
            return Box::pin(std::future::pending());
        }
        request.extensions_mut().insert(self.peer);
        let state = Arc::clone(&self.state);
        let request = request.map(|body| match body.is_end_stream() {
            true => Body::empty(),
            false => Body::new(Watched { body, state, ended: false }),
        });
        let answering = self.respond.call(request);
        let (state, open) = (Arc::clone(&self.state), Arc::clone(&self.open));
        Box::pin(async move {
            let mut answer = answering.await?;
            if open.is_ending() {
                answer.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
            }
            state.end();
            Ok(answer)
        })
    }
}

/// A request's body that says when it is waited for.
struct Watched {
    body: Incoming,
    state: Arc<State>,
    ended: bool,
}

impl HttpBody for Watched {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        let goes_on = match &polled {
            Poll::Pending => {
                self.state.awaits();
                true
            }
            Poll::Ready(frame) => {
                self.ended = !matches!(frame, Some(Ok(_))) || self.body.is_end_stream();
                self.state.goes_on()
            }
        };
        // A connection that was given up meanwhile is about to end: its request must not be begun any more.
        if goes_on { polled } else { Poll::Pending }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        if !self.ended {
            self.state.leaves_unread();
        }
        self.state.goes_on();
    }
}
