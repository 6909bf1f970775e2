//! The small numbers that callers and stores share: apps, versions, positions in the log.

use serde::{Deserialize, Serialize};

/// The number of an app in one register. It is never given to another app.
///
/// ```
/// use rollbook::{AppId, store::{Store, View}};
/// let registry = rollbook_testkit::example::registry();
/// let has_phone = |app| registry.store().view(app).unwrap().find(&"phone".parse().unwrap()).unwrap().is_some();
/// assert!(has_phone(AppId(1)) && !has_phone(AppId::DIRECTORY));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AppId(pub u32);

impl AppId {
    /// The space that holds the register's own catalogue of apps. It contains no devices.
    pub const DIRECTORY: AppId = AppId(0);
}

/// The number of a commit in one app. The first commit is 1, and each commit that is applied is one more.
///
/// A view belongs to the version that it shows. A device's version is that of the commit that last changed it.
///
/// ```
/// use rollbook::{DeviceUpdate, Set};
/// let shop = rollbook_testkit::example::shop();
/// let read = shop.device(&"phone".parse()?)?.version;
/// let update = DeviceUpdate { alias: Set::Clear, based_on: Some(read), ..DeviceUpdate::default() };
/// shop.update(&"phone".parse()?, &update)?;
/// assert!(shop.device(&"phone".parse()?)?.version > read);
/// assert!(shop.update(&"phone".parse()?, &update).is_err()); // the phone has changed since it was read
/// # Ok::<(), rollbook::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Version(pub u64);

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// A position in an app's log: the number of an event, in the order of posting, starting with 1.
///
/// ```
/// use rollbook::{EventQuery, EventSeq, NewEvent};
/// let shop = rollbook_testkit::example::shop(); // where one event was posted
/// shop.post_event(&NewEvent { user: Some("ann".parse()?), ..NewEvent::new("opened".parse()?) })?;
/// let newest = shop.events(&EventQuery { limit: 1, ..EventQuery::default() })?;
/// assert_eq!(newest.next.map(|end| end.seq), Some(EventSeq(2)));
/// # Ok::<(), rollbook::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EventSeq(pub u64);
