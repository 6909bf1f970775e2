//! Clearing away users and apps, in bounded steps that any process can take up again. Signing out a user of very many
//! devices goes the same way, but there the devices come back.
//!
//! A deletion begins with one commit that makes everything invisible: a user's devices become pending, an app is
//! sealed. What is left is housekeeping, recorded in a catalogue entry until it is done. Each step removes what it
//! finds and no more than [`STEP`] things, so a crash between two steps loses nothing and two processes at the same
//! deletion only share the work.
//!
//! A step may be committed long after it was planned, when another worker has ended the deletion and its number is
//! that of another one. So each operation of a step names what it removes in a way that is never given again: a
//! device by its place, events up to a sequence number, and the entry of the deletion, which has nothing of the kind,
//! by the version that the plan saw ([`Check::Entry`]). A number that is never given again would do as well for the
//! entry, but would need a counter that registers written by earlier releases do not have.

use super::commit::Planned;
use super::directory::misplaced;
use super::sign_out;
use super::{Inner, Scope};
use crate::error::{Error, ErrorKind};
use crate::model::{AppId, DeletedUser, DeviceId, EventOrder, EventSeq, Platform, Timestamp, Version};
use crate::store::{
    Check, Deleted, Deletion, Entry, EntryKey, EntryKind, EventOwner, Key, LogIndex, LogRange, Operation,
    Place, Relation, Slot, Store, StoreError, View, WriteSet,
};

/// The most devices, or events, or entries that one step removes. Half of the weight that every store takes, because
/// a device may bring its events' erasure with it.
const STEP: usize = 1_024;

impl<S: Store> Scope<S> {
    /// Finishes the pending deletions of users in this app. Returns the number of devices removed.
    pub(crate) fn resume_deletions(&self) -> Result<u64, Error> {
        // A deleted app has no deletions of its own any more: this fails with `NotFound`.
        drop(self.live_view()?);
        let mut removed = 0;
        for number in self.inner.user_deletions(self.app.id)? {
            removed += self.clear_user(number)?.devices;
        }
        Ok(removed)
    }

    /// Removes the devices and events of a user whose deletion a commit just began, and found `devices` of them.
    ///
    /// The deletion is visible already, so no failure here may claim that nothing was applied.
    pub(crate) fn finish_user(&self, number: u64, devices: u64) -> Result<DeletedUser, Error> {
        let removed = self.clear_user(number).map_err(begun)?;
        // Other workers may have removed some of the devices: their number is the one that the commit counted.
        Ok(DeletedUser { devices, events: removed.events })
    }

    /// Removes all devices and events of a deleted user. Returns what this call removed of them.
    pub(super) fn clear_user(&self, number: u64) -> Result<DeletedUser, Error> {
        self.inner.take_steps(self.app.id, |view| plan_user_step(view, number))
    }

    /// Removes one device that is pending deletion, because its id is needed again.
    pub(super) fn finish_device(&self, id: &DeviceId) -> Result<(), Error> {
        self.inner.take_steps(self.app.id, |view| plan_device_step(view, id)).map(drop)
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
    /// Commits what `next` plans until it plans nothing. Returns what was removed.
    ///
    /// Each step is planned on what the one before it has left. Where another worker was first the step is planned again,
    /// and then may find nothing left.
    fn take_steps(
        &self,
        app: AppId,
        next: impl Fn(&S::View<'_>) -> Result<Option<Step>, StoreError>,
    ) -> Result<DeletedUser, Error> {
        let mut removed = DeletedUser::default();
        loop {
            let (devices, committed) = self.commit_loop("take a step of a deletion", app, || {
                let view = self.store.view(app).map_err(Error::store("take a view"))?;
                let step = next(&view).map_err(Error::store("read what a deletion has left"))?;
                Ok(match step {
                    Some(Step { writes, devices }) => Planned::Commit(Some(devices), writes),
                    None => Planned::Commit(None, WriteSet::default()),
                })
            })?;
            let Some(devices) = devices else { return Ok(removed) };
            removed.devices += devices;
            removed.events += committed.erased_events;
        }
    }

    fn user_deletions(&self, app: AppId) -> Result<Vec<u64>, Error> {
        let view = self.store.view(app).map_err(Error::store("take a view"))?;
        let entries = view.entries(EntryKind::Deletion, None, usize::MAX);
        let entries = entries.map_err(Error::store("list the deletions under way"))?;
        let number = |(entry, _)| match entry {
            Entry::Deletion(Deletion { number, of: Deleted::User { .. } | Deleted::SignOut { .. } }) => {
                Ok(number)
            }
            _ => Err(misplaced()),
        };
        entries.into_iter().map(number).collect()
    }

    /// Removes all data of an app that is no longer in the directory, then the entry of its deletion.
    pub(super) fn clear_app(&self, id: AppId) -> Result<(), Error> {
        self.take_steps(id, |view| plan_app_step(view))?;
        let number = u64::from(id.0);
        let end = |view: &S::View<'_>| {
            let entry = view.entry(&EntryKey::Deletion(number))?;
            Ok(entry.map(|(_, version)| Step::end(number, version)))
        };
        self.take_steps(AppId::DIRECTORY, end).map(drop)
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
    view.keys_of(place.slot, Relation::Deletion, &mut |name| deletion = Some(name.parse()))?;
    let Some(number) = deletion else { return Ok(None) };
    let number = number.map_err(|_| StoreError::corrupt("the key of a pending deletion is no number"))?;
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
