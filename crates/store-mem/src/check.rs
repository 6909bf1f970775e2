//! The checks of a write set against the state before its operations.

use crate::desk::Unpacked;
use crate::line::Line;
use crate::state::AppState;
use rollbook::PlatformSet;
use rollbook::store::{Check, Conflicted, Key, Place, Relation, StoreError};

/// Verifies the checks in their order.
pub(crate) fn verify(state: &AppState, checks: &[Check]) -> Result<(), StoreError> {
    let mut unpacked = Unpacked::of(checks);
    checks.iter().try_for_each(|check| verify_one(state, check, &mut unpacked).map_err(StoreError::conflict))
}

fn verify_one(state: &AppState, check: &Check, unpacked: &mut Unpacked) -> Result<(), Conflicted> {
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
            let (number, line) = state.devices.at_place(device).ok_or(Conflicted::DeviceGone)?;
            let linked = match key.relation {
                Relation::Tag => has_tag(state, &key.name, device, (number, line), unpacked),
                _ => state.is_linked(line, device.slot, key.as_key()),
            };
            must(linked == *is, Conflicted::LinkChanged)
        }),
        // Heartbeats hold the lock of the app shared and commits hold it alone, so every heartbeat that was
        // acknowledged is visible here.
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

fn has_tag(
    state: &AppState,
    tag: &str,
    device: Place,
    (number, line): (u32, &Line),
    unpacked: &mut Unpacked,
) -> bool {
    let key = Key::new(Relation::Tag, tag);
    let (keys, space) = state.keys(key.relation);
    let wanted = keys.find(space, tag).and_then(|first| keys.on(first, device.slot.platform));
    let unpack = || line.tags(&state.devices.spills).collect();
    wanted.is_some_and(|wanted| {
        unpacked.has(number, wanted, unpack).unwrap_or_else(|| state.is_linked(line, device.slot, key))
    })
}
