//! The plan of a condition for one view: a graph with a single operator, in which equal parts are one node.
//!
//! Every part is a node or the complement of a node ([`Ref`]), so that and, or and not become one operator, the
//! intersection of nodes and complements. `a || b` is the complement of the intersection of `!a` and `!b`.
//! Consequences:
//!
//! - Equal parts are one node however they were written, and are evaluated once for each platform.
//! - A negation next to anything else is a subtraction; its complement is not computed.
//! - Nested lists of the same kind are one list, all of which is sorted by size.
//!
//! The platforms of each key are looked up once, before any posting is read. A part that is empty or everything on a
//! platform costs nothing there, and a platform on which the whole condition is empty is not visited.

use super::{Audience, Checked};
use crate::error::Error;
use crate::live_view::LiveView;
use crate::model::{DeviceId, PlatformSet};
use crate::store::{Key, Relation, Slot, View};
use hashbrown::{DefaultHashBuilder, HashTable};
use smallvec::SmallVec;
use std::hash::BuildHasher;

/// Below this number of nodes a linear search is faster than hashing.
const HASHED_FROM: usize = 16;

/// A node or its complement: the index of the node times two, plus one for the complement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Ref(u32);

impl Ref {
    fn new(index: usize) -> Self {
        // Cannot saturate: a checked tree has at most `u32::MAX` nodes, which no memory holds half of.
        Ref(u32::try_from(index).unwrap_or(u32::MAX / 2) << 1)
    }

    pub(super) fn index(self) -> usize {
        (self.0 >> 1) as usize
    }

    /// Returns whether this is the complement of the node.
    pub(super) fn is_outside(self) -> bool {
        self.0 & 1 == 1
    }

    pub(super) fn flipped(self) -> Self {
        Ref(self.0 ^ 1)
    }
}

/// The members of a list, which usually has few.
pub(super) type Refs = SmallVec<[Ref; 4]>;

/// The set that a node stands for.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) enum Step<'a> {
    /// All devices on these platforms.
    Platforms(PlatformSet),
    Slot(Slot, &'a DeviceId),
    Key(Key<'a>),
    /// The intersection of at least two members, sorted, without duplicates.
    All(Refs),
}

#[derive(Debug)]
pub(super) struct Node<'a> {
    pub(super) step: Step<'a>,
    /// The platforms on which it may have devices.
    may: PlatformSet,
    /// The platforms of which it has every device.
    full: PlatformSet,
    /// The number of lists and roots that refer to it.
    uses: u32,
}

impl Node<'_> {
    /// Returns whether its set is needed more than once.
    pub(super) fn is_shared(&self) -> bool {
        self.uses > 1
    }
}

/// The nodes of one or several conditions. The members of a list have smaller indexes than the list.
#[derive(Debug)]
pub(super) struct Plan<'a> {
    nodes: Vec<Node<'a>>,
    roots: SmallVec<[Ref; 1]>,
}

impl<'a> Plan<'a> {
    /// Plans the conditions. Looks up every device and the platforms of every key once.
    pub(super) fn new<V: View>(
        live: &LiveView<V>,
        audiences: impl IntoIterator<Item = Checked<'a>>,
    ) -> Result<Self, Error> {
        let mut made = Making { live, nodes: Vec::new(), known: None };
        let roots: Result<SmallVec<[Ref; 1]>, Error> =
            audiences.into_iter().map(|audience| made.part(audience.tree())).collect();
        let mut plan = Plan { nodes: made.nodes, roots: roots? };
        plan.count_uses();
        plan.splice();
        Ok(plan)
    }

    /// Returns the conditions in the order in which they were given.
    pub(super) fn roots(&self) -> &[Ref] {
        &self.roots
    }

