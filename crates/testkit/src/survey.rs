//! Everything that can be read of a register, as one value: if two surveys are equal, no question distinguishes the two
//! registers.
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
    PlatformSet, Registry, TagName, UserId, Version,
};
use std::collections::{BTreeMap, BTreeSet};

/// A page size that everything fits in.
const WHOLE: usize = usize::MAX;

/// Everything that can be read of a register.
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
    /// What the directory of apps shows of each app.
    pub apps: BTreeMap<AppKey, AppInfo>,
    /// What each app contains.
    pub contents: BTreeMap<AppKey, AppSurvey>,
}

impl Survey {
    /// Returns the survey without what every register numbers and orders for itself: versions, event codes, and the
    /// order of devices. Two registers with the same content, or a register and its [model](crate::oracle::Oracle),
    /// are then equal.
    ///
    /// ```
    /// use rollbook_testkit::{example, survey::survey};
    /// let (one, other) = (example::registry(), example::registry());
    /// let shop = other.app(&"shop".parse()?)?;
    /// shop.sign_out(&"tablet".parse()?)?;
    /// shop.register_user(&"tablet".parse()?, Some(&"ann".parse()?), None, None)?;
    /// assert_ne!(survey(&one)?, survey(&other)?); // the tablet has another version
    /// assert_eq!(survey(&one)?.comparable(), survey(&other)?.comparable());
    /// # Ok::<(), rollbook::Error>(())
    /// ```
    #[must_use]
    pub fn comparable(mut self) -> Self {
        for app in self.contents.values_mut() {
            app.make_comparable();
        }
        self
    }

    /// Returns the differences, one line each: `-` marks what this survey has, `+` what the other has instead. The
    /// list is empty when they are equal.
    ///
    /// ```
    /// use rollbook::{DeviceUpdate, Set};
    /// use rollbook_testkit::{example, survey::survey};
    /// let registry = example::registry();
    /// let before = survey(&registry)?;
    /// let mobile = Set::To("13012345678".parse()?);
    /// let update = DeviceUpdate { mobile, ..DeviceUpdate::default() };
    /// registry.app(&"shop".parse()?)?.update(&"phone".parse()?, &update)?;
    /// let after = survey(&registry)?;
    /// assert!(before.diff(&before).is_empty());
    /// let diff = before.diff(&after);
    /// assert_eq!(diff.len(), 2);
    /// assert!(diff[0].starts_with("- shop: device Device {") && diff[1].contains("13012345678"));
    /// # Ok::<(), rollbook::Error>(())
    /// ```
    #[must_use]
    pub fn diff(&self, other: &Survey) -> Vec<String> {
        let (here, there) = (self.lines(), other.lines());
        let mut lines: Vec<(&(AppKey, String), char, &String)> = Vec::new();
        for (mark, one, two) in [('-', &here, &there), ('+', &there, &here)] {
            let only = one.iter().filter(|(place, line)| two.get(*place) != Some(*line));
            lines.extend(only.map(|(place, line)| (place, mark, line)));
        }
        // A new value is listed below the old one.
        lines.sort_by_key(|(place, mark, _)| (*place, *mark == '+'));
        lines.into_iter().map(|((app, _), mark, line)| format!("{mark} {app}: {line}")).collect()
    }

    /// Returns everything as lines, keyed by the app and the subject of each line.
    fn lines(&self) -> BTreeMap<(AppKey, String), String> {
        let mut lines = BTreeMap::new();
        for (key, info) in &self.apps {
            lines.insert((key.clone(), "app".to_owned()), format!("app {info:?}"));
        }
        for (key, app) in &self.contents {
            let mut add = |about: String, line: String| {
                lines.insert((key.clone(), about), line);
            };
            for device in &app.devices {
                add(format!("device {}", device.id), format!("device {device:?}"));
            }
            for (tag, carriers) in &app.tags {
                add(format!("tag {tag}"), format!("tag {tag}: {carriers:?}"));
            }
            for (alias, carriers) in &app.aliases {
                add(format!("alias {alias}"), format!("alias {alias}: {carriers:?}"));
            }
            for (user, devices) in &app.users {
                add(format!("user {user}"), format!("user {user}: {devices:?}"));
            }
            for declared in &app.event_types {
                add(format!("event type {}", declared.name), format!("event type {declared:?}"));
            }
            for (n, event) in app.events.iter().enumerate() {
                add(format!("event {n:020}"), format!("event {event:?}"));
            }
        }
        lines
    }
}

impl AppSurvey {
    fn make_comparable(&mut self) {
        self.devices.sort_by(|one, other| one.id.cmp(&other.id));
        for device in &mut self.devices {
            device.version = Version(0);
        }
        let lists = self.tags.values_mut().map(|(_, carriers)| carriers);
        lists.chain(self.aliases.values_mut()).chain(self.users.values_mut()).for_each(|ids| ids.sort());
        if let Ok(same) = "00000-00000".parse() {
            self.events.iter_mut().for_each(|event| event.code = same);
        }
    }
}

/// Everything that can be read of an app, except secrets.
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
    /// The devices of each tag, and the number of them that the register reports.
    pub tags: BTreeMap<TagName, (u64, Vec<DeviceId>)>,
    /// The devices of each alias that some device has.
    pub aliases: BTreeMap<Alias, Vec<DeviceId>>,
    /// The devices of each user that some device has.
    pub users: BTreeMap<UserId, Vec<DeviceId>>,
    /// The declared events.
    pub event_types: Vec<EventType>,
    /// The events, oldest first.
    pub events: Vec<Event>,
}

/// Reads everything from a register. Takes time and memory in proportion to its size.
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
/// The first error that the register returns.
pub fn survey<S: Store>(registry: &Registry<S>) -> Result<Survey, Error> {
    let apps: BTreeMap<AppKey, AppInfo> =
        registry.apps(None, WHOLE)?.items.into_iter().map(|info| (info.key.clone(), info)).collect();
    let mut contents = BTreeMap::new();
    for key in apps.keys() {
        contents.insert(key.clone(), survey_app(&registry.app(key)?)?);
    }
    Ok(Survey { apps, contents })
}

/// Reads everything from an app.
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
/// The first error that the app returns.
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
