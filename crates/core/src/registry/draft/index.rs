//! Which of a draft's devices is meant: by slot where it stands in the register, by id where it is new.

use super::overlay::Working;
use crate::model::DeviceId;
use crate::store::Slot;
use hashbrown::HashMap;

/// So many devices are searched one by one; beyond, by hash. Almost every draft is of one.
const FEW: usize = 8;

/// Positions among the devices of a draft, once they are more than a few.
#[derive(Debug, Default)]
pub(super) struct Index {
    by_slot: HashMap<Slot, usize>,
    by_id: HashMap<DeviceId, usize>,
}

impl Index {
    /// The device that stands in a slot in the register.
    pub(super) fn at(&self, working: &[Working], slot: Slot) -> Option<usize> {
        if working.len() > FEW {
            return self.by_slot.get(&slot).copied();
        }
        working.iter().position(|device| device.base.is_some_and(|place| place.slot == slot))
    }

    /// The device of this id that does not stand in the register.
    pub(super) fn new_of(&self, working: &[Working], id: &DeviceId) -> Option<usize> {
        if working.len() > FEW {
            return self.by_id.get(id).copied();
        }
        working.iter().position(|device| device.new_id() == Some(id))
    }

    /// Notes the device that was added last.
    pub(super) fn add(&mut self, working: &[Working]) {
        let from = match working.len() {
            0..=FEW => return,
            len if len == FEW + 1 => 0,
            len => len - 1,
        };
        for (n, device) in working.iter().enumerate().skip(from) {
            if let Some(place) = device.base {
                self.by_slot.insert(place.slot, n);
            } else if let Some(id) = device.new_id() {
                self.by_id.insert(id.clone(), n);
            }
        }
    }
}
