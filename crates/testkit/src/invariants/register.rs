//! All spaces of a register, and what holds between them.

use super::{Breach, Broken, check_invariants};
use rollbook::store::{Deleted, Entry, EntryKey, EntryKind, Store, StoreError, View};
use rollbook::{AppId, Platform};
use std::collections::BTreeMap;

/// Walks a whole register: its directory, every app there is or was, and what holds between them (an app has a number
/// of its own that was given; what is left of a deleted app is nothing, unless its deletion is under way).
///
/// Each breach says in which space it is. Run it on a store that is not being written.
///
/// # Errors
/// What the store answers when it cannot be read.
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
    let directory = Directory::read(&store.view(AppId::DIRECTORY)?)?;
    let mut breaches = directory.breaches();
    for id in 0..directory.next {
        // One view at a time: a view may be a lock.
        let view = store.view(AppId(id))?;
        let mut found = check_invariants(&view)?;
        if id != AppId::DIRECTORY.0 && !directory.owners.contains_key(&id) {
            found.extend(left_over(&view)?);
        }
        let space = if id == AppId::DIRECTORY.0 { "the directory".to_owned() } else { format!("app {id}") };
        breaches.extend(
            found.into_iter().map(|breach| Breach { what: format!("{space}: {}", breach.what), ..breach }),
        );
    }
    Ok(breaches)
}

/// The numbers of the spaces that hold something, or may.
pub(crate) fn spaces(store: &impl Store) -> Result<Vec<AppId>, StoreError> {
    Ok((0..Directory::read(&store.view(AppId::DIRECTORY)?)?.next).map(AppId).collect())
}

/// What the directory says.
struct Directory {
    /// The number of the next app; every space has a lower one.
    next: u32,
    /// Which entries each number is of: apps, and deletions of apps.
    owners: BTreeMap<u32, Vec<String>>,
}

impl Directory {
    fn read(view: &impl View) -> Result<Self, StoreError> {
        let next = match view.entry(&EntryKey::NextApp)? {
            Some((Entry::NextApp(id), _)) => id.0,
            _ => AppId::DIRECTORY.0 + 1,
        };
        let mut owners: BTreeMap<u32, Vec<String>> = BTreeMap::new();
        for kind in [EntryKind::App, EntryKind::Deletion] {
            for (entry, _) in view.entries(kind, None, usize::MAX)? {
                let (id, owner) = match entry {
                    Entry::App(app) => (app.id, format!("app {}", app.key)),
                    Entry::Deletion(deletion) => match deletion.of {
                        Deleted::App { key, id } => (id, format!("the deletion of {key}")),
                        Deleted::User { user, .. } => {
                            (AppId::DIRECTORY, format!("the deletion of user {user}"))
                        }
                    },
                    _ => continue,
                };
                owners.entry(id.0).or_default().push(owner);
            }
        }
        Ok(Directory { next, owners })
    }

    fn breaches(&self) -> Vec<Breach> {
        let mut found = Vec::new();
        for (&id, owners) in &self.owners {
            let mut wrong = |why: &str| {
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

/// What is still there of an app that neither exists nor is being deleted.
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
