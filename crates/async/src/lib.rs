//! The [`rollbook`] register from asynchronous code.
//!
//! The core is synchronous: a store in memory returns most results in about a microsecond, and handing a question to another thread takes ten
//! times as long. A store that waits for a disk must not be asked on a thread of the runtime, though. This crate asks the store where it is
//! right: in place when the store declares [`Durability::Volatile`], on Tokio's pool of blocking threads otherwise.
//!
//! - [`AsyncRegistry`] wraps a [`Registry`], [`AsyncApp`] an [`App`]; each runs a closure over what it wraps.
//! - [`Deliveries`] is the [`Stream`](futures_core::Stream) of an audience's devices.
//!
//! ```
//! use futures_util::StreamExt;
//! use rollbook::{AppKey, AppSettings, Audience, DeviceId, Platform, Registration, Registry, TagName};
//! use rollbook_async::AsyncRegistry;
//! use rollbook_store_mem::MemStore;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), rollbook::Error> {
//! let registry = AsyncRegistry::new(Registry::builder(MemStore::new()).build());
//! let key = AppKey::new("shop")?;
//! let shop = registry.create_app(key, AppSettings::default()).await?;
//!
//! let phone = DeviceId::new("phone")?;
//! let tags = vec![TagName::new("news")?];
//! let registration = Registration { tags, ..Registration::new(phone.clone(), Platform::Ios) };
//! shop.run(move |shop| shop.register(&registration)).await?;
//!
//! let audience: Audience = "news && platform(ios)".parse().map_err(rollbook::Error::from)?;
//! let mut deliveries = shop.deliveries(audience, 500, None).await?;
//! while let Some(batch) = deliveries.next().await {
//!     assert_eq!(batch?.devices, [phone.clone()]);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Cancellation
//!
//! A closure that has begun runs to its end, also when the future that waits for it is dropped: a write that was cancelled in this way may
//! or may not have been applied, so read before you write again.
//!
//! # Why is there no …
//!
//! - *… asynchronous method for each of the register's methods?* Several questions that belong together run in one closure and cross
//!   threads once. A second copy of the interface would have to be kept equal to the first.
//! - *… choice of runtime?* The pool of blocking threads is the runtime's. With another runtime, call the registry on its pool in the same way.

mod deliveries;
mod place;

pub use deliveries::Deliveries;

use place::Place;
use rollbook::store::{Durability, Store};
use rollbook::{App, AppKey, AppSettings, Audience, DeviceCursor, Error, Registry};

/// A registry that asynchronous code may call.
///
/// It is cheap to clone.
///
/// ```
/// use rollbook_async::AsyncRegistry;
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), rollbook::Error> {
/// let registry = AsyncRegistry::new(rollbook_testkit::example::registry());
/// assert_eq!(registry.run(|registry| registry.resume_deletions()).await?, 0);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct AsyncRegistry<S> {
    registry: Registry<S>,
    place: Place,
}

impl<S> Clone for AsyncRegistry<S> {
    fn clone(&self) -> Self {
        AsyncRegistry { registry: self.registry.clone(), place: self.place }
    }
}

impl<S: Store> AsyncRegistry<S> {
    /// Wraps a registry; what the store declares decides where it is asked.
    ///
    /// ```
    /// use rollbook_async::AsyncRegistry;
    /// let registry = AsyncRegistry::new(rollbook_testkit::example::registry());
    /// assert!(!registry.blocks());
    /// ```
    #[must_use]
    pub fn new(registry: Registry<S>) -> Self {
        let volatile = registry.store().info().durability == Durability::Volatile;
        AsyncRegistry { registry, place: if volatile { Place::Inline } else { Place::BlockingPool } }
    }

    /// Returns whether calls run on the pool of blocking threads.
    ///
    /// ```
    /// use rollbook_async::AsyncRegistry;
    /// assert!(AsyncRegistry::new(rollbook_testkit::example::registry()).always_blocking().blocks());
    /// ```
    #[must_use]
    pub fn blocks(&self) -> bool {
        self.place == Place::BlockingPool
    }

    /// Runs every call on the pool of blocking threads, for a volatile store whose calls take long: very large lists, or a wrapper that
    /// waits.
    ///
    /// ```
    /// use rollbook_async::AsyncRegistry;
    /// let registry = AsyncRegistry::new(rollbook_testkit::example::registry()).always_blocking();
    /// assert!(registry.blocks());
    /// ```
    #[must_use]
    pub fn always_blocking(self) -> Self {
        AsyncRegistry { place: Place::BlockingPool, ..self }
    }

