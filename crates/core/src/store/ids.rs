//! How stores name devices and keys: slots, places, relations.

use crate::model::{Platform, Version};
use serde::{Deserialize, Serialize};

/// Where a device stands: its platform and its ordinal among the devices of that platform.
///
/// Ordinals are dense and small, so that postings compress; the ordinal of a removed device is given again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Slot {
    /// The platform.
    pub platform: Platform,
    /// The number among the devices of the platform.
    pub ordinal: u32,
}

/// One occupancy of a slot: the slot, and the version at which the present device filled it.
///
/// A slot that was emptied and filled again is another place, so whoever holds a place from earlier never meets the
/// device that came later. A slot that was never emptied reports version 0: nobody can hold an older place of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Place {
    /// The slot.
    pub slot: Slot,
    /// When the present device filled it; version 0 when it is the slot's first.
    pub filled: Version,
}

/// The three relations of names and devices, and the one that deletion uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Relation {
    /// A device carries many.
    Tag,
    /// A device has at most one.
    Alias,
    /// A device has at most one; it shares the device's owner with [`Relation::Deletion`].
    User,
    /// The devices that wait for the removal of their user; the key is the deletion's number in decimal digits. A
    /// device has either a user or a deletion, never both.
    Deletion,
}

impl Relation {
    /// Every relation.
    pub const ALL: [Relation; 4] = [Relation::Tag, Relation::Alias, Relation::User, Relation::Deletion];

    /// May a device have several keys of this relation?
    #[must_use]
    pub const fn is_many(self) -> bool {
        matches!(self, Relation::Tag)
    }
}

/// A key of a relation: what a view is asked about. The name is 1 to 255 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key<'a> {
    /// The relation.
    pub relation: Relation,
    /// The name in that relation.
    pub name: &'a str,
}

impl<'a> Key<'a> {
    /// The key of this name in this relation.
    #[must_use]
    pub const fn new(relation: Relation, name: &'a str) -> Self {
        Key { relation, name }
    }

    /// The key with its name owned.
    #[must_use]
    pub fn to_owned(self) -> OwnedKey {
        OwnedKey { relation: self.relation, name: self.name.into() }
    }
}

/// A key of a relation with its name owned: what a write set holds.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct OwnedKey {
    /// The relation.
    pub relation: Relation,
    /// The name in that relation, 1 to 255 bytes; of a user, a valid [`UserId`](crate::UserId).
    pub name: Box<str>,
}

impl OwnedKey {
    /// The key, borrowed.
    #[must_use]
    pub fn as_key(&self) -> Key<'_> {
        Key { relation: self.relation, name: &self.name }
    }
}
