//! The answer over bitmaps, one platform at a time.
//!
//! The bound of every member of a list comes from the cardinalities of its keys, which are counters; then postings are
//! read smallest first, and nothing is read behind a member that leaves nothing. What is left of a list when it is
//! down to a few devices is asked of those devices, so that a huge posting is not read for their sake.

use super::Audience;
use super::plan::{Bound, Node, Plan, Ref, Refs, Step, bound_of_all};
use super::sets::{Pending, minus};
use crate::error::Error;
use crate::model::{Platform, PlatformSet};
use crate::picture::Picture;
use crate::store::{Key, Posting, Slot, View};
use smallvec::SmallVec;

/// Calls `each` with every platform on which `audience`, which passed its check, selects devices, and how many.
///
/// # Errors
/// What the store answers.
pub(crate) fn count<V: View>(
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

    /// The devices on a platform; the store's own bitmap when nothing had to be computed.
    pub(crate) fn posting(&self, platform: Platform) -> Result<Posting, Error> {
        Evaluation::new(self.picture, &self.plan, platform, ()).posting(self.root)
    }

    /// How many devices there are on a platform.
    pub(crate) fn count(&self, platform: Platform) -> Result<u64, Error> {
        Evaluation::new(self.picture, &self.plan, platform, ()).count(self.root)
    }
}

/// How a part was come by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Taken {
    /// It was read or computed.
    Made,
    /// It had been made already, elsewhere in the condition.
    Again,
    /// Only its counter was read.
    Counted,
    /// The few devices that were left were asked for it.
    Asked,
    /// It is everything, or nothing, on this platform by what it is.
    Known,
    /// It could not change the answer any more.
    Skipped,
}

/// Follows an evaluation. The hot paths are followed by nobody, `()`, at no cost.
pub(super) trait Watch {
    fn enter(&mut self, part: Ref);
    fn leave(&mut self, how: Taken);
}

impl Watch for () {
    #[inline]
    fn enter(&mut self, _: Ref) {}
    #[inline]
    fn leave(&mut self, _: Taken) {}
}

/// A set of devices, or every device outside a set.
struct Part {
    outside: bool,
    set: Pending,
}

impl Part {
    fn these(set: Posting) -> Self {
        Part { outside: false, set: Pending::One(set) }
    }

    fn nothing() -> Self {
        Part { outside: false, set: Pending::One(Posting::default()) }
    }
}

/// One plan on one platform.
pub(super) struct Evaluation<'e, 'a, V, W> {
    picture: &'e Picture<V>,
    plan: &'e Plan<'a>,
    platform: Platform,
    /// The sets of nodes that are wanted again. Empty until one is.
    made: Vec<Option<(bool, Posting)>>,
    /// The bounds that were looked up. Empty until one is.
    bounds: Vec<Option<Bound>>,
    pub(super) watch: W,
}

impl<'e, 'a, V: View, W: Watch> Evaluation<'e, 'a, V, W> {
    pub(super) fn new(picture: &'e Picture<V>, plan: &'e Plan<'a>, platform: Platform, watch: W) -> Self {
        Evaluation { picture, plan, platform, made: Vec::new(), bounds: Vec::new(), watch }
    }

    /// The devices of a part; the store's own bitmap when nothing had to be computed.
    pub(super) fn posting(&mut self, of: Ref) -> Result<Posting, Error> {
        let part = self.part(of)?;
        let set = part.set.build();
        if part.outside { Ok(minus(self.picture.devices(self.platform)?, &set)) } else { Ok(set) }
    }

    /// How many devices a part has.
    pub(super) fn count(&mut self, of: Ref) -> Result<u64, Error> {
        if let Some(Node { step: Step::Key(key), .. }) = self.plan.node(of)
            && self.known(of).is_none()
        {
            self.watch.enter(of);
            let len = self.picture.len(*key, self.platform)?;
            self.watch.leave(Taken::Counted);
            return if of.is_outside() { self.rest(len) } else { Ok(len) };
        }
        let part = self.part(of)?;
        let len = part.set.len();
        if part.outside { self.rest(len) } else { Ok(len) }
    }

