//! The object-safe form of a store, for programs that choose a store at run time.

use super::{
    Committed, Entry, EntryKey, EntryKind, Key, LogRange, Place, Posting, Relation, Slot, Store, StoreError,
    StoreInfo, StoredDevice, StoredEvent, View, WriteSet,
};
use crate::model::{AppId, DeviceId, EventSeq, Platform, PlatformSet, Timestamp, Version};
use std::fmt;

/// [`Store`] without its associated type, so that it can be a trait object. Every [`Store`] implements it.
///
/// ```
/// use rollbook::AppId;
/// use rollbook::store::DynStore;
/// use rollbook_testkit::ordered::OrderedStore;
///
/// let store: Box<dyn DynStore> = Box::new(OrderedStore::new());
/// assert_eq!(store.dyn_info().name, "ordered");
/// assert!(!store.dyn_view(AppId(1))?.is_sealed());
/// # Ok::<(), rollbook::store::StoreError>(())
/// ```
pub trait DynStore: Send + Sync + 'static {
    /// Does what [`Store::info`] does.
    fn dyn_info(&self) -> StoreInfo;
    /// Does what [`Store::view`] does.
    ///
    /// # Errors
    /// See [`Store::view`].
    fn dyn_view(&self, app: AppId) -> Result<Box<dyn View + '_>, StoreError>;
    /// Does what [`Store::commit`] does.
    ///
    /// # Errors
    /// See [`Store::commit`].
    fn dyn_commit(&self, app: AppId, writes: &WriteSet) -> Result<Committed, StoreError>;
    /// Does what [`Store::touch`] does.
    ///
    /// # Errors
    /// See [`Store::touch`].
    fn dyn_touch(&self, app: AppId, seen: &[(Place, Timestamp)]) -> Result<(), StoreError>;
}

impl<S: Store> DynStore for S {
    fn dyn_info(&self) -> StoreInfo {
        self.info()
    }

    fn dyn_view(&self, app: AppId) -> Result<Box<dyn View + '_>, StoreError> {
        Ok(Box::new(self.view(app)?))
    }

    fn dyn_commit(&self, app: AppId, writes: &WriteSet) -> Result<Committed, StoreError> {
        self.commit(app, writes)
    }

    fn dyn_touch(&self, app: AppId, seen: &[(Place, Timestamp)]) -> Result<(), StoreError> {
        self.touch(app, seen)
    }
}

/// A store chosen at run time. It costs one allocation for each view and one indirect call for each method of a view.
///
/// ```
/// use rollbook::store::BoxedStore;
/// use rollbook::{AppSettings, Audience, Registry};
/// use rollbook_testkit::ordered::OrderedStore;
/// use std::sync::Arc;
///
/// let chosen = |shared: bool| match shared {
///     true => BoxedStore::new(Arc::new(OrderedStore::new())),
///     false => BoxedStore::new(OrderedStore::new()),
/// };
/// for registry in [Registry::builder(chosen(true)).build(), Registry::builder(chosen(false)).build()] {
///     let shop = registry.create_app(&"shop".parse()?, AppSettings::default())?;
///     assert_eq!(shop.count(&Audience::All)?, 0);
/// }
/// # Ok::<(), rollbook::Error>(())
/// ```
pub struct BoxedStore(Box<dyn DynStore>);

impl BoxedStore {
    /// Hides the type of `store`.
    ///
    /// ```
    /// use rollbook::store::{BoxedStore, Store};
    /// use rollbook_testkit::ordered::OrderedStore;
    /// assert_eq!(BoxedStore::new(OrderedStore::new()).info(), OrderedStore::new().info());
    /// ```
    #[must_use]
    pub fn new(store: impl Store) -> Self {
        BoxedStore(Box::new(store))
    }
}

impl fmt::Debug for BoxedStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("BoxedStore").field(&self.0.dyn_info().name).finish()
    }
}

impl Store for BoxedStore {
    type View<'a> = Box<dyn View + 'a>;

    fn info(&self) -> StoreInfo {
        self.0.dyn_info()
    }

