//! Tests of audiences on a store: every result for random conditions on random registers, compared with judging each
//! device of the model on its own; and results while others write.
//!
//! ```
//! use proptest::{prelude::*, test_runner::Config};
//! use rollbook_testkit::audiences::{Scene, conditions};
//! use rollbook_testkit::ordered::OrderedStore;
//!
//! let config = Config { cases: 3, failure_persistence: None, ..Config::default() };
//! proptest!(config, |(scene in Scene::strategy(40), asked in prop::collection::vec(conditions(), 1..3))| {
//!     scene.check(OrderedStore::new(), &asked).map_err(TestCaseError::fail)?;
//! });
//! ```

mod answers;
mod race;
mod scene;

pub use race::AudienceRace;
pub use scene::{Scene, conditions};

use rollbook::{Audience, Device};

/// Returns `true` if the audience selects this device: the rules of the manual, written a second time.
///
/// ```
/// use rollbook_testkit::{audiences::holds, example::shop};
///
/// let shop = shop();
/// let (phone, tablet) = (shop.device(&"phone".parse()?)?, shop.device(&"tablet".parse()?)?);
/// let audience = "news && !vip".parse()?;
/// assert!(holds(&audience, &tablet) && !holds(&audience, &phone));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn holds(audience: &Audience, device: &Device) -> bool {
    match audience {
        Audience::All => true,
        Audience::Tag(tag) => device.tags.contains(tag),
        Audience::Alias(alias) => device.alias.as_ref() == Some(alias),
        Audience::User(user) => device.user == *user,
        Audience::Device(id) => device.id == *id,
        Audience::Platforms(platforms) => platforms.contains(device.platform),
        Audience::And(parts) => parts.iter().all(|part| holds(part, device)),
        Audience::Or(parts) => parts.iter().any(|part| holds(part, device)),
        Audience::Not(part) => !holds(part, device),
    }
}
