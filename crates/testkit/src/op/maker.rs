//! The parts of an operation, made of choices.
#![allow(
    clippy::unreachable,
    reason = "the alphabet is fixed: an unusable letter is a mistake in it, seen by any test"
)]

use super::{Alphabet, Choices};
use rollbook::{
    Alias, AppOpen, Attribute, Attributes, Audience, Command, DeviceId, DeviceUpdate, EventOrder, EventQuery,
    EventScope, Language, Mobile, NewEvent, Platform, PlatformSet, PushToken, Registration, Scalar, Set,
    TagName, TagsChange, Timestamp, UserId, UtcOffset, Version,
};

/// Makes the parts of an operation.
pub(super) struct Maker<'m, 'c> {
    pub(super) alphabet: &'m Alphabet,
    pub(super) choices: &'m mut Choices<'c>,
}

impl Maker<'_, '_> {
    pub(super) fn below(&mut self, count: usize) -> usize {
        self.choices.below(count)
    }

    fn pick<T: Clone>(&mut self, list: &[T]) -> T {
        // The alphabet is never empty: its names are fixed and tested.
        match self.choices.one(list) {
            Some(one) => one,
            None => unreachable!("an alphabet without letters"),
        }
    }

    pub(super) fn device(&mut self) -> DeviceId {
        let bad = self.choices.once_in(32);
        self.pick(if bad { &self.alphabet.bad_devices } else { &self.alphabet.devices })
    }

    pub(super) fn user(&mut self) -> UserId {
        let bad = self.choices.once_in(32);
        self.pick(if bad { &self.alphabet.bad_users } else { &self.alphabet.users })
    }

    pub(super) fn alias(&mut self) -> Alias {
        let bad = self.choices.once_in(16);
        self.pick(if bad { &self.alphabet.bad_aliases } else { &self.alphabet.aliases })
    }

    pub(super) fn tag(&mut self) -> TagName {
        let bad = self.choices.once_in(16);
        self.pick(if bad { &self.alphabet.bad_tags } else { &self.alphabet.tags })
    }

    fn platform(&mut self) -> Platform {
        self.pick(&self.alphabet.platforms)
    }

    pub(super) fn platforms(&mut self) -> PlatformSet {
        match self.below(8) {
            0..=3 => PlatformSet::ALL,
            4..=5 => self.platform().into(),
            6 => [self.platform(), self.platform()].into_iter().collect(),
            _ => PlatformSet::NONE,
        }
    }

    pub(super) fn page(&mut self) -> usize {
        [3, 1, 2, 100, 0].get(self.below(5)).copied().unwrap_or(1)
    }

    pub(super) fn devices(&mut self, most: usize) -> Vec<DeviceId> {
        (0..self.below(most + 1)).map(|_| self.device()).collect()
    }

    fn tags(&mut self, most: usize) -> Vec<TagName> {
        (0..self.below(most + 1)).map(|_| self.tag()).collect()
    }

    fn set<T>(&mut self, value: impl FnOnce(&mut Self) -> T) -> Set<T> {
        match self.below(4) {
            0 => Set::Keep,
            1 => Set::Clear,
            _ => Set::To(value(self)),
        }
    }

    fn maybe<T>(&mut self, value: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.choices.once_in(2).then(|| value(self))
    }

    pub(super) fn time(&mut self) -> Timestamp {
        Timestamp::from_secs([1000, 990, 1010, 900, 899, 1100].get(self.below(6)).copied().unwrap_or(0))
    }

    /// Returns the time of an event: mostly shortly before or after the clock's first time, occasionally at the ends
    /// of what is accepted, or in milliseconds.
    fn event_time(&mut self) -> Timestamp {
        const DAY: i64 = 86_400;
        let ends = [0, -1, 1_000 + DAY, 1_001 + DAY, 1_000_000_000];
        match self.below(8) {
            0 => Timestamp::from_secs(self.pick(&ends)),
            _ => self.time(),
        }
    }

    pub(super) fn sightings(&mut self) -> Vec<(DeviceId, Timestamp)> {
        (0..self.below(4)).map(|_| (self.device(), self.time())).collect()
    }

    pub(super) fn commands(&mut self) -> Vec<Command> {
        (0..self.below(6)).map(|_| self.command()).collect()
    }

    pub(super) fn command(&mut self) -> Command {
        match self.below(40) {
            0..=7 => Command::Register(self.registration()),
            8..=17 => Command::Update { device: self.device(), update: self.update() },
            18 => Command::Unregister(self.device()),
            19 => Command::Remove(self.device()),
            20 => match self.below(3) {
                0 => Command::RemoveBasedOn { device: self.device(), version: Version(0) },
                1 => Command::SignOut(self.device()),
                _ => Command::SignOutUser(self.user()),
            },
            21 => Command::UnbindAlias { alias: self.alias(), devices: self.devices(3) },
            22 => Command::DeleteAlias { alias: self.alias(), platforms: self.platforms() },
            23..=27 => Command::UpdateTag { tag: self.tag(), add: self.devices(5), remove: self.devices(5) },
            28..=29 => Command::DeleteTag { tag: self.tag(), platforms: self.platforms() },
            30..=32 => Command::RegisterUser {
                device: self.device(),
                user: self.maybe(Self::user),
                platform: self.maybe(Self::platform),
                utc_offset: self.maybe(Self::offset),
            },
            33..=34 => Command::DeleteUser(self.user()),
            35 => Command::DeclareEvent(self.pick(&self.alphabet.events)),
            _ => Command::PostEvent(self.event()),
        }
    }

