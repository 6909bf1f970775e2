//! The contract between the registry and a store. Read this to write a store.
//!
//! A store keeps three things for each app: **records** (devices by id and by slot, catalogue entries by key),
//! **relations** (tag, alias, user: a named key on one side, devices on the other), and a **log** of events. It serves
//! reads from a [`View`], and it changes only by [`Store::commit`] of a [`WriteSet`] and by [`Store::touch`]. The rules
//! of the domain (limits, the meaning of an operation) belong to the registry; a store does not know them.
//!
//! # What is where
//!
//! - [`Store`], [`View`]: the two traits. Neither has default bodies, so a wrapper that does not forward a method does
//!   not compile. [`DynStore`] and [`BoxedStore`] are the object-safe form.
//! - [`WriteSet`], [`Check`], [`Operation`], [`Committed`]: a commit as data.
//! - [`Slot`], [`Place`], [`Key`], [`Posting`]: how devices and keys are named.
//! - [`DeviceRecord`], [`EventRecord`], [`Entry`]: what is kept.
//! - [`StoreError`]: the error classes.
//!
//! # Plan, then commit
//!
//! The registry reads a view, decides, and *returns* a write set. The store verifies the checks and applies the
//! operations as one atomic step. There are no reads of one's own writes, no savepoints and no nested transactions.
//! When a check does not hold, the store applies nothing and returns [`StoreError::Conflict`], and the registry plans
//! the write again.
//!
//! # Isolation
//!
//! | anomaly | possible |
//! |---|---|
//! | dirty read: a view shows part of a commit, or one that failed | never |
//! | read skew: two reads from one view belong to different versions | never |
//! | phantom: a key or device appears or disappears inside one view | never |
//! | dirty write: two commits interleave | never |
//! | lost update: a commit overwrites an unseen change | never, if [`Check::Unchanged`] or [`Check::Entry`] names it |
//! | write skew: two commits, each right alone, are wrong together | never on what a check names; else possible |
//! | stale read: a view older than a commit that returned before the view was taken | never |
//! | torn heartbeat: a view shows a part of a [`Store::touch`] | possible: presence is not part of a version |
//!
//! # Visible and durable
//!
//! [`Store::commit`] returns when the commit is *visible*: every view taken afterwards shows it.
//! [`StoreInfo::durability`] declares whether it is then also *durable*. A store that declares [`Durability::Synced`]
//! has the commit on disk before any view shows it.
//!
//! # Empty is absent
//!
//! A key without devices does not exist: it is in no listing, its postings are empty, its cardinality is 0, and no read
//! distinguishes it from a key that never existed. The same holds for an empty set of devices, of tags, or of events.
//!
//! # Dropped keys
//!
//! [`Operation::Drop`] takes the same time for a key of ten devices and of ten million. The usual implementation gives
//! each (key, platform) an internal number that devices refer to. Dropping the key retires the number: reads skip it in
//! devices that still hold it, and the next write of such a device removes it. A retired number may be given to another
//! key only when no device holds it any more.
//!
//! # Errors
//!
//! | class | applied | what the caller does |
//! |---|---|---|
//! | [`Conflict`](StoreError::Conflict) | no | reads and plans again |
//! | [`Unavailable`](StoreError::Unavailable) | no | tries later |
//! | [`OutcomeUnknown`](StoreError::OutcomeUnknown) | all of it, or nothing | reads before it writes again |
//! | [`TooLarge`](StoreError::TooLarge) | no | asks for less |
//! | [`Corrupt`](StoreError::Corrupt) | no | has an operator look |
//! | [`Closed`](StoreError::Closed) | no | opens the store again |
//!
//! A store whose medium fails may return `OutcomeUnknown` for one commit and for every commit after it, until it is
//! opened again; then it shows which of them were applied. Views remain readable in the meantime.
//!
//! A commit reports the first error in this order: the weight of the set, the checks as listed, the operations as
//! listed. A full platform is reported at the turn of the insert that does not fit. A malformed set, in which an
//! operation puts a record with the id of another device, conflicts with [`DeviceGone`](Conflicted::DeviceGone): the
//! place does not hold the device that the record names.
//!
//! # Why not …
//!
//! - *… bytes by key?* An in-memory store would have to encode and decode on every read.
//! - *… one method per verb?* Every store author would have to implement the registry's rules again.
//! - *… an operation that moves a device between platforms?* A move is a removal, an insert and links. The registry
//!   puts them into one write set, and no store needs to know.
//! - *… hiding the devices of a user pending deletion in the store?* The registry subtracts the postings of
//!   [`Relation::Deletion`] in one place, so a store only has to rename a key.

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

