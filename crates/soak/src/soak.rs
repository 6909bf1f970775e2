//! One run of the writer after the other, each followed by an audit, until the time is up.

use crate::Failure;
use crate::args::{Options, WriterArgs};
use crate::audit::{Audited, audit};
use crate::baseline::percent_of_baseline;
use crate::child::{self, RunPlan, RunResult};
use crate::ledger::{Expected, Ledger};
use crate::metrics::{disk, usage};
use crate::report::Report;
use crate::rng::Rng;
use crate::workload::shared_app;
use crate::writer::options;
use rollbook::{Clock, ManualClock, Registry, SystemClock, Timestamp};
use rollbook_store_rocks::RocksStore;
use rollbook_testkit::check::perform;
use std::fs;
use std::path::{Path, PathBuf};

/// Seconds by which the registry's clock advances between two runs.
const BETWEEN: i64 = 60;
/// One in this many runs is long, for problems that appear only after a while.
const LONG: u64 = 8;

/// The state of the soak.
struct Soak<'o> {
    options: &'o Options,
    /// The directory of the store, the backups and everything else.
    directory: PathBuf,
    store: PathBuf,
    ledger: Ledger,
    rng: Rng,
    report: Report,
}

/// Runs the soak and returns its report.
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
        ledger: Ledger::new(options.workers, options.seed, u64::from(options.devices))?,
        rng: Rng::of(&[options.seed]),
        report: Report::new(options),
    };
    soak.create_store()?;
    let until = SystemClock.now().plus(options.seconds().cast_signed());
    for number in 1.. {
        let left = until.secs() - SystemClock.now().secs();
        if (left <= 0 && number > options.runs) || !soak.report.differences.is_empty() {
            break;
        }
        soak.cycle(number, left.max(0).cast_unsigned())?;
    }
    Ok(soak.report)
}

impl Soak<'_> {
    /// Creates the store with the app that all workers share.
    fn create_store(&self) -> Result<(), Failure> {
        let registry = Registry::builder(RocksStore::open(&self.store, &options())?).build();
        let created = perform(&registry, &ManualClock::at(Timestamp::MIN), &shared_app()?.1);
        created.map(drop).map_err(|refusal| format!("{refusal:?}").into())
    }

    /// Runs the writer once and audits the store and the backup that it left.
    fn cycle(&mut self, number: u64, left: u64) -> Result<(), Failure> {
        self.ledger.advance_clock(BETWEEN);
        let plan = self.plan(number, left);
        let result = child::run(&plan, &self.writer_args(), &mut self.ledger)?;
        self.count(&plan, &result);
        match (result.backup, &plan.backup) {
            (Some(expected), Some(backup)) => self.restore(backup, expected, false)?,
            (None, Some(unfinished)) if unfinished.exists() => fs::remove_dir_all(unfinished)?,
            _ => {}
        }
        if self.report.differences.is_empty() {
            self.audit_store(&plan, number)?;
        }
        println!("{}", self.report.progress(number, &plan, result.steps, self.ledger.devices()));
        Ok(())
    }

    fn plan(&self, number: u64, left: u64) -> RunPlan {
        let whole = self.options.seconds();
        let seconds = if number.is_multiple_of(LONG) {
            (whole / 6).max(20)
        } else {
            2 + self.rng.below((whole / 60).max(3))
        };
        let backup = self.rng.one_in(3).then(|| self.directory.join(format!("backup-{number}")));
        RunPlan { seconds: seconds.min(left.max(2)), kill: !self.rng.one_in(4), backup }
    }

    /// Returns the time of the registry's clock.
    fn now(&self) -> Timestamp {
        self.ledger.accounts.first().map_or(Timestamp::from_secs(0), |account| account.model.now())
    }

    fn writer_args(&self) -> WriterArgs {
        WriterArgs {
            directory: self.store.clone(),
            seed: self.options.seed,
            devices: u64::from(self.options.devices).div_ceil(u64::from(self.options.workers)),
            now: self.now().secs(),
            pause: 1_000 * u64::from(self.options.workers) / u64::from(self.options.rate),
            from: self.ledger.accounts.iter().map(|account| account.next).collect(),
        }
    }

    fn count(&mut self, plan: &RunPlan, result: &RunResult) {
        let report = &mut self.report;
        report.runs += 1;
        report.kills += u64::from(plan.kill);
        report.steps += result.steps;
        report.refused += result.refused;
        report.differences.extend(result.differences.iter().cloned());
        if self.ledger.are_full() {
            report.writer.push(result.usage.clone());
        }
    }

    /// Compares the store with the ledger. Sometimes makes a backup and continues with the restored copy.
    fn audit_store(&mut self, plan: &RunPlan, number: u64) -> Result<(), Failure> {
        let backup = self.rng.one_in(3).then(|| self.directory.join(format!("copy-{number}")));
        let expected = self.ledger.expected(plan.kill)?;
        let audited = audit(&self.store, &self.ledger, expected, &self.rng, |store| {
            backup.iter().try_for_each(|to| Ok(store.backup(to)?))
        })?;
        self.report.take(&audited);
        self.apply_unacknowledged(&audited)?;
        self.ledger.purge_events();
        if self.ledger.are_full() {
            self.report.disk.push(disk(&self.store)?);
            self.report.auditor.extend(usage(std::process::id()).map(|used| used.files));
        }
        match backup {
            Some(copy) if self.report.differences.is_empty() => {
                let expected = self.ledger.expected(false)?;
                self.restore(&copy, expected, true)
            }
            _ => Ok(()),
        }
    }

    /// Does to the ledger the steps that are in the store although they were not acknowledged.
    fn apply_unacknowledged(&mut self, audited: &Audited) -> Result<(), Failure> {
        for (account, &done) in self.ledger.accounts.iter_mut().zip(&audited.done) {
            for _ in 0..done {
                drop(account.model.answer(&account.workload.op(account.next)?));
                account.next += 1;
            }
        }
        self.report.unacknowledged += audited.done.iter().sum::<usize>() as u64;
        Ok(())
    }

    /// Restores a backup next to the store and compares it with the ledger. It replaces the store if `replaces` is set.
    /// Otherwise its size is compared with that of a new store with the same contents, to find space that was not freed.
    fn restore(&mut self, backup: &Path, expected: Vec<Expected>, replaces: bool) -> Result<(), Failure> {
        let restored = self.directory.join("restored");
        RocksStore::restore(backup, &restored)?;
        let audited = audit(&restored, &self.ledger, expected, &self.rng, |_| Ok(()))?;
        self.report.restores += 1;
        self.report.take(&audited);
        fs::remove_dir_all(backup)?;
        if replaces {
            fs::remove_dir_all(&self.store)?;
            fs::rename(&restored, &self.store)?;
            return Ok(());
        }
        if self.ledger.are_full() {
            self.report.of_baseline.push(percent_of_baseline(
                &restored,
                &self.directory.join("baseline"),
                self.now(),
            )?);
        }
        fs::remove_dir_all(&restored).map_err(Into::into)
    }
}
