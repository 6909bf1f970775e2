//! The journal of an import: a file next to the store's own, with a line for each lot that is on disk before the lot
//! is committed.
//!
//! If the app is removed, its journal may stay; it then says nothing about a later app with the same key.

use crate::failure::Failure;
use crate::private;
use rollbook::{AppId, AppKey, Limits};
use serde::{Deserialize, Serialize};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// The first line: the input and the app of the import.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Head {
    pub(super) app: AppKey,
    pub(super) input: String,
    /// A checksum that distinguishes the first line of an export from every other.
    pub(super) header: Option<String>,
    /// The limits of the app when this import makes it; `None` where it existed before.
    pub(super) makes: Option<Limits>,
}

/// A lot that is about to be committed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Mark {
    /// The app's number, which no later app gets.
    pub(super) app_id: AppId,
    /// The line of the input after which the lot begins.
    pub(super) from: u64,
    /// A checksum that distinguishes the input up to that line from every other.
    pub(super) checksum: String,
    /// The last line of the lot.
    pub(super) to: u64,
    /// The app's version before the lot.
    pub(super) version: u64,
    /// The number of the app's last event before the lot.
    pub(super) log_end: u64,
    /// How many events are posted by the lot.
    pub(super) events: u64,
}

/// The journal of one import.
#[derive(Debug)]
pub(super) struct Journal {
    path: PathBuf,
    file: File,
    head: Head,
    last: Option<Mark>,
}

impl Journal {
    /// Begins an import. Fails if another one into the same app was interrupted; `is` is the app that exists now.
    pub(super) fn begin(directory: &Path, head: Head, is: Option<AppId>) -> Result<Self, Failure> {
        let path = path(directory, &head.app);
        if path.exists() && Journal::open(&path)?.is_of(is) {
            let app = &head.app;
            return Err(Failure::Refused(format!(
                "an import into app {app} was interrupted; --resume goes on with it; to begin again, remove the app \
                 by `rollbook app remove`, or, to import into it as it is, the file {}",
                path.display()
            )));
        }
        let draft = path.with_extension("new");
        let begun = (|| {
            let mut file = private::create(&draft)?;
            file.write_all(line(&head)?.as_bytes())?;
            file.sync_all()?;
            fs::rename(&draft, &path)?;
            File::open(directory)?.sync_all()?;
            Ok(file)
        })();
        let file = begun.map_err(failed("write", &path))?;
        Ok(Journal { path, file, head, last: None })
    }

    /// Returns the journal of the import that was interrupted; `is` is the app that exists now.
    pub(super) fn resume(directory: &Path, app: &AppKey, is: Option<AppId>) -> Result<Self, Failure> {
        let path = path(directory, app);
        if !path.exists() {
            let directory = directory.display();
            return Err(Failure::Refused(format!(
                "--resume: no import into app {app} of {directory} was interrupted"
            )));
        }
        let journal = Journal::open(&path)?;
        // If the import makes the app and has not noted a lot, there is nothing to lose.
        let is_new = is.is_none() && journal.last.is_none() && journal.head.makes.is_some();
        if is_new || journal.is_of(is) {
            return Ok(journal);
        }
        Err(Failure::Refused(format!(
            "--resume: app {app} was removed since the import was interrupted; import again without --resume"
        )))
    }

    /// Returns `true` if an interrupted import made the app with this number.
    pub(super) fn made(directory: &Path, app: &AppKey, id: AppId) -> Result<bool, Failure> {
        let path = path(directory, app);
        if !path.exists() {
            return Ok(false);
        }
        let journal = Journal::open(&path)?;
        Ok(journal.head.makes.is_some() && journal.is_of(Some(id)))
    }

    fn open(path: &Path) -> Result<Self, Failure> {
        let text = fs::read_to_string(path).map_err(failed("read", path))?;
        // The last line may be incomplete: its lot was not committed.
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        let mut lines = text.get(..whole).unwrap_or_default().lines();
        let read = |text: &str| serde_json::from_str(text).map_err(io::Error::from);
        let head = read_line(lines.next().unwrap_or_default()).map_err(failed("read", path))?;
        let last = lines.next_back().map(read).transpose().map_err(failed("read", path))?;
        let reopened = (|| {
            let file = OpenOptions::new().append(true).open(path)?;
            file.set_len(whole as u64)?;
            Ok(file)
        })();
        let file = reopened.map_err(failed("write", path))?;
        Ok(Journal { path: path.to_owned(), file, head, last })
    }

    /// Returns `true` if the journal is about the app that exists now.
    fn is_of(&self, is: Option<AppId>) -> bool {
        is.is_some_and(|id| self.last.as_ref().is_none_or(|mark| mark.app_id == id))
    }

    /// Returns the first line.
    pub(super) fn head(&self) -> &Head {
        &self.head
    }

    /// Returns the lot that was committed last, or was about to be.
    pub(super) fn last(&self) -> Option<&Mark> {
        self.last.as_ref()
    }

    /// Returns the line after which the import goes on, given the app's present counters: version, and last event.
    pub(super) fn go_on_after(&self, (version, log_end): (u64, u64)) -> Result<u64, Failure> {
        let Some(mark) = &self.last else { return Ok(0) };
        let Mark { from, to, events, .. } = *mark;
        // Lines other than events may be committed again.
        if events == 0 || log_end == mark.log_end {
            return Ok(from);
        }
        if (version, log_end) == (mark.version + 1, mark.log_end + events) {
            return Ok(to);
        }
        let (app, path) = (&self.head.app, self.path.display());
        Err(Failure::Refused(format!(
            "--resume: events were posted to app {app} since the import was interrupted, so it cannot be told whether \
             the {events} of lines {} to {to} are there; to begin again, remove {path}",
            from + 1
        )))
    }

    /// Notes a lot that is about to be committed, and syncs the journal.
    pub(super) fn mark(&mut self, mark: Mark) -> Result<(), Failure> {
        let noted = (|| {
            self.file.write_all(line(&mark)?.as_bytes())?;
            self.file.sync_data()
        })();
        noted.map_err(failed("write", &self.path))?;
        self.last = Some(mark);
        Ok(())
    }

    /// Removes the journal when the import is complete.
    pub(super) fn remove(self) -> Result<(), Failure> {
        fs::remove_file(&self.path).map_err(failed("remove", &self.path))
    }
}

fn path(directory: &Path, app: &AppKey) -> PathBuf {
    directory.join(format!("import-{app}.jsonl"))
}

fn line(of: &impl Serialize) -> io::Result<String> {
    Ok(serde_json::to_string(of)? + "\n")
}

fn read_line<'a, T: Deserialize<'a>>(text: &'a str) -> io::Result<T> {
    Ok(serde_json::from_str(text)?)
}

fn failed(what: &str, path: &Path) -> impl FnOnce(io::Error) -> Failure {
    let action = format!("{what} {}", path.display());
    move |source| Failure::Io { action, source }
}

/// Returns a checksum in the form of the journal.
pub(super) fn hex(bytes: [u8; 32]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
