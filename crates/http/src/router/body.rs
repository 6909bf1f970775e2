//! A request's body, within its limit and within the budget of all large bodies.
use crate::work::SMALL_BODY;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, header};
use http_body_util::BodyExt;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// A client that sends more than the limit reads its answer when it has sent all: so many times the limit are read
/// and thrown away before the connection is closed on it.
const PATIENCE: usize = 8;

/// Why there is no body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Incomplete {
    TooLarge,
    Broken,
    /// All large bodies together are as large as they may be.
    NoRoom,
    /// It did not arrive in time.
    Late,
}

/// What a head says of its body.
#[derive(Debug, Clone, Copy)]
pub(super) struct Expected {
    /// The bytes that are declared; a body in chunks declares none.
    length: Option<u64>,
    /// Whether the client waits to be asked for it.
    waits: bool,
}

impl Expected {
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let length =
            headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
        Expected { length, waits: headers.contains_key(header::EXPECT) }
    }

    /// Whether it is declared to be longer than this.
    pub(super) fn exceeds(self, limit: usize) -> bool {
        self.length.is_some_and(|length| length > limit as u64)
    }

    /// Whether it is small and sent without being asked for.
    pub(super) fn is_small(self) -> bool {
        !self.waits && self.length.is_some_and(|length| length <= SMALL_BODY as u64)
    }
}

/// What bodies may take.
pub(super) struct Room {
    /// Bytes of one.
    limit: usize,
    /// Bytes of all that are held and are not small.
    budget: Arc<Semaphore>,
    /// The part of them that may be of clients whose credentials are in the body.
    unknown: Arc<Semaphore>,
}

/// A large body's share of the budget, given back when it is dropped. A small body has none, and only that of a client
/// that is not known yet has one of the part for those.
#[derive(Debug, Default)]
pub(super) struct Share {
    all: Option<OwnedSemaphorePermit>,
    unknown: Option<OwnedSemaphorePermit>,
}

impl Room {
    pub(super) fn new(limit: usize, budget: usize) -> Self {
        let budget = budget.clamp(limit.min(Semaphore::MAX_PERMITS), Semaphore::MAX_PERMITS);
        // A body of full length must fit, whoever sends it.
        let unknown = limit.max(budget / 2).min(budget);
        Room { limit, budget: Arc::new(Semaphore::new(budget)), unknown: Arc::new(Semaphore::new(unknown)) }
    }

    /// Takes what a body that has grown to this many bytes is counted for beyond its share. A small body is counted for
    /// nothing, so that neither large nor slow ones keep it out: how many there are is bounded by the connections.
    fn take(&self, share: &mut Share, held: usize, is_known: bool) -> Result<(), Incomplete> {
        if held <= SMALL_BODY {
            return Ok(());
        }
        if !is_known {
            extend(&self.unknown, &mut share.unknown, held)?;
        }
        extend(&self.budget, &mut share.all, held)
    }

    /// Reads the body, whatever its type and whether its length is declared or not. The client `is_known` if its
    /// credentials have been judged.
    pub(super) async fn read(
        &self,
        expected: Expected,
        mut body: Body,
        is_known: bool,
    ) -> Result<(Bytes, Share), Incomplete> {
        // A client that waits to be asked for its body need not send one that is refused.
        // Nor is one awaited that is too long to be thrown away.
        let most = if expected.waits { self.limit } else { self.limit.saturating_mul(PATIENCE) };
        if expected.exceeds(most) {
            return Err(Incomplete::TooLarge);
        }
        // Most bodies are one frame, which is the body then.
        let mut first = Bytes::new();
        let mut joined = Vec::new();
        let mut share = Share::default();
        let mut seen = 0_usize;
        while let Some(frame) = body.frame().await {
            let Ok(data) = frame.map_err(|_| Incomplete::Broken)?.into_data() else { continue };
            seen = seen.saturating_add(data.len());
            if seen > self.limit {
                (first, joined, share) = (Bytes::new(), Vec::new(), Share::default());
                if seen > self.limit.saturating_mul(PATIENCE) {
                    break;
                }
                continue;
            }
            self.take(&mut share, seen, is_known)?;
            if first.is_empty() && joined.is_empty() {
                first = data;
            } else {
                if joined.is_empty() {
                    joined.extend_from_slice(&first);
                    first = Bytes::new();
                }
                joined.extend_from_slice(&data);
            }
        }
        if seen > self.limit {
            return Err(Incomplete::TooLarge);
        }
        Ok((if joined.is_empty() { first } else { joined.into() }, share))
    }
}

/// Makes a part of a budget as large as a body.
fn extend(
    budget: &Arc<Semaphore>,
    part: &mut Option<OwnedSemaphorePermit>,
    held: usize,
) -> Result<(), Incomplete> {
    let had = part.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
    let bytes = u32::try_from(held.saturating_sub(had)).map_err(|_| Incomplete::NoRoom)?;
    let more = Arc::clone(budget).try_acquire_many_owned(bytes).map_err(|_| Incomplete::NoRoom)?;
    match part {
        Some(part) => part.merge(more),
        None => *part = Some(more),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::body::Frame;
    use std::convert::Infallible;
    use std::pin::Pin;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::{Context, Poll};

    /// A body without an end, in frames of ten bytes; how many of them were taken.
    #[derive(Default)]
    struct Endless(Arc<AtomicUsize>);

    impl hyper::body::Body for Endless {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            self.0.fetch_add(1, Ordering::Relaxed);
            Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b"0123456789")))))
        }
    }

    #[tokio::test]
    async fn of_a_body_that_is_too_large_eight_times_the_limit_is_thrown_away_and_no_more() {
        let taken = Arc::new(AtomicUsize::new(0));
        let expected = Expected { length: None, waits: false };
        let read = Room::new(10, 10).read(expected, Body::new(Endless(Arc::clone(&taken))), true).await;
        assert_eq!(read.err(), Some(Incomplete::TooLarge));
        assert_eq!(taken.load(Ordering::Relaxed), PATIENCE + 1);
    }
}
