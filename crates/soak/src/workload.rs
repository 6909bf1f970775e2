//! The steps of one worker. Workers share an app and some of its tags. Everything else belongs to one worker, so the result
//! of a step does not depend on what the other workers do at the same time.

use crate::Failure;
use crate::rng::Rng;
use rollbook::{
    Alias, AppKey, Command, DeviceId, EventName, EventScope, Limits, Platform, Registration, TagName, UserId,
    Violation,
};
use rollbook_testkit::op::{Alphabet, Choices, Op, Settings};

/// Devices that one step registers while the registry is filled.
const FILLED: u64 = 100;
/// Tags that all workers add to their devices and none deletes.
const SHARED: [&str; 3] = ["all", "news", "vip"];
/// Number of a worker's own tags.
const TAGS: u64 = 40;

/// The steps and names of one worker.
#[derive(Debug, Clone)]
pub(crate) struct Workload {
    number: usize,
    seed: u64,
    devices: u64,
    shared: AppKey,
    own: AppKey,
}

/// Returns the app that all workers share, and the step that creates it.
pub(crate) fn shared_app() -> Result<(AppKey, Op), Violation> {
    let app = AppKey::new("shop")?;
    let limits = Limits {
        declare_on_first_use: true,
        // Ten runs of the writer, so that the event log reaches a stable size.
        event_retention_secs: Some(600),
        ..Limits::jpush()
    };
    let settings = Settings { presence: true, limits, ..Settings::default() };
    Ok((app.clone(), Op::CreateApp { app, settings }))
}

impl Workload {
    /// Returns the workload of a worker with this number of device ids.
    pub(crate) fn new(number: usize, seed: u64, devices: u64) -> Result<Self, Violation> {
        Ok(Workload {
            number,
            seed,
            devices,
            shared: shared_app()?.0,
            own: AppKey::new(format!("own{number}"))?,
        })
    }

    /// Returns the number of the worker that a name belongs to, if it belongs to one.
    pub(crate) fn of(name: &str) -> Option<usize> {
        name.strip_prefix("own")
            .or_else(|| name.get(1..)?.split_once('_').map(|(number, _)| number))?
            .parse()
            .ok()
    }

    /// Returns the number of steps that fill the registry, which come first.
    pub(crate) const fn filling(&self) -> u64 {
        1 + self.devices.div_ceil(FILLED)
    }

    /// Returns the operation of a step.
    pub(crate) fn op(&self, n: u64) -> Result<Op, Failure> {
        if n == 0 {
            return Ok(Op::CreateApp { app: self.own.clone(), settings: Settings::default() });
        }
        if n < self.filling() {
            let from = (n - 1) * FILLED;
            let some = from..self.devices.min(from + FILLED);
            let commands = some.map(|k| self.registration(k).map(Command::Register));
            return Ok(Op::Batch(self.shared.clone(), commands.collect::<Result<_, _>>()?));
        }
        let rng = Rng::of(&[self.seed, self.number as u64, n]);
        loop {
            let op = Op::choose(&mut Choices::new(&rng.bytes::<64>()), &self.alphabet(&rng)?);
            if self.is_own(&op) {
                return Ok(op);
            }
        }
    }

    /// Returns the names of one step: a few of the worker's names, so that all of its devices are used over time and the parts
    /// of one step are still about the same names.
    pub(crate) fn alphabet(&self, rng: &Rng) -> Result<Alphabet, Violation> {
        let some = |count, letter: char, of: u64| -> Vec<String> {
            (0..count).map(|_| self.name(letter, rng.below(of))).collect()
        };
        let devices = some(8, 'd', self.devices);
        let mut users = some(3, 'u', self.devices / 3 + 1);
        users.extend(devices.first().cloned());
        let mut tags = some(4, 't', TAGS);
        tags.extend(SHARED.map(str::to_owned));
        Ok(Alphabet {
            apps: vec![self.shared.clone(), self.shared.clone(), self.shared.clone(), self.own.clone()],
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

    /// Returns whether the step reads and changes only what belongs to this worker, and does not move the clock.
    fn is_own(&self, op: &Op) -> bool {
        if op.app() == Some(&self.own) {
            return true;
        }
        let shared = |tag: &TagName| SHARED.contains(&tag.as_str());
        let is_own = |command: &Command| !matches!(command, Command::DeleteTag { tag, .. } if shared(tag));
        match op {
            Op::Do(_, command) => is_own(command),
            Op::Batch(_, commands) | Op::DryRun(_, commands) => commands.iter().all(is_own),
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
