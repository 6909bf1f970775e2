//! Imports and exports that were killed.

use crate::place::{APP, Place, devices, done, key, open, refused};
use crate::run::rollbook;
use rollbook::EventQuery;
use std::collections::BTreeSet;
use std::fs;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};

/// What is in the pipe, and in the program's own buffer, may not have been read when the program is killed.
const UNREAD: usize = (1 << 16) + (1 << 17);

/// Feeds the program the beginning of its standard input, and kills it.
fn kill_behind(place: &Place, store: &str, input: &[u8], resume: bool) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rollbook"));
    command.args(["import", "--store", &place.store(store), "--app", APP, "--input", "-"]);
    if resume {
        command.arg("--resume");
    }
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    // The program reads on until it is killed, so nothing waits here.
    child.stdin.as_mut().unwrap().write_all(input).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
}

fn resume(place: &Place, store: &str, input: &[u8]) -> String {
    let arguments = ["import", "--store", &place.store(store), "--app", APP, "--input", "-", "--resume"];
    done(rollbook(&arguments, input)).1
}

fn journal(place: &Place, store: &str) -> std::path::PathBuf {
    place.path(store).join("import-shop.jsonl")
}

/// The line behind which an import went on, as it said.
fn went_on_behind(said: &str) -> usize {
    said.lines()
        .find_map(|line| line.strip_prefix("going on after line "))
        .map_or(0, |rest| rest.split(' ').next().unwrap().parse().unwrap())
}

#[test]
fn an_import_that_is_killed_again_and_again_ends_as_one_that_is_not() {
    let place = Place::new();
    let input = devices(12_000);
    let input = input.as_bytes();
    let file = place.write("devices.jsonl", input);
    place.import("whole", &file, &[]);
    let mut least = 0;
    for (n, part) in [3, 5, 8, 9].into_iter().enumerate() {
        let fed = &input[..input.len() / 10 * part];
        kill_behind(&place, "store", fed, n > 0);
        least = fed.len().saturating_sub(UNREAD);
    }
    let said = resume(&place, "store", input);
    // All but the last lot of what the program surely read was committed.
    let surely = input[..least].iter().filter(|&&byte| byte == b'\n').count();
    assert!(went_on_behind(&said) + 2_000 >= surely, "{said}{surely}");
    assert!(went_on_behind(&said) > 1_000, "{said}");
    assert!(!journal(&place, "store").exists());
    assert!(place.export("store") == place.export("whole"));
    done(place.run("verify", "store", &[]));
}

/// Lines that may not be taken twice.
fn events(count: usize) -> String {
    let mut lines =
        String::from("{\"event_type\":\"e\",\"declared_at\":1}\n{\"id\":\"d\",\"platform\":\"ios\"}\n");
    for n in 0..count {
        let padding = "x".repeat(100);
        lines += &format!(
            "{{\"event\":\"e\",\"at\":{n},\"device\":\"d\",\"attributes\":{{\"n\":{n},\"p\":\"{padding}\"}}}}\n"
        );
    }
    lines
}

fn posted(store: &Path) -> Vec<i64> {
    let app = open(store.to_owned()).app(&key()).unwrap();
    let all = EventQuery { limit: usize::MAX, ..EventQuery::default() };
    let mut times: Vec<i64> = app.events(&all).unwrap().items.iter().map(|event| event.at.secs()).collect();
    times.reverse();
    times
}

/// Kills so many imports twice each, anywhere.
fn kill(imports: usize) {
    let place = Place::new();
    let input = events(9_000);
    let input = input.as_bytes();
    let (first, second) = (250_000, input.len() / 2);
    let mut behind = BTreeSet::new();
    for n in 0..imports {
        let store = format!("store {n}");
        // Spread over the input, and over the lots in it.
        let at = |from: usize, to: usize| &input[..from + n * 76_543 % (to - from)];
        kill_behind(&place, &store, at(first, second), false);
        kill_behind(&place, &store, at(second, input.len()), true);
        behind.insert(went_on_behind(&resume(&place, &store, input)));
        assert_eq!(posted(&place.path(&store)), (0..9_000).collect::<Vec<_>>(), "{n}");
        fs::remove_dir_all(place.path(&store)).unwrap();
    }
    println!(
        "{} kills of {imports} imports, which went on behind {} different lines at last: each of 9000 events was there once",
        2 * imports,
        behind.len()
    );
}

