//! `rollbook query`, run as a program.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests: a panic is a failed test"
)]

mod run;

use run::{Answer, rollbook};
use std::fs;
use std::path::PathBuf;

const DEVICES: &str = r#"{"id":"d1","platform":"ios","tags":["news","vip"],"user":"ann","alias":"ann"}
{"id":"d2","platform":"android","tags":["news"],"user":"ann","token":"t","mobile":"+1","language":"en","utc_offset":0}
{"id":"d3","platform":"huawei"}
{"id":"d4","platform":"ios","tags":["news","muted"]}
"#;

fn query(input: impl AsRef<[u8]>, arguments: &[&str]) -> Answer {
    rollbook(&[&["query", "--input", "-"], arguments].concat(), input.as_ref())
}

/// Answers, with nothing to say beside.
fn answered(input: impl AsRef<[u8]>, arguments: &[&str]) -> String {
    let Answer { code, stdout, stderr } = query(input, arguments);
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    stdout
}

/// Refuses without an answer.
fn refused(input: impl AsRef<[u8]>, arguments: &[&str], with: i32) -> String {
    let Answer { code, stdout, stderr } = query(input, arguments);
    assert_eq!((code, stdout.as_str()), (Some(with), ""), "{stderr}");
    stderr
}

fn file(name: &str, content: impl AsRef<[u8]>) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::write(&path, content).unwrap();
    path
}

#[test]
fn an_audience_is_answered_in_json_on_one_line() {
    let arguments = ["--json", "--audience", "news && !muted", "--audience", "user(ann) && platform(ios)"];
    assert_eq!(
        answered(DEVICES, &arguments),
        concat!(
            r#"{"audience":"news && !muted","count":2,"by_platform":{"ios":1,"android":1},"ids":["d1","d2"]}"#,
            "\n",
            r#"{"audience":"user(ann) && platform(ios)","count":1,"by_platform":{"ios":1},"ids":["d1"]}"#,
            "\n"
        )
    );
}

#[test]
fn an_audience_is_answered_for_a_person() {
    let text = answered(DEVICES, &["--audience", "all()", "--limit", "2", "--audience", "vip"]);
    assert_eq!(
        text,
        "audience   all()\n\
         devices    4\n\
         platforms  2 ios\n           1 android\n           1 huawei\n\
         first ids  d1\n           d4\n\
         \n\
         audience   vip\n\
         devices    1\n\
         platforms  1 ios\n\
         ids        d1\n"
    );
}

#[test]
fn an_audience_is_explained_and_so_is_why_a_device_is_not_in_it() {
    let arguments = ["--audience", "news && !muted", "--limit", "0", "--explain", "--why", "d4"];
    let text = answered(DEVICES, &arguments);
    let (_, explained) = text.split_once("explained  ").unwrap();
    assert!(explained.starts_with("2 devices: news && !muted\n           ios: 1 device\n"), "{text}");
    assert!(
        text.ends_with(
            "why        no: news && !muted\n           \u{2514}\u{2500} no: !muted\n              \u{2514}\u{2500} yes: muted\n"
        ),
        "{text}"
    );
    assert!(answered(DEVICES, &["--audience", "news", "--why", "d4"]).ends_with("why        d4 is in it\n"));

    let json = answered(DEVICES, &[&arguments[..], &["--json"]].concat());
    let answer: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(answer["explained"][0][0], "ios");
    assert_eq!(answer["explained"][0][1]["devices"], 1);
    assert_eq!(answer["why_not"]["holds"], false);
    let json = answered(DEVICES, &["--audience", "news", "--why", "d4", "--json"]);
    assert!(json.ends_with(",\"why_not\":null}\n"), "{json}");

    let error = refused(DEVICES, &["--audience", "news", "--why", "d9"], 1);
    assert!(error.contains("d9"), "{error}");
    let error = refused(DEVICES, &["--explain"], 2);
    assert!(error.contains("--audience"), "{error}");
}

#[test]
fn the_overlap_of_audiences_is_how_many_devices_are_in_several() {
    let arguments = ["--audience", "news", "--audience", "platform(ios)", "--limit", "0", "--overlap"];
    let text = answered(DEVICES, &arguments);
    assert!(text.ends_with("\n\nin any     3\nin several 2\n"), "{text}");
    let json = answered(DEVICES, &[&arguments[..], &["--json"]].concat());
    assert!(json.ends_with("{\"overlap\":{\"each\":[3,2],\"any\":3,\"several\":2}}\n"), "{json}");
}

