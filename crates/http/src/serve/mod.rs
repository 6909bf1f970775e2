//! A server for what answers requests: what stands between a socket and it.
//!
//! - `state`: what a connection is doing, so that the longest idle one can be given up;
//! - `open`: the connections that are open, and how many there may be;
//! - `stream`: a socket that keeps what its connection's deadlines are judged by;
//! - `service`: what answers, as a connection calls it;
//! - `connection`: a connection from its first byte to its last, with its deadlines;
//! - `threads`: connections spread over threads of their own;
//! - `own_answers`: the answers to what the parser of heads refuses.

mod connection;
mod open;
mod own_answers;
mod service;
mod state;
mod stream;
mod threads;

use crate::options::{LEAST_HEAD, ServeOptions};
use axum::body::Body;
use axum::http::{Request, Response};
use connection::{Deadlines, drive};
use hyper::server::conn::http1;
use open::{Open, Ticket};
use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use threads::Threads;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;

/// How long to wait after a connection could not be accepted: most often because there are no more file descriptors,
/// and then they come back one by one. Also how often a connection that waits for a place looks for one to give up.
const BREATHER: Duration = Duration::from_millis(50);

/// How often the end looks for connections that have become idle.
const ENDING: Duration = Duration::from_millis(10);

/// What [`serve`] gives requests to: a [`Router`](axum::Router) of which the state is there, or what
/// [`service`](crate::service) returns, or a service of the caller's own around them.
///
/// End the making of a router with [`with_state(())`](axum::Router::with_state): it puts handlers and their layers
/// together once. Otherwise each request does that.
///
/// ```
/// fn takes(_: impl rollbook_http::Respond) {}
/// takes(axum::Router::new().with_state(()));
/// ```
pub trait Respond:
    tower_service::Service<
        Request<Body>,
        Response = Response<Body>,
        Error = Infallible,
        Future: Send + 'static,
    > + Clone
    + Send
    + Unpin
    + 'static
{
}

impl<R> Respond for R where
    R: tower_service::Service<
            Request<Body>,
            Response = Response<Body>,
            Error = Infallible,
            Future: Send + 'static,
        > + Clone
        + Send
        + Unpin
        + 'static
{
}

/// Serves HTTP/1.1 until `shutdown` is ready; then what is under way is finished, within the grace that the options
/// give, and the call returns.
///
/// - A head that does not arrive in time, or is too large, ends its connection, and so does an answer that is not taken.
/// - When as many connections are open as may be, the one that has been idle for the longest time is closed for the next
///   one. Without one that has been idle for a second it is the one that has waited for a body for the longest time: the
///   router was not asked for anything yet. A request that is being answered is never given up, and one whose answer the
///   client is slow to take only when nobody else gives way.
/// - A connection that ends before all of a request has come takes the rest for a while and throws it away, so that the
///   client reads its answer.
/// - HTTP/2 is refused with an answer in HTTP/1.1, and a wish to change to another protocol is ignored: the vendors'
///   clients speak HTTP/1.1 here, and what stands in front for encryption translates.
/// - Requests without `Host`, and heads whose lines end in a line feed alone, are taken: nothing is judged by the host.
///   Two different lengths of one body are refused. A body in chunks that also declares a length is taken in chunks, and
///   its connection is closed afterwards, so that a proxy in front which reads the length finds no second request.
/// - Each request has its [`Peer`](crate::Peer) among its extensions.
///
/// ```no_run
/// use rollbook::Registry;
/// use rollbook_http::{FaceOptions, ServeOptions, router, serve};
/// use rollbook_store_mem::MemStore;
/// use tokio::net::TcpListener;
///
/// # async fn example() -> std::io::Result<()> {
/// let registry = Registry::builder(MemStore::new()).build();
/// let listener = TcpListener::bind("127.0.0.1:8085").await?;
/// let forever = std::future::pending();
/// serve(listener, router(registry, FaceOptions::default()), ServeOptions::default(), forever).await;
/// # Ok(())
/// # }
/// ```
pub async fn serve(
    listener: TcpListener,
    respond: impl Respond,
    options: ServeOptions,
    shutdown: impl Future<Output = ()>,
) {
    let open = Arc::new(Open::new(options.max_connections));
    let server = Server::new(respond, &options, Arc::clone(&open));
    let threads = Threads::start(options.threads, &server);
    let mut shutdown = pin!(shutdown);
    loop {
        let next = async {
            let accepted = listener.accept().await?;
            Ok::<_, std::io::Error>((accepted, ticket(&open).await))
        };
        let accepted = tokio::select! {
            accepted = next => accepted,
            () = shutdown.as_mut() => break,
        };
        match accepted {
            Ok(((stream, peer), ticket)) => match threads.as_ref() {
                Some(threads) => threads.take(stream, peer, ticket),
                None => server.spawn(stream, peer, ticket),
            },
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                sleep(BREATHER).await;
            }
        }
    }
    drop(listener);
    open.end();
    let grace = Duration::from_millis(options.grace_millis);
    let ended = async {
        while open.close_idle() > 0 {
            sleep(ENDING).await;
        }
    };
    if tokio::time::timeout(grace, ended).await.is_err() {
        tracing::warn!("connections were still busy when the grace was over");
    }
    if let Some(threads) = threads {
        threads.end().await;
    }
}

/// The next connection's place, for which the longest idle one is closed if need be.
async fn ticket(open: &Arc<Open>) -> Ticket {
    loop {
        if let Some(ticket) = Ticket::take(open) {
            return ticket;
        }
        open.give_one_up();
        // Its place is free when its task has ended. Where none could be given up, one may be idle by then.
        tokio::time::timeout(BREATHER, open.one_ended()).await.ok();
    }
}

/// What every connection is served with.
#[derive(Clone)]
struct Server<R> {
    respond: R,
    http: http1::Builder,
    deadlines: Deadlines,
    head_limit: usize,
    open: Arc<Open>,
}

impl<R: Respond> Server<R> {
    fn new(respond: R, options: &ServeOptions, open: Arc<Open>) -> Self {
        let head_limit = options.head_limit.max(LEAST_HEAD);
        let mut http = http1::Builder::new();
        // The deadlines are those of the connection: a timer for each head would cost more than reading it.
        http.header_read_timeout(None)
            .max_buf_size(head_limit)
            // A client may say that it has sent all before it has read all.
            .half_close(true);
        Server { respond, http, deadlines: Deadlines::of(options), head_limit, open }
    }

    /// Serves a connection on the runtime that this is called on.
    fn spawn(&self, stream: TcpStream, peer: SocketAddr, ticket: Ticket) {
        // An answer is written at once and in one piece: nothing is gained by waiting for more of it.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection cannot be told to write at once");
        }
        let (number, state) = (ticket.number(), ticket.state());
        let task = tokio::spawn(drive(self.clone(), stream, peer, ticket));
        self.open.enter(number, state, task.abort_handle());
    }
}
