//! Users: deletion. A user is registered by registering its device.

use super::Pending;
use crate::model::UserId;
use crate::registry::plan_error::PlanError;
use crate::registry::transaction::Transaction;
use crate::store::View;

/// Deletes the user's devices and events. They are invisible with the commit; the pending deletion removes them.
pub(crate) fn delete<V: View>(tx: &mut Transaction<'_, V>, user: &UserId) -> Result<Pending, PlanError> {
    Ok(Pending::UserDeleted(tx.delete_user(user)?))
}