#[test]
fn an_audience_of_nobody_is_answered_with_zero() {
    let json = answered(DEVICES, &["--json", "--audience", "no_such_tag"]);
    assert_eq!(json, "{\"audience\":\"no_such_tag\",\"count\":0,\"by_platform\":{},\"ids\":[]}\n");
    assert_eq!(answered("", &["--audience", "a"]), "audience   a\ndevices    0\n");
}

#[test]
fn names_with_special_characters_come_back_as_json() {
    let line = r#"{"id":"a \"b\" \u00e9","platform":"unknown","tags":["x y"]}"#;
    let json = answered(line, &["--json", "--audience", r#""x y""#]);
    let answer: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(
        answer,
        serde_json::json!({
            "audience": r#""x y""#, "count": 1, "by_platform": {"unknown": 1}, "ids": ["a \"b\" é"]
        })
    );
}

#[test]
fn the_limit_is_how_many_ids_are_printed() {
    let ids = |limit: &str| {
        let json = answered(DEVICES, &["--json", "--audience", "all()", "--limit", limit]);
        let answer: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(answer["count"], 4);
        answer["ids"].as_array().unwrap().len()
    };
    assert_eq!(["0", "1", "3", "4", "5", "1000000000000"].map(ids), [0, 1, 3, 4, 4, 4]);
}

#[test]
fn ten_ids_are_printed_unless_asked_otherwise() {
    let lines: String = (0..30).map(|n| format!("{{\"id\":\"d{n}\",\"platform\":\"ios\"}}\n")).collect();
    let answer: serde_json::Value =
        serde_json::from_str(&answered(lines, &["--json", "--audience", "all()"])).unwrap();
    assert_eq!(answer["ids"].as_array().unwrap().len(), 10);
}

#[test]
fn more_ids_than_one_page_holds_are_all_printed_once() {
    let lines: String = (0..70_000).map(|n| format!("{{\"id\":\"d{n}\",\"platform\":\"ios\"}}\n")).collect();
    let json = answered(lines, &["--json", "--audience", "all()", "--limit", "69999"]);
    let answer: serde_json::Value = serde_json::from_str(&json).unwrap();
    let ids: std::collections::BTreeSet<_> =
        answer["ids"].as_array().unwrap().iter().map(|id| id.as_str().unwrap()).collect();
    assert_eq!(ids.len(), 69_999);
}

#[test]
fn a_file_is_read_like_standard_input() {
    let path = file("devices.jsonl", DEVICES);
    let path = path.to_str().unwrap();
    let answer = rollbook(&["query", "--input", path, "--json", "--audience", "news"], b"");
    assert_eq!(answer.stdout, answered(DEVICES, &["--json", "--audience", "news"]));
}

#[test]
fn without_an_audience_the_devices_are_summarized() {
    assert_eq!(
        answered(DEVICES, &["--limit", "2"]),
        "devices    4\n\
         platforms  2 ios\n           1 android\n           1 huawei\n\
         tags       3\n\
         largest    3 news\n           1 muted\n"
    );
    let json = |largest: &str| {
        format!(
            r#"{{"devices":4,"by_platform":{{"ios":2,"android":1,"huawei":1}},"tags":3,"largest_tags":[{largest}]}}{}"#,
            "\n"
        )
    };
    let all = r#"{"tag":"news","devices":3},{"tag":"muted","devices":1},{"tag":"vip","devices":1}"#;
    assert_eq!(answered(DEVICES, &["--json"]), json(all));
    assert_eq!(answered(DEVICES, &["--json", "--limit", "1"]), json(r#"{"tag":"news","devices":3}"#));
    assert_eq!(answered(DEVICES, &["--json", "--limit", "0"]), json(""));
}

#[test]
fn a_later_line_updates_the_device_of_an_earlier_one() {
    let lines = r#"{"id":"d","platform":"ios","tags":["a"],"alias":"x","user":"u"}
{"id":"d","platform":"android","tags":["b"],"alias":"y"}"#;
    let json = answered(lines, &["--json", "--audience", "a && b && alias(y) && user(u) && !alias(x)"]);
    assert!(json.contains(r#""count":1,"by_platform":{"android":1},"ids":["d"]"#), "{json}");
}

#[test]
fn empty_lines_line_ends_of_any_system_and_a_byte_order_mark_are_no_fault() {
    let lines =
        "\u{feff}{\"id\":\"d1\",\"platform\":\"ios\"}\r\n\r\n \t\n{\"id\":\"d2\",\"platform\":\"ios\"}";
    assert!(answered(lines, &["--json"]).starts_with(r#"{"devices":2,"#));
}

#[test]
fn a_bad_line_is_refused_with_its_number_and_its_reason() {
    let member = "known: must be one of id platform tags alias user token mobile language utc_offset last_seen: got another member";
    let long = "x".repeat(256);
    for (line, reason) in [
        ("nonsense", "not a JSON object: expected ident at column 2"),
        (r#"["d","ios"]"#, "not a JSON object: got a list"),
        (r#"{"id":"d","platform":"ios"},"#, "not a JSON object: trailing characters at column 28"),
        (r#"{"id":"d","platform":"ios""#, "not a JSON object: EOF while parsing an object at column 26"),
        (r#"{"platform":"ios"}"#, "id: present: must be given: got none"),
        (r#"{"id":"d"}"#, "platform: present: must be given: got none"),
        (r#"{"id":7,"platform":"ios"}"#, "id: type: must be a string: got 7"),
        (r#"{"id":"d","platform":"ios","tags":"a"}"#, "tags: type: must be a list of strings: got \"a\""),
        (r#"{"id":"d","platform":"ios","tags":["a",["b"]]}"#, "tags[1]: type: must be a string: got [\"b\"]"),
        (r#"{"id":"d","platform":"ios","color":1}"#, &format!("\"color\": {member}")),
        (r#"{"id":"","platform":"ios"}"#, "id: bytes: must be 1 to 255: got 0 (\"\")"),
        (
            r#"{"id":"d","platform":"ios","tags":["a","\n"]}"#,
            "tags[1]: characters: must hold no control characters: got \"\\n\"",
        ),
        (
            r#"{"id":"d","platform":"ios","utc_offset":50401}"#,
            "utc_offset: range: must be -43200 to 50400: got 50401",
        ),
        (
            r#"{"id":"d","platform":"ios","mobile":"call me"}"#,
            "mobile: form: must be + or a digit, then digits and -, with at least one digit: got \"call me\"",
        ),
        (
            r#"{"id":"d","platform":"ios","language":"english"}"#,
            "language: form: must be a BCP 47 tag: 2 or 3 letters, optionally a script, a region and variants: got \"english\"",
        ),
        (&format!(r#"{{"id":"{long}","platform":"ios"}}"#), "id: bytes: must be 1 to 255: got 256"),
    ] {
        let error = refused(format!("{DEVICES}\n{line}\n{DEVICES}"), &["--audience", "news"], 1);
        let expected = format!("error: standard input, line 6: {reason}");
        assert!(error.starts_with(&expected) && error.lines().count() == 1, "{line}\n{error}{expected}");
    }
}

#[test]
fn a_line_that_names_an_app_is_refused() {
    let line = r#"{"id":"d","platform":"ios","app":"other"}"#;
    let error = refused(line, &["--audience", "news"], 1);
    assert!(
        error.starts_with("error: standard input, line 1: \"app\": known: must be one of id "),
        "{error}"
    );
    assert!(error.ends_with("got another member\n"), "{error}");
}

#[test]
fn an_unknown_platform_is_refused_with_the_known_ones() {
    let error = refused(r#"{"id":"d","platform":"amiga"}"#, &[], 1);
    assert!(error.contains("line 1: platform: known: must be one of unknown ios android "), "{error}");
    assert!(error.ends_with(": got \"amiga\"\n"), "{error}");
}

#[test]
fn a_line_that_is_not_text_is_refused() {
    let error = refused(b"{\"id\":\"d\xff\",\"platform\":\"ios\"}", &[], 1);
    assert_eq!(error, "error: standard input, line 1: not UTF-8 from byte 9 on\n");
}

#[test]
fn a_line_that_is_too_long_is_refused_and_what_follows_is_read() {
    let lines = format!("{}\n{DEVICES}", "x".repeat((1 << 22) + 1));
    let error = refused(&lines, &["--audience", "news"], 1);
    assert_eq!(error, "error: standard input, line 1: line: bytes: must be at most 4194304: got more\n");
    assert!(query(&lines, &["--json", "--skip-invalid"]).stdout.starts_with(r#"{"devices":4,"#));
}

#[test]
fn bad_lines_are_skipped_and_listed_when_asked_for() {
    let lines = format!("nonsense\n{DEVICES}{{\"id\":\"d9\",\"platform\":\"ios\",\"tags\":[\"a\",\"\"]}}\n");
    let Answer { code, stdout, stderr } =
        query(&lines, &["--skip-invalid", "--json", "--audience", "all()", "--limit", "0"]);
    assert_eq!(code, Some(0));
    assert!(stdout.contains(r#""count":4,"#), "{stdout}");
    assert_eq!(
        stderr,
        "skipped 2 of 6 lines:\n  line 1: not a JSON object: expected ident at column 2\n  \
         line 6: tags[1]: bytes: must be 1 to 255: got 0 (\"\")\n"
    );
    assert_eq!(answered(DEVICES, &["--skip-invalid"]), answered(DEVICES, &[]));
}

#[test]
fn a_bad_expression_is_refused_with_a_caret_before_anything_is_read() {
    let arguments = ["query", "--input", "no such file", "--audience", "news", "--audience", "news && )"];
    let Answer { code, stdout, stderr } = rollbook(&arguments, b"");
    assert_eq!((code, stdout.as_str()), (Some(2), ""));
    assert_eq!(
        stderr,
        "error: --audience: column 9: expected a name, a function, `!` or `(`, found `)`\n  news && )\n          ^\n"
    );
}

#[test]
fn an_expression_may_begin_with_a_hyphen() {
    let lines = r#"{"id":"d","platform":"ios","tags":["-x"]}"#;
    assert!(answered(lines, &["--json", "--audience", "-x"]).contains(r#""count":1,"#));
}

#[test]
fn without_limits_a_file_is_answered_for_as_it_is_and_with_them_it_is_held_to_them() {
    let tags = |count: usize| (0..count).map(|n| format!("\"t{n}\"")).collect::<Vec<_>>().join(",");
    let device = |id: usize, tags: &str, alias: &str| {
        format!("{{\"id\":\"d{id}\",\"platform\":\"ios\",\"tags\":[{tags}],\"alias\":\"{alias}\"}}\n")
    };
    let jpush = ["--limits", "jpush"];
    let (at, above) = (device(1, &tags(100), "a"), device(1, &tags(101), "a"));
    answered(&above, &[]);
    answered(&at, &jpush);
    assert!(refused(&above, &jpush, 1).contains("line 1: tags: items: must be at most 100: got 101"));

    let sharers = |count| (0..count).map(|id| device(id, "", "a")).collect::<String>();
    answered(sharers(11), &[]);
    answered(sharers(10), &jpush);
    assert!(
        refused(sharers(11), &jpush, 1).contains("line 11: alias: devices per alias: must be at most 10")
    );

    let named = device(1, "\"country:us\"", "a");
    answered(&named, &["--limits", "relaxed"]);
    assert!(refused(&named, &jpush, 1).contains("line 1: tags[0]: characters: "));
    let listed = query(above + &at, &["--limits", "jpush", "--skip-invalid", "--json"]);
    assert!(listed.stdout.starts_with(r#"{"devices":1,"#) && listed.stderr.contains("skipped 1 of 2 lines:"));
}

#[test]
fn an_input_that_cannot_be_read_is_named() {
    let error = rollbook(&["query", "--input", "no such file"], b"");
    assert_eq!((error.code, error.stdout.as_str()), (Some(1), ""));
    assert!(error.stderr.starts_with("error: cannot open no such file: "), "{}", error.stderr);
    let error = rollbook(&["query", "--input", env!("CARGO_TARGET_TMPDIR")], b"");
    assert_eq!((error.code, error.stdout.as_str()), (Some(1), ""));
    assert!(error.stderr.contains("is a directory"), "{}", error.stderr);
}

#[test]
fn a_command_line_that_makes_no_sense_is_refused() {
    for arguments in [&["query"][..], &["query", "--input", "-", "--limits", "none"], &["nonsense"], &[]] {
        let answer = rollbook(arguments, b"");
        assert_eq!((answer.code, answer.stdout.as_str()), (Some(2), ""), "{arguments:?}");
    }
}

#[test]
fn how_long_the_load_took_is_told_when_asked_for() {
    let answer = query(DEVICES, &["--verbose", "--json"]);
    assert!(answer.stderr.starts_with("loaded 4 lines into 4 devices in "), "{}", answer.stderr);
    assert_eq!(answer.stdout, answered(DEVICES, &["--json"]));
}

#[cfg(unix)]
#[test]
fn a_reader_that_leaves_is_no_failure() {
    use std::process::{Command, Stdio};
    let lines: String =
        (0..20_000).map(|n| format!("{{\"id\":\"device-{n}\",\"platform\":\"ios\"}}\n")).collect();
    let path = file("many.jsonl", lines);
    let mut child = Command::new(env!("CARGO_BIN_EXE_rollbook"))
        .args(["query", "--audience", "all()", "--limit", "20000", "--input"])
        .arg(path)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), b"".as_slice()));
}
