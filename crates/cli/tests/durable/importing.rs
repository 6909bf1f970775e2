//! What an import takes, and what it leaves out.

use crate::place::{APP, Place, create, devices, done, key, open, refused};
use crate::run::{Answer, rollbook};
use rollbook::{
    AliasOverflow, AppKey, AppSettings, Audience, DeviceId, EventQuery, Limits, Platform, Registration,
    Timestamp,
};

fn count(place: &Place, audience: &str) -> u64 {
    let (answer, _) = done(place.run("query", "store", &["--json", "--limit", "0", "--audience", audience]));
    serde_json::from_str::<serde_json::Value>(&answer).unwrap()["count"].as_u64().unwrap()
}

#[test]
fn standard_input_is_imported_and_the_directory_and_the_app_are_made() {
    let place = Place::new();
    let arguments = ["import", "--store", &place.store("a/b/store"), "--app", APP, "--input", "-"];
    let (answer, said) = done(rollbook(&arguments, devices(2_345).as_bytes()));
    assert!(answer.is_empty());
    assert!(said.starts_with("imported 2345 lines of standard input into app shop in "), "{said}");
    assert!(said.ends_with(": 2345 new devices, 0 events\n"), "{said}");
    let register = open(place.path("a/b/store"));
    let app = register.app(&key()).unwrap();
    assert_eq!(app.count(&Audience::All).unwrap(), 2_345);
    assert_eq!(*app.limits(), Limits::jpush());
    let device = app.device(&DeviceId::new("device 000005").unwrap()).unwrap();
    assert_eq!(device.last_seen, Some(Timestamp::from_secs(5)));
    assert_eq!((device.user.as_str(), device.alias.unwrap().as_str()), ("u0", "a0"));
}

#[test]
fn importing_again_changes_nothing() {
    let place = Place::new();
    let input = place.write("devices.jsonl", devices(1_500));
    place.import("store", &input, &[]);
    let before = place.export("store");
    let said = place.import("store", &input, &[]);
    assert!(said.ends_with(": 0 new devices, 0 events\n"), "{said}");
    assert_eq!(place.export("store"), before);
}

/// An input with a wrong line after `at` good ones: one that cannot be read, and one that the limits refuse.
fn broken(at: usize, bad: &str) -> Vec<String> {
    let mut lines: Vec<String> = devices(2_500).lines().map(|line| format!("{line}\n")).collect();
    lines.insert(at, format!("{bad}\n"));
    lines
}

const BAD: [&str; 2] = ["nonsense", "{\"id\":\"d\",\"platform\":\"ios\",\"tags\":[\"country:us\"]}"];

/// Before, at and after the end of a batch, and at both ends of the input.
const PLACES: [usize; 7] = [0, 1, 999, 1_000, 1_001, 2_499, 2_500];

#[test]
fn an_import_that_is_refused_leaves_no_app_wherever_the_wrong_line_is() {
    let place = Place::new();
    for bad in BAD {
        for at in PLACES {
            let input = place.write("devices.jsonl", broken(at, bad).concat());
            let error = refused(place.run("import", "store", &["--input", &input]), 1);
            let last = format!("error: {input}, line {}: ", at + 1);
            assert!(error.lines().last().unwrap().starts_with(&last), "{error}");
            let said = format!(
                "nothing of {input} is imported: app shop, which this import made, is removed again; \
                 `--skip-invalid` leaves wrong lines out"
            );
            assert!(error.starts_with(&said), "{error}");
            assert_eq!(
                error.contains("; `--limits relaxed` or `--limits unlimited` gives"),
                bad == BAD[1],
                "{error}"
            );
            assert!(open(place.path("store")).apps(None, 10).unwrap().items.is_empty(), "{at}");
            assert!(!place.path("store/import-shop.jsonl").exists(), "{at}");
        }
    }
    // Nothing is in the way of the next try, whatever limits it gives the app.
    place.import("store", &place.write("devices.jsonl", BAD[1]), &["--limits", "relaxed"]);
    assert_eq!(count(&place, "all()"), 1);
    done(place.run("verify", "store", &[]));
}

