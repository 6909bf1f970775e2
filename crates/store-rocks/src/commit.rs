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

/// The largest write set that is taken, by weight.
pub(crate) const MAX_WEIGHT: usize = 65_536;

type Outcome = Result<Committed, StoreError>;
/// What became of the sets, what is stored now, when that is known, and how many dead numbers are left.
type Ran = Done<Outcome, Known, Result<u64, StoreError>>;

/// Of a commit whose leader panicked.
fn lost() -> Outcome {
    Err(StoreError::OutcomeUnknown { what: "a commit that shared another's write", cause: None })
}

impl RocksStore {
    /// Commits a set that is not too large.
    pub(crate) fn commit_through_gate(&self, app: AppId, writes: &WriteSet) -> Outcome {
        let state = self.apps.get(app);
        let work = |known: Option<Known>, sets: &[&WriteSet]| self.run(app, &state, known, sets, 0);
        state.gate.pass(writes, self.most(), lost, work)
    }

    /// How many sets are written at once.
    fn most(&self) -> usize {
        usize::from(self.options.commits_per_write)
    }

    /// What is stored of an app, or of one that was never committed to.
    fn known(&self, reads: &Reads<'_>) -> Result<Known, StoreError> {
        let header = reads.header()?.unwrap_or_else(|| Header::new(self.options.first_ordinal));
        Ok(Known { header, deletions: reads.deletions()? })
    }

    /// Publishes the picture of an app that was not used before, unless someone is about to.
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

    /// Clears chunks of dropped keys, about so many at most; answers how many dead numbers still have some.
    pub(crate) fn sweep_through_gate(&self, app: AppId, chunks: usize) -> Result<u64, StoreError> {
        let state = self.apps.get(app);
        state.gate.lead_next(self.most(), lost, |known, sets| self.run(app, &state, known, sets, chunks))
    }

    /// Runs sets over one draft and writes it.
    fn run(
        &self,
        app: AppId,
        state: &AppState,
        known: Option<Known>,
        sets: &[&WriteSet],
        sweep: usize,
    ) -> Ran {
        // Where a set rests on a device's not having been seen, or writes that it was, no heartbeat is written between
        // the judgement and the write: one that was acknowledged by then has been judged, and one that comes later finds
        // the device as the set left it.
        let _no_heartbeats = sets.iter().any(|set| is_about_heartbeats(set)).then(|| state.touching.lock());
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
        if draft.tag_ended {
            state.ended.store(header.version.0, SeqCst);
        }
        state.newest.unsettle();
        if let Err(cause) = self.write(batch, &options) {
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

/// Everyone who had not failed already fails with the same error.
fn fail(outcomes: impl Iterator<Item = Option<Outcome>>, known: Option<Known>, error: StoreError) -> Ran {
    let outcomes = outcomes.map(|outcome| match outcome {
        Some(Err(own)) => Err(own),
        Some(Ok(_)) | None => Err(copy(&error)),
    });
    Done { outcomes: outcomes.collect(), hand_on: known, result: Err(copy(&error)) }
}

/// The same class and words once more; the engine's error goes along as text.
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
