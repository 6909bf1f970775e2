//! When the service ends: gently at the first signal, at once at the second.
//!
//! SIGHUP ends it like SIGTERM: it is sent when a terminal goes, and nothing is reloaded by it, because a configuration is
//! applied as a whole at a start.

use std::io;

#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};

/// What tells a process to end, caught.
pub(super) struct Signals {
    #[cfg(unix)]
    terminate: Signal,
    #[cfg(unix)]
    interrupt: Signal,
    #[cfg(unix)]
    hang_up: Signal,
}

impl Signals {
    /// From now on no signal ends the process by itself.
    #[cfg(unix)]
    pub(super) fn listen() -> io::Result<Self> {
        let terminate = signal(SignalKind::terminate())?;
        let interrupt = signal(SignalKind::interrupt())?;
        Ok(Signals { terminate, interrupt, hang_up: signal(SignalKind::hangup())? })
    }

    #[cfg(not(unix))]
    pub(super) fn listen() -> io::Result<Self> {
        Ok(Signals {})
    }

    #[cfg(unix)]
    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
            _ = self.hang_up.recv() => {}
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
