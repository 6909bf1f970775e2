//! A register of a few dozen devices, and audiences that distinguish them.

use crate::op::{Op, Settings};
use crate::oracle::Oracle;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use rollbook::store::Store;
use rollbook::{
    Alias, App, AppKey, AppSettings, Audience, Command, Device, DeviceId, DeviceUpdate, Platform,
    PlatformSet, Registration, Registry, TagName, TagsChange, UserId,
};

const PLATFORMS: [Platform; 4] = [Platform::Unknown, Platform::Ios, Platform::Android, Platform::Harmony];

/// Commands that make a register, and the devices that result from them.
///
/// ```
/// use rollbook::{Command, Platform, Registration};
/// use rollbook_testkit::{audiences::Scene, ordered::OrderedStore};
///
/// let phone = Registration { tags: vec!["news".parse()?], ..Registration::new("phone".parse()?, Platform::Ios) };
/// let scene = Scene::of(vec![Command::Register(phone)]);
/// scene.check(OrderedStore::new(), &["news".parse()?, "!news".parse()?])?;
/// assert_eq!(scene.devices().len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Scene {
    commands: Vec<Command>,
    devices: Vec<Device>,
}

impl Scene {
    /// Registers of some thirty devices on four platforms: devices come, go, move, change users; tags are deleted and
    /// made again.
    ///
    /// ```
    /// use proptest::{prelude::*, test_runner::Config};
    /// use rollbook_testkit::{audiences::Scene, ordered::OrderedStore};
    ///
    /// # let config = Config { cases: 3, failure_persistence: None, ..Config::default() };
    /// proptest!(config, |(scene in Scene::strategy(20))| {
    ///     let app = scene.open(OrderedStore::new()).map_err(TestCaseError::fail)?;
    ///     prop_assert_eq!(app.count(&rollbook::Audience::All).unwrap(), scene.devices().len() as u64);
    /// });
    /// ```
    pub fn strategy(commands: usize) -> impl Strategy<Value = Scene> {
        vec(command(), 0..=commands).prop_map(Scene::of)
    }

    /// Returns the register that these commands make. Commands that it refuses change nothing.
    ///
    /// ```
    /// use rollbook::{Command, Platform, Registration};
    /// use rollbook_testkit::audiences::Scene;
    ///
    /// let register = Command::Register(Registration::new("phone".parse()?, Platform::Ios));
    /// let refused = Command::Remove("nobody".parse()?);
    /// let scene = Scene::of(vec![register, refused]);
    /// assert_eq!(scene.devices()[0].id.as_str(), "phone");
    /// # Ok::<(), rollbook::Error>(())
    /// ```
    #[must_use]
    pub fn of(commands: Vec<Command>) -> Scene {
        let devices = devices(&commands);
        Scene { commands, devices }
    }

    /// Returns the devices, as the model knows them.
    ///
    /// ```
    /// use rollbook::{Command, Platform, Registration};
    /// use rollbook_testkit::audiences::Scene;
    ///
    /// let register = Command::Register(Registration::new("phone".parse()?, Platform::Ios));
    /// assert_eq!(Scene::of(vec![register.clone()]).devices().len(), 1);
    /// assert_eq!(Scene::of(vec![register, Command::Remove("phone".parse()?)]).devices(), []);
    /// # Ok::<(), rollbook::Error>(())
    /// ```
    #[must_use]
    pub fn devices(&self) -> &[Device] {
        &self.devices
    }

    /// Asks every question about these audiences, on a register on this store.
    ///
    /// ```
    /// use rollbook::{Command, Platform, Registration};
    /// use rollbook_testkit::{Call, Failure, Fault, FaultStore, audiences::Scene, ordered::OrderedStore};
    ///
    /// let register = Command::Register(Registration::new("phone".parse()?, Platform::Ios));
    /// let (scene, asked) = (Scene::of(vec![register]), ["all".parse()?]);
    /// assert_eq!(scene.check(OrderedStore::new(), &asked), Ok(()));
    ///
    /// // The app is there, and the device is refused.
    /// let store = FaultStore::new(OrderedStore::new());
    /// store.arm(Fault::at(Call::Commit, 2, Failure::Unavailable));
    /// assert!(scene.check(store, &asked).unwrap_err().starts_with("`all`: "));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The first wrong result, in words.
    pub fn check<S: Store>(&self, store: S, audiences: &[Audience]) -> Result<(), String> {
        let app = self.open(store)?;
        for audience in audiences {
            super::answers::check(&app, &self.devices, audience)
                .map_err(|wrong| format!("`{audience}`: {wrong}"))?;
        }
        super::answers::check_several(&app, &self.devices, audiences)
    }

