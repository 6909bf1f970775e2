//! Loading device registrations: lines in, devices in the register out.
//!
//! - `lines`: the lines of an input, bounded in length;
//! - `registration`: what one line says, or every reason why it says nothing.

mod lines;
mod registration;

use crate::failure::{Failure, tell};
use crate::progress::Progress;
use crate::register::Devices;
use lines::{Line, Lines};
use registration::BadLine;
use rollbook::ErrorKind;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

/// How many of the lines left out are listed; all are counted. Their text must not outgrow the register.
const LISTED: usize = 10_000;

/// Where registrations come from.
pub(crate) struct Input {
    name: String,
    size: Option<u64>,
    source: Box<dyn Read>,
}

impl Input {
    /// A file, or standard input for `-`.
    pub(crate) fn open(path: &Path) -> Result<Self, Failure> {
        if path.as_os_str() == "-" {
            return Ok(Input {
                name: "standard input".into(),
                size: None,
                source: Box::new(io::stdin().lock()),
            });
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
}

/// What was loaded.
#[derive(Debug, Default)]
pub(crate) struct Loaded {
    /// Lines that registered a device or updated one.
    pub(crate) registrations: u64,
    /// Of these, lines that registered a new device.
    pub(crate) devices: u64,
    skipped: u64,
    listed: Vec<(u64, String)>,
}

impl Loaded {
    /// Lists the lines that were left out, if any.
    pub(crate) fn tell_skipped(&self) {
        if self.skipped == 0 {
            return;
        }
        let of = self.registrations + self.skipped;
        tell(&format!("skipped {} of {of} lines:", self.skipped));
        for (line, reason) in &self.listed {
            tell(&format!("  line {line}: {reason}"));
        }
        let rest = self.skipped.saturating_sub(self.listed.len() as u64);
        if rest > 0 {
            tell(&format!("  and {rest} more"));
        }
    }

    fn skip(&mut self, line: u64, reason: String) {
        self.skipped += 1;
        if self.listed.len() < LISTED {
            self.listed.push((line, reason));
        }
    }
}

/// Registers every device of the input. A line that is wrong stops the load, unless such lines are to be skipped.
pub(crate) fn load(input: Input, devices: &Devices, skip_invalid: bool) -> Result<Loaded, Failure> {
    let Input { name, size, source } = input;
    let mut progress = Progress::of_bytes(size);
    let mut lines = Lines::new(BufReader::with_capacity(1 << 17, source));
    let mut loaded = Loaded::default();
    loop {
        let read = lines.next().map_err(|source| Failure::Io { action: format!("read {name}"), source })?;
        let done = match read {
            Line::End => return Ok(loaded),
            Line::Empty => continue,
            Line::TooLong => Err(BadLine::TooLong),
            Line::Text(text) => register(devices, text),
        };
        match done {
            Ok(created) => {
                loaded.registrations += 1;
                loaded.devices += u64::from(created);
            }
            Err(BadLine::Failed(source)) => {
                let during = format!("{name}, line {}: the register failed", lines.number());
                return Err(Failure::Register { during, source });
            }
            Err(bad) if skip_invalid => loaded.skip(lines.number(), bad.to_string()),
            Err(bad) => {
                return Err(Failure::Line { input: name, line: lines.number(), reason: bad.to_string() });
            }
        }
        progress.step(lines.bytes());
    }
}

/// Registers the device of one line; was it new?
fn register(devices: &Devices, text: &[u8]) -> Result<bool, BadLine> {
    let registration = registration::decode(text)?;
    match devices.register(&registration) {
        Ok(registered) => Ok(registered.created),
        Err(rollbook::Error::Invalid(violations)) => Err(BadLine::Broken(violations)),
        Err(error) if error.kind() == ErrorKind::Argument => Err(BadLine::Refused(error)),
        Err(error) => Err(BadLine::Failed(error)),
    }
}
