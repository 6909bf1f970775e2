//! The directory of a store: a format file that says which release can read it, and the engine's own directory beside
//! it.

use crate::open::OpenError;
use crate::private;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// The format that this release writes and reads.
pub(crate) const FORMAT: u32 = 1;

const FILE: &str = "FORMAT";
const ENGINE: &str = "db";
const PREFIX: &str = "rollbook-store-rocks ";

/// Returns the directory with the engine's files.
pub(crate) fn engine_directory(path: &Path) -> PathBuf {
    path.join(ENGINE)
}

pub(crate) fn io_error(path: &Path, what: &'static str) -> impl FnOnce(io::Error) -> OpenError {
    move |cause| OpenError::Io { path: path.to_owned(), what, cause }
}

/// Checks that this release can read the directory. If there is none, creates it if `make` is set.
pub(crate) fn check_or_make(path: &Path, make: bool) -> Result<(), OpenError> {
    let file = path.join(FILE);
    match fs::read(&file) {
        Ok(text) => check(path, &text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            if !is_empty(path)? {
                return Err(OpenError::NotAStore(path.to_owned()));
            }
            if !make {
                return Err(OpenError::Missing(path.to_owned()));
            }
            private::create_dir(path).map_err(io_error(path, "cannot make the directory"))?;
            write(path)
        }
        Err(cause) => Err(io_error(&file, "cannot read the format file")(cause)),
    }
}

fn check(path: &Path, text: &[u8]) -> Result<(), OpenError> {
    let found = str::from_utf8(text).ok().and_then(|text| text.strip_prefix(PREFIX)).map(str::trim);
    match found {
        None => Err(OpenError::NotAStore(path.to_owned())),
        Some(found) if found == FORMAT.to_string() => Ok(()),
        Some(found) => {
            Err(OpenError::Format { path: path.to_owned(), found: found.to_owned(), known: FORMAT })
        }
    }
}

/// Returns whether the path does not exist or is an empty directory.
fn is_empty(path: &Path) -> Result<bool, OpenError> {
    match fs::read_dir(path) {
        Ok(mut entries) => Ok(entries.next().is_none()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(cause) => Err(io_error(path, "cannot read the directory")(cause)),
    }
}

/// Writes the format file atomically. This must happen before the engine writes anything.
pub(crate) fn write(path: &Path) -> Result<(), OpenError> {
    let (file, draft) = (path.join(FILE), path.join("FORMAT.new"));
    let written = (|| {
        // A leftover of an interrupted try.
        let _ = fs::remove_file(&draft);
        let mut out = private::create_file(&draft)?;
        out.write_all(format!("{PREFIX}{FORMAT}\n").as_bytes())?;
        out.sync_all()?;
        fs::rename(&draft, &file)?;
        File::open(path)?.sync_all()
    })();
    written.map_err(io_error(&file, "cannot write the format file"))
}
