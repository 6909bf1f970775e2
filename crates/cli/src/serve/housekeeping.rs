//! What goes on beside the requests: deletions that a crash interrupted, and events that are kept no longer.

use crate::register::Register;
use rollbook::Error;
use std::time::Duration;
use tokio::time::interval;

/// How often events that are past their app's retention, and invisible already, are erased.
const ROUND: Duration = Duration::from_secs(3_600);

/// How many apps are listed at once.
const APPS: usize = 256;

/// Goes on until the runtime ends.
pub(super) async fn run(register: Register) {
    let deletions = register.clone();
    done("resuming deletions", move || deletions.resume_deletions()).await;
    let mut rounds = interval(ROUND);
    loop {
        rounds.tick().await;
        let register = register.clone();
        done("erasing old events", move || erase_events(&register)).await;
    }
}

/// Does it on a thread for blocking work, and tells what came of it.
async fn done(what: &'static str, work: impl FnOnce() -> Result<u64, Error> + Send + 'static) {
    match tokio::task::spawn_blocking(work).await {
        Ok(Ok(count)) => tracing::info!(count, "{what}"),
        Ok(Err(error)) => tracing::error!(error = &error as &dyn std::error::Error, "{what}"),
        Err(error) => tracing::error!(%error, "{what}"),
    }
}

/// Erases the events of every app that does not keep them for ever; how many.
fn erase_events(register: &Register) -> Result<u64, Error> {
    let mut erased = 0;
    let mut after = None;
    loop {
        let page = register.apps(after.as_ref(), APPS)?;
        for app in page.items.iter().filter(|app| app.limits.event_retention_secs.is_some()) {
            match register.app(&app.key).and_then(|app| app.purge_events()) {
                Ok(count) => erased += count,
                // Deleted since it was listed.
                Err(Error::NotFound { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        after = page.next;
        if after.is_none() {
            return Ok(erased);
        }
    }
}
