//! The store: apps, each with its lock.

use crate::apps::Apps;
use crate::memory::MemoryUse;
use crate::state::AppState;
use crate::sync::{ShardedLock, ShardedLockReadGuard};
use crate::view::MemView;
use crate::{apply, check, rehearsal};
use hashbrown::DefaultHashBuilder;
use rollbook::store::{Committed, Durability, Place, Store, StoreError, StoreInfo, WriteSet};
use rollbook::{AppId, Timestamp};

/// The settings of a [`MemStore`].
///
/// ```
/// use rollbook::{AppId, DeviceId, Platform, store::{DeviceRecord, Operation, Store, WriteSet}};
/// use rollbook_store_mem::{MemOptions, MemStore};
///
/// let store = MemStore::with_options(MemOptions { first_ordinal: 65_530, ..MemOptions::default() });
/// let record = Box::new(DeviceRecord::new(DeviceId::new("phone")?));
/// let insert = Operation::Insert { platform: Platform::Ios, record, last_seen: None, keys: vec![] };
/// let writes = WriteSet { operations: [insert].into_iter().collect(), ..WriteSet::default() };
/// assert_eq!(store.commit(AppId(1), &writes)?.inserted[0].slot.ordinal, 65_530);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemOptions {
    /// The ordinal of the first device of each platform. Default: 0; other values are for tests near the end of the
    /// range.
    pub first_ordinal: u32,
    /// The largest [`WriteSet::weight`] that a commit accepts; values below 4 096 count as 4 096.
    pub max_weight: usize,
}

impl Default for MemOptions {
    fn default() -> Self {
        MemOptions { first_ordinal: 0, max_weight: 1 << 20 }
    }
}

type Locked = ShardedLock<AppState>;

/// A store that keeps everything in memory. See the [crate](crate).
///
/// ```
/// use rollbook::{Audience, Registry};
/// use rollbook_store_mem::MemStore;
///
/// let registry = Registry::builder(MemStore::new()).build();
/// let shop = registry.create_app(&"shop".parse()?, Default::default())?;
/// assert_eq!(shop.count(&Audience::All)?, 0);
/// # Ok::<(), rollbook::Error>(())
/// ```
#[derive(Debug)]
pub struct MemStore {
    options: MemOptions,
    hasher: DefaultHashBuilder,
    apps: Apps<Locked>,
    /// The state of every app that was never committed to.
    empty: Locked,
}

impl Default for MemStore {
    fn default() -> Self {
        Self::new()
    }
}

impl MemStore {
    /// Makes an empty store.
    ///
    /// ```
    /// use rollbook::store::{Durability, Store, View};
    /// use rollbook::{AppId, Version};
    /// use rollbook_store_mem::MemStore;
    ///
    /// let store = MemStore::new();
    /// assert_eq!(store.info().durability, Durability::Volatile);
    /// assert_eq!(store.view(AppId(1))?.version(), Version(0));
    /// # Ok::<(), rollbook::store::StoreError>(())
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self::with_options(MemOptions::default())
    }

    /// Makes an empty store with these settings.
    ///
    /// ```
    /// use rollbook::AppId;
    /// use rollbook::store::{Operation, Store, StoreError, WriteSet};
    /// use rollbook_store_mem::{MemOptions, MemStore};
    ///
    /// let store = MemStore::with_options(MemOptions { max_weight: 4_096, ..MemOptions::default() });
    /// let writes = WriteSet { operations: vec![Operation::Seal; 4_097].into(), ..WriteSet::default() };
    /// assert!(matches!(store.commit(AppId(1), &writes), Err(StoreError::TooLarge { limit: 4_096, .. })));
    /// ```
    #[must_use]
    pub fn with_options(options: MemOptions) -> Self {
        let hasher = DefaultHashBuilder::default();
        let empty = ShardedLock::new(AppState::new(options.first_ordinal, &hasher));
        MemStore { options, hasher, apps: Apps::default(), empty }
    }

    /// Returns the bytes that an app takes, by structure. Reads every key, and commits to the app wait meanwhile.
    ///
    /// ```
    /// use rollbook::{AppId, AppKey, AppSettings, DeviceId, Platform, Registration, Registry};
    /// use rollbook_store_mem::MemStore;
    ///
    /// let registry = Registry::builder(MemStore::new()).build();
    /// let app = registry.create_app(&AppKey::new("shop")?, AppSettings::default())?;
    /// app.register(&Registration::new(DeviceId::new("d1")?, Platform::Ios))?;
    /// let used = registry.store().memory(AppId(1))?; // the first app
    /// assert_eq!(used.devices, 1);
    /// assert!(used.bytes() > 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The same as those of [`Store::view`].
    pub fn memory(&self, app: AppId) -> Result<MemoryUse, StoreError> {
        Ok(MemoryUse::of(&*self.read(app)?))
    }

    #[inline]
    fn read(&self, app: AppId) -> Result<ShardedLockReadGuard<'_, AppState>, StoreError> {
        self.apps.get(app.0).unwrap_or(&self.empty).read().map_err(|_| interrupted())
    }
}

/// The error of an app in which a commit panicked: its state may be half a commit, and must not be read.
fn interrupted() -> StoreError {
    StoreError::corrupt("a commit to the app was interrupted by a panic")
}

impl Store for MemStore {
    type View<'a> = MemView<'a>;

    fn info(&self) -> StoreInfo {
        StoreInfo {
            name: "memory",
            durability: Durability::Volatile,
            max_weight: self.options.max_weight.max(4096),
            max_devices_per_platform: rehearsal::most_devices(self.options.first_ordinal),
        }
    }

    #[inline]
    fn view(&self, app: AppId) -> Result<MemView<'_>, StoreError> {
        Ok(MemView { state: self.read(app)? })
    }

    fn commit(&self, app: AppId, writes: &WriteSet) -> Result<Committed, StoreError> {
        let (limit, weight) = (self.options.max_weight.max(4096), writes.weight());
        if weight > limit {
            let (limit, actual) = (limit as u64, weight as u64);
            return Err(StoreError::TooLarge { what: "the weight of a write set", limit, actual });
        }
        let make = || ShardedLock::new(AppState::new(self.options.first_ordinal, &self.hasher));
        let locked = self.apps.get_or_make(app.0, make).unwrap_or(&self.empty);
        let mut state = locked.write().map_err(|_| interrupted())?;
        let version = rollbook::Version(state.version.0 + 1);
        check::verify(&state, &writes.checks)?;
        rehearsal::rehearse(&state, &writes.operations, version)?;
        let (committed, garbage) = apply::apply(&mut state, &writes.operations, version);
        drop(state);
        // The bitmaps of a dropped key are freed after the lock is released, so that no thread waits for it.
        drop(garbage);
        Ok(committed)
    }

    fn touch(&self, app: AppId, seen: &[(Place, Timestamp)]) -> Result<(), StoreError> {
        let state = self.read(app)?;
        for &(place, at) in seen {
            if let Some((number, _)) = state.devices.at_place(place) {
                state.devices.touch(number, at);
            }
        }
        Ok(())
    }
}
