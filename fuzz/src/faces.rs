//! Requests to an adapter over a small register: every response has the form of the adapter, a refused request
//! changes nothing, and responses do not contradict each other.
//!
//! Requests are written as they are sent, but without the version: `METHOD TARGET`, headers, an empty line, the body.
//! A line `%%` separates two requests.

use rollbook::{
    Alias, AppKey, AppSettings, DeviceId, Error, EventName, ManualClock, Platform, Registration, Registry,
    Secret, SeededEntropy, TagName, Timestamp, UserId,
};
use rollbook_http::{Answer, FaceOptions, Faces, Outcome, Request, answer};
use rollbook_store_mem::MemStore;
use rollbook_testkit::check_register;
use rollbook_testkit::survey::survey;

type Register = Registry<MemStore>;

pub(crate) fn run(faces: Faces, bytes: &[u8]) {
    let registry = match register() {
        Ok(registry) => registry,
        Err(error) => panic!("the register cannot be made: {error}"),
    };
    let options = FaceOptions { faces, ..FaceOptions::default() };
    for request in requests(bytes) {
        let before = survey(&registry).ok();
        let answered = answer(&registry, &options, &request);
        let succeeded = judge(&answered);
        assert!(
            succeeded || survey(&registry).ok() == before,
            "refused, and it changed something: {request:?}"
        );
    }
    let breaches = check_register(registry.store());
    assert!(matches!(&breaches, Ok(found) if found.is_empty()), "{breaches:?}");
}

/// Asserts that the response is one of a working adapter. Returns whether the request was carried out.
fn judge(answered: &Answer) -> bool {
    let body = serde_json::from_slice::<serde_json::Value>(answered.body());
    assert!(body.is_ok(), "a body that is no JSON: {answered:?}");
    assert!(!answered.status().is_server_error(), "a fault: {answered:?}");
    let outcome = answered.extensions().get::<Outcome>();
    assert!(outcome.is_some(), "an answer without its outcome: {answered:?}");
    outcome.is_some_and(|outcome| outcome.code == 200)
}

fn requests(bytes: &[u8]) -> Vec<Request> {
    let lines: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').collect();
    lines.split(|line| *line == b"%%").filter_map(request).collect()
}

/// Makes a request of these lines, if a server would accept it as one.
fn request(lines: &[&[u8]]) -> Option<Request> {
    let head = lines.iter().position(|line| line.is_empty()).unwrap_or(lines.len());
    let (head, body) = lines.split_at_checked(head)?;
    let (first, headers) = head.split_first()?;
    let (method, target) = str::from_utf8(first).ok()?.split_once(' ')?;
    let mut building = axum::http::Request::builder().method(method).uri(target);
    for header in headers {
        let colon = header.iter().position(|byte| *byte == b':')?;
        let (name, value) = header.split_at_checked(colon)?;
        building = building.header(name, value.get(1..)?.trim_ascii());
    }
    building.body(body.get(1..).unwrap_or_default().join(&b'\n').into()).ok()
}

/// Makes the register that the seeds of the corpus refer to.
fn register() -> Result<Register, Error> {
    let clock = ManualClock::at(Timestamp::from_secs(1_418_698_627));
    let registry = Registry::builder(MemStore::new()).clock(clock).entropy(SeededEntropy::new(1)).build();
    let settings = AppSettings {
        master_secret: Some(Secret::new("secret")?),
        api_tokens: vec![Secret::new("token")?],
        presence: true,
        ..AppSettings::default()
    };
    let app = registry.create_app(&AppKey::new("key")?, settings)?;
    app.declare_event(&EventName::new("bought")?)?;
    for (n, platform) in [Platform::Ios, Platform::Android, Platform::Harmony].into_iter().enumerate() {
        app.register(&Registration {
            tags: vec![TagName::new("news")?],
            alias: Some(Alias::new("ann")?),
            user: Some(UserId::new("u1")?),
            ..Registration::new(DeviceId::new(format!("d{n}"))?, platform)
        })?;
    }
    Ok(registry)
}