    /// What is selected lies within the devices of the platform, so the rest is a difference of numbers.
    fn rest(&self, len: u64) -> Result<u64, Error> {
        Ok(self.picture.devices(self.platform)?.len().saturating_sub(len))
    }

    /// Is the part everything or nothing here, by what it is?
    fn known(&self, of: Ref) -> Option<bool> {
        if !self.plan.may(of).contains(self.platform) {
            Some(false)
        } else if self.plan.full(of).contains(self.platform) {
            Some(true)
        } else {
            None
        }
    }

    fn part(&mut self, of: Ref) -> Result<Part, Error> {
        self.watch.enter(of);
        let (part, how) = self.any_part(of)?;
        self.watch.leave(how);
        Ok(part)
    }

    fn any_part(&mut self, of: Ref) -> Result<(Part, Taken), Error> {
        if let Some(everything) = self.known(of) {
            return Ok((Part { outside: everything, ..Part::nothing() }, Taken::Known));
        }
        let Some(node) = self.plan.node(of) else { return Ok((Part::nothing(), Taken::Known)) };
        if !node.is_shared() {
            let mut part = self.make(node)?;
            part.outside ^= of.is_outside();
            return Ok((part, Taken::Made));
        }
        if let Some(Some((outside, set))) = self.made.get(of.index()) {
            let set = Pending::One(set.clone());
            return Ok((Part { outside: outside ^ of.is_outside(), set }, Taken::Again));
        }
        let part = self.make(node)?;
        let set = part.set.build();
        self.made.resize(self.plan.len(), None);
        if let Some(place) = self.made.get_mut(of.index()) {
            *place = Some((part.outside, set.clone()));
        }
        let outside = part.outside ^ of.is_outside();
        Ok((Part { outside, set: Pending::One(set) }, Taken::Made))
    }

    fn make(&mut self, node: &Node<'a>) -> Result<Part, Error> {
        match &node.step {
            Step::Platforms(set) => Ok(Part { outside: set.contains(self.platform), ..Part::nothing() }),
            Step::Slot(slot) => Ok(Part::these(Posting::Few(SmallVec::from_slice(&[slot.ordinal])))),
            Step::Key(key) => Ok(Part::these(self.picture.posting(*key, self.platform)?)),
            Step::All(members) => self.all(members),
        }
    }

    /// What is in all of the members.
    fn all(&mut self, members: &Refs) -> Result<Part, Error> {
        let mut inside: SmallVec<[(u64, Ref); 8]> = SmallVec::new();
        let mut outside: SmallVec<[Ref; 8]> = SmallVec::new();
        for &member in members {
            if self.known(member) == Some(true) {
                self.watch.enter(member);
                self.watch.leave(Taken::Known);
            } else if self.is_outside(member)? {
                outside.push(member);
            } else {
                inside.push((0, member));
            }
        }
        if inside.is_empty() {
            return self.none_of(&outside);
        }
        if inside.len() + outside.len() > 1 {
            for (at_most, member) in &mut inside {
                *at_most = self.bound(*member)?.at_most;
            }
            inside.sort_by_key(|(at_most, _)| *at_most);
        }
        if outside.len() > 1 {
            let mut sized: SmallVec<[(u64, Ref); 8]> = SmallVec::new();
            for member in outside {
                sized.push((self.bound(member)?.at_most, member));
            }
            sized.sort_by_key(|(at_most, _)| *at_most);
            outside = sized.into_iter().map(|(_, member)| member).collect();
        }
        let inside = inside.into_iter().map(|(_, member)| (member, false));
        let rest = outside.into_iter().map(|member| (member, true));
        self.narrow(inside.chain(rest))
    }

