//! The devices of an audience as a stream.

use crate::place::{Place, not_begun};
use futures_core::Stream;
use rollbook::store::Store;
use rollbook::{Batches, DeliveryBatch, Error};
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::task::{JoinHandle, coop, spawn_blocking};

/// The devices of an audience, each judged at the instant it was selected, batch by batch.
///
/// Ends after the first error: ask again with the cursor of the last batch.
///
/// ```
/// use futures_util::StreamExt;
/// use rollbook_async::AsyncRegistry;
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), rollbook::Error> {
/// let shop = AsyncRegistry::new(rollbook_testkit::example::registry()).app("shop".parse()?).await?;
/// let mut deliveries = shop.deliveries("vip".parse()?, 500, None).await?;
/// assert_eq!(deliveries.next().await.unwrap()?.devices, ["phone".parse()?]);
/// assert!(deliveries.next().await.is_none());
/// # Ok(())
/// # }
/// ```
pub struct Deliveries<S> {
    place: Place,
    state: State<S>,
}

type Read<S> = (Batches<S>, Option<Result<DeliveryBatch, Error>>);

enum State<S> {
    /// Nothing is being read.
    Idle(Batches<S>),
    /// The next batch is being read on a blocking thread.
    Reading(JoinHandle<Read<S>>),
    Ended,
}

impl<S: Store> Deliveries<S> {
    pub(crate) fn new(batches: Batches<S>, place: Place) -> Self {
        Deliveries { place, state: State::Idle(batches) }
    }

    /// Keeps what a read has left, and returns what it has brought.
    fn settle(&mut self, (batches, batch): Read<S>) -> Option<Result<DeliveryBatch, Error>> {
        self.state = match batch {
            Some(Ok(_)) => State::Idle(batches),
            Some(Err(_)) | None => State::Ended,
        };
        batch
    }
}

impl<S: Store> Stream for Deliveries<S> {
    type Item = Result<DeliveryBatch, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        // In place every batch is ready at once: without a budget, a loop over the stream would keep its thread until the end.
        let budget = ready!(coop::poll_proceed(context));
        loop {
            match std::mem::replace(&mut self.state, State::Ended) {
                State::Ended => return Poll::Ready(None),
                State::Idle(mut batches) => {
                    let read = move || {
                        let batch = batches.next();
                        (batches, batch)
                    };
                    if self.place == Place::Inline {
                        budget.made_progress();
                        let read = read();
                        return Poll::Ready(self.settle(read));
                    }
                    self.state = State::Reading(spawn_blocking(read));
                }
                State::Reading(mut reading) => {
                    let Poll::Ready(read) = Pin::new(&mut reading).poll(context) else {
                        self.state = State::Reading(reading);
                        return Poll::Pending;
                    };
                    budget.made_progress();
                    return Poll::Ready(match read {
                        Ok(read) => self.settle(read),
                        Err(ended) => Some(Err(not_begun(ended))),
                    });
                }
            }
        }
    }
}

impl<S> fmt::Debug for Deliveries<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match &self.state {
            State::Idle(_) => "idle",
            State::Reading(_) => "reading",
            State::Ended => "ended",
        };
        f.debug_struct("Deliveries")
            .field("place", &self.place)
            .field("state", &state)
            .finish_non_exhaustive()
    }
}
