//! Aliases: binding within the limit, unbinding, deleting.

use super::{Pending, resolve};
use crate::error::Error;
use crate::model::{Alias, AliasOverflow, DeviceId, PlatformSet, check_items};
use crate::registry::draft::{Draft, Handle};
use crate::registry::plan_error::PlanError;
use crate::store::{Key, Relation, View};
use crate::violation::{Rule, Violation, Violations, shown};

/// Checks that the alias may be bound to the device; the devices that must lose it to make room.
pub(super) fn make_room<V: View>(
    draft: &mut Draft<'_, V>,
    device: Option<Handle>,
    alias: &Alias,
    found: &mut Vec<Violation>,
) -> Result<Vec<Handle>, Error> {
    let limits = &draft.app.limits;
    found.extend(limits.check_alias(alias).err());
    let (most, overflow) = match limits.devices_per_alias {
        Some(most) => (u64::from(most), limits.alias_overflow),
        None => return Ok(Vec::new()),
    };
    if let Some(device) = device
        && draft.alias(device)?.as_ref() == Some(alias)
    {
        return Ok(Vec::new());
    }
    let count = draft.alias_devices(alias)?;
    if overflow == AliasOverflow::EvictOldest && most > 0 {
        // Who is the oldest, and that the new one is the newest, rests on exactly these devices being bound as they are.
        let evicted = (count.now + 1).saturating_sub(most);
        draft.rely_on_alias_room(alias, count.stored);
        draft.rely_on_alias_order(alias, evicted > 0)?;
        return oldest(draft, alias, evicted);
    }
    if count.now >= most {
        let actual = format!("{} ({})", count.now + 1, shown(alias.as_str()));
        found.push(Violation::new("alias", Rule::DevicesPerAlias, format!("must be at most {most}"), actual));
    } else {
        draft.rely_on_alias_room(alias, count.stored + most - 1 - count.now);
    }
    Ok(Vec::new())
}

/// The devices bound to the alias first.
fn oldest<V: View>(draft: &mut Draft<'_, V>, alias: &Alias, how_many: u64) -> Result<Vec<Handle>, Error> {
    if how_many == 0 {
        return Ok(Vec::new());
    }
    let mut ranked = Vec::new();
    for device in draft.alias_carriers(alias)? {
        if let Some(record) = draft.record(device)? {
            ranked.push((record.alias_rank.unwrap_or(0), record.id.clone(), device));
        }
    }
    ranked.sort_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
    let how_many = usize::try_from(how_many).unwrap_or(usize::MAX);
    Ok(ranked.into_iter().take(how_many).map(|(_, _, device)| device).collect())
}

/// Binds the alias to the device, after [`make_room`]; the ids of those that lost it. Where the device has it already,
/// the commit rests on that.
pub(super) fn bind<V: View>(
    draft: &mut Draft<'_, V>,
    device: Handle,
    alias: &Alias,
    evicted: Vec<Handle>,
) -> Result<Vec<DeviceId>, Error> {
    if draft.alias(device)?.as_ref() == Some(alias) {
        let key = draft.key(Key::new(Relation::Alias, alias.as_str()));
        draft.settle(device, key, true)?;
        return Ok(Vec::new());
    }
    if !evicted.is_empty() {
        // For a device that was deleted with its user meanwhile nobody makes room.
        draft.rely_on_owner(device)?;
    }
    let mut lost = Vec::with_capacity(evicted.len());
    for other in evicted {
        if let Some(record) = draft.record(other)? {
            lost.push(record.id.clone());
        }
        unbind_one(draft, other)?;
    }
    let rank = next_rank(draft, alias)?;
    draft.set_alias(device, Some(alias.clone()));
    draft.change_record(device, |record| record.alias_rank = rank)?;
    lost.sort();
    Ok(lost)
}

/// The rank behind all devices of the alias; none where nothing is ever evicted.
fn next_rank<V: View>(draft: &mut Draft<'_, V>, alias: &Alias) -> Result<Option<u32>, Error> {
    let limits = &draft.app.limits;
    if limits.devices_per_alias.is_none() || limits.alias_overflow == AliasOverflow::Refuse {
        return Ok(None);
    }
    let mut highest = 0;
    for device in draft.alias_carriers(alias)? {
        if let Some(record) = draft.record(device)? {
            highest = highest.max(record.alias_rank.unwrap_or(0));
        }
    }
    Ok(Some(highest.saturating_add(1)))
}

/// Takes the alias off a device, whichever it has. Where it has none, the commit rests on the device as it is.
pub(super) fn unbind_one<V: View>(draft: &mut Draft<'_, V>, device: Handle) -> Result<(), Error> {
    if draft.alias(device)?.is_some() {
        draft.set_alias(device, None);
        draft.change_record(device, |record| record.alias_rank = None)?;
    } else {
        draft.version(device)?;
    }
    Ok(())
}

/// Takes an alias off those of the devices that have it.
pub(crate) fn unbind<V: View>(
    draft: &mut Draft<'_, V>,
    alias: &Alias,
    devices: &[DeviceId],
) -> Result<Pending, PlanError> {
    check_items("devices", devices.len(), draft.app.limits.devices_per_list)?;
    let mut found = Vec::new();
    let handles = resolve(draft, "devices", devices, &mut found)?;
    Violations::check(found)?;
    let key = draft.key(Key::new(Relation::Alias, alias.as_str()));
    for (_, device) in handles {
        if draft.alias(device)?.as_ref() == Some(alias) {
            unbind_one(draft, device)?;
        } else {
            draft.settle(device, key, false)?;
        }
    }
    Ok(Pending::Done)
}

/// Deletes an alias on some platforms.
pub(crate) fn delete<V: View>(
    draft: &mut Draft<'_, V>,
    alias: &Alias,
    platforms: PlatformSet,
) -> Result<Pending, PlanError> {
    draft.drop_key(Key::new(Relation::Alias, alias.as_str()), platforms)?;
    Ok(Pending::Done)
}
