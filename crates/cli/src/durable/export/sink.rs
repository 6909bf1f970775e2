//! The destination of an export: standard output, or a file that appears when it is complete.

use crate::failure::Failure;
use crate::output::Output;
use crate::private;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// The destination of the lines of an export. They are complete only after [`Sink::finish`].
pub(super) enum Sink {
    Stdout(Output),
    File(Draft),
}

impl Sink {
    /// Opens standard output, or a file that replaces the one that exists.
    pub(super) fn open(path: Option<&Path>) -> Result<Self, Failure> {
        Ok(match path {
            None => Sink::Stdout(Output::new()),
            Some(path) if path.as_os_str() == "-" => Sink::Stdout(Output::new()),
            Some(path) => Sink::File(Draft::begin(path)?),
        })
    }

    pub(super) fn line(&mut self, line: &str) -> Result<(), Failure> {
        match self {
            Sink::Stdout(output) => output.line(format_args!("{line}")),
            Sink::File(draft) => draft.line(line),
        }
    }

    pub(super) fn finish(self) -> Result<(), Failure> {
        match self {
            Sink::Stdout(output) => output.finish(),
            Sink::File(draft) => draft.finish(),
        }
    }
}

/// A file that has another name until it is complete. It is removed if it is dropped before that.
pub(super) struct Draft {
    file: BufWriter<File>,
    path: PathBuf,
    /// The name until then, if it has one.
    draft: Option<PathBuf>,
}

impl Draft {
    fn begin(path: &Path) -> Result<Self, Failure> {
        let (path, draft) = match fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => {
                return Err(failed("write", path)(io::ErrorKind::IsADirectory.into()));
            }
            // A device or a pipe cannot be replaced by a file, so it is written directly.
            Ok(metadata) if !metadata.is_file() => (path.to_owned(), None),
            // For a symbolic link, the file to which it points is replaced, and the link stays.
            Ok(_) => {
                let path = fs::canonicalize(path).map_err(failed("write", path))?;
                (path.clone(), Some(part(&path)))
            }
            Err(_) => (path.to_owned(), Some(part(path))),
        };
        let file = match &draft {
            Some(draft) => private::create(draft),
            None => File::create(&path),
        };
        let file = file.map_err(failed("write", &path))?;
        Ok(Draft { file: BufWriter::with_capacity(1 << 17, file), path, draft })
    }

    fn line(&mut self, line: &str) -> Result<(), Failure> {
        let written = self.file.write_all(line.as_bytes()).and_then(|()| self.file.write_all(b"\n"));
        written.map_err(failed("write", &self.path))
    }

    fn finish(mut self) -> Result<(), Failure> {
        let put_in_place = |this: &mut Self| {
            this.file.flush()?;
            let Some(draft) = &this.draft else { return Ok(()) };
            this.file.get_ref().sync_all()?;
            fs::rename(draft, &this.path)?;
            this.draft = None;
            Ok(())
        };
        put_in_place(&mut self).map_err(failed("write", &self.path))
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if let Some(draft) = &self.draft {
            let _ = fs::remove_file(draft);
        }
    }
}

/// Returns the name of a file that is not complete yet.
fn part(path: &Path) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(".part");
    name.into()
}

fn failed(what: &str, path: &Path) -> impl FnOnce(io::Error) -> Failure + use<> {
    let action = format!("{what} {}", path.display());
    move |source| Failure::Io { action, source }
}
