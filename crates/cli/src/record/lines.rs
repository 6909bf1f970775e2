//! The lines of an input, one buffer for all of them.

use std::io::{self, BufRead};

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// What was read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line<'a> {
    /// A line that says something, without white space around it.
    Text(&'a [u8]),
    /// A line of white space.
    Empty,
    /// A line longer than may be. Reading goes on after it.
    TooLong,
    /// There is nothing more.
    End,
}

/// Reads lines and counts them.
pub(super) struct Lines<R> {
    input: R,
    /// The longest line that is read, in bytes without its end: a file without line ends must not fill the memory.
    longest: usize,
    buffer: Vec<u8>,
    number: u64,
    bytes: u64,
}

impl<R: BufRead> Lines<R> {
    pub(super) fn new(input: R, longest: usize) -> Self {
        Lines { input, longest, buffer: Vec::new(), number: 0, bytes: 0 }
    }

    /// The number of the line read last, from 1.
    pub(super) fn number(&self) -> u64 {
        self.number
    }

    /// How many bytes were read.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Reads a line. Not an iterator, because the line lives in the buffer.
    pub(super) fn next(&mut self) -> io::Result<Line<'_>> {
        self.buffer.clear();
        let mut too_long = false;
        let mut ended = false;
        let mut read = 0_usize;
        while !ended {
            let available = match self.input.fill_buf() {
                Ok(available) => available,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            if available.is_empty() {
                break;
            }
            // Splitting at the first line end is a search for one byte, which the library does well.
            let part = available.split_inclusive(|&byte| byte == b'\n').next().unwrap_or_default();
            let taken = part.len();
            ended = part.ends_with(b"\n");
            // The buffer may hold one byte more than a line: its end.
            too_long |= self.buffer.len() + taken - usize::from(ended) > self.longest;
            if !too_long {
                self.buffer.extend_from_slice(part);
            }
            self.input.consume(taken);
            read += taken;
        }
        if read == 0 {
            return Ok(Line::End);
        }
        self.number += 1;
        self.bytes += read as u64;
        if too_long {
            return Ok(Line::TooLong);
        }
        let mut line = self.buffer.as_slice();
        if self.number == 1 {
            line = line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(line);
        }
        let line = line.trim_ascii();
        Ok(if line.is_empty() { Line::Empty } else { Line::Text(line) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::BufReader;

    const LONGEST: usize = 1 << 10;

    fn all(input: &[u8], capacity: usize) -> Vec<String> {
        let mut lines = Lines::new(BufReader::with_capacity(capacity, input), LONGEST);
        let mut read = Vec::new();
        loop {
            let line = match lines.next().unwrap() {
                Line::Text(text) => String::from_utf8(text.to_vec()).unwrap(),
                Line::Empty => "empty".into(),
                Line::TooLong => "too long".into(),
                Line::End => break,
            };
            read.push(format!("{}: {line}", lines.number()));
        }
        assert_eq!(lines.bytes(), input.len() as u64);
        read
    }

    #[test]
    fn lines_end_as_on_any_system_and_the_last_needs_no_end() {
        for capacity in [1, 2, 3, 100] {
            assert_eq!(
                all(b"a\r\n\n \t\nb c\nd", capacity),
                ["1: a", "2: empty", "3: empty", "4: b c", "5: d"]
            );
            assert_eq!(all(b"", capacity), [""; 0]);
        }
    }

    #[test]
    fn a_byte_order_mark_is_no_part_of_the_first_line() {
        assert_eq!(all(b"\xEF\xBB\xBFa\n\xEF\xBB\xBFb", 100), ["1: a", "2: \u{feff}b"]);
        assert_eq!(all(b"\xEF\xBB\xBF\n", 100), ["1: empty"]);
    }

    #[test]
    fn a_line_of_the_longest_length_is_read_and_one_byte_more_is_not() {
        for (length, what) in [(LONGEST - 1, true), (LONGEST, true), (LONGEST + 1, false)] {
            for end in ["", "\n"] {
                let input = format!("{}{end}", "x".repeat(length));
                let mut lines = Lines::new(BufReader::new(input.as_bytes()), LONGEST);
                assert_eq!(matches!(lines.next().unwrap(), Line::Text(_)), what, "{length} {end:?}");
            }
        }
    }

    #[test]
    fn reading_goes_on_after_a_line_that_is_too_long() {
        let input = format!("a\n{}\nb", "x".repeat(3 * LONGEST));
        assert_eq!(all(input.as_bytes(), 1 << 4), ["1: a", "2: too long", "3: b"]);
    }
}
