//! How the service ends.

use crate::service::{BASIC, CONFIG, Connection, DONE, Service, file};
use std::net::TcpStream;
use std::process::{Command, Stdio};

/// A request that waits for its body: its head was read, and the body is asked for.
fn under_way(service: &Service) -> Connection {
    service.pushwoosh("registerDevice", r#""hwid":"d1","device_type":3"#).is(200, DONE);
    let mut connection = service.connect();
    connection.send(&format!(
        "POST /v3/devices/d1 HTTP/1.1\r\nHost: test\r\nAuthorization: {}\r\nContent-Length: 13\r\n\
         Expect: 100-continue\r\n\r\n",
        BASIC
    ));
    assert_eq!(connection.reply().unwrap().status, 100);
    connection
}

/// Waits until no new connection is taken.
fn closed(service: &Service) {
    while TcpStream::connect(service.address).is_ok() {
        std::thread::yield_now();
    }
}

#[test]
fn what_is_under_way_at_the_signal_is_finished() {
    let service = Service::start("gentle", CONFIG, &[]);
    let mut connection = under_way(&service);
    let mut idle = service.connect();
    service.signal("-TERM");
    closed(&service);
    assert!(idle.reply().is_none(), "an idle connection is kept");
    connection.send(r#"{"alias":"a"}"#);
    connection.reply().unwrap().is(200, "{}");
    let ended = service.ended();
    assert_eq!((ended.status.code(), ended.stderr.as_str()), (Some(0), ""));
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let service = Service::start("twice", CONFIG, &[]);
    let mut connection = under_way(&service);
    service.signal("-TERM");
    closed(&service);
    service.signal("-TERM");
    assert!(connection.reply().is_none());
    assert_eq!(service.ended().status.code(), Some(1));
}

#[test]
fn a_grace_that_is_over_ends_what_is_under_way() {
    let config = format!("{CONFIG}\n[connections]\ngrace_millis = 100\n");
    let service = Service::start("grace", &config, &[]);
    let mut connection = under_way(&service);
    let ended = service.stop();
    assert!(connection.reply().is_none());
    assert_eq!(ended.status.code(), Some(0));
    assert!(ended.stderr.contains("connections were still busy"), "{}", ended.stderr);
}

/// A terminal that goes must not cut off what was promised an answer.
#[test]
fn what_is_under_way_when_the_terminal_goes_is_finished() {
    let service = Service::start("hang-up", CONFIG, &[]);
    let mut connection = under_way(&service);
    service.signal("-HUP");
    closed(&service);
    connection.send(r#"{"alias":"a"}"#);
    connection.reply().unwrap().is(200, "{}");
    assert_eq!(service.ended().status.code(), Some(0));
}

#[cfg(unix)]
#[test]
fn a_service_that_was_started_to_ignore_hanging_up_goes_on() {
    let service = Service::start_ignoring_hang_up("no-hang-up", CONFIG);
    for _ in 0..3 {
        service.signal("-HUP");
        service.ask("GET", "/healthz", "", "").is(200, r#"{"status":"ok"}"#);
    }
    assert_eq!(service.stop().status.code(), Some(0));
}

/// A supervisor took exit code 0 for a service that has served.
#[test]
fn a_service_whose_first_line_nobody_reads_fails() {
    let path = file("unread.toml", CONFIG);
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let served = Command::new(env!("CARGO_BIN_EXE_rollbook"))
        .args(["serve", "--config"])
        .arg(path)
        .stdin(Stdio::null())
        .stdout(writer)
        .stderr(Stdio::piped())
        .output()
        .unwrap();
    let told = String::from_utf8(served.stderr).unwrap();
    assert_eq!(served.status.code(), Some(1), "{told}");
    assert!(told.starts_with("error: cannot write the first line: "), "{told}");
}
