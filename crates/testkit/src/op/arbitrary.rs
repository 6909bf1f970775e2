//! Operations for fuzzers: any bytes stand for some operation.

use super::{Alphabet, Choices, Op};
use arbitrary::{Arbitrary, Result, Unstructured};

/// The maximum number of bytes that one operation takes.
const MOST: usize = 40;

impl<'a> Arbitrary<'a> for Op {
    fn arbitrary(bytes: &mut Unstructured<'a>) -> Result<Self> {
        let taken = bytes.bytes(bytes.len().min(MOST))?;
        Ok(Op::choose(&mut Choices::new(taken), &Alphabet::default()))
    }

    fn size_hint(_depth: usize) -> (usize, Option<usize>) {
        (0, Some(MOST))
    }
}
