//! A condition made ready for one picture: one operator, common parts once, and on which platforms a part can matter.
//!
//! Every part is a node or everything outside a node ([`Ref`]), so and, or and not become one operator: "in all of
//! these and in none of those". `a || b` is what is outside of "neither a nor b". What that buys:
//!
//! - Equal parts are one node whatever they were written as, and are evaluated once a platform.
//! - A negation beside anything else is a subtraction, never a complement.
//! - Nested lists of the same kind are one list, so all of it is ordered by size together.
//!
//! Each key is asked once for its platforms, before anything else is read: a part that is empty, or everything, on a
//! platform costs nothing there, and a platform on which the whole is empty is never visited.

use super::Audience;
use crate::error::Error;
use crate::model::PlatformSet;
use crate::picture::Picture;
use crate::store::{Key, Relation, Slot, View};
use hashbrown::{DefaultHashBuilder, HashTable};
use smallvec::SmallVec;
use std::hash::BuildHasher;

/// Below this many nodes, looking through them is cheaper than hashing.
const HASHED_FROM: usize = 16;

/// The devices of a node, or those outside of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Ref(u32);

impl Ref {
    fn new(index: usize) -> Self {
        // A tree that passed its check has at most `u32::MAX` nodes, and far fewer in any memory.
        Ref(u32::try_from(index).unwrap_or(u32::MAX / 2) << 1)
    }

    pub(super) fn index(self) -> usize {
        (self.0 >> 1) as usize
    }

    /// Is it what the node does not hold?
    pub(super) fn is_outside(self) -> bool {
        self.0 & 1 == 1
    }

    pub(super) fn flipped(self) -> Self {
        Ref(self.0 ^ 1)
    }
}

/// The members of a list; most have few.
pub(super) type Refs = SmallVec<[Ref; 4]>;

/// What a node is.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) enum Step<'a> {
    /// Every device on these platforms.
    Platforms(PlatformSet),
    Slot(Slot),
    Key(Key<'a>),
    /// In all of the members; sorted, without duplicates.
    All(Refs),
}

#[derive(Debug)]
pub(super) struct Node<'a> {
    pub(super) step: Step<'a>,
    /// The platforms on which it may hold devices.
    may: PlatformSet,
    /// The platforms of which it holds every device.
    full: PlatformSet,
    /// How many lists it is in, roots counted.
    uses: u32,
}

impl Node<'_> {
    /// Is it wanted more than once?
    pub(super) fn is_shared(&self) -> bool {
        self.uses > 1
    }
}

/// The nodes of one or several conditions, members before the lists they are in.
#[derive(Debug)]
pub(super) struct Plan<'a> {
    nodes: Vec<Node<'a>>,
    roots: SmallVec<[Ref; 1]>,
}

impl<'a> Plan<'a> {
    /// Looks every device and the platforms of every key up, each once.
    pub(super) fn new<V: View>(
        picture: &Picture<V>,
        audiences: impl IntoIterator<Item = &'a Audience>,
    ) -> Result<Self, Error> {
        let mut made = Making { picture, nodes: Vec::new(), known: None };
        let roots: Result<SmallVec<[Ref; 1]>, Error> =
            audiences.into_iter().map(|audience| made.part(audience)).collect();
        let mut plan = Plan { nodes: made.nodes, roots: roots? };
        plan.count_uses();
        plan.splice();
        Ok(plan)
    }

    /// The conditions, in the order in which they were given.
    pub(super) fn roots(&self) -> &[Ref] {
        &self.roots
    }

    /// The condition given at this position.
    pub(super) fn root(&self, nth: usize) -> Ref {
        self.roots.get(nth).copied().unwrap_or(Ref(u32::MAX))
    }

    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    pub(super) fn node(&self, of: Ref) -> Option<&Node<'a>> {
        self.nodes.get(of.index())
    }

    /// The platforms on which the part may hold devices.
    pub(super) fn may(&self, of: Ref) -> PlatformSet {
        let Some(node) = self.node(of) else { return PlatformSet::NONE };
        if of.is_outside() { node.full.complement() } else { node.may }
    }

    /// The platforms of which the part holds every device.
    pub(super) fn full(&self, of: Ref) -> PlatformSet {
        let Some(node) = self.node(of) else { return PlatformSet::NONE };
        if of.is_outside() { node.may.complement() } else { node.full }
    }

    /// Lists come behind their members, so one walk from the end meets every list before what is in it.
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

    /// Puts the members of a list that is in one other list only into that one.
    fn splice(&mut self) {
        for index in 0..self.nodes.len() {
            let (before, rest) = self.nodes.split_at_mut(index);
            let Some(Node { step: Step::All(members), .. }) = rest.first_mut() else { continue };
            let inner = |member: &Ref| match before.get(member.index()) {
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
    picture: &'p Picture<V>,
    nodes: Vec<Node<'a>>,
    /// The nodes by what they are, once there are many.
    known: Option<(DefaultHashBuilder, HashTable<usize>)>,
}

impl<'a, V: View> Making<'_, 'a, V> {
    fn part(&mut self, audience: &'a Audience) -> Result<Ref, Error> {
        match audience {
            Audience::All => Ok(self.platforms(PlatformSet::ALL)),
            Audience::Platforms(set) => Ok(self.platforms(*set)),
            Audience::Device(id) => Ok(match self.picture.find(id)? {
                Some(place) => {
                    self.node(Step::Slot(place.slot), place.slot.platform.into(), PlatformSet::NONE)
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
        let on = self.picture.platforms(key, PlatformSet::ALL)?;
        if on.is_empty() {
            return Ok(self.platforms(PlatformSet::NONE));
        }
        Ok(self.add(Node { step: Step::Key(key), may: on, full: PlatformSet::NONE, uses: 0 }))
    }

    fn platforms(&mut self, set: PlatformSet) -> Ref {
        self.node(Step::Platforms(set), set, set)
    }

    /// What is in all of these.
    fn all(&mut self, mut members: Refs) -> Ref {
        let (mut may, mut full) = (PlatformSet::ALL, PlatformSet::ALL);
        members.retain(|member| {
            let (may_hold, is_full) = self.reach(*member);
            may = may.and(may_hold);
            full = full.and(is_full);
            is_full != PlatformSet::ALL
        });
        members.sort_unstable();
        members.dedup();
        let opposed = members.windows(2).any(|two| matches!(two, [a, b] if a.flipped() == *b));
        if may.is_empty() || opposed {
            return self.platforms(PlatformSet::NONE);
        }
        match members.as_slice() {
            [] => self.platforms(PlatformSet::ALL),
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

/// How large a part can be on one platform, before anything of it is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bound {
    /// Is it everything outside of a set that is no larger than this?
    pub(super) outside: bool,
    pub(super) at_most: u64,
}

/// The bounds of a list from those of its members: a list is no larger than its smallest member, and what is outside
/// of several sets is outside of no more than their sum.
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
