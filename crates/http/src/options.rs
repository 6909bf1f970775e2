//! What may be tuned, as plain data with defaults.

use axum::http::Uri;
use rollbook::{Rule, UtcOffset, Violation, Violations};
use serde::{Deserialize, Serialize};

/// The least that the reader of heads works with, in bytes.
pub(crate) const LEAST_HEAD: usize = 8_192;

/// The longest that an answer to who was not let in may be held back, in milliseconds: each holds a connection.
const MOST_SETTLING: u64 = 1_000;

/// More threads for connections than a machine has processors for.
const MOST_THREADS: usize = 1_024;

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
    /// By the store and by the work. A store that keeps nothing beyond the process has no disk to wait for, and does a
    /// small piece of work in less time than a change of threads takes: it is asked where the request was read, if
    /// operation, size of the body and the app's limits bound the work to about 2 ms. Every other store is asked on a
    /// thread for blocking work, and so is everything else: lists of tags, deletions of users, large bodies, and what
    /// grows with a device's tags or an alias's devices in an app whose limits do not bound those.
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
    /// The most bytes of bodies above 16 KiB held at once, of all requests together; a request beyond is told to try
    /// again. 64 MiB; less than [`FaceOptions::body_limit`] counts as that. Bodies of the Pushwoosh face, whose clients are
    /// known when their bodies have come, hold at most half of it, but at least one body of full length. Smaller bodies are not counted: each
    /// connection holds at most one, so [`ServeOptions::max_connections`] bounds them, and no large or slow body keeps
    /// a small one out.
    pub body_budget: usize,
    /// Within how many milliseconds after its head a request's body must arrive. 30 000.
    pub body_timeout_millis: u64,
    /// Within how many milliseconds the register must have done what a request asks for. 30 000. A write that is late
    /// goes on, so its answer is that the outcome is unknown.
    pub store_timeout_millis: u64,
    /// How many milliseconds after it was complete a request with a wrong secret, or of an unknown app, is answered:
    /// counted from the head on the JPush face, from the body on the Pushwoosh face. Always this many, so that time
    /// tells nothing of what the secret was compared with, however the store keeps apps. 5; 0 is at once.
    pub stranger_millis: u64,
    /// How many requests the register may be asked at once; the next is told to try again. 1 024. A request takes its
    /// place when its body has arrived. One that was answered for being late keeps it until the store lets go of it.
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
            body_budget: 64 << 20,
            body_timeout_millis: 30_000,
            store_timeout_millis: 30_000,
            stranger_millis: 5,
            in_flight: 1_024,
            cors_origins: Vec::new(),
            execution: Execution::Auto,
        }
    }
}

impl FaceOptions {
    /// Are all options in their ranges?
    ///
    /// ```
    /// use rollbook_http::FaceOptions;
    /// let wrong = FaceOptions { in_flight: 0, ..FaceOptions::default() }.check().unwrap_err();
    /// assert_eq!(wrong.to_string(), "in_flight: range: must be at least 1: got 0");
    /// ```
    ///
    /// # Errors
    /// A violation for each that is not.
    pub fn check(&self) -> Result<(), Violations> {
        let mut found = Vec::new();
        at_least("body_limit", self.body_limit as u64, 1, &mut found);
        at_least("body_budget", self.body_budget as u64, self.body_limit as u64, &mut found);
        at_least("body_timeout_millis", self.body_timeout_millis, 1, &mut found);
        at_least("store_timeout_millis", self.store_timeout_millis, 1, &mut found);
        if self.stranger_millis > MOST_SETTLING {
            let limit = format!("must be at most {MOST_SETTLING}");
            found.push(Violation::new("stranger_millis", Rule::Range, limit, self.stranger_millis));
        }
        at_least("in_flight", self.in_flight as u64, 1, &mut found);
        for (n, origin) in self.cors_origins.iter().enumerate().filter(|(_, origin)| !is_origin(origin)) {
            let limit = "must be * or such as https://shop.example";
            let violation = Violation::new("", Rule::Form, limit, format!("{origin:?}"));
            found.push(violation.in_list("cors_origins", n));
        }
        Violations::check(found)
    }
}

fn at_least(field: &'static str, actual: u64, least: u64, found: &mut Vec<Violation>) {
    if actual < least {
        found.push(Violation::new(field, Rule::Range, format!("must be at least {least}"), actual));
    }
}

/// As a browser sends it: scheme, host and port, and nothing behind them.
fn is_origin(text: &str) -> bool {
    let Ok(uri) = text.parse::<Uri>() else { return false };
    let whole = uri.scheme_str().zip(uri.authority()).map(|(scheme, host)| format!("{scheme}://{host}"));
    text == "*" || whole.as_deref() == Some(text)
}

