//! Proves a store.

#[path = "../examples/ordered_store/store/mod.rs"]
pub mod ordered;

pub mod check;
pub mod op;
pub mod oracle;
pub mod strategies;
mod race;

pub use race::Race;