    /// What the first member leaves of the second, and so on; the flag says that a member is outside of its set.
    fn narrow(&mut self, members: impl Iterator<Item = (Ref, bool)>) -> Result<Part, Error> {
        let mut left: Option<Pending> = None;
        for (member, is_outside) in members {
            let Some(pending) = left else {
                left = Some(self.part(member)?.set);
                continue;
            };
            let so_far = pending.build();
            if so_far.is_empty() {
                self.watch.enter(member);
                self.watch.leave(Taken::Skipped);
                left = Some(Pending::One(so_far));
                continue;
            }
            left = Some(match (so_far, self.plan.node(member)) {
                (Posting::Few(few), Some(Node { step: Step::Key(key), .. })) => {
                    self.ask(few, *key, member, is_outside)?
                }
                (so_far, _) => {
                    let set = self.part(member)?.set.build();
                    if is_outside { Pending::Minus(so_far, set) } else { Pending::Both(so_far, set) }
                }
            });
        }
        Ok(Part { outside: false, set: left.unwrap_or_else(|| Pending::One(Posting::default())) })
    }

    /// Those of a few devices that have the key, or that do not.
    fn ask(
        &mut self,
        few: SmallVec<[u32; 4]>,
        key: Key<'_>,
        member: Ref,
        is_outside: bool,
    ) -> Result<Pending, Error> {
        self.watch.enter(member);
        let mut left = SmallVec::new();
        for ordinal in few {
            let slot = Slot { platform: self.platform, ordinal };
            let linked = self.picture.raw().linked(slot, key);
            if linked.map_err(Error::store("look at a device's keys"))? != is_outside {
                left.push(ordinal);
            }
        }
        self.watch.leave(Taken::Asked);
        Ok(Pending::One(Posting::Few(left)))
    }

    /// What is in none of the members' sets: everything outside their union.
    fn none_of(&mut self, members: &[Ref]) -> Result<Part, Error> {
        let mut sets = Vec::with_capacity(members.len());
        for member in members {
            let set = self.part(*member)?.set.build();
            if !set.is_empty() {
                sets.push(set);
            }
        }
        Ok(Part { outside: true, set: Pending::any_of(sets) })
    }

    /// Is a part that is not known everything outside of a set? Reads nothing.
    fn is_outside(&mut self, of: Ref) -> Result<bool, Error> {
        match self.plan.node(of).map(|node| &node.step) {
            Some(Step::All(_)) => Ok(self.bound(of)?.outside),
            _ => Ok(of.is_outside()),
        }
    }

    /// How large a part can be, from counters.
    fn bound(&mut self, of: Ref) -> Result<Bound, Error> {
        let flipped = |bound: Bound| Bound { outside: bound.outside ^ of.is_outside(), ..bound };
        if let Some(Some(bound)) = self.bounds.get(of.index()) {
            return Ok(flipped(*bound));
        }
        let Some(node) = self.plan.node(of) else { return Ok(Bound { outside: false, at_most: 0 }) };
        let bound = match &node.step {
            Step::Platforms(set) => Bound { outside: set.contains(self.platform), at_most: 0 },
            Step::Slot(_) => Bound { outside: false, at_most: 1 },
            Step::Key(key) => {
                let at_most = self.picture.len(*key, self.platform)?;
                Bound { outside: false, at_most }
            }
            Step::All(members) => {
                let mut bounds: SmallVec<[Bound; 8]> = SmallVec::new();
                for &member in members {
                    match self.known(member) {
                        Some(true) => {}
                        Some(false) => bounds.push(Bound { outside: false, at_most: 0 }),
                        None => bounds.push(self.bound(member)?),
                    }
                }
                bound_of_all(bounds.into_iter())
            }
        };
        self.bounds.resize(self.plan.len(), None);
        if let Some(place) = self.bounds.get_mut(of.index()) {
            *place = Some(bound);
        }
        Ok(flipped(bound))
    }
}

#[cfg(test)]
#[path = "evaluate_tests.rs"]
mod tests;
