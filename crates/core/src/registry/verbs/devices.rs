//! Devices: register, unregister, remove, update.

use super::sign_out::Leaving;
use super::{Pending, aliases, tags};
use crate::error::Error;
use crate::model::{
    Alias, AppOpen, DeviceId, DeviceUpdate, Language, Mobile, Platform, PresenceFrom, PushToken, Registered,
    Registration, Set, TagName, TagsChange, Timestamp, Updated, UserId, UtcOffset, Version, check_new,
};
use crate::registry::plan_error::PlanError;
use crate::registry::transaction::{Handle, KeyId, Transaction};
use crate::store::{DeviceRecord, Place, View};
use crate::violation::{Violation, Violations, shown};

/// What a device or a user registers with; fields not given stay.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Enrolment<'a> {
    id: &'a DeviceId,
    /// A new device without one is of the unknown platform.
    platform: Option<Platform>,
    token: Option<&'a PushToken>,
    mobile: Option<&'a Mobile>,
    language: Option<&'a Language>,
    utc_offset: Option<UtcOffset>,
    user: Option<&'a UserId>,
    alias: Option<&'a Alias>,
    tags: &'a [TagName],
}

impl<'a> From<&'a Registration> for Enrolment<'a> {
    fn from(registration: &'a Registration) -> Self {
        let Registration { id, platform, token, mobile, language, utc_offset, user, alias, tags } =
            registration;
        Enrolment {
            id,
            platform: Some(*platform),
            token: token.as_ref(),
            mobile: mobile.as_ref(),
            language: language.as_ref(),
            utc_offset: *utc_offset,
            user: user.as_ref(),
            alias: alias.as_ref(),
            tags,
        }
    }
}

impl<'a> Enrolment<'a> {
    /// A device's app opens. Whose the device is counts only for a new one.
    pub(crate) fn of_open(open: &'a AppOpen, is_known: bool) -> Self {
        let AppOpen { device, platform, user, token, language, utc_offset } = open;
        Enrolment {
            id: device,
            platform: *platform,
            token: token.as_ref(),
            mobile: None,
            language: language.as_ref(),
            utc_offset: *utc_offset,
            user: user.as_ref().filter(|_| !is_known),
            alias: None,
            tags: &[],
        }
    }

    /// A user registers on a device.
    pub(crate) fn of_user(
        id: &'a DeviceId,
        user: &'a UserId,
        platform: Option<Platform>,
        utc_offset: Option<UtcOffset>,
    ) -> Self {
        Enrolment {
            id,
            platform,
            token: None,
            mobile: None,
            language: None,
            utc_offset,
            user: Some(user),
            alias: None,
            tags: &[],
        }
    }

    /// Writes the fields that were given.
    fn fill(&self, record: &mut DeviceRecord) {
        if let Some(token) = self.token {
            record.token = Some(token.clone());
        }
        if let Some(mobile) = self.mobile {
            record.mobile = Some(mobile.clone());
        }
        if let Some(language) = self.language {
            record.language = Some(language.clone());
        }
        if self.utc_offset.is_some() {
            record.utc_offset = self.utc_offset;
        }
    }

    fn fills_anything(&self) -> bool {
        self.token.is_some() || self.mobile.is_some() || self.language.is_some() || self.utc_offset.is_some()
    }
}

pub(crate) fn register<V: View>(
    tx: &mut Transaction<'_, V>,
    new: &Enrolment<'_>,
) -> Result<Pending, PlanError> {
    let known = tx.find(new.id)?;
    let leaving = match (known, new.user) {
        (Some(device), Some(user)) => Leaving::of(tx, device, new.id, user)?,
        _ => None,
    };
    let mut found = Vec::new();
    tags::check_list(&tx.app.limits, "tags", new.tags, true, &mut found);
    let named = tx.tags(new.tags);
    // Who loses all tags lacks all of them, and has room for them.
    let tagged = known.filter(|_| !leaving.as_ref().is_some_and(Leaving::clears_tags));
    let fresh_tags = tags::missing(tx, tagged, &named)?;
    let grows = match known {
        Some(device) if tagged.is_none() => fresh_tags.len() > tx.tag_count(device)?,
        _ => true,
    };
    if grows {
        found.extend(tags::check_room(tx, tagged, "tags", fresh_tags.len())?);
    }
    let evicted = match new.alias {
        Some(alias) => aliases::make_room(tx, known, alias, &mut found)?,
        None => Vec::new(),
    };
    check_names(tx, known.is_none(), new, &mut found)?;
    Violations::check(found)?;

    let (device, created) = match known {
        Some(device) => (device, false),
        None => (tx.create(new.id, new.platform.unwrap_or(Platform::Unknown))?, true),
    };
    match (&leaving, new.user) {
        (Some(leaving), Some(user)) => leaving.leave(tx, device, user, new.alias.is_some())?,
        (None, Some(user)) if created => tx.set_user(device, user.clone()),
        _ => {}
    }
    if let Some(platform) = new.platform
        && tx.platform(device) != platform
    {
        tx.move_to(device, platform)?;
    }
    if new.fills_anything() {
        tx.change_record(device, |record| new.fill(record))?;
    }
    tx.reserve_tags(device, fresh_tags.len());
    for tag in fresh_tags {
        tx.set_tag(device, tag, true);
    }
    let evicted = match new.alias {
        Some(alias) => aliases::bind(tx, device, alias, evicted)?,
        None => Vec::new(),
    };
    let mut done = Registered {
        created,
        former_user: None,
        former_user_vanished: false,
        evicted,
        kept_alias: None,
        kept_tags: Vec::new(),
    };
    if let Some(Leaving { former, .. }) = leaving {
        done.former_user = Some(former);
        if new.alias.is_none() {
            done.kept_alias = tx.rely_on_alias(device)?;
        }
        done.kept_tags = tx.rely_on_tags(device)?;
        done.kept_tags.retain(|tag| !new.tags.contains(tag));
    }
    Ok(Pending::Registered(done))
}

