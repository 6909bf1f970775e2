//! Many saved audiences, and the search for those that select one device without an evaluation of most of them.
//!
//! A condition has necessary properties: `news && !muted` needs the tag `news`; `(a || b) && vip` needs one of `a` and
//! `b`, and it needs `vip`. The index lists each audience under its most selective necessary properties. A search looks
//! up the properties of the device and evaluates only the audiences that it finds there.

use super::Audience;
use super::matches::{Candidate, selects};
use crate::model::{Device, DeviceId, Limits, Platform};
use crate::store::{Key, Relation};
use crate::violation::Violations;
use hashbrown::HashMap;
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fmt;

/// Audiences under keys of the caller's choice. [`App::matching`](crate::App::matching) finds those that select a
/// device.
///
/// The cost of a search depends on the audiences that need something the device has, not on the number of audiences. An
/// audience that needs nothing, such as `!muted`, is evaluated for every device.
///
/// ```
/// use rollbook::{AppKey, AppSettings, DeviceId, Platform, Registration, Registry, SavedAudiences, TagName};
/// use rollbook_testkit::ordered::OrderedStore;
///
/// let mut saved = SavedAudiences::new();
/// saved.insert("readers", "news && !muted".parse()?)?;
/// saved.insert("guests", "!vip".parse()?)?;
/// saved.insert("ann", "alias(ann)".parse()?)?;
///
/// let registry = Registry::builder(OrderedStore::new()).build();
/// let app = registry.create_app(&AppKey::new("shop")?, AppSettings::default())?;
/// let phone = DeviceId::new("phone")?;
/// let tags = vec![TagName::new("news")?];
/// app.register(&Registration { tags, ..Registration::new(phone.clone(), Platform::Ios) })?;
/// assert_eq!(app.matching(&saved, &phone)?, [&"guests", &"readers"]);
/// # Ok::<(), rollbook::Error>(())
/// ```
pub struct SavedAudiences<K> {
    limits: Limits,
    entries: Vec<Option<(K, Audience)>>,
    /// The numbers of empty entries.
    free: Vec<usize>,
    numbers: BTreeMap<K, usize>,
    index: Index,
}

/// The numbers of audiences by what they need.
#[derive(Default)]
struct Index {
    names: [HashMap<String, Vec<usize>>; 4],
    platforms: [Vec<usize>; Platform::COUNT],
    /// The audiences that need nothing.
    always: Vec<usize>,
}

/// A property of a device: a name of a kind, or a platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Need<'a> {
    Name(Kind, &'a str),
    Platform(Platform),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Tag,
    Alias,
    User,
    Device,
}

