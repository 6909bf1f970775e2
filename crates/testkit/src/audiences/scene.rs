//! A register of a few dozen devices, and conditions that tell them apart.

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

/// Commands that make a register, and the devices that they lead to.
#[derive(Debug, Clone)]
pub struct Scene {
    commands: Vec<Command>,
    devices: Vec<Device>,
}

impl Scene {
    /// Registers of some thirty devices on four platforms: devices come, go, move, change hands; tags are deleted and
    /// made again.
    pub fn strategy(commands: usize) -> impl Strategy<Value = Scene> {
        vec(command(), 0..=commands).prop_map(Scene::of)
    }

    /// The register that these commands make; those that it refuses change nothing.
    #[must_use]
    pub fn of(commands: Vec<Command>) -> Scene {
        let devices = devices(&commands);
        Scene { commands, devices }
    }

    /// The devices, as the model knows them.
    #[must_use]
    pub fn devices(&self) -> &[Device] {
        &self.devices
    }

    /// Asks everything that can be asked about these audiences, on a register on this store.
    ///
    /// # Errors
    /// The first wrong answer, in words.
    pub fn check<S: Store>(&self, store: S, audiences: &[Audience]) -> Result<(), String> {
        let app = self.open(store)?;
        for audience in audiences {
            super::answers::check(&app, &self.devices, audience)
                .map_err(|wrong| format!("`{audience}`: {wrong}"))?;
        }
        super::answers::check_several(&app, &self.devices, audiences)
    }

    /// A register on this store with these devices in it.
    ///
    /// # Errors
    /// A command that the register refuses and the model does not, or the other way round.
    pub fn open<S: Store>(&self, store: S) -> Result<App<S>, String> {
        let registry = Registry::builder(store).build();
        let app = registry.create_app(&key(), AppSettings::default()).map_err(|error| error.to_string())?;
        for command in &self.commands {
            // Refused by both or by none: the model's devices show it.
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

/// Conditions over the names of a [`Scene`], of up to five levels; some of their names nobody has.
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