#[test]
fn events_are_posted_once_wherever_the_import_is_killed() {
    kill(5);
}

#[test]
#[ignore = "takes minutes"]
fn events_are_posted_once_wherever_imports_are_killed_two_hundred_times() {
    kill(100);
}

/// The states right before and right behind the commit of a lot of events, made by hand of imports that stopped at
/// wrong lines before it and behind it.
#[test]
fn a_lot_of_events_is_known_to_be_there_or_not() {
    let place = Place::new();
    let whole = events(50);
    let lines: Vec<&str> = whole.lines().collect();
    let input = |wrong_at: &[usize]| {
        let line = |(n, line): (usize, &&str)| {
            if wrong_at.contains(&n) { "nonsense\n".into() } else { format!("{line}\n") }
        };
        place.write("events.jsonl", lines.iter().enumerate().map(line).collect::<String>())
    };
    // Lines 3 to 32, of 30 events.
    let file = input(&[2, 32]);
    refused(place.run("import", "before", &["--input", &file, "--keep"]), 1);
    copy(&place.path("before"), &place.path("behind"));
    input(&[32]);
    refused(place.run("import", "behind", &["--input", &file, "--resume"]), 1);
    let noted = fs::read_to_string(journal(&place, "behind")).unwrap();
    assert!(noted.ends_with("\"events\":30}\n"), "{noted}");
    assert_eq!((posted(&place.path("before")).len(), posted(&place.path("behind")).len()), (0, 30));
    input(&[]);

    let resumed = |store: &str| {
        let said = place.import(store, &file, &["--resume"]);
        (went_on_behind(&said), posted(&place.path(store)).len())
    };
    copy(&place.path("behind"), &place.path("committed"));
    assert_eq!(resumed("committed"), (32, 50));

    copy(&place.path("before"), &place.path("noted"));
    fs::write(journal(&place, "noted"), &noted).unwrap();
    assert_eq!(resumed("noted"), (2, 50));

    copy(&place.path("before"), &place.path("half noted"));
    fs::write(journal(&place, "half noted"), &noted[..noted.len() - 10]).unwrap();
    assert_eq!(resumed("half noted").1, 50);

    // Somebody else posted since: nobody can tell.
    copy(&place.path("behind"), &place.path("used"));
    let app = open(place.path("used")).app(&key()).unwrap();
    let device = Some("d".parse().unwrap());
    app.post_event(&rollbook::NewEvent { device, ..rollbook::NewEvent::new("e".parse().unwrap()) }).unwrap();
    drop(app);
    let error = refused(place.run("import", "used", &["--input", &file, "--resume"]), 1);
    assert!(error.contains("error: --resume: events were posted to app shop since"), "{error}");
    assert!(error.contains("whether the 30 of lines 3 to 32 are there"), "{error}");
    assert_eq!(posted(&place.path("used")).len(), 31);
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let to = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &to)
        } else {
            let _ = fs::copy(path, to).unwrap();
        }
    }
}

#[test]
fn an_import_goes_on_with_the_same_input_only() {
    let place = Place::new();
    let lines = devices(3_000);
    let broken = format!("{lines}nonsense\n");
    let input = place.write("devices.jsonl", &broken);
    refused(place.run("import", "store", &["--input", &input, "--keep"]), 1);
    let before = place.export("store");

    let error = refused(place.run("import", "store", &["--input", &input]), 1);
    let expected =
        "error: an import into app shop was interrupted; --resume goes on with it; to begin again, remove ";
    assert!(error.starts_with(expected) && error.ends_with("/import-shop.jsonl\n"), "{error}");

    let changed = broken.replacen("device 000007", "device 000008", 1);
    let short: String = lines.lines().take(500).map(|line| format!("{line}\n")).collect();
    for (name, other) in [("changed", changed.as_str()), ("short", &short), ("empty", "")] {
        let other = place.write(name, other);
        let error = refused(place.run("import", "store", &["--input", &other, "--resume"]), 1);
        let expected = format!(
            "error: --resume: {other} is another input than {input}, or was changed in its first 2000 lines\n"
        );
        assert!(error.ends_with(&expected), "{error}");
    }
    assert_eq!(place.export("store"), before);

    // Under another name it is the same.
    let mended = place.write("mended.jsonl", &lines);
    let said = place.import("store", &mended, &["--resume"]);
    assert_eq!(went_on_behind(&said), 2_000);
    let error = refused(place.run("import", "store", &["--input", &mended, "--resume"]), 1);
    assert!(error.starts_with("error: --resume: no import into app shop of "), "{error}");
}

