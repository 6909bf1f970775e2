//! Removal of devices that were not seen for a long time.

use super::App;
use crate::error::{Error, ErrorKind};
use crate::model::{DeviceId, Platform, Timestamp};
use crate::registry::transaction::Mode;
use crate::registry::verbs::devices;
use crate::store::{Place, Slot, Store, StoreError, View};

/// The number of devices that are checked and removed in one commit. It is small, so that a heartbeat that comes in
/// between costs little repeated work, and so that the commit stays small.
const STEP: usize = 256;

impl<S: Store> App<S> {
    /// Removes devices that were last seen before an instant, or, if they were never seen, were registered before it;
    /// at most `most` of them, in the order of listings. Returns the ids of the removed devices. Fewer than `most`
    /// means that there are no others.
    ///
    /// The removal is atomic for each device: the check and the removal are one commit, so a device stays if a
    /// heartbeat of it was acknowledged before its removal. The devices are removed in steps of a few hundred, as by
    /// [`App::remove`]: their events stay. A device that was never seen also stays if the register does not know when
    /// it was registered.
    ///
    /// It reads every device of the app from one snapshot, so one call with a large `most` costs less than many calls
    /// with a small one.
    ///
    /// ```
    /// use rollbook::{AppSettings, ManualClock, Platform, Registration, Registry, Timestamp};
    /// use rollbook_testkit::ordered::OrderedStore;
    /// use std::sync::Arc;
    ///
    /// let clock = Arc::new(ManualClock::at(Timestamp::from_secs(1_700_000_000)));
    /// let registry = Registry::builder(OrderedStore::new()).clock(Arc::clone(&clock)).build();
    /// let shop = registry.create_app(&"shop".parse()?, AppSettings::default())?;
    /// for id in ["kept", "forgotten"] {
    ///     shop.register(&Registration::new(id.parse()?, Platform::Ios))?;
    /// }
    /// clock.advance(90 * 86_400);
    /// shop.touch(&["kept".parse()?])?;
    /// let before = Timestamp::from_secs(1_700_000_000).plus(86_400);
    /// assert_eq!(shop.remove_unseen(before, 1_000)?, ["forgotten".parse()?]);
    /// # Ok::<(), rollbook::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Contended`]; [`Error::Store`]. The kind is `OutcomeUnknown` if some devices have been removed already;
    /// call again to continue.
    pub fn remove_unseen(&self, before: Timestamp, most: usize) -> Result<Vec<DeviceId>, Error> {
        let candidates = self.unseen_since(before, most)?;
        let mut removed = Vec::new();
        for step in candidates.chunks(STEP) {
            let taken = self.scope.write(Mode::Single, |tx| devices::remove_unseen(tx, step, before));
            match taken {
                Ok((ids, _)) => removed.extend(ids),
                Err(error) if removed.is_empty() || error.kind() == ErrorKind::OutcomeUnknown => {
                    return Err(error);
                }
                Err(error) => {
                    // Earlier steps are committed, so the error must not claim that nothing was changed.
                    let cause = Some(Box::new(error).into());
                    let what = "some of the devices are removed, and others are not";
                    return Err(Error::store("remove devices")(StoreError::OutcomeUnknown { what, cause }));
                }
            }
        }
        Ok(removed)
    }

    /// Returns the places of the devices that were not seen since `before`, as of now.
    fn unseen_since(&self, before: Timestamp, most: usize) -> Result<Vec<Place>, Error> {
        let live = self.scope.live_view()?;
        let mut places = Vec::new();
        for platform in Platform::ALL {
            let mut from = 0;
            let all = live.devices(platform)?;
            while places.len() < most {
                let ordinals = all.chunk(from, STEP);
                let Some(last) = ordinals.last() else { break };
                for &ordinal in &ordinals {
                    let slot = Slot { platform, ordinal };
                    let stored = live.raw().device(slot).map_err(Error::store("read a device"))?;
                    if let Some(stored) = stored
                        && places.len() < most
                        && live.is_unseen_since(slot, stored.record.registered_at, before)?
                    {
                        places.push(stored.place);
                    }
                }
                match last.checked_add(1) {
                    Some(next) => from = next,
                    None => break,
                }
            }
        }
        Ok(places)
    }
}