/// Which failures an acknowledged commit survives.
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
    /// A commit survives only as long as the process lives.
    Volatile,
    /// A crash of the process loses nothing. A crash of the machine may lose the last commits, the newest first.
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
    /// Which failures an acknowledged commit survives.
    pub durability: Durability,
    /// The largest [`WriteSet::weight`] that a commit accepts; at least 4 096. A heavier set fails with
    /// [`StoreError::TooLarge`].
    pub max_weight: usize,
    /// The maximum number of devices on one platform of one app. One more fails with [`StoreError::TooLarge`].
    pub max_devices_per_platform: u64,
}

/// Keeps a register: all apps with everything in them.
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
/// - *Contract*: the rules of the [module](self).
/// - *Blocking*: every method may block. Asynchronous callers use a blocking task.
/// - *Wrappers* (fault injection, metrics, boxing) forward every method of both traits. The view type of a wrapper
///   wraps the inner view.
/// - *Apps*: an [`AppId`] that was never committed to is an empty app at version 0, not an error. Nothing in one app is
///   reachable through another.
pub trait Store: Send + Sync + 'static {
    /// A snapshot of one app.
    type View<'a>: View
    where
        Self: 'a;

    /// Returns what the store declares about itself. The result is constant while the store is open.
    fn info(&self) -> StoreInfo;

    /// Returns a read-only snapshot of the current state of the app.
    ///
    /// An implementation is correct if:
    /// - the view shows every commit that returned before the call, and all or nothing of every other commit;
    /// - everything that the view returns, except heartbeats, belongs to one version.
    ///
    /// The view may hold a lock: the registry drops the view before it commits and before it runs a caller's code.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`], [`StoreError::Closed`].
    fn view(&self, app: AppId) -> Result<Self::View<'_>, StoreError>;

    /// Verifies the checks and applies the operations, all or nothing.
    ///
    /// An implementation is correct if:
    /// - the checks are evaluated against the state right before the operations, with no commit in between;
    /// - the operations are applied in order, and each sees the effects of those before it;
    /// - the version grows by exactly one, and every device that is inserted, whose record is put, or that gains or
    ///   loses a key by [`Operation::Link`] or [`Operation::Unlink`] gets the new version. A device keeps its version
    ///   if it is linked to a key that it has, unlinked from a key that it does not have, if its key is dropped, or if
    ///   its user is condemned;
    /// - after it returns `Ok`, every later view shows the commit; after it returns an error other than
    ///   `OutcomeUnknown`, no view ever does.
    ///
    /// # Errors
    /// Every class of [`StoreError`].
    fn commit(&self, app: AppId, writes: &WriteSet) -> Result<Committed, StoreError>;

    /// Records that devices were seen. This is cheap and outside versions, and a crash may lose the last few seconds of
    /// it. A heartbeat counts in every [`Check::Unseen`] that is evaluated after this method has returned.
    ///
    /// A time older than the recorded one changes nothing. A place that its device no longer fills is skipped.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`], [`StoreError::Closed`].
    fn touch(&self, app: AppId, seen: &[(Place, Timestamp)]) -> Result<(), StoreError>;
}

/// A snapshot of one app.
///
/// Results are complete and exact. What a method passes to a callback is valid only during the call. A callback must
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
/// Every method fails with [`StoreError::Corrupt`] for data that does not decode, and with [`StoreError::Unavailable`]
/// for data that cannot be read now.
pub trait View {
    /// Returns the version that the view shows: 0 before the first commit.
    fn version(&self) -> Version;

    /// Returns whether [`Operation::Seal`] has been applied.
    fn is_sealed(&self) -> bool;

    /// Returns the place of a device, or `None` if no device has this id.
    fn find(&self, id: &DeviceId) -> Result<Option<Place>, StoreError>;

