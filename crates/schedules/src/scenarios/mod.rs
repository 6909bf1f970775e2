//! What the threads do, and what must hold in every order. Each scenario is one run, which a scheduler repeats.

pub mod in_memory;
pub mod newest_picture;
pub mod through_the_gate;
