//! Keys on disk: read or refused, and written as they were read.

/// Reads the bytes as every key of the durable store that is read.
pub fn run(bytes: &[u8]) {
    rollbook_store_rocks::fuzzing::keys(bytes);
}
