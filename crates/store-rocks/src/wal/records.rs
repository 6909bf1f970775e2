//! The engine's format of its write-ahead logs and of its `MANIFEST`: blocks of 32 KiB that contain records, each
//! with a checksum. A record that does not fit into a block is split.
//!
//! The engine reads these files itself. They are read here as well because the engine cannot report two things that
//! decide what a fault means: whether good records follow it, and whether the bytes look like a write that a crash
//! cut short. In its strict modes the engine refuses what a loss of power leaves at the end; in its lenient ones it
//! skips a zeroed sector in the middle without reporting it.

use std::io::{self, Read};
use std::ops::Range;

/// The length of a block.
const BLOCK: usize = 32 << 10;
/// The length of a header: checksum, length, kind.
const HEADER: usize = 7;
/// The unit that a disk writes completely or not at all.
const SECTOR: usize = 512;

/// How a file of records ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ending {
    /// With a whole record, or it is empty.
    Whole,
    /// With a record that was not written to its end, as a crash leaves it.
    Unfinished {
        /// Where that record begins.
        offset: u64,
    },
    /// The file was changed after it was written.
    Damaged {
        /// Where the first changed record begins.
        offset: u64,
        /// What is wrong.
        what: String,
    },
}

/// Which part of a record a piece is. The engine writes each part in one piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Full,
    First,
    Middle,
    Last,
    /// A kind that readers may skip.
    Passed,
}

/// What is found at an offset of a block.
enum Piece<'a> {
    Good(Part, &'a [u8]),
    /// Fewer bytes than the header says, at the end of the file.
    Short,
    Bad(&'static str),
    End,
}

/// Reads records, up to `keep` bytes of each, until the end or the first fault. A record that `each` refuses is
/// damage.
pub(super) fn read(
    mut source: impl Read,
    keep: usize,
    mut each: impl FnMut(u64, &[u8]) -> Result<(), String>,
) -> io::Result<Ending> {
    let (mut block, mut base) = (Vec::with_capacity(BLOCK), 0);
    let mut record = Vec::new();
    let mut begun = None;
    while fill(&mut source, &mut block)? {
        let mut at = 0;
        loop {
            let here = base + at as u64;
            let rest = block.get(at..).unwrap_or_default();
            let (part, payload) = match piece(rest, block.len() == BLOCK) {
                Piece::End => break,
                Piece::Good(part, payload) => (part, payload),
                bad @ (Piece::Short | Piece::Bad(_)) => {
                    let offset = begun.unwrap_or(here);
                    return judge(bad, source, block.clone(), at, offset);
                }
            };
            at += HEADER + payload.len();
            let offset = match (part, begun) {
                (Part::Passed, _) => continue,
                (Part::Full | Part::First, None) => {
                    record.clear();
                    here
                }
                (Part::Middle | Part::Last, Some(offset)) => offset,
                (Part::Full | Part::First, Some(offset)) => {
                    return Ok(damaged(offset, "the end of the record is missing"));
                }
                (Part::Middle | Part::Last, None) => {
                    return Ok(damaged(here, "the beginning of the record is missing"));
                }
            };
            let room = keep.saturating_sub(record.len()).min(payload.len());
            record.extend_from_slice(payload.get(..room).unwrap_or_default());
            begun = match part {
                Part::First | Part::Middle => Some(offset),
                _ => {
                    if let Err(what) = each(offset, &record) {
                        return Ok(damaged(offset, &what));
                    }
                    None
                }
            };
        }
        base += block.len() as u64;
    }
    Ok(begun.map_or(Ending::Whole, |offset| Ending::Unfinished { offset }))
}

fn damaged(offset: u64, what: &str) -> Ending {
    Ending::Damaged { offset, what: what.to_owned() }
}

/// Reads the next block, and returns `false` if there is none. Only the last block is shorter than the others.
fn fill(source: &mut impl Read, block: &mut Vec<u8>) -> io::Result<bool> {
    block.clear();
    source.by_ref().take(BLOCK as u64).read_to_end(block)?;
    Ok(!block.is_empty())
}

fn piece(rest: &[u8], whole_block: bool) -> Piece<'_> {
    let Some(([c0, c1, c2, c3, l0, l1, kind], after)) = rest.split_first_chunk::<HEADER>() else {
        // A whole block ends with up to six bytes, into which no header fits.
        return if whole_block || rest.is_empty() { Piece::End } else { Piece::Short };
    };
    let length = usize::from(u16::from_le_bytes([*l0, *l1]));
    let Some(payload) = after.get(..length) else {
        return if whole_block { Piece::Bad("the length of the record is wrong") } else { Piece::Short };
    };
    let checked = rest.get(HEADER - 1..HEADER + length).unwrap_or_default();
    if checksum(checked) != u32::from_le_bytes([*c0, *c1, *c2, *c3]) {
        return Piece::Bad("the checksum of the record is wrong");
    }
    let part = match kind {
        1 => Part::Full,
        2 => Part::First,
        3 => Part::Middle,
        4 => Part::Last,
        128.. => Part::Passed,
        _ => return Piece::Bad("the record is of an unknown kind"),
    };
    Piece::Good(part, payload)
}