    /// Runs `work` on the registry.
    ///
    /// ```
    /// use rollbook_async::AsyncRegistry;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), rollbook::Error> {
    /// let registry = AsyncRegistry::new(rollbook_testkit::example::registry());
    /// let apps = registry.run(|registry| registry.apps(None, 10)).await?;
    /// assert_eq!(apps.items.len(), 1);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// What `work` returns; [`Error::Store`] with `Unavailable` when the runtime ends before `work` has begun.
    ///
    /// # Panics
    /// When `work` panics, with the same payload.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Registry<S>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.place.run(&self.registry, work).await
    }

    /// Returns the app of this key, as [`Registry::app`] does.
    ///
    /// ```
    /// use rollbook_async::AsyncRegistry;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), rollbook::Error> {
    /// let registry = AsyncRegistry::new(rollbook_testkit::example::registry());
    /// assert!(registry.app("shop".parse()?).await.is_ok());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of [`Registry::app`] and of [`AsyncRegistry::run`].
    pub async fn app(&self, key: AppKey) -> Result<AsyncApp<S>, Error> {
        let app = self.run(move |registry| registry.app(&key)).await?;
        Ok(AsyncApp { app, place: self.place })
    }

    /// Creates an app, as [`Registry::create_app`] does.
    ///
    /// ```
    /// use rollbook_async::AsyncRegistry;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), rollbook::Error> {
    /// let registry = AsyncRegistry::new(rollbook_testkit::example::registry());
    /// let app = registry.create_app("other".parse()?, rollbook::AppSettings::default()).await?;
    /// assert_eq!(app.get().key().as_str(), "other");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of [`Registry::create_app`] and of [`AsyncRegistry::run`].
    pub async fn create_app(&self, key: AppKey, settings: AppSettings) -> Result<AsyncApp<S>, Error> {
        let app = self.run(move |registry| registry.create_app(&key, settings)).await?;
        Ok(AsyncApp { app, place: self.place })
    }
}

/// One app that asynchronous code may call.
///
/// It is cheap to clone.
///
/// ```
/// use rollbook::Audience;
/// use rollbook_async::AsyncRegistry;
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), rollbook::Error> {
/// let shop = AsyncRegistry::new(rollbook_testkit::example::registry()).app("shop".parse()?).await?;
/// assert_eq!(shop.run(|shop| shop.count(&Audience::All)).await?, 3);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct AsyncApp<S> {
    app: App<S>,
    place: Place,
}

impl<S> Clone for AsyncApp<S> {
    fn clone(&self) -> Self {
        AsyncApp { app: self.app.clone(), place: self.place }
    }
}

impl<S: Store> AsyncApp<S> {
    /// Returns the app itself, for what asks no store, and for callers that may block.
    ///
    /// ```
    /// use rollbook_async::AsyncRegistry;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), rollbook::Error> {
    /// let shop = AsyncRegistry::new(rollbook_testkit::example::registry()).app("shop".parse()?).await?;
    /// assert_eq!(shop.get().limits().tags_per_device, Some(1_000));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn get(&self) -> &App<S> {
        &self.app
    }

    /// Runs `work` on the app.
    ///
    /// ```
    /// use rollbook_async::AsyncRegistry;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), rollbook::Error> {
    /// let shop = AsyncRegistry::new(rollbook_testkit::example::registry()).app("shop".parse()?).await?;
    /// let (phone, vip) = ("phone".parse()?, "vip".parse()?);
    /// assert!(shop.run(move |shop| shop.has_tag(&phone, &vip)).await?);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// What `work` returns; [`Error::Store`] with `Unavailable` when the runtime ends before `work` has begun.
    ///
    /// # Panics
    /// When `work` panics, with the same payload.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&App<S>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.place.run(&self.app, work).await
    }

    /// Selects an audience now and returns its devices as a stream of batches, as [`App::batches`] does.
    ///
    /// A batch is read when it is polled for, and none is read ahead: a slow consumer holds compressed ordinals and no lock.
    ///
    /// ```
    /// use futures_util::TryStreamExt;
    /// use rollbook_async::AsyncRegistry;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), rollbook::Error> {
    /// let shop = AsyncRegistry::new(rollbook_testkit::example::registry()).app("shop".parse()?).await?;
    /// let batches: Vec<_> = shop.deliveries("news".parse()?, 500, None).await?.try_collect().await?;
    /// assert_eq!(batches.len(), 2); // one for each platform
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of [`App::batches`] and of [`AsyncApp::run`].
    pub async fn deliveries(
        &self,
        audience: Audience,
        max_size: usize,
        after: Option<DeviceCursor>,
    ) -> Result<Deliveries<S>, Error> {
        let batches = self.run(move |app| app.batches(&audience, max_size, after)).await?;
        Ok(Deliveries::new(batches, self.place))
    }
}
