//! Clearing away users and apps, in bounded steps that any process can take up again. Signing out a user of very many
//! devices goes the same way, but there the devices come back.
//!
//! A deletion begins with one commit that makes everything invisible: a user's devices are condemned, an app is
//! sealed. What is left is housekeeping, recorded in a catalogue entry until it is done. Each step removes what it
//! finds and no more than [`STEP`] things, so a crash between two steps loses nothing and two processes at the same
//! deletion only share the work.
//!
//! A step may be committed long after it was planned, when another worker has ended the deletion and its number is
//! that of another one. So each operation of a step names what it removes in a way that is never given again: a
//! device by its place, events up to a sequence number, and the entry of the deletion, which has nothing of the kind,
//! by the version that the plan saw ([`Check::Entry`]). A number that is never given again would do as well for the
//! entry, but would need a counter that registers written by earlier releases do not have.

use super::commit::Patience;
use super::sign_out;
use super::{Inner, Registry, Scope};
use crate::error::{Error, ErrorKind};
use crate::model::{AppId, DeletedUser, DeviceId, EventOrder, EventSeq, Platform, Timestamp, Version};
use crate::store::{
    Check, Deleted, Deletion, Entry, EntryKey, EntryKind, EventOwner, Key, LogIndex, LogRange, Operation,
    Place, Relation, Slot, Store, StoreError, View, WriteSet,
};

/// The most devices, or events, or entries that one step removes. Half of the weight that every store takes, because
/// a device may bring its events' erasure with it.
const STEP: usize = 1_024;

impl<S: Store> Registry<S> {
    /// Goes on with every deletion that was interrupted, of apps and of users; how many devices were removed.
    ///
    /// Call it once after opening a durable store. Nothing that is being deleted is visible in the meantime.
    ///
    /// ```
    /// use rollbook_testkit::example::registry;
    ///
    /// assert_eq!(registry().resume_deletions()?, 0); // none was interrupted
    /// # Ok::<(), rollbook::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Store`].
    pub fn resume_deletions(&self) -> Result<u64, Error> {
        let mut removed = 0;
        let view = self.inner.store.view(AppId::DIRECTORY).map_err(Error::store("take a view"))?;
        let deletions = view.entries(EntryKind::Deletion, None, usize::MAX);
        let deletions = deletions.map_err(Error::store("list the deletions under way"))?;
        drop(view);
        for (entry, _) in deletions {
            if let Entry::Deletion(Deletion { of: Deleted::App { id, .. }, .. }) = entry {
                self.inner.clear_app(id)?;
            }
        }
        let mut after = None;
        loop {
            let page = self.apps(after.as_ref(), STEP)?;
            for info in &page.items {
                match self.app(&info.key) {
                    Ok(app) => removed += app.resume_deletions()?,
                    // Deleted since it was listed.
                    Err(Error::NotFound { .. }) => {}
                    Err(error) => return Err(error),
                }
            }
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(removed),
            }
        }
    }
}

impl<S: Store> Scope<S> {
    /// Goes on with the deletions of users in this app; how many devices were removed.
    pub(crate) fn resume_deletions(&self) -> Result<u64, Error> {
        let mut removed = 0;
        for number in self.inner.user_deletions(self.app.id)? {
            removed += self.clear_user(number)?.devices;
        }
        Ok(removed)
    }

    /// Removes the devices and events of a user whose deletion began just now with `devices` condemned ones.
    ///
    /// The deletion is visible already, so whatever fails here is an outcome that the caller has to look at.
    pub(crate) fn finish_user(&self, number: u64, devices: u64) -> Result<DeletedUser, Error> {
        let removed = self.clear_user(number).map_err(begun)?;
        // Other workers may have removed some of the devices: how many they were is what the commit counted.
        Ok(DeletedUser { devices, events: removed.events })
    }

    /// Removes a deleted user's devices and events, to the end; what this call removed of them.
    pub(super) fn clear_user(&self, number: u64) -> Result<DeletedUser, Error> {
        let mut removed = DeletedUser::default();
        let mut patience = Patience::default();
        while let Some(step) = self.inner.user_step(self.app.id, number)? {
            let DeletedUser { devices, events } = self.inner.take(self.app.id, step, &mut patience)?;
            removed.devices += devices;
            removed.events += events;
        }
        Ok(removed)
    }

    /// Removes one device that waits for its removal, because its id is needed again.
    pub(super) fn finish_device(&self, id: &DeviceId) -> Result<(), Error> {
        let mut patience = Patience::default();
        while let Some(step) = self.inner.device_step(self.app.id, id)? {
            self.inner.take(self.app.id, step, &mut patience)?;
        }
        Ok(())
    }
}

