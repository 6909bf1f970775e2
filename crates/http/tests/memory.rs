//! What a body costs in memory: at most eight times its own length, itself included, whatever is in it and whoever sends
//! it. Each shape is sent to a process of its own, whose peak is read from the system.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a panic is a failed test, and figures are read"
)]

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rollbook::{AppKey, AppSettings, DeviceId, EventName, Limits, Platform, Registration, Registry, Secret};
use rollbook_http::{Answer, FaceOptions, answer};
use rollbook_store_mem::MemStore;
use std::process::Command;

/// Larger than the service takes, so that what the process does besides is small against it.
const LENGTH: usize = 2 << 20;
const TIMES: usize = 8;
/// What any request costs, its own code that is read in included.
const ALWAYS: usize = 1 << 20;

const UPDATE: &str = "/v3/devices/phone";
const STATUS: &str = "/v3/devices/status";
const TAG: &str = "/v3/tags/news";
const EVENT: &str = "/json/1.3/postEvent";
const REGISTER: &str = "/json/1.3/registerDevice";

/// A text of the wanted length in which a piece is repeated. `{n}` in the piece is another number each time.
fn filled(start: &str, piece: &str, end: &str) -> String {
    let mut body = String::with_capacity(LENGTH);
    body.push_str(start);
    let mut n = 0;
    while body.len() + piece.len() + 8 + end.len() < LENGTH {
        match piece.split_once("{n}") {
            Some((before, after)) => {
                body.push_str(before);
                body.push_str(&format!("{n:x}"));
                body.push_str(after);
            }
            None => body.push_str(piece),
        }
        n += 1;
    }
    body.push_str(end);
    body
}