    fn registration(&mut self) -> Registration {
        Registration {
            id: self.device(),
            platform: self.platform(),
            tags: self.tags(4),
            user: self.maybe(Self::user),
            alias: self.maybe(Self::alias),
            token: self.maybe(|a| a.parsed(&["token", "other token"], PushToken::new)),
            mobile: self.maybe(Self::mobile),
            language: self.maybe(|a| a.parsed(&["en", "zh-Hans"], Language::new)),
            utc_offset: self.maybe(Self::offset),
        }
    }

    pub(super) fn open(&mut self) -> AppOpen {
        AppOpen {
            platform: self.maybe(Self::platform),
            user: self.maybe(Self::user),
            token: self.maybe(|a| a.parsed(&["token", "other token"], PushToken::new)),
            language: self.maybe(|a| a.parsed(&["de", "en_US.UTF-8"], Language::new)),
            utc_offset: self.maybe(Self::offset),
            ..AppOpen::new(self.device())
        }
    }

    fn update(&mut self) -> DeviceUpdate {
        DeviceUpdate {
            tags: match self.below(8) {
                7 => TagsChange::Clear,
                0 => TagsChange::default(),
                _ => TagsChange::Change { add: self.tags(5), remove: self.tags(5) },
            },
            alias: self.set(Self::alias),
            mobile: self.set(Self::mobile),
            based_on: self.choices.once_in(4).then_some(Version(0)),
        }
    }

    fn mobile(&mut self) -> Mobile {
        self.parsed(&["+86-130", "5550100"], Mobile::new)
    }

    fn offset(&mut self) -> UtcOffset {
        self.pick(&[UtcOffset::BEIJING, UtcOffset::UTC])
    }

    fn parsed<T, E: std::fmt::Debug>(
        &mut self,
        texts: &[&'static str],
        make: fn(&'static str) -> Result<T, E>,
    ) -> T {
        match make(self.pick(texts)) {
            Ok(made) => made,
            Err(refused) => unreachable!("a letter of the alphabet is refused: {refused:?}"),
        }
    }

    fn event(&mut self) -> NewEvent {
        NewEvent {
            device: self.maybe(Self::device),
            user: self.maybe(Self::user),
            timestamp_utc: self.maybe(Self::event_time),
            timestamp_current: self
                .maybe(|a| a.event_time().plus([0, 28_800].get(a.below(2)).copied().unwrap_or(0))),
            attributes: self.attributes(),
            ..NewEvent::new(self.pick(&self.alphabet.events))
        }
    }

    fn attributes(&mut self) -> Attributes {
        (0..self.below(4)).map(|_| (self.pick(&["a", "b", "c", ""]).to_owned(), self.attribute())).collect()
    }

    fn attribute(&mut self) -> Attribute {
        match self.below(4) {
            3 => Attribute::List((0..self.below(4)).map(|_| self.scalar()).collect()),
            _ => Attribute::One(self.scalar()),
        }
    }

    fn scalar(&mut self) -> Scalar {
        match self.below(6) {
            0 => Scalar::Bool(true),
            1 => Scalar::Integer(-1),
            2 => Scalar::Float(0.5),
            3 => Scalar::Text("five5".to_owned()),
            4 => Scalar::Text("six666".to_owned()),
            _ => Scalar::Float(f64::INFINITY),
        }
    }

    pub(super) fn query(&mut self) -> EventQuery {
        EventQuery {
            scope: match self.below(4) {
                0 => EventScope::All,
                1 => EventScope::Device(self.device()),
                2 => EventScope::User(self.user()),
                _ => EventScope::Name(self.pick(&self.alphabet.events)),
            },
            from: self.maybe(Self::time).unwrap_or(Timestamp::MIN),
            until: self.maybe(Self::time).unwrap_or(Timestamp::MAX),
            order: self.pick(&[EventOrder::NewestFirst, EventOrder::OldestFirst]),
            after: None,
            limit: self.page(),
        }
    }

    pub(super) fn audience(&mut self, depth: usize) -> Audience {
        match self.below(if depth == 0 { 7 } else { 12 }) {
            0 | 1 => Audience::Tag(self.tag()),
            2 => Audience::Alias(self.alias()),
            3 => Audience::User(self.user()),
            4 => Audience::Device(self.device()),
            5 => Audience::Platforms(self.platforms()),
            6 => Audience::All,
            7 | 8 => Audience::And((0..self.below(4)).map(|_| self.audience(depth - 1)).collect()),
            9 | 10 => Audience::Or((0..self.below(4)).map(|_| self.audience(depth - 1)).collect()),
            _ => Audience::Not(Box::new(self.audience(depth - 1))),
        }
    }
}