    fn view(&self, app: AppId) -> Result<Box<dyn View + '_>, StoreError> {
        self.0.dyn_view(app)
    }

    fn commit(&self, app: AppId, writes: &WriteSet) -> Result<Committed, StoreError> {
        self.0.dyn_commit(app, writes)
    }

    fn touch(&self, app: AppId, seen: &[(Place, Timestamp)]) -> Result<(), StoreError> {
        self.0.dyn_touch(app, seen)
    }
}

/// A shared store is a store, so that several registries, or a registry and a tool, can use the same one.
impl<S: Store> Store for std::sync::Arc<S> {
    type View<'a>
        = S::View<'a>
    where
        S: 'a;

    fn info(&self) -> StoreInfo {
        (**self).info()
    }

    fn view(&self, app: AppId) -> Result<S::View<'_>, StoreError> {
        (**self).view(app)
    }

    fn commit(&self, app: AppId, writes: &WriteSet) -> Result<Committed, StoreError> {
        (**self).commit(app, writes)
    }

    fn touch(&self, app: AppId, seen: &[(Place, Timestamp)]) -> Result<(), StoreError> {
        (**self).touch(app, seen)
    }
}

impl View for Box<dyn View + '_> {
    fn version(&self) -> Version {
        (**self).version()
    }

    fn is_sealed(&self) -> bool {
        (**self).is_sealed()
    }

    fn find(&self, id: &DeviceId) -> Result<Option<Place>, StoreError> {
        (**self).find(id)
    }

    fn device(&self, slot: Slot) -> Result<Option<StoredDevice>, StoreError> {
        (**self).device(slot)
    }

    fn ids(
        &self,
        platform: Platform,
        ordinals: &[u32],
        as_of: Version,
        each: &mut dyn FnMut(u32, &str),
    ) -> Result<(), StoreError> {
        (**self).ids(platform, ordinals, as_of, each)
    }

    fn devices(&self, platform: Platform) -> Result<Posting, StoreError> {
        (**self).devices(platform)
    }

    fn devices_among(&self, platform: Platform, among: &Posting) -> Result<Posting, StoreError> {
        (**self).devices_among(platform, among)
    }

    fn last_seen(&self, slot: Slot) -> Result<Option<Timestamp>, StoreError> {
        (**self).last_seen(slot)
    }

    fn linked(&self, slot: Slot, key: Key<'_>) -> Result<bool, StoreError> {
        (**self).linked(slot, key)
    }

    fn keys_of(&self, slot: Slot, relation: Relation, each: &mut dyn FnMut(&str)) -> Result<(), StoreError> {
        (**self).keys_of(slot, relation, each)
    }

    fn key_count(&self, slot: Slot, relation: Relation) -> Result<usize, StoreError> {
        (**self).key_count(slot, relation)
    }

    fn platforms(&self, key: Key<'_>) -> Result<PlatformSet, StoreError> {
        (**self).platforms(key)
    }

    fn posting(&self, key: Key<'_>, platform: Platform) -> Result<Posting, StoreError> {
        (**self).posting(key, platform)
    }

    fn posting_among(
        &self,
        key: Key<'_>,
        platform: Platform,
        among: &Posting,
    ) -> Result<Posting, StoreError> {
        (**self).posting_among(key, platform, among)
    }

    fn cardinality(&self, key: Key<'_>, platforms: PlatformSet) -> Result<u64, StoreError> {
        (**self).cardinality(key, platforms)
    }

    fn names(
        &self,
        relation: Relation,
        after: Option<&str>,
        limit: usize,
        each: &mut dyn FnMut(&str),
    ) -> Result<(), StoreError> {
        (**self).names(relation, after, limit, each)
    }

    fn entry(&self, key: &EntryKey) -> Result<Option<(Entry, Version)>, StoreError> {
        (**self).entry(key)
    }

    fn entries(
        &self,
        kind: EntryKind,
        after: Option<&EntryKey>,
        limit: usize,
    ) -> Result<Vec<(Entry, Version)>, StoreError> {
        (**self).entries(kind, after, limit)
    }

    fn log_end(&self) -> Result<EventSeq, StoreError> {
        (**self).log_end()
    }

    fn events(&self, range: &LogRange<'_>) -> Result<Vec<StoredEvent>, StoreError> {
        (**self).events(range)
    }
}