/// A shape: whose app it names, where it is sent to, what it begins with, what is repeated, what it ends with.
type Shape = (&'static str, &'static str, &'static str, &'static str, &'static str);

const SHAPES: &[Shape] = &[
    // Without any credential.
    ("stranger", EVENT, r#"{"request":["#, r#"{"":0},"#, "0]}"),
    ("stranger", EVENT, r#"{"request":{"application":"free","x":["#, r#"{"":0},"#, "0]}}"),
    ("stranger", EVENT, r#"{"request":{"application":"free","x":["#, "0,", "0]}}"),
    ("stranger", EVENT, r#"{"request":{"application":"free","attributes":{"#, r#""{n}":0,"#, r#""x":0}}}"#),
    ("stranger", EVENT, r#"{"request":{"application":""#, r"\u0061", r#""}}"#),
    ("stranger", EVENT, r#"{"request":{"#, r#""application":"free","#, r#""x":0}}"#),
    ("stranger", EVENT, "", r#"{"":"#, ""),
    ("stranger", EVENT, "", r#"{"":{"":{"":{"":{"":{"":{"":{"":{"":{"":0}}}}}}}}}},"#, ""),
    // With the credentials of an app.
    ("app", UPDATE, "[", r#"{"":0},"#, "0]"),
    ("app", UPDATE, r#"{"x":["#, r#"{"":0},"#, "0]}"),
    ("app", UPDATE, r#"{"x":["#, "0,", "0]}"),
    ("app", UPDATE, "", r#"{"":"#, ""),
    ("app", UPDATE, r#"{"tags":{"#, r#""":0,"#, r#""":0}}"#),
    ("app", UPDATE, r#"{"tags":{"add":["#, r#""","#, r#"""]}}"#),
    ("app", UPDATE, r#"{"tags":{"add":["#, r#""a","#, r#""a"]}}"#),
    ("app", UPDATE, r#"{"tags":{"add":["#, r#""\u0061","#, r#""a"]}}"#),
    ("app", UPDATE, r#"{"tags":{"add":["#, "0,", r#""a"]}}"#),
    // Of no device: what the register keeps of a change that it makes is its own.
    ("app", "/v3/devices/nobody", r#"{"tags":{"remove":["#, r#""tag{n}","#, r#""a"]}}"#),
    ("app", "/v3/devices/nobody", r#"{"tags":{"add":["#, r#""tag{n}","#, r#""a"]}}"#),
    ("app", UPDATE, r#"{"tags":{"remove":["#, r#""{n}","#, r#""a"]}}"#),
    ("app", UPDATE, r#"{"alias":""#, r"\u0061", r#""}"#),
    ("app", UPDATE, r#"{"alias":""#, "a", r#""}"#),
    ("app", UPDATE, "{", r#""alias":"","#, r#""mobile":""}"#),
    ("app", TAG, r#"{"registration_ids":{"add":["#, r#""","#, r#"""]}}"#),
    ("app", TAG, r#"{"registration_ids":{"add":["#, r#""{n}","#, r#""\t"]}}"#),
    ("app", TAG, r#"{"registration_ids":{"remove":["#, r#""{n}","#, r#""x"]}}"#),
    ("app", TAG, r#"{"registration_ids":{"remove":["#, r#""phone{n}","#, r#""\t"]}}"#),
    ("app", TAG, r#"{"registration_ids":{"add":["#, r#""phone{n}","#, r#""x"]}}"#),
    ("app", "/v3/aliases/ann", r#"{"registration_ids":{"remove":["#, r#""phone{n}","#, r#""x"]}}"#),
    ("app", STATUS, r#"{"registration_ids":["#, r#""a","#, r#""a"]}"#),
    ("app", STATUS, r#"{"registration_ids":["#, r#""nobody0000{n}","#, r#""a"]}"#),
    ("app", STATUS, r#"{"registration_ids":["#, r#""{n}","#, r#""a"]}"#),
    ("app", EVENT, r#"{"request":{"application":"free","attributes":{"#, r#""{n}":0,"#, r#""x":0}}}"#),
    (
        "app",
        EVENT,
        r#"{"request":{"application":"free","attributes":{"#,
        r#""name{n}":"value","#,
        r#""x":0}}}"#,
    ),
    ("app", EVENT, r#"{"request":{"application":"free","attributes":{"a":["#, "0,", r#"0]}}}"#),
    ("app", EVENT, r#"{"request":{"application":"free","attributes":{"a":["#, r#""","#, r#"0]}}}"#),
    ("app", EVENT, r#"{"request":{"application":"free","attributes":{"a":["#, r#"[],"#, r#"0]}}}"#),
    ("app", EVENT, r#"{"request":{"application":"free","attributes":{"#, r#""{n}":[],"#, r#""x":null}}}"#),
    ("app", EVENT, r#"{"request":{"application":"free","attributes":{"#, r#""":{},"#, r#""x":null}}}"#),
    ("app", REGISTER, r#"{"request":{"application":"free","push_token":""#, r"\u0061", r#""}}"#),
    ("app", REGISTER, r#"{"request":{"application":"free","hwid":""#, "汉", r#""}}"#),
];

fn memory(name: &str) -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with(name)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() << 10
}

fn send(registry: &Registry<MemStore>, shape: &Shape, body: String) -> Answer {
    let (whose, path, ..) = *shape;
    let authorization = match (whose, path.starts_with("/v3")) {
        ("stranger", _) => "Token nobody".to_owned(),
        (_, true) => format!("Basic {}", STANDARD.encode("free:secret")),
        (_, false) => "Token token".to_owned(),
    };
    let request =
        axum::http::Request::post(path).header("Authorization", authorization).body(body.into()).unwrap();
    answer(registry, &FaceOptions::default(), &request)
}

/// Sends the shape to an app without limits, and prints what the process took for it at its peak.
fn sent_alone(shape: &Shape) {
    let registry = Registry::builder(MemStore::new()).build();
    let settings = AppSettings {
        master_secret: Some(Secret::new("secret").unwrap()),
        api_tokens: vec![Secret::new("token").unwrap()],
        presence: true,
        limits: Limits { declare_on_first_use: true, ..Limits::unlimited() },
        ..AppSettings::default()
    };
    let app = registry.create_app(&AppKey::new("free").unwrap(), settings).unwrap();
    app.register(&Registration::new(DeviceId::new("phone").unwrap(), Platform::Ios)).unwrap();
    app.declare_event(&EventName::new("opened").unwrap()).unwrap();
    send(&registry, shape, "{}".to_owned());
    std::fs::write("/proc/self/clear_refs", "5").unwrap();
    let before = memory("VmRSS");
    let (_, _, start, piece, end) = *shape;
    let reply = send(&registry, shape, filled(start, piece, end));
    println!("peak {} {}", memory("VmHWM") - before, reply.body().len());
    let text = String::from_utf8_lossy(reply.body());
    println!("answer {}", text.chars().take(300).collect::<String>());
}

#[test]
fn a_body_costs_at_most_eight_times_its_length() {
    if let Ok(number) = std::env::var("ROLLBOOK_SHAPE") {
        return sent_alone(&SHAPES[number.parse::<usize>().unwrap()]);
    }
    let mut over = Vec::new();
    for (number, shape) in SHAPES.iter().enumerate() {
        let run = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "--nocapture", "a_body_costs_at_most_eight_times_its_length"])
            .env("ROLLBOOK_SHAPE", number.to_string())
            .output()
            .unwrap();
        let printed = String::from_utf8(run.stdout).unwrap();
        let line =
            |start: &str| printed.lines().find_map(|line| line.strip_prefix(start)).unwrap_or_default();
        let peak: usize = line("peak ").split(' ').next().unwrap().parse().expect("no peak");
        println!("{:5.2} {shape:?} {}", peak as f64 / LENGTH as f64, line("answer "));
        if peak > TIMES * LENGTH + ALWAYS {
            over.push((peak, shape));
        }
    }
    assert!(over.is_empty(), "{over:#?}");
}
