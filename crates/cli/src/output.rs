//! Standard output: buffered, and quiet when its reader leaves.

use crate::failure::Failure;
use std::fmt;
use std::io::{self, BufWriter, StdoutLock, Write};

/// Standard output. What is written is complete only after [`Output::finish`].
pub(crate) struct Output(BufWriter<StdoutLock<'static>>);

impl Output {
    pub(crate) fn new() -> Self {
        Output(BufWriter::with_capacity(1 << 16, io::stdout().lock()))
    }

    pub(crate) fn line(&mut self, line: fmt::Arguments<'_>) -> Result<(), Failure> {
        self.write(line)?;
        self.write(format_args!("\n"))
    }

    pub(crate) fn write(&mut self, text: fmt::Arguments<'_>) -> Result<(), Failure> {
        self.0.write_fmt(text).map_err(failed)
    }

    /// Writes out what is still buffered.
    pub(crate) fn finish(mut self) -> Result<(), Failure> {
        self.0.flush().map_err(failed)
    }
}

fn failed(source: io::Error) -> Failure {
    match source.kind() {
        io::ErrorKind::BrokenPipe => Failure::ReaderGone,
        _ => Failure::Io { action: "write the answer".into(), source },
    }
}
