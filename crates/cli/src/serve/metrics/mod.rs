//! `/metrics`: what was asked, what became of it, how long it took, and how large the register is.
//!
//! Labels are names of operations, the vendors' codes, and keys of apps: never a path, an id or a secret.
//!
//! - `requests`: counted as they are answered;
//! - `sizes`: read from the register when it is asked for.

mod requests;
mod sizes;

pub(super) use requests::measure;

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
use tokio::sync::Mutex;

/// The text format that is written here.
const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// All that is counted.
pub(super) struct Metrics {
    requests: Requests,
    registry: Registry,
    /// One reading of the sizes at a time: a store that hangs must not take a thread for each.
    turn: Arc<Mutex<()>>,
}

impl Metrics {
    pub(super) fn new(register: Register, stats: Stats) -> Self {
        let mut registry = Registry::with_prefix("rollbook");
        let requests = Requests::new(&mut registry);
        registry.register_collector(Box::new(Sizes::new(register, stats)));
        Metrics { requests, registry, turn: Arc::default() }
    }
}

pub(super) async fn answer(State(metrics): State<Arc<Metrics>>) -> Response {
    let turn = Arc::clone(&metrics.turn).lock_owned().await;
    let work = move || {
        let mut text = String::new();
        let encoded = encode(&mut text, &metrics.registry).map(|()| text);
        drop(turn);
        encoded
    };
    // The sizes are asked of the store, which may block.
    match tokio::task::spawn_blocking(work).await {
        Ok(Ok(text)) => ([(header::CONTENT_TYPE, CONTENT_TYPE)], text).into_response(),
        Ok(Err(_)) | Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
