//! How to test your store in ten lines.
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
//! For a store on disk, implement [`Fixture`](crate::Fixture): it says where the store is, and how to open it there
//! again. The guard is dropped after the store:
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
//! The name of a case is its family and a sentence, so `cargo test dropped::` runs the cases about dropped keys. A
//! case that does not apply to a store, because of what the store declares in
//! [`StoreInfo`](rollbook::store::StoreInfo), passes as a test, and is listed with the reason in a
//! [`Report`](crate::Report). No case knows any store by name.
//!
//! # Four more tests
//!
//! The suite calls the store alone. The kit also tests a register on your store: against the model, in races, with two
//! apps side by side, and with a fault at every call.
//!
//! ```no_run
//! # mod my_store { pub use rollbook_testkit::ordered::OrderedStore as MyStore; }
//! use my_store::MyStore;
//! use proptest::{prelude::*, test_runner::Config};
//! use rollbook_testkit::{Race, check::{check_apart, check_shortest}, faults, op::ops_strategy};
//!
//! proptest! {
//!     #![proptest_config(Config { cases: 256, max_shrink_iters: 0, ..Config::default() })]
//!
//!     #[test]
//!     fn every_answer_is_the_models(ops in ops_strategy(60..=60)) {
//!         check_shortest(&ops, MyStore::new).map_err(|found| TestCaseError::fail(found.to_string()))?;
//!         check_apart(&ops, MyStore::new).map_err(|leak| TestCaseError::fail(leak.to_string()))?;
//!     }
//! }
//!
//! #[test]
//! fn a_device_is_always_seen_in_one_of_its_states() {
//!     Race::default().states_never_mix(MyStore::new());
//! }
//!
//! #[test]
//! fn no_fault_leaves_a_register_between_two_states() {
//!     faults::every_verb(MyStore::new).unwrap_or_else(|unsound| panic!("{unsound}"));
//! }
//! # fn main() {}
//! ```
//!
//! # What the suite requires
//!
//! The suite itself keeps to the contract: a thread that holds a view never takes another one and never calls the
//! store, so a view may be a lock; and the store chooses which ordinal a device gets, as long as ordinals stay dense.
//! Before you write a store, read [`ordered`](crate::ordered): a complete one of a few hundred lines.
