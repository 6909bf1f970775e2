//! A device as it is registered, changed and read.

use super::{
    Alias, DeviceId, Language, Mobile, Platform, PushToken, TagName, Timestamp, UserId, UtcOffset, Version,
    stored_language, stored_mobile,
};
use serde::{Deserialize, Serialize};

/// A device with everything that the register knows about it.
///
/// ```
/// let watch = rollbook_testkit::example::shop().device(&"watch".parse()?)?;
/// assert_eq!((watch.alias, watch.tags.len(), watch.user.as_str()), (None, 0, "watch"));
/// # Ok::<(), rollbook::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    /// Its id.
    pub id: DeviceId,
    /// Its platform.
    pub platform: Platform,
    /// The version of the app that last changed the device. An update may require it.
    ///
    /// Deleting a tag or an alias as a whole does not count as a change of the devices that carried it.
    pub version: Version,
    /// The token by which a gateway reaches it; absent if it cannot be reached.
    pub token: Option<PushToken>,
    /// Its mobile number.
    #[serde(default, deserialize_with = "stored_mobile")]
    pub mobile: Option<Mobile>,
    /// Its language.
    #[serde(default, deserialize_with = "stored_language")]
    pub language: Option<Language>,
    /// Its offset from UTC.
    pub utc_offset: Option<UtcOffset>,
    /// Its alias.
    pub alias: Option<Alias>,
    /// The user it belongs to; the device's own id if no user has claimed it.
    pub user: UserId,
    /// Its tags, in byte order.
    pub tags: Vec<TagName>,
    /// When it was first registered; absent if that was before registers recorded it.
    #[serde(default)]
    pub registered_at: Option<Timestamp>,
    /// When it was last seen online.
    pub last_seen: Option<Timestamp>,
}

impl Device {
    /// Returns the user who has claimed the device, or `None` if it belongs to its anonymous user.
    ///
    /// ```
    /// let shop = rollbook_testkit::example::shop();
    /// assert_eq!(shop.device(&"phone".parse()?)?.claimed_by(), Some(&"ann".parse()?));
    /// assert_eq!(shop.device(&"watch".parse()?)?.claimed_by(), None);
    /// # Ok::<(), rollbook::Error>(())
    /// ```
    #[must_use]
    pub fn claimed_by(&self) -> Option<&UserId> {
        Some(&self.user).filter(|user| user.as_str() != self.id.as_str())
    }
}

/// The data with which a device registers. Fields that are not given keep their values.
///
/// ```
/// use rollbook::{DeviceId, Platform, Registration, TagName};
///
/// let ann = Registration {
///     tags: vec![TagName::new("news").unwrap()],
///     ..Registration::new(DeviceId::new("8f65b16df378").unwrap(), Platform::Ios)
/// };
/// assert!(ann.user.is_none());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Registration {
    /// Its id.
    pub id: DeviceId,
    /// Its platform. A device that is registered on another platform than before moves with its tags, alias and user.
    pub platform: Platform,
    /// The token by which a gateway reaches it.
    #[serde(default)]
    pub token: Option<PushToken>,
    /// Its mobile number.
    #[serde(default)]
    pub mobile: Option<Mobile>,
    /// Its language.
    #[serde(default)]
    pub language: Option<Language>,
    /// Its offset from UTC.
    #[serde(default)]
    pub utc_offset: Option<UtcOffset>,
    /// The user it belongs to from now on. A new device without a user belongs to its anonymous user.
    #[serde(default)]
    pub user: Option<UserId>,
    /// Its alias from now on.
    #[serde(default)]
    pub alias: Option<Alias>,
    /// Tags that it gets in addition to those it has. They count as one add list.
    #[serde(default)]
    pub tags: Vec<TagName>,
}

