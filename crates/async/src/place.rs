//! Where a call runs.

use rollbook::Error;
use rollbook::store::StoreError;
use std::panic::resume_unwind;
use tokio::task::{JoinError, spawn_blocking};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// On the caller's thread, which is one of the runtime's.
    Inline,
    /// On a thread of the runtime's pool for blocking work.
    BlockingPool,
}

impl Place {
    pub(crate) async fn run<H: Clone + Send + 'static, T: Send + 'static>(
        self,
        handle: &H,
        work: impl FnOnce(&H) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        match self {
            Place::Inline => work(handle),
            Place::BlockingPool => {
                let handle = handle.clone();
                spawn_blocking(move || work(&handle)).await.unwrap_or_else(|ended| Err(not_begun(ended)))
            }
        }
    }
}

/// The error of a call that the runtime gave up before it began. A call that has begun is never given up, so the only other end is a panic,
/// which goes on here.
pub(crate) fn not_begun(ended: JoinError) -> Error {
    match ended.try_into_panic() {
        Ok(panic) => resume_unwind(panic),
        Err(cancelled) => Error::Store {
            action: "begin the call",
            source: StoreError::Unavailable {
                what: "the runtime is ending",
                cause: Some(Box::new(cancelled)),
            },
        },
    }
}
