//! Proves a store.
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
