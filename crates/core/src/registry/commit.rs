//! Plan, commit, and again when another writer came first: the one loop around every write.

use super::draft::{Draft, Mode};
use super::{Inner, Scope};
use crate::error::{Error, Subject};
use crate::model::{AppId, DeviceId};
use crate::picture::Picture;
use crate::store::{Committed, Store, StoreError, View, WriteSet};
use crate::violation::{Rule, Violation, shown};
use std::time::Duration;

/// How often a write is planned before it gives up. With the growing pauses below that is about a second, far beyond
/// what writers of one device need to take turns.
const ATTEMPTS: u32 = 64;
/// Attempts without a pause: most conflicts are over by the time the plan is made anew.
const EAGER: u32 = 3;
/// The longest pause.
const LONGEST_PAUSE_MICROS: u64 = 20_000;

/// Why a plan did not lead to a write set.
#[derive(Debug)]
pub(crate) enum Obstacle {
    /// The operation is refused.
    Refused(Error),
    /// A device of this id still waits for removal; it is removed, then the plan is made again.
    Condemned { id: DeviceId },
    /// An earlier deletion of the same user is under way; it is brought to its end, then the plan is made again.
    Deleting { deletion: u64 },
}

impl Obstacle {
    /// A device is made again in the batch that deletes it with its user: its events could not be told apart.
    pub(crate) fn condemned_in_batch(id: &DeviceId) -> Self {
        let limit = "must not be registered again in the batch that deletes its user";
        Obstacle::Refused(Violation::new("device", Rule::Form, limit, shown(id.as_str())).into())
    }
}

impl From<Error> for Obstacle {
    fn from(error: Error) -> Self {
        Obstacle::Refused(error)
    }
}

impl From<Violation> for Obstacle {
    fn from(violation: Violation) -> Self {
        Obstacle::Refused(violation.into())
    }
}

impl From<crate::Violations> for Obstacle {
    fn from(violations: crate::Violations) -> Self {
        Obstacle::Refused(violations.into())
    }
}

impl<S: Store> Scope<S> {
    /// A picture of the app.
    #[inline]
    pub(crate) fn picture(&self) -> Result<Picture<S::View<'_>>, Error> {
        let view = self.inner.store.view(self.app.id).map_err(Error::store("take a view"))?;
        if view.is_sealed() {
            return Err(Error::not_found(Subject::App, self.app.key.as_str()));
        }
        Picture::new(view)
    }

    /// Plans on a draft and commits what it leads to. `plan` has no side effects: it may run again.
    pub(crate) fn write<T>(
        &self,
        mode: Mode,
        mut plan: impl FnMut(&mut Draft<'_, S::View<'_>>) -> Result<T, Obstacle>,
    ) -> Result<(T, Committed), Error> {
        for attempt in 0..ATTEMPTS {
            self.inner.pause(attempt);
            let (outcome, writes) = {
                let picture = self.picture()?;
                let mut draft = Draft::new(&picture, &self.app, self.inner.clock.now(), mode);
                match plan(&mut draft) {
                    Ok(outcome) => (outcome, draft.into_write_set()?),
                    Err(obstacle) => {
                        drop(draft);
                        drop(picture);
                        match obstacle {
                            Obstacle::Refused(error) => return Err(error),
                            Obstacle::Condemned { id } => self.finish_device(&id)?,
                            Obstacle::Deleting { deletion } => drop(self.clear_user(deletion)?),
                        }
                        continue;
                    }
                }
            };
            if writes.operations.is_empty() {
                return Ok((outcome, Committed::default()));
            }
            match self.inner.store.commit(self.app.id, &writes) {
                Ok(committed) => return Ok((outcome, committed)),
                Err(StoreError::Conflict { .. }) => {}
                Err(error) => return Err(Error::store("commit")(error)),
            }
        }
        Err(Error::Contended { attempts: ATTEMPTS })
    }
}

/// How often in a row a step of housekeeping came second to another writer.
#[derive(Debug, Default)]
pub(crate) struct Patience {
    lost: u32,
}

impl<S: Store> Inner<S> {
    /// Commits a step of work that is planned step by step; nothing when another writer came first, and then the step
    /// is to be planned anew. Gives up like any other write.
    pub(crate) fn take_step(
        &self,
        action: &'static str,
        app: AppId,
        writes: &WriteSet,
        patience: &mut Patience,
    ) -> Result<Option<Committed>, Error> {
        match self.store.commit(app, writes) {
            Ok(committed) => {
                patience.lost = 0;
                Ok(Some(committed))
            }
            Err(StoreError::Conflict { .. }) => {
                patience.lost += 1;
                if patience.lost >= ATTEMPTS {
                    return Err(Error::Contended { attempts: ATTEMPTS });
                }
                self.pause(patience.lost);
                Ok(None)
            }
            Err(error) => Err(Error::store(action)(error)),
        }
    }
}

impl<S> Inner<S> {
    /// Waits before an attempt: not at all at first, then longer and longer, each time by chance.
    pub(crate) fn pause(&self, attempt: u32) {
        if attempt < EAGER {
            return;
        }
        let ceiling = (1_u64 << (attempt - EAGER).min(20)).saturating_mul(10).min(LONGEST_PAUSE_MICROS);
        let mut draw = [0; 8];
        self.entropy.fill(&mut draw);
        self.clock.pause(Duration::from_micros(u64::from_le_bytes(draw) % ceiling.max(1)));
    }
}
