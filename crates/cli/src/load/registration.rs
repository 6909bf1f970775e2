//! What one line says.

use super::lines::LONGEST;
use rollbook::{
    Alias, DeviceId, Language, Mobile, Platform, PushToken, Registration, Rule, TagName, UserId, UtcOffset,
    Violation, Violations,
};
use serde::Deserialize;
use serde_json::Value;
use std::borrow::Cow;
use std::fmt;

/// The members that a line may have.
const MEMBERS: [&str; 9] =
    ["id", "platform", "tags", "alias", "user", "token", "mobile", "language", "utc_offset"];

/// How many broken rules of one line are told; a line may hold a hundred thousand.
const TOLD: usize = 100;

/// The longest piece of a value that is repeated, in bytes.
const SHOWN: usize = 64;

/// Why a line registers nothing.
#[derive(Debug)]
pub(super) enum BadLine {
    /// It is longer than a line may be.
    TooLong,
    /// It is not text; the offset of the first byte that is none.
    NotUtf8(usize),
    /// It is not one JSON object, each member once.
    NotJson(String),
    /// It breaks rules.
    Broken(Violations),
    /// The register refused it for a reason of its own.
    Refused(rollbook::Error),
    /// The register failed; the line is not to blame.
    Failed(rollbook::Error),
}

impl fmt::Display for BadLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BadLine::TooLong => write!(f, "line: bytes: must be at most {LONGEST}: got more"),
            BadLine::NotUtf8(offset) => write!(f, "not UTF-8 from byte {} on", offset + 1),
            BadLine::NotJson(why) => write!(f, "not a JSON object: {why}"),
            BadLine::Refused(error) | BadLine::Failed(error) => error.fmt(f),
            BadLine::Broken(violations) => {
                for (n, violation) in violations.iter().take(TOLD).enumerate() {
                    write!(f, "{}{violation}", if n == 0 { "" } else { "; " })?;
                }
                match violations.as_slice().len().saturating_sub(TOLD) {
                    0 => Ok(()),
                    rest => write!(f, "; and {rest} more"),
                }
            }
        }
    }
}

/// A text that borrows from the line where it holds no escapes.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// A line of the right shape, its texts unchecked, so that all that are bad can be told at once.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Members<'a> {
    #[serde(borrow)]
    id: Text<'a>,
    #[serde(borrow)]
    platform: Text<'a>,
    #[serde(borrow, default)]
    tags: Option<Vec<Text<'a>>>,
    #[serde(borrow, default)]
    alias: Option<Text<'a>>,
    #[serde(borrow, default)]
    user: Option<Text<'a>>,
    #[serde(borrow, default)]
    token: Option<Text<'a>>,
    #[serde(borrow, default)]
    mobile: Option<Text<'a>>,
    #[serde(borrow, default)]
    language: Option<Text<'a>>,
    #[serde(default)]
    utc_offset: Option<i64>,
}

/// What a line says.
pub(super) fn decode(line: &[u8]) -> Result<Registration, BadLine> {
    let text = std::str::from_utf8(line).map_err(|error| BadLine::NotUtf8(error.valid_up_to()))?;
    // A list of the members' values would be taken for the object.
    if !text.starts_with('{') {
        return Err(diagnose(text, None));
    }
    let members = serde_json::from_str(text).map_err(|error| diagnose(text, Some(&error)))?;
    checked(members).map_err(BadLine::Broken)
}

fn checked(members: Members<'_>) -> Result<Registration, Violations> {
    let mut found = Vec::new();
    let id = keep(&mut found, DeviceId::new(&*members.id.0).map_err(|bad| bad.in_field("id")));
    let platform = keep(&mut found, Platform::from_name(&members.platform.0));
    let mut tags = Vec::new();
    for (index, tag) in members.tags.unwrap_or_default().iter().enumerate() {
        tags.extend(keep(&mut found, TagName::new(&*tag.0).map_err(|bad| bad.in_list("tags", index))));
    }
    let alias = optional(&mut found, members.alias, |text| Alias::new(text));
    let user = optional(&mut found, members.user, |text| UserId::new(text));
    let token = optional(&mut found, members.token, |text| PushToken::new(text));
    let mobile = optional(&mut found, members.mobile, |text| Mobile::new(text));
    let language = optional(&mut found, members.language, |text| Language::new(text));
    let utc_offset = members.utc_offset.and_then(|secs| {
        // What does not fit is further off than anything that does.
        let fitting = i32::try_from(secs).unwrap_or(i32::MAX);
        keep(&mut found, UtcOffset::new(fitting).map_err(|bad| out_of_range(&bad, secs)))
    });
    Violations::check(found)?;
    match (id, platform) {
        (Some(id), Some(platform)) => Ok(Registration {
            token,
            mobile,
            language,
            utc_offset,
            user,
            alias,
            tags,
            ..Registration::new(id, platform)
        }),
        _ => Err(missing("id").into()),
    }
}

