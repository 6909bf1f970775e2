//! A request's body, within its limit.

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, header};
use http_body_util::BodyExt;

/// A client that sends more than the limit reads its answer when it has sent all: so many times the limit are read
/// and thrown away before the connection is closed on it.
const PATIENCE: usize = 8;

/// Why there is no body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Incomplete {
    TooLarge,
    Broken,
}

/// Reads the body, whatever its type and whether its length is declared or not.
pub(super) async fn read(headers: &HeaderMap, mut body: Body, limit: usize) -> Result<Bytes, Incomplete> {
    // A client that waits to be asked for its body need not send one that is refused.
    let declared = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    if headers.contains_key(header::EXPECT) && declared.is_some_and(|length: u64| length > limit as u64) {
        return Err(Incomplete::TooLarge);
    }
    // Most bodies are one frame, which is the body then.
    let mut first = Bytes::new();
    let mut joined = Vec::new();
    let mut seen = 0_usize;
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| Incomplete::Broken)?.into_data() else { continue };
        seen = seen.saturating_add(data.len());
        if seen > limit {
            (first, joined) = (Bytes::new(), Vec::new());
            if seen > limit.saturating_mul(PATIENCE) {
                break;
            }
        } else if first.is_empty() && joined.is_empty() {
            first = data;
        } else {
            if joined.is_empty() {
                joined.extend_from_slice(&first);
                first = Bytes::new();
            }
            joined.extend_from_slice(&data);
        }
    }
    if seen > limit {
        return Err(Incomplete::TooLarge);
    }
    Ok(if joined.is_empty() { first } else { joined.into() })
}
