//! Who asks: `Authorization: Basic base64(appKey:masterSecret)`.

use super::error::Refusal;
use axum::http::{HeaderMap, HeaderValue, header};
use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use rollbook::store::Store;
use rollbook::{App, AppKey, Credential, Error, Registry, Secret};
use std::sync::LazyLock;

/// Some clients leave the padding out.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// What a secret is compared with when there is no app to compare it with: the answer must not come sooner.
static NOBODY: LazyLock<Option<Credential>> =
    LazyLock::new(|| Secret::new("nobody").ok().map(|secret| Credential::new(&secret, [0; 16])));

/// Compares a secret with that of nobody.
pub(crate) fn compare_with_nobody(secret: &Secret) {
    let compared = NOBODY.as_ref().is_some_and(|nobody| nobody.verify(secret));
    // Whatever came out, the work is done and not optimized away.
    std::hint::black_box(compared);
}

/// The app whose key and master secret the request carries.
pub(super) fn authenticate<S: Store>(registry: &Registry<S>, headers: &HeaderMap) -> Result<App<S>, Refusal> {
    let (key, secret) = credentials(headers.get(header::AUTHORIZATION))?;
    let app = match AppKey::new(key) {
        Ok(key) => match registry.app(&key) {
            Ok(app) => Some(app),
            Err(Error::NotFound { .. }) => None,
            Err(error) => return Err(error.into()),
        },
        Err(_) => None,
    };
    // What no secret can be is not the right one.
    let secret = Secret::new(secret).ok();
    match (app, secret) {
        (Some(app), Some(secret)) if app.verify_master_secret(&secret) => Ok(app),
        (Some(app), _) => {
            // The register writes down the name of an app that it does not find; so much is done for one it finds.
            std::hint::black_box(format!("{:?}", app.key().as_str()));
            Err(Refusal::wrong_secret())
        }
        (None, Some(secret)) => {
            compare_with_nobody(&secret);
            Err(Refusal::no_app())
        }
        (None, None) => Err(Refusal::no_app()),
    }
}

/// The two halves of a Basic authorization. Errors about it repeat nothing of it.
fn credentials(header: Option<&HeaderValue>) -> Result<(String, String), Refusal> {
    let header = header.ok_or_else(|| Refusal::no_credentials("none"))?;
    let malformed = || Refusal::no_credentials("another form");
    let header = header.to_str().map_err(|_| malformed())?;
    let (scheme, encoded) = header.trim().split_once(' ').ok_or_else(malformed)?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return Err(malformed());
    }
    let decoded = BASE64.decode(encoded.trim()).map_err(|_| malformed())?;
    // No key and no secret holds the character that stands for what is not UTF-8.
    let decoded = String::from_utf8_lossy(&decoded);
    let (key, secret) = decoded.split_once(':').ok_or_else(malformed)?;
    if key.is_empty() || secret.is_empty() {
        return Err(Refusal::no_credentials("an empty key or secret"));
    }
    Ok((key.to_owned(), secret.to_owned()))
}
