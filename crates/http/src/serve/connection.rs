//! A connection from its first byte to its last, with its deadlines.

use super::open::Ticket;
use super::own_answers;
use super::service::Service;
use super::state::{Phase, State};
use super::stream::Stream;
use super::{Respond, Server};
use crate::exchange::Peer;
use crate::options::ServeOptions;
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep_until, timeout};

/// What is still on its way when a connection ends is taken for so long at most. A socket that is closed with bytes in
/// it takes back the answer that the client has not read yet.
const LINGER: Duration = Duration::from_secs(2);

/// And so many bytes of it.
const LINGER_BYTES: usize = 16 << 20;

/// What a client that speaks nothing but HTTP/2 begins with.
const HTTP_2: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

#[derive(Debug, Clone, Copy)]
pub(super) struct Deadlines {
    idle: Duration,
    head: Duration,
    write: Duration,
}

impl Deadlines {
    pub(super) fn of(options: &ServeOptions) -> Self {
        Deadlines {
            idle: Duration::from_millis(options.idle_timeout_millis),
            head: Duration::from_millis(options.head_timeout_millis),
            write: Duration::from_millis(options.write_timeout_millis),
        }
    }
}

type Http<R> = http1::Connection<TokioIo<Stream>, Service<R>>;

/// Serves a connection until it ends, and gives its place back.
pub(super) async fn drive<R: Respond>(
    server: Server<R>,
    socket: TcpStream,
    peer: SocketAddr,
    ticket: Ticket,
) {
    let state = ticket.state();
    let service = Service {
        respond: TowerToHyperService::new(server.respond),
        state: Arc::clone(&state),
        open: server.open,
        peer: Peer(peer),
    };
    let stream = Stream::new(socket, Arc::clone(&state), server.head_limit);
    let mut http = server.http.serve_connection(TokioIo::new(stream), service);
    let mut watch = pin!(Watch::new(server.deadlines, Arc::clone(&state)));
    let ended = poll_fn(|cx| match http.poll_without_shutdown(cx) {
        Poll::Ready(ended) => Poll::Ready(Some(ended)),
        Poll::Pending => watch.as_mut().poll(cx).map(|()| None),
    });
    match ended.await {
        Some(ended) => finish(http, &state, ended).await,
        None => tracing::debug!("a connection was idle or blocked for too long"),
    }
    drop(ticket);
}

async fn finish<R: Respond>(http: Http<R>, state: &State, ended: hyper::Result<()>) {
    let parts = http.into_parts();
    let mut socket = parts.io.into_inner().into_socket();
    let failed = ended.is_err();
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended early");
        // The parser answers everything else that it refuses by itself.
        if parts.read_buf.starts_with(HTTP_2) {
            // What cannot be said to who does not listen need not be said.
            timeout(LINGER, socket.write_all(&own_answers::no_http_2())).await.ok();
        }
    }
    if socket.shutdown().await.is_ok() && (failed || state.has_unread()) {
        let rest = async {
            let mut taken = 0;
            let mut buffer = vec![0; 16 << 10];
            while let Ok(more) = socket.read(&mut buffer).await {
                taken += more;
                if more == 0 || taken > LINGER_BYTES {
                    break;
                }
            }
        };
        timeout(LINGER, rest).await.ok();
    }
}

/// One timer for all deadlines of a connection. Most of them move on before they are over, so the timer is set again
/// only when it has run down, or when one comes that is before it.
struct Watch {
    deadlines: Deadlines,
    state: Arc<State>,
    begun: Instant,
    /// By when the rest of a head must have come.
    head: Option<Instant>,
    /// By when the client must have taken some more.
    write: Option<Instant>,
    timer: Pin<Box<Sleep>>,
    armed: bool,
}

impl Watch {
    fn new(deadlines: Deadlines, state: Arc<State>) -> Self {
        let begun = state.begun();
        let timer = Box::pin(sleep_until(Instant::now() + deadlines.idle));
        Watch { deadlines, state, begun, head: None, write: None, timer, armed: false }
    }

