//! How the suite opens a fresh store, and opens it again.

use rollbook::store::Store;

/// Makes the stores that the suite tests. Every case has a store of its own.
///
/// For a store in memory, a function that makes one is a fixture already. For any other store, [`Fixture::guard`]
/// makes the place where it is kept (a temporary directory, a container), and [`Fixture::open`] opens the store there.
/// The guard outlives the store and is dropped at the end of the case.
///
/// Only [`StoreInfo::durability`](rollbook::store::StoreInfo) decides whether the cases about opening again apply:
/// they are run on every store that declares that it keeps what it acknowledged.
///
/// ```
/// use rollbook_testkit::{Fixture, ordered::OrderedStore};
///
/// struct Ordered;
///
/// impl Fixture for Ordered {
///     type Store = OrderedStore;
///     type Guard = (); // a durable store: `tempfile::TempDir`
///
///     fn guard(&self) {}
///
///     fn open(&self, _guard: &()) -> OrderedStore {
///         OrderedStore::new()
///     }
///
///     fn open_at(&self, _guard: &(), first_ordinal: u32) -> Option<OrderedStore> {
///         Some(OrderedStore::starting_at(first_ordinal))
///     }
/// }
/// ```
pub trait Fixture: Sync {
    /// The store under test.
    type Store: Store;
    /// Owns the place where the store is kept.
    type Guard;

    /// Makes a new, empty place for one store.
    fn guard(&self) -> Self::Guard;

    /// Opens the store in this place: an empty one the first time, and afterwards with everything that it held when
    /// the store opened before was dropped.
    fn open(&self, guard: &Self::Guard) -> Self::Store;

    /// Opens an empty store that gives its first device on every platform this ordinal, as if all lower ones were
    /// taken. Returns `None`, the default, when the store cannot do this; the cases about the top of the range are
    /// then skipped.
    fn open_at(&self, guard: &Self::Guard, first_ordinal: u32) -> Option<Self::Store> {
        let _ = (guard, first_ordinal);
        None
    }
}

/// A function that makes an empty store is enough for a store in memory.
impl<S: Store, F: Fn() -> S + Sync> Fixture for F {
    type Store = S;
    type Guard = ();

    fn guard(&self) {}

    fn open(&self, (): &()) -> S {
        self()
    }
}