/// What went wrong after a deletion became visible: no error that promises that nothing was applied.
pub(super) fn begun(error: Error) -> Error {
    if error.kind() == ErrorKind::OutcomeUnknown {
        return error;
    }
    Error::store("finish a deletion")(StoreError::OutcomeUnknown {
        what: "it has begun, and goes on when deletions are resumed",
        cause: Some(Box::new(error)),
    })
}

/// One bounded step.
struct Step {
    writes: WriteSet,
    devices: u64,
}

impl Step {
    fn of(operations: Vec<Operation>) -> Self {
        let devices = operations.iter().filter(|op| matches!(op, Operation::Remove { .. })).count() as u64;
        Step { writes: WriteSet { operations: operations.into(), ..WriteSet::default() }, devices }
    }

    /// Devices come back.
    fn signing_out(writes: WriteSet) -> Self {
        Step { writes, devices: 0 }
    }

    /// The last step: the entry goes, if it is still the one that was seen.
    fn end(number: u64, version: Version) -> Self {
        let key = EntryKey::Deletion(number);
        let mut step = Step::of(vec![Operation::RemoveEntry { key: key.clone() }]);
        step.writes.checks.push(Check::Entry { key, version: Some(version) });
        step
    }
}

impl<S: Store> Inner<S> {
    /// Takes a step; what it removed. Nothing when somebody else took part of the step: the next one is planned on what
    /// is left.
    fn take(&self, app: AppId, step: Step, patience: &mut Patience) -> Result<DeletedUser, Error> {
        let taken = self.take_step("take a step of a deletion", app, &step.writes, patience)?;
        let removed = |events| DeletedUser { devices: step.devices, events };
        Ok(taken.map_or_else(DeletedUser::default, |committed| removed(committed.erased_events)))
    }

    fn user_deletions(&self, app: AppId) -> Result<Vec<u64>, Error> {
        let view = self.store.view(app).map_err(Error::store("take a view"))?;
        let entries = view.entries(EntryKind::Deletion, None, usize::MAX);
        let entries = entries.map_err(Error::store("list the deletions under way"))?;
        let number = |(entry, _)| match entry {
            Entry::Deletion(Deletion { number, of: Deleted::User { .. } | Deleted::SignOut { .. } }) => {
                Some(number)
            }
            _ => None,
        };
        Ok(entries.into_iter().filter_map(number).collect())
    }

    /// The next step of a user's deletion; nothing when it is over.
    fn user_step(&self, app: AppId, number: u64) -> Result<Option<Step>, Error> {
        let view = self.store.view(app).map_err(Error::store("take a view"))?;
        plan_user_step(&view, number).map_err(Error::store("read what a deletion has left"))
    }

    /// The next step of removing one condemned device; nothing when it is gone.
    fn device_step(&self, app: AppId, id: &DeviceId) -> Result<Option<Step>, Error> {
        let view = self.store.view(app).map_err(Error::store("take a view"))?;
        plan_device_step(&view, id).map_err(Error::store("read what a deletion has left"))
    }

    /// Removes all data of an app that is no longer in the directory, to the end.
    pub(super) fn clear_app(&self, id: AppId) -> Result<(), Error> {
        let mut patience = Patience::default();
        loop {
            let view = self.store.view(id).map_err(Error::store("take a view"))?;
            let step = plan_app_step(&view).map_err(Error::store("read what a deletion has left"))?;
            drop(view);
            match step {
                Some(step) => self.take(id, step, &mut patience)?,
                None => break,
            };
        }
        let number = u64::from(id.0);
        loop {
            // Not `while let`: the view, and with it perhaps a lock, would be held during the commit.
            let entry = self.directory()?.entry(&EntryKey::Deletion(number))?;
            let Some((_, version)) = entry else { return Ok(()) };
            self.take(AppId::DIRECTORY, Step::end(number, version), &mut patience)?;
        }
    }
}

fn plan_user_step(view: &impl View, number: u64) -> Result<Option<Step>, StoreError> {
    let (user, through, version) = match view.entry(&EntryKey::Deletion(number))? {
        Some((Entry::Deletion(Deletion { of: Deleted::User { user, through }, .. }), version)) => {
            (user, through, version)
        }
        Some((Entry::Deletion(Deletion { of: Deleted::SignOut { clears, .. }, .. }), version)) => {
            let step = sign_out::plan(view, number, clears)?;
            return Ok(Some(step.map_or_else(|| Step::end(number, version), Step::signing_out)));
        }
        _ => return Ok(None),
    };
    let mut operations = Vec::new();
    let mut budget = STEP;
    let name = number.to_string();
    for platform in Platform::ALL {
        for ordinal in view.posting(Key::new(Relation::Deletion, &name), platform)?.chunk(0, budget) {
            let Some(stored) = view.device(Slot { platform, ordinal })? else { continue };
            budget = remove_device(view, stored.place, &stored.record.id, through, budget, &mut operations)?;
            if budget == 0 {
                return Ok(Some(Step::of(operations)));
            }
        }
    }
    if !operations.is_empty() {
        return Ok(Some(Step::of(operations)));
    }
    let left = events_through(view, LogIndex::User(&user), through, STEP)?;
    Ok(Some(if left > 0 {
        let owner = EventOwner::User(user);
        Step::of(vec![Operation::EraseEvents { owner, through, most: STEP as u32 }])
    } else {
        Step::end(number, version)
    }))
}

