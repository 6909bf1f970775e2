//! Are the checks of a write set true of the state?

use crate::state::AppState;
use rollbook::PlatformSet;
use rollbook::store::{Check, Conflicted, Key, Relation, StoreError};

/// Verifies the checks in their order.
pub(crate) fn verify(state: &AppState, checks: &[Check]) -> Result<(), StoreError> {
    checks.iter().try_for_each(|check| verify_one(state, check).map_err(StoreError::conflict))
}

fn verify_one(state: &AppState, check: &Check) -> Result<(), Conflicted> {
    let must = |holds: bool, otherwise: Conflicted| if holds { Ok(()) } else { Err(otherwise) };
    match check {
        Check::Open => must(!state.sealed, Conflicted::Sealed),
        Check::Absent { id } => must(state.devices.find(id.as_str()).is_none(), Conflicted::DeviceExists),
        Check::Unchanged { device, version } => {
            let (_, line) = state.devices.at_place(*device).ok_or(Conflicted::DeviceGone)?;
            must(line.version == *version, Conflicted::DeviceChanged)
        }
        Check::KeyAtMost { key, most } => {
            let (keys, space) = state.keys(key.relation);
            let devices = keys.find(space, &key.name).map_or(0, |first| keys.len(first, PlatformSet::ALL));
            must(devices <= *most, Conflicted::KeyFull)
        }
        Check::Room { tag, devices, most } => {
            let tag = Key::new(Relation::Tag, tag);
            devices.iter().try_for_each(|&device| {
                let (_, line) = state.devices.at_place(device).ok_or(Conflicted::DeviceGone)?;
                let room = state.key_count(line, Relation::Tag) < *most as usize;
                must(room || state.is_linked(line, device.slot, tag), Conflicted::DeviceFull)
            })
        }
        Check::Linked { key, devices, is } => devices.iter().try_for_each(|&device| {
            let (_, line) = state.devices.at_place(device).ok_or(Conflicted::DeviceGone)?;
            must(state.is_linked(line, device.slot, key.as_key()) == *is, Conflicted::LinkChanged)
        }),
        // Heartbeats share the lock of the app, and commits have it alone: what was acknowledged is here.
        Check::Unseen { devices, since } => devices.iter().try_for_each(|&device| {
            let (number, _) = state.devices.at_place(device).ok_or(Conflicted::DeviceGone)?;
            must(state.devices.last_seen(number).is_none_or(|at| at < *since), Conflicted::DeviceSeen)
        }),
        Check::Entry { key, version } => {
            let held = state.entries(key.kind()).get(key).map(|(_, version)| *version);
            must(held == *version, Conflicted::EntryChanged)
        }
    }
}
