//! Reading requests out of JSON, strictly: what is of the wrong type is an argument error with the place of it, and
//! never taken for something else. A null member counts as absent.
//!
//! A body is read in one pass, straight into what the request needs of it: a type that is read implements [`Request`]
//! (an object of which some members are known) or [`Read`] (anything else). What a request does not know is skipped
//! without being kept, however long or deep it is. So what a stranger sends costs nothing but itself, and what is known
//! costs at most eight times the length of the body (see [`room`]).

mod faults;
mod members;
mod numbers;
mod read;
mod texts;

pub(crate) use faults::{Faults, Place, Tally, line, shown};
pub(crate) use members::{Members, Request};
pub(crate) use numbers::{as_sent, numbers};
pub(crate) use read::{Piece, Read, Reader};
pub use texts::Texts;

use rollbook::{Rule, Violation, Violations};
use serde::Deserializer;
use serde::de::Error;

/// Why there is no request in a body.
#[derive(Debug)]
pub(crate) enum Unread {
    /// The body is no JSON, or no text at all.
    Malformed(Violation),
    /// It is JSON, and not what the request needs.
    Invalid(Violations),
}

/// How many values may be kept of a body of so many bytes, when each of them takes `bytes` of it at least.
///
/// A value in memory is larger than the shortest text that stands for it, so an app without limits still has this one.
/// It is proportional to the body: a list of a hundred thousand names of usual length fits in a mebibyte.
pub(crate) fn room(body: usize, bytes: usize) -> usize {
    const ALWAYS: usize = 10_240;
    ALWAYS.max(body / bytes)
}

/// Reads a body.
pub(crate) fn decode<'de, T: Read<'de>>(body: &'de [u8]) -> Result<T, Unread> {
    let text = text(body).map_err(Unread::Malformed)?;
    let mut skipped = Vec::new();
    loop {
        let mut faults = Faults::of_body(body.len()).skipping(&skipped);
        let mut json = serde_json::Deserializer::from_str(text);
        let read = Reader::new(Place::of("body"), &mut faults).read(&mut json);
        match read.and_then(|request| json.end().map(|()| request)) {
            Ok(request) => {
                let finished = faults.finish(request);
                return finished.map_err(|violations| Unread::Invalid(as_sent(&violations, text)));
            }
            Err(error) => {
                let stopped_in = faults.stopped_in(T::MAY_DROP);
                match (unread(&error, text, &mut faults), stopped_in) {
                    // A reader of JSON does not go on after what is no value: it is read again without that member. At
                    // most once for each, since a member that is skipped stops nobody.
                    (Unread::Invalid(_), Some(member)) if !skipped.contains(&member) => skipped.push(member),
                    (unread, _) => return Err(unread),
                }
            }
        }
    }
}

/// Reads what a caller's own deserializer holds.
pub(crate) fn deserialize<'de, T: Read<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    let mut faults = Faults::of_body(usize::MAX);
    let request = Reader::new(Place::of("body"), &mut faults).read(deserializer)?;
    faults.finish(request).map_err(D::Error::custom)
}

/// The text of a body, without the mark that some writers begin it with.
fn text(body: &[u8]) -> Result<&str, Violation> {
    let form = |actual| Violation::new("body", Rule::Form, "must be UTF-8", actual);
    let text = std::str::from_utf8(body)
        .map_err(|error| form(format!("something else at byte {}", error.valid_up_to())))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.trim_ascii().is_empty() {
        return Err(Violation::new("body", Rule::Present, "must be JSON", "none"));
    }
    Ok(text)
}

/// What a reader of JSON stopped at. Its own words are all that tells what it is from what it is not.
fn unread(error: &serde_json::Error, body: &str, faults: &mut Faults) -> Unread {
    let words = error.to_string();
    let (rule, limit, actual) = if words.starts_with("number out of range") {
        let number = numbers::beyond(body).unwrap_or_else(|| "a larger one".to_owned());
        (Rule::Range, "must be a number that 64 bits hold", number)
    } else if words.starts_with("lone leading surrogate") || words.starts_with("unexpected end of hex escape")
    {
        (Rule::Characters, "must hold no half of a surrogate pair", "one".to_owned())
    } else {
        let (limit, what) = match error.is_eof() {
            true => ("must be JSON to its end", "a part that breaks off"),
            false => ("must be JSON", "something else"),
        };
        let place = format!("{what} at line {} column {}", error.line(), error.column());
        return Unread::Malformed(Violation::new("body", Rule::Form, limit, place));
    };
    Unread::Invalid(faults.stopped(rule, limit, actual).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(body: &[u8]) -> Result<Piece<'_>, String> {
        decode(body).map_err(|unread| match unread {
            Unread::Malformed(violation) => violation.to_string(),
            Unread::Invalid(violations) => violations.to_string(),
        })
    }

    #[test]
    fn values_that_are_kept_have_room_in_proportion_to_the_body_and_always_some() {
        for (body, bytes, values) in
            [(0, 10, 10_240), (102_409, 10, 10_240), (102_410, 10, 10_241), (1 << 20, 32, 32_768)]
        {
            assert_eq!(room(body, bytes), values);
        }
    }

    #[test]
    fn what_is_no_json_is_refused_with_its_place() {
        for (body, message) in [
            (&b""[..], "body: present: must be JSON: got none"),
            (b"\xEF\xBB\xBF", "body: present: must be JSON: got none"),
            (b"\r\n\t ", "body: present: must be JSON: got none"),
            (b"{", "body: form: must be JSON to its end: got a part that breaks off at line 1 column 1"),
            (
                b"[{\"a\":\n[1",
                "body: form: must be JSON to its end: got a part that breaks off at line 2 column 2",
            ),
            (
                b"{\"a\":\"b",
                "body: form: must be JSON to its end: got a part that breaks off at line 1 column 7",
            ),
            (b"{\"a\":\n}", "body: form: must be JSON: got something else at line 2 column 1"),
            (b"5 6", "body: form: must be JSON: got something else at line 1 column 3"),
            (b"\"a\xFF\"", "body: form: must be UTF-8: got something else at byte 2"),
            (
                br#""\u12""#,
                "body: form: must be JSON to its end: got a part that breaks off at line 1 column 6",
            ),
            (br#"["\uXYZW"]"#, "body: form: must be JSON: got something else at line 1 column 8"),
        ] {
            assert_eq!(piece(body).unwrap_err(), message);
        }
    }

    #[test]
    fn what_is_json_and_no_value_is_told_from_what_is_no_json() {
        for body in ["1e400", "-1e999"] {
            let message = format!("body: range: must be a number that 64 bits hold: got {body}");
            assert_eq!(piece(body.as_bytes()).unwrap_err(), message);
        }
        for body in [r#""\ud800""#, r#""\udc00x""#, r#""\ud800\u0041""#] {
            let message = "body: characters: must hold no half of a surrogate pair: got one";
            assert_eq!(piece(body.as_bytes()).unwrap_err(), message);
        }
        assert!(matches!(piece(br#""\ud83d\ude00""#), Ok(Piece::Text(text)) if text == "😀"));
    }

    #[test]
    fn nothing_nests_too_deep_to_be_skipped() {
        for (open, close) in [("[", "]"), (r#"{"a":"#, "}")] {
            let body = format!("{}5{}", open.repeat(100_000), close.repeat(100_000));
            assert!(matches!(piece(body.as_bytes()), Ok(Piece::List | Piece::Object)));
            assert!(piece(open.repeat(100_000).as_bytes()).is_err());
        }
    }
}
