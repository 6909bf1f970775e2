//! Secrets: compared in constant time, stored only as salted hashes, never shown.

use super::hidden::HiddenText;
use crate::violation::{Rule, Violation};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt;
use subtle::ConstantTimeEq;

/// An app's master secret or API token as a caller presents it: 1 to 256 bytes without control characters.
///
/// `Debug` shows no part of it, errors about it do not contain it, and it cannot be serialised.
///
/// ```
/// use rollbook::Secret;
/// let secret = Secret::new("fedcba987654321001234567").unwrap();
/// assert_eq!(format!("{secret:?}"), "Secret(..)");
/// assert!(!Secret::new("").unwrap_err().to_string().contains("\"\""));
/// ```
#[derive(Clone)]
pub struct Secret(Box<str>);

impl Secret {
    /// Creates a secret from a text.
    ///
    /// ```
    /// use rollbook::Secret;
    /// assert_eq!(Secret::new("fedcba9876543210")?.expose(), "fedcba9876543210");
    /// assert_eq!(Secret::new("x".repeat(257)).unwrap_err().actual(), "257");
    /// # Ok::<(), rollbook::Violation>(())
    /// ```
    ///
    /// # Errors
    /// A violation of the field `secret`, which contains the length and not the text.
    pub fn new(text: impl Into<Box<str>>) -> Result<Self, Violation> {
        let text = text.into();
        if !(1..=256).contains(&text.len()) {
            return Err(Violation::new("secret", Rule::Bytes, "must be 1 to 256", text.len()));
        }
        if text.chars().any(char::is_control) {
            return Err(Violation::new("secret", Rule::Characters, "must hold no control characters", "one"));
        }
        Ok(Secret(text))
    }

    /// Returns the text, for callers that must send it on.
    ///
    /// ```
    /// let secret = rollbook::Secret::new("fedcba9876543210").unwrap();
    /// assert_eq!(secret.expose().len(), 16);
    /// ```
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Secret::try_from(HiddenText::deserialize(from)?).map_err(Violation::in_decoding)
    }
}

impl TryFrom<HiddenText> for Secret {
    type Error = Violation;
    fn try_from(text: HiddenText) -> Result<Self, Violation> {
        Self::new(text.0)
    }
}

impl TryFrom<String> for Secret {
    type Error = Violation;
    fn try_from(text: String) -> Result<Self, Violation> {
        Self::new(text)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// The stored form of a secret: a salt and the SHA-256 of salt and secret.
///
/// One round is right here: the secret is a machine-made key of high entropy, checked on every request, and not a
/// password that a person chose.
///
/// ```
/// use rollbook::{Credential, Secret};
/// let secret = Secret::new("fedcba9876543210")?;
/// let kept = Credential::new(&secret, [7; 16]);
/// assert_ne!(kept, Credential::new(&secret, [8; 16]));
/// assert_eq!(format!("{kept:?}"), "Credential(..)");
/// # Ok::<(), rollbook::Violation>(())
/// ```
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credential {
    salt: [u8; 16],
    hash: [u8; 32],
}

impl Credential {
    /// Creates the credential of `secret` under `salt`, which must be fresh randomness.
    ///
    /// ```
    /// use rollbook::{Credential, Entropy, Secret, SystemEntropy};
    /// let secret = Secret::new("fedcba9876543210")?;
    /// let mut salt = [0; 16];
    /// assert!(SystemEntropy.fill(&mut salt));
    /// assert!(Credential::new(&secret, salt).verify(&secret));
    /// # Ok::<(), rollbook::Violation>(())
    /// ```
    #[must_use]
    pub fn new(secret: &Secret, salt: [u8; 16]) -> Self {
        Credential { salt, hash: digest(&salt, secret) }
    }

    /// Returns whether this is the secret. The time does not depend on the result.
    ///
    /// ```
    /// use rollbook::{Credential, Secret};
    /// let kept = Credential::new(&Secret::new("right").unwrap(), [7; 16]);
    /// assert!(kept.verify(&Secret::new("right").unwrap()));
    /// assert!(!kept.verify(&Secret::new("wrong").unwrap()));
    /// ```
    #[must_use]
    pub fn verify(&self, secret: &Secret) -> bool {
        Credential::is_any(std::slice::from_ref(self), secret)
    }

    /// Returns whether `secret` is one of `kept`. It is compared with each of them, even after a match. Credentials
    /// with the same salt cost one hash together, and an empty list also costs one. So, under one salt, the time
    /// reveals neither which of them matches nor how many there are.
    pub(crate) fn is_any(kept: &[Credential], secret: &Secret) -> bool {
        let mut salt = kept.first().map_or([0; 16], |first| first.salt);
        let mut hash = digest(&salt, secret);
        kept.iter().fold(false, |right, one| {
            if one.salt != salt {
                salt = one.salt;
                hash = digest(&salt, secret);
            }
            // Not `||`, which would skip the comparison after a match.
            right | bool::from(one.hash.ct_eq(&hash))
        })
    }
}

fn digest(salt: &[u8; 16], secret: &Secret) -> [u8; 32] {
    #[cfg(test)]
    tests::HASHED.set(tests::HASHED.get() + 1);
    let mut hasher = Sha256::new();
    hasher.update(salt);
    hasher.update(secret.0.as_bytes());
    hasher.finalize().into()
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credential(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    thread_local! {
        /// The number of hashes that this thread has computed.
        pub(super) static HASHED: Cell<usize> = const { Cell::new(0) };
    }

    #[test]
    fn one_hash_is_made_whether_the_secret_is_right_or_wrong_and_however_many_there_are() {
        let secret = |n: u8| Secret::new(format!("hush-{n}")).unwrap();
        for count in [0, 1, 2, 50] {
            let kept: Vec<Credential> = (0..count).map(|n| Credential::new(&secret(n), [7; 16])).collect();
            for asked in [0, 1, 49, 99] {
                HASHED.set(0);
                assert_eq!(Credential::is_any(&kept, &secret(asked)), asked < count);
                assert_eq!(HASHED.get(), 1);
            }
        }
    }

    #[test]
    fn secrets_under_different_salts_are_all_compared() {
        let secret = |n: u8| Secret::new(format!("hush-{n}")).unwrap();
        let kept: Vec<Credential> = (0..4).map(|n| Credential::new(&secret(n), [n / 2; 16])).collect();
        for asked in 0..6 {
            assert_eq!(Credential::is_any(&kept, &secret(asked)), asked < 4);
        }
    }
}
