//! The devices of an audience at one version, read later without a snapshot.

use super::App;
use crate::audience::{Audience, Selection, select};
use crate::error::Error;
use crate::live_view::decoded;
use crate::model::{DeviceId, Platform, PlatformSet};
use crate::registry::Scope;
use crate::store::{Slot, Store, View};
use roaring::RoaringBitmap;
use std::fmt;

/// The number of ordinals that are turned into ids under one view: enough to make the cost of taking a view negligible,
/// and few enough that a writer waits only for microseconds.
const CHUNK: usize = 1_024;

impl<S: Store> App<S> {
    /// Selects the devices of the audience now; they can be read while others write.
    ///
    /// ```
    /// use rollbook::PlatformSet;
    /// use rollbook_testkit::example::shop;
    ///
    /// let shop = shop();
    /// let selected = shop.select(&"news".parse()?)?;
    /// shop.delete_tag(&"news".parse()?, PlatformSet::ALL)?;
    /// assert_eq!((selected.len(), shop.count(&"news".parse()?)?), (2, 0));
    /// # Ok::<(), rollbook::Error>(())
    /// ```
    ///
    /// # Errors
    /// A violation of `audience` if it is too deep or too large; [`Error::Store`].
    pub fn select(&self, audience: &Audience) -> Result<Selected<S>, Error> {
        let audience = audience.checked(self.limits())?;
        let selection = select(&self.scope.live_view()?, audience, PlatformSet::ALL)?;
        Ok(Selected { scope: self.scope.clone(), selection })
    }
}

/// The devices of an audience at the time of the selection.
///
/// It holds compressed ordinals, and no lock. Later writes do not change it, except that devices that were removed
/// since are left out. A device that took the slot of another since is never in it.
///
/// ```
/// let readers = rollbook_testkit::example::shop().select(&"news".parse()?)?;
/// assert_eq!((readers.len(), readers.is_empty()), (2, false));
/// # Ok::<(), rollbook::Error>(())
/// ```
pub struct Selected<S> {
    scope: Scope<S>,
    selection: Selection,
}

impl<S: Store> Selected<S> {
    /// Returns the number of devices that were selected.
    ///
    /// ```
    /// let readers = rollbook_testkit::example::shop().select(&"news".parse()?)?;
    /// assert_eq!(readers.len(), 2);
    /// # Ok::<(), rollbook::Error>(())
    /// ```
    #[must_use]
    pub fn len(&self) -> u64 {
        self.selection.len()
    }

    /// Returns whether no device was selected.
    ///
    /// ```
    /// let shop = rollbook_testkit::example::shop();
    /// assert!(shop.select(&"vip && platform(android)".parse()?)?.is_empty());
    /// assert!(!shop.select(&"vip".parse()?)?.is_empty());
    /// # Ok::<(), rollbook::Error>(())
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.selection.is_empty()
    }

    /// Calls `each` with the platform and the id of every device, ordered by platform and then by slot. No view and no
    /// lock is held while `each` runs.
    ///
    /// ```
    /// use rollbook_testkit::example::shop;
    ///
    /// let mut ids = Vec::new();
    /// shop().select(&"news".parse()?)?.for_each(|platform, id| ids.push(format!("{platform} {id}")))?;
    /// assert_eq!(ids, ["ios phone", "android tablet"]);
    /// # Ok::<(), rollbook::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::NotFound`] if the app was deleted in the meantime; [`Error::Store`].
    pub fn for_each(&self, mut each: impl FnMut(Platform, &str)) -> Result<(), Error> {
        let (mut ordinals, mut ids) = (Vec::new(), Ids::default());
        for (platform, set) in self.selection.sets() {
            let mut rest = Rest::of(set);
            while rest.take(&mut ordinals) {
                self.read(*platform, &mut ordinals, &mut ids)?;
                ids.for_each(|id| each(*platform, id));
            }
        }
        Ok(())
    }

    /// Returns all ids, ordered by platform and then by slot.
    ///
    /// ```
    /// use rollbook_testkit::example::shop;
    ///
    /// assert_eq!(shop().select(&"vip".parse()?)?.ids()?, ["phone".parse()?]);
    /// # Ok::<(), rollbook::Error>(())
    /// ```
    ///
    /// # Errors
    /// As for [`Selected::for_each`].
    pub fn ids(&self) -> Result<Vec<DeviceId>, Error> {
        let mut ids = Vec::new();
        let mut bad = None;
        self.for_each(|_, id| match decoded(DeviceId::new(id)) {
            Ok(id) => ids.push(id),
            Err(error) => bad = Some(error),
        })?;
        bad.map_or(Ok(ids), Err)
    }

    /// Copies the ids of one chunk from a view.
    fn read(&self, platform: Platform, ordinals: &mut Vec<u32>, ids: &mut Ids) -> Result<(), Error> {
        let live = self.scope.live_view()?;
        // This view is newer than the selection: devices may have become pending deletion since.
        if live.has_pending() {
            ordinals.retain(|&ordinal| !live.is_pending(Slot { platform, ordinal }));
        }
        ids.expect(ordinals.len());
        let read = live.raw().ids(platform, ordinals, self.selection.version(), &mut |_, id| ids.push(id));
        read.map_err(Error::store("read the ids of devices"))
    }
}

