//! Many saved audiences and one device: which match, without looking at most of them.
//!
//! A condition that holds needs something that does: `news && !muted` needs the tag `news`, `(a || b) && vip` needs one
//! of `a` and `b`, and it needs `vip`. Of what an audience needs, the most telling is chosen, and the audience stands
//! in an index under it. A device looks up what it has, and judges only the audiences that it finds.

use super::Audience;
use crate::model::{Device, Limits, Platform};
use crate::violation::Violations;
use hashbrown::HashMap;
use std::collections::BTreeMap;
use std::fmt;

/// Audiences under names of the caller's choice, to find those that one device is in:
/// [`App::matching`](crate::App::matching).
///
/// Thousands of them cost a device about as much as the few that ask for something it has. An audience that asks for
/// nothing, such as `!muted`, is judged for every device.
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
    /// Numbers of entries that hold nothing.
    free: Vec<usize>,
    numbers: BTreeMap<K, usize>,
    index: Index,
}

/// The numbers of audiences by what they need.
#[derive(Default)]
struct Index {
    names: [HashMap<String, Vec<usize>>; 4],
    platforms: [Vec<usize>; Platform::COUNT],
    /// Those that need nothing.
    always: Vec<usize>,
}

/// What a device can have: a name of a kind, or a platform.
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
    /// None yet, under the default limits.
    ///
    /// ```
    /// assert!(rollbook::SavedAudiences::<u32>::new().is_empty());
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self::within(Limits::default())
    }

    /// None yet, under the limits of an app.
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

    /// How many audiences there are.
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

    /// Is there none?
    ///
    /// ```
    /// assert!(rollbook::SavedAudiences::<u32>::new().is_empty());
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.numbers.is_empty()
    }

    /// The audience of a name.
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

    /// Keeps an audience under a name; the one that had the name.
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
    /// Violations of `audience` that is too deep or too large; nothing is changed then.
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

    /// Forgets the audience of a name, and gives it back.
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

    /// The names of the audiences that a device is in, in order.
    ///
    /// [`App::matching`](crate::App::matching) reads the device first.
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
        let has = Has { device, tags };
        let mut keys: Vec<&K> = self
            .index
            .candidates(&has)
            .into_iter()
            .filter_map(|number| self.entries.get(number)?.as_ref())
            .filter(|(_, audience)| has.is_in(audience))
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

    /// What was chosen when it was entered may not be what would be chosen now, so it is looked for in all of it.
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

    /// What a device must have one of to be in the audience: the list that tells most; nothing at all when it may be
    /// in without having anything, and an empty list when it never is.
    fn needs<'a>(&self, audience: &'a Audience) -> Option<Vec<Need<'a>>> {
        let mut needs = self.needs_to(audience, true)?;
        needs.sort_unstable();
        needs.dedup();
        Some(needs)
    }

    /// What a device must have one of for the audience to hold, or not to.
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
                if matches!(audience, Audience::And(_)) == hold {
                    // Every member is needed: the one that tells most stands for all.
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

    /// How little it tells: roughly how many devices have it, and how many audiences stand under it already. So what
    /// many audiences have in common does not become what all of them are found by.
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

    /// The audiences that need nothing, or something that the device has; each once.
    fn candidates(&self, has: &Has<'_>) -> Vec<usize> {
        let Device { id, platform, alias, user, .. } = has.device;
        let mut found = self.always.clone();
        found.extend(self.platforms.get(usize::from(platform.number())).into_iter().flatten());
        let mut look = |kind: Kind, name: &str| {
            let names = self.names.get(kind as usize);
            found.extend(names.and_then(|names| names.get(name)).into_iter().flatten());
        };
        has.tags.iter().for_each(|tag| look(Kind::Tag, tag));
        alias.iter().for_each(|alias| look(Kind::Alias, alias.as_str()));
        look(Kind::User, user.as_str());
        look(Kind::Device, id.as_str());
        found.sort_unstable();
        found.dedup();
        found
    }
}

/// The kind and name of a leaf that names something.
fn named(leaf: &Audience) -> Option<(Kind, &str)> {
    match leaf {
        Audience::Tag(tag) => Some((Kind::Tag, tag.as_str())),
        Audience::Alias(alias) => Some((Kind::Alias, alias.as_str())),
        Audience::User(user) => Some((Kind::User, user.as_str())),
        Audience::Device(id) => Some((Kind::Device, id.as_str())),
        _ => None,
    }
}

/// A device with its tags in order.
struct Has<'a> {
    device: &'a Device,
    tags: Vec<&'a str>,
}

impl Has<'_> {
    fn is_in(&self, audience: &Audience) -> bool {
        match audience {
            Audience::All => true,
            Audience::Tag(tag) => self.tags.binary_search(&tag.as_str()).is_ok(),
            Audience::Alias(alias) => self.device.alias.as_ref() == Some(alias),
            Audience::User(user) => self.device.user == *user,
            Audience::Device(id) => self.device.id == *id,
            Audience::Platforms(set) => set.contains(self.device.platform),
            Audience::And(members) => members.iter().all(|member| self.is_in(member)),
            Audience::Or(members) => members.iter().any(|member| self.is_in(member)),
            Audience::Not(inner) => !self.is_in(inner),
        }
    }
}

#[cfg(test)]
#[path = "saved_tests.rs"]
mod tests;
