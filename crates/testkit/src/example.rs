//! A register with one small app, a shop, for examples and first steps.
//!
//! | device | platform | tags | alias | user |
//! |---|---|---|---|---|
//! | `phone` | iOS | `news`, `vip` | `ann` | `ann` |
//! | `tablet` | Android | `news` | `ann` | `ann` |
//! | `watch` | HarmonyOS | | | unclaimed |
//!
//! The event `opened` is declared and was posted once, on the phone. The clock stands still, and randomness repeats.

use crate::ordered::OrderedStore;
use rollbook::{
    App, AppKey, AppSettings, DeviceId, Error, EventName, ManualClock, NewEvent, Platform, Registration,
    Registry, SeededEntropy, TagName, Timestamp, parse_list,
};

/// Returns a register that contains the shop.
///
/// ```
/// use rollbook_testkit::example;
/// let registry = example::registry();
/// assert_eq!(registry.app(&example::KEY.parse().unwrap()).unwrap().key().as_str(), "shop");
/// ```
///
/// # Panics
/// When an operation of the register fails, which it does not on a store in memory.
#[must_use]
pub fn registry() -> Registry<OrderedStore> {
    filled().expect("a new register takes a shop")
}

/// Returns the shop.
///
/// ```
/// let shop = rollbook_testkit::example::shop();
/// assert_eq!(shop.count(&"news".parse().unwrap()).unwrap(), 2);
/// ```
///
/// # Panics
/// When an operation of the register fails, which it does not on a store in memory.
#[must_use]
pub fn shop() -> App<OrderedStore> {
    let shop = AppKey::new(KEY).map_err(Error::from).and_then(|key| registry().app(&key));
    shop.expect("the shop is in the register")
}

/// The app key of the shop.
pub const KEY: &str = "shop";

fn filled() -> Result<Registry<OrderedStore>, Error> {
    let clock = ManualClock::at(Timestamp::from_secs(1_700_000_000));
    let registry = Registry::builder(OrderedStore::new()).clock(clock).entropy(SeededEntropy::new(1)).build();
    let settings = AppSettings { presence: true, ..AppSettings::default() };
    let shop = registry.create_app(&AppKey::new(KEY)?, settings)?;
    let anns = |id: &str, platform, tags: &[&str]| -> Result<Registration, Error> {
        Ok(Registration {
            alias: Some("ann".parse()?),
            user: Some("ann".parse()?),
            tags: parse_list::<TagName>("tags", tags)?,
            ..Registration::new(DeviceId::new(id)?, platform)
        })
    };
    shop.register(&anns("phone", Platform::Ios, &["news", "vip"])?)?;
    shop.register(&anns("tablet", Platform::Android, &["news"])?)?;
    shop.register(&Registration::new(DeviceId::new("watch")?, Platform::Harmony))?;
    let opened = EventName::new("opened")?;
    shop.declare_event(&opened)?;
    shop.post_event(&NewEvent { device: Some("phone".parse()?), ..NewEvent::new(opened) })?;
    Ok(registry)
}
