//! The shape of a condition, until the register brings its own.

use rollbook::{Alias, DeviceId, PlatformSet, TagName, UserId};

/// A condition that selects devices.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs, reason = "a stand-in")]
pub enum Audience {
    All,
    Tag(TagName),
    Alias(Alias),
    User(UserId),
    Device(DeviceId),
    Platforms(PlatformSet),
    And(Vec<Audience>),
    Or(Vec<Audience>),
    Not(Box<Audience>),
}

impl Audience {
    /// The deepest tree.
    pub const MAX_DEPTH: usize = 64;
}
