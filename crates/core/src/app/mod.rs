//! The handle of one app, with every operation of the register as a method.
//!
//! A read takes one snapshot and reads everything from it. A write goes through the registry's loop of planning and
//! committing. Both may block as long as the store does. A write is visible to the next read.

mod aliases;
mod audiences;
mod batch;
mod batches;
mod cursor;
mod devices;
mod events;
mod handles;
mod presence;
mod sample;
mod selected;
mod tags;
mod unseen;
mod users;

pub use batches::{Batches, DeliveryBatch};
pub use cursor::DeviceCursor;
pub use selected::Selected;
pub use tags::TagCount;

use crate::model::{AppKey, Credential, Limits, Policies, Secret};
use crate::registry::Scope;
use std::fmt;

/// One app of a register. Nothing in another app can be seen or changed through it.
///
/// A handle keeps the limits, policies and capabilities that the app had when the handle was created. It is cheap to
/// clone and to share among threads. After the app is deleted, every operation fails with
/// [`Error::NotFound`](crate::Error::NotFound), even if an app of the same key was created since.
///
/// ```
/// let shop = rollbook_testkit::example::shop();
/// assert_eq!((shop.key().as_str(), shop.has_presence()), ("shop", true));
/// assert_eq!(shop.limits().tags_per_device, Some(1_000));
/// // A handle goes where it is needed.
/// let elsewhere = shop.clone();
/// std::thread::spawn(move || elsewhere.count(&rollbook::Audience::All)).join().unwrap()?;
/// # Ok::<(), rollbook::Error>(())
/// ```
pub struct App<S> {
    scope: Scope<S>,
}

impl<S> Clone for App<S> {
    fn clone(&self) -> Self {
        App { scope: self.scope.clone() }
    }
}

impl<S> App<S> {
    fn new(scope: Scope<S>) -> Self {
        App { scope }
    }

    /// Returns the app's key.
    ///
    /// ```
    /// let shop = rollbook_testkit::example::shop();
    /// assert_eq!(shop.key().as_str(), "shop");
    /// ```
    #[must_use]
    pub fn key(&self) -> &AppKey {
        &self.scope.app.key
    }

    /// Returns the app's name for people.
    ///
    /// ```
    /// let registry = rollbook_testkit::example::registry();
    /// registry.rename_app(&"shop".parse()?, "Books and more")?;
    /// assert_eq!(registry.app(&"shop".parse()?)?.name(), "Books and more");
    /// # Ok::<(), rollbook::Error>(())
    /// ```
    #[must_use]
    pub fn name(&self) -> &str {
        &self.scope.app.name
    }

    /// Returns the limits that this handle applies.
    ///
    /// ```
    /// use rollbook::Limits;
    /// let registry = rollbook_testkit::example::registry();
    /// let before = registry.app(&"shop".parse()?)?;
    /// registry.set_limits(before.key(), &Limits::unlimited())?;
    /// assert_eq!(registry.app(before.key())?.limits().tags_per_device, None);
    /// assert_eq!(before.limits(), &Limits::default()); // as they were when it was made
    /// # Ok::<(), rollbook::Error>(())
    /// ```
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.scope.app.limits
    }

    /// Returns the policies that this handle follows.
    ///
    /// ```
    /// use rollbook::PresenceFrom;
    /// assert_eq!(rollbook_testkit::example::shop().policies().presence_from, PresenceFrom::DeviceCalls);
    /// ```
    #[must_use]
    pub fn policies(&self) -> &Policies {
        &self.scope.app.policies
    }

    /// Returns whether the app has the presence capability.
    ///
    /// ```
    /// let registry = rollbook_testkit::example::registry();
    /// assert!(registry.app(&"shop".parse()?)?.has_presence());
    /// registry.set_presence(&"shop".parse()?, false)?;
    /// assert!(!registry.app(&"shop".parse()?)?.has_presence());
    /// # Ok::<(), rollbook::Error>(())
    /// ```
    #[must_use]
    pub fn has_presence(&self) -> bool {
        self.scope.app.presence
    }

    /// Returns whether the app has a master secret.
    ///
    /// ```
    /// use rollbook::Secret;
    /// let registry = rollbook_testkit::example::registry();
    /// assert!(!registry.app(&"shop".parse()?)?.has_master_secret());
    /// registry.set_master_secret(&"shop".parse()?, Some(&Secret::new("fedcba9876543210")?))?;
    /// assert!(registry.app(&"shop".parse()?)?.has_master_secret());
    /// # Ok::<(), rollbook::Error>(())
    /// ```
    #[must_use]
    pub fn has_master_secret(&self) -> bool {
        self.scope.app.master.is_some()
    }

    /// Returns the number of the app's API tokens.
    ///
    /// ```
    /// use rollbook::Secret;
    /// let registry = rollbook_testkit::example::registry();
    /// registry.set_api_tokens(&"shop".parse()?, &[Secret::new("phones")?, Secret::new("website")?])?;
    /// assert_eq!(registry.app(&"shop".parse()?)?.api_tokens(), 2);
    /// # Ok::<(), rollbook::Error>(())
    /// ```
    #[must_use]
    pub fn api_tokens(&self) -> usize {
        self.scope.app.tokens.len()
    }

    /// Returns whether `secret` is the app's master secret. The time does not depend on the result. Always `false` for
    /// an app without a master secret.
    ///
    /// ```
    /// use rollbook::{AppSettings, Secret};
    /// let secret = Secret::new("fedcba9876543210")?;
    /// let settings = AppSettings { master_secret: Some(secret.clone()), ..AppSettings::default() };
    /// let app = rollbook_testkit::example::registry().create_app(&"other".parse()?, settings)?;
    /// assert!(app.verify_master_secret(&secret));
    /// assert!(!app.verify_master_secret(&Secret::new("another")?));
    /// # Ok::<(), rollbook::Error>(())
    /// ```
    #[must_use]
    pub fn verify_master_secret(&self, secret: &Secret) -> bool {
        Credential::is_any(self.scope.app.master.as_slice(), secret)
    }

    /// Returns whether `token` is one of the app's API tokens. The time does not depend on the result. Always `false`
    /// for an app without API tokens.
    ///
    /// ```
    /// use rollbook::{AppSettings, Secret};
    /// let token = Secret::new("TOKEN")?;
    /// let settings = AppSettings { api_tokens: vec![token.clone()], ..AppSettings::default() };
    /// let app = rollbook_testkit::example::registry().create_app(&"other".parse()?, settings)?;
    /// assert!(app.verify_api_token(&token) && !app.verify_master_secret(&token));
    /// # Ok::<(), rollbook::Error>(())
    /// ```
    #[must_use]
    pub fn verify_api_token(&self, token: &Secret) -> bool {
        Credential::is_any(&self.scope.app.tokens, token)
    }
}

impl<S> fmt::Debug for App<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App").field("key", self.key()).finish_non_exhaustive()
    }
}
