//! Tests for implementations of a Rollbook store, and test tools for services built on a register.
//!
//! # Contents
//!
//! For authors of a store, that is, of an implementation of [`rollbook::store::Store`]:
//!
//! - [`how_to_test_a_store`]: start here. The suite on your store, in ten lines.
//! - [`conformance!`]: the suite. One table of cases becomes one test per case, each on a fresh store. [`run_all`]
//!   runs the same table without a test harness and returns a [`Report`].
//! - [`Fixture`]: how the suite opens your store, and opens it again.
//! - [`ordered`]: a complete store of a few hundred lines, to read before you write yours, and for tests that need a
//!   store that is obviously right. The example `ordered_store` runs the suite on it.
//! - [`check`]: compares a register on your store with a model, and checks that two apps of it are isolated.
//! - [`Reopening`]: closes your store and opens it again while a register uses it.
//! - [`Race`]: runs writers against readers.
//! - [`histories`]: checks that some order of the calls of several threads explains what they returned.
//! - [`faults`]: runs every verb of a register with a fault at every call that it makes.
//!
//! For authors of a service that uses a register:
//!
//! - [`how_to_test_a_service`]: start here. Your test controls time, randomness, names, and a store that fails.
//! - [`strategies`]: names, limits, audiences, events and whole registers for property tests.
//! - [`FaultStore`]: wraps a store and fails on request, before or after a commit is applied.
//! - [`survey`]: everything that can be read of a register, as one value to compare.
//! - [`oracle`]: an independent model of a whole register; [`op`]: its operations as data.
//!
//! For both, and for operators:
//!
//! - [`check_register`]: walks a whole register and lists its contradictions, each as a [`Breach`];
//!   [`check_invariants`] does it for one app, and [`check_store_invariants`] for a store that no register wrote. For
//!   large registers, [`Spaces`] checks one part after the other, and [`watch_invariants`] reports its progress.
//!
//! # What it is
//!
//! A library of tests. It reports a finding by a panic inside a test, or as a value that says in words what is wrong
//! ([`Report`], [`Mismatch`](check::Mismatch), [`Leak`](check::Leak), [`Unsound`](faults::Unsound), [`Breach`]). It
//! waits for nothing, does not read the machine's clock, and gives the same result for the same arguments; only races
//! depend on the scheduling of threads.
//!
//! Everything that runs operations checks the invariants of the store afterwards: the suite after every case, and the
//! comparison with the model, the races and the sweep over faults when they end.
//!
//! # What it is not
//!
//! It is not a benchmark: the contract's promises about time are not measured. It does not show what survives a crash
//! of the machine: a store is dropped and opened again, but no power failure is simulated. And it is not meant to be
//! part of a running service.
//!
//! # How the suite itself is tested
//!
//! The kit's own tests run the suite on stores that break one guarantee each, such as one that keeps an empty key, one
//! that shows uncommitted writes, or one that forgets its content when it is opened again. For each of them the tests
//! name a case that must fail.
#![allow(
    clippy::panic,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "cases are tests: a store that does not pass is told so by a panic"
)]

#[macro_use]
mod conformance;
pub mod audiences;
mod cases;
pub mod check;
pub mod example;
mod fault;
pub mod faults;
mod fixture;
pub mod histories;
pub mod how_to_test_a_service;
pub mod how_to_test_a_store;
mod invariants;
mod look;
pub mod op;
pub mod oracle;
pub mod ordered;
mod race;
mod reopening;
pub mod strategies;
mod subject;
pub mod survey;
mod writes;

pub use conformance::{Failed, Report, case_names, run_all, run_case, run_some};
pub use fault::{Call, Calls, Failure, Fault, FaultStore, FaultView};
pub use fixture::Fixture;
pub use invariants::{
    Breach, Broken, Space, Spaces, Walked, check_invariants, check_register, check_store_invariants,
    watch_invariants,
};
pub use race::Race;
pub use reopening::{Reopening, ReopeningView};
