//! The members that the requests share, each with its rule. Empty texts count as absent, as the vendor has it.

use crate::extract::{Members, NAMED, shown, wrong};
use rollbook::{
    AppKey, Attribute, Attributes, DeviceId, Platform, Rule, UserId, UtcOffset, Violation, Violations,
};
use serde::{Deserialize, Serializer};
use serde_json::{Map, Value};

/// Whole numbers are exact in a float up to here.
const EXACT: f64 = 9_007_199_254_740_992.0;

pub(super) fn required(field: &'static str) -> Violation {
    Violation::new(field, Rule::Present, "must be given", "none")
}

/// The app that a request names.
pub(super) fn application(members: &Map<String, Value>) -> Result<AppKey, Violation> {
    let field = "application";
    match members.get(field) {
        None | Some(Value::Null) => Err(required(field)),
        Some(Value::String(key)) => AppKey::new(key.as_str()).map_err(|violation| violation.in_field(field)),
        Some(other) => Err(wrong(field, "must be a string", other)),
    }
}

/// A platform as its number.
pub(super) fn device_type<S: Serializer>(
    platform: &Option<Platform>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match platform.and_then(Platform::device_type) {
        Some(number) => serializer.serialize_u8(number),
        None => serializer.serialize_none(),
    }
}

#[derive(Debug)]
pub(super) struct Fields {
    pub(super) members: Members,
}

impl Fields {
    pub(super) fn new(members: Map<String, Value>) -> Self {
        Fields { members: Members::new(members) }
    }

    pub(super) fn application(&mut self) -> Option<AppKey> {
        let key = application(self.members.all());
        self.members.keep(key)
    }

    /// A text that makes a name.
    pub(super) fn name<T>(
        &mut self,
        field: &'static str,
        name: impl FnOnce(String) -> Result<T, Violation>,
    ) -> Option<T> {
        let text = self.members.text(field).filter(|text| !text.is_empty())?;
        self.members.keep(name(text).map_err(|violation| violation.in_field(field)))
    }

    /// A text that makes a name of which no error may show anything.
    pub(super) fn hidden_name<T>(
        &mut self,
        field: &'static str,
        name: impl FnOnce(String) -> Result<T, Violation>,
    ) -> Option<T> {
        if self.members.all().get(field).is_some_and(|value| !value.is_string() && !value.is_null()) {
            self.members.take(field);
            self.members.found.push(Violation::new(field, Rule::Type, "must be a string", "another type"));
        }
        self.name(field, name)
    }

    /// The value, or one violation more when it is absent and nothing else is wrong with it.
    pub(super) fn demand<T>(&mut self, field: &'static str, value: Option<T>) -> Option<T> {
        let told = self.members.found.iter().any(|violation| violation.field() == field);
        if value.is_none() && !told {
            self.members.found.push(required(field));
        }
        value
    }

    pub(super) fn hwid(&mut self) -> Option<DeviceId> {
        let hwid = self.name("hwid", DeviceId::new);
        self.demand("hwid", hwid)
    }

    /// A user; a number is taken as its text.
    pub(super) fn user(&mut self, field: &'static str) -> Option<UserId> {
        let text = match self.members.take(field)? {
            Value::String(text) => text,
            // Two users whose numbers are one as floats must not become one user.
            Value::Number(number) if !number.is_f64() || number.as_f64().is_some_and(|n| n.abs() < EXACT) => {
                number.to_string()
            }
            other => {
                self.members.found.push(wrong(field, "must be a string or a number", &other));
                return None;
            }
        };
        if text.is_empty() {
            return None;
        }
        self.members.keep(UserId::new(text).map_err(|violation| violation.in_field(field)))
    }

    pub(super) fn offset(&mut self, field: &'static str) -> Option<UtcOffset> {
        let secs = self.members.integer(field)?;
        // What does not fit in 32 bits is out of range all the more.
        let clamped = secs.clamp(i64::from(i32::MIN), i64::from(i32::MAX));
        let offset = UtcOffset::new(i32::try_from(clamped).unwrap_or(i32::MAX));
        let refused = |violation: Violation| {
            Violation::new(field, violation.rule(), violation.limit().to_owned(), secs)
        };
        self.members.keep(offset.map_err(refused))
    }

    pub(super) fn platform(&mut self) -> Option<Platform> {
        let number = self.members.integer("device_type")?;
        self.members.keep(Platform::from_device_type(number))
    }

    pub(super) fn attributes(&mut self) -> Option<Attributes> {
        let members = match self.members.take("attributes") {
            Some(Value::Object(members)) => members,
            Some(other) => {
                self.members.found.push(wrong("attributes", "must be an object", &other));
                return None;
            }
            None => {
                self.members.found.push(required("attributes"));
                return None;
            }
        };
        let mut attributes = Attributes::new();
        let mut bad = Vec::new();
        for (name, value) in members {
            match Attribute::deserialize(&value) {
                Ok(attribute) => attributes.insert(name, attribute),
                Err(_) if bad.len() < NAMED => {
                    let limit = "must be a text, a number, true or false, or a list of those";
                    let field = format!("attributes.{}", shown(&name).trim_matches('"'));
                    bad.push(wrong(field, limit, &value));
                }
                Err(_) => {}
            }
        }
        self.members.keep(Violations::check(bad))?;
        Some(attributes)
    }

    pub(super) fn finish<T>(self, made: Option<T>) -> Result<T, Violations> {
        self.members.finish(made)
    }
}
