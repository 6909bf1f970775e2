//! Batches: several operations applied as one, or planned without being applied.

use super::App;
use crate::error::{BatchFailure, Error};
use crate::model::{Command, DeletedUser, EventCode, Outcome, Registered, SignedOut, check_items};
use crate::registry::plan_error::PlanError;
use crate::registry::transaction::{Mode, Transaction};
use crate::registry::verbs::{self, Pending};
use crate::store::{Committed, Store, StoreError, View};

impl<S: Store> App<S> {
    /// Applies operations in order, all or nothing, and returns the outcome of each. Each sees the effects of those
    /// before it.
    ///
    /// Whether a user vanished is decided for the batch as a whole: a user vanished if it had a device before the batch
    /// and has none after it.
    ///
    /// Two combinations need separate batches: deleting a user to whom an earlier operation gave a device, and
    /// registering a device again that an earlier operation deleted with its user.
    ///
    /// ```
    /// use rollbook::{Command, Outcome, PlatformSet};
    /// use rollbook_testkit::example::shop;
    ///
    /// let shop = shop();
    /// let commands = [
    ///     Command::Remove("watch".parse()?),
    ///     Command::DeleteTag { tag: "vip".parse()?, platforms: PlatformSet::ALL },
    /// ];
    /// let outcomes = shop.batch(&commands)?;
    /// assert_eq!(outcomes[1], Outcome::Done);
    /// assert!(shop.batch(&commands).is_err()); // the watch is gone
    /// # Ok::<(), rollbook::Error>(())
    /// ```
    ///
    /// # Errors
    /// A violation of `operations` if there are more than the limit; [`Error::Batch`] with every operation that fails,
    /// each judged as if the earlier ones that do not fail were applied; [`Error::Contended`]; [`Error::Store`].
    /// Nothing is changed then, unless the kind is `OutcomeUnknown`.
    pub fn batch(&self, commands: &[Command]) -> Result<Vec<Outcome>, Error> {
        check_items("operations", commands.len(), self.limits().operations_per_batch)?;
        let (pending, committed) = self.scope.write(Mode::Batch, |tx| plan_all(tx, commands))?;
        pending.into_iter().map(|one| self.outcome(one, &committed)).collect()
    }

    /// Reports the errors of a batch without applying it.
    ///
    /// ```
    /// use rollbook::Command;
    /// use rollbook_testkit::example::shop;
    ///
    /// let shop = shop();
    /// let commands = [Command::Remove("watch".parse()?), Command::Remove("unknown".parse()?)];
    /// let refused = shop.dry_run(&commands).unwrap_err();
    /// assert_eq!(refused.to_string(), "operation 1: device not found: \"unknown\"");
    /// assert!(shop.device(&"watch".parse()?).is_ok());
    /// # Ok::<(), rollbook::Error>(())
    /// ```
    ///
    /// # Errors
    /// As for [`App::batch`].
    pub fn dry_run(&self, commands: &[Command]) -> Result<(), Error> {
        check_items("operations", commands.len(), self.limits().operations_per_batch)?;
        let live = self.scope.live_view()?;
        let mut tx = Transaction::new(&live, &self.scope.app, self.scope.inner.clock.now(), Mode::Dry);
        match plan_all(&mut tx, commands) {
            Ok(_) => Ok(()),
            Err(PlanError::Refused(error)) => Err(error),
            // A dry run carries out no deletions, so planning in this mode never reports that one is in the way.
            Err(PlanError::PendingDevice { .. } | PlanError::PendingDeletion { .. }) => Err(mismatched()),
        }
    }

    fn outcome(&self, pending: Pending, committed: &Committed) -> Result<Outcome, Error> {
        Ok(match pending {
            Pending::Done => Outcome::Done,
            Pending::Registered(one) => Outcome::Registered(registered(one, committed)),
            Pending::Updated(updated) => Outcome::Updated(updated),
            Pending::SignedOut(done) => Outcome::SignedOut(signed_out(done, committed)),
            Pending::UserSigningOut(begun) => {
                Outcome::UserSignedOut { devices: self.finish_sign_out(begun, committed)? }
            }
            Pending::UserSignedOut { devices } => Outcome::UserSignedOut { devices },
            Pending::Removed { user } => Outcome::Removed {
                vanished_user: Some(user).filter(|user| committed.vanished_users.contains(user)),
            },
            Pending::UserDeleted(None) => Outcome::UserDeleted(DeletedUser::default()),
            Pending::UserDeleted(Some(begun)) => Outcome::UserDeleted(self.finish_user(begun, committed)?),
            Pending::Posted { nth } => {
                let seq = committed.appended.get(nth).copied().ok_or_else(mismatched)?;
                Outcome::Posted(EventCode::of(seq, self.scope.app.code_salt))
            }
        })
    }
}

fn plan_all<V: View>(tx: &mut Transaction<'_, V>, commands: &[Command]) -> Result<Vec<Pending>, PlanError> {
    let mut pending = Vec::with_capacity(commands.len());
    let mut failures = Vec::new();
    for (index, command) in commands.iter().enumerate() {
        match verbs::plan(tx, command) {
            Ok(one) => pending.push(one),
            // An error of the store is not a fault of the operation, so it ends the planning.
            Err(PlanError::Refused(error @ Error::Store { .. })) => return Err(error.into()),
            Err(PlanError::Refused(error)) => failures.push(BatchFailure { index, error }),
            Err(first @ (PlanError::PendingDevice { .. } | PlanError::PendingDeletion { .. })) => {
                return Err(first);
            }
        }
    }
    if failures.is_empty() { Ok(pending) } else { Err(Error::Batch(failures).into()) }
}

/// Completes the outcome of registering with the users that vanished in the commit.
pub(super) fn registered(mut registered: Registered, committed: &Committed) -> Registered {
    let vanished = |user| committed.vanished_users.contains(user);
    registered.former_user_vanished = registered.former_user.as_ref().is_some_and(vanished);
    registered
}

/// Completes the outcome of signing out with the users that vanished in the commit.
pub(super) fn signed_out(mut done: SignedOut, committed: &Committed) -> SignedOut {
    let vanished = |user| committed.vanished_users.contains(user);
    done.former_user_vanished = done.former_user.as_ref().is_some_and(vanished);
    done
}

/// Returns the error for a commit whose result does not fit the write set.
pub(super) fn mismatched() -> Error {
    Error::store("commit")(StoreError::corrupt("the commit does not account for all operations"))
}
