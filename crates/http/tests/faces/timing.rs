//! Guessing is not helped by a clock. What is done for a wrong secret and for an unknown app is counted by the tests
//! beside the code; here it is measured, on request: `cargo test --release -p rollbook-http --test faces timing --
//! --ignored --nocapture`.

use crate::common::{Connection, KEY, SECRET, Served, TOKEN, basic, head, served, served_with};
use axum::Router;
use axum::body::Body;
use hyper::service::Service;
use hyper_util::service::TowerToHyperService;
use rollbook_http::{Execution, FaceOptions};
use std::cell::RefCell;
use std::time::{Duration, Instant};

const UNKNOWN: &str = "0123456789abcdef01234568";

#[expect(clippy::disallowed_methods, reason = "what is measured is the time of this machine")]
fn nanos(work: impl FnOnce()) -> f64 {
    let start = Instant::now();
    work();
    start.elapsed().as_nanos() as f64
}

/// How much longer the first takes than the second, in nanoseconds, of each pair of neighbours: in either order by
/// turns, so that neither what else the machine does nor the order is taken for a difference.
fn differences(pairs: usize, first: impl Fn(), second: impl Fn()) -> Vec<f64> {
    let pair = |n| match n % 2 {
        0 => {
            let one = nanos(&first);
            one - nanos(&second)
        }
        _ => {
            let other = nanos(&second);
            nanos(&first) - other
        }
    };
    (0..pairs).map(pair).collect()
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers[numbers.len() / 2]
}

/// The sign test: how many standard deviations the number of pairs in which the first took longer is from one half.
fn sign(differences: &[f64]) -> f64 {
    let longer = differences.iter().filter(|&&difference| difference > 0.0).count() as f64;
    let pairs = differences.iter().filter(|&&difference| difference != 0.0).count() as f64;
    (longer - pairs / 2.0) / (pairs / 4.0).sqrt()
}

/// Asks over one connection, since no two are served alike; how surely the one is told from the other.
fn told_apart(served: &Served, pairs: usize, one: &[u8], other: &[u8]) -> f64 {
    let connection = RefCell::new(Connection::open(served.address));
    let ask = |bytes: &[u8]| {
        let mut connection = connection.borrow_mut();
        connection.send(bytes);
        connection.reply().unwrap();
    };
    ask(one);
    let differences = differences(pairs, || ask(one), || ask(other));
    let deviations = sign(&differences);
    println!("the first takes {:.0} ns more; {deviations:.1} standard deviations", median(differences));
    deviations
}

/// Asks a router whose time stands still but when everything waits; how much of it went by, and the status.
async fn waited(
    router: &Router,
    method: &str,
    target: &str,
    authorization: &str,
    body: &str,
) -> (Duration, u16) {
    let request = axum::http::Request::builder().method(method).uri(target);
    let request = match authorization {
        "" => request,
        _ => request.header("authorization", authorization),
    };
    let request = request.body(Body::from(body.to_owned())).unwrap();
    let start = tokio::time::Instant::now();
    let answer = TowerToHyperService::new(router.clone()).call(request).await.unwrap();
    (start.elapsed(), answer.status().as_u16())
}

/// Whoever is a stranger waits the whole time and nobody else waits at all, whichever thread asks the register.
#[test]
fn an_answer_to_a_stranger_takes_its_fixed_time_and_no_other_answer_waits() {
    let served = served();
    let registry = &served.registry;
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    let settled = Duration::from_millis(77);
    for execution in [Execution::Inline, Execution::Blocking] {
        let options = FaceOptions { stranger_millis: 77, execution, ..FaceOptions::default() };
        let router = rollbook_http::router(registry.clone(), options);
        let (right, wrong, unknown) = (basic(KEY, SECRET), basic(KEY, "x"), basic(UNKNOWN, SECRET));
        let (token, other) = (format!("Token {TOKEN}"), "Token other".to_owned());
        let body = |key: &str| format!(r#"{{"request":{{"application":"{key}","hwid":"h"}}}}"#);
        let (known, nobodys) = (body(KEY), body(UNKNOWN));
        let check = "/json/1.3/checkDevice";
        for (method, target, authorization, body, status, waits) in [
            ("GET", "/v3/tags", &wrong, "", 401, true),
            ("GET", "/v3/tags", &unknown, "", 400, true),
            ("POST", "/v3/devices/d1", &wrong, "{}", 401, true),
            ("POST", "/v3/devices/d1", &unknown, "{}", 400, true),
            ("POST", check, &other, &known, 401, true),
            ("POST", check, &token, &nobodys, 200, true),
            ("GET", "/v3/tags", &right, "", 200, false),
            ("POST", "/v3/devices/d1", &right, "{}", 400, false),
            ("GET", "/v3/tags", &String::new(), "", 401, false),
            ("GET", "/no/path", &right, "", 404, false),
            ("POST", check, &token, &known, 200, false),
            ("POST", check, &token, "{", 400, false),
            ("POST", check, &String::new(), &known, 401, false),
        ] {
            let (waited, got) = runtime.block_on(waited(&router, method, target, authorization, body));
            assert_eq!(got, status, "{method} {target} {authorization} {body}");
            match waits {
                true => assert!(waited >= settled, "{method} {target} {authorization} {body}: {waited:?}"),
                false => assert_eq!(waited, Duration::ZERO, "{method} {target} {authorization} {body}"),
            }
        }
    }
}

#[test]
#[ignore = "a measurement"]
fn a_wrong_secret_is_not_told_from_an_unknown_app() {
    let served = served();
    let of = |key: &str| head("GET", "/v3/tags", &[&format!("Authorization: {}", basic(key, TOKEN))]);
    assert!(told_apart(&served, 2_000, &of(KEY), &of(UNKNOWN)).abs() < 4.0);
    let of = |key: &str| {
        let body = format!(r#"{{"request":{{"application":"{key}","hwid":"h"}}}}"#);
        let lines = ["Authorization: Token dev-token", &format!("Content-Length: {}", body.len())];
        [head("POST", "/json/1.3/registerUser", &lines), body.into_bytes()].concat()
    };
    assert!(told_apart(&served, 2_000, &of(KEY), &of(UNKNOWN)).abs() < 4.0);
}

#[test]
#[ignore = "a measurement"]
fn the_measurement_tells_an_answer_at_once_from_a_settled_one() {
    let hasty = served_with(FaceOptions { stranger_millis: 0, ..FaceOptions::default() });
    let wrong = head("GET", "/v3/tags", &[&format!("Authorization: {}", basic(KEY, TOKEN))]);
    let none = head("GET", "/v3/tags", &[]);
    assert!(told_apart(&hasty, 20_000, &wrong, &none) > 8.0);
}
