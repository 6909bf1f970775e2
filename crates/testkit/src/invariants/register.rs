//! All spaces of a register, and the invariants between them.

use super::{Breach, Broken, Walked, watch_invariants};
use rollbook::store::{Deleted, Entry, EntryKey, EntryKind, Store, StoreError, View};
use rollbook::{AppId, AppKey, Platform};
use std::collections::BTreeMap;
use std::fmt;

/// Walks a whole register: its directory, every app that exists or existed, and the invariants between them (an app
/// has a number of its own that was allocated; a deleted app leaves no data, unless its deletion is under way).
///
/// Each breach names its space. Run it on a store that is not being written.
///
/// # Errors
/// The error of the store when it cannot be read.
///
/// ```
/// use rollbook::{AppKey, AppSettings, Registry};
/// use rollbook_testkit::{check_register, ordered::OrderedStore};
///
/// let registry = Registry::builder(OrderedStore::new()).build();
/// registry.create_app(&AppKey::new("shop")?, AppSettings::default())?;
/// assert_eq!(check_register(registry.store())?, []);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn check_register(store: &impl Store) -> Result<Vec<Breach>, StoreError> {
    let spaces = Spaces::of(store)?;
    let mut breaches = spaces.breaches();
    for space in spaces.iter() {
        let found = space.check(store, &mut |_| {})?;
        breaches.extend(
            found.into_iter().map(|breach| Breach { what: format!("{space}: {}", breach.what), ..breach }),
        );
    }
    Ok(breaches)
}

/// The spaces of a register, as its directory lists them: the parts that [`check_register`] walks, for a caller that
/// walks them one by one, and goes on where one cannot be read.
///
/// ```
/// use rollbook::{AppKey, AppSettings, Registry};
/// use rollbook_testkit::{Spaces, ordered::OrderedStore};
///
/// let registry = Registry::builder(OrderedStore::new()).build();
/// registry.create_app(&AppKey::new("shop")?, AppSettings::default())?;
/// let spaces = Spaces::of(registry.store())?;
/// assert_eq!(spaces.breaches(), []);
/// assert_eq!(spaces.iter().map(|space| space.to_string()).collect::<Vec<_>>(), ["the directory", "app shop"]);
/// for space in spaces.iter() {
///     assert_eq!(space.check(registry.store(), &mut |_| {})?, []);
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Spaces {
    /// The number of the next app; every space has a lower one.
    next: u32,
    /// The entries to which each number belongs: apps, and deletions of apps.
    owners: BTreeMap<u32, Vec<Owner>>,
}

/// An entry that has a number in the directory.
#[derive(Debug)]
enum Owner {
    App(AppKey),
    Deletion(String),
}

/// One space of a register: its directory, or an app that exists or existed.
///
/// ```
/// use rollbook::AppKey;
/// use rollbook_testkit::{Spaces, example};
///
/// let registry = example::registry();
/// registry.delete_app(&AppKey::new(example::KEY)?)?;
/// let spaces = Spaces::of(registry.store())?;
/// // The number of a deleted app is not given again.
/// let names: Vec<String> = spaces.iter().map(|space| space.to_string()).collect();
/// assert_eq!(names, ["the directory", "app number 1"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Space<'a> {
    id: AppId,
    owners: &'a [Owner],
}

impl Spaces {
    /// Reads the spaces of a register.
    ///
    /// ```
    /// use rollbook_testkit::{Spaces, ordered::OrderedStore};
    ///
    /// let spaces = Spaces::of(&OrderedStore::new())?;
    /// assert_eq!(spaces.iter().count(), 1, "no app, but a directory");
    /// # Ok::<(), rollbook::store::StoreError>(())
    /// ```
    ///
    /// # Errors
    /// The error of the store when its directory cannot be read.
    pub fn of(store: &impl Store) -> Result<Self, StoreError> {
        let view = store.view(AppId::DIRECTORY)?;
        let next = match view.entry(&EntryKey::NextApp)? {
            Some((Entry::NextApp(id), _)) => id.0,
            _ => AppId::DIRECTORY.0 + 1,
        };
        let mut owners: BTreeMap<u32, Vec<Owner>> = BTreeMap::new();
        for kind in [EntryKind::App, EntryKind::Deletion] {
            for (entry, _) in view.entries(kind, None, usize::MAX)? {
                let (id, owner) = match entry {
                    Entry::App(app) => (app.id, Owner::App(app.key)),
                    Entry::Deletion(deletion) => match deletion.of {
                        Deleted::App { key, id } => (id, Owner::Deletion(format!("the deletion of {key}"))),
                        Deleted::User { user, .. } | Deleted::SignOut { user, .. } => {
                            (AppId::DIRECTORY, Owner::Deletion(format!("the deletion of user {user}")))
                        }
                    },
                    _ => continue,
                };
                owners.entry(id.0).or_default().push(owner);
            }
        }
        Ok(Spaces { next, owners })
    }

