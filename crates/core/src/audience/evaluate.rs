//! The answer over bitmaps, one platform at a time.
//!
//! The bound of every member of a list comes from the cardinalities of its keys, which are counters; then postings are
//! read smallest first, and nothing is read behind a member that leaves nothing. A posting that only narrows what is
//! left is looked into for that, so that a store that keeps it in pieces reads those it needs; and what is left of a
//! list when it is down to a few devices is asked of those devices, so that a huge posting is not read for their sake.
//!
//! A page needs no more than a window of ordinals: everything is then read within the window, and what comes out is
//! right within it.

use super::plan::{Bound, Node, Plan, Ref, Refs, Step, bound_of_all};
use super::sets::{Pending, minus};
use crate::error::Error;
use crate::model::Platform;
use crate::picture::Picture;
use crate::store::{Posting, Slot, View};
use smallvec::SmallVec;

/// How an evaluation came by a part: see [`Explanation`](crate::Explanation).
///
/// ```
/// use rollbook::Taken;
/// let shop = rollbook_testkit::example::shop();
/// let (_, counted) = &shop.explain(&"vip".parse()?)?.platforms[0];
/// assert_eq!(counted.taken, Taken::Counted);
/// let (_, made) = &shop.explain(&"vip && news".parse()?)?.platforms[0];
/// assert_eq!((made.taken, made.members[1].taken), (Taken::Made, Taken::Asked));
/// # Ok::<(), rollbook::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Taken {
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
    /// The ordinals that matter, where not all do.
    pub(super) window: Option<Posting>,
    /// The sets of nodes that are wanted again. Empty until one is.
    made: Vec<Option<(bool, Posting)>>,
    /// The bounds that were looked up. Empty until one is.
    bounds: Vec<Option<Bound>>,
    pub(super) watch: W,
}

impl<'e, 'a, V: View, W: Watch> Evaluation<'e, 'a, V, W> {
    pub(super) fn new(picture: &'e Picture<V>, plan: &'e Plan<'a>, platform: Platform, watch: W) -> Self {
        Evaluation { picture, plan, platform, window: None, made: Vec::new(), bounds: Vec::new(), watch }
    }

    /// The devices of a part; the store's own bitmap when nothing had to be computed.
    pub(super) fn posting(&mut self, of: Ref) -> Result<Posting, Error> {
        let part = self.part(of, None)?;
        let set = part.set.build();
        if !part.outside {
            return Ok(set);
        }
        let everyone = match &self.window {
            Some(window) => self.picture.devices_among(self.platform, window)?,
            None => self.picture.devices(self.platform)?,
        };
        Ok(minus(cut(Pending::One(everyone), self.window.as_ref()).build(), &set))
    }

    /// How many devices a part has.
    pub(super) fn count(&mut self, of: Ref) -> Result<u64, Error> {
        if let Some(only) = self.only_member(of) {
            return self.count_list_of_one(of, only);
        }
        if let Some(Node { step: Step::Key(key), .. }) = self.plan.node(of)
            && self.known(of).is_none()
        {
            self.watch.enter(of);
            let len = self.picture.cardinality(*key, self.platform.into())?;
            self.watch.leave(Taken::Counted);
            return if of.is_outside() { self.rest(len) } else { Ok(len) };
        }
        let part = self.part(of, None)?;
        let len = part.set.len();
        if part.outside { self.rest(len) } else { Ok(len) }
    }

    /// The one member of a list that is not everything on this platform: the others need no reading.
    fn only_member(&self, of: Ref) -> Option<Ref> {
        let Some(Node { step: Step::All(members), .. }) = self.plan.node(of) else { return None };
        if self.known(of).is_some() {
            return None;
        }
        let mut open = members.iter().filter(|member| self.known(**member) != Some(true));
        open.next().copied().filter(|_| open.next().is_none())
    }