#[test]
fn an_export_that_was_cut_short_goes_on_with_the_whole_one() {
    let place = Place::new();
    place.import("store", &place.write("devices.jsonl", devices(2_500)), &[]);
    let whole = place.export("store");
    let half: String = whole.lines().take(1_800).map(|line| format!("{line}\n")).collect();
    let input = place.write("export.jsonl", half);
    let error = refused(place.run("import", "copy", &["--input", &input, "--keep"]), 1);
    assert!(error.ends_with("is an export that was cut short: its last line is missing\n"), "{error}");
    place.write("export.jsonl", &whole);
    place.import("copy", &input, &["--resume"]);
    assert_eq!(place.export("copy"), whole);
}

#[test]
fn an_import_that_was_killed_keeps_what_a_wrong_line_later_refuses() {
    let place = Place::new();
    let input = format!("{}nonsense\n", devices(12_000));
    kill_behind(&place, "store", &input.as_bytes()[..input.len() / 2], false);
    let arguments = ["import", "--store", &place.store("store"), "--app", APP, "--input", "-", "--resume"];
    let error = refused(rollbook(&arguments, input.as_bytes()), 1);
    assert!(error.contains("; `--resume` goes on after them"), "{error}");
    let corrected = input.replace("nonsense\n", "");
    resume(&place, "store", corrected.as_bytes());
    place.import("whole", &place.write("devices.jsonl", corrected), &[]);
    assert!(place.export("store") == place.export("whole"));
}

/// What was imported before is gone with the app: going on would leave it out of the new one.
#[test]
fn an_interrupted_import_is_over_when_its_app_is_removed() {
    let place = Place::new();
    let (lines, removal) = (devices(2_500), ["app", "remove", APP, "--yes", "--store"]);
    let (first, rest) = lines.split_at(lines.len() / 2 / 10 * 10);
    let cut = first.rfind('\n').unwrap() + 1;
    let broken = format!("{}nonsense\n{}{rest}", &first[..cut], &first[cut..]);
    let input = place.write("devices.jsonl", broken);
    for again in ["none", "another"] {
        refused(place.run("import", "store", &["--input", &input, "--keep"]), 1);
        done(rollbook(&[&removal[..], &[&place.store("store")]].concat(), b""));
        if again == "another" {
            done(rollbook(&["app", "create", APP, "--store", &place.store("store")], b""));
        }
        let error = refused(place.run("import", "store", &["--input", &input, "--resume"]), 1);
        let expected = "error: --resume: app shop was removed since the import was interrupted; import again without \
                        --resume\n";
        assert_eq!(error, expected, "{again}");
    }
    place.import("store", &place.write("devices.jsonl", &lines), &[]);
    assert!(!journal(&place, "store").exists());
    assert_eq!(
        open(place.path("store")).app(&key()).unwrap().count(&rollbook::Audience::All).unwrap(),
        2_500
    );
}

/// No file may grow beyond some blocks of 512 bytes: what a full disk is to the program.
#[cfg(unix)]
fn import_in(blocks: &str, store: &str, input: &str, more: &[&str]) -> std::process::Output {
    Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f \"$0\"; exec \"$@\"", blocks])
        .arg(env!("CARGO_BIN_EXE_rollbook"))
        .args(["import", "--store", store, "--app", APP, "--input", input])
        .args(more)
        .output()
        .unwrap()
}

