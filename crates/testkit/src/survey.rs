//! Everything that a register tells of itself, as one value: two equal surveys are two registers that nobody can tell
//! apart.
//!
//! ```
//! use rollbook::{AppKey, AppSettings, Platform, Registration, Registry};
//! use rollbook_testkit::{ordered::OrderedStore, survey::survey};
//!
//! let registry = Registry::builder(OrderedStore::new()).build();
//! let shop = registry.create_app(&AppKey::new("shop")?, AppSettings::default())?;
//! let before = survey(&registry)?;
//! assert!(shop.remove(&"nobody".parse()?).is_err());
//! assert_eq!(survey(&registry)?, before, "a refused operation changes nothing");
//!
//! shop.register(&Registration::new("phone".parse()?, Platform::Ios))?;
//! assert_ne!(survey(&registry)?, before);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use rollbook::store::Store;
use rollbook::{
    Alias, App, AppInfo, AppKey, Audience, Device, DeviceId, Error, Event, EventOrder, EventQuery, EventType,
    PlatformSet, Registry, TagName, UserId,
};
use std::collections::{BTreeMap, BTreeSet};

/// A page that everything fits on.
const WHOLE: usize = usize::MAX;

/// Everything that a register tells of itself.
///
/// ```
/// use rollbook_testkit::{example, survey::survey};
/// let told = survey(&example::registry())?;
/// assert!(told.apps["shop"].presence);
/// assert_eq!(told.contents["shop"].devices.len(), 3);
/// # Ok::<(), rollbook::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Survey {
    /// What the directory tells of each app.
    pub apps: BTreeMap<AppKey, AppInfo>,
    /// What each app tells of itself.
    pub contents: BTreeMap<AppKey, AppSurvey>,
}

/// Everything that an app tells of itself, secrets aside.
///
/// ```
/// use rollbook_testkit::{example, survey::survey_app};
/// let told = survey_app(&example::shop())?;
/// assert_eq!(told.tags["vip"], (1, vec!["phone".parse()?]));
/// assert_eq!(told.events.len(), 1);
/// # Ok::<(), rollbook::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct AppSurvey {
    /// The devices, in the order in which the register lists them.
    pub devices: Vec<Device>,
    /// The devices of each tag, and how many the register says they are.
    pub tags: BTreeMap<TagName, (u64, Vec<DeviceId>)>,
    /// The devices of each alias that a device names.
    pub aliases: BTreeMap<Alias, Vec<DeviceId>>,
    /// The devices of each user that a device names.
    pub users: BTreeMap<UserId, Vec<DeviceId>>,
    /// The declared events.
    pub event_types: Vec<EventType>,
    /// The events, the oldest first.
    pub events: Vec<Event>,
}

/// Asks a register everything. It takes memory and time for all of it.
///
/// ```
/// use rollbook_testkit::{example, survey::survey};
/// let (registry, other) = (example::registry(), example::registry());
/// registry.set_presence(&"shop".parse()?, false)?;
/// assert_ne!(survey(&registry)?, survey(&other)?);
/// registry.set_presence(&"shop".parse()?, true)?;
/// assert_eq!(survey(&registry)?, survey(&other)?);
/// # Ok::<(), rollbook::Error>(())
/// ```
///
/// # Errors
/// What the register answers when it cannot be asked.
pub fn survey<S: Store>(registry: &Registry<S>) -> Result<Survey, Error> {
    let apps: BTreeMap<AppKey, AppInfo> =
        registry.apps(None, WHOLE)?.items.into_iter().map(|info| (info.key.clone(), info)).collect();
    let mut contents = BTreeMap::new();
    for key in apps.keys() {
        contents.insert(key.clone(), survey_app(&registry.app(key)?)?);
    }
    Ok(Survey { apps, contents })
}

/// Asks an app everything.
///
/// ```
/// use rollbook_testkit::{example, survey::survey_app};
/// let shop = example::shop();
/// let before = survey_app(&shop)?;
/// shop.dry_run(&[rollbook::Command::DeleteUser("ann".parse()?)])?;
/// assert_eq!(survey_app(&shop)?, before);
/// # Ok::<(), rollbook::Error>(())
/// ```
///
/// # Errors
/// What the app answers when it cannot be asked.
pub fn survey_app<S: Store>(app: &App<S>) -> Result<AppSurvey, Error> {
    let all = PlatformSet::ALL;
    let ids = app.select(&Audience::All)?.ids()?;
    let devices = ids.iter().map(|id| app.device(id)).collect::<Result<Vec<_>, _>>()?;
    let mut tags = BTreeMap::new();
    for row in app.tags(all, None, WHOLE)?.items {
        let carriers = app.tag_devices(&row.tag, all, None, WHOLE)?.items;
        tags.insert(row.tag, (row.devices, carriers));
    }
    let named: BTreeSet<&Alias> = devices.iter().filter_map(|device| device.alias.as_ref()).collect();
    let mut aliases = BTreeMap::new();
    for alias in named {
        aliases.insert(alias.clone(), app.alias_devices(alias, all)?);
    }
    let named: BTreeSet<&UserId> = devices.iter().map(|device| &device.user).collect();
    let mut users = BTreeMap::new();
    for user in named {
        users.insert(user.clone(), app.user_devices(user, all)?);
    }
    let event_types = app.event_types()?;
    let query = EventQuery { order: EventOrder::OldestFirst, limit: WHOLE, ..EventQuery::default() };
    let events = app.events(&query)?.items;
    Ok(AppSurvey { devices, tags, aliases, users, event_types, events })
}
