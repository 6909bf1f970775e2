//! The changing operations. Each first collects every reason against it, then is done: a refused operation has changed
//! nothing.
//!
//! The order of the refusals: the device of the operation must exist, then it must have the version on which the
//! operation is based, then all rules that the arguments break are named at once. Only a list of devices is not looked
//! up when it is too long.

use super::refusal::Refusal;
use super::rules::{Found, above};
use super::tenant::{Member, Tenant};
use rollbook::{
    Alias, AliasOverflow, AppOpen, Command, DeletedUser, DeviceId, DeviceUpdate, OnUserChange, Outcome,
    Platform, PlatformSet, PresenceFrom, Registered, Registration, Rule, Set, SignedOut, TagName, TagsChange,
    Timestamp, Updated, UserId, UtcOffset, Version,
};
use std::collections::BTreeSet;

impl Tenant {
    pub(super) fn apply(&mut self, command: &Command, now: Timestamp) -> Result<Outcome, Refusal> {
        match command {
            Command::Register(registration) => self.register(registration, now).map(Outcome::Registered),
            Command::Unregister(device) => {
                self.get(device)?;
                self.edit(device, |member| member.token = None);
                Ok(Outcome::Done)
            }
            Command::Remove(device) => self.remove(device),
            Command::RemoveBasedOn { device, version } => {
                self.get(device)?;
                self.check_version(device, Some(*version))?;
                self.remove(device)
            }
            Command::SignOut(device) => self.sign_out(device).map(Outcome::SignedOut),
            Command::SignOutUser(user) => Ok(self.sign_out_user(user)),
            Command::Update { device, update } => self.update(device, update).map(Outcome::Updated),
            Command::UnbindAlias { alias, devices } => self.unbind_alias(alias, devices),
            Command::DeleteAlias { alias, platforms } => Ok(self.delete_alias(alias, *platforms)),
            Command::UpdateTag { tag, add, remove } => self.update_tag(tag, add, remove),
            Command::DeleteTag { tag, platforms } => Ok(self.delete_tag(tag, *platforms)),
            Command::RegisterUser { device, user, platform, utc_offset } => {
                self.register_user(device, user.as_ref(), *platform, *utc_offset, now)
            }
            Command::DeleteUser(user) => self.delete_user(user),
            Command::DeclareEvent(name) => {
                self.types.entry(name.clone()).or_insert(now);
                Ok(Outcome::Done)
            }
            Command::PostEvent(event) => self.post(event, now).map(Outcome::Posted),
        }
    }

    fn register(&mut self, new: &Registration, now: Timestamp) -> Result<Registered, Refusal> {
        let mut found = Found::default();
        found.added_tags(&self.limits, "tags", &new.tags);
        found.alias(&self.limits, new.alias.as_ref());
        let loses = self.loses(&new.id, new.user.as_ref());
        let lost = match (loses, self.devices.get(&new.id)) {
            (OnUserChange::ClearAliasAndTags, Some(member)) => member.tags.clone(),
            _ => BTreeSet::new(),
        };
        self.check_room_for_tags(&mut found, "tags", &new.id, &new.tags, &lost);
        self.check_room_for_device(&mut found, &new.id, new.alias.as_ref());
        self.check_new_names(&mut found, &new.id, new.user.as_ref());
        found.verdict()?;
        self.check_not_deleted_before(&new.id)?;

        let mut done = self.settle(&new.id, new.user.as_ref(), new.platform, now);
        // An alias that is set again keeps its binding, and with it its age.
        let again = self.devices.get(&new.id).and_then(|member| member.alias.clone());
        self.take_from(&new.id, loses);
        if let (Some(alias), Some(member)) = (&new.alias, self.devices.get_mut(&new.id)) {
            member.alias = again.filter(|(held, _)| held == alias).or(member.alias.take());
        }
        let before = self.devices.get(&new.id).map(|member| member.tags.clone()).unwrap_or_default();
        self.edit(&new.id, |member| {
            member.platform = new.platform;
            overwrite(&mut member.token, new.token.as_ref());
            overwrite(&mut member.mobile, new.mobile.as_ref());
            overwrite(&mut member.language, new.language.as_ref());
            overwrite(&mut member.utc_offset, new.utc_offset.as_ref());
            member.tags.extend(new.tags.iter().cloned());
        });
        if done.former_user.is_some() {
            done.kept_tags = before.into_iter().filter(|tag| !new.tags.contains(tag)).collect();
            let member = self.devices.get(&new.id).filter(|_| new.alias.is_none());
            done.kept_alias = member.and_then(|member| member.alias.as_ref()).map(|(alias, _)| alias.clone());
        }
        if let Some(alias) = &new.alias {
            done.evicted = self.bind(&new.id, alias);
        }
        Ok(done)
    }

