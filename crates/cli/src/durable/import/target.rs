//! The app into which lines are imported.

use super::lot::{BadLines, Line, Lot};
use crate::args::durable::Import;
use crate::durable::space::{failed, space_of};
use crate::failure::Failure;
use crate::record::{AliasOrderLine, AppLine, BadLine, EventLine, EventTypeLine, Record};
use crate::register::{Devices, Register};
use rollbook::store::{Store, StoreError, View};
use rollbook::{
    Alias, AliasOverflow, AppId, AppKey, AppSettings, Clock, Command, DeviceId, DeviceUpdate, Error, Limits,
    ManualClock, NewEvent, Outcome, Platform, Registration, Rule, Set, SystemClock, Timestamp,
};
use std::sync::Arc;

/// The maximum number of lines that are committed together; with this many, the write for each is small in comparison
/// to the sync.
const MOST: usize = 1_000;

pub(super) struct Target {
    register: Register,
    /// Shows the time of a declaration while an event is declared, and otherwise the present time.
    clock: Arc<ManualClock>,
    space: AppId,
    app: Devices,
    /// A handle to the same app with limits that evict, so that the order in which aliases are bound is kept.
    ordering: Devices,
    /// Whether the input is an export: its rules were checked when its content came into a register.
    export: bool,
}

/// The effect of a lot.
#[derive(Debug, Default)]
pub(super) struct Taken {
    /// The number of new devices.
    pub(super) devices: u64,
}

/// Why a lot was not committed.
pub(super) enum Untaken {
    /// Some lines are bad. Nothing was committed.
    Bad(BadLines),
    /// The register failed.
    Failed(Error),
}

/// Returns the number of the app with this key, if there is one.
pub(super) fn id_of(register: &Register, key: &AppKey) -> Result<Option<AppId>, Failure> {
    match register.app(key) {
        Ok(_) => space_of(register.store(), key).map(Some),
        Err(Error::NotFound { .. }) => Ok(None),
        Err(error) => Err(Failure::during("cannot look for the app")(error)),
    }
}

/// Returns an app's version, and the number of its last event.
pub(super) fn counters(register: &Register, app: AppId) -> Result<(u64, u64), Failure> {
    let read = || -> Result<_, StoreError> {
        let view = register.store().view(app)?;
        Ok((view.version().0, view.log_end()?.0))
    };
    read().map_err(failed("cannot read the app"))
}

/// Checks that the app can be what the command line asks for. An app that existed `already` was not made by the
/// import.
pub(super) fn check(options: &Import, export: bool, already: bool) -> Result<(), Failure> {
    let app = options.app.key();
    match (already, export, &options.limits) {
        (false, ..) | (true, false, None) => Ok(()),
        (true, true, _) => Err(Failure::Refused(format!(
            "--app: app {app} exists already, and an export becomes an app of its own; name another one"
        ))),
        (true, false, Some(_)) => Err(Failure::Refused(format!(
            "--limits: app {app} exists already, and an import does not change its limits; `rollbook app set` does"
        ))),
    }
}

/// Returns the limits of an app that the import makes.
pub(super) fn limits(options: &Import, export: Option<&AppLine>) -> Limits {
    match (&options.limits, export) {
        (Some(limits), _) => limits.clone(),
        (None, Some(export)) => export.limits.clone(),
        (None, None) => Limits::default(),
    }
}

/// Returns two handles to the app: one that accepts lines, and one that keeps the order in which aliases are bound.
fn handles(
    register: &Register,
    options: &Import,
    export: Option<&AppLine>,
    makes: Option<&Limits>,
) -> Result<(Devices, Devices), Error> {
    let key = options.app.key();
    if let Some(limits) = makes
        && matches!(register.app(key), Err(Error::NotFound { .. }))
    {
        let said = export.map(|app| (app.name.clone(), app.presence, app.policies.clone()));
        let (name, presence, policies) = said.unwrap_or_default();
        let limits = limits.clone();
        let settings = AppSettings { name, presence, limits, policies, ..AppSettings::default() };
        register.create_app(key, settings)?;
    }
    let chosen = options.limits.as_ref();
    let with = |limits: &Limits| {
        register.set_limits(key, limits)?;
        register.app(key)
    };
    if export.is_none() {
        let app = chosen.map_or_else(|| register.app(key), with)?;
        return Ok((app.clone(), app));
    }
    // A handle keeps the limits that the app had when the handle was made.
    let handles = (with(&lifted())?, with(&ordered())?);
    if let Some(limits) = chosen.or(makes) {
        with(limits)?;
    }
    Ok(handles)
}

