//! Evaluation of a condition for one device.

use super::{Audience, Checked};
use crate::error::Error;
use crate::live_view::LiveView;
use crate::model::{DeviceId, Platform};
use crate::store::{Key, Relation, Slot, View};

/// Returns whether `audience` selects the device `id`, which [`LiveView::find`] found in `slot`.
///
/// Reads the device's own keys, no bitmap, and does not allocate. Stops at the first member that decides a list.
///
/// # Errors
/// Errors of the store.
pub(crate) fn matches<V: View>(
    live: &LiveView<V>,
    audience: Checked<'_>,
    slot: Slot,
    id: &DeviceId,
) -> Result<bool, Error> {
    selects(audience.tree(), &Stored { live, slot, id })
}

/// The properties of one device that the leaves of a condition ask for.
pub(super) trait Candidate {
    type Error;

    fn id(&self) -> &DeviceId;
    fn platform(&self) -> Platform;
    /// Returns whether the device has this tag, alias or user.
    fn has(&self, key: Key<'_>) -> Result<bool, Self::Error>;
}

/// Returns whether the condition selects the device.
pub(super) fn selects<C: Candidate>(audience: &Audience, device: &C) -> Result<bool, C::Error> {
    // Returns whether a member has this result, and stops at the first one.
    let any = |members: &[Audience], result: bool| {
        for member in members {
            if selects(member, device)? == result {
                return Ok(true);
            }
        }
        Ok(false)
    };
    match audience {
        Audience::All => Ok(true),
        Audience::Tag(tag) => device.has(Key::new(Relation::Tag, tag.as_str())),
        Audience::Alias(alias) => device.has(Key::new(Relation::Alias, alias.as_str())),
        Audience::User(user) => device.has(Key::new(Relation::User, user.as_str())),
        Audience::Device(id) => Ok(id == device.id()),
        Audience::Platforms(set) => Ok(set.contains(device.platform())),
        Audience::And(members) => any(members, false).map(|found| !found),
        Audience::Or(members) => any(members, true),
        Audience::Not(inner) => selects(inner, device).map(|selected| !selected),
    }
}

/// A device in the store.
pub(super) struct Stored<'a, V> {
    pub(super) live: &'a LiveView<V>,
    pub(super) slot: Slot,
    pub(super) id: &'a DeviceId,
}

impl<V: View> Candidate for Stored<'_, V> {
    type Error = Error;

    fn id(&self) -> &DeviceId {
        self.id
    }

    fn platform(&self) -> Platform {
        self.slot.platform
    }

    fn has(&self, key: Key<'_>) -> Result<bool, Error> {
        has_key(self.live, self.slot, key)
    }
}

/// Returns whether the device in `slot` has the key. The view is asked without the filter of pending deletions, because
/// the caller has found the device in the filtered view or in a filtered posting.
pub(super) fn has_key<V: View>(live: &LiveView<V>, slot: Slot, key: Key<'_>) -> Result<bool, Error> {
    live.raw().linked(slot, key).map_err(Error::store("look at a device's keys"))
}
