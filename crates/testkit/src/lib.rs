//! Proves a store: for anyone who writes one behind [`rollbook::store::Store`], and for whoever must know what a
//! register does when its store fails.
//!
//! - [`conformance!`]: the suite. One table of cases becomes one test per case, each on a fresh store.
//!   [`run_all`] runs the same table without a test harness and answers a [`Report`].
//! - [`Fixture`]: how the suite opens your store, and opens it again.
//! - [`check_invariants`]: walks everything that a view shows and lists what contradicts itself, each as a
//!   [`Breach`]. The suite does it after every case; an operator can do it on a live register.
//! - [`FaultStore`]: wraps a store and fails when it is told to, before or after a commit is applied.
//! - [`ordered`]: a complete store of a few hundred lines, to read before you write yours, and for tests that need
//!   a store that is obviously right. Its source is the example `ordered_store`.
//!
//! It is not a benchmark: the contract's promises about time are not measured.
//!
//! # How to test your store in ten lines
//!
//! A store in memory needs a function that makes an empty one. This is the whole of `tests/conformance.rs`:
//!
//! ```
//! # mod my_store { pub use rollbook_testkit::ordered::OrderedStore as MyStore; }
//! use my_store::MyStore;
//!
//! rollbook_testkit::conformance!(MyStore::new);
//! # fn main() {}
//! ```
//!
//! A store on disk says where it stands, and that it can be opened there again. The guard is dropped after the store:
//!
//! ```
//! # mod my_store {
//! #     #[derive(Default)]
//! #     pub struct Directory; // stands for `tempfile::TempDir`
//! #     pub struct MyStore;
//! #     impl MyStore {
//! #         pub fn open(_: &Directory) -> rollbook_testkit::ordered::OrderedStore { Default::default() }
//! #     }
//! # }
//! use my_store::{Directory, MyStore};
//!
//! struct OnDisk;
//!
//! impl rollbook_testkit::Fixture for OnDisk {
//! #   type Store = rollbook_testkit::ordered::OrderedStore; /*
//!     type Store = MyStore;
//! #   */
//!     type Guard = Directory;
//!     fn guard(&self) -> Directory { Directory::default() }
//!     fn open(&self, directory: &Directory) -> Self::Store { MyStore::open(directory) }
//! }
//!
//! rollbook_testkit::conformance!(OnDisk);
//! # fn main() {}
//! ```
//!
//! A case is named by its family and a sentence, so `cargo test dropped::` runs what concerns dropped keys. What does
//! not apply to a store by what it declares in [`StoreInfo`](rollbook::store::StoreInfo) passes as a test, and is
//! listed with the reason in a [`Report`]. No case knows any store by name.
//!
//! The suite keeps to the contract as well: a thread that holds a view never takes another and never calls the store,
//! so a view may be a lock; and which ordinal a device gets is the store's choice, as long as ordinals stay dense.
//!
//! # What is proved of the suite
//!
//! The kit's own tests run it on stores that break one guarantee each, such as one that keeps an empty key, one that
//! shows uncommitted writes, one that forgets when it is opened again; and name for each a case that catches it.
#![allow(
    clippy::panic,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "cases are tests: a store that does not pass is told so by a panic"
)]

#[macro_use]
mod conformance;
mod cases;
pub mod check;
mod fault;
mod fixture;
mod invariants;
mod look;
pub mod op;
pub mod oracle;
#[path = "../examples/ordered_store/store/mod.rs"]
pub mod ordered;
mod race;
pub mod strategies;
mod subject;
mod writes;

pub use conformance::{Failed, Report, case_names, run_all, run_case, run_some};
pub use fault::{Call, Calls, Failure, Fault, FaultStore, FaultView};
pub use fixture::Fixture;
pub use invariants::{Breach, Broken, check_invariants, check_store_invariants};
pub use race::Race;
