//! Operations on tags: list, count, look up, update, delete.

use super::cursor::{self, Ask, Mark};
use super::{App, DeviceCursor};
use crate::audience::{Audience, Checked, Question};
use crate::error::{Error, Subject};
use crate::live_view::decoded;
use crate::model::{DeviceId, Page, PlatformSet, TagName};
use crate::registry::transaction::Mode;
use crate::registry::verbs::tags;
use crate::store::{Key, Relation, Store, View};
use serde::{Deserialize, Serialize};

/// A tag and the number of devices that carry it.
///
/// ```
/// use rollbook::{PlatformSet, TagCount};
/// let page = rollbook_testkit::example::shop().tags(PlatformSet::ALL, None, 1)?;
/// assert_eq!(page.items, [TagCount { tag: "news".parse()?, devices: 2 }]);
/// # Ok::<(), rollbook::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TagCount {
    /// The tag.
    pub tag: TagName,
    /// The number of devices on the requested platforms.
    pub devices: u64,
}

impl<S: Store> App<S> {
    /// Returns a page of the app's tags with their numbers of devices on these platforms: those after `after`, at most
    /// `limit` (0 counts as 1) of them, in byte order. A tag that no device on these platforms carries is left out.
    ///
    /// ```
    /// use rollbook::PlatformSet;
    /// use rollbook_testkit::example::shop;
    ///
    /// let page = shop().tags(PlatformSet::ALL, None, 100)?;
    /// let counts: Vec<_> = page.items.iter().map(|item| (item.tag.as_str(), item.devices)).collect();
    /// assert_eq!(counts, [("news", 2), ("vip", 1)]);
    /// # Ok::<(), rollbook::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Store`].
    pub fn tags(
        &self,
        platforms: PlatformSet,
        after: Option<&TagName>,
        limit: usize,
    ) -> Result<Page<TagCount, TagName>, Error> {
        let limit = limit.max(1);
        let live = self.scope.live_view()?;
        let mut items: Vec<TagCount> = Vec::new();
        let mut behind = after.map(|tag| Box::from(tag.as_str()));
        loop {
            // One more than the page needs shows whether there is a next page. Tags without devices here do not count,
            // so reading may take several rounds.
            let wanted = limit.saturating_add(1) - items.len();
            let mut names: Vec<Box<str>> = Vec::new();
            let read = live
                .raw()
                .names(Relation::Tag, behind.as_deref(), wanted, &mut |name| names.push(name.into()));
            read.map_err(Error::store("list the tags"))?;
            for name in &names {
                let devices = live.cardinality(Key::new(Relation::Tag, name), platforms)?;
                if devices > 0 {
                    items.push(TagCount { tag: decoded(TagName::new(name.clone()))?, devices });
                }
            }
            if items.len() > limit {
                items.truncate(limit);
                let next = items.last().map(|item| item.tag.clone());
                return Ok(Page { items, next });
            }
            if names.len() < wanted {
                return Ok(Page { items, next: None });
            }
            behind = names.pop();
        }
    }

    /// Returns the number of devices on these platforms that carry the tag. The time does not depend on that number.
    ///
    /// ```
    /// use rollbook::{Platform, PlatformSet};
    /// use rollbook_testkit::example::shop;
    ///
    /// assert_eq!(shop().tag_count(&"news".parse()?, PlatformSet::ALL)?, 2);
    /// assert_eq!(shop().tag_count(&"news".parse()?, Platform::Ios.into())?, 1);
    /// # Ok::<(), rollbook::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Store`].
    pub fn tag_count(&self, tag: &TagName, platforms: PlatformSet) -> Result<u64, Error> {
        self.scope.live_view()?.cardinality(Key::new(Relation::Tag, tag.as_str()), platforms)
    }

