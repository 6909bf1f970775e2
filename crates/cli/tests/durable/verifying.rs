//! What `verify` finds, and that it finds nothing where nothing is.

use crate::place::{Place, create, devices, done, key, open};
use crate::run::{Answer, rollbook};
use rollbook::store::{DeviceRecord, Operation, Store, WriteSet};
use rollbook::{AppId, AppKey, AppSettings, DeviceId, Platform, Registration};
use std::collections::BTreeSet;
use std::fs;

fn verify(place: &Place, more: &[&str]) -> Answer {
    rollbook(&[&["verify", "--store", &place.store("store")], more].concat(), b"")
}

/// The findings of a store that is not sound.
fn findings(place: &Place, more: &[&str]) -> Vec<String> {
    let Answer { code, stdout, stderr } = verify(place, more);
    let findings: Vec<String> =
        stdout.lines().filter_map(|line| line.strip_prefix("finding    ")).map(str::to_owned).collect();
    assert_eq!(code, Some(1), "{stdout}{stderr}");
    assert!(!findings.is_empty() && !stdout.lines().any(|line| line == "sound"), "{stdout}{stderr}");
    let count = if findings.len() == 1 { "1 finding".into() } else { format!("{} findings", findings.len()) };
    assert_eq!(stderr, format!("error: {count}\n"), "{stdout}");
    findings
}

#[test]
fn a_register_of_everything_is_sound() {
    let place = Place::new();
    let lines = devices(1_200)
        + "{\"event_type\":\"e\",\"declared_at\":1}\n{\"event\":\"e\",\"at\":1,\"user\":\"u0\",\"attributes\":{}}\n";
    place.import("store", &place.write("devices.jsonl", lines), &[]);
    let register = open(place.path("store"));
    let gone = AppKey::new("gone").unwrap();
    let app = register.create_app(&gone, AppSettings::default()).unwrap();
    app.register(&Registration::new(DeviceId::new("d").unwrap(), Platform::Ios)).unwrap();
    register.delete_app(&gone).unwrap();
    register.create_app(&AppKey::new("empty").unwrap(), AppSettings::default()).unwrap();
    drop((app, register));
    // Also while it is in use.
    let owner = open(place.path("store"));
    let (answer, said) = done(verify(&place, &[]));
    drop(owner);
    assert!(said.is_empty(), "{said}");
    let lines: Vec<&str> = answer.lines().collect();
    assert!(lines[0].starts_with("tables ") && lines[0].ends_with(" bytes read"), "{answer}");
    let shop = "app shop: 1200 devices, 2 tags, 48 aliases, 840 users, 1 events ever";
    assert_eq!(
        lines[1..],
        [shop, "app empty: 0 devices, 0 tags, 0 aliases, 0 users, 0 events ever", "sound"]
    );
    let (answer, _) = done(verify(&place, &["--app", "shop"]));
    assert_eq!(answer.lines().skip(1).collect::<Vec<_>>(), [shop, "sound"]);
}

#[test]
fn what_contradicts_itself_is_found_in_every_app() {
    let place = Place::new();
    let register = open(place.path("store"));
    create(&register, AppSettings::default());
    register.create_app(&AppKey::new("sound").unwrap(), AppSettings::default()).unwrap();
    register.create_app(&AppKey::new("other").unwrap(), AppSettings::default()).unwrap();
    // A device that no register would make: nobody's.
    for (app, id) in [(1, "d1"), (1, "d2"), (3, "d3")] {
        let record = Box::new(DeviceRecord::new(DeviceId::new(id).unwrap()));
        let operation = Operation::Insert { platform: Platform::Ios, record, last_seen: None, keys: vec![] };
        let writes = WriteSet { operations: [operation].into_iter().collect(), ..WriteSet::default() };
        register.store().commit(AppId(app), &writes).unwrap();
    }
    drop(register);
    let found = findings(&place, &[]);
    assert_eq!(found.len(), 3, "{found:?}");
    assert_eq!(found.iter().filter(|found| found.starts_with("app shop: ")).count(), 2, "{found:?}");
    assert_eq!(found.iter().filter(|found| found.starts_with("app other: ")).count(), 1, "{found:?}");
    assert!(found.iter().all(|found| found.ends_with(" has neither a user nor a deletion")), "{found:?}");
    assert_eq!(findings(&place, &["--app", key().as_str()]).len(), 2);
    done(verify(&place, &["--app", "sound"]));
}

/// The table files of a store.
fn tables(place: &Place) -> BTreeSet<std::path::PathBuf> {
    let files = fs::read_dir(place.path("store/db")).unwrap().map(|entry| entry.unwrap().path());
    files.filter(|path| path.extension().is_some_and(|extension| extension == "sst")).collect()
}

#[test]
fn a_changed_byte_of_any_table_is_found() {
    let place = Place::new();
    let lines = devices(400)
        + "{\"event_type\":\"e\",\"declared_at\":1}\n{\"event\":\"e\",\"at\":1,\"user\":\"u0\",\"attributes\":{}}\n";
    place.import("store", &place.write("devices.jsonl", lines), &[]);
    open(place.path("store")).store().compact().unwrap();
    done(verify(&place, &[]));
    let mut families = BTreeSet::new();
    for table in tables(&place) {
        let right = fs::read(&table).unwrap();
        let mut wrong = right.clone();
        // In the first block of keys and values.
        wrong[3] ^= 1;
        fs::write(&table, wrong).unwrap();
        let Answer { code, stdout, stderr } = verify(&place, &[]);
        assert_eq!(code, Some(1), "{stdout}{stderr}");
        let found: Vec<&str> =
            stdout.lines().filter(|line| line.starts_with("finding    tables of ")).collect();
        for line in &found {
            families.insert(line.split([' ', ',']).nth(6).unwrap().to_owned());
        }
        assert!(!found.is_empty() || stderr.contains("cannot"), "{stdout}{stderr}");
        fs::write(&table, right).unwrap();
    }
    // Nine families hold something here.
    assert!(families.len() >= 8, "{families:?}");
    done(verify(&place, &[]));
}

#[test]
fn damage_of_one_table_does_not_hide_that_of_another() {
    let place = Place::new();
    place.import("store", &place.write("devices.jsonl", devices(400)), &[]);
    open(place.path("store")).store().compact().unwrap();
    for table in tables(&place) {
        let mut bytes = fs::read(&table).unwrap();
        bytes[3] ^= 1;
        fs::write(table, bytes).unwrap();
    }
    let found = findings(&place, &[]);
    let families: BTreeSet<&str> =
        found.iter().filter_map(|found| found.strip_prefix("tables of ")?.split(',').next()).collect();
    assert!(families.len() >= 7, "{found:?}");
    assert!(found.iter().any(|found| !found.starts_with("tables of ")), "{found:?}");
}
