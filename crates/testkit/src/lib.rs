//! Proves a store.

#[path = "../examples/ordered_store/store/mod.rs"]
pub mod ordered;