#[test]
fn an_app_that_was_there_stays_with_the_lines_before_the_wrong_one() {
    let place = Place::new();
    for bad in BAD {
        for at in PLACES {
            let store = format!("store {at} {}", bad.len());
            let register = open(place.path(&store));
            let app = create(&register, AppSettings { presence: true, ..AppSettings::default() });
            app.register(&Registration::new("before".parse().unwrap(), Platform::Ios)).unwrap();
            drop((register, app));
            let input = place.write("devices.jsonl", broken(at, bad).concat());
            let error = refused(place.run("import", &store, &["--input", &input]), 1);
            let said = if at == 0 {
                format!("nothing of {input} is imported: app shop is as it was; `--skip-invalid`")
            } else {
                format!("imported {at} lines of {input} into app shop; `--resume` goes on after them;")
            };
            assert!(error.starts_with(&said) && !error.contains("--limits"), "{error}");
            let app = open(place.path(&store)).app(&key()).unwrap();
            assert_eq!((app.count(&Audience::All).unwrap(), app.has_presence()), (at as u64 + 1, true));
            // With nothing imported there is nothing to go on with.
            assert_eq!(place.path(&store).join("import-shop.jsonl").exists(), at > 0);
        }
    }
}

#[test]
fn what_is_kept_of_an_app_that_the_import_made_goes_on_when_the_line_is_corrected() {
    let place = Place::new();
    for bad in BAD {
        for at in PLACES {
            let store = format!("store {at} {}", bad.len());
            let mut lines = broken(at, bad);
            let input = place.write("devices.jsonl", lines.concat());
            let error = refused(place.run("import", &store, &["--input", &input, "--keep"]), 1);
            let said = format!("imported {at} lines of {input} into app shop; `--resume` goes on after them");
            assert_eq!(error.contains(&said), at > 0, "{error}");
            lines[at] = "{\"id\":\"corrected\",\"platform\":\"ios\"}\n".into();
            place.write("devices.jsonl", lines.concat());
            if at == 0 {
                assert!(
                    open(place.path(&store)).app(&key()).is_err(),
                    "an app of no lines is nothing to keep"
                );
                place.import(&store, &input, &[]);
            } else {
                let app = open(place.path(&store)).app(&key()).unwrap();
                assert_eq!(app.count(&Audience::All).unwrap(), at as u64);
                drop(app);
                place.import(&store, &input, &["--resume"]);
            }
            let register = open(place.path(&store));
            assert_eq!(register.app(&key()).unwrap().count(&Audience::All).unwrap(), 2_501);
        }
    }
}

#[test]
fn a_failed_import_of_an_export_leaves_no_app() {
    let place = Place::new();
    place.import("store", &place.write("devices.jsonl", devices(1_500)), &[]);
    let whole = place.export("store");
    let (first, rest) = whole.split_once('\n').unwrap();
    for (name, lines) in [
        ("first", format!("{first}\nnonsense\n{rest}")),
        ("middle", whole.replacen("{\"id\":\"device 001200\"", "{\"id\":5", 1)),
        ("end", whole.replacen("{\"end\"", "nonsense\n{\"end\"", 1)),
        ("cut", whole.replacen("{\"end\":true}\n", "", 1)),
        ("after the end", format!("{whole}{{\"id\":\"d\",\"platform\":\"ios\"}}\n")),
    ] {
        let input = place.write("export.jsonl", &lines);
        let error = refused(place.run("import", "copy", &["--input", &input]), 1);
        assert!(error.contains("app shop, which this import made, is removed again"), "{name}: {error}");
        assert!(open(place.path("copy")).apps(None, 10).unwrap().items.is_empty(), "{name}");
    }
    place.import("copy", &place.write("export.jsonl", &whole), &[]);
    assert_eq!(place.export("copy"), whole);
}

#[test]
fn wrong_lines_are_left_out_and_listed_when_asked_for() {
    let place = Place::new();
    let wide = "{\"id\":\"wide\",\"platform\":\"ios\",\"tags\":[\"country:us\"]}\n";
    let lines = format!("nonsense\n{wide}{}{wide}\n{wide}", devices(1_100));
    let input = place.write("devices.jsonl", lines);
    let said = place.import("store", &input, &["--skip-invalid"]);
    let lines: Vec<&str> = said.lines().collect();
    assert!(lines[0].starts_with("imported 1100 lines"), "{said}");
    assert_eq!(lines[1], "skipped 4 of 1104 lines:");
    assert_eq!(lines[2], "  line 1: not a JSON object: expected ident at column 2");
    for (line, number) in lines[3..].iter().zip([2, 1_103, 1_105]) {
        assert!(line.starts_with(&format!("  line {number}: tags[0]: characters: ")), "{line}");
    }
    assert_eq!(count(&place, "all()"), 1_100);
}

