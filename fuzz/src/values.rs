//! Values on disk: read or refused, and written as they were read.

/// Reads the bytes as every value of the durable store.
pub fn run(bytes: &[u8]) {
    rollbook_store_rocks::fuzzing::values(bytes);
}
