//! Devices that go from one user to another, above all back to their anonymous users: what they lose on the way.

use super::{Pending, aliases};
use crate::error::Error;
use crate::model::{DeviceId, OnUserChange, SignedOut, UserId};
use crate::registry::commit::Obstacle;
use crate::registry::draft::{Draft, Handle};
use crate::store::View;

/// A device leaves a user.
#[derive(Debug)]
pub(crate) struct Leaving {
    pub(crate) former: UserId,
    clears: OnUserChange,
}

impl Leaving {
    /// A device is to be this user's: does it leave another? The commit rests on whose it was: a device that was deleted
    /// with its user meanwhile must not come back as another user's.
    pub(crate) fn of<V: View>(
        draft: &mut Draft<'_, V>,
        device: Handle,
        id: &DeviceId,
        user: &UserId,
    ) -> Result<Option<Self>, Error> {
        let former = draft.owner(device)?;
        if former == *user {
            return Ok(None);
        }
        // What a device got while it was nobody's is no former user's: whoever signs in on it first keeps it.
        let claimed = former.as_str() != id.as_str();
        let clears = if claimed { draft.app.policies.on_user_change } else { OnUserChange::Keep };
        Ok(Some(Leaving { former, clears }))
    }

    pub(crate) fn clears_tags(&self) -> bool {
        self.clears == OnUserChange::ClearAliasAndTags
    }

    /// The device goes, without what the app's policy takes from it. An alias that the operation replaces is left to it.
    pub(crate) fn leave<V: View>(
        &self,
        draft: &mut Draft<'_, V>,
        device: Handle,
        user: &UserId,
        replaces_alias: bool,
    ) -> Result<(), Error> {
        draft.set_user(device, user.clone());
        if self.clears != OnUserChange::Keep && !replaces_alias {
            aliases::unbind_one(draft, device)?;
        }
        if self.clears_tags() {
            draft.clear_tags(device)?;
        }
        Ok(())
    }
}

/// The device goes back to its anonymous user.
pub(crate) fn device<V: View>(draft: &mut Draft<'_, V>, id: &DeviceId) -> Result<Pending, Obstacle> {
    let device = draft.require(id)?;
    let anonymous = id.anonymous_user();
    let Some(leaving) = Leaving::of(draft, device, id, &anonymous)? else {
        return Ok(Pending::SignedOut(SignedOut::default()));
    };
    leaving.leave(draft, device, &anonymous, false)?;
    Ok(Pending::SignedOut(SignedOut {
        former_user: Some(leaving.former),
        former_user_vanished: false,
        kept_alias: draft.rely_on_alias(device)?,
        kept_tags: draft.rely_on_tags(device)?,
    }))
}

/// Every device of the user goes back to its own anonymous user.
pub(crate) fn user<V: View>(draft: &mut Draft<'_, V>, user: &UserId) -> Result<Pending, Obstacle> {
    let mut theirs = Vec::new();
    for (device, id) in draft.devices_of(user)? {
        let anonymous = id.anonymous_user();
        if let Some(leaving) = Leaving::of(draft, device, &id, &anonymous)? {
            theirs.push((device, leaving, anonymous));
        }
    }
    for (device, leaving, anonymous) in &theirs {
        leaving.leave(draft, *device, anonymous, false)?;
    }
    Ok(Pending::UserSignedOut { devices: theirs.len() as u64 })
}
