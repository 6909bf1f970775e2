//! Committing: commits to one app go through its gate one after the other, and those that wait share one write.
//!
//! # What runs in parallel, and what does not
//!
//! Versions of an app are given without gaps, each is part of its commit, and every commit writes the app's counters.
//! So two commits to one app exclude each other while they are judged and numbered, whatever they touch: locks by
//! device and key would let two commits wait for the same counter a moment later. What takes time is not judging,
//! which is a few look-ups, but forcing the log to disk; and that is shared. Whoever finds the gate free leads: it
//! runs its own set and those of all who wait, each over what the ones before it decided, and writes them as *one*
//! batch with one sync. Whoever finds the gate taken leaves its set and sleeps until it has an answer, or leads in
//! its turn. Commits to different apps share nothing; the engine groups their writes.
//!
//! A set that fails changes nothing for the others: the draft takes back what it did.

use crate::apps::{AppState, Gate, Known, Waiter};
use crate::batch::Batch;
use crate::draft::Draft;
use crate::error;
use crate::families::Family;
use crate::keys;
use crate::open::RocksStore;
use crate::reads::Reads;
use crate::values::Header;
use parking_lot::{Mutex, MutexGuard};
use rocksdb::WriteOptions;
use rollbook::AppId;
use rollbook::store::{Committed, Durability, StoreError, WriteSet};
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;

/// The largest write set that is taken, by weight.
pub(crate) const MAX_WEIGHT: usize = 65_536;

type Outcome = Result<Committed, StoreError>;

impl RocksStore {
    /// Commits a set that is not too large.
    pub(crate) fn commit_through_gate(&self, app: AppId, writes: &WriteSet) -> Outcome {
        let state = self.apps.get(app);
        let mut gate = state.gate.lock();
        if !gate.led {
            let (own, _) = self.lead(app, &state, gate, Some(writes), 0);
            return own.unwrap_or(Err(StoreError::Closed));
        }
        let outcome = Mutex::new(None);
        let waiter = Arc::new(Waiter { writes: writes.clone(), outcome });
        gate.waiting.push(waiter.clone());
        loop {
            if let Some(outcome) = waiter.outcome.lock().take() {
                return outcome;
            }
            if gate.led {
                state.opened.wait(&mut gate);
            } else {
                // Everyone who waits is served by whoever leads, up to a limit; so this may take another round.
                let _ = self.lead(app, &state, gate, None, 0);
                gate = state.gate.lock();
            }
        }
    }

    /// What is stored of an app, or of one that was never committed to.
    fn known(&self, reads: &Reads<'_>) -> Result<Known, StoreError> {
        let header = reads.header()?.unwrap_or_else(|| Header::new(self.options.first_ordinal));
        Ok(Known { header, deletions: reads.deletions()? })
    }

    /// Publishes the picture of an app that was not used before, unless someone is about to.
    pub(crate) fn look(&self, app: AppId, state: &AppState) -> Result<(), StoreError> {
        let mut gate = state.gate.lock();
        if !gate.led && state.newest.is_new() {
            let known = self.known(&Reads::latest(&self.db, app))?;
            gate.known = Some(known);
            state.newest.settle(known.picture());
        }
        Ok(())
    }

    /// Clears chunks of dropped keys, about so many at most; answers how many dead numbers still have some.
    pub(crate) fn sweep_through_gate(&self, app: AppId, chunks: usize) -> Result<u64, StoreError> {
        let state = self.apps.get(app);
        let mut gate = state.gate.lock();
        while gate.led {
            state.opened.wait(&mut gate);
        }
        let (_, left) = self.lead(app, &state, gate, None, chunks);
        left
    }

    /// Runs the leader's own set, if it has one, and those of who waits; answers the outcome of its own, and how
    /// many dead numbers are left.
    fn lead(
        &self,
        app: AppId,
        state: &AppState,
        mut gate: MutexGuard<'_, Gate>,
        own: Option<&WriteSet>,
        sweep: usize,
    ) -> (Option<Outcome>, Result<u64, StoreError>) {
        gate.led = true;
        let most = usize::from(self.options.commits_per_write);
        let waiting = gate.waiting.len().min(most.saturating_sub(usize::from(own.is_some())));
        let served: Vec<Arc<Waiter>> = gate.waiting.drain(..waiting).collect();
        let known = gate.known.take();
        drop(gate);
        // However this ends, the gate opens again and nobody sleeps for ever.
        let mut leading = Leading { state, served: &served, known: None };

        let sets: Vec<&WriteSet> =
            own.into_iter().chain(served.iter().map(|waiter| &waiter.writes)).collect();
        let (outcomes, known, left) = self.run(app, state, known, &sets, sweep);
        leading.known = known;
        let mut outcomes = outcomes.into_iter();
        let answer = own.and_then(|_| outcomes.next());
        for (waiter, outcome) in served.iter().zip(outcomes) {
            *waiter.outcome.lock() = Some(outcome);
        }
        drop(leading);
        (answer, left)
    }

