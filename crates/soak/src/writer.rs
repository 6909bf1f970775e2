//! The process that is killed: every lane on a thread, every step told when it is done.

use crate::Failure;
use crate::args::Orders;
use crate::books::told;
use crate::lane::Lane;
use rollbook::store::Durability;
use rollbook::{Clock, ManualClock, Registry, SystemClock, Timestamp};
use rollbook_store_rocks::{RocksOptions, RocksStore};
use rollbook_testkit::check::perform;
use rollbook_testkit::op::Op;
use rollbook_testkit::oracle::Refusal;
use std::io::{self, BufRead, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// What the writer says of a backup that it was asked for, before and after.
pub(crate) const BEGUN: &str = "backup begun";
pub(crate) const DONE: &str = "backup done";

/// Little memory, so that buffers are written out and compacted all the time.
pub(crate) fn options() -> RocksOptions {
    RocksOptions { durability: Durability::Synced, memory_bytes: 16 << 20, ..RocksOptions::default() }
}

/// A clock that stands still, as all steps of one life happen at one time; but who waits, waits.
struct Standing(Timestamp);

impl Clock for Standing {
    fn now(&self) -> Timestamp {
        self.0
    }

    fn pause(&self, how_long: Duration) {
        SystemClock.pause(how_long);
    }
}

/// Writes until standard input ends, or nobody reads what is told.
pub(crate) fn write(orders: &Orders) -> Result<(), Failure> {
    let store = RocksStore::open(&orders.directory, &options())?;
    let registry = Registry::builder(store).clock(Standing(Timestamp::from_secs(orders.now))).build();
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let mut writers = Vec::new();
        for (number, &from) in orders.from.iter().enumerate() {
            let lane = Lane::new(number, orders.seed, orders.devices)?;
            let (registry, over) = (&registry, &over);
            writers.push(scope.spawn(move || run(registry, &lane, number, from, orders.pause, over)));
        }
        let obeyed = obey(registry.store());
        over.store(true, Ordering::SeqCst);
        for writer in writers {
            writer.join().map_err(|_| "a lane panicked")??;
        }
        obeyed
    })
}

/// Does what comes on standard input: each line is a directory to back the store up to.
fn obey(store: &RocksStore) -> Result<(), Failure> {
    for line in io::stdin().lock().lines() {
        let line = line?;
        say(BEGUN)?;
        store.backup(line)?;
        say(DONE)?;
    }
    Ok(())
}

/// One line, in one piece.
fn say(line: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()
}

fn run(
    registry: &Registry<RocksStore>,
    lane: &Lane,
    number: usize,
    from: u64,
    pause: u64,
    over: &AtomicBool,
) -> Result<(), Failure> {
    // Of no effect: no lane moves the clock.
    let clock = ManualClock::at(Timestamp::from_secs(0));
    for n in from.. {
        if over.load(Ordering::SeqCst) {
            break;
        }
        let op = lane.op(n)?;
        say(&format!("{number} {n} {}", told(insist(registry, &clock, &op))))?;
        if n >= lane.filling() {
            SystemClock.pause(Duration::from_millis(pause));
        }
    }
    Ok(())
}

/// Does a step until it is not only the others that are in its way.
fn insist(
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
