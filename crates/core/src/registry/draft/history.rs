//! What goes into the write set in the order it was planned: events and the deletions of users.

use super::{Draft, Handle, Happening, Mode};
use crate::error::Error;
use crate::model::{EventName, EventType, PlatformSet, UserId};
use crate::store::{EntryKey, EntryKind, EventRecord, Key, Relation, View};
use crate::violation::{Rule, Violation, shown};

impl<V: View> Draft<'_, V> {
    /// Notes an event.
    pub(crate) fn post(&mut self, event: EventRecord) -> usize {
        let before = self.history.iter().filter(|h| matches!(h, Happening::Posted(_))).count();
        self.history.push(Happening::Posted(Box::new(event)));
        before
    }

    /// Is the event declared, in the register or in the draft?
    pub(crate) fn is_declared(&self, name: &EventName) -> Result<bool, Error> {
        if self.declared.iter().any(|declared| declared.name == *name) {
            return Ok(true);
        }
        let key = EntryKey::EventType(name.clone());
        Ok(self.picture.raw().entry(&key).map_err(Error::store("read an event type"))?.is_some())
    }

    /// Declares an event.
    pub(crate) fn declare(&mut self, name: &EventName) {
        self.declared.push(EventType { name: name.clone(), declared_at: self.now });
    }

    /// Condemns all devices of a user; the number of the deletion, or nothing when the user has no device.
    ///
    /// A draft of several operations looks at each of them, so that those that follow find it gone.
    pub(crate) fn condemn(&mut self, user: &UserId) -> Result<Option<u64>, Error> {
        let key = Key::new(Relation::User, user.as_str());
        if self.mode != Mode::Single {
            self.look_at_all(key)?;
        }
        let mut theirs = Vec::new();
        for n in 0..self.working.len() {
            let exists = self.working.get(n).is_some_and(|w| w.exists);
            if exists && self.user(Handle(n))? == *user {
                if !self.had_in_register(Handle(n), key)? {
                    // The register would condemn the wrong devices: it does not know this one as the user's.
                    let limit =
                        "must come before the operations that give devices to the user, in another batch";
                    let actual = shown(user.as_str());
                    return Err(Violation::new("delete_user", Rule::Form, limit, actual).into());
                }
                theirs.push(n);
            }
        }
        let devices = match self.mode {
            Mode::Single => self.picture.cardinality(key, PlatformSet::ALL)?,
            // All of them are in the draft, which knows who has left the user.
            Mode::Batch | Mode::Dry => theirs.len() as u64,
        };
        if devices == 0 {
            return Ok(None);
        }
        for n in theirs {
            if let Some(working) = self.working.get_mut(n) {
                working.exists = false;
                working.condemned = true;
            }
        }
        let deletion = self.next_deletion()?;
        self.history.push(Happening::Condemned { user: user.clone(), deletion });
        Ok(Some(deletion))
    }

    /// A number that no deletion under way in this app has.
    fn next_deletion(&self) -> Result<u64, Error> {
        let kind = EntryKind::Deletion;
        let under_way = self.picture.raw().entries(kind, None, usize::MAX);
        let under_way = under_way.map_err(Error::store("read the deletions under way"))?;
        let newest = under_way.iter().filter_map(|(entry, _)| match entry.key() {
            EntryKey::Deletion(number) => Some(number),
            _ => None,
        });
        let here = self.history.iter().filter(|h| matches!(h, Happening::Condemned { .. })).count() as u64;
        Ok(newest.max().unwrap_or(0) + 1 + here)
    }
}
