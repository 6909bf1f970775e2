//! Audiences of a directory.

use crate::place::{APP, Place, devices, done, open, refused};
use crate::run::rollbook;

const AUDIENCES: [&str; 6] =
    ["all()", "third", "all && !third", "alias(a1) || user(u7)", "platform(ios, huawei) && !all", "nobody"];

#[test]
fn a_directory_answers_as_the_file_that_was_imported() {
    let place = Place::new();
    let input = place.write("devices.jsonl", devices(2_500));
    place.import("store", &input, &[]);
    let mut audiences = vec!["--json", "--limit", "100"];
    audiences.extend(AUDIENCES.iter().flat_map(|audience| ["--audience", *audience]));
    for more in [audiences.as_slice(), &["--json"], &["--limit", "3", "--audience", "all"], &[]] {
        let from_file = done(rollbook(&[&["query", "--input", &input], more].concat(), b""));
        assert_eq!(done(place.run("query", "store", more)), from_file, "{more:?}");
    }
}

#[test]
fn an_export_is_an_input_of_questions_too() {
    let place = Place::new();
    place.import("store", &place.write("devices.jsonl", devices(300)), &[]);
    place.write("export.jsonl", place.export("store"));
    let asked = ["--json", "--audience", "third && !user(u7)"];
    let from_export =
        rollbook(&[&["query", "--input", &place.text("export.jsonl")], &asked[..]].concat(), b"");
    let (from_export, said) = done(from_export);
    assert_eq!((from_export, said.as_str()), (done(place.run("query", "store", &asked)).0, ""));
}

#[test]
fn an_export_that_was_cut_short_is_not_answered_for() {
    let place = Place::new();
    place.import("store", &place.write("devices.jsonl", devices(30)), &[]);
    let whole = place.export("store");
    let cut = place.write("cut.jsonl", whole.strip_suffix("{\"end\":true}\n").unwrap());
    let error = refused(rollbook(&["query", "--input", &cut, "--skip-invalid"], b""), 1);
    assert_eq!(error, format!("error: {cut}: is an export that was cut short: its last line is missing\n"));
}

#[test]
fn a_directory_in_use_can_be_asked() {
    let place = Place::new();
    place.import("store", &place.write("devices.jsonl", devices(8)), &[]);
    let owner = open(place.path("store"));
    let (answer, _) = done(place.run("query", "store", &["--json", "--limit", "0", "--audience", "all()"]));
    assert!(answer.contains(r#""count":8,"#), "{answer}");
    drop(owner);
}

#[test]
fn a_question_names_a_file_or_a_directory_and_its_app() {
    let place = Place::new();
    let (input, store) = (place.write("devices.jsonl", ""), place.store("store"));
    for arguments in [
        &["query", "--input", &input, "--store", &store, "--app", APP][..],
        &["query", "--store", &store],
        &["query", "--input", &input, "--app", APP],
        &["query", "--app", APP],
        &["query", "--store", &store, "--app", APP, "--skip-invalid"],
        &["query", "--store", &store, "--app", APP, "--limits", "jpush"],
        &["query", "--store", &store, "--app", "no key"],
    ] {
        refused(rollbook(arguments, b""), 2);
    }
}

#[test]
fn an_audience_is_held_to_the_limits_of_the_app() {
    let place = Place::new();
    let register = open(place.path("store"));
    let limits = rollbook::Limits { audience_nodes: 3, ..rollbook::Limits::jpush() };
    let settings = rollbook::AppSettings { limits, ..rollbook::AppSettings::default() };
    crate::place::create(&register, settings);
    drop(register);
    done(place.run("query", "store", &["--audience", "a || b"]));
    let error = refused(place.run("query", "store", &["--audience", "a || b || c"]), 2);
    assert!(error.starts_with("error: --audience: "), "{error}");
}
