//! The members that the requests share, each with its rule. Empty texts count as absent, as the vendor has it.

use crate::extract::{Faults, Members, Piece, Place, Read, Reader, Tally, numbers, shown};
use rollbook::{
    AppKey, Attribute, Attributes, DeviceId, Language, Platform, Rule, Scalar, UserId, UtcOffset, Violation,
    Violations,
};
use serde::Serializer;
use serde::de::{IgnoredAny, MapAccess, SeqAccess};
use std::borrow::Cow;

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

impl<'de, P> Members<'_, 'de, P> {
    pub(super) fn application(&mut self) -> Option<AppKey> {
        let field = "application";
        let text = self.text(field);
        let text = self.demand(field, text)?;
        self.faults.keep(AppKey::new(text).map_err(|violation| violation.in_field(field)))
    }

    /// A text that makes a name.
    pub(super) fn name<T>(
        &mut self,
        field: &'static str,
        name: impl FnOnce(Cow<'de, str>) -> Result<T, Violation>,
    ) -> Option<T> {
        let text = self.text(field).filter(|text| !text.is_empty())?;
        self.faults.keep(name(text).map_err(|violation| violation.in_field(field)))
    }

    /// A text that makes a name of which no error may show anything.
    pub(super) fn hidden_name<T>(
        &mut self,
        field: &'static str,
        name: impl FnOnce(Cow<'de, str>) -> Result<T, Violation>,
    ) -> Option<T> {
        match self.value(field)? {
            Piece::Text(text) if text.is_empty() => None,
            Piece::Text(text) => self.faults.keep(name(text).map_err(|violation| violation.in_field(field))),
            _ => {
                self.faults.add(Violation::new(field, Rule::Type, "must be a string", "another type"));
                None
            }
        }
    }

    pub(super) fn hwid(&mut self) -> Option<DeviceId> {
        let hwid = self.name("hwid", DeviceId::new);
        self.demand("hwid", hwid)
    }

    /// A user. A whole number is taken as its text; a number with a point or an exponent has more than one text, and
    /// two users whose numbers are one as floats must not become one user.
    pub(super) fn user(&mut self, field: &'static str) -> Option<UserId> {
        let text = match self.value(field)? {
            Piece::Text(text) => text,
            Piece::Whole(number) => number.to_string().into(),
            other => {
                let expected = "must be a string or a whole number of 64 bits";
                self.faults.wrong(Place::of(field), expected, &other);
                return None;
            }
        };
        if text.is_empty() {
            return None;
        }
        self.faults.keep(UserId::new(text).map_err(|violation| violation.in_field(field)))
    }

    pub(super) fn offset(&mut self, field: &'static str) -> Option<UtcOffset> {
        let (secs, sent) = self.whole_as_sent(field)?;
        // What does not fit in 32 bits is out of range all the more.
        let clamped = secs.clamp(i64::from(i32::MIN), i64::from(i32::MAX));
        let offset = UtcOffset::new(i32::try_from(clamped).unwrap_or(i32::MAX));
        let refused = |violation: Violation| {
            Violation::new(field, violation.rule(), violation.limit().to_owned(), &sent)
        };
        self.faults.keep(offset.map_err(refused))
    }

    /// The language and the offset from UTC of a device, neither of which is worth losing the device for.
    pub(super) fn surroundings(&mut self) -> (Option<Language>, Option<UtcOffset>) {
        let language =
            self.droppable("language", |members| members.name("language", |text| Language::new(text.trim())));
        (language, self.droppable("timezone", |members| members.offset("timezone")))
    }

    pub(super) fn platform(&mut self) -> Option<Platform> {
        let field = "device_type";
        let (number, sent) = self.whole_as_sent(field)?;
        let refused = |violation: Violation| {
            Violation::new(field, violation.rule(), violation.limit().to_owned(), &sent)
        };
        self.faults.keep(Platform::from_device_type(number).map_err(refused))
    }
}

impl<'de> Read<'de> for Attributes {
    const EXPECTED: &'static str = "must be an object";

    fn object<A: MapAccess<'de>>(
        mut members: A,
        place: Place<'_>,
        faults: &mut Faults,
    ) -> Result<Option<Self>, A::Error> {
        let mut attributes = Attributes::new();
        let mut bad = Tally::default();
        while let Some(name) = members.next_key::<String>()? {
            let (member, before) = (place.member(&name), faults.count());
            if attributes.get(&name).is_some() && !bad.is_full() {
                faults.add(member.violation(Rule::Items, "must be given once", "it more than once"));
            }
            if bad.is_full() || faults.count() > before || !faults.takes(place) {
                members.next_value::<IgnoredAny>()?;
            } else if let Some(value) = members.next_value_seed(Reader::<Attribute>::new(member, faults))? {
                attributes.insert(name, value);
            }
            if faults.count() > before {
                bad.names();
            }
        }
        Ok(Some(attributes))
    }
}

