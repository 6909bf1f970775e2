//! An audience as it is asked: counted, or its devices wanted, platform by platform.

use super::Audience;
use super::evaluate::Evaluation;
use super::plan::{Plan, Ref};
use crate::error::Error;
use crate::model::{Platform, PlatformSet};
use crate::picture::Picture;
use crate::store::{Key, Posting, Relation, View};
use roaring::RoaringBitmap;
use std::ops::RangeInclusive;
use std::sync::Arc;

/// How many devices `audience`, which passed its check, selects.
///
/// # Errors
/// What the store answers.
pub(crate) fn count<V: View>(picture: &Picture<V>, audience: &Audience) -> Result<u64, Error> {
    let of = |relation, name| picture.cardinality(Key::new(relation, name), PlatformSet::ALL);
    match audience {
        // What is asked most is a counter: there is nothing to plan.
        Audience::Tag(tag) => of(Relation::Tag, tag.as_str()),
        Audience::Alias(alias) => of(Relation::Alias, alias.as_str()),
        Audience::User(user) => of(Relation::User, user.as_str()),
        _ => {
            let mut all = 0;
            count_each(picture, audience, |_, devices| all += devices)?;
            Ok(all)
        }
    }
}

/// Calls `each` with every platform on which `audience`, which passed its check, selects devices, and how many.
///
/// # Errors
/// What the store answers.
pub(crate) fn count_each<V: View>(
    picture: &Picture<V>,
    audience: &Audience,
    mut each: impl FnMut(Platform, u64),
) -> Result<(), Error> {
    let question = Question::new(picture, audience)?;
    for platform in question.platforms().iter() {
        let devices = question.count(platform)?;
        if devices > 0 {
            each(platform, devices);
        }
    }
    Ok(())
}

/// An audience made ready for one picture, to be asked platform by platform: a page reads only the platforms it needs.
pub(crate) struct Question<'a, V> {
    picture: &'a Picture<V>,
    plan: Plan<'a>,
    root: Ref,
}

impl<'a, V: View> Question<'a, V> {
    /// Looks up what does not depend on the platform. The audience has passed its check.
    pub(crate) fn new(picture: &'a Picture<V>, audience: &'a Audience) -> Result<Self, Error> {
        let plan = Plan::new(picture, [audience])?;
        let root = plan.root(0);
        Ok(Question { picture, plan, root })
    }

    /// The platforms on which there may be devices.
    pub(crate) fn platforms(&self) -> PlatformSet {
        self.plan.may(self.root)
    }

    pub(crate) fn picture(&self) -> &'a Picture<V> {
        self.picture
    }

    /// The devices on a platform; the store's own bitmap when nothing had to be computed.
    pub(crate) fn posting(&self, platform: Platform) -> Result<Posting, Error> {
        Evaluation::new(self.picture, &self.plan, platform, ()).posting(self.root)
    }

    /// The devices on a platform that are within a window of ordinals; outside of it, the answer means nothing.
    pub(crate) fn posting_within(
        &self,
        platform: Platform,
        window: RangeInclusive<u32>,
    ) -> Result<Posting, Error> {
        let mut ordinals = RoaringBitmap::new();
        ordinals.insert_range(window);
        let mut evaluation = Evaluation::new(self.picture, &self.plan, platform, ());
        evaluation.window = Some(Posting::Many(Arc::new(ordinals)));
        evaluation.posting(self.root)
    }

    /// No more devices than this are on a platform, as far as counters tell.
    pub(crate) fn at_most(&self, platform: Platform) -> Result<u64, Error> {
        let bound = Evaluation::new(self.picture, &self.plan, platform, ()).bound(self.root)?;
        Ok(if bound.outside { u64::MAX } else { bound.at_most })
    }

    /// How many devices there are on a platform.
    pub(crate) fn count(&self, platform: Platform) -> Result<u64, Error> {
        Evaluation::new(self.picture, &self.plan, platform, ()).count(self.root)
    }
}
