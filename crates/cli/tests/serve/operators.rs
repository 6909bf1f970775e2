//! The routes for operators, on the service's address and on one of their own.

use crate::service::{CONFIG, Connection, Reply, Service};
use std::net::SocketAddr;

fn ask(address: SocketAddr, method: &str, path: &str) -> Reply {
    Connection::open(address).ask(method, path, "", "").unwrap()
}

/// A service whose operators have an address of their own.
fn with_operators(name: &str, more: &str) -> (Service, SocketAddr) {
    let config = format!("operators = \"127.0.0.1:0\"\n{CONFIG}\n{more}");
    let mut service = Service::start(name, &config, &[]);
    let line = service.next_line();
    let address = line.trim_end().strip_prefix("operators on http://").unwrap().parse().unwrap();
    (service, address)
}

#[test]
fn other_methods_and_paths_have_a_body_that_says_what_there_is() {
    let (service, operators) = with_operators("operators-other", "");
    let both = Service::start("operators-none", CONFIG, &[]);
    for address in [operators, both.address] {
        for path in ["/healthz", "/metrics"] {
            let refused = ask(address, "POST", path);
            refused.is(405, r#"{"error":"method must be GET or HEAD"}"#);
            assert!(refused.head.contains("allow: GET, HEAD"), "{}", refused.head);
            assert!(
                refused.head.contains("content-type: application/json; charset=utf-8"),
                "{}",
                refused.head
            );
        }
    }
    ask(operators, "GET", "/v3/tags").is(404, r#"{"error":"path must be /healthz or /metrics"}"#);
    assert_eq!(service.stop().status.code(), Some(0));
}

#[test]
fn operators_with_an_address_of_their_own_are_answered_there_alone() {
    let (service, operators) = with_operators("operators-apart", "");
    service.jpush("GET", "/v3/tags", "").is(200, r#"{"tags":[]}"#);
    ask(operators, "GET", "/healthz").is(200, r#"{"status":"ok"}"#);
    let metrics = ask(operators, "GET", "/metrics");
    assert_eq!(metrics.status, 200);
    assert!(metrics.body.contains("operation=\"jpush.tag.list\""), "{}", metrics.body);
    for path in ["/healthz", "/metrics"] {
        assert_eq!(service.ask("GET", path, "", "").status, 404, "{path}");
    }
    let ended = service.stop();
    assert_eq!((ended.status.code(), ended.stderr.as_str()), (Some(0), ""));
}

#[test]
fn operators_are_answered_while_every_place_and_every_connection_of_the_service_is_taken() {
    let limits = "[connections]\nmax_connections = 2\n[faces]\nin_flight = 1\n";
    let (service, operators) = with_operators("operators-full", limits);
    let mut held: Vec<_> = (0..2).map(|_| service.connect()).collect();
    for connection in &mut held {
        let authorization = crate::service::BASIC;
        connection.send(&format!(
            "POST /v3/devices/d1 HTTP/1.1\r\nHost: test\r\nAuthorization: {authorization}\r\n\
             Content-Length: 100\r\n\r\n{{"
        ));
    }
    ask(operators, "GET", "/healthz").is(200, r#"{"status":"ok"}"#);
    assert_eq!(ask(operators, "GET", "/metrics").status, 200);
}
