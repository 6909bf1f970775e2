//! One app's reads and writes: its view, and the operations that are planned over it and committed.

use super::Scope;
use super::commit::Planned;
use super::draft::{Draft, Mode};
use super::plan_error::PlanError;
use crate::error::{Error, Subject};
use crate::picture::Picture;
use crate::store::{Committed, Store, View};

impl<S: Store> Scope<S> {
    /// Returns a view of the app without the devices that are pending deletion.
    #[inline]
    pub(crate) fn picture(&self) -> Result<Picture<S::View<'_>>, Error> {
        let view = self.inner.store.view(self.app.id).map_err(Error::store("take a view"))?;
        if view.is_sealed() {
            return Err(Error::not_found(Subject::App, self.app.key.as_str()));
        }
        Picture::new(view)
    }

    /// Plans one or several operations and commits what they lead to. `plan` may be called any number of times.
    pub(crate) fn write<T>(
        &self,
        mode: Mode,
        mut plan: impl FnMut(&mut Draft<'_, S::View<'_>>) -> Result<T, PlanError>,
    ) -> Result<(T, Committed), Error> {
        self.inner.commit_loop("commit", self.app.id, || {
            let pending = {
                let picture = self.picture()?;
                let mut draft = Draft::new(&picture, &self.app, self.inner.clock.now(), mode);
                match plan(&mut draft) {
                    Ok(outcome) => return Ok(Planned::Commit(outcome, draft.into_write_set()?)),
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
