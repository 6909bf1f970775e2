//! What an import that failed leaves, and what the next one finds.
//!
//! An app that an import makes exists only if the import is complete: half of a file looks like an app, and its key
//! and limits would be in the way of the next try. What was committed stays if the input is not the cause of the
//! failure (a full disk, a kill), if the app is not this run's own, and if the command line asks for it: `--resume`
//! then goes on.

use super::journal::Journal;
use super::target::counters;
use crate::args::durable::Import;
use crate::failure::Failure;
use crate::register::Register;
use rollbook::{AppId, AppKey, Error};
use std::path::Path;

/// An import that failed.
pub(super) struct Stopped<'a> {
    pub(super) options: &'a Import,
    pub(super) input: &'a str,
    /// The number of lines that this run committed.
    pub(super) lines: u64,
    /// Whether the register refused a line that could be parsed.
    pub(super) by_limits: bool,
}

impl Stopped<'_> {
    /// Removes what must not stay after a failure, and returns what is left and what to do about it.
    pub(super) fn leave(&self, failure: &Failure, register: &Register, journal: Journal) -> String {
        let Stopped { options, input, lines, by_limits } = self;
        let (key, lines) = (options.app.key(), *lines);
        let refused = matches!(failure, Failure::Line { .. } | Failure::Refused(_));
        let made = journal.head().makes.is_some();
        let advice = advice(refused && !options.skip_invalid, *by_limits && made);
        if made && !options.resume && (lines == 0 || refused && !options.keep) {
            return match remove(register, key, journal) {
                Ok(()) => format!(
                    "nothing of {input} is imported: app {key}, which this import made, is removed again{advice}"
                ),
                Err(failed) => format!(
                    "imported {lines} lines of {input} into app {key}, which this import made and could not remove \
                     again: {}; `--resume` goes on after them, `rollbook app remove` removes the app",
                    failed.text()
                ),
            };
        }
        // Nothing was committed, so the user need not find out whether anything was.
        if !options.resume && lines == 0 && (refused || journal.last().is_none()) {
            let failed = journal.remove().err().map(|failed| format!("; {}", failed.text()));
            let failed = failed.unwrap_or_default();
            return format!("nothing of {input} is imported: app {key} is as it was{failed}{advice}");
        }
        format!("imported {lines} lines of {input} into app {key}; `--resume` goes on after them{advice}")
    }
}

/// Returns what to do about a line that is not accepted.
fn advice(by_line: bool, by_limits: bool) -> String {
    let skip = by_line.then_some("; `--skip-invalid` leaves wrong lines out");
    let limits =
        by_limits.then_some("; `--limits relaxed` or `--limits unlimited` gives the app other limits");
    [skip, limits].into_iter().flatten().collect()
}

/// The app is removed first: a journal without its app has no effect, but an app without its journal looks complete.
fn remove(register: &Register, key: &AppKey, journal: Journal) -> Result<(), Failure> {
    match register.delete_app(key) {
        Ok(()) | Err(Error::NotFound { .. }) => journal.remove(),
        Err(error) => Err(error.into()),
    }
}

/// Removes an app that an earlier import made if nothing was imported into it: that import was killed just then, or
/// could not remove it on a full disk. Returns the app that exists afterwards.
pub(super) fn clear(
    register: &Register,
    directory: &Path,
    key: &AppKey,
    is: Option<AppId>,
) -> Result<Option<AppId>, Failure> {
    let Some(id) = is else { return Ok(None) };
    let app = register.app(key)?;
    // It may have been configured for use since.
    let untouched = !app.has_master_secret() && app.api_tokens() == 0 && counters(register, id)? == (0, 0);
    if !untouched || !Journal::made(directory, key, id)? {
        return Ok(is);
    }
    register.delete_app(key).map_err(Failure::during(format!("cannot make app {key} again")))?;
    Ok(None)
}