impl<K: Ord + Clone> SavedAudiences<K> {
    /// Creates an empty set with the default limits.
    ///
    /// ```
    /// assert!(rollbook::SavedAudiences::<u32>::new().is_empty());
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self::within(Limits::default())
    }

    /// Creates an empty set with the limits of an app.
    ///
    /// ```
    /// use rollbook::{Limits, SavedAudiences};
    /// let mut saved = SavedAudiences::within(Limits { audience_nodes: 1, ..Limits::default() });
    /// assert!(saved.insert(1, "a && b".parse()?).is_err());
    /// # Ok::<(), rollbook::ParseError>(())
    /// ```
    #[must_use]
    pub fn within(limits: Limits) -> Self {
        SavedAudiences {
            limits,
            entries: Vec::new(),
            free: Vec::new(),
            numbers: BTreeMap::new(),
            index: Index::default(),
        }
    }

    /// Returns the number of audiences.
    ///
    /// ```
    /// # use rollbook::{Audience, SavedAudiences};
    /// let mut saved = SavedAudiences::new();
    /// saved.insert("all", Audience::All).unwrap();
    /// assert_eq!(saved.len(), 1);
    /// ```
    #[must_use]
    pub fn len(&self) -> usize {
        self.numbers.len()
    }

    /// Returns whether there is no audience.
    ///
    /// ```
    /// assert!(rollbook::SavedAudiences::<u32>::new().is_empty());
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.numbers.is_empty()
    }

    /// Returns the audience of a key.
    ///
    /// ```
    /// # use rollbook::{Audience, SavedAudiences};
    /// let mut saved = SavedAudiences::new();
    /// saved.insert("all", Audience::All).unwrap();
    /// assert_eq!(saved.get(&"all"), Some(&Audience::All));
    /// ```
    #[must_use]
    pub fn get(&self, key: &K) -> Option<&Audience> {
        let entry = self.entries.get(*self.numbers.get(key)?)?;
        entry.as_ref().map(|(_, audience)| audience)
    }

    /// Adds an audience under a key. Returns the audience that it replaces.
    ///
    /// ```
    /// # use rollbook::{Audience, SavedAudiences};
    /// let mut saved = SavedAudiences::new();
    /// assert_eq!(saved.insert("x", Audience::All)?, None);
    /// assert_eq!(saved.insert("x", Audience::none())?, Some(Audience::All));
    /// # Ok::<(), rollbook::Violations>(())
    /// ```
    ///
    /// # Errors
    /// Violations of `audience` if it is too deep or too large; nothing is changed then.
    pub fn insert(&mut self, key: K, audience: Audience) -> Result<Option<Audience>, Violations> {
        audience.check(&self.limits)?;
        let former = self.remove(&key);
        let number = self.free.pop().unwrap_or(self.entries.len());
        self.index.enter(number, &audience);
        self.numbers.insert(key.clone(), number);
        match self.entries.get_mut(number) {
            Some(entry) => *entry = Some((key, audience)),
            None => self.entries.push(Some((key, audience))),
        }
        Ok(former)
    }

    /// Removes the audience of a key and returns it.
    ///
    /// ```
    /// # use rollbook::{Audience, SavedAudiences};
    /// let mut saved = SavedAudiences::new();
    /// saved.insert("x", Audience::All)?;
    /// assert_eq!(saved.remove(&"x"), Some(Audience::All));
    /// assert_eq!(saved.remove(&"x"), None);
    /// # Ok::<(), rollbook::Violations>(())
    /// ```
    pub fn remove(&mut self, key: &K) -> Option<Audience> {
        let number = self.numbers.remove(key)?;
        let (_, audience) = self.entries.get_mut(number)?.take()?;
        self.index.leave(number, &audience);
        self.free.push(number);
        Some(audience)
    }

    /// Returns the keys of the audiences that select a device, in order.
    ///
    /// [`App::matching`](crate::App::matching) reads the device and calls this.
    ///
    /// ```
    /// use rollbook::SavedAudiences;
    /// let mut saved = SavedAudiences::new();
    /// saved.insert("readers", "news".parse()?)?;
    /// saved.insert("guests", "!vip".parse()?)?;
    /// let tablet = rollbook_testkit::example::shop().device(&"tablet".parse()?)?;
    /// assert_eq!(saved.matching(&tablet), [&"guests", &"readers"]);
    /// # Ok::<(), rollbook::Error>(())
    /// ```
    #[must_use]
    pub fn matching(&self, device: &Device) -> Vec<&K> {
        let mut tags: Vec<&str> = device.tags.iter().map(|tag| tag.as_str()).collect();
        tags.sort_unstable();
        let device = Loaded { device, tags };
        let mut keys: Vec<&K> = self
            .index
            .candidates(&device)
            .into_iter()
            .filter_map(|number| self.entries.get(number)?.as_ref())
            .filter(|(_, audience)| {
                let Ok(selected) = selects(audience, &device);
                selected
            })
            .map(|(key, _)| key)
            .collect();
        keys.sort_unstable();
        keys
    }
}

impl<K: Ord + Clone> Default for SavedAudiences<K> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K> fmt::Debug for SavedAudiences<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SavedAudiences").field("len", &self.numbers.len()).finish_non_exhaustive()
    }
}

impl Index {
    fn enter(&mut self, number: usize, audience: &Audience) {
        match self.needs(audience) {
            None => self.always.push(number),
            Some(needs) => needs.into_iter().for_each(|need| match need {
                Need::Platform(platform) => {
                    let list = self.platforms.get_mut(usize::from(platform.number()));
                    list.into_iter().for_each(|list| list.push(number));
                }
                Need::Name(kind, name) => {
                    if let Some(names) = self.names.get_mut(kind as usize) {
                        names.entry_ref(name).or_default().push(number);
                    }
                }
            }),
        }
    }

    /// Removes an audience. Weights have changed since it was added, so its properties cannot be chosen again: every
    /// leaf is searched.
    fn leave(&mut self, number: usize, audience: &Audience) {
        let without = |list: &mut Vec<usize>| list.retain(|one| *one != number);
        without(&mut self.always);
        self.platforms.iter_mut().for_each(without);
        let mut waiting = vec![audience];
        while let Some(node) = waiting.pop() {
            waiting.extend(node.children());
            if let Some((kind, name)) = named(node)
                && let Some(names) = self.names.get_mut(kind as usize)
                && let Some(list) = names.get_mut(name)
            {
                without(list);
                if list.is_empty() {
                    names.remove(name);
                }
            }
        }
    }