#[test]
fn a_new_app_gets_the_limits_asked_for_and_one_that_is_there_keeps_its_own() {
    let place = Place::new();
    let line = "{\"id\":\"d\",\"platform\":\"ios\",\"tags\":[\"country:us\"]}\n";
    let input = place.write("devices.jsonl", line);
    assert!(refused(place.run("import", "jpush", &["--input", &input]), 1).contains("tags[0]: characters: "));
    place.import("jpush", &input, &["--limits", "relaxed"]);
    assert_eq!(*open(place.path("jpush")).app(&key()).unwrap().limits(), Limits::relaxed());
    // What is kept may go on with other limits.
    let two = place.write("two.jsonl", format!("{}{line}", devices(1)));
    refused(place.run("import", "kept", &["--input", &two, "--keep"]), 1);
    place.import("kept", &two, &["--resume", "--limits", "relaxed"]);
    assert_eq!(*open(place.path("kept")).app(&key()).unwrap().limits(), Limits::relaxed());

    place.import("store", &input, &["--limits", "relaxed"]);
    let error = refused(place.run("import", "store", &["--input", &input, "--limits", "jpush"]), 1);
    let expected = "error: --limits: app shop exists already, and an import does not change its limits; \
                    `rollbook app set` does\n";
    assert_eq!(error, expected);
    let bad = place.write("bad.jsonl", format!("{line}nonsense\n"));
    refused(place.run("import", "store", &["--input", &bad]), 1);
    let again = ["--input", &bad, "--resume", "--limits", "jpush"];
    assert_eq!(refused(place.run("import", "store", &again), 1), error);
    place.write("bad.jsonl", format!("{line}{line}"));
    place.import("store", &bad, &["--resume"]);
    place.import("store", &input, &[]);
    assert_eq!(*open(place.path("store")).app(&key()).unwrap().limits(), Limits::relaxed());
}

#[test]
fn an_app_of_small_batches_and_devices_of_many_tags_are_taken_in_smaller_ones() {
    let place = Place::new();
    let register = open(place.path("store"));
    let limits = Limits { operations_per_batch: Some(7), ..Limits::unlimited() };
    create(&register, AppSettings { limits, ..AppSettings::default() });
    drop(register);
    place.import("store", &place.write("few.jsonl", devices(50)), &[]);
    assert_eq!(count(&place, "all()"), 50);

    // A thousand of these are more than one commit takes.
    let tags: Vec<String> = (0..150).map(|n| format!("\"{n}\"")).collect();
    let tags = tags.join(",");
    let line = |n: usize| format!("{{\"id\":\"d{n}\",\"platform\":\"ios\",\"tags\":[{tags}]}}\n");
    let input = place.write("many.jsonl", (0..1_000).map(line).collect::<String>());
    place.import("many", &input, &["--limits", "unlimited"]);
    let register = open(place.path("many"));
    let app = register.app(&key()).unwrap();
    assert_eq!(app.count(&"\"0\" && \"149\"".parse().unwrap()).unwrap(), 1_000);
}

#[test]
fn a_line_is_judged_after_the_lines_before_it() {
    let place = Place::new();
    let line = |n: usize| format!("{{\"id\":\"d{n}\",\"platform\":\"ios\",\"alias\":\"a\"}}\n");
    let input = place.write("devices.jsonl", (0..12).map(line).collect::<String>());
    let error = refused(place.run("import", "store", &["--input", &input, "--keep"]), 1);
    let expected = "line 11: alias: devices per alias: must be at most 10: got 11 (\"a\")\n";
    assert!(error.ends_with(expected), "{error}");
    assert_eq!(count(&place, "alias(a)"), 10);

    let register = open(place.path("evicting"));
    let limits =
        Limits { devices_per_alias: Some(3), alias_overflow: AliasOverflow::EvictOldest, ..Limits::jpush() };
    let app = create(&register, AppSettings { limits, ..AppSettings::default() });
    drop((register, app));
    place.import("evicting", &input, &[]);
    let app = open(place.path("evicting")).app(&key()).unwrap();
    let ids = app.alias_devices(&"a".parse().unwrap(), rollbook::PlatformSet::ALL).unwrap();
    assert_eq!(ids.iter().map(DeviceId::as_str).collect::<Vec<_>>(), ["d10", "d11", "d9"]);
}