fn plan_device_step(view: &impl View, id: &DeviceId) -> Result<Option<Step>, StoreError> {
    let Some(place) = view.find(id)? else { return Ok(None) };
    let mut deletion = None;
    view.keys_of(place.slot, Relation::Deletion, &mut |name| deletion = name.parse().ok())?;
    let Some(number) = deletion else { return Ok(None) };
    let through = match view.entry(&EntryKey::Deletion(number))? {
        Some((Entry::Deletion(Deletion { of: Deleted::User { through, .. }, .. }), _)) => through,
        Some((Entry::Deletion(Deletion { of: Deleted::SignOut { clears, .. }, .. }), _)) => {
            return Ok(sign_out::plan_one(view, number, place, clears)?.map(Step::signing_out));
        }
        _ => return Err(StoreError::corrupt("a device waits for a deletion that is not under way")),
    };
    let mut operations = Vec::new();
    remove_device(view, place, id, through, STEP, &mut operations)?;
    Ok(Some(Step::of(operations)))
}

/// Removes a device whose events fit in the budget, or else only so many of its events; the budget left.
fn remove_device(
    view: &impl View,
    place: Place,
    id: &DeviceId,
    through: EventSeq,
    budget: usize,
    operations: &mut Vec<Operation>,
) -> Result<usize, StoreError> {
    let events = events_through(view, LogIndex::Device(id), through, budget)?;
    if events > 0 {
        let owner = EventOwner::Device(id.clone());
        operations.push(Operation::EraseEvents { owner, through, most: budget.min(events) as u32 });
    }
    if events < budget {
        operations.push(Operation::Remove { device: place });
    }
    Ok(budget.saturating_sub(events.max(1)))
}

/// How many events of the index have a number up to `through`; counts to `most` and no further.
fn events_through(
    view: &impl View,
    index: LogIndex<'_>,
    through: EventSeq,
    most: usize,
) -> Result<usize, StoreError> {
    let mut count = 0;
    let mut after = None;
    while count < most {
        let range = LogRange {
            index,
            from: Timestamp::MIN,
            until: Timestamp::MAX,
            order: EventOrder::OldestFirst,
            after,
            limit: most,
        };
        let page = view.events(&range)?;
        count += page.iter().filter(|event| event.seq <= through).count();
        match page.last() {
            Some(last) if page.len() == most => after = Some(last.position()),
            _ => break,
        }
    }
    Ok(count.min(most))
}

/// The next step of clearing an app: first it is sealed, so that nothing is written to what is cleared.
fn plan_app_step(view: &impl View) -> Result<Option<Step>, StoreError> {
    if !view.is_sealed() {
        return Ok(Some(Step::of(vec![Operation::Seal])));
    }
    let mut operations = Vec::new();
    for platform in Platform::ALL {
        for ordinal in view.devices(platform)?.chunk(0, STEP - operations.len()) {
            if let Some(stored) = view.device(Slot { platform, ordinal })? {
                operations.push(Operation::Remove { device: stored.place });
            }
        }
        if operations.len() >= STEP {
            return Ok(Some(Step::of(operations)));
        }
    }
    // These entries go without a look at their versions: nothing is written again to an app that is sealed.
    for kind in [EntryKind::EventType, EntryKind::Deletion] {
        let entries = view.entries(kind, None, STEP - operations.len())?;
        operations.extend(entries.into_iter().map(|(entry, _)| Operation::RemoveEntry { key: entry.key() }));
        if operations.len() >= STEP {
            return Ok(Some(Step::of(operations)));
        }
    }
    let range = LogRange {
        index: LogIndex::All,
        from: Timestamp::MIN,
        until: Timestamp::MAX,
        order: EventOrder::OldestFirst,
        after: None,
        limit: 1,
    };
    if !view.events(&range)?.is_empty() {
        operations.push(Operation::TrimLog { before: Timestamp::MAX, most: STEP as u32 });
    }
    Ok(if operations.is_empty() { None } else { Some(Step::of(operations)) })
}
