//! The view of a store that fails on request.

use super::{Call, FaultStore, refusal};
use rollbook::store::{
    Entry, EntryKey, EntryKind, Key, LogRange, Place, Posting, Relation, Slot, Store, StoreError,
    StoredDevice, StoredEvent, View,
};
use rollbook::{DeviceId, EventSeq, Platform, PlatformSet, Timestamp, Version};
use std::fmt;

/// A view whose questions are counted and may fail.
///
/// ```
/// use rollbook::{AppId, Version, store::{Store, View}};
/// use rollbook_testkit::{Call, Failure, Fault, FaultStore, FaultView, ordered::OrderedStore};
///
/// let store = FaultStore::new(OrderedStore::new());
/// let view: FaultView<'_, OrderedStore> = store.view(AppId(1))?;
/// store.arm(Fault::at(Call::Read, 2, Failure::Unavailable));
/// assert_eq!(view.find(&"phone".parse().unwrap())?, None);
/// assert!(view.find(&"phone".parse().unwrap()).is_err());
/// assert_eq!(view.version(), Version(0), "what cannot fail does not");
/// # Ok::<(), rollbook::store::StoreError>(())
/// ```
pub struct FaultView<'a, S: Store> {
    inner: S::View<'a>,
    store: &'a FaultStore<S>,
}

impl<S: Store> fmt::Debug for FaultView<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FaultView").field("version", &self.inner.version()).finish_non_exhaustive()
    }
}

impl<'a, S: Store> FaultView<'a, S> {
    pub(super) fn new(inner: S::View<'a>, store: &'a FaultStore<S>) -> Self {
        FaultView { inner, store }
    }

    /// Returns the view inside, unless this question fails.
    fn ask(&self) -> Result<&S::View<'a>, StoreError> {
        match self.store.count(Call::Read) {
            None => Ok(&self.inner),
            Some(how) => Err(refusal(how)),
        }
    }
}

impl<S: Store> View for FaultView<'_, S> {
    fn version(&self) -> Version {
        self.inner.version()
    }

    fn is_sealed(&self) -> bool {
        self.inner.is_sealed()
    }

    fn find(&self, id: &DeviceId) -> Result<Option<Place>, StoreError> {
        self.ask()?.find(id)
    }

    fn device(&self, slot: Slot) -> Result<Option<StoredDevice>, StoreError> {
        self.ask()?.device(slot)
    }

    fn ids(
        &self,
        platform: Platform,
        ordinals: &[u32],
        as_of: Version,
        each: &mut dyn FnMut(u32, &str),
    ) -> Result<(), StoreError> {
        self.ask()?.ids(platform, ordinals, as_of, each)
    }

    fn devices(&self, platform: Platform) -> Result<Posting, StoreError> {
        self.ask()?.devices(platform)
    }

    fn devices_among(&self, platform: Platform, among: &Posting) -> Result<Posting, StoreError> {
        self.ask()?.devices_among(platform, among)
    }

    fn last_seen(&self, slot: Slot) -> Result<Option<Timestamp>, StoreError> {
        self.ask()?.last_seen(slot)
    }

    fn linked(&self, slot: Slot, key: Key<'_>) -> Result<bool, StoreError> {
        self.ask()?.linked(slot, key)
    }

    fn keys_of(&self, slot: Slot, relation: Relation, each: &mut dyn FnMut(&str)) -> Result<(), StoreError> {
        self.ask()?.keys_of(slot, relation, each)
    }

    fn key_count(&self, slot: Slot, relation: Relation) -> Result<usize, StoreError> {
        self.ask()?.key_count(slot, relation)
    }

    fn platforms(&self, key: Key<'_>) -> Result<PlatformSet, StoreError> {
        self.ask()?.platforms(key)
    }

    fn posting(&self, key: Key<'_>, platform: Platform) -> Result<Posting, StoreError> {
        self.ask()?.posting(key, platform)
    }

    fn posting_among(
        &self,
        key: Key<'_>,
        platform: Platform,
        among: &Posting,
    ) -> Result<Posting, StoreError> {
        self.ask()?.posting_among(key, platform, among)
    }

    fn cardinality(&self, key: Key<'_>, platforms: PlatformSet) -> Result<u64, StoreError> {
        self.ask()?.cardinality(key, platforms)
    }

    fn names(
        &self,
        relation: Relation,
        after: Option<&str>,
        limit: usize,
        each: &mut dyn FnMut(&str),
    ) -> Result<(), StoreError> {
        self.ask()?.names(relation, after, limit, each)
    }

    fn entry(&self, key: &EntryKey) -> Result<Option<(Entry, Version)>, StoreError> {
        self.ask()?.entry(key)
    }

    fn entries(
        &self,
        kind: EntryKind,
        after: Option<&EntryKey>,
        limit: usize,
    ) -> Result<Vec<(Entry, Version)>, StoreError> {
        self.ask()?.entries(kind, after, limit)
    }

    fn log_end(&self) -> Result<EventSeq, StoreError> {
        self.ask()?.log_end()
    }

    fn events(&self, range: &LogRange<'_>) -> Result<Vec<StoredEvent>, StoreError> {
        self.ask()?.events(range)
    }
}
