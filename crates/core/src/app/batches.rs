//! An audience split into batches for delivery.

use super::cursor::{Ask, Mark, read_ids};
use super::{App, DeviceCursor};
use crate::audience::{Audience, Selection, select};
use crate::error::Error;
use crate::model::{DeviceId, Platform, PlatformSet};
use crate::registry::Scope;
use crate::store::{Posting, Slot, Store};
use std::collections::VecDeque;
use std::fmt;

impl<S: Store> App<S> {
    /// Selects the devices of the audience now, and returns those after `after` in batches of one platform and at most
    /// `max_size` (0 counts as 1) devices each, as a gateway takes them.
    ///
    /// After a crash, call this again with the [`cursor`](DeliveryBatch::cursor) of the last batch that was delivered:
    /// the audience is evaluated again at that time, and the devices after the cursor are returned. A device that the
    /// audience selects all the time is in exactly one batch of the two runs together. `after` may also come from a
    /// page of the same audience.
    ///
    /// ```
    /// use rollbook::{AppKey, AppSettings, Audience, DeviceId, Platform, Registration, Registry};
    /// use rollbook_testkit::ordered::OrderedStore;
    ///
    /// let registry = Registry::builder(OrderedStore::new()).build();
    /// let app = registry.create_app(&AppKey::new("shop")?, AppSettings::default())?;
    /// for n in 0..5 {
    ///     app.register(&Registration::new(DeviceId::new(format!("d{n}"))?, Platform::Ios))?;
    /// }
    /// let mut first = app.batches(&Audience::All, 2, None)?;
    /// let delivered = first.next_batch()?.unwrap();
    /// assert_eq!((delivered.platform, delivered.devices.len()), (Platform::Ios, 2));
    ///
    /// let kept = delivered.cursor.to_string(); // survives a crash
    /// let mut resumed = app.batches(&Audience::All, 1_000, Some(kept.parse()?))?;
    /// assert_eq!(resumed.next_batch()?.unwrap().devices.len(), 3);
    /// assert!(resumed.next_batch()?.is_none());
    /// # Ok::<(), rollbook::Error>(())
    /// ```
    ///
    /// # Errors
    /// A violation of `audience` if it is too deep or too large, or of `cursor` if `after` belongs to another question
    /// or app; [`Error::Store`].
    pub fn batches(
        &self,
        audience: &Audience,
        max_size: usize,
        after: Option<DeviceCursor>,
    ) -> Result<Batches<S>, Error> {
        let checked = audience.checked(self.limits())?;
        let mark = self.audience_mark(audience);
        let ask = Ask { platforms: PlatformSet::ALL, after, limit: max_size.max(1), mark };
        let rest = ask.rest()?;
        let platforms = rest.iter().map(|(platform, _)| *platform).collect();
        let selection = select(&self.scope.live_view()?, checked, platforms)?;
        Ok(Batches { scope: self.scope.clone(), selection, ask, rest: rest.into() })
    }

    pub(super) fn audience_mark(&self, audience: &Audience) -> Mark {
        Mark::new(&self.scope.app, 'a', audience, PlatformSet::ALL)
    }
}

/// The devices of an audience at the time of the selection, batch by batch.
///
/// It holds compressed ordinals, and no lock. A device that was removed since is left out of its batch. A device that
/// took the slot of another since is never in a batch.
///
/// ```
/// use rollbook::Platform;
/// let shop = rollbook_testkit::example::shop();
/// let mut batches = shop.batches(&"news".parse()?, 500, None)?;
/// shop.remove(&"phone".parse()?)?; // the only one on iOS
/// let first = batches.next_batch()?.unwrap();
/// assert_eq!((first.platform, first.devices), (Platform::Android, vec!["tablet".parse()?]));
/// # Ok::<(), rollbook::Error>(())
/// ```
pub struct Batches<S> {
    scope: Scope<S>,
    selection: Selection,
    ask: Ask,
    /// The platforms that are left, each with the first ordinal that is left.
    rest: VecDeque<(Platform, u32)>,
}

/// Some devices of one platform, and the cursor at which to continue after them.
///
/// ```
/// let shop = rollbook_testkit::example::shop();
/// let mut sent = Vec::new();
/// for batch in shop.batches(&"news".parse()?, 500, None)? {
///     let batch = batch?;
///     sent.push(format!("{} by {}", batch.devices.len(), batch.platform));
///     // Kept, `batch.cursor` is where to go on after a crash.
/// }
/// assert_eq!(sent, ["1 by ios", "1 by android"]);
/// # Ok::<(), rollbook::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryBatch {
    /// The platform of all these devices.
    pub platform: Platform,
    /// The devices; at least one.
    pub devices: Vec<DeviceId>,
    /// The cursor to pass to [`App::batches`] to continue after these devices.
    pub cursor: DeviceCursor,
}

impl<S: Store> Batches<S> {
    /// Returns the next batch, or `None` after the last one. After an error the same batch is tried again.
    ///
    /// ```
    /// use rollbook::Audience;
    /// let mut batches = rollbook_testkit::example::shop().batches(&Audience::All, 500, None)?;
    /// let mut platforms = Vec::new();
    /// while let Some(batch) = batches.next_batch()? {
    ///     platforms.push(batch.platform.name());
    /// }
    /// assert_eq!(platforms, ["ios", "android", "harmony"]);
    /// # Ok::<(), rollbook::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::NotFound`] if the app was deleted in the meantime; [`Error::Store`].
    pub fn next_batch(&mut self) -> Result<Option<DeliveryBatch>, Error> {
        while let Some(&(platform, from)) = self.rest.front() {
            let mut sets = self.selection.sets().iter();
            let set = sets.find(|(on, _)| *on == platform).map(|(_, set)| Posting::Many(set.clone()));
            let ordinals = set.unwrap_or_default().chunk(from, self.ask.limit);
            let Some(&last) = ordinals.last() else {
                self.rest.pop_front();
                continue;
            };
            let devices = self.read(platform, ordinals)?;
            // Moved only after the ids were read, so that a failed batch is tried again. No ordinal is after
            // `u32::MAX`.
            match last.checked_add(1) {
                Some(next) => self.rest.front_mut().into_iter().for_each(|(_, from)| *from = next),
                None => drop(self.rest.pop_front()),
            }
            // All devices of a batch may have been removed since; then the next one is read.
            if !devices.is_empty() {
                let cursor = self.ask.behind(Slot { platform, ordinal: last });
                return Ok(Some(DeliveryBatch { platform, devices, cursor }));
            }
        }
        Ok(None)
    }

    fn read(&self, platform: Platform, mut ordinals: Vec<u32>) -> Result<Vec<DeviceId>, Error> {
        let live = self.scope.live_view()?;
        // This view is newer than the selection: devices may have become pending deletion since.
        ordinals.retain(|&ordinal| !live.is_pending(Slot { platform, ordinal }));
        let mut devices = Vec::with_capacity(ordinals.len());
        read_ids(live.raw(), platform, &ordinals, self.selection.version(), |_, id| devices.push(id))?;
        Ok(devices)
    }
}

impl<S: Store> Iterator for Batches<S> {
    type Item = Result<DeliveryBatch, Error>;

    /// Calls [`Batches::next_batch`], for loops.
    fn next(&mut self) -> Option<Self::Item> {
        self.next_batch().transpose()
    }
}

impl<S> fmt::Debug for Batches<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batches")
            .field("selection", &self.selection)
            .field("rest", &self.rest)
            .finish_non_exhaustive()
    }
}