    fn register_user(
        &mut self,
        device: &DeviceId,
        user: Option<&UserId>,
        platform: Option<Platform>,
        utc_offset: Option<UtcOffset>,
        now: Timestamp,
    ) -> Result<Outcome, Refusal> {
        let mut found = Found::default();
        self.check_new_names(&mut found, device, user);
        found.verdict()?;
        self.check_not_deleted_before(device)?;
        let user = user.cloned().unwrap_or_else(|| device.anonymous_user());
        let loses = self.loses(device, Some(&user));
        let mut done = self.settle(device, Some(&user), platform.unwrap_or(Platform::Unknown), now);
        self.take_from(device, loses);
        self.edit(device, |member| {
            member.platform = platform.unwrap_or(member.platform);
            overwrite(&mut member.utc_offset, utc_offset.as_ref());
        });
        if let Some(member) = self.devices.get(device).filter(|_| done.former_user.is_some()) {
            done.kept_alias = member.alias.as_ref().map(|(alias, _)| alias.clone());
            done.kept_tags = member.tags.iter().cloned().collect();
        }
        Ok(Outcome::Registered(done))
    }

    /// Opens the app on a device: a registration that assigns a user only to a new device, and a heartbeat.
    pub(super) fn open(&mut self, open: &AppOpen, now: Timestamp) -> Result<Outcome, Refusal> {
        let id = &open.device;
        let mut found = Found::default();
        if self.knows(id) {
            self.check_new_names(&mut found, id, open.user.as_ref());
        }
        found.verdict()?;
        let user = open.user.as_ref().filter(|_| !self.knows(id));
        let known = self.devices.get(id).map(|member| member.platform);
        let registration = Registration {
            token: open.token.clone(),
            language: open.language.clone(),
            utc_offset: open.utc_offset,
            user: user.cloned(),
            ..Registration::new(id.clone(), open.platform.or(known).unwrap_or(Platform::Unknown))
        };
        let done = self.register(&registration, now)?;
        if self.policies.presence_from != PresenceFrom::None {
            self.see(id, now);
        }
        Ok(Outcome::Registered(done))
    }

    /// Checks new names only. Names that the app has already, and the anonymous user of a device, are not checked
    /// again.
    fn check_new_names(&self, found: &mut Found, id: &DeviceId, user: Option<&UserId>) {
        if !self.knows(id) {
            found.new_name("device", id.as_str());
        }
        if let Some(user) = user.filter(|user| **user != id.anonymous_user() && !self.has_user(user)) {
            found.new_name("user", user.as_str());
        }
    }

    /// A device that a batch deletes with its user can only be registered again in another batch.
    fn check_not_deleted_before(&self, id: &DeviceId) -> Result<(), Refusal> {
        let deleted = self.batch.as_ref().is_some_and(|batch| batch.deleted.contains(id));
        if deleted && !self.knows(id) { Err(Refusal::one("device", None, Rule::Form)) } else { Ok(()) }
    }

    /// Makes the device if it does not exist, assigns it to the user if one is named, and returns what that did.
    fn settle(
        &mut self,
        id: &DeviceId,
        user: Option<&UserId>,
        platform: Platform,
        now: Timestamp,
    ) -> Registered {
        let created = !self.knows(id);
        if created {
            let mut member = Member::new(id, platform, now);
            member.version = self.tick();
            self.devices.insert(id.clone(), member);
        }
        let former = self.devices.get(id).map(|member| member.user.clone());
        if let Some(user) = user {
            self.edit(id, |member| member.user = user.clone());
        }
        let left = former.filter(|former| !created && user.is_some_and(|user| user != former));
        Registered {
            created,
            former_user_vanished: left.as_ref().is_some_and(|user| !self.has_user(user)),
            former_user: left,
            evicted: Vec::new(),
            kept_alias: None,
            kept_tags: Vec::new(),
        }
    }

    fn remove(&mut self, device: &DeviceId) -> Result<Outcome, Refusal> {
        let user = self.get(device)?.user.clone();
        self.devices.remove(device);
        if let Some(batch) = &mut self.batch {
            batch.versions.remove(device);
        }
        let vanished_user = Some(user).filter(|user| !self.has_user(user));
        Ok(Outcome::Removed { vanished_user })
    }

