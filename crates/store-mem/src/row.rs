//! One key on one platform.

use crate::text::Text;
use rollbook::Platform;

/// The state of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// A key of one device: `value` is its ordinal.
    One,
    /// A key of several devices: `value` is the number of the set.
    Several,
    /// A dropped key: `value` is the number of devices that still hold its number, at least one.
    Dead,
    /// No key: `value` is the next free row.
    Free,
}

/// A key on a platform, in half a cache line.
#[derive(Debug, Clone)]
#[repr(C, align(32))]
pub(crate) struct Row {
    pub(crate) text: Text,
    /// Five bits of platform, two of state, one of space.
    meta: u8,
    pub(crate) value: u32,
    /// The next row of the same name, or 0.
    pub(crate) next: u32,
}

const _: () = assert!(size_of::<Row>() == 32);

const PLATFORM: u8 = 0b1_1111;

impl Row {
    pub(crate) fn new(space: Space, platform: Platform, state: State, value: u32) -> Self {
        let meta = (space as u8) << 7 | (state as u8) << 5 | platform.number();
        Row { text: Text::NONE, meta, value, next: 0 }
    }

    pub(crate) fn state(&self) -> State {
        match self.meta >> 5 & 3 {
            0 => State::One,
            1 => State::Several,
            2 => State::Dead,
            _ => State::Free,
        }
    }

    pub(crate) fn set(&mut self, state: State, value: u32) {
        self.meta = self.meta & !(3 << 5) | (state as u8) << 5;
        self.value = value;
    }

    pub(crate) fn space(&self) -> Space {
        if self.meta >> 7 == 0 { Space::Plain } else { Space::Deletion }
    }

    pub(crate) fn is_on(&self, platform: Platform) -> bool {
        self.meta & PLATFORM == platform.number()
    }

    pub(crate) fn platform(&self) -> Platform {
        Platform::from_number(self.meta & PLATFORM).unwrap_or(Platform::Unknown)
    }

    /// Moves the row to the names of deletions.
    pub(crate) fn condemn(&mut self) {
        self.meta |= (Space::Deletion as u8) << 7;
    }

    pub(crate) fn is_live(&self) -> bool {
        matches!(self.state(), State::One | State::Several)
    }
}

/// Users and deletions share their rows, so that condemning a user leaves every number as it is; their names are in
/// separate spaces. Tags and aliases use the plain space only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Space {
    Plain = 0,
    Deletion = 1,
}
