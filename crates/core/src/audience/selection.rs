//! The devices of an audience at one version, apart from the view they were read from.

use super::Audience;
use super::question::Question;
use crate::error::Error;
use crate::model::{Platform, PlatformSet, Version};
use crate::picture::Picture;
use crate::store::View;
use roaring::RoaringBitmap;
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
    for platform in question.platforms().and(platforms).iter() {
        let set = question.posting(platform)?;
        if !set.is_empty() {
            sets.push((platform, set.into_bitmap()));
        }
    }
    Ok(Selection { version: picture.version(), sets })
}
