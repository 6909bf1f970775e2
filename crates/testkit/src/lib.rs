//! The kit that proves a store, and whatever is built on a register.
//!
//! # Contents
//!
//! For whoever writes a store behind [`rollbook::store::Store`]:
//!
//! - [`how_to_test_a_store`]: start here. The suite on your store, in ten lines.
//! - [`conformance!`]: the suite. One table of cases becomes one test per case, each on a fresh store.
//!   [`run_all`] runs the same table without a test harness and answers a [`Report`].
//! - [`Fixture`]: how the suite opens your store, and opens it again.
//! - [`ordered`]: a complete store of a few hundred lines, to read before you write yours, and for tests that need
//!   a store that is obviously right. The example `ordered_store` runs the suite on it.
//! - [`check`]: a register on your store against the model, and two apps of it side by side.
//! - [`Reopening`]: your store, closed and opened again while a register is on it.
//! - [`Race`]: writers against readers.
//! - [`histories`]: is what several threads were told explained by some order of their calls?
//! - [`faults`]: every verb of a register, with a fault at every call it makes.
//!
//! For whoever writes a service on a register:
//!
//! - [`how_to_test_a_service`]: start here. Time, randomness, names, and a store that fails, all in your hands.
//! - [`strategies`]: names, limits, audiences, events and whole registers for property tests.
//! - [`FaultStore`]: wraps a store and fails when it is told to, before or after a commit is applied.
//! - [`survey`]: everything that a register tells of itself, as one value to compare.
//! - [`oracle`]: an independent model of a whole register; [`op`]: its operations as data.
//!
//! For both, and for operators:
//!
//! - [`check_register`]: walks a whole register and lists what contradicts itself, each as a [`Breach`];
//!   [`check_invariants`] does it for one app, and [`check_store_invariants`] for a store that no register wrote.
//!   For registers that take a while there are [`Spaces`], one after the other, and [`watch_invariants`], which tells
//!   how far it is.
//!
//! # What it is
//!
//! A library of tests. What it finds is told by a panic inside a test, or as a value that says in words what is wrong
//! ([`Report`], [`Mismatch`](check::Mismatch), [`Leak`](check::Leak), [`Unsound`](faults::Unsound), [`Breach`]).
//! It waits for nothing, asks no machine for the time, and comes to the same result with the same arguments, races
//! excepted.
//!
//! Everything that runs operations looks over what they left: the suite after every case, the comparison with the
//! model, the races and the sweep over faults when they end.
//!
//! # What it is not
//!
//! It is not a benchmark: the contract's promises about time are not measured. It proves nothing of a crash of the
//! machine: a store is dropped and opened again, its disk is not pulled out. And it is no part of a running service.
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
