//! The methods of [`Registry`] that return an [`App`]. The registry itself does not know this type: it lies below.

use super::App;
use crate::error::Error;
use crate::model::{AppKey, AppSettings};
use crate::registry::Registry;
use crate::store::Store;

impl<S: Store> Registry<S> {
    /// Creates an app.
    ///
    /// ```
    /// use rollbook::AppSettings;
    /// use rollbook_testkit::example::registry;
    ///
    /// let registry = registry();
    /// let settings = AppSettings { name: "Books".into(), ..AppSettings::default() };
    /// let books = registry.create_app(&"books".parse()?, settings)?;
    /// assert_eq!(books.name(), "Books");
    /// assert!(registry.create_app(&"books".parse()?, AppSettings::default()).is_err());
    /// # Ok::<(), rollbook::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::AppExists`]; violations of `name` or of [`Limits::check`](crate::Limits::check); [`Error::Store`].
    pub fn create_app(&self, key: &AppKey, settings: AppSettings) -> Result<App<S>, Error> {
        self.create_scope(key, settings).map(App::new)
    }

    /// The handle of an app. It keeps the limits and capabilities that the app has now; take a new one to see a
    /// change of them.
    ///
    /// ```
    /// use rollbook_testkit::example::registry;
    ///
    /// assert!(registry().app(&"shop".parse()?).is_ok());
    /// assert!(registry().app(&"unknown".parse()?).is_err());
    /// # Ok::<(), rollbook::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::Store`].
    pub fn app(&self, key: &AppKey) -> Result<App<S>, Error> {
        self.scope(key).map(App::new)
    }
}
