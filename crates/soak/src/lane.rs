//! What one writer does, step by step. Lanes share an app and some of its tags; everything else is a lane's own, so
//! what a step answers does not depend on what the other lanes do meanwhile.

use crate::Failure;
use crate::draw::Draw;
use rollbook::{
    Alias, AppKey, Command, DeviceId, EventName, EventScope, Limits, Platform, Registration, TagName, UserId,
    Violation,
};
use rollbook_testkit::op::{Alphabet, Choices, Op, Settings};

/// Devices that one step of filling registers.
const FILLED: u64 = 100;
/// Tags that all lanes put on their devices, and none deletes.
const SHARED: [&str; 3] = ["all", "news", "vip"];
/// A lane's own tags.
const TAGS: u64 = 40;

/// One writer.
#[derive(Debug, Clone)]
pub(crate) struct Lane {
    number: usize,
    seed: u64,
    devices: u64,
    shop: AppKey,
    own: AppKey,
}

/// The app that all lanes share, and the step that creates it.
pub(crate) fn shop() -> Result<(AppKey, Op), Violation> {
    let app = AppKey::new("shop")?;
    let limits = Limits {
        declare_on_first_use: true,
        // Ten lives of the writer: history comes to a size that it keeps.
        event_retention_secs: Some(600),
        ..Limits::jpush()
    };
    let settings = Settings { presence: true, limits, ..Settings::default() };
    Ok((app.clone(), Op::CreateApp { app, settings }))
}

impl Lane {
    /// The lane of a number, with so many device ids.
    pub(crate) fn new(number: usize, seed: u64, devices: u64) -> Result<Self, Violation> {
        Ok(Lane { number, seed, devices, shop: shop()?.0, own: AppKey::new(format!("own{number}"))? })
    }

    /// The number of the lane that a name belongs to, as far as it tells.
    pub(crate) fn of(name: &str) -> Option<usize> {
        name.strip_prefix("own")
            .or_else(|| name.get(1..)?.split_once('_').map(|(number, _)| number))?
            .parse()
            .ok()
    }

    /// Steps that fill the register, from the first.
    pub(crate) const fn filling(&self) -> u64 {
        1 + self.devices.div_ceil(FILLED)
    }

    /// The step of a number.
    pub(crate) fn op(&self, n: u64) -> Result<Op, Failure> {
        if n == 0 {
            return Ok(Op::CreateApp { app: self.own.clone(), settings: Settings::default() });
        }
        if n < self.filling() {
            let from = (n - 1) * FILLED;
            let some = from..self.devices.min(from + FILLED);
            let commands = some.map(|k| self.registration(k).map(Command::Register));
            return Ok(Op::Batch(self.shop.clone(), commands.collect::<Result<_, _>>()?));
        }
        let draw = Draw::of(&[self.seed, self.number as u64, n]);
        loop {
            let op = Op::choose(&mut Choices::new(&draw.bytes::<64>()), &self.alphabet(&draw)?);
            if self.is_own(&op) {
                return Ok(op);
            }
        }
    }

    /// The names of one step: a few of those that the lane has, so that its devices are all met in turn and the parts
    /// of a step still meet each other.
    pub(crate) fn alphabet(&self, draw: &Draw) -> Result<Alphabet, Violation> {
        let some = |count, letter: char, of: u64| -> Vec<String> {
            (0..count).map(|_| self.name(letter, draw.below(of))).collect()
        };
        let devices = some(8, 'd', self.devices);
        let mut users = some(3, 'u', self.devices / 3 + 1);
        users.extend(devices.first().cloned());
        let mut tags = some(4, 't', TAGS);
        tags.extend(SHARED.map(str::to_owned));
        Ok(Alphabet {
            apps: vec![self.shop.clone(), self.shop.clone(), self.shop.clone(), self.own.clone()],
            devices: devices.into_iter().map(DeviceId::new).collect::<Result<_, _>>()?,
            users: users.into_iter().map(UserId::new).collect::<Result<_, _>>()?,
            tags: tags.into_iter().map(TagName::new).collect::<Result<_, _>>()?,
            aliases: some(3, 'a', self.devices / 2 + 1)
                .into_iter()
                .map(Alias::new)
                .collect::<Result<_, _>>()?,
            events: some(3, 'e', 3).into_iter().map(EventName::new).collect::<Result<_, _>>()?,
            ..Alphabet::default()
        })
    }

    fn name(&self, letter: char, k: u64) -> String {
        format!("{letter}{}_{k}", self.number)
    }

    fn registration(&self, k: u64) -> Result<Registration, Violation> {
        let platform = if k.is_multiple_of(2) { Platform::Ios } else { Platform::Android };
        Ok(Registration {
            tags: vec![TagName::new("all")?, TagName::new(self.name('t', k % TAGS))?],
            alias: Some(Alias::new(self.name('a', k / 2))?),
            user: Some(UserId::new(self.name('u', k / 3))?),
            ..Registration::new(DeviceId::new(self.name('d', k))?, platform)
        })
    }

    /// Does the step neither ask about what other lanes do nor change it? And does it leave the clock alone?
    fn is_own(&self, op: &Op) -> bool {
        if op.app() == Some(&self.own) {
            return true;
        }
        let shared = |tag: &TagName| SHARED.contains(&tag.as_str());
        let gentle = |command: &Command| !matches!(command, Command::DeleteTag { tag, .. } if shared(tag));
        match op {
            Op::Do(_, command) => gentle(command),
            Op::Batch(_, commands) | Op::DryRun(_, commands) => commands.iter().all(gentle),
            Op::TagCount(_, tag, _) | Op::TagDevices { tag, .. } => !shared(tag),
            Op::Events(_, query) => query.scope != EventScope::All,
            Op::Touch(..)
            | Op::TouchAt(..)
            | Op::Device(..)
            | Op::AliasDevices(..)
            | Op::UserDevices(..)
            | Op::HasTag(..)
            | Op::Presence(..)
            | Op::Verify { .. }
            | Op::Contains(..) => true,
            _ => false,
        }
    }
}
