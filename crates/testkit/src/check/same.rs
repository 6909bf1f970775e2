//! Compares what must agree although both sides number it differently: versions, event codes, the order within a
//! platform.

use super::Run;
use super::drive::Told;
use crate::op::Op;
use crate::oracle::{Answer, Answered, Oracle};
use rollbook::store::Store;
use rollbook::{AppKey, Command, Device, DeviceId, EventCode, Outcome, Platform, Version};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// The numbers of both sides, paired.
#[derive(Debug, Default)]
pub(super) struct Book {
    /// The versions that were current when a device was last compared.
    versions: BTreeMap<(AppKey, DeviceId), Pair>,
    /// The versions that the last [`Op::Device`] returned, on which an update may be based.
    read: BTreeMap<(AppKey, DeviceId), Pair>,
    /// The model's codes by the register's.
    codes: BTreeMap<(AppKey, EventCode), EventCode>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Pair {
    model: Version,
    register: Version,
}

/// A version that no device ever has.
const NEVER: Version = Version(u64::MAX);

impl Book {
    pub(super) fn for_model<'o>(&self, op: &'o Op) -> Cow<'o, Op> {
        self.based(op, |pair| pair.model)
    }

    pub(super) fn for_register<'o>(&self, op: &'o Op) -> Cow<'o, Op> {
        self.based(op, |pair| pair.register)
    }

    /// Returns the step with the versions that its updates are based on.
    fn based<'o>(&self, op: &'o Op, side: impl Fn(&Pair) -> Version) -> Cow<'o, Op> {
        if !matches!(op, Op::Do(..) | Op::Batch(..) | Op::DryRun(..)) {
            return Cow::Borrowed(op);
        }
        let mut op = op.clone();
        let (app, commands) = match &mut op {
            Op::Do(app, command) => (app, std::slice::from_mut(command)),
            Op::Batch(app, commands) | Op::DryRun(app, commands) => (app, commands.as_mut_slice()),
            _ => return Cow::Owned(op),
        };
        for command in commands {
            let told = |device: &DeviceId| self.read.get(&(app.clone(), device.clone())).map_or(NEVER, &side);
            match command {
                Command::Update { device, update } if update.based_on.is_some() => {
                    update.based_on = Some(told(device));
                }
                Command::RemoveBasedOn { device, version } => *version = told(device),
                _ => {}
            }
        }
        Cow::Owned(op)
    }

    /// Returns the register's result in the model's numbers, as far as they pair.
    pub(super) fn translate(&mut self, op: &Op, oracle: &Oracle, expected: &Answered, told: Told) -> Told {
        if let (Op::DeleteApp(app), Ok(_)) = (op, expected) {
            self.forget(app);
        }
        let Told { mut answer, mut remark } = told;
        if let (Some(app), Ok(expected), Ok(actual)) = (op.app(), expected, &mut answer) {
            let wrong = match (expected, actual) {
                (Answer::Device(expected), Answer::Device(actual)) => self.device(app, expected, actual),
                (Answer::Outcome(expected), Answer::Outcome(actual)) => self.outcome(app, expected, actual),
                (Answer::Outcomes(expected), Answer::Outcomes(actual)) => {
                    let each = expected.iter().zip(actual);
                    each.fold(None, |wrong, (expected, actual)| wrong.or(self.outcome(app, expected, actual)))
                }
                (Answer::Events(_), Answer::Events(events)) => {
                    for event in events {
                        let known = self.codes.get(&(app.clone(), event.code));
                        event.code = known.copied().unwrap_or(event.code);
                    }
                    None
                }
                (Answer::Selected(_), Answer::Selected(ids)) => sort_within_platforms(app, oracle, ids),
                _ => None,
            };
            remark = remark.or(wrong);
        }
        Told { answer, remark }
    }

    /// Makes later updates be based on what this look-up returned.
    pub(super) fn read(&mut self, op: &Op) {
        if let Op::Device(app, id) = op {
            let key = (app.clone(), id.clone());
            if let Some(pair) = self.versions.get(&key) {
                self.read.insert(key, *pair);
            }
        }
    }

    /// Checks that the versions of both sides change together or stay together.
    fn device(&mut self, app: &AppKey, expected: &Device, actual: &mut Device) -> Option<String> {
        let now = Pair { model: expected.version, register: actual.version };
        let before = self.versions.insert((app.clone(), expected.id.clone()), now);
        let wrong = before.and_then(|before| {
            let (should, did) = (before.model != now.model, before.register != now.register);
            let backwards = now.register < before.register;
            match (should, did) {
                (true, false) => Some(format!("the device changed, its version {} did not", now.register)),
                (false, true) => Some(format!(
                    "the version went from {} to {} without a change",
                    before.register, now.register
                )),
                _ if backwards => Some(format!("version {} came after {}", now.register, before.register)),
                _ => None,
            }
        });
        actual.version = expected.version;
        wrong
    }

    fn outcome(&mut self, app: &AppKey, expected: &Outcome, actual: &mut Outcome) -> Option<String> {
        match (expected, actual) {
            (Outcome::Posted(model), Outcome::Posted(code)) => {
                let taken = self.codes.insert((app.clone(), *code), *model);
                let wrong = taken.map(|_| format!("the code {code} was given before"));
                *code = *model;
                wrong
            }
            // The devices that lose an alias are a set: their order is unspecified, and the model's is byte order.
            (_, Outcome::Registered(done)) => {
                done.evicted.sort();
                None
            }
            (_, Outcome::Updated(done)) => {
                done.evicted.sort();
                None
            }
            _ => None,
        }
    }

    fn forget(&mut self, app: &AppKey) {
        self.versions.retain(|(of, _), _| of != app);
        self.read.retain(|(of, _), _| of != app);
        self.codes.retain(|(of, _), _| of != app);
    }
}

