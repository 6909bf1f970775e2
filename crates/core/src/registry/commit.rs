//! The loop around every write: plan, commit, and plan again when another writer was first.
//!
//! Operations, changes of the directory and steps of deletions differ only in how they plan. This module knows none of
//! them: whoever writes passes a function that plans. It is the only place of the crate that handles
//! [`StoreError::Conflict`].

use super::Inner;
use crate::error::Error;
use crate::model::AppId;
use crate::store::{Committed, Store, StoreError, WriteSet};
use std::time::Duration;

/// The retry budget: how often a write is planned before it fails with [`Error::Contended`]. With the pauses below that
/// is about a second, far more than the writers of one device need to take turns.
const ATTEMPTS: u32 = 64;
/// The number of attempts without a pause. Most conflicts are over by the time the next plan is made.
const EAGER: u32 = 3;
/// The longest pause.
const LONGEST_PAUSE_MICROS: u64 = 20_000;

/// What one attempt to plan a write resulted in.
pub(crate) enum Planned<T> {
    /// A write set, and the outcome if it is committed. A write set without operations is not passed to the store.
    Commit(T, WriteSet),
    /// The plan met earlier work that was unfinished and has been finished meanwhile: plan again.
    Again,
}

impl<S: Store> Inner<S> {
    /// Plans and commits until the store accepts a write set. Returns the outcome of the last plan and what the commit
    /// assigned, which is the default if there was nothing to write.
    ///
    /// `plan` may be called any number of times, so it must have no effect beside its result. It drops its view before
    /// it returns: a store may hold writers back as long as a view lives.
    pub(crate) fn commit_loop<T>(
        &self,
        action: &'static str,
        app: AppId,
        mut plan: impl FnMut() -> Result<Planned<T>, Error>,
    ) -> Result<(T, Committed), Error> {
        for attempt in 0..ATTEMPTS {
            self.pause(attempt);
            let Planned::Commit(outcome, writes) = plan()? else { continue };
            if writes.operations.is_empty() {
                return Ok((outcome, Committed::default()));
            }
            match self.store.commit(app, &writes) {
                Ok(committed) => return Ok((outcome, committed)),
                Err(StoreError::Conflict { .. }) => {}
                Err(error) => return Err(Error::store(action)(error)),
            }
        }
        Err(Error::Contended { attempts: ATTEMPTS })
    }

    /// Waits before an attempt: not before the first few, then for a random time below a ceiling that doubles.
    fn pause(&self, attempt: u32) {
        if attempt < EAGER {
            return;
        }
        let ceiling = (1_u64 << (attempt - EAGER).min(20)).saturating_mul(10).min(LONGEST_PAUSE_MICROS);
        let mut draw = [0; 8];
        // Without randomness the pause is zero, and the budget of attempts still ends the loop.
        self.entropy.fill(&mut draw);
        self.clock.pause(Duration::from_micros(u64::from_le_bytes(draw) % ceiling.max(1)));
    }
}