    /// Returns the device that fills a slot, or `None` if the slot is empty.
    fn device(&self, slot: Slot) -> Result<Option<StoredDevice>, StoreError>;

    /// Calls `each` with the ordinal and the id of every device of `ordinals` that fills its slot and whose
    /// [`Place::filled`] is at most `as_of`. This turns a list of ordinals that was read at version `as_of` into ids: a
    /// device that took the slot of another since then is skipped. The calls are in the order of `ordinals`, which need
    /// not be sorted. An ordinal that is listed twice is reported twice.
    fn ids(
        &self,
        platform: Platform,
        ordinals: &[u32],
        as_of: Version,
        each: &mut dyn FnMut(u32, &str),
    ) -> Result<(), StoreError>;

    /// Returns the ordinals of all devices of a platform.
    fn devices(&self, platform: Platform) -> Result<Posting, StoreError>;

    /// Returns ordinals of devices of a platform: at least all those that are in `among`, possibly more, but never an
    /// ordinal that no device has. The counterpart of [`View::posting_among`] for a whole platform.
    fn devices_among(&self, platform: Platform, among: &Posting) -> Result<Posting, StoreError>;

    /// Returns when the device that fills a slot was last seen, or `None` if it never was.
    fn last_seen(&self, slot: Slot) -> Result<Option<Timestamp>, StoreError>;

    /// Returns whether the device that fills this slot has this key. This is the most frequent read; it must not
    /// allocate.
    fn linked(&self, slot: Slot, key: Key<'_>) -> Result<bool, StoreError>;

    /// Calls `each` with the names of the device's keys in a relation, in no particular order.
    fn keys_of(&self, slot: Slot, relation: Relation, each: &mut dyn FnMut(&str)) -> Result<(), StoreError>;

    /// Returns the number of keys of a relation that the device has.
    fn key_count(&self, slot: Slot, relation: Relation) -> Result<usize, StoreError>;

    /// Returns the platforms on which a key names devices. This takes one look-up of the name, where a loop over the
    /// platforms would take seventeen.
    fn platforms(&self, key: Key<'_>) -> Result<PlatformSet, StoreError>;

    /// Returns the ordinals of a key's devices on a platform.
    fn posting(&self, key: Key<'_>, platform: Platform) -> Result<Posting, StoreError>;

    /// Returns ordinals of a key's devices on a platform: at least all those that are in `among`, possibly more, but
    /// never the ordinal of a device without the key. A store that keeps postings in pieces reads only the pieces in
    /// which `among` has an ordinal; a store that keeps them whole may return all of them.
    fn posting_among(&self, key: Key<'_>, platform: Platform, among: &Posting)
    -> Result<Posting, StoreError>;

    /// Returns the number of devices that a key names on these platforms together. The time does not depend on that
    /// number.
    fn cardinality(&self, key: Key<'_>, platforms: PlatformSet) -> Result<u64, StoreError>;

    /// Calls `each` with the names of a relation's keys after `after`, at most `limit` of them, in byte order. This
    /// also holds for deletions, whose names are numbers. For tags and deletions the time is proportional to the page;
    /// for aliases and users a store may read all of them.
    fn names(
        &self,
        relation: Relation,
        after: Option<&str>,
        limit: usize,
        each: &mut dyn FnMut(&str),
    ) -> Result<(), StoreError>;

    /// Returns a catalogue entry and the version of the commit that wrote it.
    fn entry(&self, key: &EntryKey) -> Result<Option<(Entry, Version)>, StoreError>;

    /// Returns the catalogue entries of a kind after `after`, at most `limit` of them, in the order of their keys.
    /// `after` must be of the same kind.
    fn entries(
        &self,
        kind: EntryKind,
        after: Option<&EntryKey>,
        limit: usize,
    ) -> Result<Vec<(Entry, Version)>, StoreError>;

    /// Returns the number of the newest event ever appended, or 0 if there is none.
    fn log_end(&self) -> Result<EventSeq, StoreError>;

    /// Returns a range of one index of the log.
    fn events(&self, range: &LogRange<'_>) -> Result<Vec<StoredEvent>, StoreError>;
}
