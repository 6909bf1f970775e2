//! Where an export goes, and what is in it.

use crate::place::{APP, Place, create, devices, done, open, refused};
use rollbook::{AppSettings, Attributes, Limits, NewEvent, Platform, Registration, Secret, Timestamp};
use std::fs;
use std::process::{Command, Stdio};

#[test]
fn an_export_says_everything_in_order_and_no_secret() {
    let place = Place::new();
    let register = open(place.path("store"));
    let settings = AppSettings {
        name: "A \"shop\"".into(),
        master_secret: Some(Secret::new("s3cret").unwrap()),
        api_tokens: vec![Secret::new("t0ken").unwrap()],
        presence: true,
        limits: Limits { tags_per_device: None, ..Limits::relaxed() },
        ..AppSettings::default()
    };
    let app = create(&register, settings);
    app.declare_event(&"login".parse().unwrap()).unwrap();
    let declared_at = app.event_types().unwrap()[0].declared_at.secs();
    let full = Registration {
        token: Some("t".parse().unwrap()),
        mobile: Some("+1".parse().unwrap()),
        language: Some("en".parse().unwrap()),
        utc_offset: Some(rollbook::UtcOffset::BEIJING),
        user: Some("ann".parse().unwrap()),
        alias: Some("a".parse().unwrap()),
        tags: vec!["z".parse().unwrap(), "country:us".parse().unwrap()],
        ..Registration::new("b".parse().unwrap(), Platform::WindowsPhone)
    };
    app.register(&full).unwrap();
    app.register(&Registration::new("B".parse().unwrap(), Platform::Ios)).unwrap();
    app.touch_at(&[("b".parse().unwrap(), Timestamp::from_secs(77))]).unwrap();
    for at in [9, 3] {
        let event = NewEvent {
            user: Some("ann".parse().unwrap()),
            timestamp_utc: Some(Timestamp::from_secs(at)),
            attributes: [("at", at.into())].into_iter().collect::<Attributes>(),
            ..NewEvent::new("login".parse().unwrap())
        };
        app.post_event(&event).unwrap();
    }
    let limits = serde_json::to_string(app.limits()).unwrap();
    drop((app, register));
    let expected = [
        format!(r#"{{"rollbook":1,"app":"shop","name":"A \"shop\"","presence":true,"limits":{limits}}}"#),
        format!(r#"{{"event_type":"login","declared_at":{declared_at}}}"#),
        r#"{"id":"B","platform":"ios"}"#.into(),
        r#"{"id":"b","platform":"windows_phone","tags":["country:us","z"],"alias":"a","user":"ann","token":"t","mobile":"+1","language":"en","utc_offset":28800,"last_seen":77}"#.into(),
        r#"{"event":"login","at":3,"user":"ann","attributes":{"at":3}}"#.into(),
        r#"{"event":"login","at":9,"user":"ann","attributes":{"at":9}}"#.into(),
        r#"{"end":true}"#.into(),
    ];
    assert_eq!(place.export("store").lines().collect::<Vec<_>>(), expected);
}

#[test]
fn a_file_is_replaced_by_a_whole_export_also_behind_a_link() {
    let place = Place::new();
    place.import("store", &place.write("devices.jsonl", devices(50)), &[]);
    let whole = place.export("store");
    let output = place.write("export.jsonl", "what was there");
    let (answer, said) = done(place.run("export", "store", &["--output", &output]));
    assert!(answer.is_empty() && said.starts_with("exported app shop in "), "{said}");
    assert!(said.ends_with(": 52 lines, 50 devices, 0 events\n"), "{said}");
    assert_eq!(place.read("export.jsonl"), whole);

    place.write("export.jsonl", "what was there");
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(place.path("export.jsonl"), place.path("link")).unwrap();
        done(place.run("export", "store", &["--output", &place.text("link")]));
        assert_eq!(place.read("export.jsonl"), whole);
        assert!(fs::symlink_metadata(place.path("link")).unwrap().is_symlink());
    }
    assert!(!place.path("export.jsonl.part").exists());
}

#[test]
fn an_export_that_fails_leaves_what_was_there() {
    let place = Place::new();
    place.import("store", &place.write("devices.jsonl", devices(500)), &[]);
    open(place.path("store")).store().compact().unwrap();
    // Every table is cut: some are read only behind the beginning of the export.
    for entry in fs::read_dir(place.path("store/db")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "sst") {
            let mut bytes = fs::read(&path).unwrap();
            bytes[10..20].iter_mut().for_each(|byte| *byte ^= 0xFF);
            fs::write(path, bytes).unwrap();
        }
    }
    let output = place.write("export.jsonl", "what was there");
    let error = refused(place.run("export", "store", &["--output", &output]), 1);
    assert!(error.starts_with("error: cannot ") && error.contains("corrupt"), "{error}");
    assert_eq!(place.read("export.jsonl"), "what was there");
    assert!(!place.path("export.jsonl.part").exists());
}

