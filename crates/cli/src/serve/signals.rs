//! When the service ends: gently at the first signal, at once at the second.
//!
//! SIGHUP ends it like SIGTERM: it is sent when a terminal goes, and nothing is reloaded by it, because a configuration is
//! applied as a whole at a start. A process that was started to ignore it, as by `nohup`, goes on ignoring it.

use std::io;

#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};

/// What tells a process to end, caught.
pub(super) struct Signals {
    #[cfg(unix)]
    terminate: Signal,
    #[cfg(unix)]
    interrupt: Signal,
    /// Nothing where the process was started to ignore it.
    #[cfg(unix)]
    hang_up: Option<Signal>,
}

/// Whether the process was started to ignore SIGHUP. A system without this file is one on which it is caught.
#[cfg(unix)]
fn ignores_hang_up() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default();
    // Bit n is signal n + 1.
    ignored >> (SignalKind::hangup().as_raw_value() - 1) & 1 == 1
}

impl Signals {
    /// From now on no signal ends the process by itself.
    #[cfg(unix)]
    pub(super) fn listen() -> io::Result<Self> {
        let terminate = signal(SignalKind::terminate())?;
        let interrupt = signal(SignalKind::interrupt())?;
        let hang_up = if ignores_hang_up() { None } else { Some(signal(SignalKind::hangup())?) };
        Ok(Signals { terminate, interrupt, hang_up })
    }

    #[cfg(not(unix))]
    pub(super) fn listen() -> io::Result<Self> {
        Ok(Signals {})
    }

    #[cfg(unix)]
    async fn next(&mut self) {
        let hang_up = async {
            match &mut self.hang_up {
                Some(signal) => signal.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
            _ = hang_up => {}
        }
    }

    #[cfg(not(unix))]
    async fn next(&mut self) {
        if let Err(error) = tokio::signal::ctrl_c().await {
            tracing::error!(%error, "Ctrl-C cannot be waited for");
            std::future::pending::<()>().await;
        }
    }

    /// Ready at the first signal.
    pub(super) async fn end(mut self) {
        self.next().await;
        tracing::info!("ending: what is under way is finished");
        tokio::spawn(async move {
            self.next().await;
            // Whoever asks twice does not want to wait; what was answered is kept.
            std::process::exit(1);
        });
    }
}
