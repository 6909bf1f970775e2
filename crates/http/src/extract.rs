//! Taking values out of JSON, strictly: what is of the wrong type is an argument error with the place of it, and
//! never taken for something else. A null member counts as absent.

use rollbook::{Rule, Violation, Violations};
use serde_json::{Map, Value};

/// How much of a sent text an error repeats, in bytes.
const SHOWN_BYTES: usize = 64;

/// How many bad items of one list are named; without an end to lists there would be none to answers either.
pub(crate) const NAMED: usize = 1_000;

/// A text as an error shows it: quoted, escaped, and cut.
pub(crate) fn shown(text: &str) -> String {
    if text.len() <= SHOWN_BYTES {
        return format!("{text:?}");
    }
    let end = (0..=SHOWN_BYTES).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
    format!("{:?}…", text.get(..end).unwrap_or_default())
}

/// All broken rules in one line; of very many the first ones and how many more there are.
pub(crate) fn line(violations: &[Violation]) -> String {
    let named: Vec<String> = violations.iter().take(NAMED).map(ToString::to_string).collect();
    let mut line = named.join("; ");
    if let Some(more) = violations.len().checked_sub(NAMED).filter(|&more| more > 0) {
        line.push_str(&format!("; and {more} more"));
    }
    line
}

/// A body as JSON.
pub(crate) fn parse(body: &[u8]) -> Result<Value, Violation> {
    if body.is_empty() {
        return Err(Violation::new("body", Rule::Present, "must be JSON", "none"));
    }
    serde_json::from_slice(body).map_err(|error| {
        // The reader's own words for the one limit it has; everything else is a matter of form.
        if error.to_string().starts_with("recursion limit") {
            return Violation::new("body", Rule::Depth, "must nest at most 127 levels", "more");
        }
        let place = format!("something else at line {} column {}", error.line(), error.column());
        Violation::new("body", Rule::Form, "must be JSON", place)
    })
}

fn kind(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(truth) => truth.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => shown(text),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
    }
}

/// A value is not what it must be.
pub(crate) fn wrong(field: impl Into<String>, expected: &'static str, value: &Value) -> Violation {
    Violation::new(field.into(), Rule::Type, expected, kind(value))
}

/// A value as an object.
pub(crate) fn object(field: &'static str, value: Value) -> Result<Map<String, Value>, Violation> {
    match value {
        Value::Object(members) => Ok(members),
        other => Err(wrong(field, "must be an object", &other)),
    }
}

/// A list of texts; every item that is none is named.
pub(crate) fn texts(field: &'static str, value: Value) -> Result<Vec<String>, Violations> {
    let items = match value {
        Value::Array(items) => items,
        other => return Err(wrong(field, "must be a list of strings", &other).into()),
    };
    let mut texts = Vec::with_capacity(items.len());
    let mut bad = Vec::new();
    for (index, item) in items.into_iter().enumerate() {
        match item {
            Value::String(text) => texts.push(text),
            other if bad.len() < NAMED => {
                bad.push(wrong(field, "must be a string", &other).in_list(field, index));
            }
            _ => {}
        }
    }
    Violations::check(bad)?;
    Ok(texts)
}

/// Takes the members of an object one after the other and collects what is wrong with them.
#[derive(Debug)]
pub(crate) struct Members {
    members: Map<String, Value>,
    pub(crate) found: Vec<Violation>,
}

impl Members {
    pub(crate) fn new(members: Map<String, Value>) -> Self {
        Members { members, found: Vec::new() }
    }

    pub(crate) fn all(&self) -> &Map<String, Value> {
        &self.members
    }

    /// A member that is there and not null.
    pub(crate) fn take(&mut self, name: &str) -> Option<Value> {
        self.members.remove(name).filter(|value| !value.is_null())
    }

    /// Keeps what is good and notes what is wrong.
    pub(crate) fn keep<T>(&mut self, taken: Result<T, impl Into<Violations>>) -> Option<T> {
        match taken {
            Ok(value) => Some(value),
            Err(violations) => {
                self.found.extend(violations.into().iter().cloned());
                None
            }
        }
    }

    /// A text.
    pub(crate) fn text(&mut self, name: &'static str) -> Option<String> {
        match self.take(name)? {
            Value::String(text) => Some(text),
            other => {
                self.found.push(wrong(name, "must be a string", &other));
                None
            }
        }
    }

    /// A list of texts, which errors call `field`.
    pub(crate) fn texts(&mut self, name: &str, field: &'static str) -> Option<Vec<String>> {
        let value = self.take(name)?;
        self.keep(texts(field, value))
    }

    /// A whole number.
    pub(crate) fn integer(&mut self, name: &'static str) -> Option<i64> {
        let value = self.take(name)?;
        let number = value.as_i64();
        if number.is_none() {
            self.found.push(wrong(name, "must be a whole number", &value));
        }
        number
    }

    /// `made`, unless something was wrong.
    pub(crate) fn finish<T>(self, made: Option<T>) -> Result<T, Violations> {
        Violations::check(self.found)?;
        // Whoever takes nothing has noted why.
        made.ok_or_else(|| Violation::new("body", Rule::Present, "must be complete", "less").into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_bounded_in_depth() {
        let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        assert!(parse(nested(127).as_bytes()).is_ok());
        for levels in [128, 10_000] {
            let message = parse(nested(levels).as_bytes()).unwrap_err().to_string();
            assert_eq!(message, "body: depth: must nest at most 127 levels: got more");
        }
    }

    #[test]
    fn what_is_no_json_is_refused_with_its_place() {
        assert_eq!(parse(b"").unwrap_err().to_string(), "body: present: must be JSON: got none");
        let message = parse(b"{\"a\":\n}").unwrap_err().to_string();
        assert_eq!(message, "body: form: must be JSON: got something else at line 2 column 1");
        assert!(parse(b"\"\xFF\"").is_err());
        assert!(parse(br#""\ud800""#).is_err());
    }

    #[test]
    fn every_item_of_the_wrong_type_is_named() {
        let list = serde_json::json!(["a", 5, null, ["b"], {"c": 1}, true]);
        let refused = texts("tags.add", list).unwrap_err();
        let places: Vec<_> = refused.iter().map(Violation::index).collect();
        assert_eq!(places, [Some(1), Some(2), Some(3), Some(4), Some(5)]);
        assert_eq!(refused.as_slice()[0].to_string(), "tags.add[1]: type: must be a string: got 5");
    }

    #[test]
    fn an_endless_list_of_bad_items_has_a_bounded_answer() {
        let list = Value::Array(vec![Value::Null; 300_000]);
        let refused = texts("tags.add", list).unwrap_err();
        assert!(line(refused.as_slice()).len() < 100_000);
        assert!(shown(&"x".repeat(1 << 20)).len() < 100);
    }
}
