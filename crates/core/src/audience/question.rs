//! Counts and pages of an audience, platform by platform.

use super::evaluate::Evaluation;
use super::plan::{Plan, Ref};
use super::{Audience, Checked};
use crate::error::Error;
use crate::live_view::LiveView;
use crate::model::{Platform, PlatformSet};
use crate::store::{Key, Posting, Relation, View};
use roaring::RoaringBitmap;
use std::ops::RangeInclusive;
use std::sync::Arc;

/// Returns the number of devices that `audience` selects.
///
/// # Errors
/// Errors of the store.
pub(crate) fn count<V: View>(live: &LiveView<V>, audience: Checked<'_>) -> Result<u64, Error> {
    let of = |relation, name| live.cardinality(Key::new(relation, name), PlatformSet::ALL);
    match audience.tree() {
        // The most frequent questions are about a single key. Its counter is the result, without a plan.
        Audience::Tag(tag) => of(Relation::Tag, tag.as_str()),
        Audience::Alias(alias) => of(Relation::Alias, alias.as_str()),
        Audience::User(user) => of(Relation::User, user.as_str()),
        _ => {
            let mut all = 0;
            count_each(live, audience, |_, devices| all += devices)?;
            Ok(all)
        }
    }
}

/// Calls `each` with every platform on which `audience` selects devices, and their number.
///
/// # Errors
/// Errors of the store.
pub(crate) fn count_each<V: View>(
    live: &LiveView<V>,
    audience: Checked<'_>,
    mut each: impl FnMut(Platform, u64),
) -> Result<(), Error> {
    let question = Question::new(live, audience)?;
    for platform in question.platforms().iter() {
        let devices = question.count(platform)?;
        if devices > 0 {
            each(platform, devices);
        }
    }
    Ok(())
}

/// An audience that is planned for one view and evaluated platform by platform: a page reads only the platforms it
/// needs.
pub(crate) struct Question<'a, V> {
    live: &'a LiveView<V>,
    plan: Plan<'a>,
    root: Ref,
}

impl<'a, V: View> Question<'a, V> {
    /// Looks up everything that does not depend on the platform.
    pub(crate) fn new(live: &'a LiveView<V>, audience: Checked<'a>) -> Result<Self, Error> {
        let plan = Plan::new(live, [audience])?;
        let root = plan.root(0);
        Ok(Question { live, plan, root })
    }

    /// Returns the platforms on which there may be devices.
    pub(crate) fn platforms(&self) -> PlatformSet {
        self.plan.may(self.root)
    }

    pub(crate) fn live_view(&self) -> &'a LiveView<V> {
        self.live
    }

    /// Returns the devices on a platform; the store's own bitmap when nothing had to be computed.
    pub(crate) fn posting(&self, platform: Platform) -> Result<Posting, Error> {
        Evaluation::new(self.live, &self.plan, platform, ()).posting(self.root)
    }

    /// Returns the devices on a platform within a window of ordinals. The result is undefined outside the window.
    pub(crate) fn posting_within(
        &self,
        platform: Platform,
        window: RangeInclusive<u32>,
    ) -> Result<Posting, Error> {
        let mut ordinals = RoaringBitmap::new();
        ordinals.insert_range(window);
        let mut evaluation = Evaluation::new(self.live, &self.plan, platform, ());
        evaluation.window = Some(Posting::Many(Arc::new(ordinals)));
        evaluation.posting(self.root)
    }

    /// Returns an upper bound of the devices on a platform, from counters alone.
    pub(crate) fn at_most(&self, platform: Platform) -> Result<u64, Error> {
        let bound = Evaluation::new(self.live, &self.plan, platform, ()).bound(self.root)?;
        Ok(if bound.outside { u64::MAX } else { bound.at_most })
    }

    /// Returns the number of devices on a platform.
    pub(crate) fn count(&self, platform: Platform) -> Result<u64, Error> {
        Evaluation::new(self.live, &self.plan, platform, ()).count(self.root)
    }
}
