//! The few names that random operations use, so that they collide.

use rollbook::{Alias, AppKey, DeviceId, EventName, Platform, TagName, UserId};

/// The names of the random operations: every list is short, two apps share all of them, and some users have the name
/// of a device.
///
/// ```
/// use rollbook_testkit::op::{Alphabet, Choices, Op};
/// let alphabet = Alphabet { apps: vec!["shop".parse()?], ..Alphabet::default() };
/// let op = Op::choose(&mut Choices::new(&[7, 1, 4, 9]), &alphabet);
/// assert_eq!(op.app(), alphabet.apps.first());
/// # Ok::<(), rollbook::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Alphabet {
    /// Two apps.
    pub apps: Vec<AppKey>,
    /// Six devices.
    pub devices: Vec<DeviceId>,
    /// Devices with names that no app accepts for new devices: blank, or with an invisible character at an end.
    pub bad_devices: Vec<DeviceId>,
    /// Four users, two of which are anonymous users of devices.
    pub users: Vec<UserId>,
    /// Users with names that no app accepts for new users.
    pub bad_users: Vec<UserId>,
    /// Four tags that every rule for names allows.
    pub tags: Vec<TagName>,
    /// Tags that the strictest rule for names refuses, for their characters or their length.
    pub bad_tags: Vec<TagName>,
    /// Three aliases that every rule for names allows.
    pub aliases: Vec<Alias>,
    /// Aliases that the strictest rule for names refuses.
    pub bad_aliases: Vec<Alias>,
    /// Three event names.
    pub events: Vec<EventName>,
    /// Three platforms, the unknown one among them.
    pub platforms: Vec<Platform>,
}

impl Default for Alphabet {
    fn default() -> Self {
        let long = "t".repeat(41);
        let longer = "t".repeat(129);
        Alphabet {
            apps: all(&["red", "blue"], AppKey::new),
            devices: all(&["d1", "d2", "d3", "d4", "d5", "ann"], DeviceId::new),
            bad_devices: all(&[" ", "d1 "], DeviceId::new),
            users: all(&["ann", "bob", "d1", "d2"], UserId::new),
            bad_users: all(&["\u{200b}", " ann", "d1 "], UserId::new),
            tags: all(&["news", "vip", "beta", "新闻"], TagName::new),
            bad_tags: all(&["a b", &long, &longer, "b\u{feff}"], TagName::new),
            aliases: all(&["x", "y", "z"], Alias::new),
            bad_aliases: all(&["x-1", &long, "\u{3000}"], Alias::new),
            events: all(&["login", "buy", "open"], EventName::new),
            platforms: vec![Platform::Ios, Platform::Android, Platform::Unknown],
        }
    }
}

fn all<'t, T, E>(texts: &[&'t str], make: impl Fn(&'t str) -> Result<T, E>) -> Vec<T> {
    texts.iter().filter_map(|text| make(text).ok()).collect()
}
