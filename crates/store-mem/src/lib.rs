//! Memory store.
mod chunked;
mod pack;
mod varint;
mod line;
mod table;
mod check;
mod devices;
mod text;
mod sets;
mod keys;
mod log;
mod state;
mod rehearsal;
mod apply;
mod view;
mod apps;
mod memory;
mod store;

pub use memory::MemoryUse;
pub use store::{MemOptions, MemStore};
pub use view::MemView;
