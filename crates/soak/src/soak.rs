//! One life after the other, an audit after each, until the time is up.

use crate::Failure;
use crate::anew::percent_of_new;
use crate::args::{Options, Orders};
use crate::audit::{Audited, audit};
use crate::books::{Books, Expected};
use crate::draw::Draw;
use crate::lane::shop;
use crate::life::{Lived, Plan, live};
use crate::meter::{disk, usage};
use crate::report::Report;
use crate::writer::options;
use rollbook::{Clock, ManualClock, Registry, SystemClock, Timestamp};
use rollbook_store_rocks::RocksStore;
use rollbook_testkit::check::perform;
use std::fs;
use std::path::{Path, PathBuf};

/// Seconds that pass for the register between two lives.
const BETWEEN: i64 = 60;
/// Of so many lives one is long, for what shows only after a while.
const LONG: u64 = 8;

/// What goes on while the time runs.
struct Soak<'o> {
    options: &'o Options,
    /// Where everything is, the store among it.
    directory: PathBuf,
    store: PathBuf,
    books: Books,
    draw: Draw,
    report: Report,
}

/// Soaks a store; what came of it.
pub(crate) fn run(options: &Options) -> Result<Report, Failure> {
    let temporary = tempfile::Builder::new().prefix("rollbook-soak-").tempdir()?;
    let directory = temporary.path().to_owned();
    if options.keep {
        println!("kept: {}", temporary.keep().display());
    }
    let mut soak = Soak {
        options,
        store: directory.join("store"),
        directory,
        books: Books::new(options.lanes, options.seed, u64::from(options.devices))?,
        draw: Draw::of(&[options.seed]),
        report: Report::new(options),
    };
    soak.found()?;
    let until = SystemClock.now().plus(options.seconds().cast_signed());
    for number in 1.. {
        let left = until.secs() - SystemClock.now().secs();
        if (left <= 0 && number > options.lives) || !soak.report.differences.is_empty() {
            break;
        }
        soak.turn(number, left.max(0).cast_unsigned())?;
    }
    Ok(soak.report)
}

impl Soak<'_> {
    /// Makes the store, with the app that all lanes share.
    fn found(&self) -> Result<(), Failure> {
        let registry = Registry::builder(RocksStore::open(&self.store, &options())?).build();
        let created = perform(&registry, &ManualClock::at(Timestamp::MIN), &shop()?.1);
        created.map(drop).map_err(|refusal| format!("{refusal:?}").into())
    }

    /// A life, and what is made of what it left.
    fn turn(&mut self, number: u64, left: u64) -> Result<(), Failure> {
        self.books.pass(BETWEEN);
        let plan = self.plan(number, left);
        let lived = live(&plan, &self.orders(), &mut self.books)?;
        self.count(&plan, &lived);
        match (lived.backup, &plan.backup) {
            (Some(expected), Some(backup)) => self.restore(backup, expected, false)?,
            (None, Some(unfinished)) if unfinished.exists() => fs::remove_dir_all(unfinished)?,
            _ => {}
        }
        if self.report.differences.is_empty() {
            self.look_over(&plan, number)?;
        }
        println!("{}", self.report.progress(number, &plan, lived.steps, self.books.devices()));
        Ok(())
    }

    fn plan(&self, number: u64, left: u64) -> Plan {
        let whole = self.options.seconds();
        let seconds = if number.is_multiple_of(LONG) {
            (whole / 6).max(20)
        } else {
            2 + self.draw.below((whole / 60).max(3))
        };
        let backup = self.draw.once_in(3).then(|| self.directory.join(format!("backup-{number}")));
        Plan { seconds: seconds.min(left.max(2)), kill: !self.draw.once_in(4), backup }
    }

    /// What the register's clock shows.
    fn now(&self) -> Timestamp {
        self.books.pages.first().map_or(Timestamp::from_secs(0), |page| page.model.now())
    }

    fn orders(&self) -> Orders {
        Orders {
            directory: self.store.clone(),
            seed: self.options.seed,
            devices: u64::from(self.options.devices).div_ceil(u64::from(self.options.lanes)),
            now: self.now().secs(),
            pause: 1_000 * u64::from(self.options.lanes) / u64::from(self.options.rate),
            from: self.books.pages.iter().map(|page| page.next).collect(),
        }
    }

    fn count(&mut self, plan: &Plan, lived: &Lived) {
        let report = &mut self.report;
        report.lives += 1;
        report.kills += u64::from(plan.kill);
        report.steps += lived.steps;
        report.refused += lived.refused;
        report.differences.extend(lived.differences.iter().cloned());
        if self.books.are_full() {
            report.writer.push(lived.usage.clone());
        }
    }

    /// Compares what the life left with the books; sometimes backs it up and goes on with the copy.
    fn look_over(&mut self, plan: &Plan, number: u64) -> Result<(), Failure> {
        let backup = self.draw.once_in(3).then(|| self.directory.join(format!("copy-{number}")));
        let expected = self.books.expected(plan.kill)?;
        let audited = audit(&self.store, &self.books, expected, &self.draw, |store| {
            backup.iter().try_for_each(|to| Ok(store.backup(to)?))
        })?;
        self.report.take(&audited);
        self.settle(&audited)?;
        if self.books.are_full() {
            self.report.disk.push(disk(&self.store)?);
            self.report.auditor.extend(usage(std::process::id()).map(|used| used.files));
        }
        match backup {
            Some(copy) if self.report.differences.is_empty() => {
                let expected = self.books.expected(false)?;
                self.restore(&copy, expected, true)
            }
            _ => Ok(()),
        }
    }

    /// The steps that were done though nobody was told.
    fn settle(&mut self, audited: &Audited) -> Result<(), Failure> {
        for (page, &done) in self.books.pages.iter_mut().zip(&audited.done) {
            for _ in 0..done {
                drop(page.model.answer(&page.lane.op(page.next)?));
                page.next += 1;
            }
        }
        self.report.unacknowledged += audited.done.iter().sum::<usize>() as u64;
        Ok(())
    }

    /// Restores a backup beside the store and compares it. The load goes on in it when it is to replace the store;
    /// otherwise it is measured against a register that is made anew: what is more there is what has been left behind.
    fn restore(&mut self, backup: &Path, expected: Vec<Expected>, replaces: bool) -> Result<(), Failure> {
        let restored = self.directory.join("restored");
        RocksStore::restore(backup, &restored)?;
        let audited = audit(&restored, &self.books, expected, &self.draw, |_| Ok(()))?;
        self.report.restores += 1;
        self.report.take(&audited);
        fs::remove_dir_all(backup)?;
        if replaces {
            fs::remove_dir_all(&self.store)?;
            fs::rename(&restored, &self.store)?;
            return Ok(());
        }
        if self.books.are_full() {
            self.report.of_new.push(percent_of_new(&restored, &self.directory.join("anew"), self.now())?);
        }
        fs::remove_dir_all(&restored).map_err(Into::into)
    }
}
