//! The operations of one app: planned over a view, then committed.

use super::Scope;
use super::commit::Planned;
use super::plan_error::PlanError;
use super::transaction::{Mode, Transaction};
use crate::error::Error;
use crate::store::{Committed, Store};

impl<S: Store> Scope<S> {
    /// Plans one or several operations and commits what they lead to. `plan` may be called any number of times.
    pub(crate) fn write<T>(
        &self,
        mode: Mode,
        mut plan: impl FnMut(&mut Transaction<'_, S::View<'_>>) -> Result<T, PlanError>,
    ) -> Result<(T, Committed), Error> {
        self.inner.commit_loop("commit", self.app.id, || {
            let pending = {
                let live = self.live_view()?;
                let mut tx = Transaction::new(&live, &self.app, self.inner.clock.now(), mode);
                match plan(&mut tx) {
                    Ok(outcome) => return Ok(Planned::Commit(outcome, tx.into_write_set()?)),
                    Err(error) => error,
                }
            };
            // The view is dropped by now: what follows commits.
            match pending {
                PlanError::Refused(error) => return Err(error),
                PlanError::PendingDevice { id } => self.finish_device(&id)?,
                PlanError::PendingDeletion { deletion } => drop(self.clear_user(deletion)?),
            }
            Ok(Planned::Again)
        })
    }
}