/// How [`serve`](fn@crate::serve) treats connections.
///
/// ```
/// let options = rollbook_http::ServeOptions { max_connections: 64, ..Default::default() };
/// assert_eq!(options.idle_timeout_millis, 60_000);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ServeOptions {
    /// How many milliseconds a connection may be idle: from its beginning, or from an answer, to the next byte. 60 000.
    pub idle_timeout_millis: u64,
    /// Within how many milliseconds after its first byte the head of a request must arrive. 10 000.
    pub head_timeout_millis: u64,
    /// Within how many milliseconds a client must take some of an answer that waits to be sent. 30 000.
    pub write_timeout_millis: u64,
    /// The most bytes of a request's head that are held while it is incomplete. 65 536; less than 8 192 counts as 8 192.
    /// A head whose end comes with the read that passes this number is still taken.
    pub head_limit: usize,
    /// How many connections are open at once. 4 096. For one more the longest idle one is closed; where a request is
    /// under way on each of them, it waits for the first that ends.
    pub max_connections: usize,
    /// On how many threads of their own connections are served, each with a runtime of one thread. 0: on the runtime
    /// that serves, which is what an application with a runtime of its own wants. The program `rollbook serve` takes 0
    /// for one on each processor.
    pub threads: usize,
    /// How many milliseconds the requests under way are given to finish at the end. 10 000.
    pub grace_millis: u64,
}

impl Default for ServeOptions {
    fn default() -> Self {
        ServeOptions {
            idle_timeout_millis: 60_000,
            head_timeout_millis: 10_000,
            write_timeout_millis: 30_000,
            head_limit: 65_536,
            max_connections: 4_096,
            threads: 0,
            grace_millis: 10_000,
        }
    }
}

impl ServeOptions {
    /// Are all options in their ranges?
    ///
    /// ```
    /// use rollbook_http::ServeOptions;
    /// let wrong = ServeOptions { head_limit: 4_096, ..ServeOptions::default() }.check().unwrap_err();
    /// assert_eq!(wrong.to_string(), "head_limit: range: must be at least 8192: got 4096");
    /// ```
    ///
    /// # Errors
    /// A violation for each that is not.
    pub fn check(&self) -> Result<(), Violations> {
        let mut found = Vec::new();
        at_least("idle_timeout_millis", self.idle_timeout_millis, 1, &mut found);
        at_least("head_timeout_millis", self.head_timeout_millis, 1, &mut found);
        at_least("write_timeout_millis", self.write_timeout_millis, 1, &mut found);
        at_least("head_limit", self.head_limit as u64, LEAST_HEAD as u64, &mut found);
        at_least("max_connections", self.max_connections as u64, 1, &mut found);
        if self.threads > MOST_THREADS {
            let limit = format!("must be at most {MOST_THREADS}");
            found.push(Violation::new("threads", Rule::Range, limit, self.threads));
        }
        Violations::check(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_in_their_ranges() {
        assert_eq!(FaceOptions::default().check(), Ok(()));
        assert_eq!(ServeOptions::default().check(), Ok(()));
    }

    #[test]
    fn every_option_may_be_at_the_end_of_its_range() {
        let faces = FaceOptions {
            body_limit: 1,
            body_budget: 1,
            body_timeout_millis: 1,
            store_timeout_millis: 1,
            stranger_millis: 1_000,
            in_flight: 1,
            ..FaceOptions::default()
        };
        assert_eq!(faces.check(), Ok(()));
        let serve = ServeOptions {
            idle_timeout_millis: 1,
            head_timeout_millis: 1,
            write_timeout_millis: 1,
            head_limit: 8_192,
            max_connections: 1,
            threads: 1_024,
            grace_millis: 0,
        };
        assert_eq!(serve.check(), Ok(()));
    }

    #[test]
    fn every_option_out_of_its_range_is_named() {
        let faces = FaceOptions {
            body_limit: 0,
            body_timeout_millis: 0,
            store_timeout_millis: 0,
            stranger_millis: 1_001,
            in_flight: 0,
            cors_origins: ["*", "https://a.example", "https://a.example/", "a.example", "http://b:8080", ""]
                .map(str::to_owned)
                .to_vec(),
            ..FaceOptions::default()
        };
        let origin = "must be * or such as https://shop.example: got";
        let expected = [
            "body_limit: range: must be at least 1: got 0".to_owned(),
            "body_timeout_millis: range: must be at least 1: got 0".to_owned(),
            "store_timeout_millis: range: must be at least 1: got 0".to_owned(),
            "stranger_millis: range: must be at most 1000: got 1001".to_owned(),
            "in_flight: range: must be at least 1: got 0".to_owned(),
            format!("cors_origins[2]: form: {origin} \"https://a.example/\""),
            format!("cors_origins[3]: form: {origin} \"a.example\""),
            format!("cors_origins[5]: form: {origin} \"\""),
        ];
        assert_eq!(faces.check().unwrap_err().to_string(), expected.join("; "));
        let small = FaceOptions { body_budget: 5, ..FaceOptions::default() };
        let message = "body_budget: range: must be at least 1048576: got 5";
        assert_eq!(small.check().unwrap_err().to_string(), message);
        let serve = ServeOptions {
            idle_timeout_millis: 0,
            head_timeout_millis: 0,
            write_timeout_millis: 0,
            head_limit: 8_191,
            max_connections: 0,
            threads: 1_025,
            grace_millis: 0,
        };
        let expected = [
            "idle_timeout_millis: range: must be at least 1: got 0",
            "head_timeout_millis: range: must be at least 1: got 0",
            "write_timeout_millis: range: must be at least 1: got 0",
            "head_limit: range: must be at least 8192: got 8191",
            "max_connections: range: must be at least 1: got 0",
            "threads: range: must be at most 1024: got 1025",
        ];
        assert_eq!(serve.check().unwrap_err().to_string(), expected.join("; "));
    }
}
