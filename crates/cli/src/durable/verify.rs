//! `rollbook verify`: finds damage and contradictions in a directory.
//!
//! It reads twice, because each pass finds what the other does not. The pass over the tables reads every block, also
//! those that no question would read; the pass over the apps checks that what can be read is consistent. Neither stops
//! at the first finding.

use super::tally::Tally;
use crate::args::durable::Verify;
use crate::failure::Failure;
use crate::output::Output;
use crate::progress::Progress;
use crate::store::{Access, open_rocks};
use rollbook::Registry;
use rollbook_store_rocks::{RocksStore, UnfinishedCommit};
use rollbook_testkit::{Space, Spaces};
use std::error::Error;

/// The maximum length of a finding that is printed, in bytes: one may list every device of an app.
const LONGEST: usize = 2_000;

/// A report under way.
struct Report {
    output: Output,
    findings: u64,
}

pub(super) fn run(options: &Verify) -> Result<(), Failure> {
    let register = Registry::builder(open_rocks(&options.store, Access::reading(options.salvage))?).build();
    if let Some(key) = options.app.key() {
        register.app(key).map_err(Failure::during("cannot check the app"))?;
    }
    let mut report = Report { output: Output::new(), findings: 0 };
    report.logs(register.store())?;
    report.tables(register.store())?;
    report.apps(&register, options)?;
    let Report { mut output, findings } = report;
    match findings {
        0 => {
            output.line(format_args!("sound"))?;
            output.finish()
        }
        1 => output.finish().and(Err(Failure::Refused("1 finding".into()))),
        _ => output.finish().and(Err(Failure::Refused(format!("{findings} findings")))),
    }
}

impl Report {
    fn finding(&mut self, what: &str) -> Result<(), Failure> {
        self.findings += 1;
        let shown = what.get(..what.floor_char_boundary(LONGEST)).unwrap_or_default();
        let more = if shown.len() < what.len() { "…" } else { "" };
        self.output.line(format_args!("finding    {shown}{more}"))
    }

    /// Reports what was left out of the logs.
    fn logs(&mut self, store: &RocksStore) -> Result<(), Failure> {
        if let Some(salvaged) = store.salvaged() {
            self.finding(&salvaged.damage.to_string())?;
        }
        let Some(UnfinishedCommit { log, offset, bytes, .. }) = store.unfinished_commit() else {
            return Ok(());
        };
        // This is not a finding, because the commit was never acknowledged.
        self.output.line(format_args!(
            "log        {} ends at byte {offset} with {bytes} bytes of a commit that is not whole",
            log.display()
        ))
    }

    /// Reads every block of every table.
    fn tables(&mut self, store: &RocksStore) -> Result<(), Failure> {
        // If the keys cannot even be counted, the pass below finds the reason.
        let about = store.stats().map(|stats| stats.families.iter().map(|family| family.keys).sum());
        let mut progress = Progress::of_about("reading tables", about.unwrap_or_default());
        let mut read = 0;
        let families = store.scrub(&mut |_, _| {
            read += 1;
            progress.step(read);
        });
        drop(progress);
        let families = families.map_err(super::cannot("read the tables"))?;
        let (keys, bytes) =
            families.iter().fold((0, 0), |(keys, bytes), family| (keys + family.keys, bytes + family.bytes));
        self.output.line(format_args!("tables     {keys} keys, {bytes} bytes read"))?;
        for family in families {
            if let Some(damage) = family.damage {
                let behind = family.keys;
                self.finding(&format!("tables of {}, behind key {behind}: {}", family.name, whole(&damage)))?;
            }
        }
        Ok(())
    }

    /// Checks every app, or the one asked for, and the directory of apps.
    fn apps(&mut self, register: &Registry<RocksStore>, options: &Verify) -> Result<(), Failure> {
        let spaces = match Spaces::of(register.store()) {
            Ok(spaces) => spaces,
            Err(error) => return self.finding(&format!("the directory of apps: {}", whole(&error))),
        };
        for breach in spaces.breaches() {
            self.finding(&breach.what)?;
        }
        let asked = |space: &Space<'_>| options.app.key().is_none_or(|key| space.app() == Some(key));
        for space in spaces.iter().filter(asked) {
            self.space(register, &space)?;
        }
        Ok(())
    }

    fn space(&mut self, register: &Registry<RocksStore>, space: &Space<'_>) -> Result<(), Failure> {
        let mut progress = Progress::of_parts(&space.to_string());
        let checked = space.check(register.store(), &mut |walked| {
            progress.part(walked.what, walked.done as u64, walked.of as u64);
        });
        drop(progress);
        let before = self.findings;
        match checked {
            Ok(breaches) => {
                for breach in breaches {
                    self.finding(&format!("{space}: {}", breach.what))?;
                }
            }
            Err(error) => self.finding(&format!("{space}: {}", whole(&error)))?,
        }
        if self.findings > before {
            return Ok(());
        }
        let Some(key) = space.app() else { return Ok(()) };
        let Tally { devices, tags, aliases, users, events_posted, .. } = match Tally::of(register, key) {
            Ok(tally) => tally,
            // The apps after it are checked all the same.
            Err(failure) => return self.finding(&format!("{space}: {}", whole(&failure))),
        };
        self.output.line(format_args!(
            "{space}: {devices} devices, {tags} tags, {aliases} aliases, {users} users, {events_posted} events ever"
        ))
    }
}

/// Returns an error with all its causes.
fn whole(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