    /// Returns the most selective list of properties of which a selected device must have one: `None` if a device may
    /// be selected without any, and an empty list if no device is.
    fn needs<'a>(&self, audience: &'a Audience) -> Option<Vec<Need<'a>>> {
        let mut needs = self.needs_to(audience, true)?;
        needs.sort_unstable();
        needs.dedup();
        Some(needs)
    }

    /// Returns the properties of which a device must have one for the audience to be `hold` for it.
    fn needs_to<'a>(&self, audience: &'a Audience, hold: bool) -> Option<Vec<Need<'a>>> {
        match audience {
            Audience::All if hold => None,
            Audience::All => Some(Vec::new()),
            Audience::Platforms(set) => {
                let set = if hold { *set } else { set.complement() };
                Some(set.iter().map(Need::Platform).collect())
            }
            Audience::Not(inner) => self.needs_to(inner, !hold),
            Audience::And(members) | Audience::Or(members) => {
                let mut each = members.iter().map(|member| self.needs_to(member, hold));
                // By De Morgan, an `Or` that must not hold is an `And` of members that must not hold.
                if matches!(audience, Audience::And(_)) == hold {
                    // Every member is necessary, so the most selective one is enough.
                    each.flatten()
                        .min_by_key(|needs| needs.iter().map(|need| self.weight(*need)).sum::<usize>())
                } else {
                    each.try_fold(Vec::new(), |mut any, needs| {
                        any.extend(needs?);
                        Some(any)
                    })
                }
            }
            leaf => named(leaf).filter(|_| hold).map(|(kind, name)| vec![Need::Name(kind, name)]),
        }
    }

    /// Estimates the cost of an index entry: a rough number of devices that have the property, and the number of
    /// audiences that are listed under it already. The second part spreads audiences with a common property over the
    /// index.
    fn weight(&self, need: Need<'_>) -> usize {
        let (devices, list) = match need {
            Need::Name(kind, name) => {
                let list = self.names.get(kind as usize).and_then(|names| names.get(name));
                (if kind == Kind::Tag { 16 } else { 1 }, list)
            }
            Need::Platform(platform) => (1_024, self.platforms.get(usize::from(platform.number()))),
        };
        devices + 4 * list.map_or(0, Vec::len)
    }

    /// Returns the audiences that need nothing or something that the device has, each once.
    fn candidates(&self, loaded: &Loaded<'_>) -> Vec<usize> {
        let Device { id, platform, alias, user, .. } = loaded.device;
        let mut found = self.always.clone();
        found.extend(self.platforms.get(usize::from(platform.number())).into_iter().flatten());
        let mut look = |kind: Kind, name: &str| {
            let names = self.names.get(kind as usize);
            found.extend(names.and_then(|names| names.get(name)).into_iter().flatten());
        };
        loaded.tags.iter().for_each(|tag| look(Kind::Tag, tag));
        alias.iter().for_each(|alias| look(Kind::Alias, alias.as_str()));
        look(Kind::User, user.as_str());
        look(Kind::Device, id.as_str());
        found.sort_unstable();
        found.dedup();
        found
    }
}

/// Returns the kind and name of a leaf that has a name.
fn named(leaf: &Audience) -> Option<(Kind, &str)> {
    match leaf {
        Audience::Tag(tag) => Some((Kind::Tag, tag.as_str())),
        Audience::Alias(alias) => Some((Kind::Alias, alias.as_str())),
        Audience::User(user) => Some((Kind::User, user.as_str())),
        Audience::Device(id) => Some((Kind::Device, id.as_str())),
        _ => None,
    }
}

/// A device that was read already, with its tags sorted.
struct Loaded<'a> {
    device: &'a Device,
    tags: Vec<&'a str>,
}

impl Candidate for Loaded<'_> {
    type Error = Infallible;

    fn id(&self) -> &DeviceId {
        &self.device.id
    }

    fn platform(&self) -> Platform {
        self.device.platform
    }

    fn has(&self, key: Key<'_>) -> Result<bool, Infallible> {
        Ok(match key.relation {
            Relation::Tag => self.tags.binary_search(&key.name).is_ok(),
            Relation::Alias => self.device.alias.as_ref().is_some_and(|alias| alias.as_str() == key.name),
            Relation::User => self.device.user.as_str() == key.name,
            // No leaf names a deletion, and a device that is pending deletion cannot be read.
            Relation::Deletion => false,
        })
    }
}

#[cfg(test)]
#[path = "saved_tests.rs"]
mod tests;
