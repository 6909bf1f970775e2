//! Broken in what commits and heartbeats do.

use crate::altered::{Alter, Answer};
use parking_lot::Mutex;
use rollbook::store::{
    Check, Committed, Conflicted, Deleted, Deletion, Entry, EntryKey, Key, Operation, Place, Relation, Store,
    StoreError, StoreInfo, View, WriteSet,
};
use rollbook::{AppId, EventSeq, PlatformSet, Timestamp};
use rollbook_testkit::ordered::{OrderedStore, OrderedView};

/// The set without its checks.
fn unchecked(writes: &WriteSet) -> WriteSet {
    WriteSet { operations: writes.operations.clone(), ..WriteSet::default() }
}

/// Forgets the last of several operations.
pub struct DropsTheLastOperation;

impl Alter for DropsTheLastOperation {
    fn commit(&self, store: &OrderedStore, app: AppId, writes: &WriteSet) -> Answer<Committed> {
        let mut writes = writes.clone();
        if writes.operations.len() > 1 {
            writes.operations.pop();
        }
        store.commit(app, &writes)
    }
}

/// Takes some checks as held.
pub struct IgnoresChecks(pub fn(&Check) -> bool);

impl Alter for IgnoresChecks {
    fn commit(&self, store: &OrderedStore, app: AppId, writes: &WriteSet) -> Answer<Committed> {
        let mut writes = writes.clone();
        writes.checks.retain(|check| !self.0(check));
        store.commit(app, &writes)
    }
}

/// Leaves what it has done when an operation conflicts.
pub struct AppliesHalf;

impl Alter for AppliesHalf {
    fn commit(&self, store: &OrderedStore, app: AppId, writes: &WriteSet) -> Answer<Committed> {
        let whole = store.commit(app, writes);
        if whole.is_err()
            && store.commit(app, &WriteSet { checks: writes.checks.clone(), ..WriteSet::default() }).is_ok()
        {
            let mut half = unchecked(writes);
            half.operations.truncate(writes.operations.len() / 2);
            let _ = store.commit(app, &half);
        }
        whole
    }
}

/// Applies first and verifies then.
pub struct AppliesWhatItRefused;

impl Alter for AppliesWhatItRefused {
    fn commit(&self, store: &OrderedStore, app: AppId, writes: &WriteSet) -> Answer<Committed> {
        let answer = store.commit(app, writes);
        if matches!(answer, Err(StoreError::Conflict { .. })) {
            let _ = store.commit(app, &unchecked(writes));
        }
        answer
    }
}

/// Lets readers in between the operations of a commit.
#[derive(Default)]
pub struct ShowsUncommitted(Mutex<()>);

impl Alter for ShowsUncommitted {
    fn commit(&self, store: &OrderedStore, app: AppId, writes: &WriteSet) -> Answer<Committed> {
        let _one_writer = self.0.lock();
        // Sets that name their own inserts cannot be taken apart.
        let new = writes.operations.iter().any(|operation| matches!(operation, Operation::Insert { .. }));
        if new && !writes.operations.iter().any(|operation| matches!(operation, Operation::Append { .. })) {
            return store.commit(app, writes);
        }
        store.commit(app, &WriteSet { checks: writes.checks.clone(), ..WriteSet::default() })?;
        let mut all = Committed::default();
        for operation in &writes.operations {
            let one =
                WriteSet { operations: [operation.clone()].into_iter().collect(), ..WriteSet::default() };
            let done = store.commit(app, &one)?;
            std::thread::yield_now();
            all.version = done.version;
            all.inserted.extend(done.inserted);
            all.appended.extend(done.appended);
            all.erased_events += done.erased_events;
        }
        Ok(all)
    }
}

/// Judges the checks, lets another commit come first, and then applies.
pub struct VerifiesBeforeItLocks;

impl Alter for VerifiesBeforeItLocks {
    fn commit(&self, store: &OrderedStore, app: AppId, writes: &WriteSet) -> Answer<Committed> {
        if writes.checks.is_empty() {
            return store.commit(app, writes);
        }
        judge(&store.view(app)?, writes)?;
        // The moment in which another commit does the same.
        std::thread::park_timeout(std::time::Duration::from_millis(2));
        store.commit(app, &unchecked(writes))
    }
}

