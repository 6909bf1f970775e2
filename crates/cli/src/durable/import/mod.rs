//! `rollbook import`: reads lines into an app of a register in a directory.
//!
//! - `target`: commits lines to the app;
//! - `lot`: lines of one kind that are committed together;
//! - `journal`: how far the import came, on disk before each lot is committed;
//! - `left`: what an import that failed leaves.
//!
//! A lot that was committed when the program was killed is committed again when the import is resumed. That changes
//! nothing, except for events: posting twice makes two events. The journal contains enough to know whether a lot of
//! events was committed, so that each event is there exactly once.

mod journal;
mod left;
mod lot;
mod target;

use crate::args::durable::Import;
use crate::failure::{Failure, tell};
use crate::progress::Progress;
use crate::record::{Input, Record, Records};
use crate::skipped::Skipped;
use crate::stopwatch::{Stopwatch, readable};
use crate::store::{Access, register_in};
use journal::{Head, Journal, Mark, hex};
use left::Stopped;
use lot::Lot;
use rollbook::{Clock, ManualClock, SystemClock};
use std::sync::Arc;
use target::Target;

/// What was imported.
#[derive(Debug, Default)]
struct Imported {
    lines: u64,
    devices: u64,
    events: u64,
    skipped: Skipped,
}

/// An import under way.
struct Run<'a> {
    options: &'a Import,
    records: Records,
    journal: Journal,
    target: Target,
    imported: Imported,
    /// Whether the register refused a line that could be parsed.
    by_limits: bool,
}

pub(crate) fn run(options: &Import) -> Result<(), Failure> {
    let watch = Stopwatch::start();
    let mut records = Records::with_checksums(Input::open(&options.input)?);
    let export = records.export_of()?;
    // The first line of an export determines the app, so another first line must not replace it when the import is
    // resumed.
    let header = export.as_ref().map(|_| hex(records.checksum()));
    let access = if options.resume { Access::Existing } else { Access::Create };
    // Every stored time comes from the lines. The clock only decides whether a time is too far ahead, which depends on
    // when the import runs.
    let clock = Arc::new(ManualClock::at(SystemClock.now()));
    let register = register_in(&options.store, access)?.clock(Arc::clone(&clock)).build();
    let key = options.app.key();
    let is = target::id_of(&register, key)?;
    let journal = if options.resume {
        let journal = Journal::resume(&options.store, key, is)?;
        check_input(&journal, &mut records, header.as_deref())?;
        target::check(options, export.is_some(), journal.head().makes.is_none())?;
        journal
    } else {
        let is = left::clear(&register, &options.store, key, is)?;
        target::check(options, export.is_some(), is.is_some())?;
        let makes = is.is_none().then(|| target::limits(options, export.as_deref()));
        let (app, input) = (key.clone(), records.name().to_owned());
        Journal::begin(&options.store, Head { app, input, header, makes }, is)?
    };
    register.resume_deletions()?;
    let name = records.name().to_owned();
    let opened = Target::open(&register, clock, options, export.as_deref(), journal.head().makes.as_ref());
    let target = match opened {
        Ok(target) => target,
        Err(failure) => {
            let stopped = Stopped { options, input: &name, lines: 0, by_limits: false };
            tell(&stopped.leave(&failure, &register, journal));
            return Err(failure);
        }
    };
    let mut run = Run { options, records, journal, target, imported: Imported::default(), by_limits: false };
    run.go_on()?;
    let taken = run.take_all();
    let Run { journal, target, imported, by_limits, .. } = run;
    drop(target);
    let Imported { lines, devices, events, skipped } = imported;
    let done = match taken {
        Ok(()) => {
            // Closing the store writes what is not on disk yet. The journal is needed until then.
            drop(register);
            let took = readable(watch.elapsed());
            journal.remove().map(|()| {
                tell(&format!(
                    "imported {lines} lines of {name} into app {key} in {took}: {devices} new devices, {events} events"
                ));
            })
        }
        Err(failure) => {
            let stopped = Stopped { options, input: &name, lines, by_limits };
            tell(&stopped.leave(&failure, &register, journal));
            Err(failure)
        }
    };
    skipped.tell(lines);
    done
}

/// Checks that this is the input of the journal, up to the line after which the import goes on, and skips that part.
fn check_input(journal: &Journal, records: &mut Records, header: Option<&str>) -> Result<(), Failure> {
    let Head { input, header: expected, .. } = journal.head();
    let (name, from) = (records.name().to_owned(), journal.last().map_or(0, |mark| mark.from));
    let same = expected.as_deref() == header
        && match journal.last() {
            Some(mark) => records.skip_to(from)?.map(hex).as_ref() == Some(&mark.checksum),
            None => true,
        };
    if same {
        return Ok(());
    }
    let first = from.max(1);
    Err(Failure::Refused(format!(
        "--resume: {name} is another input than {input}, or was changed in its first {first} lines"
    )))
}

impl Run<'_> {
    /// Skips the lot that was committed last, if it must not be committed again.
    fn go_on(&mut self) -> Result<(), Failure> {
        let Some(Mark { from, .. }) = self.journal.last().cloned() else { return Ok(()) };
        let after = self.journal.go_on_after(self.target.counters()?)?;
        if after > from && self.records.skip_to(after)?.is_none() {
            let name = self.records.name();
            return Err(Failure::Refused(format!("--resume: {name} ends before line {after}")));
        }
        tell(&format!("going on after line {after} of {}", self.records.name()));
        Ok(())
    }

    fn take_all(&mut self) -> Result<(), Failure> {
        let mut progress = Progress::of_bytes("importing", self.records.size());
        let mut lot = Lot::default();
        while let Some(record) = self.records.next()? {
            let line = self.records.line();
            match record {
                Ok(Record::App(_) | Record::End) => {}
                Ok(record) => {
                    if !lot.takes(&record, &self.target) {
                        self.commit(std::mem::take(&mut lot))?;
                    }
                    if lot.is_empty() {
                        lot.begin(line - 1, self.records.checksum_before());
                    }
                    lot.add(line, record, self.records.bytes());
                }
                Err(bad) if self.options.skip_invalid => self.imported.skipped.add(line, &bad),
                Err(bad) => {
                    self.commit(lot)?;
                    return Err(self.records.stopped(line, bad));
                }
            }
            progress.step(self.records.bytes());
        }
        self.commit(lot)?;
        self.records.check_whole()
    }

    /// Commits a lot. If the register refuses lines, the import stops after those before them, or the lines are left
    /// out.
    fn commit(&mut self, mut lot: Lot) -> Result<(), Failure> {
        let mut stopped = None;
        while !lot.is_empty() {
            let (version, log_end) = self.target.counters()?;
            self.journal.mark(lot.mark(self.target.id(), version, log_end))?;
            match self.target.take(&mut lot) {
                Ok(taken) => {
                    self.imported.lines += lot.len();
                    self.imported.devices += taken.devices;
                    self.imported.events += lot.events();
                    break;
                }
                Err(target::Untaken::Bad(bad)) if self.options.skip_invalid => {
                    for (line, bad) in lot.without(bad) {
                        self.imported.skipped.add(line, &bad);
                    }
                }
                Err(target::Untaken::Bad(bad)) => {
                    self.by_limits = true;
                    stopped = lot.before(bad);
                }
                Err(target::Untaken::Failed(source)) => {
                    let during = format!("{}, {}: the register failed", self.records.name(), lot.numbers());
                    return Err(Failure::Register { during, source });
                }
            }
        }
        match stopped {
            None => Ok(()),
            Some((line, bad)) => Err(self.records.stopped(line, bad)),
        }
    }
}