    /// Returns whether the device carries the tag; `false` for an unknown tag. Does not allocate.
    ///
    /// ```
    /// use rollbook_testkit::example::shop;
    ///
    /// assert!(shop().has_tag(&"phone".parse()?, &"vip".parse()?)?);
    /// assert!(!shop().has_tag(&"tablet".parse()?, &"vip".parse()?)?);
    /// # Ok::<(), rollbook::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::NotFound`] for an unknown device; [`Error::Store`].
    pub fn has_tag(&self, device: &DeviceId, tag: &TagName) -> Result<bool, Error> {
        let live = self.scope.live_view()?;
        match live.find(device)? {
            Some(place) => live
                .raw()
                .linked(place.slot, Key::new(Relation::Tag, tag.as_str()))
                .map_err(Error::store("read a link")),
            None => Err(Error::not_found(Subject::Device, device.as_str())),
        }
    }

    /// Returns a page of the devices that carry the tag on these platforms: those after `after`, at most `limit` (0
    /// counts as 1) of them, in the order of [`DeviceCursor`].
    ///
    /// ```
    /// use rollbook::PlatformSet;
    /// use rollbook_testkit::example::shop;
    ///
    /// let page = shop().tag_devices(&"news".parse()?, PlatformSet::ALL, None, 100)?;
    /// assert_eq!((page.items, page.next), (vec!["phone".parse()?, "tablet".parse()?], None));
    /// # Ok::<(), rollbook::Error>(())
    /// ```
    ///
    /// # Errors
    /// A violation of `cursor` if `after` belongs to another question or app; [`Error::Store`].
    pub fn tag_devices(
        &self,
        tag: &TagName,
        platforms: PlatformSet,
        after: Option<DeviceCursor>,
        limit: usize,
    ) -> Result<Page<DeviceId, DeviceCursor>, Error> {
        let live = self.scope.live_view()?;
        let audience = Audience::Tag(tag.clone());
        let question = Question::new(&live, Checked::leaf(&audience))?;
        let mark = Mark::new(&self.scope.app, 't', tag, platforms);
        cursor::page(&question, Ask { platforms: question.platforms().and(platforms), after, limit, mark })
    }

    /// Adds a tag to some devices and removes it from others. Removals come first, so a device in both lists ends up
    /// with the tag.
    ///
    /// ```
    /// use rollbook::PlatformSet;
    /// use rollbook_testkit::example::shop;
    ///
    /// let shop = shop();
    /// shop.update_tag(&"vip".parse()?, &["watch".parse()?], &["phone".parse()?])?;
    /// assert_eq!(shop.tag_devices(&"vip".parse()?, PlatformSet::ALL, None, 100)?.items, ["watch".parse()?]);
    /// let refused = shop.update_tag(&"vip".parse()?, &["phone".parse()?, "unknown".parse()?], &[]).unwrap_err();
    /// assert_eq!(refused.violations()[0].index(), Some(1));
    /// # Ok::<(), rollbook::Error>(())
    /// ```
    ///
    /// # Errors
    /// Violations: neither list names a device; the tag's name; `add` or `remove` has more items than the limit; every
    /// unknown device and every device at its tag limit by its index; [`Error::Contended`]; [`Error::Store`]. Nothing
    /// is changed then.
    pub fn update_tag(&self, tag: &TagName, add: &[DeviceId], remove: &[DeviceId]) -> Result<(), Error> {
        self.scope.write(Mode::Single, |tx| tags::update(tx, tag, add, remove))?;
        Ok(())
    }

    /// Deletes a tag on these platforms, in a time that does not depend on the number of devices that carry it. An
    /// unknown tag is not an error. A later tag of the same name starts empty. Does not count as a change of the
    /// devices.
    ///
    /// ```
    /// use rollbook::{Platform, PlatformSet};
    /// use rollbook_testkit::example::shop;
    ///
    /// let shop = shop();
    /// shop.delete_tag(&"news".parse()?, Platform::Ios.into())?;
    /// assert_eq!(shop.tag_count(&"news".parse()?, PlatformSet::ALL)?, 1);
    /// # Ok::<(), rollbook::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Contended`]; [`Error::Store`].
    pub fn delete_tag(&self, tag: &TagName, platforms: PlatformSet) -> Result<(), Error> {
        self.scope.write(Mode::Single, |tx| tags::delete(tx, tag, platforms))?;
        Ok(())
    }
}
