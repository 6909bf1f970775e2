//! How far an import came: a file beside the store's own, a line for each lot, on disk before the lot is committed.
//!
//! A journal outlives its app when that is removed: then it says nothing about an app that has the same key later.

use crate::failure::Failure;
use crate::private;
use rollbook::{AppId, AppKey, Limits};
use serde::{Deserialize, Serialize};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// The first line: what is being imported.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Head {
    pub(super) app: AppKey,
    pub(super) input: String,
    /// Tells the first line of an export from every other.
    pub(super) header: Option<String>,
    /// What the app gets that is this import's own; nothing where there was one.
    pub(super) makes: Option<Limits>,
}

/// A lot that is about to be committed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Mark {
    /// The app's number, which no later app gets.
    pub(super) app_id: AppId,
    /// The line of the input that the lot comes after.
    pub(super) from: u64,
    /// Tells the input up to that line from every other.
    pub(super) checksum: String,
    /// The last line of the lot.
    pub(super) to: u64,
    /// The app's version before the lot.
    pub(super) version: u64,
    /// The number of the app's last event before the lot.
    pub(super) log_end: u64,
    /// How many events the lot posts.
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
    /// Begins an import, unless another one into the app, which `is` there now, was interrupted.
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

    /// The journal of the import that was interrupted, into the app that `is` there now.
    pub(super) fn resume(directory: &Path, app: &AppKey, is: Option<AppId>) -> Result<Self, Failure> {
        let path = path(directory, app);
        if !path.exists() {
            let directory = directory.display();
            return Err(Failure::Refused(format!(
                "--resume: no import into app {app} of {directory} was interrupted"
            )));
        }
        let journal = Journal::open(&path)?;
        // Where the import makes the app and has not noted a lot, there is nothing to lose.
        let is_new = is.is_none() && journal.last.is_none() && journal.head.makes.is_some();
        if is_new || journal.is_of(is) {
            return Ok(journal);
        }
        Err(Failure::Refused(format!(
            "--resume: app {app} was removed since the import was interrupted; import again without --resume"
        )))
    }

    /// Whether an interrupted import made the app of this number.
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
        // The last line may be unfinished: its lot was not committed.
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

    /// Whether it speaks of the app that `is` there now.
    fn is_of(&self, is: Option<AppId>) -> bool {
        is.is_some_and(|id| self.last.as_ref().is_none_or(|mark| mark.app_id == id))
    }

    /// What the import is of.
    pub(super) fn head(&self) -> &Head {
        &self.head
    }

    /// The lot that was committed last, or was about to be.
    pub(super) fn last(&self) -> Option<&Mark> {
        self.last.as_ref()
    }

    /// The line after which an import goes on that finds these counters: version, and last event.
    pub(super) fn go_on_after(&self, (version, log_end): (u64, u64)) -> Result<u64, Failure> {
        let Some(mark) = &self.last else { return Ok(0) };
        let Mark { from, to, events, .. } = *mark;
        // What is no event may be taken again.
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

    /// Notes a lot that is about to be committed.
    pub(super) fn mark(&mut self, mark: Mark) -> Result<(), Failure> {
        let noted = (|| {
            self.file.write_all(line(&mark)?.as_bytes())?;
            self.file.sync_data()
        })();
        noted.map_err(failed("write", &self.path))?;
        self.last = Some(mark);
        Ok(())
    }

    /// The import is complete.
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

/// A checksum as the journal has it.
pub(super) fn hex(bytes: [u8; 32]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
