//! An input, record by record.

use super::lines::{Line, Lines};
use super::sequence::Sequence;
use super::{AppLine, BadLine, LONGEST, Record, decode};
use crate::failure::Failure;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

/// Where records come from.
pub(crate) struct Input {
    name: String,
    size: Option<u64>,
    source: Box<dyn Read>,
}

impl Input {
    /// A file, or standard input for `-`.
    pub(crate) fn open(path: &Path) -> Result<Self, Failure> {
        if path.as_os_str() == "-" {
            return Ok(Input::of("standard input", io::stdin().lock()));
        }
        let name = path.display().to_string();
        let failed = |source| Failure::Io { action: format!("open {name}"), source };
        let file = File::open(path).map_err(failed)?;
        let metadata = file.metadata().map_err(failed)?;
        if metadata.is_dir() {
            return Err(failed(io::ErrorKind::IsADirectory.into()));
        }
        // A pipe or a device has a size of 0 and contents all the same.
        let size = Some(metadata.len()).filter(|_| metadata.is_file());
        Ok(Input { name, size, source: Box::new(file) })
    }

    /// What comes from anywhere else.
    pub(crate) fn of(name: impl Into<String>, source: impl Read + 'static) -> Self {
        Input { name: name.into(), size: None, source: Box::new(source) }
    }
}

/// The records of an input, one at a time.
pub(crate) struct Records {
    name: String,
    size: Option<u64>,
    lines: Lines<BufReader<Box<dyn Read>>>,
    sequence: Sequence,
    /// What was read and is still to be given.
    waiting: Option<Result<Record, BadLine>>,
    /// What tells an input from another one; kept only where that is asked.
    read: Option<Prefixes>,
}

/// Everything up to the line read last, and up to the line before it.
#[derive(Clone, Default)]
struct Prefixes {
    whole: Sha256,
    before: Sha256,
}

impl Records {
    pub(crate) fn new(input: Input) -> Self {
        let Input { name, size, source } = input;
        let lines = Lines::new(BufReader::with_capacity(1 << 17, source), LONGEST);
        Records { name, size, lines, sequence: Sequence::default(), waiting: None, read: None }
    }

    /// The same, able to say what was read.
    pub(crate) fn with_checksums(input: Input) -> Self {
        Records { read: Some(Prefixes::default()), ..Self::new(input) }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// How many bytes there are, where that is known.
    pub(crate) fn size(&self) -> Option<u64> {
        self.size
    }

    /// The number of the line of the record given last, from 1.
    pub(crate) fn line(&self) -> u64 {
        self.lines.number()
    }

    /// How many bytes were read.
    pub(crate) fn bytes(&self) -> u64 {
        self.lines.bytes()
    }

    /// What was read, in 32 bytes.
    pub(crate) fn checksum(&self) -> [u8; 32] {
        self.read.as_ref().map(|read| read.whole.clone().finalize().into()).unwrap_or_default()
    }

    /// What was read before the line read last, in 32 bytes.
    pub(crate) fn checksum_before(&self) -> [u8; 32] {
        self.read.as_ref().map(|read| read.before.clone().finalize().into()).unwrap_or_default()
    }

    /// The app whose export this is, if it is one. To be asked before anything else.
    pub(crate) fn export_of(&mut self) -> Result<Option<Box<AppLine>>, Failure> {
        match self.next()? {
            Some(Ok(Record::App(app))) => match app.limits.check() {
                Ok(()) => Ok(Some(app)),
                Err(refused) => {
                    let (input, line) = (self.name().to_owned(), self.line());
                    Err(Failure::Line { input, line, reason: refused.to_string() })
                }
            },
            // A first line that means to be an export's, but is none, is no line to be left out.
            Some(Err(bad @ BadLine::Malformed { kind: "rollbook", .. })) => {
                Err(self.stopped(self.line(), bad))
            }
            other => {
                self.waiting = other;
                Ok(None)
            }
        }
    }

    /// The next record; nothing at the end. Not an iterator, because a line may be bad where reading goes on.
    pub(crate) fn next(&mut self) -> Result<Option<Result<Record, BadLine>>, Failure> {
        if let Some(waiting) = self.waiting.take() {
            return Ok(Some(waiting));
        }
        let Records { name, lines, read, sequence, .. } = self;
        loop {
            let line = lines.next().map_err(failed_to_read(name))?;
            if let Some(read) = read {
                read.add(&line);
            }
            return Ok(match line {
                Line::End => None,
                Line::Empty => continue,
                Line::TooLong => Some(Err(BadLine::TooLong)),
                Line::Text(text) => {
                    Some(decode(text).and_then(|record| sequence.admit(&record).map(|()| record)))
                }
            });
        }
    }

    /// Goes on behind the line of this number, without a look at what is before it, and answers what that is, in 32
    /// bytes; nothing when there is no such line. To be asked when no more than the first record was.
    pub(crate) fn skip_to(&mut self, line: u64) -> Result<Option<[u8; 32]>, Failure> {
        if line < self.line() {
            return Ok(Some(self.checksum_before()));
        }
        self.waiting = None;
        let Records { name, lines, read, .. } = self;
        while lines.number() < line {
            let skipped = lines.next().map_err(failed_to_read(name))?;
            if skipped == Line::End {
                return Ok(None);
            }
            if let Some(read) = read {
                read.add(&skipped);
            }
        }
        Ok(Some(self.checksum()))
    }

    /// The failure that a bad line is.
    pub(crate) fn stopped(&self, line: u64, bad: BadLine) -> Failure {
        let input = self.name.clone();
        match bad {
            BadLine::Failed(source) => {
                Failure::Register { during: format!("{input}, line {line}: the register failed"), source }
            }
            bad => Failure::Line { input, line, reason: bad.to_string() },
        }
    }

    /// Asserts, when nothing more comes, that nothing is missing.
    pub(crate) fn check_whole(&self) -> Result<(), Failure> {
        if self.sequence.is_cut_short() {
            let name = &self.name;
            return Err(Failure::Refused(format!(
                "{name}: is an export that was cut short: its last line is missing"
            )));
        }
        Ok(())
    }
}

impl Prefixes {
    fn add(&mut self, line: &Line<'_>) {
        let text = match line {
            Line::Text(text) => text,
            // Whatever it says, it is not taken.
            Line::TooLong => b"".as_slice(),
            Line::Empty | Line::End => return,
        };
        self.before.clone_from(&self.whole);
        self.whole.update(text);
        self.whole.update(b"\n");
    }
}

fn failed_to_read(name: &str) -> impl FnOnce(io::Error) -> Failure {
    move |source| Failure::Io { action: format!("read {name}"), source }
}
