//! Presence: recording heartbeats, and reading whether devices are online.

use super::App;
use crate::error::{Error, Subject};
use crate::model::{DeviceId, Presence, PresenceFrom, Timestamp, check_items};
use crate::registry::verbs::unknown_device;
use crate::store::{Place, Store, View};
use crate::violation::{Rule, Violation, Violations};
use smallvec::SmallVec;

impl<S: Store> App<S> {
    /// Records that devices were seen now.
    ///
    /// ```
    /// use rollbook::Presence;
    /// use rollbook_testkit::example::shop;
    ///
    /// let shop = shop();
    /// shop.touch(&["phone".parse()?])?;
    /// assert_eq!(shop.presence(&["phone".parse()?])?, [Some(Presence::Online)]);
    /// # Ok::<(), rollbook::Error>(())
    /// ```
    ///
    /// # Errors
    /// Violations of `devices`: every unknown one by its index; no heartbeat is recorded then; [`Error::Store`].
    pub fn touch(&self, devices: &[DeviceId]) -> Result<(), Error> {
        let now = self.scope.inner.clock.now();
        self.record_seen(devices.iter().map(|device| (device, now)))
    }

    /// Records that a device itself made the call that was just served, rather than a server on its behalf. The device
    /// counts as seen now if the app's [`Policies::presence_from`](crate::Policies::presence_from) includes device
    /// calls. An unknown device is ignored.
    ///
    /// Adapters call this after a device registered, set its tags or posted an event.
    ///
    /// ```
    /// use rollbook::Presence;
    /// use rollbook_testkit::example::shop;
    ///
    /// let shop = shop();
    /// shop.device_called(&"phone".parse()?)?;
    /// assert_eq!(shop.presence(&["phone".parse()?])?, [Some(Presence::Online)]);
    /// assert!(shop.device_called(&"unknown".parse()?).is_ok());
    /// # Ok::<(), rollbook::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::NotFound`] after the app was deleted; [`Error::Store`].
    pub fn device_called(&self, device: &DeviceId) -> Result<(), Error> {
        if self.policies().presence_from == PresenceFrom::DeviceCalls { self.see(device) } else { Ok(()) }
    }

    /// Records that the device was seen now, if it exists.
    pub(super) fn see(&self, device: &DeviceId) -> Result<(), Error> {
        let now = self.scope.inner.clock.now();
        let found = self.scope.live_view()?.find(device)?;
        let Some(place) = found else { return Ok(()) };
        self.scope
            .inner
            .store
            .touch(self.scope.app.id, &[(place, now)])
            .map_err(Error::store("record heartbeats"))
    }

    /// Records when devices were seen. A time older than the recorded one changes nothing, and a time later than now
    /// counts as now. A crash may lose the last few seconds of heartbeats.
    ///
    /// ```
    /// use rollbook::Timestamp;
    /// use rollbook_testkit::example::shop;
    ///
    /// let shop = shop();
    /// let seen = Timestamp::from_secs(1_600_000_000);
    /// shop.touch_at(&[("phone".parse()?, seen)])?;
    /// assert_eq!(shop.last_seen(&"phone".parse()?)?, Some(seen));
    /// # Ok::<(), rollbook::Error>(())
    /// ```
    ///
    /// # Errors
    /// Violations of `devices`: every unknown one by its index; no heartbeat is recorded then; [`Error::Store`].
    pub fn touch_at(&self, seen: &[(DeviceId, Timestamp)]) -> Result<(), Error> {
        let now = self.scope.inner.clock.now();
        self.record_seen(seen.iter().map(|(device, at)| (device, (*at).min(now))))
    }

    fn record_seen<'d>(&self, seen: impl Iterator<Item = (&'d DeviceId, Timestamp)>) -> Result<(), Error> {
        let mut places: SmallVec<[(Place, Timestamp); 4]> = SmallVec::new();
        let mut unknown = Vec::new();
        // A time from a clock that is fast must not keep the device online until the present catches up with it.
        let now = self.scope.inner.clock.now();
        let live = self.scope.live_view()?;
        for (index, (device, at)) in seen.enumerate() {
            match live.find(device)? {
                Some(place) => places.push((place, at.min(now))),
                None => unknown.push(unknown_device(device).in_list("devices", index)),
            }
        }
        drop(live);
        Violations::check(unknown)?;
        self.scope.inner.store.touch(self.scope.app.id, &places).map_err(Error::store("record heartbeats"))
    }

    /// Returns for each device whether it is online or when it was last seen, in the order of `devices`, and `None` for
    /// an id that the app does not know.
    ///
    /// ```
    /// use rollbook::Presence;
    /// use rollbook_testkit::example::shop;
    ///
    /// let shop = shop();
    /// shop.touch(&["phone".parse()?])?;
    /// let asked = ["phone".parse()?, "watch".parse()?, "unknown".parse()?];
    /// assert_eq!(shop.presence(&asked)?, [Some(Presence::Online), Some(Presence::Offline), None]);
    /// # Ok::<(), rollbook::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Forbidden`] if the app lacks the presence capability; violations of `devices` if there are none, or
    /// more than the limit; [`Error::Store`].
    pub fn presence(&self, devices: &[DeviceId]) -> Result<Vec<Option<Presence>>, Error> {
        let app = &self.scope.app;
        if !app.presence {
            // A handle may outlive its app, so a deleted app is reported before a missing capability.
            self.scope.live_view()?;
            return Err(Error::Forbidden { app: app.key.clone(), capability: "presence" });
        }
        if devices.is_empty() {
            return Err(Violation::new("devices", Rule::Items, "must be at least 1", 0).into());
        }
        check_items("devices", devices.len(), app.limits.ids_per_presence)?;
        let now = self.scope.inner.clock.now();
        let live = self.scope.live_view()?;
        let mut answers = Vec::with_capacity(devices.len());
        for device in devices {
            let answer = match live.find(device)? {
                Some(place) => {
                    let seen = live.raw().last_seen(place.slot).map_err(Error::store("read a heartbeat"))?;
                    Some(self.judge(now, seen))
                }
                None => None,
            };
            answers.push(answer);
        }
        Ok(answers)
    }

    fn judge(&self, now: Timestamp, seen: Option<Timestamp>) -> Presence {
        let limits = &self.scope.app.limits;
        let Some(seen) = seen else { return Presence::Offline };
        // A heartbeat that is in the future, because the clock was set back, counts as one from now.
        let ago = now.secs().saturating_sub(seen.secs());
        if ago <= i64::from(limits.online_window_secs) {
            Presence::Online
        } else if ago <= i64::from(limits.last_seen_window_secs) {
            Presence::LastSeen(seen)
        } else {
            Presence::Offline
        }
    }

    /// Returns the recorded time of the device's last heartbeat, without the windows of [`App::presence`].
    ///
    /// ```
    /// use rollbook_testkit::example::shop;
    ///
    /// assert_eq!(shop().last_seen(&"watch".parse()?)?, None);
    /// # Ok::<(), rollbook::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::Store`].
    pub fn last_seen(&self, device: &DeviceId) -> Result<Option<Timestamp>, Error> {
        let live = self.scope.live_view()?;
        match live.find(device)? {
            Some(place) => live.raw().last_seen(place.slot).map_err(Error::store("read a heartbeat")),
            None => Err(Error::not_found(Subject::Device, device.as_str())),
        }
    }
}