    /// Makes a register with these devices on this store.
    ///
    /// ```
    /// use rollbook::{Audience, Command, Platform, Registration};
    /// use rollbook_testkit::{audiences::Scene, ordered::OrderedStore};
    ///
    /// let register = Command::Register(Registration::new("phone".parse()?, Platform::Ios));
    /// let app = Scene::of(vec![register]).open(OrderedStore::new())?;
    /// assert_eq!(app.count(&Audience::All)?, 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// A command that the register refuses and the model does not, or the other way round.
    pub fn open<S: Store>(&self, store: S) -> Result<App<S>, String> {
        let registry = Registry::builder(store).build();
        let app = registry.create_app(&key(), AppSettings::default()).map_err(|error| error.to_string())?;
        for command in &self.commands {
            // The model's devices show whether both sides refused the same commands.
            let _ = app.batch(std::slice::from_ref(command));
        }
        Ok(app)
    }
}

fn key() -> AppKey {
    AppKey::new("scene").expect("a key")
}

fn devices(commands: &[Command]) -> Vec<Device> {
    let mut oracle = Oracle::new();
    let created = oracle.answer(&Op::CreateApp { app: key(), settings: Settings::default() });
    created.expect("a new app");
    for command in commands {
        let _ = oracle.answer(&Op::Do(key(), command.clone()));
    }
    oracle.everything(&key()).collect()
}

fn named<T, E: std::fmt::Debug>(
    names: &'static [&'static str],
    make: fn(&str) -> Result<T, E>,
) -> impl Strategy<Value = T>
where
    T: std::fmt::Debug + Clone + 'static,
{
    let made: Vec<T> = names.iter().map(|name| make(name).expect("a name")).collect();
    select(made)
}

fn tag() -> impl Strategy<Value = TagName> {
    named(&["t1", "t2", "t3", "t4", "新闻"], |name| TagName::new(name))
}

fn alias() -> impl Strategy<Value = Alias> {
    named(&["a1", "a2", "a3", "a4"], |name| Alias::new(name))
}

fn user() -> impl Strategy<Value = UserId> {
    named(&["u1", "u2", "u3", "d1", "d2"], |name| UserId::new(name))
}

fn device() -> impl Strategy<Value = DeviceId> {
    (0..32_u32).prop_map(|n| DeviceId::new(format!("d{n}")).expect("an id"))
}

fn platforms() -> impl Strategy<Value = PlatformSet> {
    prop_oneof![
        1 => Just(PlatformSet::ALL),
        3 => vec(select(PLATFORMS.to_vec()), 0..3).prop_map(PlatformSet::from_iter),
    ]
}

fn command() -> impl Strategy<Value = Command> {
    let registration = (
        device(),
        select(PLATFORMS.to_vec()),
        vec(tag(), 0..4),
        prop::option::of(alias()),
        prop::option::of(user()),
    );
    let registration = registration.prop_map(|(id, platform, tags, alias, user)| {
        Command::Register(Registration { tags, alias, user, ..Registration::new(id, platform) })
    });
    let update = (device(), vec(tag(), 0..3), vec(tag(), 0..3)).prop_map(|(device, add, remove)| {
        let tags = TagsChange::Change { add, remove };
        Command::Update { device, update: DeviceUpdate { tags, ..DeviceUpdate::default() } }
    });
    prop_oneof![
        16 => registration,
        3 => update,
        3 => device().prop_map(Command::Remove),
        1 => (tag(), platforms()).prop_map(|(tag, platforms)| Command::DeleteTag { tag, platforms }),
        1 => (alias(), platforms()).prop_map(|(alias, platforms)| Command::DeleteAlias { alias, platforms }),
        1 => user().prop_map(Command::DeleteUser),
    ]
}

/// Audiences of up to five levels over the names of a [`Scene`]; some of their names belong to no device.
///
/// ```
/// use proptest::{prelude::*, test_runner::Config};
/// use rollbook::Audience;
/// use rollbook_testkit::audiences::conditions;
///
/// # let config = Config { cases: 20, failure_persistence: None, ..Config::default() };
/// proptest!(config, |(audience in conditions())| {
///     prop_assert_eq!(audience.to_string().parse::<Audience>().unwrap().to_string(), audience.to_string());
/// });
/// ```
pub fn conditions() -> impl Strategy<Value = Audience> {
    let nobody = || TagName::new("nobody").expect("a tag").into();
    let leaf = prop_oneof![
        8 => tag().prop_map(Audience::Tag),
        1 => Just(()).prop_map(move |()| nobody()),
        2 => alias().prop_map(Audience::Alias),
        2 => user().prop_map(Audience::User),
        1 => device().prop_map(Audience::Device),
        2 => platforms().prop_map(Audience::Platforms),
        1 => Just(Audience::All),
    ];
    leaf.prop_recursive(4, 40, 4, |inner| {
        prop_oneof![
            3 => vec(inner.clone(), 0..5).prop_map(Audience::And),
            3 => vec(inner.clone(), 0..5).prop_map(Audience::Or),
            2 => inner.prop_map(|part| !part),
        ]
    })
}
