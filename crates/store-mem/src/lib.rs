//! Memory store.
mod apply;
mod apps;
mod check;
mod chunked;
mod devices;
mod keys;
mod line;
mod log;
mod memory;
mod pack;
mod rehearsal;
mod sets;
mod state;
mod store;
mod table;
mod text;
mod varint;
mod view;

pub use memory::MemoryUse;
pub use store::{MemOptions, MemStore};
pub use view::MemView;