/// Names that the register does not hold yet must be such that a person can tell them apart. The device's own anonymous
/// user is as good a name as the device's.
fn check_names<V: View>(
    tx: &mut Transaction<'_, V>,
    is_new: bool,
    new: &Enrolment<'_>,
    found: &mut Vec<Violation>,
) -> Result<(), PlanError> {
    if is_new {
        found.extend(check_new("device", new.id.as_str()).err());
    }
    if let Some(user) = new.user {
        check_user(tx, new.id, user, found)?;
    }
    Ok(())
}

fn check_user<V: View>(
    tx: &mut Transaction<'_, V>,
    id: &DeviceId,
    user: &UserId,
    found: &mut Vec<Violation>,
) -> Result<(), PlanError> {
    if let Err(violation) = check_new("user", user.as_str())
        && *user != id.anonymous_user()
        && !tx.knows_user(user)?
    {
        found.push(violation);
    }
    Ok(())
}

/// What an opening says, recorded.
pub(crate) fn open<V: View>(tx: &mut Transaction<'_, V>, open: &AppOpen) -> Result<Pending, PlanError> {
    let is_known = tx.find(&open.device)?.is_some();
    // A device that is known keeps its user, but a bad name is refused whether or not it would be used.
    if is_known && let Some(user) = &open.user {
        let mut found = Vec::new();
        check_user(tx, &open.device, user, &mut found)?;
        Violations::check(found)?;
    }
    let opened = register(tx, &Enrolment::of_open(open, is_known))?;
    if tx.app.policies.presence_from != PresenceFrom::None {
        let device = tx.require(&open.device)?;
        tx.see(device);
    }
    Ok(opened)
}

pub(crate) fn unregister<V: View>(tx: &mut Transaction<'_, V>, id: &DeviceId) -> Result<Pending, PlanError> {
    let device = tx.require(id)?;
    tx.change_record(device, |record| record.token = None)?;
    Ok(Pending::Done)
}

pub(crate) fn remove<V: View>(
    tx: &mut Transaction<'_, V>,
    id: &DeviceId,
    based_on: Option<Version>,
) -> Result<Pending, PlanError> {
    let device = tx.require(id)?;
    check_version(tx, device, id, based_on)?;
    // A device that was deleted with its user meanwhile is not there any more to be removed.
    let user = tx.rely_on_owner(device)?;
    tx.remove(device);
    Ok(Pending::Removed { user })
}

/// Removes those of the devices that were not seen since; their ids.
pub(crate) fn remove_unseen<V: View>(
    tx: &mut Transaction<'_, V>,
    places: &[Place],
    since: Timestamp,
) -> Result<Vec<DeviceId>, PlanError> {
    let mut ids = Vec::with_capacity(places.len());
    for &place in places {
        let Some(device) = tx.rely_on_unseen(place, since)? else { continue };
        tx.rely_on_owner(device)?;
        ids.push(tx.record(device)?.id.clone());
        tx.remove(device);
    }
    Ok(ids)
}

pub(crate) fn update<V: View>(
    tx: &mut Transaction<'_, V>,
    id: &DeviceId,
    update: &DeviceUpdate,
) -> Result<Pending, PlanError> {
    let device = tx.require(id)?;
    let DeviceUpdate { tags, alias, mobile, based_on } = update;
    check_version(tx, device, id, *based_on)?;
    let mut found = Vec::new();
    let change = tags::plan_change(tx, device, tags, &mut found)?;
    let evicted = match alias {
        Set::To(alias) => aliases::make_room(tx, Some(device), alias, &mut found)?,
        Set::Keep | Set::Clear => Vec::new(),
    };
    Violations::check(found)?;

    apply_tags(tx, device, tags, &change)?;
    let evicted = match alias {
        Set::Keep => Vec::new(),
        Set::Clear => {
            aliases::unbind_one(tx, device)?;
            Vec::new()
        }
        Set::To(alias) => aliases::bind(tx, device, alias, evicted)?,
    };
    match mobile {
        Set::Keep => {}
        Set::Clear => tx.change_record(device, |record| record.mobile = None)?,
        Set::To(mobile) => tx.change_record(device, |record| record.mobile = Some(mobile.clone()))?,
    }
    Ok(Pending::Updated(Updated { evicted }))
}

/// Has the device still the version that the caller saw?
fn check_version<V: View>(
    tx: &mut Transaction<'_, V>,
    device: Handle,
    id: &DeviceId,
    based_on: Option<Version>,
) -> Result<(), Error> {
    let Some(based_on) = based_on else { return Ok(()) };
    let current = tx.version(device)?;
    if current == Some(based_on) {
        return Ok(());
    }
    let (device, current) = (shown(id.as_str()), current.map(|version| version.0));
    Err(Error::Stale { device, based_on: based_on.0, current })
}

fn apply_tags<V: View>(
    tx: &mut Transaction<'_, V>,
    device: Handle,
    tags: &TagsChange,
    change: &[(KeyId, bool)],
) -> Result<(), Error> {
    if *tags == TagsChange::Clear {
        return tx.clear_tags(device);
    }
    for &(tag, present) in change {
        tx.set_tag(device, tag, present);
    }
    Ok(())
}
