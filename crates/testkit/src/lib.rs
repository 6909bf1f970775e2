//! Proves a store.

#[path = "../examples/ordered_store/store/mod.rs"]
pub mod ordered;

pub mod op;
pub mod oracle;