fn keep<T>(found: &mut Vec<Violation>, result: Result<T, Violation>) -> Option<T> {
    result.map_err(|violation| found.push(violation)).ok()
}

fn optional<T>(
    found: &mut Vec<Violation>,
    text: Option<Text<'_>>,
    check: impl Fn(&str) -> Result<T, Violation>,
) -> Option<T> {
    text.and_then(|text| keep(found, check(&text.0)))
}

fn missing(member: &'static str) -> Violation {
    Violation::new(member, Rule::Present, "must be given", "none")
}

fn out_of_range(bad: &Violation, actual: impl fmt::Display) -> Violation {
    Violation::new(bad.field().to_owned(), bad.rule(), bad.limit().to_owned(), actual)
}

/// Why a text has not the shape of a line: slower than reading it, but it names every member at fault.
fn diagnose(text: &str, error: Option<&serde_json::Error>) -> BadLine {
    let value = match serde_json::from_str(text) {
        Ok(Value::Object(members)) => members,
        Ok(other) => return BadLine::NotJson(format!("got {}", kind(&other))),
        Err(error) => return BadLine::NotJson(reason(&error)),
    };
    let mut found = Vec::new();
    for member in ["id", "platform"] {
        if !value.contains_key(member) {
            found.push(missing(member));
        }
    }
    for (member, value) in &value {
        match MEMBERS.into_iter().find(|name| name == member) {
            Some(name) => judge(name, value, &mut found),
            None => {
                let limit = format!("must be one of {}", MEMBERS.join(" "));
                found.push(Violation::new("member", Rule::Known, limit, shown(&format!("{member:?}"))));
            }
        }
    }
    match (Violations::from_found(found), error) {
        (Some(violations), _) => BadLine::Broken(violations),
        // A member given twice is all that is left.
        (None, Some(error)) => BadLine::NotJson(reason(error)),
        (None, None) => BadLine::NotJson("unexpected characters before it".into()),
    }
}

/// Has the member a value of its type?
fn judge(member: &'static str, value: &Value, found: &mut Vec<Violation>) {
    let required = matches!(member, "id" | "platform");
    match (member, value) {
        (_, Value::Null) if !required => {}
        ("tags", Value::Array(items)) => {
            let wrong = items.iter().enumerate().filter(|(_, item)| !item.is_string());
            found.extend(
                wrong.map(|(index, item)| wrong_type("tags", "a string", item).in_list("tags", index)),
            );
        }
        ("tags", _) => found.push(wrong_type("tags", "a list of strings", value)),
        ("utc_offset", Value::Number(number)) if number.is_i64() => {}
        ("utc_offset", Value::Number(number)) if number.is_u64() => {
            found.extend(UtcOffset::new(i32::MAX).map_err(|bad| out_of_range(&bad, number)).err());
        }
        ("utc_offset", _) => found.push(wrong_type("utc_offset", "a whole number", value)),
        (_, Value::String(_)) => {}
        // A token opens the way to a device: an error never shows its text.
        ("token", _) => {
            found.push(Violation::new("token", Rule::Type, "must be a string", kind(value)));
        }
        _ => found.push(wrong_type(member, "a string", value)),
    }
}

fn wrong_type(member: &'static str, wanted: &str, got: &Value) -> Violation {
    Violation::new(member, Rule::Type, format!("must be {wanted}"), shown(&got.to_string()))
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// The reason with its column only: the line's number is told before it.
fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    match text.strip_suffix(&place) {
        Some(reason) => format!("{reason} at column {}", error.column()),
        None => text,
    }
}

