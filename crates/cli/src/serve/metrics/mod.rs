//! `/metrics`: what was asked, what became of it, how long it took, and how large the register is.
//!
//! Labels are names of operations, the vendors' codes, and keys of apps: never a path, an id or a secret.
//!
//! - `requests`: counted as they are answered;
//! - `sizes`: read from the register when it is asked for.

mod requests;
mod sizes;

pub(super) use requests::measure;

use super::operators::{PATIENCE, json};
use super::store::Stats;
use crate::register::Register;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;
use requests::Requests;
use sizes::Sizes;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::timeout;

/// The text format that is written here.
const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// All that is counted.
pub(super) struct Metrics {
    requests: Requests,
    registry: Registry,
    /// One reading of the sizes at a time: a store that hangs must not take a thread for each.
    turn: Arc<Mutex<()>>,
    patience: Duration,
}

impl Metrics {
    pub(super) fn new(register: Register, stats: Stats) -> Self {
        let mut registry = Registry::with_prefix("rollbook");
        let requests = Requests::new(&mut registry);
        registry.register_collector(Box::new(Sizes::new(register, stats)));
        Metrics { requests, registry, turn: Arc::default(), patience: PATIENCE }
    }
}

pub(super) async fn answer(State(metrics): State<Arc<Metrics>>) -> Response {
    let asked = async {
        let turn = Arc::clone(&metrics.turn).lock_owned().await;
        let metrics = Arc::clone(&metrics);
        let work = move || {
            let mut text = String::new();
            let encoded = encode(&mut text, &metrics.registry).map(|()| text);
            drop(turn);
            encoded
        };
        // The sizes are asked of the store, which may block.
        tokio::task::spawn_blocking(work).await
    };
    match timeout(metrics.patience, asked).await {
        Ok(Ok(Ok(text))) => ([(header::CONTENT_TYPE, CONTENT_TYPE)], text).into_response(),
        Ok(Ok(Err(_)) | Err(_)) => failed(StatusCode::INTERNAL_SERVER_ERROR, "the metrics cannot be written"),
        Err(_) => failed(StatusCode::SERVICE_UNAVAILABLE, "the store does not answer in time"),
    }
}

fn failed(status: StatusCode, error: &str) -> Response {
    json(status, serde_json::json!({ "error": error }).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rollbook::store::BoxedStore;
    use rollbook_store_mem::MemStore;

    #[test]
    fn a_reading_that_takes_too_long_is_told_and_keeps_nobody_waiting() {
        let register = Register::builder(BoxedStore::new(MemStore::new())).build();
        let metrics = Metrics::new(register, Box::new(Vec::new));
        let metrics = Arc::new(Metrics { patience: Duration::from_millis(50), ..metrics });
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let asked = || answer(State(Arc::clone(&metrics)));
            assert_eq!(asked().await.status(), StatusCode::OK);
            let hangs = Arc::clone(&metrics.turn).lock_owned().await;
            let late = asked().await;
            assert_eq!(late.status(), StatusCode::SERVICE_UNAVAILABLE);
            assert!(late.headers().contains_key("retry-after"));
            let body = axum::body::to_bytes(late.into_body(), 1_000).await.unwrap();
            assert_eq!(body, r#"{"error":"the store does not answer in time"}"#);
            drop(hangs);
            assert_eq!(asked().await.status(), StatusCode::OK);
        });
    }
}
