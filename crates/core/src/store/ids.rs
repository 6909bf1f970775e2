//! How stores name devices and keys: slots, places, relations.

use crate::model::{Platform, Version};
use serde::{Deserialize, Serialize};

/// The position of a device: its platform and its ordinal among the devices of that platform.
///
/// Ordinals are dense and small, so that postings compress. The ordinal of a removed device is given to a later one.
///
/// ```
/// use rollbook::store::{Slot, Store, View};
/// use rollbook::{AppId, Platform};
/// use rollbook_testkit::example;
///
/// let registry = example::registry();
/// let tablet = Slot { platform: Platform::Android, ordinal: 0 };
/// let stored = registry.store().view(AppId(1))?.device(tablet)?.unwrap();
/// assert_eq!(stored.record.id, "tablet".parse()?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Slot {
    /// The platform.
    pub platform: Platform,
    /// The number among the devices of the platform.
    pub ordinal: u32,
}

/// A reference to one device in a slot: the slot, and the version at which this device filled it (its generation).
///
/// A slot that was emptied and filled again is a different place, so an old place never leads to the device that came
/// later. A slot that was never emptied has version 0, because no older place of it can exist.
///
/// ```
/// use rollbook::store::{Store, View};
/// use rollbook::{AppId, Platform, Registration};
/// use rollbook_testkit::example;
///
/// let registry = example::registry();
/// let place = |id: &str| registry.store().view(AppId(1)).unwrap().find(&id.parse().unwrap()).unwrap().unwrap();
/// let phones = place("phone");
///
/// let shop = registry.app(&example::KEY.parse()?)?;
/// shop.remove(&"phone".parse()?)?;
/// shop.register(&Registration::new("player".parse()?, Platform::Ios))?;
/// assert_eq!(place("player").slot, phones.slot);
/// assert_ne!(place("player"), phones);
/// # Ok::<(), rollbook::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Place {
    /// The slot.
    pub slot: Slot,
    /// The version at which the present device filled the slot; 0 for the slot's first device.
    pub filled: Version,
}

/// The three relations between names and devices, and the relation for pending deletions.
///
/// ```
/// use rollbook::AppId;
/// use rollbook::store::{Relation, Store, View};
/// use rollbook_testkit::example;
///
/// let registry = example::registry();
/// let view = registry.store().view(AppId(1))?;
/// let phone = view.find(&"phone".parse()?)?.unwrap().slot;
/// let mut counts = Vec::new();
/// for relation in Relation::ALL {
///     counts.push(view.key_count(phone, relation)?);
/// }
/// assert_eq!(counts, [2, 1, 1, 0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Relation {
    /// Tags; a device may have many.
    Tag,
    /// Aliases; a device has at most one.
    Alias,
    /// Users; a device has at most one, and either a user or a key of [`Relation::Deletion`].
    User,
    /// Devices that are pending deletion with their user. The key is the deletion's number in decimal digits. A device
    /// has either a user or a deletion, never both.
    Deletion,
}

impl Relation {
    /// Every relation.
    pub const ALL: [Relation; 4] = [Relation::Tag, Relation::Alias, Relation::User, Relation::Deletion];

    /// Returns whether a device may have several keys of this relation.
    ///
    /// ```
    /// use rollbook::store::Relation;
    /// assert!(Relation::Tag.is_many());
    /// assert!(!Relation::Alias.is_many());
    /// ```
    #[must_use]
    pub const fn is_many(self) -> bool {
        matches!(self, Relation::Tag)
    }
}

/// A key of a relation, in the form in which a view is asked about it. The name is 1 to 255 bytes long.
///
/// ```
/// use rollbook::store::{Key, Relation, Store, View};
/// use rollbook::{AppId, PlatformSet};
/// use rollbook_testkit::example;
///
/// let registry = example::registry();
/// let view = registry.store().view(AppId(1))?;
/// assert_eq!(view.cardinality(Key { relation: Relation::Tag, name: "news" }, PlatformSet::ALL)?, 2);
/// assert_eq!(view.cardinality(Key { relation: Relation::Alias, name: "news" }, PlatformSet::ALL)?, 0);
/// # Ok::<(), rollbook::store::StoreError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key<'a> {
    /// The relation.
    pub relation: Relation,
    /// The name in that relation.
    pub name: &'a str,
}

impl<'a> Key<'a> {
    /// Creates the key of this name in this relation.
    ///
    /// ```
    /// use rollbook::store::{Key, Relation};
    /// let key = Key::new(Relation::Tag, "vip");
    /// assert_eq!((key.relation, key.name), (Relation::Tag, "vip"));
    /// ```
    #[must_use]
    pub const fn new(relation: Relation, name: &'a str) -> Self {
        Key { relation, name }
    }

    /// Returns the key with its name owned.
    ///
    /// ```
    /// use rollbook::store::{Key, Relation};
    /// let read = String::from("vip");
    /// let key = Key::new(Relation::Tag, &read).to_owned();
    /// drop(read);
    /// assert_eq!(&*key.name, "vip");
    /// ```
    #[must_use]
    pub fn to_owned(self) -> OwnedKey {
        OwnedKey { relation: self.relation, name: self.name.into() }
    }
}

/// A key of a relation with its name owned, in the form in which a write set holds it.
///
/// ```
/// use rollbook::store::{Operation, OwnedKey, Relation, Store, WriteSet};
/// use rollbook::{AppId, PlatformSet};
/// use rollbook_testkit::example;
///
/// let registry = example::registry();
/// let key = OwnedKey { relation: Relation::Tag, name: "news".into() };
/// let drop = Operation::Drop { key, platforms: PlatformSet::ALL };
/// registry.store().commit(AppId(1), &WriteSet { operations: vec![drop].into(), ..WriteSet::default() })?;
/// assert_eq!(registry.app(&example::KEY.parse()?)?.count(&"news".parse()?)?, 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct OwnedKey {
    /// The relation.
    pub relation: Relation,
    /// The name in that relation, 1 to 255 bytes long. The name of a user is a valid [`UserId`](crate::UserId).
    pub name: Box<str>,
}

impl OwnedKey {
    /// Returns the key with its name borrowed.
    ///
    /// ```
    /// use rollbook::store::{Key, OwnedKey, Relation};
    /// let key = OwnedKey { relation: Relation::Alias, name: "ann".into() };
    /// assert_eq!(key.as_key(), Key::new(Relation::Alias, "ann"));
    /// ```
    #[must_use]
    pub fn as_key(&self) -> Key<'_> {
        Key { relation: self.relation, name: &self.name }
    }
}
