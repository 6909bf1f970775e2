//! What a crowd may take.
#![cfg(target_os = "linux")]

use crate::service::{BASIC, CONFIG, Connection, DONE, Service, TOKEN};

/// The most memory that a process has held, in MiB.
fn most_memory(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() / 1024
}

#[test]
fn a_thousand_connections_with_bodies_that_do_not_end_take_bounded_memory() {
    let files = rlimit::increase_nofile_limit(4_096).unwrap();
    assert!(files >= 1_100, "this system lets a process open only {files} files");
    let service = Service::start("memory", CONFIG, &[]);
    service.pushwoosh("registerDevice", r#""hwid":"d1","device_type":3"#).is(200, DONE);
    let authorization = [("/v3/devices/d1", BASIC), ("/json/1.3/registerUser", TOKEN)];
    let piece = " ".repeat(64 << 10);
    let mut open: Vec<Connection> = (0..1_000).map(|_| service.connect()).collect();
    for (n, connection) in open.iter_mut().enumerate() {
        let (target, authorization) = authorization[n % 2];
        connection.send(&format!(
            "POST {target} HTTP/1.1\r\nHost: test\r\nAuthorization: {authorization}\r\nContent-Length: 1048576\r\n\r\n"
        ));
    }
    // Fifteen of the sixteen parts of each body; who is refused meanwhile is closed.
    for _ in 0..15 {
        for connection in &mut open {
            std::io::Write::write_all(&mut connection.0, piece.as_bytes()).ok();
        }
    }
    service.ask("GET", "/healthz", "", "").is(200, r#"{"status":"ok"}"#);
    service.jpush("GET", "/v3/tags/news/registration_ids/d1", "").is(200, r#"{"result":false}"#);
    let refused = open.iter_mut().filter(|connection| connection.0.set_nonblocking(true).is_ok());
    let mut buffer = [0; 4_096];
    let refused = refused.filter_map(|connection| std::io::Read::read(&mut connection.0, &mut buffer).ok());
    assert!(refused.count() > 500, "so many bodies fit");
    // A thousand bodies of 15/16 MiB are 937 MiB.
    let held = most_memory(service.pid());
    assert!(held < 400, "{held} MiB");
}
