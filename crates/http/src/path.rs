//! What is in a request's path and query.

use crate::extract::shown;
use rollbook::{PlatformSet, Rule, Violation, Violations};
use smallvec::SmallVec;

/// No path of a face has more segments than this.
const MOST: usize = 8;

/// The segments of a path as they were sent, still encoded. Trailing and doubled slashes make none.
pub(crate) fn segments(path: &str) -> SmallVec<[&str; MOST]> {
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
            bytes.push(u8::try_from(high * 16 + low).map_err(|_| refused())?);
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

/// How many mistakes of one query are named.
const NAMED: usize = 20;

/// What else may be in a query that names platforms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Others {
    /// Anything, and nothing is made of it.
    Ignored,
    /// Nothing: a misspelt filter must not widen a deletion to everything.
    Refused,
}

/// The platforms that a query names by JPush's names, separated by commas; all of them when it names none.
pub(crate) fn platforms(query: Option<&str>, others: Others) -> Result<PlatformSet, Violations> {
    let field = "platform";
    let mut set = PlatformSet::NONE;
    let mut bad = Vec::new();
    let mut index = 0;
    for pair in query.unwrap_or_default().split('&').filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        if key != field {
            if others == Others::Refused && bad.len() < NAMED {
                bad.push(Violation::new("query", Rule::Known, "must hold only platform", shown(key)));
            }
            continue;
        }
        // Split after decoding: a comma may be sent as %2C. An empty part is no platform, and never all of them.
        for name in decode(field, value)?.split(',').map(str::trim) {
            match PlatformSet::from_jpush_name(name) {
                Ok(platforms) => set = set.or(platforms),
                Err(unknown) if bad.len() < NAMED => bad.push(unknown.in_list(field, index)),
                Err(unknown) => {
                    bad.push(Violation::new(
                        field,
                        Rule::Known,
                        unknown.limit().to_owned(),
                        "more that are not",
                    ));
                    return Err(Violations::check(bad).err().unwrap_or_else(|| unknown.into()));
                }
            }
            index += 1;
        }
    }
    Violations::check(bad)?;
    Ok(if set.is_empty() { PlatformSet::ALL } else { set })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rollbook::Platform;

    #[test]
    fn slashes_too_many_make_no_segment() {
        assert_eq!(segments("//v3/tags///t/").as_slice(), ["v3", "tags", "t"]);
        assert_eq!(segments("/").as_slice(), [""; 0]);
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
        let platforms = |query: Option<&str>| platforms(query, Others::Ignored);
        let both = PlatformSet::from_jpush_name("android").unwrap().with(Platform::Ios);
        for query in ["platform=android,ios", "platform=android%2Cios", "platform=ios&x=1&platform=android"] {
            assert_eq!(platforms(Some(query)).unwrap(), both);
        }
        for query in [None, Some(""), Some("&&"), Some("new_format=true")] {
            assert_eq!(platforms(query).unwrap(), PlatformSet::ALL);
        }
        for query in [
            "platform=amiga",
            "platform=ios,",
            "platform=unknown",
            "platform=%FF",
            "platform=,",
            "platform=",
            "platform",
            "platform=ios&platform=",
            "platform=%2C",
            "platform=+",
        ] {
            assert!(platforms(Some(query)).is_err(), "{query}");
        }
    }

    #[test]
    fn where_others_are_refused_a_misspelt_filter_is_no_filter() {
        let platforms = |query: &str| platforms(Some(query), Others::Refused);
        assert_eq!(platforms("platform=ios&").unwrap(), Platform::Ios.into());
        for (query, key) in
            [("Platform=ios", "Platform"), ("platform[]=ios", "platform[]"), ("x", "x"), ("=", "")]
        {
            let message = format!("query: known: must hold only platform: got {key:?}");
            assert_eq!(platforms(query).unwrap_err().to_string(), message);
            assert!(platforms(&format!("platform=ios&{query}")).is_err());
        }
        assert_eq!(platforms(&"x=1&".repeat(9_000)).unwrap_err().as_slice().len(), NAMED);
    }
}
