//! What is in a request's path and query.

use crate::extract::shown;
use rollbook::{Platform, PlatformSet, Rule, Violation, Violations};
use std::sync::LazyLock;

/// No path of a face has more segments than this.
const MOST: usize = 8;

/// The segments of a path as they were sent, still encoded. Trailing and doubled slashes make none.
pub(crate) fn segments(path: &str) -> Vec<&str> {
    path.split('/').filter(|segment| !segment.is_empty()).take(MOST).collect()
}

/// A segment or a value of the query as text.
pub(crate) fn decode(field: &'static str, text: &str) -> Result<String, Violation> {
    let refused = || {
        let limit = "must be percent-encoded UTF-8";
        Violation::new(field, Rule::Form, limit, shown(text))
    };
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
            let (high, low) = digit(rest.next()).zip(digit(rest.next())).ok_or_else(refused)?;
            bytes.push(u8::try_from(high << 4 | low).map_err(|_| refused())?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).map_err(|_| refused())
}

/// The values that a query gives a name, still encoded.
pub(crate) fn values<'q>(query: Option<&'q str>, name: &'q str) -> impl Iterator<Item = &'q str> {
    query.unwrap_or_default().split('&').filter_map(move |pair| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        (key == name).then_some(value)
    })
}

/// How many unknown platforms of one query are named.
const NAMED: usize = 20;

/// The platforms that a query names, separated by commas; all of them when it names none.
pub(crate) fn platforms(query: Option<&str>) -> Result<PlatformSet, Violations> {
    let field = "platform";
    let mut set = PlatformSet::NONE;
    let mut bad = Vec::new();
    let mut index = 0;
    for value in values(query, field).filter(|value| !value.is_empty()) {
        // Split after decoding: a comma may be sent as %2C.
        let value = decode(field, value)?;
        for name in value.split(',').map(str::trim) {
            match named(name) {
                Some(platform) => set = set.with(platform),
                None if bad.len() == NAMED => {
                    bad.push(Violation::new(field, Rule::Known, KNOWN.as_str(), "more that are not"));
                    return Violations::check(bad).map(|()| set);
                }
                None => {
                    let unknown = Violation::new(field, Rule::Known, KNOWN.as_str(), shown(name));
                    bad.push(unknown.in_list(field, index));
                }
            }
            index += 1;
        }
    }
    Violations::check(bad)?;
    Ok(if set.is_empty() { PlatformSet::ALL } else { set })
}

static KNOWN: LazyLock<String> = LazyLock::new(|| {
    let named = Platform::ALL.into_iter().filter(|&platform| platform != Platform::Unknown);
    let names: Vec<&str> = named.map(|platform| platform.jpush_name().unwrap_or(platform.name())).collect();
    format!("must be one of {}", names.join(" "))
});

/// Devices of no known platform are met only by asking for all, so `unknown` is not a name to ask by.
fn named(name: &str) -> Option<Platform> {
    Platform::ALL
        .into_iter()
        .filter(|&platform| platform != Platform::Unknown)
        .find(|platform| platform.name() == name || platform.jpush_name() == Some(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slashes_too_many_make_no_segment() {
        assert_eq!(segments("//v3/tags///t/"), ["v3", "tags", "t"]);
        assert_eq!(segments("/"), [""; 0]);
        assert_eq!(segments(&"/a".repeat(1_000)).len(), MOST);
    }

    #[test]
    fn both_cases_of_digits_and_raw_bytes_decode_alike() {
        for text in ["%E6%B1%89", "%e6%b1%89", "汉", "%e6%B1\u{89}"] {
            let decoded = decode("tag", text);
            assert_eq!(decoded.is_ok_and(|tag| tag == "汉"), !text.contains('\u{89}'));
        }
        assert_eq!(decode("tag", "a+b%2Fc").unwrap(), "a+b/c");
    }

    #[test]
    fn what_is_not_encoded_text_is_refused() {
        for text in ["%", "%4", "%zz", "%FF", "%C3%28", "%+1"] {
            let message = decode("tag", text).unwrap_err().to_string();
            assert_eq!(message, format!("tag: form: must be percent-encoded UTF-8: got {text:?}"));
        }
    }

    #[test]
    fn platforms_are_split_after_decoding() {
        let both = PlatformSet::of(&[Platform::Android, Platform::Ios]);
        for query in ["platform=android,ios", "platform=android%2Cios", "platform=ios&x=1&platform=android"] {
            assert_eq!(platforms(Some(query)).unwrap(), both);
        }
        for query in [None, Some(""), Some("platform"), Some("platform="), Some("new_format=true")] {
            assert_eq!(platforms(query).unwrap(), PlatformSet::ALL);
        }
        for query in ["platform=amiga", "platform=ios,", "platform=unknown", "platform=%FF", "platform=,"] {
            assert!(platforms(Some(query)).is_err(), "{query}");
        }
    }
}