#[test]
fn a_place_that_cannot_be_written_is_named() {
    let place = Place::new();
    place.import("store", &place.write("devices.jsonl", devices(5)), &[]);
    let error = refused(place.run("export", "store", &["--output", &place.text("no/export.jsonl")]), 1);
    assert!(error.starts_with("error: cannot write ") && error.contains("no/export.jsonl: "), "{error}");
    let error = refused(place.run("export", "store", &["--output", &place.text("store")]), 1);
    assert!(error.contains("is a directory"), "{error}");
}

#[cfg(unix)]
#[test]
fn a_pipe_is_written_as_it_is() {
    let place = Place::new();
    place.import("store", &place.write("devices.jsonl", devices(50)), &[]);
    assert!(Command::new("mkfifo").arg(place.path("pipe")).status().unwrap().success());
    let child = Command::new(env!("CARGO_BIN_EXE_rollbook"))
        .args(["export", "--store", &place.store("store"), "--app", APP, "--output", &place.text("pipe")])
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    assert_eq!(place.read("pipe"), place.export("store"));
    assert!(child.wait_with_output().unwrap().status.success());
}

#[test]
fn what_is_being_deleted_is_not_exported() {
    use rollbook::store::{Operation, Store, WriteSet};
    let place = Place::new();
    place.import("store", &place.write("devices.jsonl", devices(30)), &[]);
    let before = place.export("store");
    let register = open(place.path("store"));
    let operation = Operation::Condemn { user: "u0".parse().unwrap(), deletion: 1 };
    let writes = WriteSet { operations: [operation].into_iter().collect(), ..WriteSet::default() };
    register.store().commit(rollbook::AppId(1), &writes).unwrap();
    drop(register);
    let after = place.export("store");
    let gone: Vec<&str> = before.lines().filter(|line| !after.contains(line)).collect();
    assert_eq!(gone.len(), 4, "{gone:?}");
    assert!(gone.iter().all(|line| line.contains("\"user\":\"u0\"")), "{gone:?}");
    // The deletion goes on when the register is written.
    place.import("store", &place.write("none.jsonl", ""), &[]);
    assert_eq!(place.export("store"), after);
    done(place.run("verify", "store", &[]));
}

#[test]
fn a_dash_is_standard_output_and_no_file_of_that_name() {
    let place = Place::new();
    place.import("store", &place.write("devices.jsonl", devices(3)), &[]);
    let output = Command::new(env!("CARGO_BIN_EXE_rollbook"))
        .args(["export", "--store", &place.store("store"), "--app", APP, "--output", "-"])
        .current_dir(place.path("."))
        .output()
        .unwrap();
    assert!(output.status.success());
    assert_eq!(String::from_utf8(output.stdout).unwrap(), place.export("store"));
    assert!(!place.path("-").exists());
}