    /// Returns the condition at this position.
    pub(super) fn root(&self, nth: usize) -> Ref {
        self.roots.get(nth).copied().unwrap_or(Ref(u32::MAX))
    }

    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    pub(super) fn node(&self, of: Ref) -> Option<&Node<'a>> {
        self.nodes.get(of.index())
    }

    /// Returns the platforms on which the part may have devices.
    pub(super) fn may(&self, of: Ref) -> PlatformSet {
        let Some(node) = self.node(of) else { return PlatformSet::NONE };
        // The complement is empty exactly where the node is everything.
        if of.is_outside() { node.full.complement() } else { node.may }
    }

    /// Returns the platforms of which the part has every device.
    pub(super) fn full(&self, of: Ref) -> PlatformSet {
        let Some(node) = self.node(of) else { return PlatformSet::NONE };
        if of.is_outside() { node.may.complement() } else { node.full }
    }

    /// Counts the references to every node. Lists have larger indexes than their members, so a walk from the end counts
    /// all references to a list before it counts those of the list to its members. Nodes that nothing refers to, such
    /// as the parts of a list that turned out to be empty, do not count.
    fn count_uses(&mut self) {
        let mut uses: SmallVec<[u32; 16]> = SmallVec::from_elem(0, self.nodes.len());
        let count = |of: &Ref, uses: &mut [u32]| {
            if let Some(uses) = uses.get_mut(of.index()) {
                *uses += 1;
            }
        };
        self.roots.iter().for_each(|root| count(root, &mut uses));
        for (index, node) in self.nodes.iter().enumerate().rev() {
            if let Step::All(members) = &node.step
                && uses.get(index).is_some_and(|uses| *uses > 0)
            {
                members.iter().for_each(|member| count(member, &mut uses));
            }
        }
        for (node, uses) in self.nodes.iter_mut().zip(uses) {
            node.uses = uses;
        }
    }

    /// Replaces a list that is a member of one other list only by its members: `a && (b && c)` becomes `a && b && c`. A
    /// list that is used more often keeps its node, so that it is evaluated once.
    fn splice(&mut self) {
        for index in 0..self.nodes.len() {
            let (before, rest) = self.nodes.split_at_mut(index);
            let Some(Node { step: Step::All(members), .. }) = rest.first_mut() else { continue };
            let inner = |member: &Ref| match before.get(member.index()) {
                // The complement of a list is not the list of the complements.
                Some(Node { step: Step::All(inner), uses: 1, .. }) if !member.is_outside() => Some(inner),
                _ => None,
            };
            if members.iter().any(|member| inner(member).is_some()) {
                let mut flat = Refs::new();
                for member in members.iter() {
                    match inner(member) {
                        Some(inner) => flat.extend(inner.iter().copied()),
                        None => flat.push(*member),
                    }
                }
                flat.sort_unstable();
                flat.dedup();
                *members = flat;
            }
        }
    }
}

struct Making<'p, 'a, V> {
    live: &'p LiveView<V>,
    nodes: Vec<Node<'a>>,
    /// A hash table of the nodes by their step, once there are many.
    known: Option<(DefaultHashBuilder, HashTable<usize>)>,
}

