//! Operations on audiences: count and list the devices, and check and explain one of them.

use super::cursor::{self, Ask};
use super::{App, DeviceCursor};
use crate::audience::{self, Audience, Explanation, Overlap, Reason, SavedAudiences};
use crate::error::{Error, Subject};
use crate::model::{DeviceId, Page, Platform};
use crate::store::Store;
use std::collections::BTreeMap;

impl<S: Store> App<S> {
    /// Returns the number of devices that the audience selects.
    ///
    /// ```
    /// use rollbook::Audience;
    /// use rollbook_testkit::example::shop;
    ///
    /// let audience: Audience = "news && !vip".parse()?;
    /// assert_eq!(shop().count(&audience)?, 1);
    /// # Ok::<(), rollbook::Error>(())
    /// ```
    ///
    /// # Errors
    /// A violation of `audience` if it is too deep or too large; [`Error::Store`].
    pub fn count(&self, audience: &Audience) -> Result<u64, Error> {
        let audience = audience.checked(self.limits())?;
        audience::count(&self.scope.live_view()?, audience)
    }

    /// Returns the number of devices that the audience selects on each platform. Platforms without any are left out.
    ///
    /// ```
    /// use rollbook::{Audience, Platform};
    /// use rollbook_testkit::example::shop;
    ///
    /// let counts = shop().count_by_platform(&Audience::All)?;
    /// assert_eq!(counts[&Platform::Harmony], 1);
    /// assert!(!counts.contains_key(&Platform::Safari));
    /// # Ok::<(), rollbook::Error>(())
    /// ```
    ///
    /// # Errors
    /// A violation of `audience` if it is too deep or too large; [`Error::Store`].
    pub fn count_by_platform(&self, audience: &Audience) -> Result<BTreeMap<Platform, u64>, Error> {
        let audience = audience.checked(self.limits())?;
        let mut counts = BTreeMap::new();
        audience::count_each(&self.scope.live_view()?, audience, |platform, devices| {
            counts.insert(platform, devices);
        })?;
        Ok(counts)
    }

    /// Returns the sizes of several audiences, the number of devices in any of them, and the number of devices in more
    /// than one, all from one snapshot. Conditions that the audiences share are evaluated once.
    ///
    /// ```
    /// use rollbook_testkit::example::shop;
    ///
    /// let overlap = shop().overlap(&["news".parse()?, "vip".parse()?])?;
    /// assert_eq!((overlap.each, overlap.any, overlap.several), (vec![2, 1], 2, 1));
    /// # Ok::<(), rollbook::Error>(())
    /// ```
    ///
    /// # Errors
    /// A violation of an audience that is too deep or too large; [`Error::Store`].
    pub fn overlap(&self, audiences: &[Audience]) -> Result<Overlap, Error> {
        let audiences = audiences.iter().map(|audience| audience.checked(self.limits()));
        let audiences = audiences.collect::<Result<Vec<_>, _>>()?;
        audience::overlap(&self.scope.live_view()?, &audiences)
    }

    /// Returns a page of the devices that the audience selects: those after `after`, at most `limit` (0 counts as 1) of
    /// them, in the order of [`DeviceCursor`]. A page is read from one snapshot.
    ///
    /// ```
    /// use rollbook::Audience;
    /// use rollbook_testkit::example::shop;
    ///
    /// let shop = shop();
    /// let first = shop.audience(&Audience::All, None, 2)?;
    /// assert_eq!(first.items.len(), 2);
    /// let rest = shop.audience(&Audience::All, first.next, 2)?;
    /// assert_eq!((rest.items.len(), rest.next), (1, None));
    /// # Ok::<(), rollbook::Error>(())
    /// ```
    ///
    /// # Errors
    /// A violation of `audience` if it is too deep or too large, or of `cursor` if `after` belongs to another question
    /// or app; [`Error::Store`].
    pub fn audience(
        &self,
        audience: &Audience,
        after: Option<DeviceCursor>,
        limit: usize,
    ) -> Result<Page<DeviceId, DeviceCursor>, Error> {
        let checked = audience.checked(self.limits())?;
        let mark = self.audience_mark(audience);
        let live = self.scope.live_view()?;
        let question = audience::Question::new(&live, checked)?;
        cursor::page(&question, Ask { platforms: question.platforms(), after, limit, mark })
    }

