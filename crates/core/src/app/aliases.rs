//! Aliases: look up, unbind, delete.

use super::{App, cursor};
use crate::error::Error;
use crate::model::{Alias, DeviceId, PlatformSet};
use crate::registry::draft::Mode;
use crate::registry::verbs::aliases;
use crate::store::{Key, Relation, Store};

impl<S: Store> App<S> {
    /// The devices that carry an alias on these platforms, all of them, in byte order; none for an unknown alias.
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
        let picture = self.scope.picture()?;
        let key = Key::new(Relation::Alias, alias.as_str());
        cursor::all_ids(&picture, key, platforms)
    }

    /// Takes an alias off those of the devices that carry it; those that do not stay as they are.
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
    /// Violations of `devices`: items over the limit, every unknown device by its index; [`Error::Contended`];
    /// [`Error::Store`]. Nothing is changed then.
    pub fn unbind_alias(&self, alias: &Alias, devices: &[DeviceId]) -> Result<(), Error> {
        self.scope.write(Mode::Single, |draft| aliases::unbind(draft, alias, devices))?;
        Ok(())
    }

    /// Deletes an alias and its bindings on these platforms; the others keep it. An unknown alias is deleted already.
    /// Does not count as a change of the devices.
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
        self.scope.write(Mode::Single, |draft| aliases::delete(draft, alias, platforms))?;
        Ok(())
    }
}
