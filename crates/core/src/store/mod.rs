//! The contract between the register and whatever keeps it: read this to write a store.
//!
//! A store keeps, for each app, three things: **records** (devices by id and by slot, catalogue entries by key),
//! **relations** (tag, alias, user: a named key on one side, devices on the other), and a **log** of events. It
//! answers reads from a [`View`], and it changes only by [`Store::commit`] of a [`WriteSet`]. The rules of the domain
//! (limits, what an operation means) are the registry's; a store never sees them.
//!
//! # What is where
//!
//! - [`Store`], [`View`]: the two traits. Neither has default bodies, so a wrapper that forgets to forward does not
//!   compile. [`DynStore`] and [`BoxedStore`] are the object-safe form.
//! - [`WriteSet`], [`Check`], [`Operation`], [`Committed`]: a commit as data.
//! - [`Slot`], [`Place`], [`Key`], [`Posting`]: how devices and keys are named.
//! - [`DeviceRecord`], [`EventRecord`], [`Entry`]: what is kept.
//! - [`StoreError`]: the error classes.
//!
//! # Plan, then commit
//!
//! The registry reads a view, decides, and *returns* a write set; the store verifies the checks and applies the
//! operations as one atomic step. There is no reading of one's own writes, no savepoint, no nesting. When a check
//! does not hold, the store answers [`StoreError::Conflict`], has applied nothing, and the registry plans anew.
//!
//! # Isolation
//!
//! | anomaly | can it happen? |
//! |---|---|
//! | dirty read: a view shows part of a commit, or one that failed | never |
//! | read skew: two answers of one view belong to different versions | never |
//! | phantom: a key or device appears or disappears inside one view | never |
//! | dirty write: two commits interleave | never |
//! | lost update: a commit overwrites what it did not see | never, where [`Check::Unchanged`] or [`Check::Entry`] names it |
//! | write skew: two commits, each right alone, are wrong together | never on what a check names; possible on what none names |
//! | stale read: a view older than a commit that returned before the view was taken | never |
//! | torn heartbeat: a view shows some heartbeats of a [`Store::touch`] and not others | possible: presence is not part of a version |
//!
//! # Visible and durable
//!
//! [`Store::commit`] returns when the commit is *visible*: every view taken afterwards shows it. Whether it is then
//! also *durable* is what [`StoreInfo::durability`] declares. A store that declares [`Durability::Synced`] has the
//! commit on disk before it is visible to anyone.
//!
//! # Empty is absent
//!
//! A key without devices does not exist: it is in no listing, its postings are empty, its cardinality is 0, and
//! nothing tells it from a key that never was. The same goes for a set of devices, of tags, of events.
//!
//! # Dropped keys
//!
//! [`Operation::Drop`] takes the same time for a key of ten devices and of ten million. The usual way is an internal
//! number for each (key, platform) that devices refer to: dropping forgets the number, devices that still hold it
//! skip it when read, and their next write sweeps it. A number may be given to another key only when no device holds
//! it any more.
//!
//! # Errors
//!
//! | class | was it applied? | what the caller does |
//! |---|---|---|
//! | [`Conflict`](StoreError::Conflict) | no | reads again, plans anew |
//! | [`Unavailable`](StoreError::Unavailable) | no | tries later |
//! | [`OutcomeUnknown`](StoreError::OutcomeUnknown) | all of it, or nothing | reads before it writes again |
//! | [`TooLarge`](StoreError::TooLarge) | no | asks for less |
//! | [`Corrupt`](StoreError::Corrupt) | no | has an operator look |
//! | [`Closed`](StoreError::Closed) | no | opens the store again |
//!
//! A store whose medium fails may answer `OutcomeUnknown` to one commit and to every commit after it, until it is opened
//! again: then it shows which of them were applied. Views go on answering meanwhile.
//!
//! What is wrong is found in the order: the weight of the set, checks as listed, operations as listed, a full platform
//! at the insert's turn. The first is answered. A malformed set, which puts a record of another id,
//! conflicts ([`DeviceGone`](Conflicted::DeviceGone)): the device it speaks of is not there.
//!
//! # Why not …
//!
//! - *… bytes by key?* A store in memory would encode and decode on every read.
//! - *… one method a verb?* Every store author would write the register's rules again.
//! - *… move a device between platforms as an operation?* It is a removal, an insert and links: the registry says so
//!   in one write set, and no store needs to know.
//! - *… hide the devices of a user under deletion in the store?* The registry subtracts the postings of
//!   [`Relation::Deletion`] in one place, so a store only renames a key.

mod boxed;
mod catalogue;
mod error;
mod ids;
mod posting;
mod records;
mod write_set;

pub use boxed::{BoxedStore, DynStore};
pub use catalogue::{Deleted, Deletion, Entry, EntryKey, EntryKind};
pub use error::{Conflicted, StoreError};
pub use ids::{Key, OwnedKey, Place, Relation, Slot};
pub use posting::Posting;
pub use records::{DeviceRecord, EventRecord, LogIndex, LogRange, StoredDevice, StoredEvent};
pub use write_set::{Check, Committed, EventOwner, Operation, WriteSet};

