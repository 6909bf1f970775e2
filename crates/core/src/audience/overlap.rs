//! How the devices of several audiences overlap.

use super::Audience;
use super::evaluate::Evaluation;
use super::plan::Plan;
use super::sets::{both, either};
use crate::error::Error;
use crate::model::PlatformSet;
use crate::picture::Picture;
use crate::store::{Posting, View};

/// How many devices several audiences have, together and in common: what who sends one message to each must know.
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
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Overlap {
    /// The devices of each audience, in the order in which they were given.
    pub each: Vec<u64>,
    /// The devices in at least one of them.
    pub any: u64,
    /// The devices in more than one of them: those that would be sent to repeatedly.
    pub several: u64,
}

/// How many devices each of `audiences`, which passed their checks, selects, and how they overlap; what they have in
/// common as conditions is evaluated once.
///
/// # Errors
/// What the store answers.
pub(crate) fn overlap<V: View>(picture: &Picture<V>, audiences: &[Audience]) -> Result<Overlap, Error> {
    let plan = Plan::new(picture, audiences)?;
    let mut found = Overlap { each: vec![0; audiences.len()], ..Overlap::default() };
    let platforms = plan.roots().iter().fold(PlatformSet::NONE, |all, root| all.or(plan.may(*root)));
    for platform in platforms.iter() {
        let mut evaluation = Evaluation::new(picture, &plan, platform, ());
        let (mut once, mut twice) = (Posting::default(), Posting::default());
        for (root, devices) in plan.roots().iter().zip(&mut found.each) {
            let set = evaluation.posting(*root)?;
            *devices += set.len();
            twice = either(twice, both(once.clone(), set.clone()));
            once = either(once, set);
        }
        found.any += once.len();
        found.several += twice.len();
    }
    Ok(found)
}
