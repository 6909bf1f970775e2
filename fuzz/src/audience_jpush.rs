//! A condition in JPush's form: every way to ask it has one answer.

use crate::audience_text::answers;
use rollbook::{Audience, JpushAudience};

/// Reads the bytes as the form and asks a small register about it.
pub fn run(bytes: &[u8]) {
    let Ok(form) = serde_json::from_slice::<JpushAudience>(bytes) else { return };
    let written = serde_json::to_vec(&form).map(|written| serde_json::from_slice::<JpushAudience>(&written));
    assert!(matches!(&written, Ok(Ok(again)) if *again == form), "{form:?} reads again as {written:?}");
    if let Ok(audience) = Audience::try_from(&form) {
        answers(&audience);
    }
}