/// Returns the checksum of the kind and the payload. The engine masks it, so that a checksum over data with checksums
/// is not trivial.
fn checksum(bytes: &[u8]) -> u32 {
    crc32c::crc32c(bytes).rotate_right(15).wrapping_add(0xa282_ead8)
}

/// Decides what a bad piece at `at` means: the end of an unfinished write, or damage.
fn judge(
    bad: Piece<'_>,
    mut source: impl Read,
    mut block: Vec<u8>,
    at: usize,
    offset: u64,
) -> io::Result<Ending> {
    let what = match bad {
        Piece::Bad(what) => what,
        _ => "the length of the record is wrong",
    };
    let rest = block.get(at..).unwrap_or_default();
    // The last record of a block, whole except for the length in its header.
    let stored = rest.first_chunk().map(|bytes| u32::from_le_bytes(*bytes));
    if rest.len() > HEADER && stored == rest.get(HEADER - 1..).map(checksum) {
        return Ok(damaged(offset, "the length of the record is wrong"));
    }
    let mut unwritten = matches!(bad, Piece::Short);
    let mut from = at;
    loop {
        let last = block.len() < BLOCK;
        unwritten |= has_unwritten_sector(&block, from..block.len());
        // Good records are also searched inside of what the bad header claims, because its length may be what is
        // wrong.
        let after = if from == at { at + 1 } else { 0 };
        if (after..block.len()).any(|at| begins(block.get(at..).unwrap_or_default())) {
            return Ok(damaged(offset, &format!("{what}, and records follow that are right")));
        }
        if last || !fill(&mut source, &mut block)? {
            break;
        }
        from = 0;
    }
    if unwritten {
        return Ok(Ending::Unfinished { offset });
    }
    Ok(damaged(offset, &format!("{what}, though all of it was written")))
}

/// Returns whether a valid record begins here.
fn begins(rest: &[u8]) -> bool {
    // The kind alone rules out most offsets, without a checksum.
    matches!(rest.get(HEADER - 1), Some(1 | 2))
        && matches!(piece(rest, true), Piece::Good(_, payload) if !payload.is_empty())
}

