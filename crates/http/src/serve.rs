//! A server for the router: what stands between a socket and it.

use crate::options::{LEAST_HEAD, ServeOptions};
use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_io_timeout::TimeoutWriter;

/// How long to wait after a connection could not be accepted: most often because there are no more file descriptors,
/// and then they come back one by one.
const BREATHER: Duration = Duration::from_millis(50);

/// Serves HTTP/1.1 until `shutdown` is ready; then what is under way is finished, within the grace that the options
/// give, and the call returns.
///
/// A head that does not arrive in time, or is too large, ends its connection, and so does an answer that is not taken.
/// Wishes to change to another protocol are ignored.
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
    router: Router,
    options: ServeOptions,
    shutdown: impl Future<Output = ()>,
) {
    let graceful = GracefulShutdown::new();
    let permits = Arc::new(Semaphore::new(options.max_connections.min(Semaphore::MAX_PERMITS)));
    let mut server = http1::Builder::new();
    server
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from_millis(options.head_timeout_millis))
        .max_buf_size(options.head_limit.max(LEAST_HEAD))
        // A client may say that it has sent all before it has read all.
        .half_close(true);
    let mut shutdown = pin!(shutdown);
    loop {
        let accept = async {
            // Never closed, so there is always a permit to come.
            let permit = Arc::clone(&permits).acquire_owned().await.ok();
            (permit, listener.accept().await)
        };
        let (permit, accepted) = tokio::select! {
            accepted = accept => accepted,
            () = shutdown.as_mut() => break,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(BREATHER).await;
                continue;
            }
        };
        // An answer is written at once and in one piece: nothing is gained by waiting for more of it.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection cannot be told to write at once");
        }
        let mut stream = TimeoutWriter::new(stream);
        stream.set_timeout(Some(Duration::from_millis(options.write_timeout_millis)));
        let service = TowerToHyperService::new(router.clone());
        let connection = graceful.watch(server.serve_connection(TokioIo::new(Box::pin(stream)), service));
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection ended early");
            }
            drop(permit);
        });
    }
    drop(listener);
    let grace = Duration::from_millis(options.grace_millis);
    if tokio::time::timeout(grace, graceful.shutdown()).await.is_err() {
        tracing::warn!("connections were still busy when the grace was over");
    }
}
