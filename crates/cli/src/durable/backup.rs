//! `rollbook backup` and `rollbook restore`: copies a register, and makes a register of a copy.

use crate::args::durable::{Backup, Restore};
use crate::failure::{Failure, tell};
use crate::stopwatch::{Stopwatch, readable};
use crate::store::{not_opened, tell_salvaged};
use rollbook_store_rocks::RocksStore;

/// The limit of open files that is asked of the system: tables that cannot be linked are all held open until they are
/// copied.
const FILES: u64 = 1 << 16;

pub(super) fn backup(options: &Backup) -> Result<(), Failure> {
    let Backup { store, to, salvage } = options;
    let watch = Stopwatch::start();
    // If the system allows fewer, the copy fails with an error that says so.
    let _ = rlimit::increase_nofile_limit(FILES);
    if *salvage {
        let salvaged = RocksStore::salvage(store, to).map_err(not_opened("cannot copy what is left"))?;
        salvaged.iter().for_each(tell_salvaged);
    } else {
        RocksStore::backup_of(store, to).map_err(not_opened("cannot make the backup"))?;
    }
    tell(&format!("backed {} up to {} in {}", store.display(), to.display(), readable(watch.elapsed())));
    Ok(())
}

pub(super) fn restore(options: &Restore) -> Result<(), Failure> {
    let Restore { from, to } = options;
    let watch = Stopwatch::start();
    let _ = rlimit::increase_nofile_limit(FILES);
    RocksStore::restore(from, to).map_err(not_opened("cannot restore the backup"))?;
    tell(&format!("restored {} to {} in {}", from.display(), to.display(), readable(watch.elapsed())));
    Ok(())
}
