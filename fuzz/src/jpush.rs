//! Requests to the JPush face.

use rollbook_http::Faces;

/// Sends the requests.
pub fn run(bytes: &[u8]) {
    crate::faces::run(Faces::Jpush, bytes);
}