impl<'a, V: View> Making<'_, 'a, V> {
    fn part(&mut self, audience: &'a Audience) -> Result<Ref, Error> {
        match audience {
            Audience::All => Ok(self.platforms(PlatformSet::ALL)),
            Audience::Platforms(set) => Ok(self.platforms(*set)),
            Audience::Device(id) => Ok(match self.live.find(id)? {
                Some(place) => {
                    self.node(Step::Slot(place.slot, id), place.slot.platform.into(), PlatformSet::NONE)
                }
                None => self.platforms(PlatformSet::NONE),
            }),
            Audience::Tag(tag) => self.key(Key::new(Relation::Tag, tag.as_str())),
            Audience::Alias(alias) => self.key(Key::new(Relation::Alias, alias.as_str())),
            Audience::User(user) => self.key(Key::new(Relation::User, user.as_str())),
            Audience::Not(inner) => Ok(self.part(inner)?.flipped()),
            Audience::And(members) => {
                let members: Result<Refs, Error> = members.iter().map(|member| self.part(member)).collect();
                Ok(self.all(members?))
            }
            // De Morgan: the union is the complement of the intersection of the complements.
            Audience::Or(members) => {
                let members: Result<Refs, Error> =
                    members.iter().map(|member| Ok(self.part(member)?.flipped())).collect();
                Ok(self.all(members?).flipped())
            }
        }
    }

    fn key(&mut self, key: Key<'a>) -> Result<Ref, Error> {
        if let Some(known) = self.find(&Step::Key(key)) {
            return Ok(known);
        }
        let on = self.live.platforms(key, PlatformSet::ALL)?;
        // A key without devices is the empty set, so that all such keys are one node.
        if on.is_empty() {
            return Ok(self.platforms(PlatformSet::NONE));
        }
        Ok(self.add(Node { step: Step::Key(key), may: on, full: PlatformSet::NONE, uses: 0 }))
    }

    fn platforms(&mut self, set: PlatformSet) -> Ref {
        self.node(Step::Platforms(set), set, set)
    }

    /// Returns the intersection of the members.
    fn all(&mut self, mut members: Refs) -> Ref {
        let (mut may, mut full) = (PlatformSet::ALL, PlatformSet::ALL);
        members.retain(|member| {
            let (may_hold, is_full) = self.reach(*member);
            may = may.and(may_hold);
            full = full.and(is_full);
            // A member that is everything does not restrict the list.
            is_full != PlatformSet::ALL
        });
        members.sort_unstable();
        members.dedup();
        // A node and its complement differ in the lowest bit, so they are neighbours in the sorted list.
        let opposed = members.windows(2).any(|two| matches!(two, [a, b] if a.flipped() == *b));
        if may.is_empty() || opposed {
            return self.platforms(PlatformSet::NONE);
        }
        match members.as_slice() {
            [] => self.platforms(PlatformSet::ALL),
            // `a || a` arrives here as the complement of `!a`, and leaves as `a`.
            [one] => *one,
            _ => self.node(Step::All(members), may, full),
        }
    }

    fn reach(&self, of: Ref) -> (PlatformSet, PlatformSet) {
        let Some(node) = self.nodes.get(of.index()) else { return (PlatformSet::NONE, PlatformSet::NONE) };
        if of.is_outside() { (node.full.complement(), node.may.complement()) } else { (node.may, node.full) }
    }

    fn node(&mut self, step: Step<'a>, may: PlatformSet, full: PlatformSet) -> Ref {
        match self.find(&step) {
            Some(known) => known,
            None => self.add(Node { step, may, full, uses: 0 }),
        }
    }

    fn find(&self, step: &Step<'a>) -> Option<Ref> {
        let index = match &self.known {
            None => self.nodes.iter().position(|node| node.step == *step),
            Some((hasher, known)) => {
                let same = |index: &usize| self.nodes.get(*index).is_some_and(|node| node.step == *step);
                known.find(hasher.hash_one(step), same).copied()
            }
        };
        index.map(Ref::new)
    }

    fn add(&mut self, node: Node<'a>) -> Ref {
        let index = self.nodes.len();
        self.nodes.push(node);
        if index >= HASHED_FROM {
            // The first node that is hashed brings all earlier ones with it.
            let first = if self.known.is_some() { index } else { 0 };
            let (hasher, known) = self.known.get_or_insert_default();
            let hash = |index: &usize| self.nodes.get(*index).map_or(0, |node| hasher.hash_one(&node.step));
            for new in first..=index {
                known.insert_unique(hash(&new), new, hash);
            }
        }
        Ref::new(index)
    }
}

/// The size of a part on one platform at most, before anything of it is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bound {
    /// True if the part is the complement of a set of at most this size.
    pub(super) outside: bool,
    pub(super) at_most: u64,
}

/// Returns the bound of a list from the bounds of its members. An intersection is no larger than its smallest member.
/// If all members are complements, it is the complement of a union, which is no larger than the sum of the sets.
pub(super) fn bound_of_all(members: impl Iterator<Item = Bound>) -> Bound {
    let (mut least, mut sum) = (None, 0_u64);
    for Bound { outside, at_most } in members {
        if outside {
            sum = sum.saturating_add(at_most);
        } else {
            least = Some(least.map_or(at_most, |least: u64| least.min(at_most)));
        }
    }
    Bound { outside: least.is_none(), at_most: least.unwrap_or(sum) }
}
