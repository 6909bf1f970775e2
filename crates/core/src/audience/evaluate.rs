//! Evaluation over bitmaps, one platform at a time.
//!
//! The members of a list are intersected smallest first. Upper bounds of their sizes come from the cardinalities of
//! their keys, which are counters. Three rules limit what is read:
//!
//! - Once nothing is left, the other members are skipped.
//! - The first posting is read as a whole, the others only near the devices that are left: a store that keeps a posting
//!   in pieces reads the pieces it needs.
//! - Once a few devices are left, their own keys are read instead of the postings of the other members.
//!
//! A page needs a window of ordinals only. Everything is then read within the window, and the result is correct within
//! it.

use super::matches::has_key;
use super::plan::{Bound, Node, Plan, Ref, Refs, Step, bound_of_all};
use super::sets::{Pending, minus};
use crate::error::Error;
use crate::live_view::LiveView;
use crate::model::Platform;
use crate::store::{Posting, Slot, View};
use serde::Serialize;
use smallvec::SmallVec;

/// How an evaluation obtained a part: see [`Explanation`](crate::Explanation).
///
/// ```
/// use rollbook::Taken;
/// let shop = rollbook_testkit::example::shop();
/// let (_, counted) = &shop.explain(&"vip".parse()?)?.platforms[0];
/// assert_eq!(counted.taken, Taken::CounterOnly);
/// let (_, made) = &shop.explain(&"vip && news".parse()?)?.platforms[0];
/// assert_eq!((made.taken, made.members[1].taken), (Taken::Computed, Taken::Probed));
/// # Ok::<(), rollbook::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Taken {
    /// It was read or computed.
    Computed,
    /// It was taken from an earlier evaluation of an equal part.
    Cached,
    /// Only its counter was read.
    CounterOnly,
    /// It was evaluated from the own keys of the few devices that were left.
    Probed,
    /// The plan shows that it is everything or nothing on this platform.
    Constant,
    /// It could not change the result any more.
    Skipped,
}

/// Observes an evaluation. The hot paths use `()`, which costs nothing.
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

/// A set of devices, or all devices of the platform outside a set.
struct Part {
    /// True for the complement of `set`.
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

/// The evaluation of a plan on one platform.
pub(super) struct Evaluation<'e, 'a, V, W> {
    live: &'e LiveView<V>,
    plan: &'e Plan<'a>,
    platform: Platform,
    /// The ordinals that are needed, if not all are.
    pub(super) window: Option<Posting>,
    /// The sets of shared nodes, by node: whether it is a complement, and the set. Empty until the first one is
    /// computed.
    made: Vec<Option<(bool, Posting)>>,
    /// The bounds, by node. Empty until the first one is computed.
    bounds: Vec<Option<Bound>>,
    pub(super) watch: W,
}

impl<'e, 'a, V: View, W: Watch> Evaluation<'e, 'a, V, W> {
    pub(super) fn new(live: &'e LiveView<V>, plan: &'e Plan<'a>, platform: Platform, watch: W) -> Self {
        Evaluation { live, plan, platform, window: None, made: Vec::new(), bounds: Vec::new(), watch }
    }

    /// Returns the devices of a part; the store's own bitmap when nothing had to be computed.
    pub(super) fn posting(&mut self, of: Ref) -> Result<Posting, Error> {
        let part = self.part(of, None)?;
        let set = part.set.build();
        if !part.outside {
            return Ok(set);
        }
        let everyone = match &self.window {
            Some(window) => self.live.devices_among(self.platform, window)?,
            None => self.live.devices(self.platform)?,
        };
        Ok(minus(cut(Pending::One(everyone), self.window.as_ref()).build(), &set))
    }

    /// Returns the number of devices of a part.
    pub(super) fn count(&mut self, of: Ref) -> Result<u64, Error> {
        if let Some(only) = self.only_member(of) {
            return self.count_list_of_one(of, only);
        }
        if let Some(Node { step: Step::Key(key), .. }) = self.plan.node(of)
            && self.known(of).is_none()
        {
            // A single key needs only its counter; its complement is the counter of the platform minus that.
            self.watch.enter(of);
            let len = self.live.cardinality(*key, self.platform.into())?;
            self.watch.leave(Taken::CounterOnly);
            return if of.is_outside() { self.rest(len) } else { Ok(len) };
        }
        let part = self.part(of, None)?;
        let len = part.set.len();
        if part.outside { self.rest(len) } else { Ok(len) }
    }