    fn count_list_of_one(&mut self, of: Ref, only: Ref) -> Result<u64, Error> {
        self.watch.enter(of);
        let Some(Node { step: Step::All(members), .. }) = self.plan.node(of) else { return Ok(0) };
        for member in members.iter().filter(|member| **member != only) {
            self.watch.enter(*member);
            self.watch.leave(Taken::Known);
        }
        let len = self.count(only)?;
        self.watch.leave(Taken::Made);
        if of.is_outside() { self.rest(len) } else { Ok(len) }
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

    /// A part as far as it is `among` these devices, or in the window, or everywhere. It is right there, and may hold
    /// anything elsewhere.
    fn part(&mut self, of: Ref, among: Option<&Posting>) -> Result<Part, Error> {
        self.watch.enter(of);
        let (part, how) = self.any_part(of, among)?;
        self.watch.leave(how);
        Ok(part)
    }

    fn any_part(&mut self, of: Ref, among: Option<&Posting>) -> Result<(Part, Taken), Error> {
        if let Some(everything) = self.known(of) {
            return Ok((Part { outside: everything, ..Part::nothing() }, Taken::Known));
        }
        let Some(node) = self.plan.node(of) else { return Ok((Part::nothing(), Taken::Known)) };
        if !node.is_shared() {
            let mut part = self.make(node, among)?;
            part.outside ^= of.is_outside();
            return Ok((part, Taken::Made));
        }
        if let Some(Some((outside, set))) = self.made.get(of.index()) {
            let set = Pending::One(set.clone());
            return Ok((Part { outside: outside ^ of.is_outside(), set }, Taken::Again));
        }
        // It is wanted again among others, so it is made among all.
        let part = self.make(node, None)?;
        let set = part.set.build();
        self.made.resize(self.plan.len(), None);
        if let Some(place) = self.made.get_mut(of.index()) {
            *place = Some((part.outside, set.clone()));
        }
        let outside = part.outside ^ of.is_outside();
        Ok((Part { outside, set: Pending::One(set) }, Taken::Made))
    }

    fn make(&mut self, node: &Node<'a>, among: Option<&Posting>) -> Result<Part, Error> {
        match &node.step {
            Step::Platforms(set) => Ok(Part { outside: set.contains(self.platform), ..Part::nothing() }),
            Step::Slot(slot, _) => Ok(Part::these(Posting::Few(SmallVec::from_slice(&[slot.ordinal])))),
            Step::Key(key) => Ok(Part::these(match among.or(self.window.as_ref()) {
                Some(among) => self.picture.posting_among(*key, self.platform, among)?,
                None => self.picture.posting(*key, self.platform)?,
            })),
            Step::All(members) => self.all(members, among),
        }
    }

    /// What is in all of the members.
    fn all(&mut self, members: &Refs, among: Option<&Posting>) -> Result<Part, Error> {
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
            return self.none_of(&outside, among);
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
        self.narrow(inside.chain(rest), among)
    }

    /// What the first member leaves of the second, and so on; the flag says that a member is outside of its set.
    fn narrow(
        &mut self,
        members: impl Iterator<Item = (Ref, bool)>,
        among: Option<&Posting>,
    ) -> Result<Part, Error> {
        let mut left: Option<Pending> = None;
        for (member, is_outside) in members {
            let Some(pending) = left else {
                let first = self.part(member, among)?.set;
                left = Some(cut(first, among.or(self.window.as_ref())));
                continue;
            };
            let so_far = pending.build();
            if so_far.is_empty() {
                self.watch.enter(member);
                self.watch.leave(Taken::Skipped);
                left = Some(Pending::One(so_far));
                continue;
            }
            left = Some(match so_far {
                Posting::Few(few) => self.ask(few, member)?,
                so_far => {
                    let set = self.part(member, Some(&so_far))?.set.build();
                    if is_outside { Pending::Minus(so_far, set) } else { Pending::Both(so_far, set) }
                }
            });
        }
        Ok(Part { outside: false, set: left.unwrap_or_else(|| Pending::One(Posting::default())) })
    }

    /// Those of a few devices that are in a part, from their own keys.
    fn ask(&mut self, few: SmallVec<[u32; 4]>, part: Ref) -> Result<Pending, Error> {
        self.watch.enter(part);
        let mut left = SmallVec::new();
        for ordinal in few {
            if self.is_in(part, ordinal)? {
                left.push(ordinal);
            }
        }
        self.watch.leave(Taken::Asked);
        Ok(Pending::One(Posting::Few(left)))
    }

    fn is_in(&self, of: Ref, ordinal: u32) -> Result<bool, Error> {
        if let Some(everything) = self.known(of) {
            return Ok(everything);
        }
        let is_in = match self.plan.node(of).map(|node| &node.step) {
            None => false,
            Some(Step::Platforms(set)) => set.contains(self.platform),
            Some(Step::Slot(slot, _)) => slot.ordinal == ordinal,
            Some(Step::Key(key)) => {
                let slot = Slot { platform: self.platform, ordinal };
                self.picture.raw().linked(slot, *key).map_err(Error::store("look at a device's keys"))?
            }
            Some(Step::All(members)) => {
                for member in members {
                    if !self.is_in(*member, ordinal)? {
                        return Ok(of.is_outside());
                    }
                }
                true
            }
        };
        Ok(is_in != of.is_outside())
    }

    /// What is in none of the members' sets: everything outside their union.
    fn none_of(&mut self, members: &[Ref], among: Option<&Posting>) -> Result<Part, Error> {
        let mut sets = Vec::with_capacity(members.len());
        for member in members {
            let set = self.part(*member, among)?.set;
            let set = cut(set, self.window.as_ref()).build();
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
    pub(super) fn bound(&mut self, of: Ref) -> Result<Bound, Error> {
        let flipped = |bound: Bound| Bound { outside: bound.outside ^ of.is_outside(), ..bound };
        if let Some(Some(bound)) = self.bounds.get(of.index()) {
            return Ok(flipped(*bound));
        }
        let Some(node) = self.plan.node(of) else { return Ok(Bound { outside: false, at_most: 0 }) };
        let bound = match &node.step {
            Step::Platforms(set) => Bound { outside: set.contains(self.platform), at_most: 0 },
            Step::Slot(..) => Bound { outside: false, at_most: 1 },
            Step::Key(key) => {
                let at_most = self.picture.cardinality(*key, self.platform.into())?;
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

/// A set without what does not matter, so that what is computed from it costs no more than what does.
fn cut(set: Pending, to: Option<&Posting>) -> Pending {
    match (set, to) {
        (Pending::One(set @ Posting::Many(_)), Some(to)) => Pending::Both(set, to.clone()),
        (set, _) => set,
    }
}

#[cfg(test)]
#[path = "evaluate_tests.rs"]
mod tests;
