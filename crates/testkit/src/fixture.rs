//! What the suite needs to know of a store: how a fresh one is opened, and how it is opened again.

use rollbook::store::Store;

/// How the suite gets its stores. Every case has one of its own.
///
/// For a store that lives in memory, a function that makes one is a fixture already. Any other store says where it
/// stands: [`Fixture::guard`] makes the place (a temporary directory, a container), [`Fixture::open`] opens the store
/// on it. What the guard owns lives longer than the store and ends with the case.
///
/// Whether the cases about opening again apply is decided by [`StoreInfo::durability`](rollbook::store::StoreInfo),
/// nothing else: a store that declares that it keeps what it acknowledged is held to it.
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
    /// What the store stands on.
    type Guard;

    /// A new, empty place for one store.
    fn guard(&self) -> Self::Guard;

    /// Opens the store that stands there: an empty one the first time, and afterwards with everything that it had
    /// when the one before was dropped.
    fn open(&self, guard: &Self::Guard) -> Self::Store;

    /// Opens an empty store that gives its first device on every platform this ordinal, as if all lower ones were
    /// taken. `None`, the default: the store cannot be made to, and the cases about the top of the range are skipped.
    fn open_at(&self, guard: &Self::Guard, first_ordinal: u32) -> Option<Self::Store> {
        let _ = (guard, first_ordinal);
        None
    }
}

/// A function that makes an empty store: all that a store in memory needs.
impl<S: Store, F: Fn() -> S + Sync> Fixture for F {
    type Store = S;
    type Guard = ();

    fn guard(&self) {}

    fn open(&self, (): &()) -> S {
        self()
    }
}