    /// Returns the member of a list that decides it, if all others are everything on this platform.
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
            self.watch.leave(Taken::Constant);
        }
        let len = self.count(only)?;
        self.watch.leave(Taken::Computed);
        if of.is_outside() { self.rest(len) } else { Ok(len) }
    }

    /// Returns the number of devices outside a set of this size. Every set is a subset of the devices of the platform,
    /// so this is a difference of numbers.
    fn rest(&self, len: u64) -> Result<u64, Error> {
        Ok(self.live.devices(self.platform)?.len().saturating_sub(len))
    }

    /// Returns whether the part is everything (`true`) or nothing (`false`) on this platform, as far as the plan shows
    /// it.
    fn known(&self, of: Ref) -> Option<bool> {
        if !self.plan.may(of).contains(self.platform) {
            Some(false)
        } else if self.plan.full(of).contains(self.platform) {
            Some(true)
        } else {
            None
        }
    }

    /// Evaluates a part. The result is correct for the devices in `among`, or else for those in the window, or else for
    /// all. It is undefined for other devices.
    fn part(&mut self, of: Ref, among: Option<&Posting>) -> Result<Part, Error> {
        self.watch.enter(of);
        let (part, how) = self.any_part(of, among)?;
        self.watch.leave(how);
        Ok(part)
    }

    fn any_part(&mut self, of: Ref, among: Option<&Posting>) -> Result<(Part, Taken), Error> {
        if let Some(everything) = self.known(of) {
            return Ok((Part { outside: everything, ..Part::nothing() }, Taken::Constant));
        }
        let Some(node) = self.plan.node(of) else { return Ok((Part::nothing(), Taken::Constant)) };
        if !node.is_shared() {
            let mut part = self.make(node, among)?;
            // The reference may be to the complement of the node, and the node itself may be a complement: two of them
            // cancel out. The set stays the same in all four cases.
            part.outside ^= of.is_outside();
            return Ok((part, Taken::Computed));
        }
        if let Some(Some((outside, set))) = self.made.get(of.index()) {
            let set = Pending::One(set.clone());
            return Ok((Part { outside: outside ^ of.is_outside(), set }, Taken::Cached));
        }
        // Another list will need this part for other devices, so `among` must not limit it.
        let part = self.make(node, None)?;
        let set = part.set.build();
        self.made.resize(self.plan.len(), None);
        if let Some(place) = self.made.get_mut(of.index()) {
            *place = Some((part.outside, set.clone()));
        }
        let outside = part.outside ^ of.is_outside();
        Ok((Part { outside, set: Pending::One(set) }, Taken::Computed))
    }

    fn make(&mut self, node: &Node<'a>, among: Option<&Posting>) -> Result<Part, Error> {
        match &node.step {
            Step::Platforms(set) => Ok(Part { outside: set.contains(self.platform), ..Part::nothing() }),
            Step::Slot(slot, _) => Ok(Part::these(Posting::Few(SmallVec::from_slice(&[slot.ordinal])))),
            Step::Key(key) => Ok(Part::these(match among.or(self.window.as_ref()) {
                Some(among) => self.live.posting_among(*key, self.platform, among)?,
                None => self.live.posting(*key, self.platform)?,
            })),
            Step::All(members) => self.all(members, among),
        }
    }

    /// Intersects the members of a list.
    fn all(&mut self, members: &Refs, among: Option<&Posting>) -> Result<Part, Error> {
        // Members that are sets, and members that are complements of sets, which are subtracted.
        let mut inside: SmallVec<[(u64, Ref); 8]> = SmallVec::new();
        let mut outside: SmallVec<[Ref; 8]> = SmallVec::new();
        for &member in members {
            if self.known(member) == Some(true) {
                self.watch.enter(member);
                self.watch.leave(Taken::Constant);
            } else if self.is_outside(member)? {
                outside.push(member);
            } else {
                inside.push((0, member));
            }
        }
        if inside.is_empty() {
            return self.none_of(&outside, among);
        }
        // The order of a single member does not matter, so its counter is not read.
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

    /// Starts with the first member and removes from it what the others exclude. The flag marks a member that is the
    /// complement of its set; the first is never one.
    fn narrow(
        &mut self,
        members: impl Iterator<Item = (Ref, bool)>,
        among: Option<&Posting>,
    ) -> Result<Part, Error> {
        let mut left: Option<Pending> = None;
        for (member, is_outside) in members {
            let Some(pending) = left else {
                let first = self.part(member, among)?;
                debug_assert!(!first.outside, "the first member is a set");
                left = Some(cut(first.set, among.or(self.window.as_ref())));
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
                    let part = self.part(member, Some(&so_far))?;
                    debug_assert_eq!(part.outside, is_outside, "a part is of the kind that was predicted");
                    let set = part.set.build();
                    if is_outside { Pending::Minus(so_far, set) } else { Pending::Both(so_far, set) }
                }
            });
        }
        Ok(Part { outside: false, set: left.unwrap_or_else(|| Pending::One(Posting::default())) })
    }

    /// Returns those of a few devices that are in a part, from their own keys.
    fn ask(&mut self, few: SmallVec<[u32; 4]>, part: Ref) -> Result<Pending, Error> {
        self.watch.enter(part);
        let mut left = SmallVec::new();
        for ordinal in few {
            if self.is_in(part, ordinal)? {
                left.push(ordinal);
            }
        }
        self.watch.leave(Taken::Probed);
        Ok(Pending::One(Posting::Few(left)))
    }

    /// Returns whether a part has the device. This is [`selects`](super::matches::selects) over the plan, which
    /// consists of intersections and complements only and has looked up device ids already.
    fn is_in(&self, of: Ref, ordinal: u32) -> Result<bool, Error> {
        if let Some(everything) = self.known(of) {
            return Ok(everything);
        }
        let is_in = match self.plan.node(of).map(|node| &node.step) {
            None => false,
            Some(Step::Platforms(set)) => set.contains(self.platform),
            Some(Step::Slot(slot, _)) => slot.ordinal == ordinal,
            Some(Step::Key(key)) => has_key(self.live, Slot { platform: self.platform, ordinal }, *key)?,
            Some(Step::All(members)) => {
                for member in members {
                    if !self.is_in(*member, ordinal)? {
                        // The node does not have the device, so its complement does.
                        return Ok(of.is_outside());
                    }
                }
                true
            }
        };
        Ok(is_in != of.is_outside())
    }

    /// Intersects members that are all complements: by De Morgan, the complement of the union of their sets.
    fn none_of(&mut self, members: &[Ref], among: Option<&Posting>) -> Result<Part, Error> {
        let mut sets = Vec::with_capacity(members.len());
        for member in members {
            let part = self.part(*member, among)?;
            // A member that is nothing here would make the whole list nothing, which `known` has ruled out.
            debug_assert!(part.outside, "a member that was predicted to be a complement");
            let set = cut(part.set, self.window.as_ref()).build();
            if !set.is_empty() {
                sets.push(set);
            }
        }
        Ok(Part { outside: true, set: Pending::any_of(sets) })
    }

    /// Returns whether the evaluation of a part that is not `known` will give a complement. Reads counters only.
    fn is_outside(&mut self, of: Ref) -> Result<bool, Error> {
        match self.plan.node(of).map(|node| &node.step) {
            Some(Step::All(_)) => Ok(self.bound(of)?.outside),
            _ => Ok(of.is_outside()),
        }
    }

    /// Returns an upper bound of the size of a part, or of the set that it is the complement of, from counters alone.
    pub(super) fn bound(&mut self, of: Ref) -> Result<Bound, Error> {
        // Bounds are kept by node; the reference may be to the complement of the node.
        let flipped = |bound: Bound| Bound { outside: bound.outside ^ of.is_outside(), ..bound };
        if let Some(Some(bound)) = self.bounds.get(of.index()) {
            return Ok(flipped(*bound));
        }
        let Some(node) = self.plan.node(of) else { return Ok(Bound { outside: false, at_most: 0 }) };
        let bound = match &node.step {
            // Everything is the complement of the empty set.
            Step::Platforms(set) => Bound { outside: set.contains(self.platform), at_most: 0 },
            Step::Slot(..) => Bound { outside: false, at_most: 1 },
            Step::Key(key) => {
                let at_most = self.live.cardinality(*key, self.platform.into())?;
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

/// Restricts a set to the devices that are needed, so that operations on it cost no more than those need.
fn cut(set: Pending, to: Option<&Posting>) -> Pending {
    match (set, to) {
        (Pending::One(set @ Posting::Many(_)), Some(to)) => Pending::Both(set, to.clone()),
        (set, _) => set,
    }
}

#[cfg(test)]
#[path = "evaluate_tests.rs"]
mod tests;
