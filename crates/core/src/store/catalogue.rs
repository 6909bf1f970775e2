//! Catalogue entries: the few named records that are neither devices nor events.

use crate::model::{AppId, AppKey, AppRecord, EventName, EventSeq, EventType, UserId};
use serde::{Deserialize, Serialize};

/// The name of a catalogue entry. Entries of one kind are ordered by the bytes of their names or by their numbers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum EntryKey {
    /// An app, in the directory.
    App(AppKey),
    /// The number of the next app, in the directory.
    NextApp,
    /// A declared event type of an app.
    EventType(EventName),
    /// A deletion that is under way: of a user in its app, of an app in the directory.
    Deletion(u64),
}

impl EntryKey {
    /// The kind of the entry.
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
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Entry {
    /// An app.
    App(Box<AppRecord>),
    /// The number of the next app.
    NextApp(AppId),
    /// A declared event type.
    EventType(EventType),
    /// A deletion that is under way.
    Deletion(Deletion),
}

impl Entry {
    /// The entry's key.
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

/// A deletion that is under way, kept so that it resumes after a crash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deletion {
    /// Its number; no other deletion under way in the same space has it.
    pub number: u64,
    /// What is being deleted.
    pub of: Deleted,
}

/// What is being deleted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Deleted {
    /// A user, its devices, and their events up to a number.
    User {
        /// The user.
        user: UserId,
        /// The last event that existed when the deletion began.
        through: EventSeq,
    },
    /// An app with everything in it.
    App {
        /// Its key, which may name a new app by now.
        key: AppKey,
        /// Its number.
        id: AppId,
    },
}
