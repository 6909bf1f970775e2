//! Reading and writing bytes: the few shapes that every key and value consists of.
//!
//! Integers in values are little-endian; a *varint* is LEB128, seven bits a byte, the lowest first. Reading never
//! trusts a length and never panics: bytes that do not fit are [`Malformed`].

use std::str;

/// Says what is wrong with stored bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Malformed(pub(crate) &'static str);

pub(crate) type Decoded<T> = Result<T, Malformed>;

/// The version byte at the head of every value.
pub(crate) const VALUE_VERSION: u8 = 1;

/// Reads the bytes of a value or a key from the front.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cursor<'a> {
    rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Cursor { rest: bytes }
    }

    /// Starts to read a value, after its version byte.
    pub(crate) fn value(bytes: &'a [u8]) -> Decoded<Self> {
        let mut cursor = Cursor::new(bytes);
        match cursor.u8()? {
            VALUE_VERSION => Ok(cursor),
            _ => Err(Malformed("unknown version of a value")),
        }
    }

    pub(crate) fn take(&mut self, count: usize) -> Decoded<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or(Malformed("ends too early"))?;
        self.rest = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Decoded<[u8; N]> {
        let (taken, rest) = self.rest.split_first_chunk().ok_or(Malformed("ends too early"))?;
        self.rest = rest;
        Ok(*taken)
    }

    pub(crate) fn u8(&mut self) -> Decoded<u8> {
        self.array().map(u8::from_le_bytes)
    }

    pub(crate) fn u16(&mut self) -> Decoded<u16> {
        self.array().map(u16::from_le_bytes)
    }

    pub(crate) fn u32(&mut self) -> Decoded<u32> {
        self.array().map(u32::from_le_bytes)
    }

    pub(crate) fn i32(&mut self) -> Decoded<i32> {
        self.array().map(i32::from_le_bytes)
    }

    pub(crate) fn u64(&mut self) -> Decoded<u64> {
        self.array().map(u64::from_le_bytes)
    }

    pub(crate) fn i64(&mut self) -> Decoded<i64> {
        self.array().map(i64::from_le_bytes)
    }

    pub(crate) fn be_u64(&mut self) -> Decoded<u64> {
        self.array().map(u64::from_be_bytes)
    }

    pub(crate) fn be_u16(&mut self) -> Decoded<u16> {
        self.array().map(u16::from_be_bytes)
    }

    pub(crate) fn varint(&mut self) -> Decoded<u64> {
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.u8()?;
            let bits = u64::from(byte & 0x7F);
            if shift == 63 && bits > 1 {
                break;
            }
            number |= bits << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(Malformed("a varint of more than 64 bits"))
    }

    /// Reads a text that follows its length in bytes as a varint.
    pub(crate) fn text(&mut self) -> Decoded<&'a str> {
        let length = usize::try_from(self.varint()?).map_err(|_| Malformed("ends too early"))?;
        text(self.take(length)?)
    }

    pub(crate) fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.rest)
    }

    pub(crate) fn remaining(&self) -> usize {
        self.rest.len()
    }

    pub(crate) fn end(self) -> Decoded<()> {
        if self.rest.is_empty() { Ok(()) } else { Err(Malformed("bytes behind the end")) }
    }
}

pub(crate) fn text(bytes: &[u8]) -> Decoded<&str> {
    str::from_utf8(bytes).map_err(|_| Malformed("a text that is not UTF-8"))
}

/// Appends a varint.
pub(crate) fn put_varint(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// Appends the length of a text in bytes as a varint, then the text.
pub(crate) fn put_text(out: &mut Vec<u8>, text: &str) {
    put_varint(out, text.len() as u64);
    out.extend_from_slice(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_varint_reads_as_it_was_written(number: u64) {
            let mut out = Vec::new();
            put_varint(&mut out, number);
            let mut cursor = Cursor::new(&out);
            prop_assert_eq!(cursor.varint(), Ok(number));
            prop_assert!(cursor.end().is_ok());
        }

        #[test]
        fn any_bytes_read_as_a_varint_without_a_panic(bytes: Vec<u8>) {
            let _ = Cursor::new(&bytes).varint();
        }
    }

    #[test]
    fn a_varint_of_sixty_five_bits_is_refused() {
        let bytes = [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x02];
        assert!(Cursor::new(&bytes).varint().is_err());
    }
}
