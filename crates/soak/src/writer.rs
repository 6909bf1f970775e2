//! The process that is killed. Every worker runs on a thread and acknowledges every step.

use crate::Failure;
use crate::args::WriterArgs;
use crate::ledger::rendered;
use crate::workload::Workload;
use rollbook::store::Durability;
use rollbook::{Clock, ManualClock, Registry, SystemClock, Timestamp};
use rollbook_store_rocks::{RocksOptions, RocksStore};
use rollbook_testkit::check::perform;
use rollbook_testkit::op::Op;
use rollbook_testkit::oracle::Refusal;
use std::io::{self, BufRead, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// The lines that the writer prints before and after a backup.
pub(crate) const BEGUN: &str = "backup begun";
pub(crate) const DONE: &str = "backup done";

/// A small memory budget, so that buffers are flushed and compacted all the time.
pub(crate) fn options() -> RocksOptions {
    RocksOptions { durability: Durability::Synced, memory_bytes: 16 << 20, ..RocksOptions::default() }
}

/// All steps of one run happen at the same time. Only pauses take real time.
struct FixedClock(Timestamp);

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        self.0
    }

    fn pause(&self, how_long: Duration) {
        SystemClock.pause(how_long);
    }
}

/// Runs until standard input ends, or standard output is closed.
pub(crate) fn write(writer_args: &WriterArgs) -> Result<(), Failure> {
    let store = RocksStore::open(&writer_args.directory, &options())?;
    let registry = Registry::builder(store).clock(FixedClock(Timestamp::from_secs(writer_args.now))).build();
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let mut writers = Vec::new();
        for (number, &from) in writer_args.from.iter().enumerate() {
            let workload = Workload::new(number, writer_args.seed, writer_args.devices)?;
            let (registry, over) = (&registry, &over);
            writers
                .push(scope.spawn(move || run(registry, &workload, number, from, writer_args.pause, over)));
        }
        let served = serve_backups(registry.store());
        over.store(true, Ordering::SeqCst);
        for writer in writers {
            writer.join().map_err(|_| "a worker panicked")??;
        }
        served
    })
}

/// Reads directories from standard input, one on each line, and backs up the store to each.
fn serve_backups(store: &RocksStore) -> Result<(), Failure> {
    for line in io::stdin().lock().lines() {
        let line = line?;
        print_line(BEGUN)?;
        store.backup(line)?;
        print_line(DONE)?;
    }
    Ok(())
}

/// Prints a line with one write, so that a kill cannot leave lines of two workers mixed.
fn print_line(line: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()
}

fn run(
    registry: &Registry<RocksStore>,
    workload: &Workload,
    number: usize,
    from: u64,
    pause: u64,
    over: &AtomicBool,
) -> Result<(), Failure> {
    // Has no effect: no step moves the clock.
    let clock = ManualClock::at(Timestamp::from_secs(0));
    for n in from.. {
        if over.load(Ordering::SeqCst) {
            break;
        }
        let op = workload.op(n)?;
        print_line(&format!("{number} {n} {}", rendered(perform_with_retries(registry, &clock, &op))))?;
        if n >= workload.filling() {
            SystemClock.pause(Duration::from_millis(pause));
        }
    }
    Ok(())
}

/// Repeats a step as long as it fails only because of other writers.
fn perform_with_retries(
    registry: &Registry<RocksStore>,
    clock: &ManualClock,
    op: &Op,
) -> rollbook_testkit::oracle::Answered {
    loop {
        match perform(registry, clock, op) {
            Err(Refusal::Failure(why)) if why.starts_with("Contended") => {}
            answer => return answer,
        }
    }
}
