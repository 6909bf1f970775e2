//! Every reason why a line of a device says nothing.

use super::bad_line::{BadLine, reason};
use super::device::{MEMBERS, missing, out_of_range};
use rollbook::{Rule, UtcOffset, Violation, Violations};
use serde_json::Value;
use std::borrow::Cow;

/// The longest piece of a value that is repeated, in bytes.
const SHOWN: usize = 64;

/// Why a text has not the shape of a line: slower than reading it, but it names every member at fault.
pub(super) fn device(text: &str, error: Option<&serde_json::Error>) -> BadLine {
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
                let name = shown(&format!("{member:?}")).into_owned();
                found.push(Violation::new(name, Rule::Known, limit, "another member"));
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
        ("last_seen", Value::Number(number)) if number.is_i64() => {}
        ("last_seen", _) => found.push(wrong_type("last_seen", "a whole number of 64 bits", value)),
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

fn shown(text: &str) -> Cow<'_, str> {
    if text.len() <= SHOWN {
        return text.into();
    }
    let end = (0..=SHOWN).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
    format!("{}…", text.get(..end).unwrap_or_default()).into()
}

#[cfg(test)]
mod tests {
    use crate::record::decode;

    fn refused(line: &str) -> String {
        decode(line.as_bytes()).unwrap_err().to_string()
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
        let text = refused(
            r#"{"platform":7,"tags":["a",1,null],"colour":1,"utc_offset":1.5,"token":["s3cret"],"last_seen":"now"}"#,
        );
        for part in [
            "last_seen: type: must be a whole number of 64 bits: got \"now\"",
            "id: present: must be given: got none",
            "platform: type: must be a string: got 7",
            "tags[1]: type: must be a string: got 1",
            "tags[2]: type: must be a string: got null",
            "\"colour\": known: must be one of id platform tags alias user token mobile language utc_offset last_seen: got another member",
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
