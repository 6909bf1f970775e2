//! Requests to the Pushwoosh adapter.

use rollbook_http::Faces;

/// Sends the requests.
pub fn run(bytes: &[u8]) {
    crate::faces::run(Faces::Pushwoosh, bytes);
}
