//! Keys on disk: read or refused, and written as they were read.

/// Reads the bytes as every kind of key that the durable store reads.
pub fn run(bytes: &[u8]) {
    rollbook_store_rocks::fuzzing::keys(bytes);
}
