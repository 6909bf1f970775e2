//! Proves a store.

#[path = "../examples/ordered_store/store/mod.rs"]
pub mod ordered;

mod race;

pub use race::Race;
