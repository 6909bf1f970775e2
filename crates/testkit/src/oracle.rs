//! An independent model of a whole register: plain ordered maps, nothing clever, the rules written a second time.
//!
//! It shares no code with the registry, only the plain types of arguments and results. It is meant for tests: random
//! operations are applied to it and to a real register, and every result is compared (see [`check`](crate::check)). It
//! can also stand in for a register in a test of a program that uses one.

mod answer;
mod batch;
mod change;
mod history;
mod read;
mod refusal;
mod rules;
mod survey;
mod tenant;

pub use answer::{Answer, Answered};
pub use refusal::{Broken, Refusal};

use crate::op::{Op, Settings};
use rollbook::{AppInfo, AppKey, Device, DeviceId, Event, Platform, PresenceFrom, Timestamp};
use rules::Found;
use std::collections::BTreeMap;
use tenant::Tenant;

/// The model of a register.
///
/// Its versions and event codes are its own numbers: compare whether they change, not what they are.
///
/// ```
/// use rollbook::{Alias, Command, DeviceId, Platform, PlatformSet, Registration};
/// use rollbook_testkit::oracle::{Answer, Oracle};
/// use rollbook_testkit::op::{Alphabet, Op, Settings};
///
/// let [red, _] = Alphabet::default().apps.try_into().unwrap();
/// let ann = DeviceId::new("ann")?;
/// let mut oracle = Oracle::new();
/// oracle.answer(&Op::CreateApp { app: red.clone(), settings: Settings::default() }).unwrap();
/// let mut registration = Registration::new(ann.clone(), Platform::Ios);
/// registration.alias = Some(Alias::new("x")?);
/// oracle.answer(&Op::Do(red.clone(), Command::Register(registration))).unwrap();
/// let carriers = oracle.answer(&Op::AliasDevices(red, Alias::new("x")?, PlatformSet::ALL));
/// assert_eq!(carriers, Ok(Answer::Devices(vec![ann])));
/// # Ok::<(), rollbook::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Oracle {
    now: Option<Timestamp>,
    apps: BTreeMap<AppKey, Tenant>,
}

impl Oracle {
    /// Returns a register without apps, whose clock shows [`Oracle::START`].
    ///
    /// ```
    /// use rollbook_testkit::oracle::Oracle;
    /// let oracle = Oracle::new();
    /// assert_eq!((oracle.apps().count(), oracle.now()), (0, Oracle::START));
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The time at which every model starts.
    pub const START: Timestamp = Timestamp::from_secs(1_000);

