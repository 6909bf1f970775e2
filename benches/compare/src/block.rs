//! Questions and results in the form that all systems share.

use rollbook::{
    Alias, Audience, Command, DeviceId, Platform, Presence, Registration, TagName, Timestamp, UserId,
};

/// A condition; the question is how many devices meet it.
#[derive(Debug, Clone)]
pub(crate) struct Condition {
    pub(crate) kind: ConditionKind,
    /// The same condition as Rollbook takes it.
    pub(crate) audience: Audience,
}

/// The conditions that every system can be asked.
#[derive(Debug, Clone)]
pub(crate) enum ConditionKind {
    Tag(TagName),
    And(TagName, TagName),
    Or(TagName, TagName),
    Without(TagName, TagName),
    On(TagName, Platform),
}

impl Condition {
    pub(crate) fn new(kind: ConditionKind) -> Self {
        let tag = |tag: &TagName| Audience::Tag(tag.clone());
        let audience = match &kind {
            ConditionKind::Tag(one) => tag(one),
            ConditionKind::And(one, other) => Audience::And(vec![tag(one), tag(other)]),
            ConditionKind::Or(one, other) => Audience::Or(vec![tag(one), tag(other)]),
            ConditionKind::Without(one, other) => {
                Audience::And(vec![tag(one), Audience::Not(Box::new(tag(other)))])
            }
            ConditionKind::On(one, platform) => {
                Audience::And(vec![tag(one), Audience::Platforms((*platform).into())])
            }
        };
        Condition { kind, audience }
    }
}

/// One call that changes a tag on many devices.
#[derive(Debug, Clone)]
pub(crate) struct TagUpdate {
    pub(crate) tag: TagName,
    pub(crate) add: Vec<DeviceId>,
    pub(crate) remove: Vec<DeviceId>,
}

/// Questions of one kind, which a system is asked one after the other. Names are already validated, as a caller of
/// Rollbook keeps them.
#[derive(Debug, Clone)]
pub(crate) enum Block {
    HasTag(Vec<(DeviceId, TagName)>),
    AliasDevices(Vec<Alias>),
    UserDevices(Vec<UserId>),
    Device(Vec<DeviceId>),
    Presence(Vec<DeviceId>),
    Count(Vec<Condition>),
    Touch(Vec<(DeviceId, Timestamp)>),
    Register(Vec<Registration>),
    /// Calls that register many devices each, in the form of Rollbook's batches.
    RegisterMany(Vec<Vec<Command>>),
    Remove(Vec<DeviceId>),
    AddTag(Vec<(DeviceId, TagName)>),
    RemoveTag(Vec<(DeviceId, TagName)>),
    UpdateTag(Vec<TagUpdate>),
    DeleteTag(Vec<TagName>),
}

impl Block {
    /// Returns what the time is divided by: questions, or devices where one call is about many.
    pub(crate) fn units(&self) -> usize {
        match self {
            Block::HasTag(some) | Block::AddTag(some) | Block::RemoveTag(some) => some.len(),
            Block::AliasDevices(some) => some.len(),
            Block::UserDevices(some) => some.len(),
            Block::Device(some) | Block::Presence(some) | Block::Remove(some) => some.len(),
            Block::Count(some) => some.len(),
            Block::Touch(some) => some.len(),
            Block::Register(some) => some.len(),
            Block::RegisterMany(some) => some.iter().map(Vec::len).sum(),
            Block::UpdateTag(some) => some.iter().map(|update| update.add.len() + update.remove.len()).sum(),
            Block::DeleteTag(some) => some.len(),
        }
    }

    /// Returns `true` if the block changes the registry.
    pub(crate) const fn writes(&self) -> bool {
        match self {
            Block::HasTag(_)
            | Block::AliasDevices(_)
            | Block::UserDevices(_)
            | Block::Device(_)
            | Block::Presence(_)
            | Block::Count(_) => false,
            Block::Touch(_)
            | Block::Register(_)
            | Block::RegisterMany(_)
            | Block::Remove(_)
            | Block::AddTag(_)
            | Block::RemoveTag(_)
            | Block::UpdateTag(_)
            | Block::DeleteTag(_) => true,
        }
    }
}

/// A result in a form that is comparable across systems.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    Done,
    Is(bool),
    Ids(Vec<String>),
    Device(Box<DeviceFields>),
    Presence(Option<Presence>),
    Count(u64),
}

/// All fields of a device.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct DeviceFields {
    pub(crate) id: String,
    pub(crate) platform: String,
    pub(crate) token: Option<String>,
    pub(crate) mobile: Option<String>,
    pub(crate) language: Option<String>,
    pub(crate) utc_offset: Option<i32>,
    pub(crate) alias: Option<String>,
    pub(crate) user: String,
    pub(crate) tags: Vec<String>,
    pub(crate) last_seen: Option<i64>,
}

/// Computes the presence from the last heartbeat, for systems that do not have it as an operation.
pub(crate) const fn presence_of(now: Timestamp, seen: Option<Timestamp>) -> Presence {
    let Some(seen) = seen else { return Presence::Offline };
    match now.secs().saturating_sub(seen.secs()) {
        ..=600 => Presence::Online,
        601..=172_800 => Presence::LastSeen(seen),
        _ => Presence::Offline,
    }
}
