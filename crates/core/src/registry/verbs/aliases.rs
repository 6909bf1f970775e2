//! Aliases: binding within the limit, unbinding, deleting.

use super::{Pending, resolve};
use crate::error::Error;
use crate::model::{Alias, AliasOverflow, DeviceId, PlatformSet, check_items};
use crate::registry::plan_error::PlanError;
use crate::registry::transaction::{Handle, Transaction};
use crate::store::{Key, Relation, View};
use crate::violation::{Rule, Violation, Violations, shown};

/// Checks that the alias may be bound to the device; the devices that must lose it to make room.
pub(super) fn make_room<V: View>(
    tx: &mut Transaction<'_, V>,
    device: Option<Handle>,
    alias: &Alias,
    found: &mut Vec<Violation>,
) -> Result<Vec<Handle>, Error> {
    let limits = &tx.app.limits;
    found.extend(limits.check_alias(alias).err());
    let (most, overflow) = match limits.devices_per_alias {
        Some(most) => (u64::from(most), limits.alias_overflow),
        None => return Ok(Vec::new()),
    };
    if let Some(device) = device
        && tx.alias(device)?.as_ref() == Some(alias)
    {
        return Ok(Vec::new());
    }
    let count = tx.alias_devices(alias)?;
    if overflow == AliasOverflow::EvictOldest && most > 0 {
        // Who is the oldest, and that the new one is the newest, rests on exactly these devices being bound as they are.
        let evicted = (count.now + 1).saturating_sub(most);
        tx.rely_on_alias_room(alias, count.stored);
        tx.rely_on_alias_order(alias, evicted > 0)?;
        return oldest(tx, alias, evicted);
    }
    if count.now >= most {
        let actual = format!("{} ({})", count.now + 1, shown(alias.as_str()));
        found.push(Violation::new("alias", Rule::DevicesPerAlias, format!("must be at most {most}"), actual));
    } else {
        tx.rely_on_alias_room(alias, count.stored + most - 1 - count.now);
    }
    Ok(Vec::new())
}

/// The devices bound to the alias first.
fn oldest<V: View>(tx: &mut Transaction<'_, V>, alias: &Alias, how_many: u64) -> Result<Vec<Handle>, Error> {
    if how_many == 0 {
        return Ok(Vec::new());
    }
    let mut ranked = Vec::new();
    for device in tx.alias_carriers(alias)? {
        let record = tx.record(device)?;
        ranked.push((record.alias_rank.unwrap_or(0), record.id.clone(), device));
    }
    ranked.sort_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
    let how_many = usize::try_from(how_many).unwrap_or(usize::MAX);
    Ok(ranked.into_iter().take(how_many).map(|(_, _, device)| device).collect())
}

/// Binds the alias to the device, after [`make_room`]; the ids of those that lost it. Where the device has it already,
/// the commit rests on that.
pub(super) fn bind<V: View>(
    tx: &mut Transaction<'_, V>,
    device: Handle,
    alias: &Alias,
    evicted: Vec<Handle>,
) -> Result<Vec<DeviceId>, Error> {
    if tx.alias(device)?.as_ref() == Some(alias) {
        let key = tx.key(Key::new(Relation::Alias, alias.as_str()));
        tx.rely_on_link(device, key, true)?;
        return Ok(Vec::new());
    }
    if !evicted.is_empty() {
        // For a device that was deleted with its user meanwhile nobody makes room.
        tx.rely_on_owner(device)?;
    }
    let mut lost = Vec::with_capacity(evicted.len());
    for other in evicted {
        lost.push(tx.record(other)?.id.clone());
        unbind_one(tx, other)?;
    }
    let rank = next_rank(tx, alias)?;
    tx.set_alias(device, Some(alias.clone()));
    tx.change_record(device, |record| record.alias_rank = rank)?;
    lost.sort();
    Ok(lost)
}

/// The rank behind all devices of the alias; none where nothing is ever evicted.
fn next_rank<V: View>(tx: &mut Transaction<'_, V>, alias: &Alias) -> Result<Option<u32>, Error> {
    let limits = &tx.app.limits;
    if limits.devices_per_alias.is_none() || limits.alias_overflow == AliasOverflow::Refuse {
        return Ok(None);
    }
    let mut highest = 0;
    for device in tx.alias_carriers(alias)? {
        highest = highest.max(tx.record(device)?.alias_rank.unwrap_or(0));
    }
    Ok(Some(highest.saturating_add(1)))
}

/// Takes the alias off a device, whichever it has. Where it has none, the commit rests on the device as it is.
pub(super) fn unbind_one<V: View>(tx: &mut Transaction<'_, V>, device: Handle) -> Result<(), Error> {
    if tx.alias(device)?.is_some() {
        tx.set_alias(device, None);
        tx.change_record(device, |record| record.alias_rank = None)?;
    } else {
        tx.version(device)?;
    }
    Ok(())
}

/// Takes an alias off those of the devices that have it.
pub(crate) fn unbind<V: View>(
    tx: &mut Transaction<'_, V>,
    alias: &Alias,
    devices: &[DeviceId],
) -> Result<Pending, PlanError> {
    check_items("devices", devices.len(), tx.app.limits.devices_per_list)?;
    let mut found = Vec::new();
    let handles = resolve(tx, "devices", devices, &mut found)?;
    Violations::check(found)?;
    let key = tx.key(Key::new(Relation::Alias, alias.as_str()));
    for (_, device) in handles {
        if tx.alias(device)?.as_ref() == Some(alias) {
            unbind_one(tx, device)?;
        } else {
            tx.rely_on_link(device, key, false)?;
        }
    }
    Ok(Pending::Done)
}

/// Deletes an alias on some platforms.
pub(crate) fn delete<V: View>(
    tx: &mut Transaction<'_, V>,
    alias: &Alias,
    platforms: PlatformSet,
) -> Result<Pending, PlanError> {
    tx.drop_key(Key::new(Relation::Alias, alias.as_str()), platforms)?;
    Ok(Pending::Done)
}