use crate::model::{AppId, DeviceId, EventSeq, Platform, PlatformSet, Timestamp, Version};

/// When an acknowledged commit survives.
///
/// ```
/// use rollbook::store::{Durability, Store};
/// use rollbook_testkit::ordered::OrderedStore;
/// assert_eq!(OrderedStore::new().info().durability, Durability::Volatile);
/// assert_eq!(serde_json::to_value(Durability::Synced)?, "synced");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Durability {
    /// As long as the process lives.
    Volatile,
    /// A crash of the process loses nothing; a crash of the machine may lose the last commits, in reverse order.
    Buffered,
    /// A crash of the machine loses nothing.
    Synced,
}

/// What a store declares about itself.
///
/// ```
/// use rollbook::store::{Operation, Store, StoreError, WriteSet};
/// use rollbook::{AppId, Timestamp};
/// use rollbook_testkit::ordered::OrderedStore;
///
/// let store = OrderedStore::new();
/// let trim = Operation::TrimLog { before: Timestamp::MAX, most: u32::MAX };
/// let writes = WriteSet { operations: vec![trim].into(), ..WriteSet::default() };
/// assert!(writes.weight() > store.info().max_weight);
/// assert!(matches!(store.commit(AppId(1), &writes), Err(StoreError::TooLarge { .. })));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreInfo {
    /// The store's name, for messages and metrics.
    pub name: &'static str,
    /// When an acknowledged commit survives.
    pub durability: Durability,
    /// The largest [`WriteSet::weight`] that a commit takes; at least 4 096. Beyond: [`StoreError::TooLarge`].
    pub max_weight: usize,
    /// The most devices on one platform of one app. Beyond: [`StoreError::TooLarge`].
    pub max_devices_per_platform: u64,
}

/// What keeps a register.
///
/// ```
/// use rollbook::store::{DeviceRecord, Operation, Store, StoreError, View, WriteSet};
/// use rollbook::{AppId, DeviceId, Platform, Timestamp};
/// use rollbook_testkit::ordered::OrderedStore;
///
/// fn keeps_a_device(store: &impl Store, app: AppId, id: &DeviceId) -> Result<bool, StoreError> {
///     let record = Box::new(DeviceRecord::new(id.clone()));
///     let insert = Operation::Insert { platform: Platform::Ios, record, last_seen: None, keys: vec![] };
///     let writes = WriteSet { operations: vec![insert].into(), ..WriteSet::default() };
///     let place = store.commit(app, &writes)?.inserted[0];
///     store.touch(app, &[(place, Timestamp::from_secs(5))])?;
///
///     let view = store.view(app)?;
///     Ok(view.find(id)? == Some(place) && view.last_seen(place.slot)? == Some(Timestamp::from_secs(5)))
/// }
/// assert!(keeps_a_device(&OrderedStore::new(), AppId(1), &"phone".parse()?)?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # For implementers
///
/// *Contract*: the rules of the [module](self). *Blocking*: every method may block; asynchronous callers use a
/// blocking task. *Wrappers* (fault injection, metrics, boxing) forward every method of both traits; the view type of
/// a wrapper wraps the inner view. *Apps*: an [`AppId`] that was never committed to is an empty app at version 0, not
/// an error; nothing in one app is reachable through another.
pub trait Store: Send + Sync + 'static {
    /// One consistent picture of one app.
    type View<'a>: View
    where
        Self: 'a;

    /// What the store declares about itself; constant while it is open.
    fn info(&self) -> StoreInfo;

    /// A picture of the app as of now, read only.
    ///
    /// To be correct:
    /// - it shows every commit that returned before the call, and of every other commit all or nothing;
    /// - everything it answers, heartbeats aside, belongs to one version;
    /// - it may hold a lock: the registry drops it before it commits and before it runs a caller's code.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`], [`StoreError::Closed`].
    fn view(&self, app: AppId) -> Result<Self::View<'_>, StoreError>;

    /// Verifies the checks and applies the operations, all or nothing.
    ///
    /// To be correct:
    /// - checks are judged against the state right before the operations, with no commit in between;
    /// - operations apply in order, and each sees those before it;
    /// - the version grows by exactly one; every device that is inserted, whose record is put, or that gains or loses a
    ///   key by [`Operation::Link`] or [`Operation::Unlink`] gets it. A device that is linked to what it is linked to, or
    ///   unlinked from what it is not, keeps the version it has, and so does one whose key is dropped or whose user is
    ///   condemned;
    /// - when it returns `Ok`, every later view shows it; when it returns an error other than `OutcomeUnknown`,
    ///   no view ever does.
    ///
    /// # Errors
    /// Every class of [`StoreError`].
    fn commit(&self, app: AppId, writes: &WriteSet) -> Result<Committed, StoreError>;

    /// Records that devices were seen: cheap, outside versions, and a crash may lose the last few seconds of it. What it
    /// has recorded when it returns is judged by every [`Check::Unseen`] from then on.
    ///
    /// A time older than the recorded one changes nothing. A place that its device no longer fills is skipped.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`], [`StoreError::Closed`].
    fn touch(&self, app: AppId, seen: &[(Place, Timestamp)]) -> Result<(), StoreError>;
}

