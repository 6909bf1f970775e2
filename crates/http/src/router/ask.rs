//! The register asked: where the request was read if the work is small, on a thread for blocking work otherwise, and in
//! time.

use super::attend::Service;
use super::body::Share;
use crate::exchange::{Answer, Outcome};
use crate::options::Execution;
use crate::work::SMALL_BODY;
use crate::{Face, jpush, pushwoosh};
use axum::body::Bytes;
use axum::http::Uri;
use axum::http::request::Parts;
use rollbook::store::Store;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::timeout;
use tracing::Span;

/// What a request takes while the register is asked. It is given back when the register lets go of the request, also
/// when that was answered before for being late.
pub(super) struct Held {
    _place: OwnedSemaphorePermit,
    _share: Share,
}

impl Held {
    pub(super) fn new(place: OwnedSemaphorePermit, share: Share) -> Self {
        Held { _place: place, _share: share }
    }
}

/// A request, as far as it was judged.
pub(super) enum Job<S> {
    /// Not at all.
    Head(Parts),
    Jpush(jpush::Admitted<S>, Uri),
    /// Its app is not known yet.
    Pushwoosh(pushwoosh::Admitted),
    Identified(pushwoosh::Identified<S>),
}

/// What became of work on the thread that reads requests.
enum Here<S> {
    Done(Answer),
    /// It may cost too much there.
    Elsewhere(Job<S>),
}

/// Why work has not come to an end.
enum Undone {
    /// A panic in the work, which may be a write.
    Panicked { writes: bool },
    /// Given up for being late. A write that was begun by then may still be done.
    Late { begun: bool },
    /// The runtime is being shut down before it was begun.
    Ending,
}

/// How far work on another thread has come, so that one which is late is told what it is: either it is not begun and
/// never will be, or it may be done.
#[derive(Default)]
struct Progress(AtomicU8);

impl Progress {
    const READING: u8 = 1;
    const WRITING: u8 = 2;
    const GIVEN_UP: u8 = 3;

    /// Whether the work may go on.
    fn begin(&self, writes: bool) -> bool {
        let next = if writes { Self::WRITING } else { Self::READING };
        self.0.compare_exchange(0, next, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }

    /// Gives up; whether a write had begun.
    fn give_up(&self) -> bool {
        self.0.swap(Self::GIVEN_UP, Ordering::AcqRel) == Self::WRITING
    }
}

impl<S: Store> Service<S> {
    /// Judges path, method and credentials, as far as the head has them.
    pub(super) async fn judge(self: &Arc<Self>, face: Face, parts: Parts) -> Result<Job<S>, Box<Answer>> {
        if self.judges_here(face) {
            return match self.guarded(false, || self.judged(face, &parts)) {
                Ok(judged) => judged,
                Err(undone) => Err(Box::new(self.undone(face, Outcome::NO_OPERATION, undone))),
            };
        }
        let Some(place) = self.place() else { return Err(Box::new(self.crowded(face))) };
        let operation = operation_of(&parts);
        let judge = move |service: &Self, _: &Progress| service.judged(face, &parts);
        match self.elsewhere(Held::new(place, Share::default()), judge).await {
            Ok(judged) => judged,
            Err(undone) => Err(Box::new(self.undone(face, operation, undone))),
        }
    }

    fn judged(&self, face: Face, parts: &Parts) -> Result<Job<S>, Box<Answer>> {
        match face {
            Face::Jpush => jpush::judge(&self.registry, parts.into())
                .map(|admitted| Job::Jpush(admitted, parts.uri.clone())),
            Face::Pushwoosh => pushwoosh::judge(&self.options, parts.into()).map(Job::Pushwoosh),
        }
    }

    /// Does what is asked for.
    pub(super) async fn perform(
        self: &Arc<Self>,
        face: Face,
        mut job: Job<S>,
        body: Bytes,
        held: Held,
    ) -> Answer {
        let operation = job.operation();
        let always = self.options.execution == Execution::Inline;
        if always || self.asks_here() && body.len() <= SMALL_BODY {
            match self.guarded(false, || self.here(face, job, &body, always)) {
                Ok(Here::Done(answer)) => return answer,
                Ok(Here::Elsewhere(rest)) => job = rest,
                Err(undone) => return self.undone(face, operation, undone),
            }
        }
        let work = move |service: &Self, progress: &Progress| {
            let job = match service.identified(face, job, &body) {
                Ok(job) => job,
                Err(refused) => return *refused,
            };
            // Whoever gave up has been told that nothing was done.
            match progress.begin(!job.reads_only()) {
                true => service.done(face, job, &body),
                false => service.undone(face, operation, Undone::Ending),
            }
        };
        self.elsewhere(held, work).await.unwrap_or_else(|undone| self.undone(face, operation, undone))
    }

    /// Does it here if it is small, or if everything is to be done here.
    fn here(&self, face: Face, job: Job<S>, body: &Bytes, always: bool) -> Here<S> {
        match self.identified(face, job, body) {
            Err(refused) => Here::Done(*refused),
            Ok(job) if always || job.is_small(body.len()) => Here::Done(self.done(face, job, body)),
            Ok(job) => Here::Elsewhere(job),
        }
    }

