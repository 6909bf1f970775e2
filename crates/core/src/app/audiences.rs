//! Audiences: how many, who, and is this one of them.

use super::cursor::{self, Ask};
use super::{App, DeviceCursor};
use crate::audience::{self, Audience, Explanation, Overlap, Reason, SavedAudiences};
use crate::error::{Error, Subject};
use crate::model::{DeviceId, Page, Platform};
use crate::store::Store;
use std::collections::BTreeMap;

impl<S: Store> App<S> {
    /// How many devices the audience selects.
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
    /// A violation of `audience` that is too deep or too large; [`Error::Store`].
    pub fn count(&self, audience: &Audience) -> Result<u64, Error> {
        let audience = audience.checked(self.limits())?;
        audience::count(&self.scope.picture()?, audience)
    }

    /// How many devices the audience selects on each platform; platforms without any are left out.
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
    /// A violation of `audience` that is too deep or too large; [`Error::Store`].
    pub fn count_by_platform(&self, audience: &Audience) -> Result<BTreeMap<Platform, u64>, Error> {
        let audience = audience.checked(self.limits())?;
        let mut counts = BTreeMap::new();
        audience::count_each(&self.scope.picture()?, audience, |platform, devices| {
            counts.insert(platform, devices);
        })?;
        Ok(counts)
    }

    /// How many devices each of several audiences selects, how many are in any of them, and how many in more than
    /// one, all judged at one instant. What the conditions have in common is evaluated once.
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
        audience::overlap(&self.scope.picture()?, &audiences)
    }

    /// The devices that the audience selects, behind `after`, at most `limit` (0 counts as 1) of them, in the order of
    /// [`DeviceCursor`]. All devices of a page are judged at one instant.
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
    /// A violation of `audience` that is too deep or too large, of `cursor` of another question or app;
    /// [`Error::Store`].
    pub fn audience(
        &self,
        audience: &Audience,
        after: Option<DeviceCursor>,
        limit: usize,
    ) -> Result<Page<DeviceId, DeviceCursor>, Error> {
        let checked = audience.checked(self.limits())?;
        let mark = self.audience_mark(audience);
        let picture = self.scope.picture()?;
        let question = audience::Question::new(&picture, checked)?;
        cursor::page(&question, Ask { platforms: question.platforms(), after, limit, mark })
    }

    /// Is the device in the audience? Asks the device's own tags, alias and user; builds and allocates nothing.
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
    /// [`Error::NotFound`] for an unknown device; a violation of `audience` that is too deep or too large;
    /// [`Error::Store`].
    pub fn contains(&self, audience: &Audience, device: &DeviceId) -> Result<bool, Error> {
        let audience = audience.checked(self.limits())?;
        let picture = self.scope.picture()?;
        match picture.find(device)? {
            Some(place) => audience::matches(&picture, audience, place.slot, device),
            None => Err(Error::not_found(Subject::Device, device.as_str())),
        }
    }

    /// Why the device is not in the audience: which parts of it fail; nothing when the device is in it. Asks the
    /// device's own tags, alias and user.
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
    /// As [`App::contains`].
    pub fn why_not<'a>(
        &self,
        audience: &'a Audience,
        device: &DeviceId,
    ) -> Result<Option<Reason<'a>>, Error> {
        let audience = audience.checked(self.limits())?;
        let picture = self.scope.picture()?;
        match picture.find(device)? {
            Some(place) => {
                let reason = audience::reason(&picture, audience, place.slot, device)?;
                Ok(Some(reason).filter(|reason| !reason.holds))
            }
            None => Err(Error::not_found(Subject::Device, device.as_str())),
        }
    }

    /// How the audience is counted: the size of every part, in the order in which the parts are taken, and what is not
    /// looked at. Takes longer than to count, because it counts also what counting skips.
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
    /// A violation of `audience` that is too deep or too large; [`Error::Store`].
    pub fn explain(&self, audience: &Audience) -> Result<Explanation, Error> {
        let audience = audience.checked(self.limits())?;
        audience::explain(&self.scope.picture()?, audience)
    }

    /// The names of the saved audiences that the device is in, in order; most of the others are not looked at.
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
