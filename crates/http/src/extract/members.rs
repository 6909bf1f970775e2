//! Reading an object of which some members are known.

use super::faults::{Faults, Place, Tally, shown};
use super::read::{Piece, Read, Reader};
use rollbook::Rule;
use serde::Deserializer;
use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, Visitor};
use std::borrow::Cow;
use std::fmt;

/// What is made of an object. Other members than the known ones are skipped; a known one may be given once.
pub(crate) trait Request<'de>: Sized {
    /// The members that hold a single value.
    const VALUES: &'static [&'static str] = &[];
    /// The members that hold more than that.
    const PARTS: &'static [&'static str] = &[];
    /// What those hold.
    type Part: Read<'de>;
    /// The members that are not worth a refusal: see [`Members::droppable`].
    const DROPPABLE: &'static [&'static str] = &[];
    /// Is it a part of a request? Then errors name its members with it, and no others are allowed.
    const IS_PART: bool = false;

    fn make(members: Members<'_, 'de, Self::Part>) -> Option<Self>;
}

/// The known members of an object that are there and not null.
#[derive(Debug)]
pub(crate) struct Members<'f, 'de, P> {
    values: Vec<(&'static str, Piece<'de>)>,
    parts: Vec<(&'static str, P)>,
    pub(crate) faults: &'f mut Faults,
    /// Which members were dropped.
    pub(crate) dropped: Vec<&'static str>,
}

impl<'de, P> Members<'_, 'de, P> {
    pub(crate) fn value(&mut self, name: &str) -> Option<Piece<'de>> {
        let at = self.values.iter().position(|(known, _)| *known == name)?;
        Some(self.values.swap_remove(at).1)
    }

    pub(crate) fn part(&mut self, name: &str) -> Option<P> {
        let at = self.parts.iter().position(|(known, _)| *known == name)?;
        Some(self.parts.swap_remove(at).1)
    }

    pub(crate) fn text(&mut self, name: &'static str) -> Option<Cow<'de, str>> {
        match self.value(name)? {
            Piece::Text(text) => Some(text),
            other => {
                self.faults.wrong(Place::of(name), "must be a string", &other);
                None
            }
        }
    }

    /// A whole number of 64 bits, however it was written: some clients send it as a text, some with a point. An empty
    /// text counts as absent.
    pub(crate) fn whole(&mut self, name: &'static str) -> Option<i64> {
        self.whole_as_sent(name).map(|(number, _)| number)
    }

    /// A whole number, and what was sent for it.
    pub(crate) fn whole_as_sent(&mut self, name: &'static str) -> Option<(i64, Piece<'de>)> {
        let piece =
            self.value(name).filter(|piece| !matches!(piece, Piece::Text(text) if text.is_empty()))?;
        let number = piece.as_whole();
        if number.is_none() {
            self.faults.wrong(Place::of(name), "must be a whole number", &piece);
        }
        Some((number?, piece))
    }

    /// A value that is not worth a refusal: what is wrong with it is dropped with it.
    pub(crate) fn droppable<T>(
        &mut self,
        name: &'static str,
        take: impl FnOnce(&mut Self) -> Option<T>,
    ) -> Option<T> {
        let found = self.faults.count();
        let value = take(self);
        if self.faults.forget(found) {
            self.dropped.push(name);
        }
        value
    }

    /// The part, or one violation more when it is absent and nothing else is wrong.
    pub(crate) fn demand_part(&mut self, field: &'static str) -> Option<P> {
        let part = self.part(field);
        if part.is_none() && self.faults.count() == 0 {
            self.faults.absent(field);
        }
        part
    }

    /// The value, or one violation more when it is absent and nothing else is wrong with it.
    pub(crate) fn demand<T>(&mut self, field: &'static str, value: Option<T>) -> Option<T> {
        if value.is_none() && !self.faults.has(field) {
            self.faults.absent(field);
        }
        value
    }
}

impl<'de, T: Request<'de>> Read<'de> for T {
    const EXPECTED: &'static str = "must be an object";
    const MAY_DROP: &'static [&'static str] = T::DROPPABLE;

    fn object<A: MapAccess<'de>>(
        mut object: A,
        place: Place<'_>,
        faults: &mut Faults,
    ) -> Result<Option<Self>, A::Error> {
        let mut members = Members {
            values: Vec::with_capacity(T::VALUES.len()),
            parts: Vec::new(),
            faults,
            dropped: Vec::new(),
        };
        let mut given = Once::default();
        let mut others = Tally::default();
        let key = Key { values: T::VALUES, parts: T::PARTS, keeps_others: T::IS_PART };
        let at = |name| if T::IS_PART { place.member(name) } else { Place::of(name) };
        while let Some(name) = object.next_key_seed(key)? {
            let Members { values, parts, faults, dropped } = &mut members;
            match name {
                Name::Value(nth, name) if faults.skips(name) && given.first(nth, at(name), faults) => {
                    object.next_value::<IgnoredAny>()?;
                    dropped.push(name);
                }
                Name::Value(nth, name) if given.first(nth, at(name), faults) => {
                    let piece = object.next_value_seed(Reader::<Piece<'de>>::optional(at(name), faults))?;
                    values.extend(piece.map(|piece| (name, piece)));
                }
                Name::Part(nth, name) if given.first(nth, at(name), faults) => {
                    let part = object.next_value_seed(Reader::<T::Part>::optional(at(name), faults))?;
                    parts.extend(part.map(|part| (name, part)));
                }
                Name::Value(..) | Name::Part(..) => drop(object.next_value::<IgnoredAny>()?),
                Name::Other(name) => {
                    if T::IS_PART && others.names() {
                        let limit = format!("must hold only {}", T::PARTS.join(" and "));
                        faults.add(place.violation(Rule::Known, limit, name));
                    }
                    object.next_value::<IgnoredAny>()?;
                }
            }
        }
        members.faults.extend(others.others(place, Rule::Known, "must be known members"));
        Ok(T::make(members))
    }
}

/// Which of the known members were given.
#[derive(Default)]
struct Once {
    given: u64,
    again: u64,
}

impl Once {
    /// Is this the first time? The second is a fault; there is no third.
    fn first(&mut self, nth: usize, place: Place<'_>, faults: &mut Faults) -> bool {
        let bit = 1 << nth;
        let (first, second) = (self.given & bit == 0, self.again & bit == 0);
        self.given |= bit;
        if !first && second {
            self.again |= bit;
            faults.add(place.violation(Rule::Items, "must be given once", "it more than once"));
        }
        first
    }
}

/// Which member a key names: its number among the known ones, and its name.
enum Name {
    Value(usize, &'static str),
    Part(usize, &'static str),
    /// As an error shows it, where that is wanted.
    Other(String),
}

#[derive(Clone, Copy)]
struct Key {
    values: &'static [&'static str],
    parts: &'static [&'static str],
    keeps_others: bool,
}

impl<'de> DeserializeSeed<'de> for Key {
    type Value = Name;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Name, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl Visitor<'_> for Key {
    type Value = Name;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a member")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Name, E> {
        if let Some((nth, known)) = self.values.iter().enumerate().find(|(_, known)| **known == name) {
            return Ok(Name::Value(nth, known));
        }
        if let Some((nth, known)) = self.parts.iter().enumerate().find(|(_, known)| **known == name) {
            return Ok(Name::Part(self.values.len() + nth, known));
        }
        Ok(Name::Other(if self.keeps_others { shown(name) } else { String::new() }))
    }
}
