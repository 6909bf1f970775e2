//! Devices that go from one user to another, above all back to their anonymous users: what they lose on the way.

use super::{Pending, aliases};
use crate::error::Error;
use crate::model::{DeviceId, OnUserChange, PlatformSet, SignedOut, UserId};
use crate::registry::plan_error::PlanError;
use crate::registry::transaction::{Handle, Transaction};
use crate::store::{Key, Relation, View};

/// The weight of devices that are signed out in one commit. Half of what every store takes in one.
const AT_ONCE: usize = 2_048;
/// What each of them weighs at least: the checks of the device and of its user, and the link to the new user.
const LEAST: usize = 3;

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
        tx: &mut Transaction<'_, V>,
        device: Handle,
        id: &DeviceId,
        user: &UserId,
    ) -> Result<Option<Self>, Error> {
        let former = tx.rely_on_owner(device)?;
        if former == *user {
            return Ok(None);
        }
        // What a device got while it was nobody's is no former user's: whoever signs in on it first keeps it.
        let claimed = former.as_str() != id.as_str();
        let clears = if claimed { tx.app.policies.on_user_change } else { OnUserChange::Keep };
        Ok(Some(Leaving { former, clears }))
    }

    pub(crate) fn clears_tags(&self) -> bool {
        self.clears == OnUserChange::ClearAliasAndTags
    }

    /// How much of a commit it takes at most.
    fn weight<V: View>(&self, tx: &Transaction<'_, V>, device: Handle) -> Result<usize, Error> {
        let alias = if self.clears == OnUserChange::Keep { 0 } else { 2 };
        let tags = if self.clears_tags() { tx.tag_count(device)? } else { 0 };
        Ok(LEAST + alias + tags)
    }

    /// The device goes, without what the app's policy takes from it. An alias that the operation replaces is left to it.
    pub(crate) fn leave<V: View>(
        &self,
        tx: &mut Transaction<'_, V>,
        device: Handle,
        user: &UserId,
        replaces_alias: bool,
    ) -> Result<(), Error> {
        tx.set_user(device, user.clone());
        if self.clears != OnUserChange::Keep && !replaces_alias {
            aliases::unbind_one(tx, device)?;
        }
        if self.clears_tags() {
            tx.clear_tags(device)?;
        }
        Ok(())
    }
}

/// The device goes back to its anonymous user.
pub(crate) fn device<V: View>(tx: &mut Transaction<'_, V>, id: &DeviceId) -> Result<Pending, PlanError> {
    let device = tx.require(id)?;
    let anonymous = id.anonymous_user();
    let Some(leaving) = Leaving::of(tx, device, id, &anonymous)? else {
        return Ok(Pending::SignedOut(SignedOut::default()));
    };
    leaving.leave(tx, device, &anonymous, false)?;
    Ok(Pending::SignedOut(SignedOut {
        former_user: Some(leaving.former),
        former_user_vanished: false,
        kept_alias: tx.rely_on_alias(device)?,
        kept_tags: tx.rely_on_tags(device)?,
    }))
}

/// All of the user's devices wait, unseen, until they are signed out.
fn sign_out_in_steps<V: View>(tx: &mut Transaction<'_, V>, user: &UserId) -> Result<Pending, PlanError> {
    // A device that is called like the user may be among them, and is where it belongs.
    let own = match DeviceId::new(user.as_str()) {
        Ok(id) => tx.find(&id)?,
        Err(_) => None,
    };
    let left = match own {
        Some(own) => u64::from(tx.rely_on_owner(own)? == *user),
        None => 0,
    };
    Ok(Pending::UserSigningOut(tx.sign_out_all(user, left)?))
}

/// Every device of the user goes back to its own anonymous user.
pub(crate) fn user<V: View>(tx: &mut Transaction<'_, V>, user: &UserId) -> Result<Pending, PlanError> {
    let key = Key::new(Relation::User, user.as_str());
    // Their number alone may be too large: then none of them is read.
    let mut weight =
        LEAST * usize::try_from(tx.live.cardinality(key, PlatformSet::ALL)?).unwrap_or(usize::MAX);
    if tx.is_single() && weight > AT_ONCE {
        return sign_out_in_steps(tx, user);
    }
    weight = 0;
    let mut theirs = Vec::new();
    for (device, id) in tx.devices_of(user)? {
        let anonymous = id.anonymous_user();
        if let Some(leaving) = Leaving::of(tx, device, &id, &anonymous)? {
            weight += leaving.weight(tx, device)?;
            theirs.push((device, leaving, anonymous));
        }
    }
    if tx.is_single() && weight > AT_ONCE {
        return sign_out_in_steps(tx, user);
    }
    for (device, leaving, anonymous) in &theirs {
        leaving.leave(tx, *device, anonymous, false)?;
    }
    Ok(Pending::UserSignedOut { devices: theirs.len() as u64 })
}
