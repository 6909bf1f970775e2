//! Catalogue entries: the few named records that are neither devices nor events.

use crate::model::{AppId, AppKey, AppRecord, EventName, EventSeq, EventType, OnUserChange, UserId};
use serde::{Deserialize, Serialize};

/// The key of a catalogue entry. Entries of one kind are ordered by the bytes of their names or by their numbers.
///
/// ```
/// use rollbook::AppId;
/// use rollbook::store::{EntryKey, Store, View};
/// use rollbook_testkit::example;
///
/// let registry = example::registry();
/// let view = registry.store().view(AppId(1))?;
/// assert!(view.entry(&EntryKey::EventType("opened".parse()?))?.is_some());
/// assert!(view.entry(&EntryKey::Deletion(1))?.is_none());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum EntryKey {
    /// An app; kept in the directory.
    App(AppKey),
    /// The number of the next app; kept in the directory.
    NextApp,
    /// A declared event type of an app.
    EventType(EventName),
    /// A pending deletion: of a user, kept in the user's app; of an app, kept in the directory.
    Deletion(u64),
}

impl EntryKey {
    /// Returns the kind of the entry.
    ///
    /// ```
    /// use rollbook::store::{EntryKey, EntryKind};
    /// assert_eq!(EntryKey::EventType("opened".parse()?).kind(), EntryKind::EventType);
    /// # Ok::<(), rollbook::Error>(())
    /// ```
    #[must_use]
    pub const fn kind(&self) -> EntryKind {
        match self {
            EntryKey::App(_) => EntryKind::App,
            EntryKey::NextApp => EntryKind::NextApp,
            EntryKey::EventType(_) => EntryKind::EventType,
            EntryKey::Deletion(_) => EntryKind::Deletion,
        }
    }
}

/// The kinds of catalogue entries, in the order in which [`EntryKey`] sorts them.
///
/// ```
/// use rollbook::AppId;
/// use rollbook::store::{EntryKind, Store, View};
/// use rollbook_testkit::example;
///
/// let registry = example::registry();
/// let view = registry.store().view(AppId(1))?;
/// assert_eq!(view.entries(EntryKind::EventType, None, 10)?.len(), 1);
/// assert_eq!(view.entries(EntryKind::Deletion, None, 10)?, []);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum EntryKind {
    /// [`EntryKey::App`].
    App,
    /// [`EntryKey::NextApp`].
    NextApp,
    /// [`EntryKey::EventType`].
    EventType,
    /// [`EntryKey::Deletion`].
    Deletion,
}

/// A catalogue entry.
///
/// ```
/// use rollbook::AppId;
/// use rollbook::store::{Entry, EntryKey, Store, View};
/// use rollbook_testkit::example;
///
/// let registry = example::registry();
/// let (entry, _) = registry.store().view(AppId::DIRECTORY)?.entry(&EntryKey::App("shop".parse()?))?.unwrap();
/// assert!(matches!(entry, Entry::App(shop) if shop.id == AppId(1) && shop.presence));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Entry {
    /// An app.
    App(Box<AppRecord>),
    /// The number of the next app.
    NextApp(AppId),
    /// A declared event type.
    EventType(EventType),
    /// A pending deletion.
    Deletion(Deletion),
}

impl Entry {
    /// Returns the entry's key.
    ///
    /// ```
    /// use rollbook::store::{Entry, EntryKey};
    /// use rollbook::{EventType, Timestamp};
    ///
    /// let opened = EventType { name: "opened".parse()?, declared_at: Timestamp::from_secs(0) };
    /// assert_eq!(Entry::EventType(opened).key(), EntryKey::EventType("opened".parse()?));
    /// # Ok::<(), rollbook::Error>(())
    /// ```
    #[must_use]
    pub fn key(&self) -> EntryKey {
        match self {
            Entry::App(app) => EntryKey::App(app.key.clone()),
            Entry::NextApp(_) => EntryKey::NextApp,
            Entry::EventType(event_type) => EntryKey::EventType(event_type.name.clone()),
            Entry::Deletion(deletion) => EntryKey::Deletion(deletion.number),
        }
    }
}

/// A pending deletion. It is kept so that the deletion resumes after a crash.
///
/// ```
/// use rollbook::store::{Deleted, Deletion, Entry, EntryKey, Operation, Store, View, WriteSet};
/// use rollbook::{AppId, Version};
/// use rollbook_testkit::ordered::OrderedStore;
///
/// let store = OrderedStore::new();
/// let of = Deleted::App { key: "shop".parse()?, id: AppId(1) };
/// let entry = Entry::Deletion(Deletion { number: 7, of });
/// let noted = Operation::PutEntry { entry: entry.clone() };
/// store.commit(AppId::DIRECTORY, &WriteSet { operations: vec![noted].into(), ..WriteSet::default() })?;
/// assert_eq!(store.view(AppId::DIRECTORY)?.entry(&EntryKey::Deletion(7))?, Some((entry, Version(1))));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deletion {
    /// The deletion's number, unique among the pending deletions of the same app or of the directory.
    pub number: u64,
    /// What is being deleted.
    pub of: Deleted,
}

/// What is being deleted.
///
/// ```
/// use rollbook::store::{Deleted, Entry, EntryKind, Operation, Store, View, WriteSet};
/// use rollbook::{AppId, EventSeq};
/// use rollbook_testkit::example;
///
/// let registry = example::registry();
/// let condemn = Operation::Condemn { user: "ann".parse()?, deletion: 7 };
/// registry.store().commit(AppId(1), &WriteSet { operations: vec![condemn].into(), ..WriteSet::default() })?;
///
/// let under_way = registry.store().view(AppId(1))?.entries(EntryKind::Deletion, None, 1)?;
/// let ann = Deleted::User { user: "ann".parse()?, through: EventSeq(1) };
/// assert!(matches!(&under_way[0].0, Entry::Deletion(deletion) if deletion.of == ann));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Deleted {
    /// A user, its devices, and their events up to a number.
    User {
        /// The user.
        user: UserId,
        /// The last event that existed when the deletion began.
        through: EventSeq,
    },
    /// Nothing is deleted: the devices of a user are moved to their anonymous users, and are hidden until they are
    /// there. The registry writes this in place of [`Deleted::User`], in the write set that condemns the devices.
    SignOut {
        /// The user.
        user: UserId,
        /// What each device loses when it leaves the user.
        clears: OnUserChange,
    },
    /// An app with everything in it.
    App {
        /// The app's key. A new app may have the same key by now.
        key: AppKey,
        /// The app's number.
        id: AppId,
    },
}
