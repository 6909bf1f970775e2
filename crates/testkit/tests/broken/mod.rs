//! Stores that break one guarantee each.

mod reads;
mod reopening;
mod writes;

pub use reads::*;
pub use reopening::*;
pub use writes::*;
