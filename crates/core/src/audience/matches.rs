//! The answer for one device, from its own keys.

use super::Audience;
use crate::error::Error;
use crate::model::DeviceId;
use crate::picture::Picture;
use crate::store::{Key, Relation, Slot, View};

/// Does `audience`, which passed its check, select the device `id`, which [`Picture::find`] found in `slot`?
///
/// Reads the device's own keys, no bitmap, and allocates nothing. Stops at the first member that settles a list.
///
/// # Errors
/// What the store answers.
pub(crate) fn matches<V: View>(
    picture: &Picture<V>,
    audience: &Audience,
    slot: Slot,
    id: &DeviceId,
) -> Result<bool, Error> {
    Device { picture, slot, id }.is_in(audience)
}

struct Device<'a, V> {
    picture: &'a Picture<V>,
    slot: Slot,
    id: &'a DeviceId,
}

impl<V: View> Device<'_, V> {
    fn is_in(&self, audience: &Audience) -> Result<bool, Error> {
        match audience {
            Audience::All => Ok(true),
            Audience::Tag(tag) => self.has(Relation::Tag, tag.as_str()),
            Audience::Alias(alias) => self.has(Relation::Alias, alias.as_str()),
            Audience::User(user) => self.has(Relation::User, user.as_str()),
            Audience::Device(id) => Ok(id == self.id),
            Audience::Platforms(set) => Ok(set.contains(self.slot.platform)),
            Audience::And(members) => self.any(members, false).map(|found| !found),
            Audience::Or(members) => self.any(members, true),
            Audience::Not(inner) => self.is_in(inner).map(|is_in| !is_in),
        }
    }

    /// Is there a member with this answer?
    fn any(&self, members: &[Audience], answer: bool) -> Result<bool, Error> {
        for member in members {
            if self.is_in(member)? == answer {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn has(&self, relation: Relation, name: &str) -> Result<bool, Error> {
        let key = Key::new(relation, name);
        self.picture.raw().linked(self.slot, key).map_err(Error::store("look at a device's keys"))
    }
}
