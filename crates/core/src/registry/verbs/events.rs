//! Events: declaring and posting.

use super::{Pending, unknown_device};
use crate::error::Error;
use crate::model::{EventName, NewEvent, Timestamp, UtcOffset};
use crate::registry::plan_error::PlanError;
use crate::registry::transaction::{Handle, Transaction};
use crate::store::{EventRecord, View};
use crate::violation::{Rule, Violation, Violations, shown};

pub(crate) fn declare<V: View>(tx: &mut Transaction<'_, V>, name: &EventName) -> Result<Pending, PlanError> {
    if !tx.is_declared(name)? {
        tx.declare(name);
    }
    Ok(Pending::Done)
}

pub(crate) fn post<V: View>(tx: &mut Transaction<'_, V>, event: &NewEvent) -> Result<Pending, PlanError> {
    let mut found = Vec::new();
    event.attributes.check(&tx.app.limits, &mut found);
    let declared = tx.is_declared(&event.name)?;
    if !declared && !tx.app.limits.declare_on_first_use {
        found.push(Violation::new("event", Rule::Known, "must be declared", shown(event.name.as_str())));
    }
    let device = match &event.device {
        Some(id) => tx.find(id)?,
        None => None,
    };
    check_owner(tx, event, device, &mut found)?;
    let at = when(tx, event, device)?;
    found.extend(check_time(tx, event, at));
    Violations::check(found)?;

    if !declared {
        tx.declare(&event.name);
    }
    let NewEvent { name, attributes, device, user, timestamp_utc: _, timestamp_current: _ } = event.clone();
    let nth = tx.post(EventRecord { at, name, device, user, attributes });
    Ok(Pending::Posted { nth })
}

/// A device or a user must be given, and one of them must be known.
fn check_owner<V: View>(
    tx: &mut Transaction<'_, V>,
    event: &NewEvent,
    device: Option<Handle>,
    found: &mut Vec<Violation>,
) -> Result<(), Error> {
    if let Some(device) = device {
        return tx.rely_on_owner(device).map(drop);
    }
    let mut unknown = Vec::new();
    unknown.extend(event.device.as_ref().map(unknown_device));
    if let Some(user) = &event.user {
        if tx.knows_user(user)? {
            return Ok(());
        }
        unknown.push(Violation::new("user", Rule::Known, "must be a user of the app", shown(user.as_str())));
    }
    if unknown.is_empty() {
        unknown.push(Violation::new("device or user", Rule::Present, "one of them must be given", "neither"));
    }
    found.append(&mut unknown);
    Ok(())
}

fn when<V: View>(
    tx: &mut Transaction<'_, V>,
    event: &NewEvent,
    device: Option<Handle>,
) -> Result<Timestamp, Error> {
    if let Some(utc) = event.timestamp_utc {
        return Ok(utc);
    }
    let Some(current) = event.timestamp_current else { return Ok(tx.now) };
    let offset = match device {
        Some(device) => tx.record(device)?.utc_offset,
        None => None,
    };
    Ok(current.plus(-i64::from(offset.map_or(0, UtcOffset::secs))))
}

/// Did the event happen in the time that the app accepts?
fn check_time<V: View>(tx: &Transaction<'_, V>, event: &NewEvent, at: Timestamp) -> Option<Violation> {
    let ahead = tx.app.limits.event_ahead_secs?;
    if (Timestamp::from_secs(0)..=tx.now.plus(i64::from(ahead))).contains(&at) {
        return None;
    }
    // What was sent is shown, by the device's clock where it was that.
    let (field, sent) = match event {
        NewEvent { timestamp_utc: Some(sent), .. } => ("timestamp_utc", sent),
        NewEvent { timestamp_current: Some(sent), .. } => ("timestamp_current", sent),
        // Without a time of its own an event happens now, whatever the clock shows.
        _ => return None,
    };
    let limit = format!(
        "must be from 1970 to {ahead} seconds after now, in seconds (milliseconds are a frequent mistake)"
    );
    let (sent, at) = (sent.secs(), at.secs());
    let shown = if sent == at { sent.to_string() } else { format!("{sent}, which is {at} in UTC") };
    Some(Violation::new(field, Rule::Range, limit, shown))
}
