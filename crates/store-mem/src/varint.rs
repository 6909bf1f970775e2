//! Small numbers in few bytes: seven bits a byte, least significant first; the high bit is set if more bytes follow.

use smallvec::SmallVec;

/// Bytes under construction. What fits a device line does not touch the heap.
pub(crate) type Bytes = SmallVec<[u8; 64]>;

/// Appends a number.
#[inline]
pub(crate) fn put(out: &mut Bytes, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// Appends a length and the bytes.
pub(crate) fn put_sized(out: &mut Bytes, bytes: &[u8]) {
    put(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// Reads bytes from the front.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reader<'a>(pub(crate) &'a [u8]);

impl<'a> Reader<'a> {
    #[inline]
    pub(crate) fn number(&mut self) -> Option<u64> {
        let (&first, rest) = self.0.split_first()?;
        self.0 = rest;
        if first < 0x80 {
            return Some(u64::from(first));
        }
        let mut number = u64::from(first & 0x7F);
        let mut shift = 7;
        loop {
            let (&byte, rest) = self.0.split_first()?;
            self.0 = rest;
            number |= u64::from(byte & 0x7F).checked_shl(shift)?;
            if byte < 0x80 {
                return Some(number);
            }
            shift += 7;
        }
    }

    pub(crate) fn small(&mut self) -> Option<u32> {
        u32::try_from(self.number()?).ok()
    }

    pub(crate) fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(taken)
    }

    pub(crate) fn sized(&mut self) -> Option<&'a [u8]> {
        let len = usize::try_from(self.number()?).ok()?;
        self.take(len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_number_reads_back(number: u64, rest: Vec<u8>) {
            let mut out = Bytes::new();
            put(&mut out, number);
            put_sized(&mut out, &rest);
            let mut reader = Reader(&out);
            prop_assert_eq!(reader.number(), Some(number));
            prop_assert_eq!(reader.sized(), Some(&rest[..]));
            prop_assert!(reader.0.is_empty());
        }
    }

    #[test]
    fn a_number_cut_short_is_none() {
        assert_eq!(Reader(&[0x80]).number(), None);
        assert_eq!(Reader(&[]).number(), None);
        assert_eq!(Reader(&[0xFF; 12]).number(), None);
    }
}
