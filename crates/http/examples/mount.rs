//! Both faces in a service of one's own, with a route and a middleware of one's own around them.
//!
//! Run it, and ask it: `curl -u 0123456789abcdef01234567:fedcba987654321001234567 http://127.0.0.1:8085/v3/tags/`

use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::{Router, routing::get};
use rollbook::{AppKey, AppSettings, EventName, Registry, Secret};
use rollbook_http::{FaceOptions, Outcome, ServeOptions, router, serve};
use rollbook_store_mem::MemStore;

/// Prints what became of each request: the faces leave it among the answer's extensions.
#[allow(clippy::print_stdout, reason = "an example shows what it does")]
async fn report(request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    if let Some(Outcome { operation, code, .. }) = response.extensions().get() {
        println!("{operation} {code}");
    }
    response
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let registry = Registry::builder(MemStore::new()).build();
    let settings = AppSettings {
        master_secret: Some(Secret::new("fedcba987654321001234567")?),
        api_tokens: vec![Secret::new("DEV-TOKEN")?],
        presence: true,
        ..AppSettings::default()
    };
    let shop = registry.create_app(&AppKey::new("0123456789abcdef01234567")?, settings)?;
    shop.declare_event(&EventName::new("activityCompleted")?)?;

    let service = Router::new()
        .route("/healthz", get(|| async { "well" }))
        .merge(router(registry, FaceOptions::default()))
        .layer(from_fn(report))
        .with_state(());
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:8085".to_owned());
    let listener = tokio::net::TcpListener::bind(address).await?;
    serve(listener, service, ServeOptions::default(), std::future::pending()).await;
    Ok(())
}
