//! Keys and secrets, made of the system's randomness.

use crate::failure::Failure;
use rollbook::{AppKey, Entropy, Secret, SystemEntropy};

/// Thirty-two letters and digits, so that each stands for five random bits.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghijklmnopqrstuv";

/// JPush's clients require exactly this many letters and digits in the key and in the secret: 120 random bits.
const JPUSH: usize = 24;

/// The length of a vendor's API token: 200 random bits.
const TOKEN: usize = 40;

pub(super) fn app_key() -> Result<AppKey, Failure> {
    Ok(AppKey::new(letters(JPUSH)?)?)
}

pub(crate) fn master_secret() -> Result<Secret, Failure> {
    Ok(Secret::new(letters(JPUSH)?)?)
}

pub(super) fn api_tokens(count: u8) -> Result<Vec<Secret>, Failure> {
    (0..count).map(|_| Ok(Secret::new(letters(TOKEN)?)?)).collect()
}

fn letters(count: usize) -> Result<String, Failure> {
    let mut bytes = vec![0; count];
    if !SystemEntropy.fill(&mut bytes) {
        return Err(Failure::Refused("the system has no randomness to give".into()));
    }
    let letter = |byte: u8| ALPHABET.get(usize::from(byte % 32)).copied().map(char::from);
    Ok(bytes.into_iter().filter_map(letter).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn what_is_made_is_of_the_form_that_clients_insist_on_and_never_the_same() {
        let made: HashSet<String> = (0..100).map(|_| master_secret().unwrap().expose().to_owned()).collect();
        assert_eq!(made.len(), 100);
        let form = |text: &str| text.len() == 24 && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        assert!(made.iter().all(|secret| form(secret)) && form(app_key().unwrap().as_str()));
        // Among 2 400 letters each occurs.
        let letters: HashSet<char> = made.iter().flat_map(|secret| secret.chars()).collect();
        assert_eq!(letters.len(), 32);
        let tokens = api_tokens(3).unwrap();
        assert!(tokens.len() == 3 && tokens.iter().all(|token| token.expose().len() == 40));
    }
}
