//! The model after some calls of a history, and the part of it on which later calls depend.

use super::record::{Call, NEVER, based_on, comparable, looked_up, version_told, with_base};
use crate::oracle::{Answered, Oracle};
use rollbook::{AppKey, Device, DeviceId, Event, Version};
use std::collections::BTreeMap;

#[derive(Debug, Clone)]
pub(super) struct Model {
    oracle: Oracle,
    /// The version that each thread's last look-up of a device returned, in the model's numbers.
    told: BTreeMap<(usize, DeviceId), Version>,
}

/// What two states of the model that the same calls have led to must have in common to count as one: everything but
/// the numbers, which reflect an order of calls that no longer matters.
#[derive(Debug, PartialEq)]
pub(super) struct Essence {
    devices: Vec<Device>,
    /// The carriers of each alias in the order of binding, which decides who is evicted next.
    bound: Vec<DeviceId>,
    /// The events in the order of posting, without their codes.
    events: Vec<Event>,
    /// The look-ups on which an update may still be based.
    fresh: Vec<(usize, DeviceId)>,
}

impl Model {
    pub(super) fn new() -> Self {
        Model { oracle: Oracle::new(), told: BTreeMap::new() }
    }

    pub(super) fn answer(&mut self, call: &Call) -> Answered {
        let told = |id: &DeviceId| self.told.get(&(call.thread, id.clone())).copied().unwrap_or(NEVER);
        let answer = match based_on(&call.op).map(told) {
            Some(version) => self.oracle.answer(&with_base(&call.op, version)),
            None => self.oracle.answer(&call.op),
        };
        if let (Some(id), Some(version)) = (looked_up(&call.op), version_told(&answer)) {
            self.told.insert((call.thread, id.clone()), version);
        }
        comparable(&call.op, answer)
    }

    pub(super) fn essence(&self, app: &AppKey) -> Essence {
        let mut devices: Vec<Device> = self.oracle.everything(app).collect();
        // Versions only grow, so one that is not the device's current one never is again.
        let is_fresh = |id: &DeviceId, version: Version| {
            devices.iter().any(|device| device.id == *id && device.version == version)
        };
        let told = self.told.iter();
        let fresh =
            told.filter(|((_, id), version)| is_fresh(id, **version)).map(|(of, _)| of.clone()).collect();
        for device in &mut devices {
            device.version = Version(0);
        }
        Essence { devices, bound: self.oracle.bound(app), events: self.oracle.posted(app), fresh }
    }
}