impl Target {
    /// Opens the app, or makes it when the import `makes` it, with the limits that are given now or were given before
    /// the import was interrupted.
    pub(super) fn open(
        register: &Register,
        clock: Arc<ManualClock>,
        options: &Import,
        export: Option<&AppLine>,
        makes: Option<&Limits>,
    ) -> Result<Self, Failure> {
        let key = options.app.key();
        let handles = handles(register, options, export, makes);
        let (app, ordering) = handles.map_err(Failure::during(format!("cannot make app {key}")))?;
        let space = space_of(register.store(), key)?;
        let register = register.clone();
        Ok(Target { register, clock, space, app, ordering, export: export.is_some() })
    }

    /// Returns the app's number.
    pub(super) fn id(&self) -> AppId {
        self.space
    }

    /// Returns the app's version, and the number of its last event.
    pub(super) fn counters(&self) -> Result<(u64, u64), Failure> {
        counters(&self.register, self.space)
    }

    /// Returns the maximum number of lines in one lot.
    pub(super) fn most(&self) -> usize {
        let limit = self.app.limits().operations_per_batch.map_or(MOST, |most| most as usize);
        limit.clamp(1, MOST)
    }

    /// Commits the lines of a lot, all or none.
    pub(super) fn take(&self, lot: &mut Lot) -> Result<Taken, Untaken> {
        self.clock.set(SystemClock.now());
        match lot.lines.first().map(|line| &line.record) {
            Some(Record::EventType(EventTypeLine { declared_at, .. })) => {
                self.at(*declared_at, || self.commit(&mut lot.lines))
            }
            Some(Record::AliasOrder(_)) => self.bind_in_order(&lot.lines),
            Some(Record::Device(_)) => {
                let taken = self.commit(&mut lot.lines)?;
                // A heartbeat later than now counts as now; but those of an export are kept as they were.
                let now = if self.export { Timestamp::MAX } else { self.clock.now() };
                self.at(now, || self.touch(&lot.lines))?;
                Ok(taken)
            }
            _ => self.commit(&mut lot.lines),
        }
    }

    /// Does something while the register's clock shows this time.
    fn at<T>(&self, time: Timestamp, work: impl FnOnce() -> T) -> T {
        let now = self.clock.now();
        self.clock.set(time);
        let done = work();
        self.clock.set(now);
        done
    }

    fn commit(&self, lines: &mut [Line]) -> Result<Taken, Untaken> {
        loop {
            let mut commands = Vec::with_capacity(lines.len());
            // The line to which each command belongs.
            let mut of = Vec::with_capacity(lines.len());
            for (position, line) in lines.iter().enumerate() {
                let before = commands.len();
                self.commands(line, &mut commands).map_err(Untaken::Failed)?;
                of.extend(std::iter::repeat_n(position, commands.len() - before));
            }
            let failures = match self.app.batch(&commands) {
                Ok(outcomes) => {
                    let new = |outcome: &&Outcome| matches!(outcome, Outcome::Registered(did) if did.created);
                    return Ok(Taken { devices: outcomes.iter().filter(new).count() as u64 });
                }
                Err(Error::Batch(failures)) => failures,
                Err(error) if is_too_large(&error) && lines.len() > 1 => return self.commit_halves(lines),
                Err(error) => return Err(Untaken::Failed(error)),
            };
            let mut bad = BadLines::new();
            for failure in failures {
                let Some(&position) = of.get(failure.index) else { continue };
                match lines.get_mut(position) {
                    Some(line) if self.export && !line.orphaned && has_no_owner(&failure.error) => {
                        line.orphaned = true;
                    }
                    _ => drop(bad.entry(position).or_insert_with(|| BadLine::of(failure.error))),
                }
            }
            if !bad.is_empty() {
                return Err(Untaken::Bad(bad));
            }
        }
    }

    /// Commits a lot that is too large as two halves. Only lines of devices can be too large, and those may be
    /// committed again.
    fn commit_halves(&self, lines: &mut [Line]) -> Result<Taken, Untaken> {
        let half = lines.len() / 2;
        let (first, second) = lines.split_at_mut(half);
        let first = self.commit(first)?;
        match self.commit(second) {
            Ok(second) => Ok(Taken { devices: first.devices + second.devices }),
            Err(Untaken::Bad(bad)) => {
                Err(Untaken::Bad(bad.into_iter().map(|(position, why)| (half + position, why)).collect()))
            }
            Err(failed) => Err(failed),
        }
    }

