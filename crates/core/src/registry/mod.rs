//! The registry: the only writer, and the owner of the store, the clock and the randomness.
//!
//! From the ground up; no module names one below it in this table:
//!
//! | module | what |
//! |---|---|
//! | `commit` | the loop around every write: plan, commit, plan again after a conflict |
//! | `plan_error` | why an operation could not be planned |
//! | `transaction` | the planned effect of one or several operations; the read set and the write set |
//! | `verbs` | how each operation is planned, as a function over a transaction |
//! | `directory` | which apps there are |
//! | `sign_out`, `deletion` | what takes more than one commit, in bounded steps |
//! | `write` | the operations of one app: a transaction in the loop |
//! | `apps` | apps: create, list, look up, change, delete |

mod apps;
pub(crate) mod commit;
mod deletion;
mod directory;
pub(crate) mod plan_error;
mod sign_out;
pub(crate) mod transaction;
pub(crate) mod verbs;
mod write;

use crate::error::{Error, Subject};
use crate::live_view::LiveView;
use crate::model::{AppRecord, Clock, Entropy, SystemClock, SystemEntropy};
use crate::store::{Store, View};
use std::fmt;
use std::sync::Arc;

/// A register: many apps on one store.
///
/// Clones share the store. Every method may block as long as the store does.
///
/// ```
/// use rollbook::{Registry, store::Store};
/// fn open(store: impl Store) -> Registry<impl Store> {
///     Registry::builder(store).build()
/// }
/// ```
pub struct Registry<S> {
    inner: Arc<Inner<S>>,
}

impl<S> Clone for Registry<S> {
    fn clone(&self) -> Self {
        Registry { inner: Arc::clone(&self.inner) }
    }
}

/// What all handles of a register share.
pub(crate) struct Inner<S> {
    pub(crate) store: S,
    pub(crate) clock: Box<dyn Clock>,
    pub(crate) entropy: Box<dyn Entropy>,
}

/// One app of a register, as of the moment its handle was made.
pub(crate) struct Scope<S> {
    pub(crate) inner: Arc<Inner<S>>,
    pub(crate) app: Arc<AppRecord>,
}

impl<S> Clone for Scope<S> {
    fn clone(&self) -> Self {
        Scope { inner: Arc::clone(&self.inner), app: Arc::clone(&self.app) }
    }
}

impl<S: Store> Scope<S> {
    /// Returns a view of the app without the devices that are pending deletion.
    #[inline]
    pub(crate) fn live_view(&self) -> Result<LiveView<S::View<'_>>, Error> {
        let view = self.inner.store.view(self.app.id).map_err(Error::store("take a view"))?;
        if view.is_sealed() {
            return Err(Error::not_found(Subject::App, self.app.key.as_str()));
        }
        LiveView::new(view)
    }
}

/// What a register is made of, before it is made.
///
/// ```
/// use rollbook::{ManualClock, Registry, SeededEntropy, Timestamp};
/// use rollbook_testkit::ordered::OrderedStore;
/// let registry = Registry::builder(OrderedStore::new())
///     .clock(ManualClock::at(Timestamp::from_secs(0)))
///     .entropy(SeededEntropy::new(1))
///     .build();
/// assert!(registry.apps(None, 1).unwrap().items.is_empty());
/// ```
pub struct RegistryBuilder<S> {
    store: S,
    clock: Box<dyn Clock>,
    entropy: Box<dyn Entropy>,
}

impl<S> Registry<S> {
    /// A register on this store, with the machine's clock and randomness unless others are given.
    ///
    /// ```
    /// use rollbook::{AppSettings, Audience, Registry};
    /// use rollbook_testkit::ordered::OrderedStore;
    /// let registry = Registry::builder(OrderedStore::new()).build();
    /// let shop = registry.create_app(&"shop".parse()?, AppSettings::default())?;
    /// assert_eq!(shop.count(&Audience::All)?, 0);
    /// # Ok::<(), rollbook::Error>(())
    /// ```
    pub fn builder(store: S) -> RegistryBuilder<S> {
        RegistryBuilder { store, clock: Box::new(SystemClock), entropy: Box::new(SystemEntropy) }
    }

    /// The store.
    ///
    /// ```
    /// use rollbook::store::{Durability, Store};
    /// let registry = rollbook_testkit::example::registry();
    /// assert_eq!(registry.store().info().durability, Durability::Volatile);
    /// ```
    #[must_use]
    pub fn store(&self) -> &S {
        &self.inner.store
    }
}

impl<S> RegistryBuilder<S> {
    /// Where the time comes from.
    ///
    /// ```
    /// use rollbook::{AppSettings, ManualClock, Registry, Timestamp};
    /// use rollbook_testkit::ordered::OrderedStore;
    /// use std::sync::Arc;
    /// let clock = Arc::new(ManualClock::at(Timestamp::from_secs(0)));
    /// let registry = Registry::builder(OrderedStore::new()).clock(Arc::clone(&clock)).build();
    /// let shop = registry.create_app(&"shop".parse()?, AppSettings::default())?;
    /// clock.advance(60);
    /// shop.declare_event(&"opened".parse()?)?;
    /// assert_eq!(shop.event_types()?[0].declared_at.secs(), 60);
    /// # Ok::<(), rollbook::Error>(())
    /// ```
    #[must_use]
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Box::new(clock);
        self
    }

    /// Where randomness comes from.
    ///
    /// ```
    /// use rollbook::{AppSettings, Entropy, ErrorKind, Registry};
    /// use rollbook_testkit::ordered::OrderedStore;
    ///
    /// struct Dry;
    ///
    /// impl Entropy for Dry {
    ///     fn fill(&self, _: &mut [u8]) -> bool {
    ///         false
    ///     }
    /// }
    /// let registry = Registry::builder(OrderedStore::new()).entropy(Dry).build();
    /// let refused = registry.create_app(&"shop".parse()?, AppSettings::default()).unwrap_err();
    /// assert_eq!(refused.kind(), ErrorKind::Unavailable); // no app without a salt of its own
    /// # Ok::<(), rollbook::Error>(())
    /// ```
    #[must_use]
    pub fn entropy(mut self, entropy: impl Entropy) -> Self {
        self.entropy = Box::new(entropy);
        self
    }

    /// The register. Deletions that a crash interrupted go on with [`Registry::resume_deletions`].
    ///
    /// ```
    /// use rollbook::Registry;
    /// use rollbook_testkit::ordered::OrderedStore;
    /// let registry = Registry::builder(OrderedStore::new()).build();
    /// assert_eq!(registry.resume_deletions()?, 0); // nothing was interrupted in a new store
    /// # Ok::<(), rollbook::Error>(())
    /// ```
    #[must_use]
    pub fn build(self) -> Registry<S> {
        let RegistryBuilder { store, clock, entropy } = self;
        Registry { inner: Arc::new(Inner { store, clock, entropy }) }
    }
}

impl<S> fmt::Debug for Registry<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry").finish_non_exhaustive()
    }
}

impl<S> fmt::Debug for RegistryBuilder<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RegistryBuilder").finish_non_exhaustive()
    }
}
