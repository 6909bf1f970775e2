//! The calls of the threads of a history: every verb about devices, over so few names that they collide.

use crate::op::{Choices, Op, Settings};
use rollbook::{
    Alias, AliasOverflow, AppKey, Audience, Command, DeviceId, DeviceUpdate, EventName, EventOrder,
    EventQuery, Limits, NewEvent, OnUserChange, Platform, PlatformSet, Policies, Registration, Set, TagName,
    TagsChange, Timestamp, UserId, Version,
};

/// More rows than any result has: a question must be asked at one instant, not page by page.
const WHOLE: usize = 100;

pub(super) struct Names {
    devices: Vec<DeviceId>,
    /// A device that moves between platforms. No call records it as seen: a heartbeat that meets a move may be lost,
    /// since heartbeats are not covered by versions.
    mover: DeviceId,
    aliases: Vec<Alias>,
    tags: Vec<TagName>,
    users: Vec<UserId>,
}

impl Default for Names {
    fn default() -> Self {
        fn two<T, E: std::fmt::Debug>(
            make: impl Fn(&'static str) -> Result<T, E>,
            names: [&'static str; 2],
        ) -> Vec<T> {
            names.into_iter().map(|name| make(name).expect("a name")).collect()
        }
        Names {
            devices: two(DeviceId::new, ["d1", "d2"]),
            mover: DeviceId::new("mover").expect("a name"),
            aliases: two(Alias::new, ["x", "y"]),
            tags: two(TagName::new, ["news", "vip"]),
            // One of them is also the anonymous user of a device.
            users: two(UserId::new, ["ann", "d1"]),
        }
    }
}

/// Limits that a few calls reach.
pub(super) fn settings(choices: &mut Choices<'_>) -> Settings {
    let overflow = [AliasOverflow::Refuse, AliasOverflow::EvictOldest][choices.below(2)];
    let limits = Limits {
        tags_per_device: [None, Some(1)][choices.below(2)],
        devices_per_alias: [Some(1), Some(2)][choices.below(2)],
        alias_overflow: overflow,
        declare_on_first_use: true,
        ..Limits::default()
    };
    let changes = [OnUserChange::Keep, OnUserChange::ClearAlias, OnUserChange::ClearAliasAndTags];
    let policies = Policies { on_user_change: changes[choices.below(3)], ..Policies::default() };
    Settings { limits, policies, ..Settings::default() }
}

impl Names {
    pub(super) fn call(&self, app: &AppKey, choices: &mut Choices<'_>) -> Op {
        let key = || app.clone();
        match choices.below(22) {
            0..4 => Op::Do(key(), self.register(choices)),
            4 => Op::Do(key(), self.leave(choices)),
            5..8 => Op::Do(key(), self.update(choices)),
            8 => Op::Do(key(), self.update_tag(choices)),
            9 => Op::Batch(key(), self.tags.iter().map(|tag| self.update_this_tag(tag, choices)).collect()),
            10 => Op::Do(key(), self.take_away(choices)),
            11 => {
                let at = Timestamp::from_secs(900 + choices.below(100) as i64);
                Op::TouchAt(key(), vec![(one(choices, &self.devices), at)])
            }
            12..15 => Op::Device(key(), self.device(choices)),
            15 => Op::Do(key(), Command::DeleteUser(one(choices, &self.users))),
            16..18 => Op::Do(key(), self.post(choices)),
            18 => Op::ResumeDeletions,
            _ => self.ask(app, choices),
        }
    }

    /// Returns questions that read the whole app.
    pub(super) fn everything(&self, app: &AppKey) -> Vec<Op> {
        let (key, all) = (|| app.clone(), PlatformSet::ALL);
        let devices = self.devices.iter().chain([&self.mover]);
        let mut questions: Vec<Op> = devices.map(|id| Op::Device(key(), id.clone())).collect();
        questions.extend(self.aliases.iter().map(|alias| Op::AliasDevices(key(), alias.clone(), all)));
        questions.extend(self.users.iter().map(|user| Op::UserDevices(key(), user.clone(), all)));
        questions.push(Op::Tags { app: key(), platforms: all, limit: WHOLE });
        let listed =
            |tag: &TagName| Op::TagDevices { app: key(), tag: tag.clone(), platforms: all, limit: WHOLE };
        questions.extend(self.tags.iter().map(listed));
        questions.push(events(app));
        questions
    }

    fn ask(&self, app: &AppKey, choices: &mut Choices<'_>) -> Op {
        let (app, all) = (app.clone(), PlatformSet::ALL);
        match choices.below(7) {
            6 => events(&app),
            0 => Op::AliasDevices(app, one(choices, &self.aliases), all),
            1 => Op::UserDevices(app, one(choices, &self.users), all),
            2 => Op::HasTag(app, self.device(choices), one(choices, &self.tags)),
            3 => Op::TagDevices { app, tag: one(choices, &self.tags), platforms: all, limit: WHOLE },
            4 => Op::Tags { app, platforms: all, limit: WHOLE },
            _ => {
                let (tag, alias) = (one(choices, &self.tags), one(choices, &self.aliases));
                Op::Count(app, Audience::from(tag) & !Audience::from(alias))
            }
        }
    }

    fn register(&self, choices: &mut Choices<'_>) -> Command {
        let id = self.device(choices);
        let moves = id == self.mover && choices.once_in(2);
        let platform = if moves { Platform::Android } else { Platform::Ios };
        Command::Register(Registration {
            user: choices.once_in(3).then(|| one(choices, &self.users)),
            alias: choices.maybe(|choices| one(choices, &self.aliases)),
            tags: choices.list(1, |choices| one(choices, &self.tags)),
            ..Registration::new(id, platform)
        })
    }

    /// Returns a call by which a device is removed, or leaves its user.
    fn leave(&self, choices: &mut Choices<'_>) -> Command {
        match choices.below(6) {
            0 => Command::RemoveBasedOn { device: self.device(choices), version: Version(0) },
            1 | 2 => Command::SignOut(self.device(choices)),
            3 => Command::SignOutUser(one(choices, &self.users)),
            _ => Command::Remove(self.device(choices)),
        }
    }

    fn update(&self, choices: &mut Choices<'_>) -> Command {
        let tags = match choices.below(4) {
            0 => TagsChange::default(),
            1 => TagsChange::Clear,
            _ => TagsChange::Change {
                add: vec![one(choices, &self.tags)],
                remove: choices.list(1, |choices| one(choices, &self.tags)),
            },
        };
        let alias = match choices.below(4) {
            0 => Set::To(one(choices, &self.aliases)),
            1 => Set::Clear,
            _ => Set::Keep,
        };
        let based_on = choices.once_in(2).then_some(Version(0));
        let update = DeviceUpdate { tags, alias, based_on, ..DeviceUpdate::default() };
        Command::Update { device: self.device(choices), update }
    }

    fn update_tag(&self, choices: &mut Choices<'_>) -> Command {
        self.update_this_tag(&one(choices, &self.tags), choices)
    }

    fn update_this_tag(&self, tag: &TagName, choices: &mut Choices<'_>) -> Command {
        let (add, remove) = if choices.once_in(3) {
            (Vec::new(), vec![self.device(choices)])
        } else {
            (vec![self.device(choices)], Vec::new())
        };
        Command::UpdateTag { tag: tag.clone(), add, remove }
    }

    /// Returns a call that posts an event of a device, of a user, or of both, which need not belong together.
    fn post(&self, choices: &mut Choices<'_>) -> Command {
        let (of_device, of_user) = [(true, false), (false, true), (true, true)][choices.below(3)];
        Command::PostEvent(NewEvent {
            device: of_device.then(|| self.device(choices)),
            user: of_user.then(|| one(choices, &self.users)),
            ..NewEvent::new(EventName::new("opened").expect("a name"))
        })
    }

    /// Returns a call that takes something from several devices at once.
    fn take_away(&self, choices: &mut Choices<'_>) -> Command {
        let platforms = PlatformSet::ALL;
        match choices.below(3) {
            0 => Command::DeleteTag { tag: one(choices, &self.tags), platforms },
            1 => Command::DeleteAlias { alias: one(choices, &self.aliases), platforms },
            _ => Command::UnbindAlias {
                alias: one(choices, &self.aliases),
                devices: vec![self.device(choices)],
            },
        }
    }

    fn device(&self, choices: &mut Choices<'_>) -> DeviceId {
        if choices.once_in(4) { self.mover.clone() } else { one(choices, &self.devices) }
    }
}

/// Returns a call that reads the whole history of an app.
pub(super) fn events(app: &AppKey) -> Op {
    let query = EventQuery { order: EventOrder::OldestFirst, limit: WHOLE, ..EventQuery::default() };
    Op::Events(app.clone(), query)
}

fn one<T: Clone>(choices: &mut Choices<'_>, list: &[T]) -> T {
    list[choices.below(list.len())].clone()
}