/// Returns whether some sector was never written. The part by which a file grows is zero until it is written. Blocks
/// begin on a sector boundary.
fn has_unwritten_sector(block: &[u8], range: Range<usize>) -> bool {
    let mut at = range.start;
    while at < range.end {
        let end = ((at / SECTOR + 1) * SECTOR).min(range.end);
        if block.get(at..end).is_some_and(|sector| sector.iter().all(|byte| *byte == 0)) {
            return true;
        }
        at = end;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns a file of records of these lengths, as the engine writes it, and the offset of each record.
    fn file(lengths: &[usize]) -> (Vec<u8>, Vec<u64>) {
        let (mut out, mut offsets) = (Vec::new(), Vec::new());
        for (n, &length) in lengths.iter().enumerate() {
            let payload: Vec<u8> = (0..length).map(|at| (at * 31 + n * 7 + 1) as u8 | 1).collect();
            let mut left = payload.as_slice();
            let mut first = true;
            loop {
                let room = BLOCK - out.len() % BLOCK;
                if room < HEADER {
                    out.resize(out.len() + room, 0);
                    continue;
                }
                let taken = left.len().min(room - HEADER);
                let (now, later) = left.split_at(taken);
                let kind = match (first, later.is_empty()) {
                    (true, true) => 1,
                    (true, false) => 2,
                    (false, false) => 3,
                    (false, true) => 4,
                };
                if first {
                    offsets.push(out.len() as u64);
                }
                let mut checked = vec![kind];
                checked.extend_from_slice(now);
                out.extend_from_slice(&checksum(&checked).to_le_bytes());
                out.extend_from_slice(&(taken as u16).to_le_bytes());
                out.extend_from_slice(&checked);
                (left, first) = (later, false);
                if left.is_empty() {
                    break;
                }
            }
        }
        (out, offsets)
    }

    fn ending(bytes: &[u8]) -> (Ending, Vec<u64>) {
        let mut seen = Vec::new();
        let ending = read(bytes, 12, |offset, head| {
            assert!(head.len() <= 12);
            seen.push(offset);
            Ok(())
        });
        (ending.unwrap(), seen)
    }

    const LENGTHS: [usize; 7] = [20, 300, 40_000, 1, 33_000, 500, 90];

    #[test]
    fn whole_files_are_read_whole() {
        for lengths in [&LENGTHS[..], &[], &[BLOCK - 7], &[BLOCK - 14, 10], &[BLOCK - 10, 5, 100_000]] {
            let (bytes, offsets) = file(lengths);
            assert_eq!(ending(&bytes), (Ending::Whole, offsets));
        }
    }

    #[test]
    fn a_cut_anywhere_is_an_unfinished_end_behind_all_whole_records() {
        let (bytes, offsets) = file(&LENGTHS);
        for cut in (0..bytes.len()).step_by(7).chain(bytes.len() - 200..bytes.len()) {
            let (found, seen) = ending(&bytes[..cut]);
            let whole = offsets.iter().skip(1).filter(|&&next| next <= cut as u64).count();
            assert_eq!(seen, offsets[..whole]);
            let expected = match offsets.get(whole) {
                // Up to six bytes at the end of a block are filled before the next record begins.
                Some(&offset) if offset < cut as u64 => Ending::Unfinished { offset },
                _ => Ending::Whole,
            };
            assert_eq!(found, expected, "cut at {cut}");
        }
    }

    #[test]
    fn a_flip_anywhere_is_damage_at_its_record_even_in_the_last() {
        let (bytes, offsets) = file(&LENGTHS);
        let padding = |at: usize| {
            offsets.iter().any(|&o| o as usize > at && o as usize - at < 7 && at / BLOCK < o as usize / BLOCK)
        };
        for at in (0..bytes.len()).step_by(11).chain(bytes.len() - 100..bytes.len()) {
            if padding(at) {
                continue;
            }
            for bit in [0, 3, 7] {
                let mut wrong = bytes.clone();
                wrong[at] ^= 1 << bit;
                let (found, seen) = ending(&wrong);
                let hit = offsets.iter().rposition(|&offset| offset <= at as u64).unwrap();
                assert_eq!(seen, offsets[..hit], "{at}");
                assert!(
                    matches!(found, Ending::Damaged { offset, .. } if offset == offsets[hit]),
                    "{at} {bit}: {found:?}"
                );
            }
        }
    }

    #[test]
    fn sectors_that_were_never_written_at_the_end_are_an_unfinished_end() {
        let (bytes, offsets) = file(&[3_000, 3_000]);
        let second = offsets[1] as usize;
        for sector in second.div_ceil(SECTOR)..bytes.len() / SECTOR {
            let mut torn = bytes.clone();
            torn[sector * SECTOR..(sector + 1) * SECTOR].fill(0);
            assert_eq!(ending(&torn).0, Ending::Unfinished { offset: offsets[1] });
        }
        let mut torn = bytes.clone();
        torn[second..].fill(0);
        assert_eq!(ending(&torn).0, Ending::Unfinished { offset: offsets[1] });
    }

    #[test]
    fn a_sector_of_zeros_before_a_good_record_is_damage() {
        let (bytes, offsets) = file(&[3_000, 3_000, 40_000, 50]);
        for sector in 0..offsets[3] as usize / SECTOR {
            let mut wrong = bytes.clone();
            wrong[sector * SECTOR..(sector + 1) * SECTOR].fill(0);
            let found = ending(&wrong).0;
            assert!(
                matches!(found, Ending::Damaged { offset, .. } if offset < offsets[3]),
                "{sector} {found:?}"
            );
        }
    }

    #[test]
    fn a_record_that_is_refused_is_damage_there() {
        let (bytes, offsets) = file(&LENGTHS);
        let refuse = |offset, _: &[u8]| if offset == offsets[4] { Err("no".to_owned()) } else { Ok(()) };
        assert_eq!(read(bytes.as_slice(), 12, refuse).unwrap(), damaged(offsets[4], "no"));
    }
}
