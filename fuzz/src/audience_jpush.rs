//! A condition in JPush's form: every way to evaluate it gives the same result.

use crate::audience_text::answers;
use rollbook::{Audience, JpushAudience};

/// Reads the bytes as a condition in JPush's form and evaluates it on a small register.
pub fn run(bytes: &[u8]) {
    let Ok(form) = serde_json::from_slice::<JpushAudience>(bytes) else { return };
    let written = serde_json::to_vec(&form).map(|written| serde_json::from_slice::<JpushAudience>(&written));
    assert!(matches!(&written, Ok(Ok(again)) if *again == form), "{form:?} reads again as {written:?}");
    if let Ok(audience) = Audience::try_from(&form) {
        answers(&audience);
    }
}
