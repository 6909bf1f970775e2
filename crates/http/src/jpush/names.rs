//! Names as they stand in paths and lists. In a list every bad item is named, the ones that are no names and the ones
//! that the app does not allow in one go.

use super::Refusal;
use crate::extract::{Place, Tally, Texts, line, room};
use crate::path::{self, Others, decode};
use rollbook::{Alias, DeviceId, Limits, NameRule, PlatformSet, Rule, TagName, Violation};

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

/// The platforms that a query names. However many of them are unknown, they are no items of a list that is changed.
pub(super) fn platforms(query: Option<&str>, others: Others) -> Result<PlatformSet, Refusal> {
    path::platforms(query, others).map_err(|violations| Refusal::argument(line(violations.as_slice())))
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

/// How many names the lists of a request may have: what the app allows of each, and what there is room for in all of
/// them together.
pub(super) struct Most {
    of_each: Option<u32>,
    room: usize,
}

impl Most {
    /// A name in memory takes about fifty bytes.
    const NAME_BYTES: usize = 10;

    pub(super) fn new(of_each: Option<u32>, body: usize) -> Self {
        Most { of_each, room: room(body, Self::NAME_BYTES) }
    }

    fn take(&mut self, field: &'static str, items: usize) -> Result<(), Violation> {
        let most = self.of_each.map_or(self.room, |most| self.room.min(most as usize));
        match items.checked_sub(most) {
            None | Some(0) => {
                self.room -= items;
                Ok(())
            }
            Some(_) => Err(Violation::new(field, Rule::Items, format!("must be at most {most}"), items)),
        }
    }
}

/// A list that was read: its names, when all of them are names.
pub(super) struct Names<T> {
    pub(super) field: &'static str,
    /// The list as it was sent; empty when it is over its limit.
    pub(super) texts: Texts,
    pub(super) good: Vec<T>,
    pub(super) bad: Vec<Violation>,
    /// Is there a text that is no name, or too many of them? Then the register cannot be asked.
    pub(super) blocked: bool,
}

impl<T> Names<T> {
    /// Reads a list of names, each of which `rule` may refuse as well.
    pub(super) fn read(
        field: &'static str,
        texts: Option<Texts>,
        most: &mut Most,
        name: impl Fn(&str) -> Result<T, Violation>,
        rule: impl Fn(&T) -> Result<(), Violation>,
    ) -> Self {
        let texts = texts.unwrap_or_default();
        let mut names = Names { field, texts, good: Vec::new(), bad: Vec::new(), blocked: false };
        if let Err(violation) = most.take(field, names.texts.len()) {
            // A list over its limit is not read: the answer must not cost what the limit forbids.
            names.bad.push(violation);
            names.texts = Texts::default();
            names.blocked = true;
            return names;
        }
        let mut tally = Tally::default();
        names.good.reserve_exact(names.texts.len());
        for (index, text) in names.texts.iter().enumerate() {
            let violation = match name(text) {
                Ok(name) => {
                    let refused = rule(&name).err();
                    names.good.push(name);
                    refused
                }
                Err(violation) => {
                    names.blocked = true;
                    Some(violation)
                }
            };
            if let Some(violation) = violation
                && tally.names()
            {
                names.bad.push(violation.in_list(field, index));
            }
        }
        names.bad.extend(tally.others(Place::of(field), Rule::Items, "must be names"));
        names
    }
}