    /// Returns the spaces that hold something, or may hold something. The directory is the first.
    ///
    /// ```
    /// use rollbook_testkit::{Spaces, example};
    ///
    /// let registry = example::registry();
    /// let spaces = Spaces::of(registry.store())?;
    /// assert_eq!(spaces.iter().map(|space| space.id().0).collect::<Vec<_>>(), [0, 1]);
    /// # Ok::<(), rollbook::store::StoreError>(())
    /// ```
    pub fn iter(&self) -> impl Iterator<Item = Space<'_>> {
        let owners = |id| self.owners.get(&id).map_or(&[][..], Vec::as_slice);
        (0..self.next).map(move |id| Space { id: AppId(id), owners: owners(id) })
    }

    /// Returns the contradictions among the numbers of the spaces.
    ///
    /// ```
    /// use rollbook::{AppId, store::{EntryKey, Operation, Store, WriteSet}};
    /// use rollbook_testkit::{Spaces, example};
    ///
    /// let registry = example::registry();
    /// assert_eq!(Spaces::of(registry.store())?.breaches(), []);
    /// let forget = Operation::RemoveEntry { key: EntryKey::NextApp };
    /// let writes = WriteSet { operations: [forget].into_iter().collect(), ..WriteSet::default() };
    /// registry.store().commit(AppId::DIRECTORY, &writes)?;
    /// assert_eq!(Spaces::of(registry.store())?.breaches().len(), 1);
    /// # Ok::<(), rollbook::store::StoreError>(())
    /// ```
    #[must_use]
    pub fn breaches(&self) -> Vec<Breach> {
        let mut found = Vec::new();
        for (&id, owners) in &self.owners {
            let mut wrong = |why: &str| {
                let owners: Vec<String> = owners.iter().map(Owner::to_string).collect();
                found.push(Breach {
                    broken: Broken::Directory,
                    what: format!("{}: {why}", owners.join(", ")),
                });
            };
            if owners.len() > 1 {
                wrong("one number for several");
            }
            if id == AppId::DIRECTORY.0 || id >= self.next {
                wrong(&format!("the number {id} was never given to an app; the next is {}", self.next));
            }
        }
        found
    }
}

impl<'a> Space<'a> {
    /// Returns the number of the space in the store.
    ///
    /// ```
    /// use rollbook::{AppId, Platform, store::{Store, View}};
    /// use rollbook_testkit::{Spaces, example};
    ///
    /// let registry = example::registry();
    /// let spaces = Spaces::of(registry.store())?;
    /// let shop = spaces.iter().last().unwrap();
    /// assert_eq!(registry.store().view(shop.id())?.devices(Platform::Ios)?.len(), 1);
    /// # Ok::<(), rollbook::store::StoreError>(())
    /// ```
    #[must_use]
    pub fn id(&self) -> AppId {
        self.id
    }

    /// Returns the key of the app if the space is an app that exists.
    ///
    /// ```
    /// use rollbook_testkit::{Spaces, example};
    ///
    /// let registry = example::registry();
    /// let spaces = Spaces::of(registry.store())?;
    /// let apps: Vec<_> = spaces.iter().map(|space| space.app().map(|key| key.as_str())).collect();
    /// assert_eq!(apps, [None, Some("shop")], "the directory is no app");
    /// # Ok::<(), rollbook::store::StoreError>(())
    /// ```
    #[must_use]
    pub fn app(&self) -> Option<&'a AppKey> {
        self.owners.iter().find_map(|owner| match owner {
            Owner::App(key) => Some(key),
            Owner::Deletion(_) => None,
        })
    }

    /// Walks the space, reports its progress to `watch`, and returns the contradictions.
    ///
    /// ```
    /// use rollbook_testkit::{Spaces, example};
    ///
    /// let registry = example::registry();
    /// let spaces = Spaces::of(registry.store())?;
    /// let (shop, mut last) = (spaces.iter().last().unwrap(), None);
    /// assert_eq!(shop.check(registry.store(), &mut |walked| last = Some(walked))?, []);
    /// assert!(last.is_some_and(|walked| walked.done == walked.of), "it comes to its end");
    /// # Ok::<(), rollbook::store::StoreError>(())
    /// ```
    ///
    /// # Errors
    /// The error of the store when the space cannot be read.
    pub fn check(
        &self,
        store: &impl Store,
        watch: &mut dyn FnMut(Walked),
    ) -> Result<Vec<Breach>, StoreError> {
        // One view at a time, because a view may be a lock.
        let view = store.view(self.id)?;
        let mut found = watch_invariants(&view, watch)?;
        if self.id != AppId::DIRECTORY && self.owners.is_empty() {
            found.extend(left_over(&view)?);
        }
        Ok(found)
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Owner::App(key) => write!(f, "app {key}"),
            Owner::Deletion(what) => f.write_str(what),
        }
    }
}

/// Writes what the space is, with the app's key rather than its number.
impl fmt::Display for Space<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.app() {
            _ if self.id == AppId::DIRECTORY => f.write_str("the directory"),
            Some(key) => write!(f, "app {key}"),
            None => write!(f, "app number {}", self.id.0),
        }
    }
}

/// Returns a breach if there is still data of an app that neither exists nor is being deleted.
fn left_over(view: &impl View) -> Result<Option<Breach>, StoreError> {
    let mut what = Vec::new();
    if !view.is_sealed() {
        what.push("is not sealed");
    }
    for platform in Platform::ALL {
        if !view.devices(platform)?.is_empty() {
            what.push("has devices");
            break;
        }
    }
    for kind in [EntryKind::EventType, EntryKind::Deletion] {
        if !view.entries(kind, None, 1)?.is_empty() {
            what.push("has catalogue entries");
        }
    }
    if !view.events(&crate::look::whole(rollbook::store::LogIndex::All))?.is_empty() {
        what.push("has events");
    }
    if what.is_empty() {
        return Ok(None);
    }
    let what = format!("a deleted app {}, and nobody is at its deletion", what.join(", "));
    Ok(Some(Breach { broken: Broken::Directory, what }))
}
