//! Group commit: commits to one app run one after the other, and those that wait share one write.
//!
//! # What runs in parallel, and what does not
//!
//! Versions of an app have no gaps, each is part of its commit, and every commit writes the counters of the app. So
//! two commits to one app exclude each other while they are checked and numbered, whatever they touch: with locks by
//! device and key, two commits would wait for the same counter a moment later. Checking takes only a few look-ups;
//! the slow part is forcing the log to disk, and that is shared. A thread that finds the gate free becomes the
//! leader: it runs its own set and those of all waiting threads, each over the result of those before it, and writes
//! them as *one* batch with one sync. A thread that finds the gate taken leaves its set in the queue and sleeps until
//! it has an outcome or becomes the leader itself. Commits to different apps share nothing; RocksDB groups their
//! writes.
//!
//! A set that fails changes nothing for the others: the draft takes back what it did.

use crate::apps::{AppState, Known};
use crate::batch::Batch;
use crate::draft::Draft;
use crate::error;
use crate::families::Family;
use crate::gate::Done;
use crate::keys;
use crate::open::RocksStore;
use crate::reads::Reads;
use crate::sync::Ordering::SeqCst;
use crate::values::Header;
use rocksdb::WriteOptions;
use rollbook::AppId;
use rollbook::store::{Check, Committed, Durability, Operation, StoreError, WriteSet};

/// The largest write set that is accepted, by weight.
pub(crate) const MAX_WEIGHT: usize = 65_536;

type Outcome = Result<Committed, StoreError>;
/// The outcomes of the sets, what is stored now if that is known, and how many dead numbers are left.
type Ran = Done<Outcome, Known, Result<u64, StoreError>>;

/// The outcome of a commit whose leader panicked.
fn lost() -> Outcome {
    Err(StoreError::OutcomeUnknown { what: "a commit that shared another's write", cause: None })
}

impl RocksStore {
    /// Commits a write set, whose weight the caller has checked.
    pub(crate) fn commit_through_gate(&self, app: AppId, writes: &WriteSet) -> Outcome {
        let state = self.apps.get(app);
        let work = |known: Option<Known>, sets: &[&WriteSet]| self.run(app, &state, known, sets, 0);
        state.gate.pass(writes, self.most(), lost, work)
    }

    /// Returns how many sets may share one write.
    fn most(&self) -> usize {
        usize::from(self.options.commits_per_write)
    }

    /// Reads what is stored of an app; an app that was never committed to has a new header.
    fn known(&self, reads: &Reads<'_>) -> Result<Known, StoreError> {
        let header = reads.header()?.unwrap_or_else(|| Header::new(self.options.first_ordinal));
        Ok(Known { header, deletions: reads.deletions()? })
    }

    /// Publishes the picture of an app that was not used before, unless a leader is at work, which will publish it.
    pub(crate) fn look(&self, app: AppId, state: &AppState) -> Result<(), StoreError> {
        state.gate.if_free(|| {
            if !state.newest.is_new() {
                return Ok(None);
            }
            let known = self.known(&Reads::latest(&self.db, app))?;
            state.newest.settle(known.picture());
            Ok(Some(known))
        })
    }

    /// Clears about `chunks` chunks of dropped keys at most, and returns how many dead numbers still have some.
    pub(crate) fn sweep_through_gate(&self, app: AppId, chunks: usize) -> Result<u64, StoreError> {
        let state = self.apps.get(app);
        state.gate.lead_next(self.most(), lost, |known, sets| self.run(app, &state, known, sets, chunks))
    }

    /// Runs write sets over one draft and writes the draft.
    fn run(
        &self,
        app: AppId,
        state: &AppState,
        known: Option<Known>,
        sets: &[&WriteSet],
        sweep: usize,
    ) -> Ran {
        // A set may depend on a device's not having been seen, or write that it was. Then no heartbeat is written
        // between the check and the write: one that was acknowledged before has been checked, and one that comes
        // later finds the device as the set left it.
        let _no_heartbeats = sets.iter().any(|set| is_about_heartbeats(set)).then(|| state.touching.lock());
        let reads = Reads::latest(&self.db, app);
        let before = match known.map_or_else(|| self.known(&reads), Ok) {
            Ok(known) => known,
            Err(error) => return fail(sets.iter().map(|_| None), None, error),
        };
        let mut draft = Draft::new(&reads, &self.recent, before.header);
        let mut outcomes = Vec::with_capacity(sets.len());
        for writes in sets {
            // A set that runs alone needs no undo: if it fails, the draft is not written.
            draft.begin(sets.len() > 1);
            let outcome = draft.run(writes).and_then(|mut done| draft.keep(&mut done).map(|()| done));
            if outcome.is_err() {
                draft.undo();
            }
            outcomes.push(outcome);
        }
        let nobody = outcomes.iter().all(Result::is_err);
        if nobody && sweep == 0 {
            return Done { outcomes, hand_on: Some(before), result: Ok(left(&before.header)) };
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
        // Before the write, so that every view which shows the commit also sees this.
        if draft.tag_ended {
            state.ended.store(header.version.0, SeqCst);
        }
        // Until `settle`, the engine may show either version, so views read the header from their snapshots.
        state.newest.unsettle();
        if let Err(cause) = self.write(batch, &options) {
            // What is stored now is not known after a failed write: the next commit and every view read it.
            return fail(outcomes.into_iter().map(Some), None, error::write("a commit", cause));
        }
        // The batch is written, whatever happens to this walk; if the walk fails, the next commit walks again.
        let deletions = if draft.deletions_moved { reads.deletions() } else { Ok(before.deletions) };
        let known = deletions.ok().map(|deletions| Known { header, deletions });
        draft.leave();
        if let Some(known) = known {
            state.newest.settle(known.picture());
        }
        Done { outcomes, hand_on: known, result: Ok(left(&header)) }
    }
}

fn is_about_heartbeats(writes: &WriteSet) -> bool {
    writes.checks.iter().any(|check| matches!(check, Check::Unseen { .. }))
        || writes.operations.iter().any(|operation| matches!(operation, Operation::Touch { .. }))
}

fn left(header: &Header) -> u64 {
    header.dead.1 - header.dead.0
}

/// Fails every set that has not failed already with the same error.
fn fail(outcomes: impl Iterator<Item = Option<Outcome>>, known: Option<Known>, error: StoreError) -> Ran {
    let outcomes = outcomes.map(|outcome| match outcome {
        Some(Err(own)) => Err(own),
        Some(Ok(_)) | None => Err(copy(&error)),
    });
    Done { outcomes: outcomes.collect(), hand_on: known, result: Err(copy(&error)) }
}

/// Copies an error: the same class and words, with the engine's error as text.
fn copy(failure: &StoreError) -> StoreError {
    use std::error::Error;
    let cause = || failure.source().map(error::again);
    match failure {
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
