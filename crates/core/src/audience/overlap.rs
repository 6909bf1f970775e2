//! The overlap of several audiences.

use super::Checked;
use super::evaluate::Evaluation;
use super::plan::Plan;
use super::sets::{both, either};
use crate::error::Error;
use crate::live_view::LiveView;
use crate::model::PlatformSet;
use crate::store::{Posting, View};
use serde::Serialize;

/// The sizes of several audiences, of their union, and of the devices in more than one of them: the devices that would
/// receive duplicates if a message were sent to each audience.
///
/// ```
/// use rollbook::{AppKey, AppSettings, Audience, DeviceId, Overlap, Platform, Registration, Registry, parse_list};
/// use rollbook_testkit::ordered::OrderedStore;
///
/// let registry = Registry::builder(OrderedStore::new()).build();
/// let app = registry.create_app(&AppKey::new("shop")?, AppSettings::default())?;
/// for (id, tags) in [("d1", &["news", "vip"][..]), ("d2", &["news"])] {
///     let tags = parse_list("tags", tags)?;
///     app.register(&Registration { tags, ..Registration::new(DeviceId::new(id)?, Platform::Ios) })?;
/// }
/// let audiences: [Audience; 2] = ["news".parse()?, "vip".parse()?];
/// assert_eq!(app.overlap(&audiences)?, Overlap { each: vec![2, 1], any: 2, several: 1 });
/// # Ok::<(), rollbook::Error>(())
/// ```
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize)]
pub struct Overlap {
    /// The number of devices of each audience, in the order in which the audiences were given.
    pub each: Vec<u64>,
    /// The number of devices in at least one audience.
    pub any: u64,
    /// The number of devices in more than one audience.
    pub several: u64,
}

/// Returns the sizes of `audiences` and of their overlap. Conditions that they share are evaluated once.
///
/// # Errors
/// Errors of the store.
pub(crate) fn overlap<V: View>(live: &LiveView<V>, audiences: &[Checked<'_>]) -> Result<Overlap, Error> {
    let plan = Plan::new(live, audiences.iter().copied())?;
    let mut found = Overlap { each: vec![0; audiences.len()], ..Overlap::default() };
    let platforms = plan.roots().iter().fold(PlatformSet::NONE, |all, root| all.or(plan.may(*root)));
    for platform in platforms.iter() {
        let mut evaluation = Evaluation::new(live, &plan, platform, ());
        let (mut once, mut twice) = (Posting::default(), Posting::default());
        for (root, devices) in plan.roots().iter().zip(&mut found.each) {
            let set = evaluation.posting(*root)?;
            *devices += set.len();
            // A device is in several audiences when it comes again after it was in one.
            twice = either(twice, both(once.clone(), set.clone()));
            once = either(once, set);
        }
        found.any += once.len();
        found.several += twice.len();
    }
    Ok(found)
}
