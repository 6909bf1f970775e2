//! A disk that is full, told when it is and when it is no longer: once each, however many writes are refused.

use super::store::{Check, Full};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::interval;

/// How often is looked. While the disk is full, this is also how soon room is found when nobody writes.
const ROUND: Duration = Duration::from_secs(1);

/// Goes on until the runtime ends.
pub(super) async fn watch(full: Full, check: Arc<Check>) {
    watch_every(ROUND, full, check).await;
}

async fn watch_every(round: Duration, full: Full, check: Arc<Check>) {
    let mut rounds = interval(round);
    let mut told = false;
    loop {
        rounds.tick().await;
        if told {
            // The engine finds room by itself; only a write shows that it has.
            let check = Arc::clone(&check);
            let _ = tokio::task::spawn_blocking(move || check().is_ok()).await;
        }
        match (told, full()) {
            (false, true) => tracing::error!("the disk is full: no writes are taken until there is room"),
            (true, false) => tracing::warn!("the disk has room again: writes are taken"),
            _ => continue,
        }
        told = !told;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};

    #[test]
    fn a_full_disk_is_asked_for_room_until_there_is_some_and_not_after() {
        let (is_full, writes, looks) =
            (Arc::new(AtomicBool::new(true)), Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (filled, written) = (Arc::clone(&is_full), Arc::clone(&writes));
        let check: Check = Box::new(move || {
            // The third write fits.
            if written.fetch_add(1, SeqCst) == 2 {
                filled.store(false, SeqCst);
            }
            Ok(())
        });
        let looked = Arc::clone(&looks);
        let full: Full = Box::new(move || {
            looked.fetch_add(1, SeqCst);
            is_full.load(SeqCst)
        });
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let watched = tokio::spawn(watch_every(Duration::from_millis(1), full, Arc::new(check)));
            while looks.load(SeqCst) < 10 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            watched.abort();
        });
        assert_eq!(writes.load(SeqCst), 3);
    }
}
