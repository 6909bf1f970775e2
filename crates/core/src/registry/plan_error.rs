//! Why an operation could not be planned.

use crate::error::Error;
use crate::model::DeviceId;
use crate::violation::{Rule, Violation, Violations, shown};

/// Why a plan did not lead to a write set.
#[derive(Debug)]
pub(crate) enum PlanError {
    /// The operation is refused.
    Refused(Error),
    /// A former device of this id is pending deletion. It has to be removed before the operation is planned again.
    PendingDevice { id: DeviceId },
    /// An earlier deletion of the same user is pending. It has to be finished before the operation is planned again.
    PendingDeletion { deletion: u64 },
}

impl PlanError {
    /// Refuses to register a device that the same batch deletes with its user: the events of the two devices could not be
    /// told apart.
    pub(crate) fn deleted_in_batch(id: &DeviceId) -> Self {
        let limit = "must not be registered again in the batch that deletes its user";
        Violation::new("device", Rule::Form, limit, shown(id.as_str())).into()
    }
}

impl From<Error> for PlanError {
    fn from(error: Error) -> Self {
        PlanError::Refused(error)
    }
}

impl From<Violation> for PlanError {
    fn from(violation: Violation) -> Self {
        PlanError::Refused(violation.into())
    }
}

impl From<Violations> for PlanError {
    fn from(violations: Violations) -> Self {
        PlanError::Refused(violations.into())
    }
}
