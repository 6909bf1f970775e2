//! Names as they stand in paths and lists. In a list every bad item is named, the ones that are no names and the ones
//! that the app does not allow in one go.

use super::Refusal;
use crate::extract::NAMED;
use crate::path::decode;
use rollbook::{Alias, DeviceId, Limits, NameRule, Rule, TagName, Violation};

pub(super) fn device(segment: &str) -> Result<DeviceId, Refusal> {
    let field = "registration_id";
    let id = DeviceId::new(decode(field, segment)?);
    Ok(id.map_err(|violation| violation.in_field(field))?)
}

pub(super) fn tag(segment: &str) -> Result<TagName, Refusal> {
    Ok(TagName::new(decode("tag", segment)?)?)
}

pub(super) fn alias(segment: &str) -> Result<Alias, Refusal> {
    Ok(Alias::new(decode("alias", segment)?)?)
}

/// A length that no name has is told with the length that the app allows.
pub(super) fn narrowed(limits: &Limits, violation: Violation) -> Violation {
    let most = match limits.names {
        NameRule::Jpush => 40,
        NameRule::Relaxed => 128,
        NameRule::Any => return violation,
    };
    if violation.rule() != Rule::Bytes {
        return violation;
    }
    let (field, actual) = (violation.field().to_owned(), violation.actual());
    Violation::new(field, Rule::Bytes, format!("must be 1 to {most}"), actual)
}

/// A list that was read: its names, when all of them are names.
pub(super) struct Names<T> {
    pub(super) good: Vec<(usize, T)>,
    pub(super) bad: Vec<Violation>,
    /// Is there a text that is no name, or too many of them? Then the register cannot be asked.
    pub(super) blocked: bool,
}

impl<T> Names<T> {
    /// Reads a list of at most `most` names, each of which `rule` may refuse as well.
    pub(super) fn read(
        field: &'static str,
        texts: Option<Vec<String>>,
        most: Option<u32>,
        name: impl Fn(String) -> Result<T, Violation>,
        rule: impl Fn(&T) -> Result<(), Violation>,
    ) -> Self {
        let texts = texts.unwrap_or_default();
        let mut names = Names { good: Vec::new(), bad: Vec::new(), blocked: false };
        if let Some(most) = most.filter(|&most| texts.len() > most as usize) {
            // A list over its limit is not read: the answer must not cost what the limit forbids.
            names.bad.push(Violation::new(
                field,
                Rule::Items,
                format!("must be at most {most}"),
                texts.len(),
            ));
            names.blocked = true;
            return names;
        }
        for (index, text) in texts.into_iter().enumerate() {
            let violation = match name(text) {
                Ok(name) => {
                    let refused = rule(&name).err();
                    names.good.push((index, name));
                    refused
                }
                Err(violation) => {
                    names.blocked = true;
                    Some(violation)
                }
            };
            if names.bad.len() < NAMED {
                names.bad.extend(violation.map(|violation| violation.in_list(field, index)));
            }
        }
        names
    }

    pub(super) fn into_names(self) -> Vec<T> {
        self.good.into_iter().map(|(_, name)| name).collect()
    }
}