    /// The next deadline, judged by what the connection is doing. Time is asked for only where one begins.
    fn next(&mut self) -> Option<Instant> {
        let reads = match self.state.phase() {
            Phase::Idle(_) if self.state.has_part() => {
                let Deadlines { head, .. } = self.deadlines;
                Some(*self.head.get_or_insert_with(|| Instant::now() + head))
            }
            Phase::Idle(since) => {
                self.head = None;
                Some(self.begun + Duration::from_micros(since) + self.deadlines.idle)
            }
            Phase::Awaiting(_) | Phase::Busy | Phase::GivenUp => {
                self.head = None;
                None
            }
        };
        self.write = match (self.state.is_blocked(), self.write) {
            (false, _) => None,
            (true, Some(deadline)) if !self.state.has_written() => Some(deadline),
            (true, _) => Some(Instant::now() + self.deadlines.write),
        };
        [reads, self.write].into_iter().flatten().min()
    }

    /// Ready when a deadline is over.
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let Some(deadline) = self.next() else { return Poll::Pending };
        if deadline < self.timer.deadline() {
            self.timer.as_mut().reset(deadline);
            self.armed = false;
        }
        // The task is the same at every call, so a timer that was armed wakes it.
        if self.armed && !self.timer.is_elapsed() {
            return Poll::Pending;
        }
        while self.timer.as_mut().poll(cx).is_ready() {
            if deadline <= Instant::now() {
                return Poll::Ready(());
            }
            self.timer.as_mut().reset(deadline);
        }
        self.armed = true;
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::advance;

    const SECOND: Duration = Duration::from_secs(1);

    /// A connection that was just opened, with deadlines of 60, 10 and 30 seconds.
    fn watch() -> Watch {
        let deadlines = Deadlines::of(&ServeOptions::default());
        Watch::new(deadlines, Arc::new(State::new(Instant::now())))
    }

    fn in_seconds(watch: &mut Watch) -> Option<u64> {
        watch.next().map(|deadline| (deadline - Instant::now()).as_secs())
    }

    #[tokio::test(start_paused = true)]
    async fn silence_has_the_time_of_an_idle_connection_and_a_part_of_a_head_less() {
        let mut watch = watch();
        advance(SECOND).await;
        assert_eq!(in_seconds(&mut watch), Some(59));
        watch.state.receives();
        assert_eq!(in_seconds(&mut watch), Some(10));
        // More of the head gives it no more time.
        advance(SECOND).await;
        watch.state.receives();
        assert_eq!(in_seconds(&mut watch), Some(9));
        watch.state.begin();
        assert_eq!(in_seconds(&mut watch), None);
        watch.state.end();
        assert_eq!(in_seconds(&mut watch), Some(60));
        // The next head begins with a time of its own.
        watch.state.receives();
        assert_eq!(in_seconds(&mut watch), Some(10));
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_has_its_time_again_whenever_it_takes_some_of_an_answer() {
        let mut watch = watch();
        watch.state.begin();
        watch.state.blocks();
        assert_eq!(in_seconds(&mut watch), Some(30));
        advance(SECOND).await;
        watch.state.blocks();
        assert_eq!(in_seconds(&mut watch), Some(29), "it has taken nothing");
        watch.state.writes();
        watch.state.blocks();
        assert_eq!(in_seconds(&mut watch), Some(30));
        advance(SECOND).await;
        assert_eq!(in_seconds(&mut watch), Some(29));
        watch.state.writes();
        assert_eq!(in_seconds(&mut watch), None);
    }

    #[tokio::test(start_paused = true)]
    async fn of_two_deadlines_the_sooner_one_ends_the_connection() {
        let mut watch = pin!(watch());
        watch.state.blocks();
        let begun = Instant::now();
        poll_fn(|cx| watch.as_mut().poll(cx)).await;
        assert_eq!(begun.elapsed().as_secs(), 30);
        watch.state.writes();
        poll_fn(|cx| watch.as_mut().poll(cx)).await;
        assert_eq!(begun.elapsed().as_secs(), 60);
    }
}
