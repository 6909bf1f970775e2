//! Operations on aliases: look up, unbind, delete.

use super::cursor::{self, Ask, Mark};
use super::{App, DeviceCursor};
use crate::audience::{Audience, Checked, Question};
use crate::error::Error;
use crate::model::{Alias, DeviceId, Page, PlatformSet};
use crate::registry::transaction::Mode;
use crate::registry::verbs::aliases;
use crate::store::{Key, Relation, Store};

impl<S: Store> App<S> {
    /// Returns all devices that carry an alias on these platforms, in byte order. The list is empty for an unknown
    /// alias.
    ///
    /// ```
    /// use rollbook::{Platform, PlatformSet};
    /// use rollbook_testkit::example::shop;
    ///
    /// let shop = shop();
    /// assert_eq!(shop.alias_devices(&"ann".parse()?, PlatformSet::ALL)?, ["phone".parse()?, "tablet".parse()?]);
    /// assert_eq!(shop.alias_devices(&"ann".parse()?, Platform::Ios.into())?, ["phone".parse()?]);
    /// # Ok::<(), rollbook::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Store`].
    pub fn alias_devices(&self, alias: &Alias, platforms: PlatformSet) -> Result<Vec<DeviceId>, Error> {
        let live = self.scope.live_view()?;
        let key = Key::new(Relation::Alias, alias.as_str());
        cursor::all_ids(&live, key, platforms)
    }

    /// Returns a page of the devices that carry an alias on these platforms: those after `after`, at most `limit` (0
    /// counts as 1) of them, in the order of [`DeviceCursor`]. The cost depends on the page, not on the number of
    /// devices that carry the alias; [`App::alias_devices`] reads and sorts all of them.
    ///
    /// ```
    /// use rollbook::PlatformSet;
    /// use rollbook_testkit::example::shop;
    ///
    /// let (shop, ann) = (shop(), "ann".parse()?);
    /// let first = shop.alias_page(&ann, PlatformSet::ALL, None, 1)?;
    /// let rest = shop.alias_page(&ann, PlatformSet::ALL, first.next, 1)?;
    /// assert_eq!((first.items, rest.items, rest.next), (vec!["phone".parse()?], vec!["tablet".parse()?], None));
    /// # Ok::<(), rollbook::Error>(())
    /// ```
    ///
    /// # Errors
    /// A violation of `cursor` if `after` belongs to another question or app; [`Error::Store`].
    pub fn alias_page(
        &self,
        alias: &Alias,
        platforms: PlatformSet,
        after: Option<DeviceCursor>,
        limit: usize,
    ) -> Result<Page<DeviceId, DeviceCursor>, Error> {
        let live = self.scope.live_view()?;
        let audience = Audience::Alias(alias.clone());
        let question = Question::new(&live, Checked::leaf(&audience))?;
        let mark = Mark::new(&self.scope.app, 'l', alias, platforms);
        cursor::page(&question, Ask { platforms: question.platforms().and(platforms), after, limit, mark })
    }

    /// Takes an alias from those of the devices that carry it. The other devices stay as they are.
    ///
    /// ```
    /// use rollbook::PlatformSet;
    /// use rollbook_testkit::example::shop;
    ///
    /// let shop = shop();
    /// shop.unbind_alias(&"ann".parse()?, &["phone".parse()?, "watch".parse()?])?;
    /// assert_eq!(shop.alias_devices(&"ann".parse()?, PlatformSet::ALL)?, ["tablet".parse()?]);
    /// # Ok::<(), rollbook::Error>(())
    /// ```
    ///
    /// # Errors
    /// Violations of `devices`: more items than the limit, and every unknown device by its index; [`Error::Contended`];
    /// [`Error::Store`]. Nothing is changed then.
    pub fn unbind_alias(&self, alias: &Alias, devices: &[DeviceId]) -> Result<(), Error> {
        self.scope.write(Mode::Single, |tx| aliases::unbind(tx, alias, devices))?;
        Ok(())
    }

    /// Deletes an alias and its bindings on these platforms; on other platforms it stays. An unknown alias is not an
    /// error. Does not count as a change of the devices.
    ///
    /// ```
    /// use rollbook::{Platform, PlatformSet};
    /// use rollbook_testkit::example::shop;
    ///
    /// let shop = shop();
    /// shop.delete_alias(&"ann".parse()?, Platform::Ios.into())?;
    /// assert_eq!(shop.alias_devices(&"ann".parse()?, PlatformSet::ALL)?, ["tablet".parse()?]);
    /// # Ok::<(), rollbook::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Contended`]; [`Error::Store`].
    pub fn delete_alias(&self, alias: &Alias, platforms: PlatformSet) -> Result<(), Error> {
        self.scope.write(Mode::Single, |tx| aliases::delete(tx, alias, platforms))?;
        Ok(())
    }
}