    fn update(&mut self, id: &DeviceId, update: &DeviceUpdate) -> Result<Updated, Refusal> {
        self.get(id)?;
        self.check_version(id, update.based_on)?;
        let mut found = Found::default();
        if let TagsChange::Change { add, remove } = &update.tags {
            found.added_tags(&self.limits, "tags.add", add);
            found.tag_list(&self.limits, "tags.remove", remove);
            let removed = remove.iter().cloned().collect();
            self.check_room_for_tags(&mut found, "tags.add", id, add, &removed);
        }
        if let Set::To(alias) = &update.alias {
            found.alias(&self.limits, Some(alias));
            self.check_room_for_device(&mut found, id, Some(alias));
        }
        found.verdict()?;

        self.edit(id, |member| {
            match &update.tags {
                TagsChange::Clear => member.tags.clear(),
                TagsChange::Change { add, remove } => {
                    member.tags.retain(|tag| !remove.contains(tag));
                    member.tags.extend(add.iter().cloned());
                }
            }
            match &update.mobile {
                Set::Keep => {}
                Set::Clear => member.mobile = None,
                Set::To(mobile) => member.mobile = Some(mobile.clone()),
            }
            if update.alias == Set::Clear {
                member.alias = None;
            }
        });
        let evicted = match &update.alias {
            Set::To(alias) => self.bind(id, alias),
            Set::Keep | Set::Clear => Vec::new(),
        };
        Ok(Updated { evicted })
    }

    fn check_version(&self, id: &DeviceId, based_on: Option<Version>) -> Result<(), Refusal> {
        if based_on.is_some_and(|version| Some(version.0) != self.version(id)) {
            return Err(Refusal::Stale(format!("{:?}", id.as_str())));
        }
        Ok(())
    }

    /// Returns the device to its anonymous user; it loses what the policy says.
    fn sign_out(&mut self, id: &DeviceId) -> Result<SignedOut, Refusal> {
        self.get(id)?;
        let anonymous = id.anonymous_user();
        let loses = self.loses(id, Some(&anonymous));
        let Registered { former_user, former_user_vanished, .. } =
            self.settle(id, Some(&anonymous), Platform::Unknown, Timestamp::MIN);
        self.take_from(id, loses);
        let mut done = SignedOut { former_user, former_user_vanished, ..SignedOut::default() };
        if let Some(member) = self.devices.get(id).filter(|_| done.former_user.is_some()) {
            done.kept_alias = member.alias.as_ref().map(|(alias, _)| alias.clone());
            done.kept_tags = member.tags.iter().cloned().collect();
        }
        Ok(done)
    }

    fn sign_out_user(&mut self, user: &UserId) -> Outcome {
        let theirs = self.ids(|id, member| member.user == *user && id.anonymous_user() != *user);
        for id in &theirs {
            let loses = self.loses(id, Some(&id.anonymous_user()));
            self.settle(id, Some(&id.anonymous_user()), Platform::Unknown, Timestamp::MIN);
            self.take_from(id, loses);
        }
        Outcome::UserSignedOut { devices: theirs.len() as u64 }
    }

    /// Returns what a device loses that goes to the user. An unclaimed device keeps everything.
    fn loses(&self, id: &DeviceId, user: Option<&UserId>) -> OnUserChange {
        let leaves = self.devices.get(id).is_some_and(|member| {
            member.user != id.anonymous_user() && user.is_some_and(|user| *user != member.user)
        });
        if leaves { self.policies.on_user_change } else { OnUserChange::Keep }
    }

    fn take_from(&mut self, id: &DeviceId, loses: OnUserChange) {
        self.edit(id, |member| {
            if loses != OnUserChange::Keep {
                member.alias = None;
            }
            if loses == OnUserChange::ClearAliasAndTags {
                member.tags.clear();
            }
        });
    }

    /// A device may hold more than a lowered limit, but then it must not gain more tags than it loses.
    fn check_room_for_tags(
        &self,
        found: &mut Found,
        field: &str,
        id: &DeviceId,
        add: &[TagName],
        remove: &BTreeSet<TagName>,
    ) {
        let has = self.devices.get(id).map(|member| member.tags.clone()).unwrap_or_default();
        let mut then: BTreeSet<TagName> = has.difference(remove).cloned().collect();
        then.extend(add.iter().cloned());
        if then.len() > has.len() && above(then.len(), self.limits.tags_per_device) {
            found.add(field, None, Rule::TagsPerDevice);
        }
    }

    /// A full alias takes no further device, unless the app evicts.
    fn check_room_for_device(&self, found: &mut Found, id: &DeviceId, alias: Option<&Alias>) {
        let Some(alias) = alias else { return };
        let carriers = self.carriers(alias, PlatformSet::ALL);
        let evicts = self.limits.alias_overflow == AliasOverflow::EvictOldest
            && self.limits.devices_per_alias != Some(0);
        let full = above(carriers.len() + 1, self.limits.devices_per_alias);
        if full && !carriers.contains(id) && !evicts {
            found.add("alias", None, Rule::DevicesPerAlias);
        }
    }

