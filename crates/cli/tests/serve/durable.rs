//! On a directory: what was answered is there again, whatever ended the service.

use crate::run::rollbook;
use crate::service::{BASIC, CONFIG, Connection, DONE, KEY, Service, TOKEN};
use rollbook::store::{Store, View};
use rollbook::{AppId, AppKey, EventQuery, Registry};
use rollbook_store_rocks::{RocksOptions, RocksStore};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

fn start(name: &str, directory: &Path) -> Service {
    Service::start(name, CONFIG, &["--store", &choice(directory)])
}

fn choice(directory: &Path) -> String {
    format!("rocksdb:{}", directory.display())
}

/// How often the directory of apps and the first app were written.
fn versions(directory: &Path) -> [u64; 2] {
    let store = RocksStore::open(directory, &RocksOptions::default()).unwrap();
    [AppId::DIRECTORY, AppId(1)].map(|app| store.view(app).unwrap().version().0)
}

#[test]
fn a_start_and_an_end_change_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("data");
    let service = start("idempotent", &path);
    service.pushwoosh("registerDevice", r#""hwid":"d1","device_type":3"#).is(200, DONE);
    service.jpush("POST", "/v3/devices/d1", r#"{"tags":{"add":["news"]}}"#).is(200, "{}");
    assert!(service.ask("GET", "/metrics", "", "").body.contains("rollbook_store_table_bytes "));
    assert_eq!(service.stop().status.code(), Some(0));
    let before = versions(&path);
    for _ in 0..2 {
        let service = start("idempotent", &path);
        service.jpush("GET", "/v3/tags/news/registration_ids/d1", "").is(200, r#"{"result":true}"#);
        service.ask("GET", "/healthz", "", "").is(200, r#"{"status":"ok"}"#);
        assert_eq!(service.stop().status.code(), Some(0));
        assert_eq!(versions(&path), before);
    }
}

#[test]
fn a_directory_is_served_by_one_and_looked_at_by_others() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("data");
    let service = start("owner", &path);
    let store = choice(&path);
    let second = rollbook(&["serve", "--listen", "127.0.0.1:0", "--store", &store], b"");
    assert_eq!((second.code, second.stdout.as_str()), (Some(1), ""));
    assert!(second.stderr.starts_with(&format!("error: cannot open {store}: ")), "{}", second.stderr);
    for arguments in [&["create", "other"][..], &["rotate-secret", KEY], &["remove", KEY, "--yes"]] {
        let refused = rollbook(&[&["app"], arguments, &["--store", &store]].concat(), b"");
        assert_eq!((refused.code, refused.stdout.as_str()), (Some(1), ""), "{arguments:?}");
    }
    let listed = rollbook(&["app", "list", "--store", &store], b"");
    assert!(listed.code == Some(0) && listed.stdout.contains(KEY), "{}", listed.stderr);
    service.jpush("GET", "/v3/tags", "").is(200, r#"{"tags":[]}"#);
}

/// What one client knows of its own devices.
struct Client {
    number: usize,
    /// Of each device, the changes that were answered.
    answered: Vec<Vec<u64>>,
    /// The device and the change that was sent and not answered.
    unanswered: Option<(usize, u64)>,
    /// The events that were answered: code and device.
    posted: Vec<(String, String)>,
}

/// How many devices each client has.
const DEVICES: usize = 20;

impl Client {
    fn device(&self, n: usize) -> String {
        format!("c{}-d{n}", self.number)
    }

    /// Changes devices and posts their events, one after the other, as fast as they are answered, until the connection
    /// ends.
    fn press(&mut self, address: SocketAddr, done: &AtomicUsize) {
        let mut connection = Connection::open(address);
        let first = self.answered.iter().flatten().max().copied().unwrap_or_default() + 1;
        for (change, n) in (first..).zip((0..DEVICES).cycle()) {
            let device = self.device(n);
            self.unanswered = Some((n, change));
            if self.answered[n].is_empty() {
                let body = request(&format!(r#""hwid":"{device}","device_type":3"#));
                let Some(reply) = connection.ask("POST", "/json/1.3/registerDevice", TOKEN, &body) else {
                    return;
                };
                reply.is(200, DONE);
            }
            let body =
                format!(r#"{{"alias":"a{change}","mobile":"{change}","tags":{{"add":["t{change}"]}}}}"#);
            let Some(reply) = connection.ask("POST", &format!("/v3/devices/{device}"), BASIC, &body) else {
                return;
            };
            reply.is(200, "{}");
            self.answered[n].push(change);
            self.unanswered = None;
            let body =
                request(&format!(r#""hwid":"{device}","event":"activityCompleted","attributes":{{}}"#));
            let Some(reply) = connection.ask("POST", "/json/1.3/postEvent", TOKEN, &body) else { return };
            let told: serde_json::Value = serde_json::from_str(&reply.body).unwrap();
            self.posted.push((told["response"]["code"].as_str().unwrap().to_owned(), device));
            done.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Asserts that everything that was answered is there, and of what was not answered all or nothing.
    fn compare(&mut self, service: &Service) {
        let mut connection = service.connect();
        let unanswered = self.unanswered.take();
        for n in 0..DEVICES {
            let target = format!("/v3/devices/{}", self.device(n));
            let reply = connection.ask("GET", &target, BASIC, "").unwrap();
            let told = (reply.status == 200).then_some(reply.body);
            if told == told_of(&self.answered[n]) {
                continue;
            }
            // The answer did not come, but what was asked for may have been done.
            let (_, change) = unanswered.filter(|(device, _)| *device == n).unwrap_or_else(|| {
                panic!("{target}: {told:?} is not what was answered, {:?}", told_of(&self.answered[n]));
            });
            let registered = Some(r#"{"tags":[],"alias":null,"mobile":null}"#.to_owned());
            if !(self.answered[n].is_empty() && told == registered) {
                self.answered[n].push(change);
                assert_eq!(told, told_of(&self.answered[n]), "{target}");
            }
        }
    }
}

/// A call's body with these members, of the app of the configuration.
fn request(members: &str) -> String {
    format!(r#"{{"request":{{"application":"{KEY}",{members}}}}}"#)
}

/// What is told of a device after these changes.
fn told_of(changes: &[u64]) -> Option<String> {
    let last = changes.last()?;
    let mut tags: Vec<String> = changes.iter().map(|change| format!("\"t{change}\"")).collect();
    tags.sort();
    Some(format!(r#"{{"tags":[{}],"alias":"a{last}","mobile":"{last}"}}"#, tags.join(",")))
}

#[test]
fn what_was_answered_is_there_after_the_service_was_killed() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("data");
    let mut clients: Vec<Client> = (0..4)
        .map(|number| Client {
            number,
            answered: vec![Vec::new(); DEVICES],
            unanswered: None,
            posted: Vec::new(),
        })
        .collect();
    let rounds = 5;
    for round in 1..=rounds {
        let service = start("killed", &path);
        for client in &mut clients {
            client.compare(&service);
        }
        let (address, done) = (service.address, AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for client in &mut clients {
                scope.spawn(|| client.press(address, &done));
            }
            // Each time in the midst of more.
            while done.load(Ordering::Relaxed) < 150 * round {
                std::thread::yield_now();
            }
            service.signal("-KILL");
        });
        assert_eq!(service.ended().status.code(), None);
    }
    let service = start("killed", &path);
    for client in &mut clients {
        client.compare(&service);
        assert!(client.answered.iter().all(|changes| !changes.is_empty()));
    }
    assert_eq!(service.stop().status.code(), Some(0));
    let store = RocksStore::open(&path, &RocksOptions::default()).unwrap();
    assert_eq!(rollbook_testkit::check_invariants(&store.view(AppId(1)).unwrap()).unwrap(), []);
    let app = Registry::builder(store).build().app(&AppKey::new(KEY).unwrap()).unwrap();
    let events = app.events(&EventQuery { limit: usize::MAX, ..EventQuery::default() }).unwrap().items;
    let kept: HashMap<String, String> =
        events.into_iter().map(|event| (event.code.to_string(), event.device.unwrap().to_string())).collect();
    let posted: Vec<&(String, String)> = clients.iter().flat_map(|client| &client.posted).collect();
    assert!(posted.iter().all(|(code, device)| kept.get(code) == Some(device)));
    // Each client may have posted one more each time that was not answered.
    assert!((posted.len()..=posted.len() + rounds * clients.len()).contains(&kept.len()), "{}", kept.len());
}

#[test]
fn a_commit_that_a_crash_cut_short_is_told_in_one_line() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("data");
    let service = start("cut", &path);
    service.pushwoosh("registerDevice", r#""hwid":"d1","device_type":3"#).is(200, DONE);
    service.signal("-KILL");
    service.ended();
    let files = std::fs::read_dir(path.join("db")).unwrap().map(|entry| entry.unwrap().path());
    let log =
        files.filter(|file| file.extension().is_some_and(|extension| extension == "log")).max().unwrap();
    let bytes = std::fs::read(&log).unwrap();
    std::fs::write(&log, &bytes[..bytes.len() - 2]).unwrap();
    let ended = start("cut", &path).stop();
    assert_eq!(ended.status.code(), Some(0));
    let told: Vec<&str> = ended.stderr.lines().filter(|line| line.contains("WARN")).collect();
    assert!(told.len() == 1 && told[0].contains(log.to_str().unwrap()), "{}", ended.stderr);
}

/// A small disk that is gone when the test ends.
#[cfg(target_os = "linux")]
struct Disk(tempfile::TempDir);

#[cfg(target_os = "linux")]
impl Disk {
    fn of(size: &str) -> Option<Self> {
        let directory = tempfile::tempdir().unwrap();
        let mut mount = std::process::Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"]).arg(directory.path());
        let mounted = mount.output().is_ok_and(|done| done.status.success());
        if !mounted {
            println!("SKIPPED: a disk cannot be mounted here; run as root");
        }
        mounted.then_some(Disk(directory))
    }
}

#[cfg(target_os = "linux")]
impl Drop for Disk {
    fn drop(&mut self) {
        let _ = std::process::Command::new("umount").arg("-l").arg(self.0.path()).status();
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_told_to_clients_each_time_and_in_the_log_once() {
    let Some(disk) = Disk::of("40m") else { return };
    let ballast = disk.0.path().join("ballast");
    std::fs::write(&ballast, vec![7; 33 << 20]).unwrap();
    let config = format!("{CONFIG}\n[rocksdb]\nmemory_bytes = 16777216\n");
    let store = choice(&disk.0.path().join("data"));
    let mut service = Service::start("full", &config, &["--store", &store]);
    let write = |service: &Service, n: usize| {
        let text = "x".repeat(900);
        let members = format!(
            r#""hwid":"d1","event":"activityCompleted","attributes":{{"a{n}":"{text}","b":"{text}","c":"{text}"}}"#
        );
        service.pushwoosh("postEvent", &members)
    };
    service.pushwoosh("registerDevice", r#""hwid":"d1","device_type":3"#).is(200, DONE);
    let refused =
        (0..20_000).map(|n| write(&service, n)).find(|reply| !reply.body.contains("\"status_code\":200"));
    let refused = refused.expect("40 MB are full some time");
    assert!(refused.body.contains("the disk is full: try again later"), "{}", refused.body);
    for n in 0..50 {
        assert!(write(&service, n).body.contains("the disk is full: try again later"));
    }
    service.jpush("GET", "/v3/devices/d1", "").is(200, r#"{"tags":[],"alias":null,"mobile":null}"#);
    let unwell = service.ask("GET", "/healthz", "", "");
    unwell.is(503, r#"{"reason":"the disk is full","status":"unavailable"}"#);
    service.until_logged("the disk is full");
    std::fs::remove_file(ballast).unwrap();
    // The service looks itself; nobody has to write for it.
    service.until_logged("the disk has room again");
    assert!(write(&service, 1).body.contains("\"status_code\":200"));
    service.ask("GET", "/healthz", "", "").is(200, r#"{"status":"ok"}"#);
    let ended = service.stop();
    let lines: Vec<&str> = ended.stderr.lines().filter(|line| !line.contains("INFO")).collect();
    assert_eq!(lines.len(), 2, "{}", ended.stderr);
}
