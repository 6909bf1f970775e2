//! Files and directories that are for their owner alone: push tokens and the hashes of secrets are in them.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::path::Path;

/// Makes a directory that nobody else may enter, and around it those that are missing, as usual. One that is there and
/// that the caller owns is closed to others: it is empty so far, and the engine's files are readable for all.
pub(crate) fn create_dir(path: &Path) -> io::Result<()> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    match builder.create(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => close(path),
        made => made,
    }
}

/// Somebody else's directory stays as it is: who made it decided who may enter.
#[cfg(unix)]
fn close(path: &Path) -> io::Result<()> {
    let permissions = std::os::unix::fs::PermissionsExt::from_mode(0o700);
    match fs::set_permissions(path, permissions) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(()),
        closed => closed,
    }
}

#[cfg(not(unix))]
fn close(_path: &Path) -> io::Result<()> {
    Ok(())
}

/// Makes a file that nobody else may read; there must be none.
pub(crate) fn create_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
