//! `rollbook import`: lines into an app of a register in a directory.
//!
//! - `target`: the app, as it takes lines;
//! - `lot`: lines of one kind that are committed together;
//! - `journal`: how far the import came, on disk before each lot is.
//!
//! A lot that was committed when the program was killed is committed again when the import is resumed, which changes
//! nothing but for events: posting twice is two events. The journal says enough to tell whether a lot of events was
//! committed, so that each is there once.

mod journal;
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
use lot::Lot;
use rollbook::{ManualClock, Timestamp};
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
}

pub(crate) fn run(options: &Import) -> Result<(), Failure> {
    let watch = Stopwatch::start();
    let mut records = Records::with_checksums(Input::open(&options.input)?);
    let export = records.export_of()?;
    // An export's first line decides what the app is: another one cannot take its place later.
    let header = export.as_ref().map(|_| hex(records.checksum()));
    let access = if options.resume { Access::Existing } else { Access::Create };
    // Nothing in an import depends on when it runs: every time is in its lines.
    let clock = Arc::new(ManualClock::at(Timestamp::from_secs(0)));
    let register = register_in(&options.store, access)?.clock(Arc::clone(&clock)).build();
    let journal = if options.resume {
        let journal = Journal::resume(&options.store, &options.app)?;
        check_input(&journal, &mut records, header.as_deref())?;
        target::check(options, export.is_some(), journal.head().makes.is_none())?;
        journal
    } else {
        let already =
            target::has(&register, &options.app).map_err(Failure::during("cannot look for the app"))?;
        target::check(options, export.is_some(), already)?;
        let makes = (!already).then(|| target::limits(options, export.as_deref()));
        let (app, input) = (options.app.clone(), records.name().to_owned());
        Journal::begin(&options.store, Head { app, input, header, makes })?
    };
    register.resume_deletions()?;
    let target = Target::open(register, clock, options, export.as_deref(), journal.head().makes.as_ref())?;
    let mut run = Run { options, records, journal, target, imported: Imported::default() };
    run.go_on()?;
    let taken = run.take_all();
    let Run { records, journal, target, imported, .. } = run;
    // Closing puts on disk what is not there yet. Only then is the journal of no more use.
    drop(target);
    let done = taken.and_then(|()| journal.remove());
    let Imported { lines, devices, events, skipped } = imported;
    let what = format!("imported {lines} lines of {} into app {}", records.name(), options.app);
    match &done {
        Ok(()) => {
            let took = readable(watch.elapsed());
            tell(&format!("{what} in {took}: {devices} new devices, {events} events"));
        }
        Err(_) => tell(&format!("{what}; `--resume` goes on behind them")),
    }
    skipped.tell(lines);
    done
}

/// Is this the input that the journal is of, up to where it goes on? Skips what is before that.
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
    /// Skips the lot that was committed last, where it must not be committed again.
    fn go_on(&mut self) -> Result<(), Failure> {
        let Some(Mark { from, .. }) = self.journal.last().cloned() else { return Ok(()) };
        let behind = self.journal.go_on_behind(self.target.counters()?)?;
        if behind > from && self.records.skip_to(behind)?.is_none() {
            let name = self.records.name();
            return Err(Failure::Refused(format!("--resume: {name} ends before line {behind}")));
        }
        tell(&format!("going on behind line {behind} of {}", self.records.name()));
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

    /// Commits a lot; lines that the register refuses stop the import behind those before them, or are left out.
    fn commit(&mut self, mut lot: Lot) -> Result<(), Failure> {
        let mut stopped = None;
        while !lot.is_empty() {
            let (version, log_end) = self.target.counters()?;
            self.journal.mark(lot.mark(version, log_end))?;
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
                Err(target::Untaken::Bad(bad)) => stopped = lot.before(bad),
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
