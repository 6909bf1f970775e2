//! A complete service on a registry of its own: routes, errors, a streamed list, housekeeping, and a graceful shutdown.
//!
//! ```sh
//! cargo run -p rollbook-async --example service
//! curl -X PUT http://127.0.0.1:8080/devices/phone -H 'content-type: application/json' \
//!   -d '{"platform":"ios","tags":["news"]}'
//! curl http://127.0.0.1:8080/tags/news/devices/phone
//! curl -X POST http://127.0.0.1:8080/count -d 'news && platform(ios)'
//! curl -X POST http://127.0.0.1:8080/devices -d 'news'    # one id a line, as they are read
//! ```

use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use axum::{Json, Router};
use futures_util::{StreamExt, TryStreamExt};
use rollbook::store::BoxedStore;
use rollbook::{
    Alias, AppKey, AppSettings, Audience, Clock, DeviceId, Error, ErrorKind, Platform, Registration,
    Registry, SystemClock, TagName, UserId,
};
use rollbook_async::{AsyncApp, AsyncRegistry};
use rollbook_store_mem::MemStore;
use serde::Deserialize;
use serde_json::json;
use std::time::Duration;

/// Devices are removed when they were not seen for this many seconds.
const KEPT_SECS: i64 = 90 * 24 * 3_600;

/// How often events beyond their retention and devices that were not seen are removed.
const HOUSEKEEPING: Duration = Duration::from_secs(3_600);

/// The most devices that are removed in one round, and that are read at once for a list.
const AT_ONCE: usize = 1_000;

type Shop = AsyncApp<BoxedStore>;

/// An error of the registry as a response. Its kind says what the caller can do, and so chooses the status.
struct Failure(Error);