impl Registration {
    /// Creates a registration that has only an id and a platform.
    ///
    /// ```
    /// use rollbook::{Platform, Registration};
    /// let shop = rollbook_testkit::example::shop();
    /// shop.register(&Registration::new("laptop".parse()?, Platform::Macos))?;
    /// let laptop = shop.device(&"laptop".parse()?)?;
    /// assert_eq!((laptop.platform, laptop.alias, laptop.tags), (Platform::Macos, None, vec![]));
    /// # Ok::<(), rollbook::Error>(())
    /// ```
    #[must_use]
    pub fn new(id: DeviceId, platform: Platform) -> Self {
        Registration {
            id,
            platform,
            token: None,
            mobile: None,
            language: None,
            utc_offset: None,
            user: None,
            alias: None,
            tags: Vec::new(),
        }
    }
}

/// What a device reports about itself when its app opens. Fields that are not given keep their values.
///
/// ```
/// use rollbook::{AppOpen, Platform};
/// let shop = rollbook_testkit::example::shop();
/// let open = AppOpen { platform: Some(Platform::Android), ..AppOpen::new("new".parse()?) };
/// assert!(shop.open(&open)?.created);
/// assert!(shop.last_seen(&"new".parse()?)?.is_some());
/// # Ok::<(), rollbook::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AppOpen {
    /// Its id.
    pub device: DeviceId,
    /// Its platform; if absent, a known device keeps its own, and a new one gets the unknown platform.
    #[serde(default)]
    pub platform: Option<Platform>,
    /// The user of a new device; if absent, its anonymous user. A known device keeps its user; only a registration
    /// assigns another.
    #[serde(default)]
    pub user: Option<UserId>,
    /// The token by which a gateway reaches it.
    #[serde(default)]
    pub token: Option<PushToken>,
    /// Its language.
    #[serde(default)]
    pub language: Option<Language>,
    /// Its offset from UTC.
    #[serde(default)]
    pub utc_offset: Option<UtcOffset>,
}

impl AppOpen {
    /// Creates an opening that has only a device id.
    ///
    /// ```
    /// use rollbook::AppOpen;
    /// let shop = rollbook_testkit::example::shop();
    /// assert!(!shop.open(&AppOpen::new("phone".parse()?))?.created);
    /// # Ok::<(), rollbook::Error>(())
    /// ```
    #[must_use]
    pub fn new(device: DeviceId) -> Self {
        AppOpen { device, platform: None, user: None, token: None, language: None, utc_offset: None }
    }
}

/// The outcome of registering a device or a user.
///
/// ```
/// let shop = rollbook_testkit::example::shop();
/// let done = shop.register_user(&"watch".parse()?, Some(&"bob".parse()?), None, None)?;
/// // Nobody's watch was its anonymous user's, who is gone with it.
/// assert_eq!((done.created, done.former_user, done.former_user_vanished), (false, Some("watch".parse()?), true));
/// # Ok::<(), rollbook::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registered {
    /// Whether the device is new.
    pub created: bool,
    /// The user that the device left, if it belonged to another.
    pub former_user: Option<UserId>,
    /// Whether the former user vanished because this was its last device.
    pub former_user_vanished: bool,
    /// The devices that lost the alias to make room, if the app evicts the oldest.
    pub evicted: Vec<DeviceId>,
    /// The alias that the device had with its former user and still has.
    #[serde(default)]
    pub kept_alias: Option<Alias>,
    /// The tags that the device had with its former user and still has, except those that it was given again; in byte
    /// order.
    #[serde(default)]
    pub kept_tags: Vec<TagName>,
}

/// The outcome of signing a device out.
///
/// ```
/// let shop = rollbook_testkit::example::shop();
/// let done = shop.sign_out(&"phone".parse()?)?;
/// assert_eq!((done.former_user, done.former_user_vanished), (Some("ann".parse()?), false));
/// assert_eq!(done.kept_tags, ["news".parse()?, "vip".parse()?]);
/// # Ok::<(), rollbook::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedOut {
    /// The user that the device left; absent if it belonged to its anonymous user already.
    pub former_user: Option<UserId>,
    /// Whether the former user vanished because this was its last device.
    pub former_user_vanished: bool,
    /// The alias that the device had with its former user and still has.
    pub kept_alias: Option<Alias>,
    /// The tags that the device had with its former user and still has; in byte order.
    pub kept_tags: Vec<TagName>,
}