    /// The request with all judged that stands before its arguments.
    fn identified(&self, face: Face, job: Job<S>, body: &Bytes) -> Result<Job<S>, Box<Answer>> {
        match job {
            Job::Head(parts) => self.judged(face, &parts).and_then(|job| self.identified(face, job, body)),
            Job::Pushwoosh(admitted) => {
                admitted.identify(&self.registry, &self.options, body).map(Job::Identified)
            }
            Job::Jpush(..) | Job::Identified(_) => Ok(job),
        }
    }

    /// Asks the register. Only here may something be written.
    fn done(&self, face: Face, job: Job<S>, body: &Bytes) -> Answer {
        let (operation, writes) = (job.operation(), !job.reads_only());
        let answer = self.guarded(writes, || self.asked(face, job, body));
        answer.unwrap_or_else(|undone| self.undone(face, operation, undone))
    }

    fn asked(&self, face: Face, job: Job<S>, body: &Bytes) -> Answer {
        match job {
            Job::Jpush(admitted, uri) => admitted.perform(&self.options, &uri, body),
            Job::Identified(identified) => identified.perform(&self.options, body),
            Job::Pushwoosh(admitted) => admitted.perform(&self.registry, &self.options, body),
            Job::Head(parts) => match self.judged(face, &parts) {
                Ok(job) => self.asked(face, job, body),
                Err(refused) => *refused,
            },
        }
    }

    /// A panic ends here.
    fn guarded<T>(&self, writes: bool, work: impl FnOnce() -> T) -> Result<T, Undone> {
        // Nothing is changed by the closure but the register, whose store judges itself what a panic has left.
        catch_unwind(AssertUnwindSafe(work)).map_err(|_| Undone::Panicked { writes })
    }

    /// Does it on a thread for blocking work, in the time that the store is given.
    async fn elsewhere<T: Send + 'static>(
        self: &Arc<Self>,
        held: Held,
        work: impl FnOnce(&Self, &Progress) -> T + Send + 'static,
    ) -> Result<T, Undone> {
        let (service, span) = (Arc::clone(self), Span::current());
        let progress = Arc::new(Progress::default());
        let shared = Arc::clone(&progress);
        let blocking = tokio::task::spawn_blocking(move || {
            let worked = span.in_scope(|| service.guarded(false, || work(&service, &shared)));
            drop(held);
            worked
        });
        let time = Duration::from_millis(self.options.store_timeout_millis);
        match timeout(time, blocking).await {
            Ok(Ok(worked)) => worked,
            Ok(Err(_)) => Err(Undone::Ending),
            Err(_) => Err(Undone::Late { begun: progress.give_up() }),
        }
    }

    fn undone(&self, face: Face, operation: &'static str, undone: Undone) -> Answer {
        match undone {
            Undone::Ending => self.busy(face, operation, "the service is ending: try again"),
            Undone::Late { begun: false } => {
                let millis = self.options.store_timeout_millis;
                self.busy(face, operation, &format!("not done within {millis} ms: try again"))
            }
            Undone::Late { begun: true } => {
                tracing::warn!(operation, "a write is late: its outcome is unknown");
                self.unknown(face, operation)
            }
            // It may have written before.
            Undone::Panicked { writes: true } => {
                tracing::error!(operation, "a write met a panic: its outcome is unknown");
                self.unknown(face, operation)
            }
            Undone::Panicked { writes: false } => {
                tracing::error!(operation, "a request met a panic");
                match face {
                    Face::Jpush => jpush::Refusal::fault().answer(operation),
                    Face::Pushwoosh => pushwoosh::Refusal::fault().answer(&self.options, operation),
                }
            }
        }
    }

    fn unknown(&self, face: Face, operation: &'static str) -> Answer {
        match face {
            Face::Jpush => jpush::Refusal::unknown().answer(operation),
            Face::Pushwoosh => pushwoosh::Refusal::unknown().answer(&self.options, operation),
        }
    }
}

/// The operation that a head of the JPush face names.
fn operation_of(parts: &Parts) -> &'static str {
    jpush::operation(parts.into()).unwrap_or(Outcome::NO_OPERATION)
}

impl<S: Store> Job<S> {
    fn operation(&self) -> &'static str {
        match self {
            Job::Head(parts) => operation_of(parts),
            Job::Jpush(admitted, _) => admitted.name(),
            Job::Pushwoosh(admitted) => admitted.name(),
            Job::Identified(identified) => identified.name(),
        }
    }

    fn reads_only(&self) -> bool {
        match self {
            Job::Jpush(admitted, _) => admitted.reads_only(),
            Job::Identified(identified) => identified.reads_only(),
            Job::Head(_) | Job::Pushwoosh(_) => false,
        }
    }

    fn is_small(&self, body: usize) -> bool {
        match self {
            Job::Jpush(admitted, _) => admitted.is_small(body),
            Job::Identified(identified) => identified.is_small(),
            Job::Head(_) | Job::Pushwoosh(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_that_was_given_up_is_not_begun() {
        let progress = Progress::default();
        assert!(!progress.give_up());
        assert!(!progress.begin(true));
    }

    #[test]
    fn of_work_that_was_begun_only_a_write_may_have_been_done() {
        for writes in [true, false] {
            let progress = Progress::default();
            assert!(progress.begin(writes));
            assert_eq!(progress.give_up(), writes);
        }
    }
}
