//! `rollbook serve`: the faces of a register on a socket, with what an operator needs around them.
//!
//! - `config`: the file, judged whole before anything is done;
//! - `store`: the store, and how to ask it whether it is well;
//! - `apps`: makes the register's apps as the file has them;
//! - `service`: which request is for whom;
//! - `operators`: the routes for operators, with `health` and `metrics`;
//! - `housekeeping`: what goes on beside the requests;
//! - `room`: a disk that is full;
//! - `signals`: when to end.

mod apps;
mod config;
mod health;
mod housekeeping;
mod metrics;
mod operators;
mod room;
mod service;
mod signals;
mod store;

use crate::args::serve::Serve;
use crate::failure::{Failure, tell};
use crate::output::Output;
use crate::register::Register;
use apps::NewSecret;
use config::Config;
use health::Health;
use metrics::Metrics;
use operators::Operators;
use rollbook_http::{ServeOptions, serve};
use service::Service;
use signals::Signals;
use std::io;
use std::net::SocketAddr;
use std::num::NonZero;
use std::sync::Arc;
use std::time::Duration;
use store::Kept;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

/// How long what still runs on threads for blocking work is waited for at the end, beyond the grace of connections.
const LAST_WORK: Duration = Duration::from_secs(10);

/// A connection is a file: so many are asked for, if the system gives them.
const FILES: u64 = 1 << 16;

pub(crate) fn run(options: &Serve) -> Result<(), Failure> {
    let config = configured(options)?;
    tracing_subscriber::fmt().with_max_level(config.log).with_writer(io::stderr).init();
    if let Err(error) = rlimit::increase_nofile_limit(FILES) {
        tracing::warn!(%error, "the number of open files stays as it is");
    }
    let Kept { store, check, stats, full } = store::open(&config)?;
    let check = Arc::new(check);
    let register = Register::builder(store).build();
    let secrets = apps::apply(&register, &config.apps)?;
    let runtime = Runtime::new().map_err(cannot("start"))?;
    let metrics = Arc::new(Metrics::new(register.clone(), stats));
    let health = Arc::new(Health::new(register.clone(), Arc::clone(&check)));
    let operators = operators::routes(health, Arc::clone(&metrics));
    let protocols = rollbook_http::service(register.clone(), config.faces.clone());
    let (apart, operators) = match config.operators {
        Some(address) => {
            let during = format!("listen on {address}");
            let listener = std::net::TcpListener::bind(address).map_err(cannot(&during))?;
            let address = listener.local_addr().map_err(cannot(&during))?;
            (Some((address, Operators::start(listener, operators).map_err(cannot(&during))?)), None)
        }
        None => (None, Some(operators)),
    };
    let service = Service { protocols, metrics, operators };
    let operators_address = apart.as_ref().map(|(address, _)| *address);
    runtime.block_on(async {
        // From here on a signal ends gently, also when it comes before the first request.
        let signals = Signals::listen().map_err(cannot("listen for signals"))?;
        let during = format!("listen on {}", config.listen);
        let listener = TcpListener::bind(config.listen).await.map_err(cannot(&during))?;
        announce(listener.local_addr().map_err(cannot(&during))?, operators_address, &secrets)?;
        tokio::spawn(housekeeping::run(register.clone()));
        tokio::spawn(room::watch(full, check));
        serve(listener, service, on_threads(config.connections), signals.end()).await;
        Ok::<(), Failure>(())
    })?;
    runtime.shutdown_timeout(LAST_WORK);
    if let Some((_, operators)) = apart {
        operators.end();
    }
    // Nobody asks any more: dropping the last handle closes the store.
    drop(register);
    tracing::info!("ended");
    Ok(())
}

/// The file, with what the command line says instead.
fn configured(options: &Serve) -> Result<Config, Failure> {
    let mut config = match &options.config {
        Some(path) => Config::read(path)?,
        None => Config::default(),
    };
    let Serve { config: _, listen, store, log } = options;
    config.listen = listen.unwrap_or(config.listen);
    config.store = store.clone().unwrap_or(config.store);
    config.log = log.unwrap_or(config.log);
    Ok(config)
}

/// Prints the first line, which whoever started the service waits for, and what is shown this once.
///
/// A reader that has left is a failure here, unlike in commands that end when nobody reads on: a supervisor would take
/// exit code 0 for a service that has served.
fn announce(
    address: SocketAddr,
    operators: Option<SocketAddr>,
    secrets: &[NewSecret],
) -> Result<(), Failure> {
    print(address, operators, secrets).map_err(|failure| match failure {
        Failure::ReaderGone => {
            Failure::Io { action: "write the first line".into(), source: io::ErrorKind::BrokenPipe.into() }
        }
        other => other,
    })?;
    if !secrets.is_empty() {
        tell("a new master secret is shown once: only its hash is kept");
    }
    if !address.ip().is_loopback() {
        tell(
            "others than this machine may connect, and nothing is encrypted: leave that to a proxy in front",
        );
    }
    Ok(())
}

fn print(address: SocketAddr, operators: Option<SocketAddr>, secrets: &[NewSecret]) -> Result<(), Failure> {
    let mut output = Output::new();
    output.line(format_args!("listening on http://{address}"))?;
    if let Some(operators) = operators {
        output.line(format_args!("operators on http://{operators}"))?;
    }
    for NewSecret { app, secret } in secrets {
        output.line(format_args!("master secret of {app}: {}", secret.expose()))?;
    }
    output.finish()
}

/// Serves connections on as many threads as there are processors, unless the configuration says how many.
fn on_threads(mut options: ServeOptions) -> ServeOptions {
    if options.threads == 0 {
        options.threads = std::thread::available_parallelism().map_or(1, NonZero::get);
    }
    options
}

fn cannot(action: &str) -> impl FnOnce(io::Error) -> Failure + use<> {
    let action = action.to_owned();
    move |source| Failure::Io { action, source }
}
