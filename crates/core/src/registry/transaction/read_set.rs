//! The read set: what a plan relies on, from which the preconditions of its commit are made.

use super::names::{KeyId, Names};
use crate::model::{Alias, Timestamp, UserId, Version};
use crate::store::{Check, EntryKey, Key, OwnedKey, Place, Relation};
use smallvec::{SmallVec, smallvec};

/// What a plan relies on. Whatever the plan read and would be wrong without is in here; everything else may change
/// between plan and commit.
#[derive(Debug)]
pub(super) struct ReadSet {
    /// Preconditions that stand for themselves.
    checks: SmallVec<[Check; 2]>,
    /// Devices that have the key, or lack it.
    links: Vec<(KeyId, bool, Place)>,
    /// Devices that may have one tag more, and the most that a device may have.
    rooms: Vec<(KeyId, Place)>,
    most_tags: Option<u32>,
    aliases: SmallVec<[AliasRead; 1]>,
    /// Users all of whose devices were read, with their number in the register.
    users: SmallVec<[(UserId, u64); 1]>,
    /// Devices that were not seen since `unseen_since`.
    unseen: SmallVec<[Place; 1]>,
    unseen_since: Timestamp,
}

/// What a plan relies on of the devices of an alias.
#[derive(Debug)]
pub(super) struct AliasRead {
    alias: Alias,
    /// The most devices that the alias may have in the register.
    most: u64,
    /// The order in which they were bound is relied on.
    pub(super) ordered: bool,
    /// Their owners are relied on.
    pub(super) owned: bool,
}

impl ReadSet {
    pub(super) fn new(most_tags: Option<u32>) -> Self {
        ReadSet {
            checks: smallvec![Check::Open],
            links: Vec::new(),
            rooms: Vec::new(),
            most_tags,
            aliases: SmallVec::new(),
            users: SmallVec::new(),
            unseen: SmallVec::new(),
            unseen_since: Timestamp::MIN,
        }
    }

    pub(super) fn version(&mut self, device: Place, version: Version) {
        self.checks.push(Check::Unchanged { device, version });
    }

    pub(super) fn absent(&mut self, key: EntryKey) {
        self.checks.push(Check::Entry { key, version: None });
    }

    pub(super) fn owner(&mut self, user: &UserId, device: Place) {
        let key = Key::new(Relation::User, user.as_str()).to_owned();
        self.checks.push(Check::Linked { key, devices: smallvec![device], is: true });
    }

    /// The device has the key, or lacks it.
    pub(super) fn link(&mut self, key: KeyId, has: bool, device: Place) {
        self.links.push((key, has, device));
    }

    pub(super) fn has_links(&self) -> bool {
        !self.links.is_empty()
    }

    /// The device has the tag, or has room for it.
    pub(super) fn room(&mut self, tag: KeyId, device: Place) {
        if self.most_tags.is_some() {
            self.rooms.push((tag, device));
        }
    }

    pub(super) fn unseen(&mut self, device: Place, since: Timestamp) {
        self.unseen.push(device);
        self.unseen_since = since;
    }

    /// The alias has at most this many devices.
    pub(super) fn alias_at_most(&mut self, alias: &Alias, most: u64) {
        let read = self.alias(alias);
        read.most = read.most.min(most);
    }

    /// The user has at most this many devices. The first number that is given counts: all are of one view.
    pub(super) fn user_at_most(&mut self, user: &UserId, most: u64) {
        if self.users.iter().all(|(known, _)| known != user) {
            self.users.push((user.clone(), most));
        }
    }

    /// What is relied on of the alias.
    pub(super) fn alias(&mut self, alias: &Alias) -> &mut AliasRead {
        let known = self.aliases.iter().position(|read| read.alias == *alias);
        let at = known.unwrap_or_else(|| {
            let alias = alias.clone();
            self.aliases.push(AliasRead { alias, most: u64::MAX, ordered: false, owned: false });
            self.aliases.len() - 1
        });
        #[allow(clippy::indexing_slicing, reason = "found, or just made")]
        &mut self.aliases[at]
    }

    /// The preconditions.
    pub(super) fn into_checks(self, names: &Names) -> SmallVec<[Check; 2]> {
        let ReadSet { mut checks, links, rooms, most_tags, aliases, users, unseen, unseen_since } = self;
        for is in [true, false] {
            let links = links.iter().filter(|(_, has, _)| *has == is).map(|(key, _, place)| (*key, *place));
            let linked = |(key, devices)| Check::Linked { key: OwnedKey::clone(&names[key]), devices, is };
            checks.extend(by_key(links.collect()).into_iter().map(linked));
        }
        if let Some(most) = most_tags {
            let room = |(tag, devices)| Check::Room { tag: names[tag].name.clone(), devices, most };
            checks.extend(by_key(rooms).into_iter().map(room));
        }
        let at_most = |relation, name, most| {
            let key = OwnedKey { relation, name };
            Check::KeyAtMost { key, most }
        };
        let aliases = aliases.into_iter();
        checks.extend(aliases.map(|read| at_most(Relation::Alias, read.alias.into_text(), read.most)));
        if !unseen.is_empty() {
            checks.push(Check::Unseen { devices: unseen, since: unseen_since });
        }
        let users = users.into_iter();
        checks.extend(users.map(|(user, most)| at_most(Relation::User, user.into_text(), most)));
        checks
    }
}

/// The devices of each key, in one list.
fn by_key(mut pairs: Vec<(KeyId, Place)>) -> Vec<(KeyId, SmallVec<[Place; 1]>)> {
    pairs.sort_by_key(|(key, _)| *key);
    let mut lists: Vec<(KeyId, SmallVec<[Place; 1]>)> = Vec::new();
    for (key, place) in pairs {
        match lists.last_mut() {
            Some((last, places)) if *last == key => places.push(place),
            _ => lists.push((key, smallvec![place])),
        }
    }
    lists
}
