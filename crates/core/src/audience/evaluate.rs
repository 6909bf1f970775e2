//! The answer over bitmaps, one platform at a time.

use super::Audience;
use super::plan::Node;
use super::sets::Pending;
use crate::error::Error;
use crate::model::{Platform, PlatformSet, Version};
use crate::picture::Picture;
use crate::store::{Posting, View};
use roaring::RoaringBitmap;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The devices of an audience at one version, as ordinals: all that is taken from a view, which can then be let go.
///
/// Turn ordinals into ids with [`View::ids`] as of [`Selection::version`], so that a device that came later is never
/// named.
#[derive(Debug, Clone)]
pub(crate) struct Selection {
    version: Version,
    /// In the order of the platforms' numbers; no set is empty.
    sets: Vec<(Platform, Arc<RoaringBitmap>)>,
}

impl Selection {
    /// The version that the devices were selected at.
    pub(crate) fn version(&self) -> Version {
        self.version
    }

    /// The platforms that have devices, in the order of their numbers, with the ordinals.
    pub(crate) fn sets(&self) -> &[(Platform, Arc<RoaringBitmap>)] {
        &self.sets
    }

    /// How many devices there are on all platforms.
    pub(crate) fn len(&self) -> u64 {
        self.sets.iter().map(|(_, set)| set.len()).sum()
    }

    /// Is there none?
    pub(crate) fn is_empty(&self) -> bool {
        self.sets.is_empty()
    }
}

/// The devices that `audience`, which passed its check, selects on these platforms.
///
/// # Errors
/// What the store answers.
pub(crate) fn select<V: View>(
    picture: &Picture<V>,
    audience: &Audience,
    platforms: PlatformSet,
) -> Result<Selection, Error> {
    let question = Question::new(picture, audience)?;
    let mut sets = Vec::new();
    for platform in platforms.iter() {
        let set = question.posting(platform)?;
        if !set.is_empty() {
            sets.push((platform, set.into_bitmap()));
        }
    }
    Ok(Selection { version: picture.version(), sets })
}

/// How many devices `audience`, which passed its check, selects on each platform; platforms without any are left out.
///
/// # Errors
/// What the store answers.
pub(crate) fn count<V: View>(
    picture: &Picture<V>,
    audience: &Audience,
) -> Result<BTreeMap<Platform, u64>, Error> {
    let question = Question::new(picture, audience)?;
    let mut counts = BTreeMap::new();
    for platform in Platform::ALL {
        let devices = question.count(platform)?;
        if devices > 0 {
            counts.insert(platform, devices);
        }
    }
    Ok(counts)
}

/// A set of devices, or every device outside a set. So a complement is never made to be intersected or united: it is
/// subtracted instead, and only a condition that as a whole is a complement reads the devices of the platform.
struct Part {
    outside: bool,
    set: Pending,
}

impl Part {
    fn everything() -> Self {
        Part { outside: true, set: Pending::nothing() }
    }

    fn nothing() -> Self {
        Part::these(Pending::nothing())
    }

    fn these(set: Pending) -> Self {
        Part { outside: false, set }
    }

    fn all_but(set: Pending) -> Self {
        Part { outside: true, set }
    }
}

/// An audience made ready for one picture, to be asked platform by platform: a page reads only the platforms it needs.
pub(crate) struct Question<'a, V> {
    picture: &'a Picture<V>,
    node: Node<'a>,
}

impl<'a, V: View> Question<'a, V> {
    /// Looks up what does not depend on the platform. The audience has passed its check.
    pub(crate) fn new(picture: &'a Picture<V>, audience: &'a Audience) -> Result<Self, Error> {
        Ok(Question { picture, node: Node::new(audience, picture)? })
    }

    /// The devices on a platform; the store's own bitmap when nothing had to be computed.
    pub(crate) fn posting(&self, platform: Platform) -> Result<Posting, Error> {
        let part = self.part(&self.node, platform)?;
        let set = part.set.build();
        if !part.outside {
            return Ok(set);
        }
        Ok(Pending::without(self.picture.devices(platform)?, vec![set]).build())
    }

    /// How many devices there are on a platform.
    pub(crate) fn count(&self, platform: Platform) -> Result<u64, Error> {
        self.len(&self.node, platform)
    }

    fn len(&self, node: &Node<'_>, platform: Platform) -> Result<u64, Error> {
        let all = || self.picture.devices(platform).map(|all| all.len());
        match node {
            Node::Key(key) => self.picture.cardinality(*key, platform.into()),
            // What is selected lies within the devices of the platform, so the rest is a difference of numbers.
            Node::Not(inner) => Ok(all()?.saturating_sub(self.len(inner, platform)?)),
            _ => {
                let part = self.part(node, platform)?;
                let len = part.set.len();
                if part.outside { Ok(all()?.saturating_sub(len)) } else { Ok(len) }
            }
        }
    }

    fn part(&self, node: &Node<'_>, platform: Platform) -> Result<Part, Error> {
        match node {
            Node::Platforms(set) if set.contains(platform) => Ok(Part::everything()),
            Node::Platforms(_) => Ok(Part::nothing()),
            Node::Slot(slot) => {
                let ordinal = slot.filter(|slot| slot.platform == platform).map(|slot| slot.ordinal);
                Ok(Part::these(Pending::One(Posting::Few(ordinal.into_iter().collect()))))
            }
            Node::Key(key) => Ok(Part::these(Pending::One(self.picture.posting(*key, platform)?))),
            Node::And(members) => self.and(members, platform),
            Node::Or(members) => self.or(members, platform),
            Node::Not(inner) => {
                let Part { outside, set } = self.part(inner, platform)?;
                Ok(Part { outside: !outside, set })
            }
        }
    }

    fn and(&self, members: &[Node<'_>], platform: Platform) -> Result<Part, Error> {
        let (mut inside, mut outside) = (Vec::new(), Vec::new());
        for member in members {
            if member.is_inner() && inside.len() > 1 {
                inside = vec![Pending::all_of(inside).build()];
                if inside.iter().any(Posting::is_empty) {
                    return Ok(Part::nothing());
                }
            }
            let part = self.part(member, platform)?;
            let set = part.set.build();
            match (part.outside, set.is_empty()) {
                (false, true) => return Ok(Part::nothing()),
                (false, false) => inside.push(set),
                (true, false) => outside.push(set),
                (true, true) => {}
            }
        }
        Ok(match (inside.is_empty(), outside.is_empty()) {
            (true, _) => Part::all_but(Pending::any_of(outside)),
            (false, true) => Part::these(Pending::all_of(inside)),
            (false, false) => Part::these(Pending::without(Pending::all_of(inside).build(), outside)),
        })
    }

    fn or(&self, members: &[Node<'_>], platform: Platform) -> Result<Part, Error> {
        let (mut inside, mut outside) = (Vec::new(), Vec::new());
        for member in members {
            let part = self.part(member, platform)?;
            let set = part.set.build();
            match (part.outside, set.is_empty()) {
                (true, true) => return Ok(Part::everything()),
                (true, false) => outside.push(set),
                (false, false) => inside.push(set),
                (false, true) => {}
            }
        }
        // These, or outside of those: outside of (those without these).
        Ok(if outside.is_empty() {
            Part::these(Pending::any_of(inside))
        } else {
            Part::all_but(Pending::without(Pending::all_of(outside).build(), inside))
        })
    }
}

#[cfg(test)]
#[path = "evaluate_tests.rs"]
mod tests;
