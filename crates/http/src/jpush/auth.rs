//! Who asks: `Authorization: Basic base64(appKey:masterSecret)`.

use super::error::Refusal;
use crate::authenticate::{Verdict, authenticate, authorization};
use axum::http::HeaderMap;
use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use rollbook::store::Store;
use rollbook::{App, AppKey, Registry, Secret};

/// Some clients leave the padding out.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The app whose key and master secret the request carries.
pub(super) fn app<S: Store>(registry: &Registry<S>, headers: &HeaderMap) -> Result<App<S>, Refusal> {
    let (key, secret) = credentials(headers)?;
    let (key, secret) = (AppKey::new(key).ok(), Secret::new(secret).ok());
    match authenticate(registry, key.as_ref(), secret.as_ref(), App::verify_master_secret)? {
        Verdict::Right(app) => Ok(app),
        Verdict::Wrong => Err(Refusal::wrong_secret(key)),
        Verdict::Unknown => Err(Refusal::no_app(key)),
    }
}

/// The two halves of a Basic authorization. Errors about it repeat nothing of it.
fn credentials(headers: &HeaderMap) -> Result<(String, String), Refusal> {
    let (scheme, encoded) = authorization(headers).map_err(Refusal::no_credentials)?;
    let malformed = || Refusal::no_credentials("another form");
    if !scheme.eq_ignore_ascii_case("basic") {
        return Err(malformed());
    }
    let decoded = BASE64.decode(encoded).map_err(|_| malformed())?;
    // No key and no secret holds the character that stands for what is not UTF-8.
    let decoded = String::from_utf8_lossy(&decoded);
    let (key, secret) = decoded.split_once(':').ok_or_else(malformed)?;
    if key.is_empty() || secret.is_empty() {
        return Err(Refusal::no_credentials("an empty key or secret"));
    }
    Ok((key.to_owned(), secret.to_owned()))
}
