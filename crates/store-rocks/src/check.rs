//! Verifies the checks of a write set against the state before its operations.

use crate::draft::{Draft, conflict};
use rollbook::Timestamp;
use rollbook::store::{Check, Conflicted, OwnedKey, Place, Relation, StoreError};

impl Draft<'_> {
    /// Returns `Ok` if the check holds, and the conflict otherwise.
    pub(crate) fn verify(&mut self, check: &Check) -> Result<(), StoreError> {
        match check {
            Check::Open => match self.header.sealed {
                true => conflict(Conflicted::Sealed),
                false => Ok(()),
            },
            Check::Absent { id } => match self.find(id)? {
                Some(_) => conflict(Conflicted::DeviceExists),
                None => Ok(()),
            },
            Check::Unchanged { device, version } => match self.filled(*device)?.version == *version {
                true => Ok(()),
                false => conflict(Conflicted::DeviceChanged),
            },
            Check::KeyAtMost { key, most } => match self.name(key)?.len() > *most {
                true => conflict(Conflicted::KeyFull),
                false => Ok(()),
            },
            Check::Room { tag, devices, most } => {
                let key = OwnedKey { relation: Relation::Tag, name: tag.clone() };
                for &place in devices {
                    let most = *most as usize;
                    if self.has_tags(place, most)? >= most && !self.linked(&key, place)? {
                        return conflict(Conflicted::DeviceFull);
                    }
                }
                Ok(())
            }
            Check::Linked { key, devices, is } => {
                for &place in devices {
                    if self.linked(key, place)? != *is {
                        return conflict(Conflicted::LinkChanged);
                    }
                }
                Ok(())
            }
            Check::Unseen { devices, since } => {
                for &place in devices {
                    self.filled(place)?;
                    if self.last_seen(place)?.is_some_and(|at| at >= *since) {
                        return conflict(Conflicted::DeviceSeen);
                    }
                }
                Ok(())
            }
            Check::Entry { key, version } => {
                match self.entry(key)?.map(|(_, written)| *written) == *version {
                    true => Ok(()),
                    false => conflict(Conflicted::EntryChanged),
                }
            }
        }
    }

    /// Returns when the device of a place was last seen.
    pub(crate) fn last_seen(&self, place: Place) -> Result<Option<Timestamp>, StoreError> {
        let seen = match self.seen.get(&place.slot) {
            Some(seen) => *seen,
            None => self.reads.seen(place.slot)?,
        };
        Ok(seen.filter(|(filled, _)| *filled == place.filled).map(|(_, at)| at))
    }

    /// Returns whether the device of a place has this key.
    fn linked(&mut self, key: &OwnedKey, place: Place) -> Result<bool, StoreError> {
        let number = self.name(key)?.home(place.slot.platform).map(|home| home.number);
        let device = self.filled(place)?;
        Ok(number.is_some_and(|number| device.holds(key.relation, number)))
    }
}