#[cfg(unix)]
#[test]
fn an_import_goes_on_after_the_disk_was_full() {
    let place = Place::new();
    let (lines, store) = (devices(30_000), place.store("store"));
    let input = place.write("devices.jsonl", &lines);
    let full = import_in("1000", &store, &input, &[]);
    let error = String::from_utf8_lossy(&full.stderr).into_owned();
    assert_eq!(full.status.code(), Some(1), "{error}");
    assert!(error.contains("; `--resume` goes on after them\n"), "{error}");
    place.import("store", &input, &["--resume"]);
    place.import("whole", &input, &[]);
    assert!(place.export("store") == place.export("whole"));
}

/// A disk that has room for the app, but not for a batch, has none to remove the app again either.
#[cfg(unix)]
#[test]
fn an_app_of_no_lines_that_a_full_disk_left_is_not_in_the_way() {
    let place = Place::new();
    let (lines, store) = (devices(3_000), place.store("store"));
    let input = place.write("devices.jsonl", lines);
    let full = import_in("200", &store, &input, &[]);
    let error = String::from_utf8_lossy(&full.stderr).into_owned();
    assert_eq!(full.status.code(), Some(1), "{error}");
    assert!(error.starts_with(&format!("imported 0 lines of {input} into app shop, which this ")), "{error}");
    assert!(journal(&place, "store").exists());
    place.import("store", &input, &["--limits", "relaxed"]);
    assert_eq!(*open(place.path("store")).app(&key()).unwrap().limits(), rollbook::Limits::relaxed());
    place.import("whole", &input, &["--limits", "relaxed"]);
    assert!(place.export("store") == place.export("whole"));
}

/// An export, and the name of an input that begins as it does: its import into a copy made the app, and stopped.
fn stopped_after_the_app(place: &Place) -> (String, String) {
    place.import("store", &place.write("devices.jsonl", devices(10)), &[]);
    let export = place.export("store");
    // Devices before the wrong line are kept: but for them, this is a kill right after the app was made.
    let whole: Vec<&str> = export.lines().collect();
    let input = place.write("export.jsonl", format!("{}\n{}\nnonsense\n", whole[0], whole[1]));
    refused(place.run("import", "copy", &["--input", &input, "--keep"]), 1);
    (export, input)
}

#[test]
fn an_app_whose_import_was_interrupted_is_not_taken_for_one_that_was_there() {
    let place = Place::new();
    let (export, input) = stopped_after_the_app(&place);
    place.write("export.jsonl", &export);
    place.import("copy", &input, &["--resume"]);
    assert_eq!(place.export("copy"), export);
}

#[test]
fn another_export_does_not_take_the_place_of_one_that_was_interrupted() {
    let place = Place::new();
    let (export, input) = stopped_after_the_app(&place);
    let (first, rest) = export.split_once('\n').unwrap();
    let other = first.replacen("\"tags_per_device\":1000", "\"tags_per_device\":1", 1);
    let headless = devices(3);
    for other in [format!("{other}\n{rest}"), headless] {
        let other = place.write("other.jsonl", other);
        let error = refused(place.run("import", "copy", &["--input", &other, "--resume"]), 1);
        let expected =
            format!("{other} is another input than {input}, or was changed in its first 1 lines\n");
        assert!(error.ends_with(&expected), "{error}");
    }
    assert_eq!(open(place.path("copy")).app(&key()).unwrap().limits().tags_per_device, Some(1_000));
}

#[cfg(unix)]
#[test]
fn an_export_that_is_killed_leaves_no_file_that_looks_whole() {
    let place = Place::new();
    place.import("store", &place.write("devices.jsonl", devices(9_000)), &[]);
    let output = place.write("export.jsonl", "what was there");
    // The draft is a pipe that nobody empties, so the program is in the middle of it when it is killed.
    let draft = place.path("export.jsonl.part");
    assert!(Command::new("mkfifo").arg(&draft).status().unwrap().success());
    let mut child = Command::new(env!("CARGO_BIN_EXE_rollbook"))
        .args(["export", "--store", &place.store("store"), "--app", APP, "--output", &output])
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut begun = [0; 12];
    fs::File::open(&draft).unwrap().read_exact(&mut begun).unwrap();
    assert_eq!(&begun, b"{\"rollbook\":");
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(place.read("export.jsonl"), "what was there");
}