/// The change of one field in an update: keep it, clear it, or set it.
///
/// ```
/// use rollbook::{DeviceUpdate, Set};
/// let update = DeviceUpdate { alias: Set::To("ann".parse()?), mobile: Set::Clear, ..DeviceUpdate::default() };
/// let shop = rollbook_testkit::example::shop();
/// shop.update(&"watch".parse()?, &update)?;
/// assert_eq!(shop.device(&"watch".parse()?)?.alias, Some("ann".parse()?));
/// # Ok::<(), rollbook::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Set<T> {
    /// Keeps the value.
    #[default]
    Keep,
    /// Removes the value.
    Clear,
    /// Sets the value.
    To(T),
}

/// The change of a device's tags in an update.
///
/// ```
/// use rollbook::{DeviceUpdate, TagsChange};
/// let shop = rollbook_testkit::example::shop();
/// shop.update(&"phone".parse()?, &DeviceUpdate { tags: TagsChange::Clear, ..DeviceUpdate::default() })?;
/// assert!(shop.device(&"phone".parse()?)?.tags.is_empty());
/// # Ok::<(), rollbook::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum TagsChange {
    /// Removes some tags, then adds some: a tag in both lists ends up present.
    Change {
        /// Tags that the device gets.
        #[serde(default)]
        add: Vec<TagName>,
        /// Tags that the device loses.
        #[serde(default)]
        remove: Vec<TagName>,
    },
    /// Removes all tags.
    Clear,
}

impl Default for TagsChange {
    fn default() -> Self {
        TagsChange::Change { add: Vec::new(), remove: Vec::new() }
    }
}

/// A change of a device. The default changes nothing.
///
/// ```
/// use rollbook::{Alias, DeviceUpdate, Set, TagName, TagsChange};
///
/// let update = DeviceUpdate {
///     alias: Set::To(Alias::new("ann").unwrap()),
///     tags: TagsChange::Change { add: vec![TagName::new("vip").unwrap()], remove: vec![] },
///     ..DeviceUpdate::default()
/// };
/// assert_eq!(update.mobile, Set::Keep);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DeviceUpdate {
    /// The change of the tags.
    pub tags: TagsChange,
    /// The change of the alias.
    pub alias: Set<Alias>,
    /// The change of the mobile number.
    pub mobile: Set<Mobile>,
    /// Applies the update only if the device still has this version; otherwise it fails with
    /// [`Error::Stale`](crate::Error::Stale).
    pub based_on: Option<Version>,
}

impl Default for DeviceUpdate {
    fn default() -> Self {
        DeviceUpdate { tags: TagsChange::default(), alias: Set::Keep, mobile: Set::Keep, based_on: None }
    }
}

/// The outcome of updating a device.
///
/// ```
/// use rollbook::{AliasOverflow, DeviceUpdate, Limits, Set};
/// let registry = rollbook_testkit::example::registry();
/// let key = "shop".parse()?;
/// let alias_overflow = AliasOverflow::EvictOldest;
/// registry.set_limits(&key, &Limits { devices_per_alias: Some(2), alias_overflow, ..Limits::default() })?;
/// let update = DeviceUpdate { alias: Set::To("ann".parse()?), ..DeviceUpdate::default() };
/// let updated = registry.app(&key)?.update(&"watch".parse()?, &update)?;
/// assert_eq!(updated.evicted.len(), 1);
/// # Ok::<(), rollbook::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Updated {
    /// The devices that lost the alias to make room, if the app evicts the oldest.
    pub evicted: Vec<DeviceId>,
}
