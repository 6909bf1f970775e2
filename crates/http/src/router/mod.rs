//! The faces behind a socket: what a pure function cannot do for itself.

mod body;
mod cors;

use crate::exchange::{Answer, Outcome, Request, Stranger};
use crate::options::{Execution, FaceOptions};
use crate::{Face, answer, jpush, path, pushwoosh};
use axum::Router;
use axum::body::Body;
use axum::http::request::Parts;
use axum::http::{HeaderValue, header};
use body::{Incomplete, Room, Share};
use cors::Cors;
use rollbook::Registry;
use rollbook::store::{Durability, Store};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::sleep;
use tracing::{Instrument, Span, field};

/// A body above this is not taken apart where it was read.
const SMALL: usize = 16 << 10;

/// A router of the faces. It takes every path that no other route takes, so it is merged into, nested in or the
/// fallback of a router with routes of its own.
///
/// - Bodies are bounded in size and in time, and all of them together in size; a request too many is told to try again.
/// - A panic answers its own request with a fault.
/// - A wrong secret is answered after as long a time as an unknown app, to the resolution of the runtime's timer.
/// - Each request is a span `request` with `operation`, `status` and `code`; secrets, tokens and ids are in none.
/// - The answer's extensions hold its [`Outcome`].
/// - A store that may block is asked on a thread for blocking work: see [`Execution`].
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
    let service = Arc::new(Service {
        volatile: registry.store().info().durability == Durability::Volatile,
        cors: Cors::new(&options.cors_origins),
        in_flight: Arc::new(Semaphore::new(options.in_flight.min(Semaphore::MAX_PERMITS))),
        room: Room::new(options.body_limit, options.body_budget),
        registry,
        options,
    });
    Router::new().fallback(move |request: axum::extract::Request| {
        let service = Arc::clone(&service);
        async move {
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
            answer.map(Body::from)
        }
    })
}

/// What a request takes while it is under way.
struct Held {
    _permit: OwnedSemaphorePermit,
    _share: Share,
}

struct Service<S> {
    registry: Registry<S>,
    options: FaceOptions,
    cors: Cors,
    in_flight: Arc<Semaphore>,
    room: Room,
    /// Does the store keep nothing beyond the process, so that it has nothing to wait for?
    volatile: bool,
}

impl<S: Store> Service<S> {
    async fn handle(self: Arc<Self>, request: axum::extract::Request) -> Answer {
        let (parts, body) = request.into_parts();
        let face = Face::of(parts.uri.path(), self.options.faces);
        let origin = match face {
            Face::Pushwoosh => self.cors.allowed(&parts.headers),
            Face::Jpush => None,
        };
        if let Some(origin) = &origin
            && let Some(mut preflight) = cors::preflight(&parts)
        {
            cors::mark(&mut preflight, origin.clone());
            return preflight;
        }
        let mut answer = match Arc::clone(&self.in_flight).try_acquire_owned() {
            Ok(permit) => self.within_time(face, parts, body, permit).await,
            Err(_) => closing(self.busy(face, "too many requests are under way: try again")),
        };
        if let Some(origin) = origin {
            cors::mark(&mut answer, origin);
        }
        answer
    }

    async fn within_time(
        self: &Arc<Self>,
        face: Face,
        parts: Parts,
        body: Body,
        permit: OwnedSemaphorePermit,
    ) -> Answer {
        let time = Duration::from_millis(self.options.timeout_millis);
        let answered = tokio::time::timeout(time, async {
            match self.room.read(&parts.headers, body).await {
                Ok((body, share)) => {
                    let settled = sleep(Duration::from_millis(self.options.stranger_millis));
                    let held = Held { _permit: permit, _share: share };
                    let answer = self.perform(face, Request::from_parts(parts, body), held).await;
                    let waits = self.options.stranger_millis > 0;
                    if waits && answer.extensions().get::<Stranger>().is_some() {
                        settled.await;
                    }
                    answer
                }
                Err(incomplete) => self.incomplete(face, incomplete),
            }
        });
        match answered.await {
            Ok(answer) => answer,
            Err(_) => {
                let millis = self.options.timeout_millis;
                closing(self.busy(face, &format!("not done within {millis} ms: try again")))
            }
        }
    }

    async fn perform(self: &Arc<Self>, face: Face, request: Request, held: Held) -> Answer {
        if self.is_quick(&request) {
            return self.answer(face, &request);
        }
        let service = Arc::clone(self);
        let span = Span::current();
        // A request that is late is still under way: its place and its body are free when the store lets go of them.
        let work = move || {
            let answer = span.in_scope(|| service.answer(face, &request));
            drop((request, held));
            answer
        };
        match tokio::task::spawn_blocking(work).await {
            Ok(answer) => answer,
            // The runtime is being shut down.
            Err(_) => self.busy(face, "the service is ending: try again"),
        }
    }

    /// Is it answered where it was read? Deletions of users and lists of tags take the longer the more there are.
    fn is_quick(&self, request: &Request) -> bool {
        match self.options.execution {
            Execution::Inline => true,
            Execution::Blocking => false,
            Execution::Auto => {
                let long =
                    || matches!(path::segments(request.uri().path()).last(), Some(&("deleteUser" | "tags")));
                self.volatile && request.body().len() <= SMALL && !long()
            }
        }
    }

    /// Asks the face. A panic ends here.
    fn answer(&self, face: Face, request: &Request) -> Answer {
        // Nothing is changed by the closure but the register, whose store judges itself what a panic has left.
        let asked = catch_unwind(AssertUnwindSafe(|| answer(&self.registry, &self.options, request)));
        asked.unwrap_or_else(|_| {
            tracing::error!("a request met a panic");
            match face {
                Face::Jpush => jpush::Refusal::fault().answer(Outcome::NO_OPERATION),
                Face::Pushwoosh => pushwoosh::Refusal::fault().answer(&self.options, Outcome::NO_OPERATION),
            }
        })
    }

    fn busy(&self, face: Face, message: &str) -> Answer {
        match face {
            Face::Jpush => jpush::Refusal::busy(message).answer(Outcome::NO_OPERATION),
            Face::Pushwoosh => pushwoosh::Refusal::busy(message).answer(&self.options, Outcome::NO_OPERATION),
        }
    }

    fn incomplete(&self, face: Face, incomplete: Incomplete) -> Answer {
        let message = match incomplete {
            Incomplete::TooLarge => {
                format!("body: bytes: must be at most {}: got more", self.options.body_limit)
            }
            Incomplete::Broken => "body: form: must arrive in full: got a part of it".to_owned(),
            Incomplete::NoRoom => return closing(self.busy(face, "too many large bodies: try again")),
        };
        closing(match face {
            Face::Jpush => jpush::Refusal::argument(message).answer(Outcome::NO_OPERATION),
            Face::Pushwoosh => {
                pushwoosh::Refusal::malformed(message).answer(&self.options, Outcome::NO_OPERATION)
            }
        })
    }
}

/// Says that the connection ends: a part of the request is still on its way in it.
fn closing(mut answer: Answer) -> Answer {
    answer.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    answer
}
