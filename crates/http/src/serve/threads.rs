//! Connections spread over threads, each with a runtime of its own: a connection stays on its thread, so that requests
//! neither wait for a lock that threads share nor move from one processor's cache to another's.

use super::open::Ticket;
use super::{Respond, Server};
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// How long work on threads for blocking work is waited for at the end, beyond the grace of connections.
const LAST_WORK: Duration = Duration::from_secs(10);

struct Accepted {
    stream: std::net::TcpStream,
    peer: SocketAddr,
    ticket: Ticket,
}

pub(super) struct Threads {
    threads: Vec<(UnboundedSender<Accepted>, JoinHandle<()>)>,
    next: AtomicUsize,
}

impl Threads {
    /// Begins the threads; none where none are wanted, or where the system gives none.
    pub(super) fn start<R: Respond>(count: usize, server: &Server<R>) -> Option<Self> {
        let start = || {
            let runtime = Builder::new_current_thread().enable_all().build()?;
            let (sender, receiver) = unbounded_channel();
            let server = server.clone();
            let work = move || work(runtime, server, receiver);
            Ok((sender, std::thread::Builder::new().name("rollbook-http".to_owned()).spawn(work)?))
        };
        let threads: io::Result<Vec<_>> = (0..count).map(|_| start()).collect();
        match threads {
            Ok(threads) if threads.is_empty() => None,
            Ok(threads) => Some(Threads { threads, next: AtomicUsize::new(0) }),
            Err(error) => {
                tracing::warn!(%error, "no threads of their own for connections");
                None
            }
        }
    }

    /// Hands a connection over, to each thread in its turn.
    pub(super) fn take(&self, stream: TcpStream, peer: SocketAddr, ticket: Ticket) {
        let turn = self.next.fetch_add(1, Ordering::Relaxed) % self.threads.len();
        let handed = stream.into_std().map(|stream| {
            self.threads
                .get(turn)
                .is_some_and(|(thread, _)| thread.send(Accepted { stream, peer, ticket }).is_ok())
        });
        match handed {
            Ok(true) => {}
            Ok(false) => tracing::error!("a thread for connections has ended"),
            Err(error) => tracing::warn!(%error, "a connection cannot be handed over"),
        }
    }

    /// Ends the threads and waits for them.
    pub(super) async fn end(self) {
        let threads: Vec<_> = self.threads.into_iter().map(|(_, thread)| thread).collect();
        let joined = tokio::task::spawn_blocking(move || threads.into_iter().try_for_each(JoinHandle::join));
        if !matches!(joined.await, Ok(Ok(()))) {
            tracing::error!("a thread for connections has ended early");
        }
    }
}

fn work<R: Respond>(runtime: Runtime, server: Server<R>, mut accepted: UnboundedReceiver<Accepted>) {
    runtime.block_on(async {
        while let Some(Accepted { stream, peer, ticket }) = accepted.recv().await {
            match TcpStream::from_std(stream) {
                Ok(stream) => server.spawn(stream, peer, ticket),
                Err(error) => tracing::warn!(%error, "a connection cannot be taken over"),
            }
        }
    });
    runtime.shutdown_timeout(LAST_WORK);
}