#[test]
fn events_of_an_input_are_posted_and_must_have_an_owner() {
    let place = Place::new();
    let lines = concat!(
        "{\"event_type\":\"login\",\"declared_at\":100}\n",
        "{\"id\":\"d\",\"platform\":\"ios\",\"user\":\"u\"}\n",
        "{\"event\":\"login\",\"at\":5,\"device\":\"d\",\"attributes\":{\"by\":\"mail\"}}\n",
        "{\"event\":\"login\",\"at\":5,\"user\":\"u\",\"attributes\":{}}\n",
    );
    place.import("store", &place.write("devices.jsonl", lines), &[]);
    let app = open(place.path("store")).app(&key()).unwrap();
    assert_eq!(app.event_types().unwrap()[0].declared_at, Timestamp::from_secs(100));
    let events = app.events(&EventQuery::default()).unwrap().items;
    assert_eq!(events.iter().map(|event| event.at.secs()).collect::<Vec<_>>(), [5, 5]);

    for (line, why) in [
        ("{\"event\":\"login\",\"at\":5,\"user\":\"nobody\",\"attributes\":{}}", "user: known: "),
        ("{\"event\":\"login\",\"at\":5,\"device\":\"none\",\"attributes\":{}}", "device: known: "),
        (
            "{\"event\":\"logout\",\"at\":5,\"user\":\"u\",\"attributes\":{}}",
            "event: known: must be declared",
        ),
        ("{\"event\":\"login\",\"at\":5,\"attributes\":{}}", "device or user: present: "),
    ] {
        let input = place.write("bad.jsonl", format!("{lines}{line}\n"));
        let error = refused(place.run("import", why, &["--input", &input]), 1);
        assert!(error.contains(&format!("line 5: {why}")), "{error}");
    }
}

#[test]
fn an_export_becomes_an_app_of_its_own() {
    let place = Place::new();
    place.import("store", &place.write("devices.jsonl", devices(20)), &[]);
    let export = place.write("export.jsonl", place.export("store"));
    let before = place.export("store");
    let error = refused(place.run("import", "store", &["--input", &export]), 1);
    let expected =
        "error: --app: app shop exists already, and an export becomes an app of its own; name another one\n";
    assert_eq!(error, expected);
    assert_eq!(place.export("store"), before);

    let arguments = ["import", "--store", &place.store("store"), "--app", "copy", "--input", &export];
    done(rollbook(&arguments, b""));
    let arguments = ["export", "--store", &place.store("store"), "--app", "copy"];
    let (copy, _) = done(rollbook(&arguments, b""));
    assert_eq!(copy.replacen("\"app\":\"copy\"", "\"app\":\"shop\"", 1), before);
    assert_eq!(place.export("store"), before);
}

#[test]
fn an_export_may_get_other_limits_and_keeps_them_when_it_goes_on() {
    let place = Place::new();
    place.import("store", &place.write("devices.jsonl", devices(20)), &[]);
    let whole = place.export("store");
    let export = place.write("export.jsonl", whole.replacen("{\"end\"", "nonsense\n{\"end\"", 1));
    refused(place.run("import", "copy", &["--input", &export, "--limits", "relaxed", "--keep"]), 1);
    place.write("export.jsonl", &whole);
    place.import("copy", &export, &["--resume"]);
    assert_eq!(*open(place.path("copy")).app(&key()).unwrap().limits(), Limits::relaxed());
}