    /// Runs sets over one draft and writes it. Answers their outcomes in order, and what is stored now, when that is
    /// known.
    fn run(
        &self,
        app: AppId,
        state: &AppState,
        known: Option<Known>,
        sets: &[&WriteSet],
        sweep: usize,
    ) -> (Vec<Outcome>, Option<Known>, Result<u64, StoreError>) {
        let reads = Reads::latest(&self.db, app);
        let before = match known.map_or_else(|| self.known(&reads), Ok) {
            Ok(known) => known,
            Err(error) => return fail(sets.iter().map(|_| None), None, error),
        };
        let mut draft = Draft::new(&reads, &self.recent, before.header);
        let mut outcomes = Vec::with_capacity(sets.len());
        for writes in sets {
            draft.begin(sets.len() > 1);
            let outcome = draft.run(writes).and_then(|mut done| draft.keep(&mut done).map(|()| done));
            if outcome.is_err() {
                draft.undo();
            }
            outcomes.push(outcome);
        }
        let nobody = outcomes.iter().all(Result::is_err);
        if nobody && sweep == 0 {
            return (outcomes, Some(before), Ok(left(&before.header)));
        }
        let written = (|| {
            let mut batch = Batch::new(&self.db);
            if !nobody {
                draft.write(&mut batch)?;
            }
            let chunks = sweep.max(usize::from(self.options.dead_chunks_per_commit));
            let mut header = if nobody { before.header } else { draft.header };
            crate::sweep::clear(&reads, &mut header, &mut batch, chunks)?;
            batch.put(Family::App, &keys::header(app), &header.encode())?;
            Ok((batch, header))
        })();
        let (batch, header) = match written {
            Ok(written) => written,
            Err(error) => return fail(outcomes.into_iter().map(Some), Some(before), error),
        };
        let mut options = WriteOptions::default();
        options.set_sync(self.options.durability == Durability::Synced);
        let batch = batch.into_inner();
        #[cfg(test)]
        self.observe(&batch);
        if draft.tag_ended {
            state.ended.store(header.version.0, SeqCst);
        }
        state.newest.unsettle();
        if let Err(cause) = self.db.write_opt(batch, &options) {
            // What is stored now is not known here: the next commit and every view read it.
            return fail(outcomes.into_iter().map(Some), None, error::write("a commit", cause));
        }
        // It is written, whatever becomes of this walk; where that fails, the next commit walks again.
        let deletions = if draft.deletions_moved { reads.deletions() } else { Ok(before.deletions) };
        let known = deletions.ok().map(|deletions| Known { header, deletions });
        draft.leave();
        if let Some(known) = known {
            state.newest.settle(known.picture());
        }
        (outcomes, known, Ok(left(&header)))
    }
}

fn left(header: &Header) -> u64 {
    header.dead.1 - header.dead.0
}

/// Everyone who had not failed already fails with the same error.
fn fail(
    outcomes: impl Iterator<Item = Option<Outcome>>,
    known: Option<Known>,
    error: StoreError,
) -> (Vec<Outcome>, Option<Known>, Result<u64, StoreError>) {
    let outcomes = outcomes.map(|outcome| match outcome {
        Some(Err(own)) => Err(own),
        Some(Ok(_)) | None => Err(copy(&error)),
    });
    (outcomes.collect(), known, Err(copy(&error)))
}

/// The same class and words once more; the engine's error goes along as text.
fn copy(error: &StoreError) -> StoreError {
    use std::error::Error;
    let cause = || error.source().map(|cause| Box::<dyn Error + Send + Sync>::from(cause.to_string()));
    match error {
        StoreError::Conflict { what } => StoreError::conflict(*what),
        StoreError::Unavailable { what, .. } => StoreError::Unavailable { what, cause: cause() },
        StoreError::OutcomeUnknown { what, .. } => StoreError::OutcomeUnknown { what, cause: cause() },
        StoreError::TooLarge { what, limit, actual } => {
            StoreError::TooLarge { what, limit: *limit, actual: *actual }
        }
        StoreError::Corrupt { what, .. } => StoreError::Corrupt { what: what.clone(), cause: cause() },
        _ => StoreError::Closed,
    }
}

/// Whoever leads; dropping it opens the gate and wakes everyone, also those whom a panic left without an answer.
struct Leading<'a> {
    state: &'a AppState,
    served: &'a [Arc<Waiter>],
    known: Option<Known>,
}

impl Drop for Leading<'_> {
    fn drop(&mut self) {
        for waiter in self.served {
            let lost =
                StoreError::OutcomeUnknown { what: "a commit that shared another's write", cause: None };
            waiter.outcome.lock().get_or_insert(Err(lost));
        }
        let mut gate = self.state.gate.lock();
        gate.led = false;
        gate.known = self.known;
        self.state.opened.notify_all();
    }
}
