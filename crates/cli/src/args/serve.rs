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
///   limits = "jpush"                # or relaxed, unlimited; or a table, as in the next app
///   policies = { presence_from = "device_calls", on_user_change = "keep" }
///
///   [[apps]]
///   key = "other"
///   [apps.policies]
///   presence_from = "device_calls"  # which calls of a device count as being online; or app_open, none
///   on_user_change = "keep"         # what a new user clears on a device; or clear_alias, clear_alias_and_tags
///   [apps.limits]                   # a number, or "none" or "unlimited" for no limit
///   profile = "jpush"               # what is not said is as here
///   names = "jpush"                 # which tags and aliases may be added; or relaxed, any
///   tags_per_device = 1000
///   tags_per_list = 100             # in one list of an update of a device
///   tag_list_bytes = 1000
///   devices_per_list = 1000         # in one list of an update of a tag
///   devices_per_alias = 10
///   alias_overflow = "refuse"       # or evict_oldest
///   ids_per_presence = 1000         # in one question
///   online_window_secs = 600
///   last_seen_window_secs = 172800
///   attributes_per_event = 100
///   attribute_bytes = 4096          # of a string
///   attribute_items = 100           # of a list
///   declare_on_first_use = false    # of an event
///   event_retention_secs = "none"
///   event_ahead_secs = 86400        # how far after now an event may have happened
///   operations_per_batch = 1000
///   audience_nodes = 10000
///
///   [faces]
///   faces = "both"                  # or jpush, pushwoosh
///   utc_offset = 28800              # of the times that JPush's clients read, in seconds
///   argument_errors_are_400 = false # in Pushwoosh's protocol
///   body_limit = 1048576            # bytes
///   body_budget = 67108864          # bytes of all bodies at once
///   body_timeout_millis = 30000
///   store_timeout_millis = 30000    # after which a write may still be done
///   stranger_millis = 5             # after which a wrong secret is answered
///   in_flight = 1024                # requests at once
///   cors_origins = []               # such as "https://shop.example"
///   execution = "auto"              # or inline, blocking
///
///   [connections]
///   idle_timeout_millis = 60000
///   head_timeout_millis = 10000
///   write_timeout_millis = 30000
///   head_limit = 65536              # bytes
///   max_connections = 4096
///   threads = 0                     # 0: one for each processor
///   grace_millis = 10000            # for what is under way at the end
///
///   [rocksdb]                       # in a build with the feature `rocks`
///   durability = "synced"           # or buffered
///   create = true                   # the directory, when there is none
///   memory_bytes = 268435456
///   write_buffer_percent = 25
///   compression = "lz4"             # or none
///   max_open_files = 512            # or "none"
///   background_threads = 2
///   commits_per_write = 64
///   dead_chunks_per_commit = 32
///   first_ordinal = 0               # for tests
///   statistics = true
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
