//! One app as plain maps, and the questions that its operations ask.

use super::refusal::Refusal;
use rollbook::{
    Alias, Attributes, Device, DeviceId, EventName, Language, Limits, Mobile, Platform, PlatformSet,
    Policies, PushToken, TagName, Timestamp, UserId, UtcOffset, Version,
};
use std::collections::{BTreeMap, BTreeSet};

/// The whole content of one app.
#[derive(Debug, Clone)]
pub(super) struct Tenant {
    pub(super) name: String,
    pub(super) presence: bool,
    pub(super) limits: Limits,
    pub(super) policies: Policies,
    pub(super) master: Option<String>,
    pub(super) tokens: Vec<String>,
    pub(super) devices: BTreeMap<DeviceId, Member>,
    pub(super) types: BTreeMap<EventName, Timestamp>,
    /// In the order of posting.
    pub(super) events: Vec<Happened>,
    /// Counts changes, bindings and events, so that each is later than all before it.
    pub(super) ticks: u64,
    /// The state of the batch that is under way.
    pub(super) batch: Option<UnderWay>,
}

/// What the rules of batches depend on.
#[derive(Debug, Clone, Default)]
pub(super) struct UnderWay {
    /// The user of every device when the batch began.
    pub(super) owners: BTreeMap<DeviceId, UserId>,
    /// The version that every device had then and keeps until the batch is applied; a device that the batch removes
    /// loses it.
    pub(super) versions: BTreeMap<DeviceId, u64>,
    /// The devices that the batch deleted with their users.
    pub(super) deleted: BTreeSet<DeviceId>,
}

/// A device and what the model remembers about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Member {
    /// Changes whenever anything below does, with the documented exceptions.
    pub(super) version: u64,
    pub(super) platform: Platform,
    pub(super) token: Option<PushToken>,
    pub(super) mobile: Option<Mobile>,
    pub(super) language: Option<Language>,
    pub(super) utc_offset: Option<UtcOffset>,
    /// The alias, and when it was bound.
    pub(super) alias: Option<(Alias, u64)>,
    pub(super) user: UserId,
    pub(super) tags: BTreeSet<TagName>,
    pub(super) registered_at: Timestamp,
    pub(super) last_seen: Option<Timestamp>,
}

/// An event that was posted.
#[derive(Debug, Clone)]
pub(super) struct Happened {
    pub(super) number: u64,
    pub(super) at: Timestamp,
    pub(super) name: EventName,
    pub(super) device: Option<DeviceId>,
    pub(super) user: Option<UserId>,
    pub(super) attributes: Attributes,
}

impl Member {
    pub(super) fn new(id: &DeviceId, platform: Platform, now: Timestamp) -> Self {
        Member {
            version: 0,
            platform,
            token: None,
            mobile: None,
            language: None,
            utc_offset: None,
            alias: None,
            user: id.anonymous_user(),
            tags: BTreeSet::new(),
            registered_at: now,
            last_seen: None,
        }
    }

    pub(super) fn carries(&self, alias: &Alias) -> bool {
        self.alias.as_ref().is_some_and(|(own, _)| own == alias)
    }

    pub(super) fn shown(&self, id: &DeviceId) -> Device {
        Device {
            id: id.clone(),
            platform: self.platform,
            version: Version(self.version),
            token: self.token.clone(),
            mobile: self.mobile.clone(),
            language: self.language.clone(),
            utc_offset: self.utc_offset,
            alias: self.alias.as_ref().map(|(alias, _)| alias.clone()),
            user: self.user.clone(),
            tags: self.tags.iter().cloned().collect(),
            registered_at: Some(self.registered_at),
            last_seen: self.last_seen,
        }
    }
}

impl Tenant {
    pub(super) fn tick(&mut self) -> u64 {
        self.ticks += 1;
        self.ticks
    }

    pub(super) fn get(&self, id: &DeviceId) -> Result<&Member, Refusal> {
        self.devices.get(id).ok_or_else(|| Refusal::no_device(id))
    }

    /// Returns the version that an update may be based on. A batch is one change: no version moves inside it.
    pub(super) fn version(&self, id: &DeviceId) -> Option<u64> {
        match &self.batch {
            Some(batch) => batch.versions.get(id).copied(),
            None => self.devices.get(id).map(|member| member.version),
        }
    }

    pub(super) fn knows(&self, id: &DeviceId) -> bool {
        self.devices.contains_key(id)
    }

    pub(super) fn has_user(&self, user: &UserId) -> bool {
        self.devices.values().any(|member| member.user == *user)
    }

    /// Returns the ids of the devices for which `chosen` returns `true`, in byte order.
    pub(super) fn ids(&self, chosen: impl Fn(&DeviceId, &Member) -> bool) -> Vec<DeviceId> {
        self.devices.iter().filter(|(id, member)| chosen(id, member)).map(|(id, _)| id.clone()).collect()
    }

    pub(super) fn carriers(&self, alias: &Alias, platforms: PlatformSet) -> Vec<DeviceId> {
        self.ids(|_, member| platforms.contains(member.platform) && member.carries(alias))
    }

    pub(super) fn tagged(&self, tag: &TagName, platforms: PlatformSet) -> Vec<DeviceId> {
        self.ids(|_, member| platforms.contains(member.platform) && member.tags.contains(tag))
    }

    /// Changes one device. Its version moves if, and only if, something else did.
    pub(super) fn edit(&mut self, id: &DeviceId, change: impl FnOnce(&mut Member)) {
        let next = self.ticks + 1;
        let Some(member) = self.devices.get_mut(id) else { return };
        let before = member.clone();
        change(member);
        if *member != before {
            member.version = next;
            self.ticks = next;
        }
    }
}