#[test]
fn an_export_that_is_not_whole_or_not_alone_is_told() {
    let place = Place::new();
    place.import("store", &place.write("devices.jsonl", devices(2)), &[]);
    let whole = place.export("store");
    let (first, rest) = whole.split_once('\n').unwrap();
    let newer = first.replacen("\"rollbook\":1", "\"rollbook\":2", 1);
    let twice = format!("{whole}{whole}");
    let inside = format!("{}{whole}", devices(1));
    let end = format!("{}{{\"end\":true}}\n", devices(1));
    for (name, lines, why) in [
        ("twice", twice.as_str(), "line 5: comes after the end of the export"),
        ("inside", &inside, "line 2: rollbook: begins another export; import one at a time"),
        ("end", &end, "line 2: end: ends an export, but none has begun"),
        (
            "newer",
            &format!("{newer}\n{rest}"),
            "line 1: rollbook: must be 1, the format of exports that this release reads: got 2",
        ),
    ] {
        let input = place.write(name, lines);
        let error = refused(place.run("import", &format!("store {name}"), &["--input", &input]), 1);
        assert!(error.ends_with(&format!("error: {input}, {why}\n")), "{name}: {error}");
    }
    // Not even left out: the whole input would be taken for something else.
    let input = place.text("newer");
    refused(place.run("import", "other", &["--input", &input, "--skip-invalid"]), 1);
    assert!(!place.path("other").exists());
}

#[test]
fn a_line_that_names_an_app_is_refused_and_what_it_says_reaches_no_app() {
    let naming = |app: &str| format!("{{\"id\":\"stray\",\"platform\":\"ios\",\"app\":\"{app}\"}}\n");
    // The app is the command's to name: a line that does is meant for something else, also when it is the same one.
    for named in ["other", "nobody", APP] {
        let place = Place::new();
        place.import("store", &place.write("before.jsonl", devices(1)), &[]);
        let other = AppKey::new("other").unwrap();
        open(place.path("store")).create_app(&other, AppSettings::default()).unwrap();
        let input = place.write("named.jsonl", naming(named));
        let error = refused(place.run("import", "store", &["--input", &input]), 1);
        assert!(error.contains("line 1: \"app\": known: must be one of id platform "), "{named}: {error}");
        assert!(error.ends_with("got another member\n"), "{named}: {error}");
        let register = open(place.path("store"));
        let stray = DeviceId::new("stray").unwrap();
        for app in [key(), other] {
            assert!(register.app(&app).unwrap().device(&stray).is_err(), "{app}");
        }
        assert_eq!(register.apps(None, 10).unwrap().items.len(), 2, "{named}");
    }
}

#[test]
fn an_input_that_cannot_be_read_leaves_no_directory() {
    let place = Place::new();
    let error = refused(place.run("import", "store", &["--input", "no such file"]), 1);
    assert!(error.starts_with("error: cannot open no such file: "), "{error}");
    assert!(!place.path("store").exists());
}

#[test]
fn what_was_there_and_is_not_named_stays() {
    let place = Place::new();
    let register = open(place.path("store"));
    let app = create(&register, AppSettings::default());
    let tags = vec!["old".parse().unwrap()];
    let device = DeviceId::new("device 000000").unwrap();
    app.register(&Registration { tags, ..Registration::new(device, Platform::Android) }).unwrap();
    drop((register, app));
    let Answer { stderr, .. } = place.run("import", "store", &["--input", &place.write("d", devices(3))]);
    assert!(stderr.ends_with(": 2 new devices, 0 events\n"), "{stderr}");
    assert_eq!(count(&place, "old && third && platform(ios)"), 1);
}

/// With it the app's own questions about all of its devices would be refused, and with them `verify` and the list of apps.
#[test]
fn a_limit_that_would_refuse_the_apps_own_questions_is_refused_and_other_apps_go_on() {
    let place = Place::new();
    place.import("store", &place.write("good.jsonl", devices(3)), &[]);
    let header = r#"{"rollbook":1,"app":"evil","name":"","presence":false,"limits":{"names":"jpush","audience_nodes":0}}"#;
    let input = place.write("evil.jsonl", format!("{header}\n{}{{\"end\":true}}\n", devices(1)));
    let error = refused(
        rollbook(&["import", "--store", &place.store("store"), "--app", "evil", "--input", &input], b""),
        1,
    );
    assert!(error.contains("line 1: "), "{error}");
    assert!(error.contains("limits.audience_nodes: range: must be at least 1: got 0"), "{error}");
    let register = open(place.path("store"));
    assert_eq!(register.apps(None, 10).unwrap().items.len(), 1);
    drop(register);
    done(place.run("verify", "store", &[]));
    assert_eq!(count(&place, "all()"), 3);
}
