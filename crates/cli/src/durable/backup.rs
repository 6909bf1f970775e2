//! `rollbook backup` and `rollbook restore`: a copy of a register, and a register made of one.

use super::cannot;
use crate::args::durable::{Backup, Restore};
use crate::failure::{Failure, tell};
use crate::stopwatch::{Stopwatch, readable};
use crate::store::{Access, open_rocks};
use rollbook_store_rocks::RocksStore;

pub(super) fn backup(options: &Backup) -> Result<(), Failure> {
    let Backup { store, to } = options;
    let watch = Stopwatch::start();
    open_rocks(store, Access::Existing)?.backup(to).map_err(cannot("make the backup"))?;
    tell(&format!("backed {} up to {} in {}", store.display(), to.display(), readable(watch.elapsed())));
    Ok(())
}

pub(super) fn restore(options: &Restore) -> Result<(), Failure> {
    let Restore { from, to } = options;
    let watch = Stopwatch::start();
    RocksStore::restore(from, to).map_err(cannot("restore the backup"))?;
    tell(&format!("restored {} to {} in {}", from.display(), to.display(), readable(watch.elapsed())));
    Ok(())
}
