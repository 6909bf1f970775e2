//! Damaged logs and files that are gone: named, never opened as if they were whole, and what is left is read on request.

use crate::place::{Place, create, done, key, open, refused};
use crate::run::{Answer, rollbook};
use rollbook::{AppSettings, DeviceId, Platform, Registration};
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

/// A register of 40 devices, all of it in its log, one commit each.
fn in_the_log() -> (Place, PathBuf) {
    let place = Place::new();
    let register = open(place.path("store"));
    let app = create(&register, AppSettings::default());
    for n in 0..40 {
        app.register(&Registration::new(DeviceId::new(format!("d{n}")).unwrap(), Platform::Ios)).unwrap();
    }
    drop((app, register));
    let log =
        files(&place).into_keys().find(|file| file.extension().is_some_and(|ext| ext == "log")).unwrap();
    (place, log)
}

fn files(place: &Place) -> BTreeMap<PathBuf, Vec<u8>> {
    let all = fs::read_dir(place.path("store/db")).unwrap().map(|entry| entry.unwrap().path());
    all.map(|file| (file.clone(), fs::read(file).unwrap())).collect()
}

fn flip_in_the_middle(log: &PathBuf) {
    let mut bytes = fs::read(log).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 4;
    fs::write(log, bytes).unwrap();
}

#[test]
fn a_flipped_bit_in_the_log_is_named_by_every_command_and_changes_nothing() {
    let (place, log) = in_the_log();
    flip_in_the_middle(&log);
    let before = files(&place);
    let store = place.store("store");
    let input = place.write("more.jsonl", "{\"id\":\"more\",\"platform\":\"ios\"}\n");
    for arguments in [
        &["verify", "--store", &store][..],
        &["export", "--store", &store, "--app", "shop"],
        &["query", "--store", &store, "--app", "shop"],
        &["stats", "--store", &store],
        &["backup", "--store", &store, "--to", &place.text("copy")],
        &["restore", "--from", &place.text("store"), "--to", &place.text("copy")],
        &["import", "--store", &store, "--app", "shop", "--input", &input],
        &["app", "list", "--store", &store],
        &["serve", "--store", &store, "--listen", "127.0.0.1:0"],
    ] {
        let error = refused(rollbook(arguments, b""), 1);
        let named = format!("the register is damaged: {}, at byte ", log.display());
        assert!(error.contains(&named) && error.contains("--salvage"), "{arguments:?}: {error}");
        assert_eq!(files(&place), before, "{arguments:?}");
        assert!(!place.path("copy").exists(), "{arguments:?}");
    }
}

#[test]
fn what_is_left_before_the_damage_can_be_read_and_copied() {
    let (place, log) = in_the_log();
    flip_in_the_middle(&log);
    let before = files(&place);
    let (lines, said) = done(place.run("export", "store", &["--salvage"]));
    assert!(
        said.starts_with(&format!("only what was written before the damage is read: {}", log.display())),
        "{said}"
    );
    let exported = lines.lines().filter(|line| line.starts_with("{\"id\":")).count();
    assert!((5..35).contains(&exported), "{exported}");
    let (answer, _) = done(place.run("query", "store", &["--salvage", "--audience", "all()"]));
    assert!(answer.contains(&format!("devices    {exported}\n")), "{answer}");

    let Answer { code, stdout, stderr } = place.run("verify", "store", &["--salvage"]);
    assert_eq!(code, Some(1), "{stdout}{stderr}");
    assert!(stdout.starts_with(&format!("finding    {}, at byte ", log.display())), "{stdout}");
    assert!(stdout.contains(&format!("app shop: {exported} devices")), "{stdout}");
    assert!(stderr.ends_with("error: 1 finding\n"), "{stderr}");

    let (store, copy) = (place.store("store"), place.text("copy"));
    let (_, said) = done(rollbook(&["backup", "--store", &store, "--to", &copy, "--salvage"], b""));
    assert!(said.starts_with("only what was written before the damage is read: "), "{said}");
    assert_eq!(files(&place), before, "the damaged register stays as it is");
    assert_eq!(place.export("copy"), lines);
    done(place.run("verify", "copy", &[]));
    // It is a register like any other.
    let register = open(place.path("copy"));
    let app = register.app(&key()).unwrap();
    app.register(&Registration::new(DeviceId::new("later").unwrap(), Platform::Ios)).unwrap();
}

#[test]
fn a_file_that_is_gone_is_named_and_no_owner_is_blamed() {
    let (place, log) = in_the_log();
    let current = place.path("store/db/CURRENT");
    for gone in [log, current] {
        let bytes = fs::read(&gone).unwrap();
        fs::remove_file(&gone).unwrap();
        for command in ["verify", "query", "export"] {
            let error = refused(place.run(command, "store", &[]), 1);
            assert!(error.contains(&format!("{}: is missing", gone.display())), "{command}: {error}");
            assert!(!error.contains("owner"), "{error}");
        }
        fs::write(&gone, bytes).unwrap();
    }
    done(place.run("verify", "store", &[]));
}

#[test]
fn a_commit_that_a_crash_cut_short_is_told_and_is_no_finding() {
    let (place, log) = in_the_log();
    let bytes = fs::read(&log).unwrap();
    fs::write(&log, &bytes[..bytes.len() - 3]).unwrap();
    let (answer, _) = done(place.run("verify", "store", &[]));
    let told = format!("log        {} ends at byte ", log.display());
    assert!(answer.starts_with(&told) && answer.ends_with("sound\n"), "{answer}");
    assert!(answer.contains("app shop: 39 devices"), "{answer}");
}