impl<E: Into<Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Failure(error.into())
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let Failure(error) = self;
        let status = match error.kind() {
            ErrorKind::Argument => StatusCode::BAD_REQUEST,
            ErrorKind::NotFound => StatusCode::NOT_FOUND,
            ErrorKind::State => StatusCode::CONFLICT,
            ErrorKind::Forbidden => StatusCode::FORBIDDEN,
            ErrorKind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            // `OutcomeUnknown` is among these: a client that sees 500 must read before it writes again.
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        // Each violation names the field, the rule, the limit and the value. A store's failure is for the log alone.
        let violations = if let Error::Invalid(violations) = &error { Some(violations) } else { None };
        let message =
            if status.is_server_error() { error.kind().name().to_owned() } else { error.to_string() };
        let body = json!({ "kind": error.kind(), "message": message, "violations": violations });
        let mut response = (status, Json(body)).into_response();
        if error.kind() == ErrorKind::Unavailable {
            response.headers_mut().insert(header::RETRY_AFTER, header::HeaderValue::from_static("1"));
        }
        response
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewDevice {
    platform: Platform,
    #[serde(default)]
    tags: Vec<TagName>,
    alias: Option<Alias>,
    user: Option<UserId>,
}

async fn register(
    State(shop): State<Shop>,
    Path(id): Path<String>,
    Json(new): Json<NewDevice>,
) -> Result<StatusCode, Failure> {
    let NewDevice { platform, tags, alias, user } = new;
    let registration = Registration { tags, alias, user, ..Registration::new(DeviceId::new(id)?, platform) };
    let registered = shop.run(move |shop| shop.register(&registration)).await?;
    Ok(if registered.created { StatusCode::CREATED } else { StatusCode::OK })
}

async fn remove(State(shop): State<Shop>, Path(id): Path<String>) -> Result<StatusCode, Failure> {
    let id = DeviceId::new(id)?;
    shop.run(move |shop| shop.remove(&id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn has_tag(
    State(shop): State<Shop>,
    Path((tag, id)): Path<(String, String)>,
) -> Result<Json<bool>, Failure> {
    let (tag, id) = (TagName::new(tag)?, DeviceId::new(id)?);
    Ok(Json(shop.run(move |shop| shop.has_tag(&id, &tag)).await?))
}

async fn count(State(shop): State<Shop>, expression: String) -> Result<Json<u64>, Failure> {
    let audience: Audience = expression.parse()?;
    Ok(Json(shop.run(move |shop| shop.count(&audience)).await?))
}

/// Sends the ids while they are read: the next devices are read when the client has taken those before.
async fn devices(State(shop): State<Shop>, expression: String) -> Result<Response, Failure> {
    let deliveries = shop.deliveries(expression.parse()?, AT_ONCE, None).await?;
    let lines = deliveries.map_ok(|batch| {
        let lines: String = batch.devices.iter().flat_map(|id| [id.as_str(), "\n"]).collect();
        Bytes::from(lines)
    });
    Ok(Body::from_stream(lines.boxed()).into_response())
}

fn routes(shop: Shop) -> Router {
    Router::new()
        .route("/devices", post(devices))
        .route("/devices/{id}", put(register).delete(remove))
        .route("/tags/{tag}/devices/{id}", get(has_tag))
        .route("/count", post(count))
        .with_state(shop)
}

/// What a registry needs now and then. Returns how many events and devices were removed.
async fn keep_house(shop: &Shop) -> Result<(u64, usize), Error> {
    let before = SystemClock.now().plus(-KEPT_SECS);
    shop.run(move |shop| Ok((shop.purge_events()?, shop.remove_unseen(before, AT_ONCE)?.len()))).await
}

/// The store is chosen at run time. With `rollbook-store-rocks` among the dependencies a directory is one more arm.
fn store(name: &str) -> Option<BoxedStore> {
    match name {
        "memory" => Some(BoxedStore::new(MemStore::new())),
        _ => None,
    }
}

#[tokio::main]
#[allow(clippy::print_stderr, reason = "an example shows what it does")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let name = std::env::args().nth(1).unwrap_or_else(|| "memory".to_owned());
    let store = store(&name).ok_or("the store must be `memory`")?;
    let registry = AsyncRegistry::new(Registry::builder(store).build());
    // Once after opening a durable store: deletions that a crash interrupted go on.
    registry.run(|registry| registry.resume_deletions()).await?;
    let shop = registry.create_app(AppKey::new("shop")?, AppSettings::default()).await?;

    let kept = shop.clone();
    tokio::spawn(async move {
        let mut turns = tokio::time::interval(HOUSEKEEPING);
        loop {
            turns.tick().await;
            if let Err(error) = keep_house(&kept).await {
                eprintln!("housekeeping failed, and is tried again: {error}");
            }
        }
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:8080").await?;
    let stopped = async { tokio::signal::ctrl_c().await.unwrap_or_default() };
    // Requests under way are finished. The last handle on the registry closes the store.
    axum::serve(listener, routes(shop)).with_graceful_shutdown(stopped).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::Request;
    use http_body_util::BodyExt;
    use tower_service::Service;

    async fn ask(routes: &mut Router, method: &str, path: &str, body: &str) -> (u16, String) {
        let request = Request::builder().method(method).uri(path);
        let request =
            request.header("content-type", "application/json").body(Body::from(body.to_owned())).unwrap();
        let response = routes.call(request).await.unwrap();
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn every_route_does_what_it_says() {
        let registry = AsyncRegistry::new(Registry::builder(store("memory").unwrap()).build());
        let shop = registry.create_app("shop".parse().unwrap(), AppSettings::default()).await.unwrap();
        let mut routes = routes(shop.clone());
        let body = r#"{"platform":"ios","tags":["news"]}"#;
        for (id, status) in [("a", 201), ("b", 201), ("a", 200)] {
            assert_eq!(ask(&mut routes, "PUT", &format!("/devices/{id}"), body).await.0, status);
        }
        let asked = ask(&mut routes, "GET", "/tags/news/devices/a", "").await;
        assert_eq!(asked, (200, "true".to_owned()));
        assert_eq!(ask(&mut routes, "POST", "/count", "news").await, (200, "2".to_owned()));
        assert_eq!(ask(&mut routes, "POST", "/devices", "news").await, (200, "a\nb\n".to_owned()));
        assert_eq!(ask(&mut routes, "DELETE", "/devices/a", "").await.0, 204);
        assert_eq!(ask(&mut routes, "POST", "/devices", "news").await, (200, "b\n".to_owned()));

        // Nothing here is old.
        assert_eq!(keep_house(&shop).await.unwrap(), (0, 0));
        assert!(store("no such store").is_none());
    }

    #[tokio::test]
    async fn an_error_is_a_status_and_says_what_is_wrong() {
        let registry = AsyncRegistry::new(Registry::builder(store("memory").unwrap()).build());
        let shop = registry.create_app("shop".parse().unwrap(), AppSettings::default()).await.unwrap();
        let mut routes = routes(shop);
        let (status, body) = ask(&mut routes, "DELETE", "/devices/unknown", "").await;
        assert_eq!(status, 404);
        assert!(body.contains(r#""kind":"not_found""#), "{body}");
        let (status, body) = ask(&mut routes, "POST", "/count", "news &&").await;
        assert_eq!(status, 400, "{body}");
        let body = r#"{"platform":"ios","tags":["two words"]}"#;
        let (status, body) = ask(&mut routes, "PUT", "/devices/a", body).await;
        assert_eq!(status, 400);
        assert!(body.contains(r#""violations":[{"#) && body.contains("tags[0]"), "{body}");
    }
}
