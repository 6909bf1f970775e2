//! What goes into the write set in the order it was planned: events and the deletions of users.

use super::{Begun, Draft, Handle, Happening, Mode};
use crate::error::Error;
use crate::model::{EventName, EventOrder, EventType, OnUserChange, PlatformSet, Timestamp, UserId};
use crate::registry::plan_error::PlanError;
use crate::store::{
    Deleted, Deletion, Entry, EntryKey, EntryKind, EventRecord, Key, LogIndex, LogRange, Relation, View,
};
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

    /// Condemns all devices and events of a user; nothing when the user has neither.
    ///
    /// A draft of several operations looks at each device, so that those that follow find it gone.
    pub(crate) fn condemn(&mut self, user: &UserId) -> Result<Option<Begun>, PlanError> {
        let key = Key::new(Relation::User, user.as_str());
        let under_way = self.deletions()?;
        let earlier = under_way.iter().find(|deletion| is_of(deletion, user)).map(|deletion| deletion.number);
        if let Some(deletion) = earlier.filter(|_| self.mode != Mode::Dry) {
            return Err(PlanError::PendingDeletion { deletion });
        }
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
        let in_register = self.picture.cardinality(key, PlatformSet::ALL)?;
        let left = match self.mode {
            Mode::Single => 0,
            // All of them are in the draft, which knows who has left the user.
            Mode::Batch | Mode::Dry => in_register.saturating_sub(theirs.len() as u64),
        };
        if in_register == left && !self.has_events(user)? {
            return Ok(None);
        }
        for n in theirs {
            if let Some(working) = self.working.get_mut(n) {
                working.exists = false;
                working.condemned = true;
            }
        }
        Ok(Some(self.begin(user, &under_way, left, None)))
    }

    /// Takes all devices from a user, however many: they wait, unseen, until each of them is its anonymous user's.
    /// `left` of them are that already.
    pub(crate) fn sign_out_all(&mut self, user: &UserId, left: u64) -> Result<Begun, Error> {
        let clears = self.app.policies.on_user_change;
        let under_way = self.deletions()?;
        Ok(self.begin(user, &under_way, left, Some(clears)))
    }

    fn begin(
        &mut self,
        user: &UserId,
        under_way: &[Deletion],
        left: u64,
        signs_out: Option<OnUserChange>,
    ) -> Begun {
        let nth = self.history.iter().filter(|h| matches!(h, Happening::Condemned { .. })).count();
        let newest = under_way.iter().map(|deletion| deletion.number).max().unwrap_or(0);
        let number = newest + 1 + nth as u64;
        self.history.push(Happening::Condemned { user: user.clone(), deletion: number, signs_out });
        Begun { number, nth, left }
    }

    /// The deletions under way in this app.
    fn deletions(&self) -> Result<Vec<Deletion>, Error> {
        let entries = self.picture.raw().entries(EntryKind::Deletion, None, usize::MAX);
        let entries = entries.map_err(Error::store("read the deletions under way"))?;
        let deletion = |(entry, _)| match entry {
            Entry::Deletion(deletion) => Some(deletion),
            _ => None,
        };
        Ok(entries.into_iter().filter_map(deletion).collect())
    }

    /// Is there an event that was posted with the user, in the register or in the draft, and that the draft has not
    /// condemned?
    fn has_events(&self, user: &UserId) -> Result<bool, Error> {
        for happening in self.history.iter().rev() {
            match happening {
                Happening::Posted(event) if event.user.as_ref() == Some(user) => return Ok(true),
                Happening::Condemned { user: condemned, .. } if condemned == user => return Ok(false),
                Happening::Posted(_) | Happening::Condemned { .. } => {}
            }
        }
        let range = LogRange {
            index: LogIndex::User(user),
            from: Timestamp::MIN,
            until: Timestamp::MAX,
            order: EventOrder::OldestFirst,
            after: None,
            limit: 1,
        };
        let events = self.picture.raw().events(&range).map_err(Error::store("read the events of a user"))?;
        Ok(!events.is_empty())
    }
}

fn is_of(deletion: &Deletion, user: &UserId) -> bool {
    matches!(&deletion.of, Deleted::User { user: deleted, .. } if deleted == user)
}
