//! `/healthz`: does the store answer, and does it take writes?

use super::operators::{PATIENCE, json};
use super::store::Check;
use crate::register::Register;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use std::error::Error;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::timeout;

/// What is asked, and how long for.
pub(super) struct Health {
    ask: Arc<dyn Fn() -> Result<(), &'static str> + Send + Sync>,
    patience: Duration,
    /// One question at a time: a store that hangs must not take a thread for each.
    turn: Arc<Mutex<()>>,
}

impl Health {
    pub(super) fn new(register: Register, check: Arc<Check>) -> Self {
        let ask = move || {
            check().map_err(unwell("the store takes no writes"))?;
            register.apps(None, 1).map(drop).map_err(unwell("the store does not answer"))
        };
        Health { ask: Arc::new(ask), patience: PATIENCE, turn: Arc::default() }
    }

    async fn is_well(&self) -> Result<(), &'static str> {
        let asked = async {
            let turn = Arc::clone(&self.turn).lock_owned().await;
            let ask = Arc::clone(&self.ask);
            let work = move || {
                let answer = ask();
                drop(turn);
                answer
            };
            tokio::task::spawn_blocking(work).await
        };
        match timeout(self.patience, asked).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Err("the check itself failed"),
            Err(_) => Err("the store does not answer in time"),
        }
    }
}

/// The causes are for the log alone: anybody may ask.
fn unwell<E: Error + 'static>(what: &'static str) -> impl FnOnce(E) -> &'static str {
    move |error| {
        let cause = error.source().and_then(|cause| cause.downcast_ref::<io::Error>());
        if cause.is_some_and(|cause| cause.kind() == io::ErrorKind::StorageFull) {
            // Told once, elsewhere.
            return "the disk is full";
        }
        tracing::error!(error = &error as &(dyn Error + 'static), "{what}");
        what
    }
}

pub(super) async fn answer(State(health): State<Arc<Health>>) -> Response {
    let (status, body) = match health.is_well().await {
        Ok(()) => (StatusCode::OK, r#"{"status":"ok"}"#.to_owned()),
        Err(reason) => (
            StatusCode::SERVICE_UNAVAILABLE,
            serde_json::json!({"status": "unavailable", "reason": reason}).to_string(),
        ),
    };
    json(status, body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rollbook::store::{BoxedStore, StoreError};
    use rollbook_store_mem::MemStore;
    use std::sync::mpsc;

    fn register() -> Register {
        Register::builder(BoxedStore::new(MemStore::new())).build()
    }

    /// Asks, and reads the answer.
    fn asked(health: Health) -> (u16, String) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let response = answer(State(Arc::new(health))).await;
            let status = response.status().as_u16();
            assert_eq!(response.headers().contains_key("retry-after"), status == 503);
            let body = axum::body::to_bytes(response.into_body(), 1_000).await.unwrap();
            (status, String::from_utf8(body.to_vec()).unwrap())
        })
    }

    #[test]
    fn a_store_that_answers_and_takes_writes_is_well() {
        let health = Health::new(register(), Arc::new(Box::new(|| Ok(()))));
        assert_eq!(asked(health), (200, r#"{"status":"ok"}"#.into()));
    }

    #[test]
    fn a_store_that_takes_no_writes_is_not_well_and_its_secrets_are_not_told() {
        let check =
            || Err(StoreError::Unavailable { what: "a write", cause: Some("in /secret/path".into()) });
        let (status, body) = asked(Health::new(register(), Arc::new(Box::new(check))));
        assert_eq!(status, 503);
        assert_eq!(body, r#"{"reason":"the store takes no writes","status":"unavailable"}"#);
    }

    #[test]
    fn a_full_disk_is_named() {
        let full = || io::Error::from(io::ErrorKind::StorageFull);
        let check = move || Err(StoreError::Unavailable { what: "a probe", cause: Some(Box::new(full())) });
        let (status, body) = asked(Health::new(register(), Arc::new(Box::new(check))));
        assert_eq!((status, body.as_str()), (503, r#"{"reason":"the disk is full","status":"unavailable"}"#));
    }

    #[test]
    fn a_store_that_hangs_is_not_well() {
        let (release, held) = mpsc::channel::<()>();
        let held = std::sync::Mutex::new(held);
        let check = move || {
            held.lock().unwrap().recv().ok();
            Ok(())
        };
        let health = Health {
            patience: Duration::from_millis(50),
            ..Health::new(register(), Arc::new(Box::new(check)))
        };
        let runtime = tokio::runtime::Runtime::new().unwrap();
        for _ in 0..3 {
            assert_eq!(runtime.block_on(health.is_well()), Err("the store does not answer in time"));
        }
        drop(release);
    }
}