    /// Adds the commands of a line to the list.
    fn commands(&self, line: &Line, commands: &mut Vec<Command>) -> Result<(), Error> {
        match &line.record {
            Record::Device(device) => commands.push(Command::Register(device.registration.clone())),
            Record::EventType(EventTypeLine { event_type, .. }) => {
                commands.push(Command::DeclareEvent(event_type.clone()));
            }
            Record::Event(event) => {
                let post = Command::PostEvent(event_of(event));
                if line.orphaned {
                    let owner = self.owner_for(event)?;
                    let id = owner.id.clone();
                    commands.extend([Command::Register(owner), post, Command::Remove(id)]);
                } else {
                    commands.push(post);
                }
            }
            Record::App(_) | Record::AliasOrder(_) | Record::End => {}
        }
        Ok(())
    }

    /// Returns a device that exists only while an event is posted whose own device and user are gone: history belongs
    /// to the ids with which it was posted, but posting requires one that exists.
    fn owner_for(&self, event: &EventLine) -> Result<Registration, Error> {
        if let Some(id) = &event.device {
            return Ok(Registration::new(id.clone(), Platform::Unknown));
        }
        for n in 0_u64.. {
            let id = DeviceId::new(format!("owner-{n}"))?;
            match self.app.device(&id) {
                Err(Error::NotFound { .. }) => {
                    let user = event.user.clone();
                    return Ok(Registration { user, ..Registration::new(id, Platform::Unknown) });
                }
                Ok(_) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Registration::new(DeviceId::new("owner")?, Platform::Unknown))
    }

    /// Records heartbeats. They are not part of a commit, and repeating them has no effect.
    fn touch(&self, lines: &[Line]) -> Result<(), Untaken> {
        let seen = |line: &Line| match &line.record {
            Record::Device(device) => Some((device.registration.id.clone(), device.last_seen?)),
            _ => None,
        };
        let seen: Vec<(DeviceId, Timestamp)> = lines.iter().filter_map(seen).collect();
        if seen.is_empty() { Ok(()) } else { self.app.touch_at(&seen).map_err(Untaken::Failed) }
    }

    /// Binds aliases again, so that each device is bound after those before it.
    fn bind_in_order(&self, lines: &[Line]) -> Result<Taken, Untaken> {
        let mut bad = BadLines::new();
        for (position, line) in lines.iter().enumerate() {
            let Record::AliasOrder(AliasOrderLine { alias_order, devices }) = &line.record else { continue };
            // Each chunk is committed as a whole, and the next one continues the order.
            for devices in devices.chunks(self.most().div_ceil(2)) {
                let commands: Vec<Command> =
                    devices.iter().flat_map(|device| bound_again(alias_order, device)).collect();
                match self.ordering.batch(&commands) {
                    Ok(_) => {}
                    Err(Error::Batch(failures)) => {
                        let why = failures.into_iter().next().map(|failure| BadLine::of(failure.error));
                        bad.extend(why.map(|why| (position, why)));
                        break;
                    }
                    Err(error) => return Err(Untaken::Failed(error)),
                }
            }
        }
        if bad.is_empty() { Ok(Taken::default()) } else { Err(Untaken::Bad(bad)) }
    }
}

/// Returns limits under which everything that was once in a register can be imported: what was accepted there is not
/// checked again, even if limits were lowered since.
fn lifted() -> Limits {
    Limits::unlimited()
}

/// Returns the same limits with eviction, under which the order is kept in which aliases are bound.
fn ordered() -> Limits {
    Limits {
        devices_per_alias: Some(u32::MAX),
        alias_overflow: AliasOverflow::EvictOldest,
        ..Limits::unlimited()
    }
}

fn bound_again(alias: &Alias, device: &DeviceId) -> [Command; 2] {
    [Set::Clear, Set::To(alias.clone())].map(|alias| {
        let update = DeviceUpdate { alias, ..DeviceUpdate::default() };
        Command::Update { device: device.clone(), update }
    })
}

fn event_of(line: &EventLine) -> NewEvent {
    let EventLine { event, at, device, user, attributes } = line;
    NewEvent {
        attributes: attributes.clone(),
        device: device.clone(),
        user: user.clone(),
        timestamp_utc: Some(*at),
        ..NewEvent::new(event.clone())
    }
}

fn is_too_large(error: &Error) -> bool {
    matches!(error, Error::Store { source: StoreError::TooLarge { .. }, .. })
}

/// Returns `true` if an event was refused only because its device and user are unknown.
fn has_no_owner(error: &Error) -> bool {
    let broken = error.violations();
    let unknown = |rule| rule == Rule::Known;
    !broken.is_empty()
        && broken.iter().all(|one| unknown(one.rule()) && matches!(one.field(), "device" | "user"))
}
