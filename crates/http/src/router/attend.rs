//! The order in which a request is judged, awaited and done: head, body, a place among those under way, the register.

use super::ask::{Held, Job};
use super::body::{Expected, Incomplete, Room, Share};
use super::cors::{self, Cors};
use super::refused::Refused;
use crate::exchange::{Answer, Outcome, Peer, Stranger};
use crate::options::{Execution, FaceOptions};
use crate::work::SMALL_BODY;
use crate::{Face, jpush, pushwoosh};
use axum::body::{Body, Bytes, HttpBody};
use axum::http::request::Parts;
use axum::http::{HeaderValue, header};
use http_body_util::BodyExt;
use rollbook::Registry;
use rollbook::store::{Durability, Store};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep_until, timeout};

pub(super) struct Service<S> {
    pub(super) registry: Registry<S>,
    pub(super) options: FaceOptions,
    cors: Cors,
    in_flight: Arc<Semaphore>,
    room: Room,
    refused: Refused,
    /// Whether the store keeps nothing beyond the process, so that it has nothing to wait for.
    volatile: bool,
}

impl<S: Store> Service<S> {
    pub(super) fn new(registry: Registry<S>, options: FaceOptions) -> Self {
        Service {
            volatile: registry.store().info().durability == Durability::Volatile,
            cors: Cors::new(&options.cors_origins),
            in_flight: Arc::new(Semaphore::new(options.in_flight.min(Semaphore::MAX_PERMITS))),
            room: Room::new(options.body_limit, options.body_budget),
            refused: Refused::default(),
            registry,
            options,
        }
    }

    pub(super) async fn handle(self: Arc<Self>, request: axum::extract::Request) -> Answer {
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
        let peer = parts.extensions.get::<Peer>().copied();
        let mut answer = self.attend(face, parts, body).await;
        if let Some(Stranger { app }) = answer.extensions().get() {
            self.refused.log(peer, app.as_ref(), answer.extensions().get::<Outcome>());
        }
        if let Some(origin) = origin {
            cors::mark(&mut answer, origin);
        }
        answer
    }

    async fn attend(self: &Arc<Self>, face: Face, parts: Parts, body: Body) -> Answer {
        let settled = self.settling();
        if body.is_end_stream() {
            // On a thread for blocking work head and arguments are judged in one go.
            let job = match self.judges_here(face) {
                true => match self.judge(face, parts).await {
                    Ok(job) => job,
                    Err(refused) => return settle(settled, *refused).await,
                },
                false => Job::Head(parts),
            };
            let Some(place) = self.place() else { return self.crowded(face) };
            return settle(
                settled,
                self.perform(face, job, Bytes::new(), Held::new(place, Share::default())).await,
            )
            .await;
        }
        let expected = Expected::of(&parts.headers);
        let job = match self.judge(face, parts).await {
            Ok(job) => job,
            Err(refused) => return turned_away(expected, body, settle(settled, *refused).await).await,
        };
        let time = Duration::from_millis(self.options.body_timeout_millis);
        // On the JPush face the head had the credentials.
        let is_known = face == Face::Jpush;
        let read = timeout(time, self.room.read(expected, body, is_known)).await;
        // A body that is declared too long is never taken, however often it is sent.
        let late =
            if expected.exceeds(self.options.body_limit) { Incomplete::TooLarge } else { Incomplete::Late };
        let (body, share) = match read.unwrap_or(Err(late)) {
            Ok(read) => read,
            Err(incomplete) => return self.incomplete(face, incomplete),
        };
        // From here on the request costs the register something: until now it has cost only its own connection.
        let Some(place) = self.place() else { return self.crowded(face) };
        let settled = self.settling();
        settle(settled, self.perform(face, job, body, Held::new(place, share)).await).await
    }

    /// Whether the register may be asked on the thread that reads requests, where the work is small.
    pub(super) fn asks_here(&self) -> bool {
        match self.options.execution {
            Execution::Inline => true,
            Execution::Blocking => false,
            Execution::Auto => self.volatile,
        }
    }

    /// Whether a head is judged on the thread that reads requests. That of the Pushwoosh face names no app.
    pub(super) fn judges_here(&self, face: Face) -> bool {
        face == Face::Pushwoosh || self.asks_here()
    }

    /// A place among the requests that are under way.
    pub(super) fn place(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.in_flight).try_acquire_owned().ok()
    }

    /// When a stranger is answered whose request is complete now.
    fn settling(&self) -> Option<Instant> {
        let millis = self.options.stranger_millis;
        (millis > 0).then(|| Instant::now() + Duration::from_millis(millis))
    }

    pub(super) fn busy(&self, face: Face, operation: &'static str, message: &str) -> Answer {
        match face {
            Face::Jpush => jpush::Refusal::busy(message).answer(operation),
            Face::Pushwoosh => pushwoosh::Refusal::busy(message).answer(&self.options, operation),
        }
    }

    pub(super) fn crowded(&self, face: Face) -> Answer {
        self.busy(face, Outcome::NO_OPERATION, "too many requests are under way: try again")
    }

    fn incomplete(&self, face: Face, incomplete: Incomplete) -> Answer {
        let none = Outcome::NO_OPERATION;
        let message = match incomplete {
            Incomplete::TooLarge => {
                format!("body: bytes: must be at most {}: got more", self.options.body_limit)
            }
            Incomplete::Broken => "body: form: must arrive in full: got a part of it".to_owned(),
            Incomplete::NoRoom => {
                let message = format!("too many bodies above {SMALL_BODY} bytes are under way: try again");
                return closing(self.busy(face, none, &message));
            }
            Incomplete::Late => {
                let millis = self.options.body_timeout_millis;
                let message = format!("not done: the body did not arrive within {millis} ms: try again");
                return closing(self.busy(face, none, &message));
            }
        };
        closing(match face {
            Face::Jpush => jpush::Refusal::argument(message).answer(none),
            Face::Pushwoosh => pushwoosh::Refusal::malformed(message).answer(&self.options, none),
        })
    }
}

/// Waits, if the answer is one to who was not let in, until it tells nothing of the work that was done.
async fn settle(settled: Option<Instant>, answer: Answer) -> Answer {
    if let Some(settled) = settled
        && answer.extensions().get::<Stranger>().is_some()
    {
        sleep_until(settled).await;
    }
    answer
}

/// The answer to a request that is refused before its body. The connection is kept if a small body has come with the
/// head, and closed otherwise: what is still on its way is not waited for.
async fn turned_away(expected: Expected, mut body: Body, answer: Answer) -> Answer {
    if expected.is_small() {
        let rest = async {
            while let Some(frame) = body.frame().await {
                frame.ok()?;
            }
            Some(())
        };
        // What has come is handed over when it was asked for and the connection has had its next turn.
        let turns = async {
            tokio::task::yield_now().await;
            tokio::task::yield_now().await;
        };
        tokio::select! {
            biased;
            Some(()) = rest => return answer,
            () = turns => {}
        }
    }
    closing(answer)
}

/// Says that the connection ends: a part of the request is still on its way in it.
pub(super) fn closing(mut answer: Answer) -> Answer {
    answer.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    answer
}
