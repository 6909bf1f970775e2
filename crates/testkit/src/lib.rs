//! Proves a store.

#[path = "../examples/ordered_store/store/mod.rs"]
pub mod ordered;

pub mod check;
pub mod op;
pub mod oracle;
mod race;
pub mod strategies;

pub use race::Race;
