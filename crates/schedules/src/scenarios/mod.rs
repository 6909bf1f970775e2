//! What the threads do, and what must hold whoever comes first. Each scenario is one run; a scheduler runs it again
//! and again.

pub mod in_memory;
pub mod newest_picture;
pub mod through_the_gate;