    /// Returns whether the audience selects the device. Reads the device's own tags, alias and user, no bitmap, and
    /// does not allocate.
    ///
    /// ```
    /// use rollbook_testkit::example::shop;
    ///
    /// let shop = shop();
    /// assert!(shop.contains(&"vip && platform(ios)".parse()?, &"phone".parse()?)?);
    /// assert!(!shop.contains(&"vip".parse()?, &"tablet".parse()?)?);
    /// assert!(shop.contains(&"vip".parse()?, &"unknown".parse()?).is_err());
    /// # Ok::<(), rollbook::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::NotFound`] for an unknown device; a violation of `audience` if it is too deep or too large;
    /// [`Error::Store`].
    pub fn contains(&self, audience: &Audience, device: &DeviceId) -> Result<bool, Error> {
        let audience = audience.checked(self.limits())?;
        let live = self.scope.live_view()?;
        match live.find(device)? {
            Some(place) => audience::matches(&live, audience, place.slot, device),
            None => Err(Error::not_found(Subject::Device, device.as_str())),
        }
    }

    /// Explains why the device is not in the audience: which parts of it do not hold. Returns `None` if the device is
    /// in the audience. Reads the device's own tags, alias and user.
    ///
    /// ```
    /// use rollbook::Audience;
    /// use rollbook_testkit::example::shop;
    ///
    /// let audience: Audience = "news && vip".parse()?;
    /// let shop = shop();
    /// assert!(shop.why_not(&audience, &"phone".parse()?)?.is_none());
    /// let reason = shop.why_not(&audience, &"tablet".parse()?)?.unwrap();
    /// assert_eq!(reason.because[0].part, &"vip".parse()?);
    /// # Ok::<(), rollbook::Error>(())
    /// ```
    ///
    /// # Errors
    /// As for [`App::contains`].
    pub fn why_not<'a>(
        &self,
        audience: &'a Audience,
        device: &DeviceId,
    ) -> Result<Option<Reason<'a>>, Error> {
        let audience = audience.checked(self.limits())?;
        let live = self.scope.live_view()?;
        match live.find(device)? {
            Some(place) => {
                let reason = audience::reason(&live, audience, place.slot, device)?;
                Ok(Some(reason).filter(|reason| !reason.holds))
            }
            None => Err(Error::not_found(Subject::Device, device.as_str())),
        }
    }

    /// Explains how the audience is counted: the size of every part, in the order of evaluation, and the parts that are
    /// skipped. Takes longer than [`App::count`], because it also counts the skipped parts.
    ///
    /// ```
    /// use rollbook_testkit::example::shop;
    ///
    /// let explained = shop().explain(&"news && vip".parse()?)?;
    /// assert_eq!((explained.audience.as_str(), explained.devices()), ("news && vip", 1));
    /// # Ok::<(), rollbook::Error>(())
    /// ```
    ///
    /// # Errors
    /// A violation of `audience` if it is too deep or too large; [`Error::Store`].
    pub fn explain(&self, audience: &Audience) -> Result<Explanation, Error> {
        let audience = audience.checked(self.limits())?;
        audience::explain(&self.scope.live_view()?, audience)
    }

    /// Returns the keys of the saved audiences that select the device, in order. Most of the other audiences are not
    /// evaluated.
    ///
    /// ```
    /// use rollbook::SavedAudiences;
    /// use rollbook_testkit::example::shop;
    ///
    /// let mut saved = SavedAudiences::new();
    /// saved.insert("readers", "news".parse()?)?;
    /// saved.insert("strangers", "!news".parse()?)?;
    /// assert_eq!(shop().matching(&saved, &"phone".parse()?)?, [&"readers"]);
    /// # Ok::<(), rollbook::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::NotFound`] for an unknown device; [`Error::Store`].
    pub fn matching<'a, K: Ord + Clone>(
        &self,
        saved: &'a SavedAudiences<K>,
        device: &DeviceId,
    ) -> Result<Vec<&'a K>, Error> {
        Ok(saved.matching(&self.device(device)?))
    }
}
