//! `rollbook serve`.

use crate::store::StoreChoice;
use clap::Args;
use std::net::SocketAddr;
use std::path::PathBuf;
use tracing::level_filters::LevelFilter;

/// Answers JPush's and Pushwoosh's HTTP protocols, so that their official clients work against this register.
///
/// The first line on standard output is `listening on http://ADDRESS`; then, where operators have an address of their
/// own, `operators on http://ADDRESS`; then, once, the secrets that were made for apps that are new and have none in the
/// configuration. Errors and warnings go to standard error. `/healthz` tells
/// whether the store answers, `/metrics` is for Prometheus; `operators` gives both an address of their own, which
/// responds within five seconds however busy the service is. SIGTERM, SIGHUP or Ctrl-C finishes what is under way and
/// closes the store; a second one ends at once.
///
/// A configuration is TOML, and everything in it may be left out:
///
///   listen = "127.0.0.1:8085"
///   operators = "127.0.0.1:9085"    # /healthz and /metrics here, and no longer on the address above
///   store = "memory"                # or "rocksdb:./data"
///   log = "warn"                    # off error warn info debug trace
///
///   [[apps]]                        # created, or changed to be as is said here
///   key = "0123456789abcdef01234567"
///   name = "shop"
///   master_secret = "..."           # JPush: user KEY, password master_secret
///   api_tokens = ["..."]            # Pushwoosh: Authorization: Token ...
///   presence = true
///   events = ["activityCompleted"]
///   limits = "relaxed"              # or jpush, unlimited, a table [apps.limits]
///   [apps.policies]                 # see `rollbook::Policies`
///   presence_from = "device_calls"  # or app_open, none: which calls of a device count as being online
///   on_user_change = "keep"         # or clear_alias, clear_alias_and_tags
///
///   [faces]                         # body_limit, body_timeout_millis, store_timeout_millis, cors_origins, ...
///   [connections]                   # max_connections, threads, idle_timeout_millis, head_timeout_millis, ...
///   [rocksdb]                       # memory_bytes, durability, ...
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Serve {
    /// The configuration; without one, the defaults.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Where to listen, whatever the configuration says; port 0 picks one.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) listen: Option<SocketAddr>,
    /// Where the register is kept, whatever the configuration says: `memory` or `rocksdb:DIR`.
    #[arg(long, value_name = "STORE")]
    pub(crate) store: Option<StoreChoice>,
    /// How much is told on standard error, whatever the configuration says: off, error, warn, info, debug, trace.
    #[arg(long, value_name = "LEVEL")]
    pub(crate) log: Option<LevelFilter>,
}
