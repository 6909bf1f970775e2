//! The live view: a store's view without the devices that are pending deletion with their user.
//!
//! The deletion of a user takes all its devices in one commit and removes them in many. In between they are still in
//! the store's postings. Reads through a [`LiveView`] do not see them; [`LiveView::raw`] does.

use crate::error::Error;
use crate::model::{DeviceId, Platform, PlatformSet, Timestamp, Version};
use crate::store::{Key, Place, Posting, Relation, Slot, StoreError, View};
use crate::violation::Violation;
use roaring::RoaringBitmap;
use std::sync::Arc;

/// A view without the pending devices.
pub(crate) struct LiveView<V> {
    view: V,
    /// The pending devices by platform. Empty as long as no deletion is pending, which is nearly always.
    pending: Vec<(Platform, RoaringBitmap)>,
}

impl<V: View> LiveView<V> {
    /// Reads once whether deletions are pending, and which devices they remove.
    pub(crate) fn new(view: V) -> Result<Self, Error> {
        let pending = pending_devices(&view).map_err(Error::store("read the deletions under way"))?;
        Ok(LiveView { view, pending })
    }

    /// Returns the store's view, which includes the pending devices.
    pub(crate) fn raw(&self) -> &V {
        &self.view
    }

    pub(crate) fn version(&self) -> Version {
        self.view.version()
    }

    /// Returns whether any device is pending deletion.
    pub(crate) fn has_pending(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Returns whether the device in this slot is pending deletion.
    #[inline]
    pub(crate) fn is_pending(&self, slot: Slot) -> bool {
        !self.pending.is_empty() && self.on(slot.platform).is_some_and(|set| set.contains(slot.ordinal))
    }

    fn on(&self, platform: Platform) -> Option<&RoaringBitmap> {
        self.pending.iter().find(|(p, _)| *p == platform).map(|(_, set)| set)
    }

    #[inline]
    pub(crate) fn find(&self, id: &DeviceId) -> Result<Option<Place>, Error> {
        let found = self.view.find(id).map_err(Error::store("find a device"))?;
        Ok(found.filter(|place| !self.is_pending(place.slot)))
    }

    pub(crate) fn devices(&self, platform: Platform) -> Result<Posting, Error> {
        let all = self.view.devices(platform).map_err(Error::store("read the devices of a platform"))?;
        Ok(self.without_pending(all, platform))
    }

    /// Returns ordinals of devices of a platform: at least all those that are in `among`, and no ordinal without a
    /// device.
    pub(crate) fn devices_among(&self, platform: Platform, among: &Posting) -> Result<Posting, Error> {
        let some = self.view.devices_among(platform, among);
        let some = some.map_err(Error::store("look into the devices of a platform"))?;
        Ok(self.without_pending(some, platform))
    }

    pub(crate) fn posting(&self, key: Key<'_>, platform: Platform) -> Result<Posting, Error> {
        let posting = self.view.posting(key, platform).map_err(Error::store("read a posting"))?;
        Ok(self.without_pending(posting, platform))
    }

    /// Returns ordinals of a key's devices: at least all those that are in `among`, and none of another device.
    pub(crate) fn posting_among(
        &self,
        key: Key<'_>,
        platform: Platform,
        among: &Posting,
    ) -> Result<Posting, Error> {
        let posting = self.view.posting_among(key, platform, among);
        let posting = posting.map_err(Error::store("look into a posting"))?;
        Ok(self.without_pending(posting, platform))
    }

    fn without_pending(&self, posting: Posting, platform: Platform) -> Posting {
        let Some(gone) = self.on(platform) else { return posting };
        match posting {
            Posting::Few(mut few) => {
                few.retain(|ordinal| !gone.contains(*ordinal));
                Posting::Few(few)
            }
            Posting::Many(many) => Posting::Many(Arc::new(&*many - gone)),
        }
    }

    /// Returns whether the device in this slot was not seen since an instant. A device that was never seen counts by
    /// the time of its registration; if that is not recorded either, it counts as seen.
    pub(crate) fn is_unseen_since(
        &self,
        slot: Slot,
        registered_at: Option<Timestamp>,
        since: Timestamp,
    ) -> Result<bool, Error> {
        let seen = self.view.last_seen(slot).map_err(Error::store("read a heartbeat"))?;
        Ok(seen.or(registered_at).is_some_and(|at| at < since))
    }

    /// Returns the platforms of `among` on which the key may name devices.
    pub(crate) fn platforms(&self, key: Key<'_>, among: PlatformSet) -> Result<PlatformSet, Error> {
        let on = self.view.platforms(key).map_err(Error::store("read the platforms of a key"))?;
        Ok(on.and(among))
    }

    /// Returns the number of devices that a key names on these platforms.
    pub(crate) fn cardinality(&self, key: Key<'_>, platforms: PlatformSet) -> Result<u64, Error> {
        // Counters include pending devices. Platforms that have some are counted from their postings.
        let hiding = self.pending.iter().map(|(platform, _)| *platform).filter(|p| platforms.contains(*p));
        let hiding: PlatformSet = hiding.collect();
        let counted = self.view.cardinality(key, platforms.and(hiding.complement()));
        let mut sum = counted.map_err(Error::store("count the devices of a key"))?;
        for platform in hiding.iter() {
            sum += self.posting(key, platform)?.len();
        }
        Ok(sum)
    }
}

fn pending_devices(view: &impl View) -> Result<Vec<(Platform, RoaringBitmap)>, StoreError> {
    let mut deletions: Vec<Box<str>> = Vec::new();
    view.names(Relation::Deletion, None, usize::MAX, &mut |name| deletions.push(name.into()))?;
    let mut pending = Vec::new();
    if deletions.is_empty() {
        return Ok(pending);
    }
    // The platforms are looked up first, so that only postings that exist are read.
    let mut platforms = PlatformSet::NONE;
    for name in &deletions {
        platforms = platforms.or(view.platforms(Key::new(Relation::Deletion, name))?);
    }
    for platform in platforms.iter() {
        let mut set = RoaringBitmap::new();
        for name in &deletions {
            view.posting(Key::new(Relation::Deletion, name), platform)?.union_into(&mut set);
        }
        if !set.is_empty() {
            pending.push((platform, set));
        }
    }
    Ok(pending)
}

/// Converts a name from a store: if it breaks the rule of its type, the store is corrupt.
pub(crate) fn decoded<T>(name: Result<T, Violation>) -> Result<T, Error> {
    name.map_err(|violation| {
        let cause =
            StoreError::Corrupt { what: "a name breaks its rule".into(), cause: Some(Box::new(violation)) };
        Error::store("read a name")(cause)
    })
}