/// The checks that matter here, on a view.
fn judge(view: &OrderedView, writes: &WriteSet) -> Answer<()> {
    for check in &writes.checks {
        match check {
            Check::KeyAtMost { key, most } if view.cardinality(key.as_key(), PlatformSet::ALL)? > *most => {
                return Err(StoreError::conflict(Conflicted::KeyFull));
            }
            Check::Room { tag, devices, most } => {
                let tag = Key::new(Relation::Tag, tag);
                for place in devices {
                    let tags = view.key_count(place.slot, Relation::Tag)?;
                    if tags >= *most as usize && !view.linked(place.slot, tag)? {
                        return Err(StoreError::conflict(Conflicted::DeviceFull));
                    }
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// Keeps only the last byte of the number of an app, and takes the second app for the first.
pub struct MixesApps;

impl Alter for MixesApps {
    fn app(&self, app: AppId) -> AppId {
        if app == AppId(2) { AppId(1) } else { AppId(app.0 % 256) }
    }
}

/// Takes a deletion on some platforms for one on all.
pub struct DropsEverywhere;

impl Alter for DropsEverywhere {
    fn commit(&self, store: &OrderedStore, app: AppId, writes: &WriteSet) -> Answer<Committed> {
        let mut writes = writes.clone();
        for operation in &mut writes.operations {
            if let Operation::Drop { platforms, .. } = operation {
                *platforms = PlatformSet::ALL;
            }
        }
        store.commit(app, &writes)
    }
}

/// A commit without operations makes no version.
pub struct SkipsEmptyCommits;

impl Alter for SkipsEmptyCommits {
    fn commit(&self, store: &OrderedStore, app: AppId, writes: &WriteSet) -> Answer<Committed> {
        if writes.operations.is_empty() && writes.checks.is_empty() {
            return Ok(Committed { version: store.view(app)?.version(), ..Committed::default() });
        }
        store.commit(app, writes)
    }
}

/// Gives a device the version also when a link finds it linked: writes its record as it is.
pub struct CountsVainLinks;

impl Alter for CountsVainLinks {
    fn commit(&self, store: &OrderedStore, app: AppId, writes: &WriteSet) -> Answer<Committed> {
        let view = store.view(app)?;
        let mut writes = writes.clone();
        if let [Operation::Link { key, devices }] = &writes.operations[..]
            && let [device] = devices[..]
            && view.linked(device.slot, key.as_key())?
            && let Some(stored) = view.device(device.slot)?.filter(|stored| stored.place == device)
        {
            writes.operations.push(Operation::Put { device, record: Box::new(stored.record) });
        }
        store.commit(app, &writes)
    }
}

/// Takes an older heartbeat for news.
pub struct TakesOlderHeartbeats;

impl Alter for TakesOlderHeartbeats {
    fn touch(&self, store: &OrderedStore, app: AppId, seen: &[(Place, Timestamp)]) -> Answer<()> {
        for &(place, at) in seen {
            let newer = store.view(app)?.last_seen(place.slot)?.is_some_and(|last| last > at);
            // The right store refuses an older time, so this one moves the time on.
            let at = if newer { Timestamp::MAX } else { at };
            store.touch(app, &[(place, at)])?;
        }
        Ok(())
    }
}

/// Leaves out the users that lost their last device.
pub struct TellsNobodyVanished;

impl Alter for TellsNobodyVanished {
    fn commit(&self, store: &OrderedStore, app: AppId, writes: &WriteSet) -> Answer<Committed> {
        let committed = store.commit(app, writes)?;
        Ok(Committed { vanished_users: Default::default(), ..committed })
    }
}

/// Declares a limit and does not keep it.
pub struct TakesAnyWeight;

impl Alter for TakesAnyWeight {
    fn info(&self, right: StoreInfo) -> StoreInfo {
        StoreInfo { max_weight: 4_096, ..right }
    }
}

/// Asks for room for a tag also where the device has it already.
pub struct HasNoRoomForWhatIsThere;

impl Alter for HasNoRoomForWhatIsThere {
    fn commit(&self, store: &OrderedStore, app: AppId, writes: &WriteSet) -> Answer<Committed> {
        let mut writes = writes.clone();
        for check in &mut writes.checks {
            if let Check::Room { tag, .. } = check {
                *tag = "a tag that nobody has".into();
            }
        }
        store.commit(app, &writes)
    }
}

/// The set with another last event in the records of what it condemns.
fn condemned_through(writes: &WriteSet, through: EventSeq) -> WriteSet {
    let mut altered = unchecked(writes);
    altered.checks.clone_from(&writes.checks);
    for operation in &writes.operations {
        if let Operation::Condemn { user, deletion } = operation {
            let of = Deleted::User { user: user.clone(), through };
            let entry = Entry::Deletion(Deletion { number: *deletion, of });
            altered.operations.push(Operation::PutEntry { entry });
        }
    }
    altered
}

/// Looks for the newest event before it applies the set.
pub struct CondemnsTooLittle;

impl Alter for CondemnsTooLittle {
    fn commit(&self, store: &OrderedStore, app: AppId, writes: &WriteSet) -> Answer<Committed> {
        let end = store.view(app)?.log_end()?;
        store.commit(app, &condemned_through(writes, end))
    }
}

/// Takes all events of a user, whenever they are posted.
pub struct CondemnsTooMuch;

impl Alter for CondemnsTooMuch {
    fn commit(&self, store: &OrderedStore, app: AppId, writes: &WriteSet) -> Answer<Committed> {
        store.commit(app, &condemned_through(writes, EventSeq(u64::MAX)))
    }
}

/// Condemns under a number that is taken.
pub struct GivesDeletionsAgain;

impl Alter for GivesDeletionsAgain {
    fn commit(&self, store: &OrderedStore, app: AppId, writes: &WriteSet) -> Answer<Committed> {
        let mut altered = unchecked(writes);
        altered.checks.clone_from(&writes.checks);
        altered.operations.clear();
        for operation in &writes.operations {
            if let Operation::Condemn { deletion, .. } = operation {
                altered.operations.push(Operation::RemoveEntry { key: EntryKey::Deletion(*deletion) });
            }
            altered.operations.push(operation.clone());
        }
        store.commit(app, &altered)
    }
}
