//! Reading one value of JSON.

use super::faults::{Faults, Place, shown};
use serde::Deserializer;
use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

/// A value as far as a member that holds a single one needs it; of lists and objects, that it is one.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Piece<'de> {
    Null,
    Bool(bool),
    /// A number that was written as a whole one, and is one of 64 bits with or without a sign.
    Whole(i128),
    Float(f64),
    /// Borrowed from the body, unless it was written with escapes.
    Text(Cow<'de, str>),
    List,
    Object,
}

impl Piece<'_> {
    /// The whole number of 64 bits that this is, as a number or as a text, with nothing but zeros after a point.
    pub(super) fn as_whole(&self) -> Option<i64> {
        match self {
            Piece::Whole(number) => i64::try_from(*number).ok(),
            // Below this bound every whole float is a number of 64 bits.
            Piece::Float(number) if number.fract() == 0.0 && number.abs() < 9_223_372_036_854_775_808.0 => {
                #[allow(clippy::cast_possible_truncation, reason = "it is whole and within the bounds")]
                let whole = *number as i64;
                Some(whole)
            }
            Piece::Text(text) => {
                let (whole, zeros) = text.split_once('.').unwrap_or((text, "0"));
                let zeros = !zeros.is_empty() && zeros.bytes().all(|byte| byte == b'0');
                whole.parse().ok().filter(|_| zeros)
            }
            _ => None,
        }
    }
}

/// As errors show it.
impl fmt::Display for Piece<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Piece::Null => f.write_str("null"),
            Piece::Bool(truth) => truth.fmt(f),
            Piece::Whole(number) => number.fmt(f),
            Piece::Float(number) => write!(f, "{number:?}"),
            Piece::Text(text) => f.write_str(&shown(text)),
            Piece::List => f.write_str("a list"),
            Piece::Object => f.write_str("an object"),
        }
    }
}

/// What is read of one value. What is wrong is noted among the faults, and nothing is made of it then; an error is one
/// of the deserializer alone.
pub(crate) trait Read<'de>: Sized {
    /// What a value must be, as errors say it.
    const EXPECTED: &'static str;

    /// The members that are dropped where they are no values at all.
    const MAY_DROP: &'static [&'static str] = &[];

    /// Reads anything but a list and an object.
    fn plain(piece: Piece<'de>, place: Place<'_>, faults: &mut Faults) -> Option<Self> {
        faults.wrong(place, Self::EXPECTED, &piece);
        None
    }

    fn list<A: SeqAccess<'de>>(
        mut items: A,
        place: Place<'_>,
        faults: &mut Faults,
    ) -> Result<Option<Self>, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Self::plain(Piece::List, place, faults))
    }

    fn object<A: MapAccess<'de>>(
        mut members: A,
        place: Place<'_>,
        faults: &mut Faults,
    ) -> Result<Option<Self>, A::Error> {
        while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Self::plain(Piece::Object, place, faults))
    }
}

impl<'de> Read<'de> for Piece<'de> {
    const EXPECTED: &'static str = "must be a value";
    fn plain(piece: Piece<'de>, _: Place<'_>, _: &mut Faults) -> Option<Self> {
        Some(piece)
    }
}

/// Reads a value that stands at a place.
pub(crate) struct Reader<'f, T> {
    place: Place<'f>,
    faults: &'f mut Faults,
    /// Does null count as absent?
    optional: bool,
    of: PhantomData<T>,
}

impl<'f, T> Reader<'f, T> {
    pub(crate) fn new(place: Place<'f>, faults: &'f mut Faults) -> Self {
        Reader { place, faults, optional: false, of: PhantomData }
    }

    pub(crate) fn optional(place: Place<'f>, faults: &'f mut Faults) -> Self {
        Reader { optional: true, ..Reader::new(place, faults) }
    }

    pub(crate) fn read<'de, D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<T>, D::Error>
    where
        T: Read<'de>,
    {
        let Reader { place, faults, optional, of } = self;
        let read = deserializer.deserialize_any(Reader { place, faults: &mut *faults, optional, of });
        if read.is_err() {
            faults.stop(place);
        }
        read
    }
}

impl<'de, T: Read<'de>> DeserializeSeed<'de> for Reader<'_, T> {
    type Value = Option<T>;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<T>, D::Error> {
        self.read(deserializer)
    }
}

macro_rules! pieces {
    ($($visit:ident($value:ident: $type:ty) => $piece:expr;)*) => {$(
        fn $visit<E: Error>(self, $value: $type) -> Result<Option<T>, E> {
            Ok(T::plain($piece, self.place, self.faults))
        }
    )*};
}

impl<'de, T: Read<'de>> Visitor<'de> for Reader<'_, T> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    pieces! {
        visit_bool(truth: bool) => Piece::Bool(truth);
        visit_i64(number: i64) => Piece::Whole(number.into());
        visit_u64(number: u64) => Piece::Whole(number.into());
        visit_f64(number: f64) => Piece::Float(number);
        visit_borrowed_str(text: &'de str) => Piece::Text(text.into());
        visit_str(text: &str) => Piece::Text(text.to_owned().into());
        visit_string(text: String) => Piece::Text(text.into());
    }

    fn visit_unit<E: Error>(self) -> Result<Option<T>, E> {
        Ok(if self.optional { None } else { T::plain(Piece::Null, self.place, self.faults) })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<Option<T>, A::Error> {
        T::list(items, self.place, self.faults)
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Option<T>, A::Error> {
        T::object(members, self.place, self.faults)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_number_may_be_a_text_or_have_a_point() {
        let text = |text: &'static str| Piece::Text(text.into()).as_whole();
        for (sent, number) in [
            ("25200", Some(25_200)),
            ("-3600", Some(-3_600)),
            ("+3600", Some(3_600)),
            ("3600.0", Some(3_600)),
            ("3600.000", Some(3_600)),
            ("9223372036854775807", Some(i64::MAX)),
            ("9223372036854775808", None),
            ("3600.5", None),
            ("3600.", None),
            (".0", None),
            ("", None),
            (" 3600", None),
            ("36e2", None),
            ("0x10", None),
            ("now", None),
            ("1.0.0", None),
        ] {
            assert_eq!(text(sent), number, "{sent}");
        }
        assert_eq!(Piece::Float(3_600.0).as_whole(), Some(3_600));
        assert_eq!(Piece::Float(-0.0).as_whole(), Some(0));
        assert_eq!(Piece::Float(i64::MIN as f64 + 1024.0).as_whole(), Some(i64::MIN + 1024));
        for number in [0.5, 1e19, 9_223_372_036_854_775_808.0, f64::NAN, f64::INFINITY] {
            assert_eq!(Piece::Float(number).as_whole(), None);
        }
        assert_eq!(Piece::Whole(i64::MAX.into()).as_whole(), Some(i64::MAX));
        for piece in
            [Piece::Whole(u64::MAX.into()), Piece::Bool(true), Piece::Null, Piece::List, Piece::Object]
        {
            assert_eq!(piece.as_whole(), None);
        }
    }
}