impl<S> fmt::Debug for Selected<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Selected").field("selection", &self.selection).finish_non_exhaustive()
    }
}

/// The rest of a set, chunk by chunk.
struct Rest<'a> {
    ordinals: roaring::bitmap::Iter<'a>,
    /// Whether the set has run containers, which some stores use. `next_many` of roaring 0.12 reads them wrongly: it
    /// takes a run of 65 536 for an empty one.
    runs: bool,
}

impl<'a> Rest<'a> {
    fn of(set: &'a RoaringBitmap) -> Self {
        Rest { ordinals: set.iter(), runs: set.statistics().n_run_containers > 0 }
    }

    /// Replaces `next` with the next ordinals, and returns whether there are any.
    fn take(&mut self, next: &mut Vec<u32>) -> bool {
        if self.runs {
            next.clear();
            next.extend(self.ordinals.by_ref().take(CHUNK));
        } else {
            next.resize(CHUNK, 0);
            let taken = self.ordinals.next_many(next).len();
            next.truncate(taken);
        }
        !next.is_empty()
    }
}

/// Texts in one buffer, so that a chunk needs no allocation for each id.
#[derive(Debug, Default)]
struct Ids {
    text: String,
    ends: Vec<usize>,
}

impl Ids {
    /// Removes all texts, and reserves room for this many ids of usual length.
    fn expect(&mut self, ids: usize) {
        self.text.clear();
        self.text.reserve(ids * 32);
        self.ends.clear();
        self.ends.reserve(ids);
    }

    fn push(&mut self, id: &str) {
        self.text.push_str(id);
        self.ends.push(self.text.len());
    }

    fn for_each(&self, mut each: impl FnMut(&str)) {
        let mut start = 0;
        for &end in &self.ends {
            each(self.text.get(start..end).unwrap_or_default());
            start = end;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_ordinal_is_taken_once_and_in_order_whatever_form_the_set_has() {
        let few = (0..300_000).step_by(1_000);
        let dense = 65_536..65_536 * 3;
        let mixed = (0..300_000).filter(|n| n / 50_000 % 2 == 0 || n % 3 == 0);
        let sets: [RoaringBitmap; 4] =
            [few.collect(), dense.collect(), mixed.collect(), RoaringBitmap::full()];
        for mut set in sets {
            for _ in 0..2 {
                let (mut rest, mut chunk) = (Rest::of(&set), Vec::new());
                let mut expected = set.iter();
                // For the full set this covers the first whole containers.
                for _ in 0..300 {
                    let more = rest.take(&mut chunk);
                    assert_eq!(chunk, expected.by_ref().take(CHUNK).collect::<Vec<_>>());
                    assert_eq!(more, !chunk.is_empty());
                }
                set.optimize();
            }
        }
    }
}
