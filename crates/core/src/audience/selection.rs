//! The devices of an audience at one version, independent of the view they were read from.

use super::Checked;
use super::question::Question;
use crate::error::Error;
use crate::live_view::LiveView;
use crate::model::{Platform, PlatformSet, Version};
use crate::store::View;
use roaring::RoaringBitmap;
use std::sync::Arc;

/// The devices of an audience at one version, as ordinals, so that the view can be dropped.
///
/// Convert ordinals to ids with [`View::ids`] as of [`Selection::version`]: it skips slots that have another device
/// since then.
#[derive(Debug, Clone)]
pub(crate) struct Selection {
    version: Version,
    /// In the order of the platforms' numbers. No set is empty.
    sets: Vec<(Platform, Arc<RoaringBitmap>)>,
}

impl Selection {
    /// Returns the version at which the devices were selected.
    pub(crate) fn version(&self) -> Version {
        self.version
    }

    /// Returns the platforms that have devices, in the order of their numbers, with the ordinals.
    pub(crate) fn sets(&self) -> &[(Platform, Arc<RoaringBitmap>)] {
        &self.sets
    }

    /// Returns the number of devices on all platforms.
    pub(crate) fn len(&self) -> u64 {
        self.sets.iter().map(|(_, set)| set.len()).sum()
    }

    /// Returns whether there is no device.
    pub(crate) fn is_empty(&self) -> bool {
        self.sets.is_empty()
    }
}

/// Returns the devices that `audience` selects on these platforms.
///
/// # Errors
/// Errors of the store.
pub(crate) fn select<V: View>(
    live: &LiveView<V>,
    audience: Checked<'_>,
    platforms: PlatformSet,
) -> Result<Selection, Error> {
    let question = Question::new(live, audience)?;
    let mut sets = Vec::new();
    for platform in question.platforms().and(platforms).iter() {
        let set = question.posting(platform)?;
        if !set.is_empty() {
            sets.push((platform, set.into_bitmap()));
        }
    }
    Ok(Selection { version: live.version(), sets })
}
