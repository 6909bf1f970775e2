//! A key's name in 23 bytes.

use crate::pack::{self, Form};

const BYTES: usize = 22;

const HEX: u8 = 32;
const LOWER_UUID: u8 = 33;
const UPPER_UUID: u8 = 34;
const LONG: u8 = 35;
const LINK: u8 = 36;

/// A name: up to 22 bytes as they are, an id packed to 16, or a longer name by its number among the long ones. In a
/// row that is not the first of its name: the number of the first row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Text {
    kind: u8,
    bytes: [u8; BYTES],
}

impl Text {
    pub(crate) const NONE: Text = Text { kind: 0, bytes: [0; BYTES] };

    /// Returns the name in this form, unless it is a long one.
    #[inline]
    pub(crate) fn short(name: &str) -> Option<Text> {
        let name = name.as_bytes();
        let mut text = Text::NONE;
        if name.len() <= BYTES {
            text.kind = name.len() as u8;
            pack::fill(&mut text.bytes, name);
            return Some(text);
        }
        let (form, packed) = pack::pack(name)?;
        text.kind = match form {
            Form::Hex => HEX,
            Form::LowerUuid => LOWER_UUID,
            Form::UpperUuid => UPPER_UUID,
        };
        pack::fill(&mut text.bytes, &packed);
        Some(text)
    }

    pub(crate) fn long(number: u32) -> Text {
        Text::numbered(LONG, number)
    }

    pub(crate) fn link(number: u32) -> Text {
        Text::numbered(LINK, number)
    }

    fn numbered(kind: u8, number: u32) -> Text {
        let mut text = Text { kind, ..Text::NONE };
        pack::fill(&mut text.bytes, &number.to_le_bytes());
        text
    }

    fn number(&self, kind: u8) -> Option<u32> {
        (self.kind == kind)
            .then(|| self.bytes.first_chunk().map(|&bytes| u32::from_le_bytes(bytes)))
            .flatten()
    }

    /// Returns the number of the long name.
    #[inline]
    pub(crate) fn as_long(&self) -> Option<u32> {
        self.number(LONG)
    }

    /// Returns the number of the first row of the same name.
    #[inline]
    pub(crate) fn as_link(&self) -> Option<u32> {
        self.number(LINK)
    }

    /// Returns the words that are hashed of a short name.
    #[inline]
    pub(crate) fn words(&self) -> (u64, u64, u64) {
        let word = |bytes: Option<&[u8; 8]>| bytes.map_or(0, |&bytes| u64::from_le_bytes(bytes));
        // The third word overlaps the second by two bytes.
        let last = word(self.bytes.last_chunk()) ^ u64::from(self.kind);
        let (first, rest) = self.bytes.split_first_chunk().unwrap_or((&[0; 8], &[]));
        (word(Some(first)), word(rest.first_chunk()), last)
    }

    /// Calls `with` with a short name.
    #[inline]
    pub(crate) fn with<R>(&self, with: impl FnOnce(&str) -> R) -> R {
        let mut out = [0; pack::LONGEST];
        let unpack = |form, out| match self.bytes.first_chunk() {
            Some(bytes) => pack::unpack(form, bytes, out),
            None => &[],
        };
        let bytes = match self.kind {
            HEX => unpack(Form::Hex, &mut out),
            LOWER_UUID => unpack(Form::LowerUuid, &mut out),
            UPPER_UUID => unpack(Form::UpperUuid, &mut out),
            len => self.bytes.get(..usize::from(len)).unwrap_or_default(),
        };
        with(std::str::from_utf8(bytes).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_short_name_reads_back(name in ".{0,12}|[0-9a-f]{32}|[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}") {
            match Text::short(&name) {
                Some(text) => prop_assert!(text.with(|read| read == name)),
                None => prop_assert!(name.len() > 22),
            }
        }

        #[test]
        fn different_names_are_different_texts(one in "[0-9a-f]{1,3}|[a\0]{0,22}", other in "[0-9a-f]{1,3}|[a\0]{0,22}") {
            prop_assert_eq!(one == other, Text::short(&one) == Text::short(&other));
        }
    }

    #[test]
    fn a_number_reads_back_as_what_it_was() {
        assert_eq!((Text::long(70_000).as_long(), Text::long(1).as_link()), (Some(70_000), None));
        assert_eq!((Text::link(u32::MAX).as_link(), Text::link(1).as_long()), (Some(u32::MAX), None));
    }
}
