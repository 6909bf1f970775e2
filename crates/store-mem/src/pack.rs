//! Texts packed into half their bytes, without loss: the hexadecimal forms that ids usually have.
//!
//! A form is recognized only if unpacking gives exactly the same bytes: lower-case hexadecimal of 32 digits, and
//! UUIDs of one letter case with their four hyphens. Everything else is stored as it is.

/// How 16 packed bytes are to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// 32 lower-case hexadecimal digits.
    Hex,
    /// A UUID in lower case.
    LowerUuid,
    /// A UUID in upper case.
    UpperUuid,
}

/// The longest text that has a packed form.
pub(crate) const LONGEST: usize = 36;

/// Copies bytes to the front of `place`, which must have room for them.
#[inline]
pub(crate) fn fill(place: &mut [u8], bytes: &[u8]) {
    if let Some(front) = place.get_mut(..bytes.len()) {
        front.copy_from_slice(bytes);
    }
}

/// Returns the form of a text and its 16 bytes, if it has a packed form.
#[inline]
pub(crate) fn pack(text: &[u8]) -> Option<(Form, [u8; 16])> {
    match text.len() {
        32 => Some((Form::Hex, pack_hex(text.first_chunk()?, b'a')?)),
        36 => {
            let digits = uuid_digits(text)?;
            if let Some(bytes) = pack_hex(&digits, b'a') {
                return Some((Form::LowerUuid, bytes));
            }
            Some((Form::UpperUuid, pack_hex(&digits, b'A')?))
        }
        _ => None,
    }
}

/// Returns the text of 16 packed bytes, written to the front of `out`.
#[inline]
pub(crate) fn unpack<'a>(form: Form, bytes: &[u8; 16], out: &'a mut [u8; LONGEST]) -> &'a [u8] {
    let digits = unpack_hex(bytes, if form == Form::UpperUuid { b'A' } else { b'a' });
    if form == Form::Hex {
        let Some(text) = out.first_chunk_mut::<32>() else { return &[] };
        *text = digits;
        return text;
    }
    let mut digits = digits.into_iter();
    for (position, place) in out.iter_mut().enumerate() {
        *place = if is_hyphen(position) { b'-' } else { digits.next().unwrap_or(b'-') };
    }
    out
}

const fn is_hyphen(position: usize) -> bool {
    matches!(position, 8 | 13 | 18 | 23)
}

fn uuid_digits(text: &[u8]) -> Option<[u8; 32]> {
    let mut digits = [0; 32];
    let mut places = digits.iter_mut();
    for (position, &byte) in text.iter().enumerate() {
        if !is_hyphen(position) {
            *places.next()? = byte;
        } else if byte != b'-' {
            return None;
        }
    }
    Some(digits)
}

/// Packs digit `n` and digit `n + 16` into one byte. Packing neighbours would need a shuffle, while this needs two
/// plain loads.
#[inline]
fn pack_hex(text: &[u8; 32], letter_a: u8) -> Option<[u8; 16]> {
    let mut digits = [0_u8; 32];
    let mut bad = false;
    for (digit, &byte) in digits.iter_mut().zip(text) {
        let (number, letter) = (byte.wrapping_sub(b'0'), byte.wrapping_sub(letter_a));
        bad |= (number > 9) & (letter > 5);
        *digit = if number <= 9 { number } else { letter.wrapping_add(10) };
    }
    if bad {
        return None;
    }
    let mut bytes = [0_u8; 16];
    let (high, low) = digits.split_at(16);
    for (byte, (high, low)) in bytes.iter_mut().zip(high.iter().zip(low)) {
        *byte = high << 4 | (low & 0xF);
    }
    Some(bytes)
}

#[inline]
fn unpack_hex(bytes: &[u8; 16], letter_a: u8) -> [u8; 32] {
    let mut text = [0_u8; 32];
    let (high, low) = text.split_at_mut(16);
    let digit = |n: u8| if n <= 9 { b'0' + n } else { letter_a + n - 10 };
    for (byte, (high, low)) in bytes.iter().zip(high.iter_mut().zip(low)) {
        *high = digit(byte >> 4);
        *low = digit(byte & 0xF);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn round(text: &str) -> Option<Form> {
        let (form, bytes) = pack(text.as_bytes())?;
        assert_eq!(unpack(form, &bytes, &mut [0; LONGEST]), text.as_bytes());
        Some(form)
    }

    #[test]
    fn the_usual_forms_of_ids_are_packed() {
        assert_eq!(round("0123456789abcdef00112233aabbccff"), Some(Form::Hex));
        assert_eq!(round("01234567-89ab-cdef-0011-2233aabbccff"), Some(Form::LowerUuid));
        assert_eq!(round("01234567-89AB-CDEF-0011-2233AABBCCFF"), Some(Form::UpperUuid));
    }

    #[test]
    fn what_would_not_read_back_the_same_is_not_packed() {
        assert_eq!(round("0123456789ABCDEF00112233aabbccff"), None);
        assert_eq!(round("0123456789abcdef00112233aabbccf"), None);
        assert_eq!(round("01234567-89AB-cdef-0011-2233aabbccff"), None);
        assert_eq!(round("01234567+89ab-cdef-0011-2233aabbccff"), None);
        assert_eq!(round("g123456789abcdef00112233aabbccff"), None);
    }

    proptest! {
        #[test]
        fn whatever_is_packed_reads_back(text in "[0-9a-gA-F-]{32}|[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|.{32}") {
            round(&text);
        }
    }
}