fn shown(text: &str) -> Cow<'_, str> {
    if text.len() <= SHOWN {
        return text.into();
    }
    let end = (0..=SHOWN).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
    format!("{}…", text.get(..end).unwrap_or_default()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(line: &str) -> String {
        decode(line.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn a_line_may_have_every_member() {
        let line = r#"{"id":"d","platform":"winphone","tags":["a","\u0062"],"alias":"x","user":"u","token":"t",
            "mobile":"+1","language":"en","utc_offset":-43200}"#;
        let read = decode(line.as_bytes()).unwrap();
        assert_eq!(read.platform, Platform::WindowsPhone);
        assert_eq!(read.tags.iter().map(TagName::as_str).collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(read.utc_offset.unwrap().secs(), -43_200);
        assert!(read.alias.is_some() && read.user.is_some() && read.token.is_some());
        assert!(read.mobile.is_some() && read.language.is_some());
    }

    #[test]
    fn a_member_that_is_null_is_not_given() {
        let line = br#"{"id":"d","platform":"ios","tags":null,"alias":null,"utc_offset":null}"#;
        let bare = Registration::new(DeviceId::new("d").unwrap(), Platform::Ios);
        assert_eq!(decode(line).unwrap(), bare);
    }

    #[test]
    fn every_broken_rule_of_a_line_is_named() {
        let line = r#"{"id":"","platform":"amiga","tags":["a","","\n"],"mobile":"x","utc_offset":50401}"#;
        let text = refused(line);
        for part in [
            "id: bytes: must be 1 to 255: got 0",
            "platform: known: must be one of unknown ios",
            "got \"amiga\"",
            "tags[1]: bytes: must be 1 to 255",
            "tags[2]: characters: must hold no control characters",
            "mobile: form: ",
            "utc_offset: range: must be -43200 to 50400: got 50401",
        ] {
            assert!(text.contains(part), "{part} is not in {text}");
        }
    }

    #[test]
    fn every_member_of_a_wrong_type_is_named() {
        let text =
            refused(r#"{"platform":7,"tags":["a",1,null],"colour":1,"utc_offset":1.5,"token":["s3cret"]}"#);
        for part in [
            "id: present: must be given: got none",
            "platform: type: must be a string: got 7",
            "tags[1]: type: must be a string: got 1",
            "tags[2]: type: must be a string: got null",
            "member: known: must be one of id platform tags alias user token mobile language utc_offset: got \"colour\"",
            "utc_offset: type: must be a whole number: got 1.5",
            "token: type: must be a string: got a list",
        ] {
            assert!(text.contains(part), "{part} is not in {text}");
        }
        assert!(!text.contains("s3cret"));
    }

    #[test]
    fn what_is_no_object_is_refused() {
        assert_eq!(refused(r#"["d","ios"]"#), "not a JSON object: got a list");
        assert_eq!(refused("17"), "not a JSON object: got a number");
        assert_eq!(refused("nonsense"), "not a JSON object: expected ident at column 2");
        assert!(refused(r#"{"id":"d","platform":"ios"} x"#).contains("trailing characters at column 29"));
        assert!(
            refused(r#"{"id":"d","id":"e","platform":"ios"}"#).contains("duplicate field `id` at column")
        );
        assert!(decode(b"{\"id\":\"\xff\"}").unwrap_err().to_string().contains("not UTF-8 from byte 8 on"));
    }

    #[test]
    fn a_number_too_large_for_an_offset_is_out_of_its_range() {
        for number in ["50401", "4294967296", "18446744073709551615", "-43201", "-9223372036854775808"] {
            let text = refused(&format!(r#"{{"id":"d","platform":"ios","utc_offset":{number}}}"#));
            assert_eq!(text, format!("utc_offset: range: must be -43200 to 50400: got {number}"));
        }
    }

    #[test]
    fn a_line_full_of_faults_and_a_long_value_are_told_in_short() {
        let line = format!(r#"{{"id":"d","platform":"ios","tags":[{}""]}}"#, "\"\",".repeat(5_000));
        let text = refused(&line);
        assert!(text.ends_with("; and 4901 more") && text.len() < 10_000, "{text}");
        let line = format!(r#"{{"id":["{}"],"platform":"ios"}}"#, "é".repeat(5_000));
        assert!(refused(&line).len() < 200);
    }
}