/// Checks that platforms come in the order of their numbers. The order within one is the register's own.
fn sort_within_platforms(app: &AppKey, oracle: &Oracle, ids: &mut [DeviceId]) -> Option<String> {
    let platforms: BTreeMap<&DeviceId, Platform> = oracle.devices(app).collect();
    let order: Vec<_> = ids.iter().map(|id| platforms.get(id).copied()).collect();
    let sorted = order.is_sorted();
    ids.sort_by(|a, b| (platforms.get(a), a).cmp(&(platforms.get(b), b)));
    (!sorted).then(|| format!("platforms are mixed: {order:?}"))
}

impl<S: Store> Run<S> {
    /// A batch may change a device and change it back, or take from it what it then deletes altogether. Whether its
    /// version changes then is unspecified, so the model follows the register.
    pub(super) fn settle_versions(&mut self, app: &AppKey, commands: &[Command], before: &Oracle) {
        let before: BTreeMap<DeviceId, Device> =
            before.everything(app).map(|device| (device.id.clone(), device)).collect();
        let after: Vec<Device> = self.oracle.everything(app).collect();
        for is in after {
            let Some(was) = before.get(&is.id) else { continue };
            if is.version == was.version || essence(&is, commands) != essence(was, commands) {
                continue;
            }
            let paired = self.book.versions.get(&(app.clone(), is.id.clone()));
            let register = super::drive::version(&self.registry, app, &is.id);
            if paired.is_some_and(|pair| Some(pair.register) == register && pair.model == was.version) {
                self.oracle.overwrite_version(app, &is.id, was.version.0);
            }
        }
    }
}

/// Returns the device without its version and without what the commands delete as a whole.
fn essence(device: &Device, commands: &[Command]) -> Device {
    let mut device = Device { version: NEVER, ..device.clone() };
    for command in commands {
        match command {
            Command::DeleteTag { tag, .. } => device.tags.retain(|own| own != tag),
            Command::DeleteAlias { alias, .. } => device.alias = device.alias.filter(|own| own != alias),
            _ => {}
        }
    }
    device
}