    /// Returns the time that the model's clock shows.
    ///
    /// ```
    /// use rollbook_testkit::{op::Op, oracle::Oracle};
    /// let mut oracle = Oracle::new();
    /// oracle.answer(&Op::MoveClock(60)).unwrap();
    /// assert_eq!(oracle.now(), Oracle::START.plus(60));
    /// ```
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.now.unwrap_or(Self::START)
    }

    /// Returns the apps, in byte order.
    ///
    /// ```
    /// use rollbook_testkit::{op::{Op, Settings}, oracle::Oracle};
    /// let mut oracle = Oracle::new();
    /// for app in ["shop", "bank"] {
    ///     oracle.answer(&Op::CreateApp { app: app.parse()?, settings: Settings::default() }).unwrap();
    /// }
    /// assert!(oracle.apps().eq([&"bank".parse()?, &"shop".parse()?]));
    /// # Ok::<(), rollbook::Error>(())
    /// ```
    pub fn apps(&self) -> impl Iterator<Item = &AppKey> {
        self.apps.keys()
    }

    /// Returns the devices of an app with their platforms, in byte order.
    ///
    /// ```
    /// use rollbook::{Command, Platform, Registration};
    /// use rollbook_testkit::{op::{Op, Settings}, oracle::Oracle};
    ///
    /// let (shop, mut oracle) = ("shop".parse()?, Oracle::new());
    /// # oracle.answer(&Op::CreateApp { app: "shop".parse()?, settings: Settings::default() }).unwrap();
    /// let watch = Registration::new("watch".parse()?, Platform::Harmony);
    /// oracle.answer(&Op::Do("shop".parse()?, Command::Register(watch))).unwrap();
    /// assert!(oracle.devices(&shop).eq([(&"watch".parse()?, Platform::Harmony)]));
    /// # Ok::<(), rollbook::Error>(())
    /// ```
    pub fn devices(&self, app: &AppKey) -> impl Iterator<Item = (&DeviceId, Platform)> {
        let devices = self.apps.get(app).into_iter().flat_map(|tenant| &tenant.devices);
        devices.map(|(id, member)| (id, member.platform))
    }

    /// Returns every device of an app with all its fields, in byte order.
    ///
    /// ```
    /// use rollbook::{Command, Platform, Registration};
    /// use rollbook_testkit::{op::{Op, Settings}, oracle::Oracle};
    ///
    /// let (shop, mut oracle) = ("shop".parse()?, Oracle::new());
    /// # oracle.answer(&Op::CreateApp { app: "shop".parse()?, settings: Settings::default() }).unwrap();
    /// let phone = Registration { tags: vec!["vip".parse()?], ..Registration::new("phone".parse()?, Platform::Ios) };
    /// oracle.answer(&Op::Do("shop".parse()?, Command::Register(phone))).unwrap();
    /// assert!(oracle.everything(&shop).map(|device| device.tags).eq([["vip".parse()?]]));
    /// # Ok::<(), rollbook::Error>(())
    /// ```
    pub fn everything(&self, app: &AppKey) -> impl Iterator<Item = Device> {
        let devices = self.apps.get(app).into_iter().flat_map(|tenant| &tenant.devices);
        devices.map(|(id, member)| member.shown(id))
    }

    /// Returns the devices that carry an alias; those of each alias in the order in which they would be evicted.
    pub(crate) fn bound(&self, app: &AppKey) -> Vec<DeviceId> {
        let devices = self.apps.get(app).into_iter().flat_map(|tenant| &tenant.devices);
        let mut bound: Vec<_> =
            devices.filter_map(|(id, member)| Some((member.alias.as_ref()?, id))).collect();
        bound.sort();
        bound.into_iter().map(|(_, id)| id.clone()).collect()
    }

    /// Returns the events of an app in the order of posting, all with the same code.
    pub(crate) fn posted(&self, app: &AppKey) -> Vec<Event> {
        let events = self.apps.get(app).into_iter().flat_map(|tenant| &tenant.events);
        events.map(history::without_code).collect()
    }

    /// Restores a version, for a device that a batch changed and changed back.
    pub(crate) fn overwrite_version(&mut self, app: &AppKey, device: &DeviceId, version: u64) {
        if let Some(member) = self.apps.get_mut(app).and_then(|tenant| tenant.devices.get_mut(device)) {
            member.version = version;
        }
    }

    /// Performs one step and returns its result. A refused step has changed nothing.
    ///
    /// ```
    /// use rollbook_testkit::{op::{Op, Settings}, oracle::{Answer, Oracle, Refusal}};
    ///
    /// let mut oracle = Oracle::new();
    /// let create = Op::CreateApp { app: "shop".parse()?, settings: Settings::default() };
    /// assert_eq!(oracle.answer(&create), Ok(Answer::Done));
    /// assert_eq!(oracle.answer(&create), Err(Refusal::AppExists("shop".parse()?)));
    /// # Ok::<(), rollbook::Error>(())
    /// ```
    ///
    /// # Errors
    /// Why the step is refused.
    pub fn answer(&mut self, op: &Op) -> Answered {
        let now = self.now();
        match op {
            Op::CreateApp { app, settings } => self.create(app, settings),
            Op::DeleteApp(app) => {
                self.apps.remove(app).map(|_| Answer::Done).ok_or_else(|| Refusal::no_app(app))
            }
            Op::RenameApp { app, name } => {
                let mut found = Found::default();
                found.app_name(name);
                found.verdict()?;
                self.tenant(app)?.name.clone_from(name);
                Ok(Answer::Done)
            }
            Op::SetLimits { app, limits } => {
                self.tenant(app)?.limits.clone_from(limits);
                Ok(Answer::Done)
            }
            Op::SetPresence { app, on } => {
                self.tenant(app)?.presence = *on;
                Ok(Answer::Done)
            }
            Op::SetPolicies { app, policies } => {
                self.tenant(app)?.policies.clone_from(policies);
                Ok(Answer::Done)
            }
            Op::SetMaster { app, secret } => {
                self.tenant(app)?.master.clone_from(secret);
                Ok(Answer::Done)
            }
            Op::SetTokens { app, tokens } => {
                self.tenant(app)?.tokens.clone_from(tokens);
                Ok(Answer::Done)
            }
            Op::Apps { .. } => {
                Ok(Answer::Apps(self.apps.iter().map(|(key, tenant)| info(key, tenant)).collect()))
            }
            Op::ResumeDeletions => Ok(Answer::Count(0)),
            Op::MoveClock(secs) => {
                self.now = Some(now.plus(*secs));
                Ok(Answer::Done)
            }
            Op::Do(app, command) => self.tenant(app)?.apply(command, now).map(Answer::Outcome),
            Op::Batch(app, commands) => {
                let tenant = self.tenant(app)?;
                let (after, outcomes) = batch::planned(tenant, commands, now)?;
                *tenant = after;
                Ok(Answer::Outcomes(outcomes))
            }
            Op::DryRun(app, commands) => {
                batch::planned(self.tenant(app)?, commands, now)?;
                Ok(Answer::Done)
            }
            Op::Open(app, open) => self.tenant(app)?.open(open, now).map(Answer::Outcome),
            Op::DeviceCalled(app, device) => {
                let tenant = self.tenant(app)?;
                if tenant.policies.presence_from == PresenceFrom::DeviceCalls {
                    tenant.see(device, now);
                }
                Ok(Answer::Done)
            }
            Op::Touch(app, devices) => {
                let sightings: Vec<_> = devices.iter().map(|id| (id.clone(), now)).collect();
                self.tenant(app)?.touch(&sightings, now)
            }
            Op::TouchAt(app, sightings) => self.tenant(app)?.touch(sightings, now),
            Op::RemoveUnseen(app, before) => {
                let tenant = self.tenant(app)?;
                let seen = |member: &tenant::Member| member.last_seen.unwrap_or(member.registered_at);
                let unseen = tenant.ids(|_, member| seen(member) < *before);
                tenant.devices.retain(|_, member| seen(member) >= *before);
                Ok(Answer::Devices(unseen))
            }
            Op::PurgeEvents(app) => Ok(Answer::Count(self.tenant(app)?.purge(now))),
            question => match question.app() {
                Some(app) => self.tenant(app)?.ask(app, question, now),
                None => Err(Refusal::Failure("the model does not know this step".to_owned())),
            },
        }
    }

    fn tenant(&mut self, app: &AppKey) -> Result<&mut Tenant, Refusal> {
        self.apps.get_mut(app).ok_or_else(|| Refusal::no_app(app))
    }

    fn create(&mut self, app: &AppKey, settings: &Settings) -> Answered {
        let mut found = Found::default();
        found.app_name(&settings.name);
        found.verdict()?;
        if self.apps.contains_key(app) {
            return Err(Refusal::AppExists(app.clone()));
        }
        let Settings { name, master, tokens, presence, limits, policies } = settings.clone();
        self.apps.insert(
            app.clone(),
            Tenant {
                name,
                presence,
                limits,
                policies,
                master,
                tokens,
                devices: BTreeMap::new(),
                types: BTreeMap::new(),
                events: Vec::new(),
                ticks: 0,
                batch: None,
            },
        );
        Ok(Answer::Done)
    }
}

fn info(key: &AppKey, tenant: &Tenant) -> AppInfo {
    AppInfo {
        key: key.clone(),
        name: tenant.name.clone(),
        presence: tenant.presence,
        limits: tenant.limits.clone(),
        policies: tenant.policies.clone(),
    }
}