    /// Sets an alias that has room, or in which room may be made by evicting the oldest bindings. A device that
    /// carries the alias already keeps its binding. Returns the evicted devices in byte order.
    fn bind(&mut self, id: &DeviceId, alias: &Alias) -> Vec<DeviceId> {
        if self.devices.get(id).is_none_or(|member| member.carries(alias)) {
            return Vec::new();
        }
        let mut evicted = Vec::new();
        let mut carriers = self.carriers(alias, PlatformSet::ALL);
        carriers.sort_by_key(|id| self.devices.get(id).and_then(|m| m.alias.as_ref().map(|(_, when)| *when)));
        while above(carriers.len() + 1, self.limits.devices_per_alias) && !carriers.is_empty() {
            let oldest = carriers.remove(0);
            self.edit(&oldest, |member| member.alias = None);
            evicted.push(oldest);
        }
        // The order of binding is kept from the time when the app evicts. Earlier bindings are older, in byte order.
        let evicts = self.limits.alias_overflow == AliasOverflow::EvictOldest;
        let when = if evicts && self.limits.devices_per_alias.is_some() { self.tick() } else { 0 };
        self.edit(id, |member| member.alias = Some((alias.clone(), when)));
        evicted.sort();
        evicted
    }

    fn unbind_alias(&mut self, alias: &Alias, devices: &[DeviceId]) -> Result<Outcome, Refusal> {
        let mut found = Found::default();
        found.items("devices", devices.len(), self.limits.devices_per_list);
        found.verdict()?;
        let mut found = Found::default();
        found.known("devices", devices, |id| self.knows(id));
        found.verdict()?;
        for id in devices {
            self.edit(id, |member| {
                if member.carries(alias) {
                    member.alias = None;
                }
            });
        }
        Ok(Outcome::Done)
    }

    /// Not a change of the devices that carried it: their versions stay.
    fn delete_alias(&mut self, alias: &Alias, platforms: PlatformSet) -> Outcome {
        for member in self.devices.values_mut() {
            if platforms.contains(member.platform) && member.carries(alias) {
                member.alias = None;
            }
        }
        Outcome::Done
    }

    fn update_tag(
        &mut self,
        tag: &TagName,
        add: &[DeviceId],
        remove: &[DeviceId],
    ) -> Result<Outcome, Refusal> {
        let mut found = Found::default();
        if add.is_empty() && remove.is_empty() {
            found.add("add or remove", None, Rule::Present);
        }
        if !add.is_empty() {
            found.tag(&self.limits, tag);
        }
        found.items("add", add.len(), self.limits.devices_per_list);
        found.items("remove", remove.len(), self.limits.devices_per_list);
        found.verdict()?;

        let mut found = Found::default();
        found.known("add", add, |id| self.knows(id));
        found.known("remove", remove, |id| self.knows(id));
        for (n, id) in add.iter().enumerate() {
            let full = |member: &Member| {
                !member.tags.contains(tag) && above(member.tags.len() + 1, self.limits.tags_per_device)
            };
            if self.devices.get(id).is_some_and(full) {
                found.add("add", Some(n), Rule::TagsPerDevice);
            }
        }
        found.verdict()?;

        for id in remove.iter().filter(|id| !add.contains(id)) {
            self.edit(id, |member| {
                member.tags.remove(tag);
            });
        }
        for id in add {
            self.edit(id, |member| {
                member.tags.insert(tag.clone());
            });
        }
        Ok(Outcome::Done)
    }

    /// Not a change of the devices that carried it: their versions stay.
    fn delete_tag(&mut self, tag: &TagName, platforms: PlatformSet) -> Outcome {
        for member in self.devices.values_mut() {
            if platforms.contains(member.platform) {
                member.tags.remove(tag);
            }
        }
        Outcome::Done
    }

    fn delete_user(&mut self, user: &UserId) -> Result<Outcome, Refusal> {
        let gone = self.ids(|_, member| member.user == *user);
        if let Some(batch) = &mut self.batch {
            // A user to whom the batch gave a device can only be deleted in another batch.
            if gone.iter().any(|id| batch.owners.get(id) != Some(user)) {
                return Err(Refusal::one("delete_user", None, Rule::Form));
            }
            batch.deleted.extend(gone.iter().cloned());
        }
        self.devices.retain(|id, _| !gone.contains(id));
        // The events of the user are erased whether or not the user has devices.
        let before = self.events.len();
        self.events.retain(|event| {
            let of_user = event.user.as_ref() == Some(user);
            let of_device = event.device.as_ref().is_some_and(|id| gone.contains(id));
            !of_user && !of_device
        });
        let events = (before - self.events.len()) as u64;
        Ok(Outcome::UserDeleted(DeletedUser { devices: gone.len() as u64, events }))
    }
}

/// A field that is not given is not changed.
fn overwrite<T: Clone>(field: &mut Option<T>, given: Option<&T>) {
    if given.is_some() {
        *field = given.cloned();
    }
}
