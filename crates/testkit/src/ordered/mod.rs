//! A complete store, as small as one can be: ordered maps under one lock. Read it to write your own.
//!
//! It keeps every promise of the [contract](rollbook::store) except those about time: each commit copies the whole
//! app, changes the copy, and replaces the old one with it. This gives atomicity (a commit that fails has changed only
//! its copy), snapshots (a view keeps the copy it was given), and an order of commits (the lock).
//!
//! Take over the order of the work rather than the maps: `App::verify` verifies every check against the state before,
//! `App::apply` applies one operation after the other, and every error leaves through `?`.
//!
//! - this file: the store, its lock, and the frame of a commit;
//! - `app.rs`: everything about one app, its checks and operations;
//! - `view.rs`: the questions.

mod app;
mod view;

pub use view::OrderedView;

use app::{App, too_large};
use parking_lot::RwLock;
use rollbook::store::{Committed, Durability, Key, Place, Relation, Store, StoreError, StoreInfo, WriteSet};
use rollbook::{AppId, Timestamp, UserId, Version};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A store of ordered maps under one lock. Its content is lost when it is dropped.
///
/// ```
/// use rollbook::{AppKey, AppSettings, Audience, Platform, Registration, Registry};
/// use rollbook_testkit::ordered::OrderedStore;
///
/// let registry = Registry::builder(OrderedStore::new()).build();
/// let shop = registry.create_app(&AppKey::new("shop")?, AppSettings::default())?;
/// shop.register(&Registration::new("phone".parse()?, Platform::Ios))?;
/// assert_eq!(shop.count(&Audience::All)?, 1);
/// # Ok::<(), rollbook::Error>(())
/// ```
#[derive(Debug, Default)]
pub struct OrderedStore {
    apps: RwLock<BTreeMap<AppId, Arc<App>>>,
    first_ordinal: u32,
}

impl OrderedStore {
    /// Returns an empty store.
    ///
    /// ```
    /// use rollbook::{AppId, Version, store::{Store, View}};
    /// use rollbook_testkit::ordered::OrderedStore;
    ///
    /// assert_eq!(OrderedStore::new().view(AppId(1))?.version(), Version(0));
    /// # Ok::<(), rollbook::store::StoreError>(())
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns an empty store whose first ordinal is this one, for tests at the top of the range.
    ///
    /// ```
    /// use rollbook::{AppId, Platform, store::{DeviceRecord, Operation, Store, WriteSet}};
    /// use rollbook_testkit::ordered::OrderedStore;
    ///
    /// let (platform, record) = (Platform::Ios, DeviceRecord::new("phone".parse()?).into());
    /// let insert = Operation::Insert { platform, record, last_seen: None, keys: Vec::new() };
    /// let writes = WriteSet { operations: [insert].into_iter().collect(), ..WriteSet::default() };
    /// let committed = OrderedStore::starting_at(u32::MAX).commit(AppId(1), &writes)?;
    /// assert_eq!(committed.inserted[0].slot.ordinal, u32::MAX);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn starting_at(first_ordinal: u32) -> Self {
        OrderedStore { first_ordinal, ..Self::default() }
    }

    fn app(&self, app: AppId) -> Arc<App> {
        self.apps.read().get(&app).cloned().unwrap_or_default()
    }
}

impl Store for OrderedStore {
    type View<'a> = OrderedView;

    fn info(&self) -> StoreInfo {
        StoreInfo {
            name: "ordered",
            durability: Durability::Volatile,
            max_weight: 65_536,
            max_devices_per_platform: 1 << 32,
        }
    }

    fn view(&self, app: AppId) -> Result<OrderedView, StoreError> {
        Ok(OrderedView::of(self.app(app)))
    }

    fn commit(&self, app: AppId, writes: &WriteSet) -> Result<Committed, StoreError> {
        let (weight, limit) = (writes.weight(), self.info().max_weight);
        if weight > limit {
            return Err(too_large("the write set", limit as u64, weight as u64));
        }
        // The order of the contract: the weight, the checks, the operations. The lock is held from the first check to
        // the last operation, so that nothing changes between what was verified and what is applied.
        let mut apps = self.apps.write();
        let before = apps.get(&app).cloned().unwrap_or_default();
        for check in &writes.checks {
            before.verify(check)?;
        }
        let mut after = App::clone(&before);
        after.version = Version(before.version.0 + 1);
        let mut committed = Committed { version: after.version, ..Committed::default() };
        for operation in &writes.operations {
            after.apply(operation, self.first_ordinal, &mut committed)?;
        }
        // A user vanishes by the set as a whole: it had a device before the set and has none after it.
        for name in
            before.names(Relation::User, None).filter(|name| !after.has(Key::new(Relation::User, name)))
        {
            let user = UserId::new(name).map_err(|_| StoreError::corrupt("the name of a user"))?;
            committed.vanished_users.push(user);
        }
        // The commit becomes visible here: a view that was taken before keeps the old copy.
        apps.insert(app, Arc::new(after));
        Ok(committed)
    }

    fn touch(&self, app: AppId, seen: &[(Place, Timestamp)]) -> Result<(), StoreError> {
        // There is no version and no check, and a place that its device has left is skipped: heartbeats are many and
        // cheap.
        let mut apps = self.apps.write();
        let Some(app) = apps.get_mut(&app).map(Arc::make_mut) else { return Ok(()) };
        for &(place, at) in seen {
            if let Ok(device) = app.at(place) {
                device.last_seen = device.last_seen.max(Some(at));
            }
        }
        Ok(())
    }
}
