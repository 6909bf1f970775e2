//! Walks everything that one view shows and looks for contradictions.

mod register;
mod walk;

pub use register::{Space, Spaces, check_register};

use rollbook::store::{StoreError, View};
use std::fmt;
use walk::Walk;

/// The kind of promise that a view breaks.
///
/// ```
/// use rollbook::{AppId, store::{EntryKey, Operation, Store, WriteSet}};
/// use rollbook_testkit::{Broken, check_invariants, example};
///
/// let registry = example::registry();
/// let condemn = Operation::Condemn { user: "ann".parse()?, deletion: 7 };
/// let forget = Operation::RemoveEntry { key: EntryKey::Deletion(7) };
/// let writes = WriteSet { operations: [condemn, forget].into_iter().collect(), ..WriteSet::default() };
/// registry.store().commit(AppId(1), &writes)?;
/// let breaches = check_invariants(&registry.store().view(AppId(1))?)?;
/// assert!(breaches.iter().all(|breach| breach.broken == Broken::Deletion) && !breaches.is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Broken {
    /// A device differs between the look-up by id, the look-up by slot, the list of its platform and the translation
    /// of ordinals.
    Device,
    /// A posting is not ascending, or has an ordinal that is not a device.
    Posting,
    /// The two sides of a relation differ.
    Sides,
    /// A count differs from the number of what it counts.
    Count,
    /// A device has two keys of a relation that allows one.
    Single,
    /// Something empty is shown.
    Empty,
    /// A list is out of order, or names something twice.
    Order,
    /// A version is newer than the view.
    Version,
    /// A catalogue entry is not found under its key, or only there.
    Entry,
    /// The log and its indexes differ.
    Log,
    /// A device has no owner, although the registry gives every device one.
    Owner,
    /// A deletion under way has no record, so it would never be resumed.
    Deletion,
    /// The directory contradicts itself, or the apps that exist.
    Directory,
}

/// One contradiction.
///
/// ```
/// use rollbook::{AppId, store::{EntryKey, Operation, Store, WriteSet}};
/// use rollbook_testkit::{Breach, Broken, check_register, example};
///
/// let registry = example::registry();
/// let forget = Operation::RemoveEntry { key: EntryKey::NextApp };
/// let writes = WriteSet { operations: [forget].into_iter().collect(), ..WriteSet::default() };
/// registry.store().commit(AppId::DIRECTORY, &writes)?;
/// let Breach { broken, what } = &check_register(registry.store())?[0];
/// assert_eq!(*broken, Broken::Directory);
/// assert_eq!(what, "app shop: the number 1 was never given to an app; the next is 1");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Breach {
    /// What kind of promise is broken.
    pub broken: Broken,
    /// Where, and how, in words.
    pub what: String,
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

/// The progress of a walk.
///
/// ```
/// use rollbook::{AppId, store::Store};
/// use rollbook_testkit::{Walked, example, watch_invariants};
///
/// let (registry, mut walked) = (example::registry(), Vec::new());
/// let view = registry.store().view(AppId(1))?;
/// assert_eq!(watch_invariants(&view, &mut |so_far| walked.push(so_far))?, []);
/// assert_eq!(walked[0], Walked { what: "ios", done: 1, of: 1 });
/// # Ok::<(), rollbook::store::StoreError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Walked {
    /// What is being walked: the devices of a platform, by its name; tags, aliases, users, deletions, or events.
    pub what: &'static str,
    /// How many of them have been looked at.
    pub done: usize,
    /// How many there are.
    pub of: usize,
}

/// Walks everything that a view of a register's app shows and returns the contradictions. It checks what the
/// [contract](rollbook::store) requires of any store, and what the registry adds to it (every device has exactly one
/// owner, a user or a deletion; every deletion has its record).
///
/// It takes memory and time in proportion to the whole app, and holds the view all that time. Run it while nothing
/// writes to the app.
///
/// # Errors
/// The error of the view when it cannot be read.
///
/// ```
/// use rollbook::{AppId, store::Store};
/// use rollbook_testkit::{check_invariants, ordered::OrderedStore};
///
/// let view = OrderedStore::new().view(AppId(1)).unwrap();
/// assert_eq!(check_invariants(&view).unwrap(), []);
/// ```
pub fn check_invariants(view: &impl View) -> Result<Vec<Breach>, StoreError> {
    watch_invariants(view, &mut |_| {})
}

/// Does the same as [`check_invariants`], and reports its progress to `watch`.
///
/// ```
/// use rollbook::{AppId, store::Store};
/// use rollbook_testkit::{example, watch_invariants};
///
/// let (registry, mut tags) = (example::registry(), 0);
/// let view = registry.store().view(AppId(1))?;
/// let breaches = watch_invariants(&view, &mut |walked| tags += usize::from(walked.what == "tags"))?;
/// assert_eq!((breaches, tags), (Vec::new(), 2));
/// # Ok::<(), rollbook::store::StoreError>(())
/// ```
///
/// # Errors
/// The error of the view when it cannot be read.
pub fn watch_invariants(view: &impl View, watch: &mut dyn FnMut(Walked)) -> Result<Vec<Breach>, StoreError> {
    let mut walk = Walk::new(view, watch);
    walk.store()?;
    walk.register()?;
    Ok(walk.into_breaches())
}

/// Checks the part of [`check_invariants`] that holds for any store after any write set, also after one that no
/// registry would make.
///
/// ```
/// use rollbook::store::{DeviceRecord, Operation, Store, WriteSet};
/// use rollbook::{AppId, Platform};
/// use rollbook_testkit::{check_invariants, check_store_invariants, ordered::OrderedStore};
///
/// // A registry would give the device a user.
/// let (platform, record) = (Platform::Ios, DeviceRecord::new("phone".parse()?).into());
/// let insert = Operation::Insert { platform, record, last_seen: None, keys: Vec::new() };
/// let store = OrderedStore::new();
/// store.commit(AppId(1), &WriteSet { operations: [insert].into_iter().collect(), ..WriteSet::default() })?;
/// let view = store.view(AppId(1))?;
/// assert_eq!(check_store_invariants(&view)?, []);
/// assert_eq!(check_invariants(&view)?.len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// The error of the view when it cannot be read.
pub fn check_store_invariants(view: &impl View) -> Result<Vec<Breach>, StoreError> {
    let watch = &mut |_| {};
    let mut walk = Walk::new(view, watch);
    walk.store()?;
    Ok(walk.into_breaches())
}