/// One consistent picture of one app.
///
/// Answers are complete and exact. What a method hands to a callback is valid only during the call. A callback must
/// not call into the store.
///
/// ```
/// use rollbook::AppId;
/// use rollbook::store::{Key, Relation, Store, View};
/// use rollbook_testkit::example;
///
/// let registry = example::registry();
/// let view = registry.store().view(AppId(1))?;
/// let tablet = view.find(&"tablet".parse()?)?.unwrap().slot;
/// assert!(view.linked(tablet, Key::new(Relation::Tag, "news"))?);
///
/// let mut tags = Vec::new();
/// view.names(Relation::Tag, None, 10, &mut |name| tags.push(name.to_owned()))?;
/// assert_eq!(tags, ["news", "vip"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// Every method: [`StoreError::Corrupt`] for what does not decode, [`StoreError::Unavailable`] for what cannot be read
/// now.
pub trait View {
    /// The version that the view shows: 0 before the first commit.
    fn version(&self) -> Version;

    /// Has [`Operation::Seal`] been applied?
    fn is_sealed(&self) -> bool;

    /// Where a device stands.
    fn find(&self, id: &DeviceId) -> Result<Option<Place>, StoreError>;

    /// The device that fills a slot.
    fn device(&self, slot: Slot) -> Result<Option<StoredDevice>, StoreError>;

    /// Calls `each` with ordinal and id of every device of `ordinals` that fills its slot and whose
    /// [`Place::filled`] is at most `as_of`: how a list of ordinals read at that version is turned into ids without
    /// ever naming a device that took the place of another. Goes in the order of `ordinals`, which need not be
    /// sorted; an ordinal listed twice is answered twice.
    fn ids(
        &self,
        platform: Platform,
        ordinals: &[u32],
        as_of: Version,
        each: &mut dyn FnMut(u32, &str),
    ) -> Result<(), StoreError>;

    /// The ordinals of all devices of a platform.
    fn devices(&self, platform: Platform) -> Result<Posting, StoreError>;

    /// At least those of all devices of a platform that are among these ordinals; perhaps more devices of the platform,
    /// never an ordinal that no device has. What [`View::posting_among`] is to a key.
    fn devices_among(&self, platform: Platform, among: &Posting) -> Result<Posting, StoreError>;

    /// When the device that fills a slot was last seen.
    fn last_seen(&self, slot: Slot) -> Result<Option<Timestamp>, StoreError>;

    /// Does the device that fills this slot have this key? The hottest question: no allocation.
    fn linked(&self, slot: Slot, key: Key<'_>) -> Result<bool, StoreError>;

    /// Calls `each` with the names of the device's keys in a relation, in no particular order.
    fn keys_of(&self, slot: Slot, relation: Relation, each: &mut dyn FnMut(&str)) -> Result<(), StoreError>;

    /// How many keys of a relation the device has.
    fn key_count(&self, slot: Slot, relation: Relation) -> Result<usize, StoreError>;

    /// The platforms on which a key names devices: one look-up of the name where a loop over all platforms would be
    /// seventeen.
    fn platforms(&self, key: Key<'_>) -> Result<PlatformSet, StoreError>;

    /// The ordinals of a key's devices on a platform.
    fn posting(&self, key: Key<'_>, platform: Platform) -> Result<Posting, StoreError>;

    /// At least those of a key's devices on a platform that are among these ordinals; perhaps more of the key's devices,
    /// never another. A store that keeps postings in pieces reads only the pieces in which `among` has an ordinal; one
    /// that has them whole may answer with all of them.
    fn posting_among(&self, key: Key<'_>, platform: Platform, among: &Posting)
    -> Result<Posting, StoreError>;

    /// How many devices a key names on these platforms together, in a time that does not depend on how many they are.
    fn cardinality(&self, key: Key<'_>, platforms: PlatformSet) -> Result<u64, StoreError>;

    /// Calls `each` with the names of a relation's keys in byte order (also those of deletions, which are numbers),
    /// behind `after`, at most `limit` of them. In
    /// time of about the page for tags and deletions; for aliases and users a store may look at all of them.
    fn names(
        &self,
        relation: Relation,
        after: Option<&str>,
        limit: usize,
        each: &mut dyn FnMut(&str),
    ) -> Result<(), StoreError>;

    /// A catalogue entry and the commit that wrote it.
    fn entry(&self, key: &EntryKey) -> Result<Option<(Entry, Version)>, StoreError>;

    /// The catalogue entries of a kind in the order of their keys, behind `after`, which is of the same kind, at most
    /// `limit` of them.
    fn entries(
        &self,
        kind: EntryKind,
        after: Option<&EntryKey>,
        limit: usize,
    ) -> Result<Vec<(Entry, Version)>, StoreError>;

    /// The number of the newest event ever appended, 0 when there is none.
    fn log_end(&self) -> Result<EventSeq, StoreError>;

    /// A stretch of one index of the log.
    fn events(&self, range: &LogRange<'_>) -> Result<Vec<StoredEvent>, StoreError>;
}
