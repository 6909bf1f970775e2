//! What each operation does: functions over a transaction, one file a subject.
//!
//! Each checks everything it can refuse before it changes the transaction. What only the commit can tell (the code of an
//! event, whether a user disappeared) is left [`Pending`].

pub(crate) mod aliases;
pub(crate) mod devices;
pub(crate) mod events;
pub(crate) mod sign_out;
pub(crate) mod tags;
pub(crate) mod users;

use super::plan_error::PlanError;
use super::transaction::{Handle, StartedDeletion, Transaction};
use crate::model::{Command, DeviceId, Registered, SignedOut, Updated, UserId};
use crate::store::View;
use crate::violation::{Rule, Violation, shown};

/// What an operation did, as far as the plan can tell.
#[derive(Debug)]
pub(crate) enum Pending {
    Done,
    /// Whether the former user vanished is told by the commit.
    Registered(Registered),
    Updated(Updated),
    /// Whether the former user vanished is told by the commit.
    SignedOut(SignedOut),
    UserSignedOut {
        devices: u64,
    },
    /// The devices are more than one commit takes: the commit counts them, and they are signed out after it.
    UserSigningOut(StartedDeletion),
    /// Whether the user vanished is told by the commit.
    Removed {
        user: UserId,
    },
    /// The commit counts the devices; they and the events are removed after it. `None`: there is nothing to remove.
    UserDeleted(Option<StartedDeletion>),
    /// The code is that of the commit's n-th event.
    Posted {
        nth: usize,
    },
}

/// Plans one command.
pub(crate) fn plan<V: View>(tx: &mut Transaction<'_, V>, command: &Command) -> Result<Pending, PlanError> {
    match command {
        Command::Register(registration) => devices::register(tx, &registration.into()),
        Command::Unregister(id) => devices::unregister(tx, id),
        Command::Remove(id) => devices::remove(tx, id, None),
        Command::RemoveBasedOn { device, version } => devices::remove(tx, device, Some(*version)),
        Command::Update { device, update } => devices::update(tx, device, update),
        Command::UnbindAlias { alias, devices } => aliases::unbind(tx, alias, devices),
        Command::DeleteAlias { alias, platforms } => aliases::delete(tx, alias, *platforms),
        Command::UpdateTag { tag, add, remove } => tags::update(tx, tag, add, remove),
        Command::DeleteTag { tag, platforms } => tags::delete(tx, tag, *platforms),
        Command::RegisterUser { device, user, platform, utc_offset } => {
            let user = user.clone().unwrap_or_else(|| device.anonymous_user());
            devices::register(tx, &devices::Enrolment::of_user(device, &user, *platform, *utc_offset))
        }
        Command::SignOut(id) => sign_out::device(tx, id),
        Command::SignOutUser(user) => sign_out::user(tx, user),
        Command::DeleteUser(user) => users::delete(tx, user),
        Command::DeclareEvent(name) => events::declare(tx, name),
        Command::PostEvent(event) => events::post(tx, event),
    }
}

/// Finds the devices of a list, with their positions in it; every unknown one is a violation.
fn resolve<V: View>(
    tx: &mut Transaction<'_, V>,
    field: &'static str,
    ids: &[DeviceId],
    found: &mut Vec<Violation>,
) -> Result<Vec<(usize, Handle)>, PlanError> {
    let mut handles = Vec::with_capacity(ids.len());
    tx.reserve_devices(ids.len());
    for (index, id) in ids.iter().enumerate() {
        match tx.find(id)? {
            Some(handle) => handles.push((index, handle)),
            None => found.push(unknown_device(id).in_list(field, index)),
        }
    }
    Ok(handles)
}

pub(crate) fn unknown_device(id: &DeviceId) -> Violation {
    Violation::new("device", Rule::Known, "must be a device of the app", shown(id.as_str()))
}