impl<'de> Read<'de> for Attribute {
    const EXPECTED: &'static str = "must be a text, a number, true or false, or a list of those";

    fn plain(piece: Piece<'de>, place: Place<'_>, faults: &mut Faults) -> Option<Self> {
        scalar(piece, Self::EXPECTED, place, faults).map(Attribute::One)
    }

    fn list<A: SeqAccess<'de>>(
        mut items: A,
        place: Place<'_>,
        faults: &mut Faults,
    ) -> Result<Option<Self>, A::Error> {
        let mut scalars = Vec::new();
        let mut bad = Tally::default();
        let mut index = 0;
        while let Some(piece) =
            items.next_element_seed(Reader::<Piece<'de>>::new(place.item(index), faults))?
        {
            if let Some(piece) = piece
                && !bad.is_full()
                && faults.takes(place)
            {
                match scalar(piece, "must be a text, a number, true or false", place.item(index), faults) {
                    Some(scalar) => scalars.push(scalar),
                    None => drop(bad.names()),
                }
            }
            index += 1;
        }
        Ok(Some(Attribute::List(scalars)))
    }
}

/// How many attributes with a whole number beyond 64 bits are named.
const WIDE: usize = 100;

const WHOLE: &str = "must be -9223372036854775808 to 9223372036854775807";

fn scalar(piece: Piece<'_>, expected: &'static str, place: Place<'_>, faults: &mut Faults) -> Option<Scalar> {
    match piece {
        Piece::Bool(truth) => Some(Scalar::Bool(truth)),
        Piece::Text(text) => Some(Scalar::Text(text.into_owned())),
        Piece::Float(number) => Some(Scalar::Float(number)),
        Piece::Whole(number) => {
            let whole = i64::try_from(number).map_err(|_| place.violation(Rule::Range, WHOLE, number));
            faults.keep(whole).map(Scalar::Integer)
        }
        other => {
            faults.wrong(place, expected, &other);
            None
        }
    }
}

/// Whole numbers beyond 64 bits among attributes that were read from this body. A reader of JSON makes floats of them, and
/// only how they were written tells them from what was a float from the start.
pub(super) fn check_whole(attributes: &Attributes, body: &[u8]) -> Result<(), Violations> {
    let wide = |scalar: &Scalar| match scalar {
        Scalar::Float(number) if number.abs() >= 9_223_372_036_854_775_808.0 => whole_literal(body, *number),
        _ => None,
    };
    let mut found = Vec::new();
    for (name, attribute) in attributes.iter() {
        let place = Place::of("attributes").member(name);
        let refused = |place: Place<'_>, literal: &str| {
            place.violation(Rule::Range, WHOLE, shown(literal).trim_matches('"'))
        };
        match attribute {
            Attribute::One(scalar) => found.extend(wide(scalar).map(|literal| refused(place, literal))),
            Attribute::List(list) => {
                let bad = list.iter().enumerate().filter_map(|(n, scalar)| Some((n, wide(scalar)?)));
                found.extend(bad.take(1).map(|(n, literal)| refused(place.item(n), literal)));
            }
        }
        if found.len() >= WIDE {
            break;
        }
    }
    Violations::check(found)
}

/// A whole number in a body whose nearest float is this one.
fn whole_literal(body: &[u8], float: f64) -> Option<&str> {
    let whole = |number: &&str| !number.contains(['.', 'e', 'E']) && number.parse() == Ok(float);
    numbers(std::str::from_utf8(body).ok()?).find(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_are_found_as_they_were_written_and_not_in_texts() {
        let two_to_64 = 18_446_744_073_709_551_616.0;
        let body = br#"{"18446744073709551616":"\\\"18446744073709551616\\","a":[1.8446744073709552e19,18446744073709551617 ,1]}"#;
        assert_eq!(whole_literal(body, two_to_64), Some("18446744073709551617"));
        let floats =
            br#"{"a":18446744073709551616.0,"b":1.8446744073709552E19,"c":"x18446744073709551616","d":true}"#;
        assert_eq!(whole_literal(floats, two_to_64), None);
        assert_eq!(
            whole_literal(b"-9223372036854775809", -9_223_372_036_854_775_808.0),
            Some("-9223372036854775809")
        );
        assert_eq!(whole_literal(b"\"unended", two_to_64), None);
    }
}
