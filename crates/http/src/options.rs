//! What may be tuned, as plain data with defaults.

use rollbook::UtcOffset;
use serde::{Deserialize, Serialize};

/// Which protocols are spoken.
///
/// ```
/// use rollbook_http::{FaceOptions, Faces};
/// let options: FaceOptions = serde_json::from_str(r#"{"faces": "jpush"}"#).unwrap();
/// assert_eq!(options.faces, Faces::Jpush);
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Faces {
    /// Both; their paths do not meet.
    #[default]
    Both,
    /// JPush alone.
    Jpush,
    /// Pushwoosh alone.
    Pushwoosh,
}

/// On which threads the router asks the register.
///
/// ```
/// use rollbook_http::{Execution, FaceOptions};
/// assert_eq!(FaceOptions::default().execution, Execution::Auto);
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Execution {
    /// By what the store declares: one that keeps nothing beyond the process has no disk to wait for, and answers a
    /// small request in less time than a change of threads takes. It is asked where the request was read; every other
    /// store, and every request that may take long, on a thread for blocking work.
    #[default]
    Auto,
    /// Always where the request was read.
    Inline,
    /// Always on a thread for blocking work.
    Blocking,
}

/// How the faces answer.
///
/// ```
/// use rollbook_http::FaceOptions;
/// let options = FaceOptions { cors_origins: vec!["https://shop.example".into()], ..FaceOptions::default() };
/// assert_eq!(options.body_limit, 1 << 20);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FaceOptions {
    /// Which protocols are spoken. Both.
    pub faces: Faces,
    /// The offset of the times that the JPush face prints, in seconds. UTC+8.
    pub utc_offset: UtcOffset,
    /// Are argument errors of the Pushwoosh face HTTP 400? No: they are HTTP 200 with their code in the body.
    pub argument_errors_are_400: bool,
    /// The most bytes of a request's body. 1 MiB.
    pub body_limit: usize,
    /// Within how many milliseconds a request's body must arrive and be answered. 30 000.
    pub timeout_millis: u64,
    /// How many requests may be under way at once; the next is told to try again. 1 024.
    pub in_flight: usize,
    /// The origins whose browsers may call the Pushwoosh face, such as `https://shop.example`; `*` is every origin.
    /// None. The JPush face is never for browsers: it takes the app's master secret.
    pub cors_origins: Vec<String>,
    /// On which threads the register is asked.
    pub execution: Execution,
}

impl Default for FaceOptions {
    fn default() -> Self {
        FaceOptions {
            faces: Faces::Both,
            utc_offset: UtcOffset::BEIJING,
            argument_errors_are_400: false,
            body_limit: 1 << 20,
            timeout_millis: 30_000,
            in_flight: 1_024,
            cors_origins: Vec::new(),
            execution: Execution::Auto,
        }
    }
}

/// How [`serve`](fn@crate::serve) treats connections.
///
/// ```
/// let options = rollbook_http::ServeOptions { max_connections: 64, ..Default::default() };
/// assert_eq!(options.head_timeout_millis, 60_000);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ServeOptions {
    /// Within how many milliseconds the head of a request must arrive, counted from the answer before it: how long a
    /// connection may be idle, too. 60 000.
    pub head_timeout_millis: u64,
    /// The most bytes of a request's head. 65 536; less than 8 192 counts as 8 192.
    pub head_limit: usize,
    /// How many connections are open at once; more wait to be accepted. 4 096.
    pub max_connections: usize,
    /// How many milliseconds the requests under way are given to finish at the end. 10 000.
    pub grace_millis: u64,
}

impl Default for ServeOptions {
    fn default() -> Self {
        ServeOptions {
            head_timeout_millis: 60_000,
            head_limit: 65_536,
            max_connections: 4_096,
            grace_millis: 10_000,
        }
    }
}
