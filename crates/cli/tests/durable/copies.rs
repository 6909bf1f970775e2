//! Backups, and registers made of them.

use crate::place::{Place, devices, done, open, refused};
use crate::run::rollbook;
use rollbook::{DeviceId, Platform, Registration};

#[test]
fn a_backup_is_restored_as_it_was_made() {
    let place = Place::new();
    place.import("store", &place.write("devices.jsonl", devices(500)), &[]);
    let before = place.export("store");
    let (store, backup, restored) = (place.store("store"), place.text("backup"), place.text("restored"));
    let (answer, said) = done(rollbook(&["backup", "--store", &store, "--to", &backup], b""));
    assert!(answer.is_empty() && said.starts_with("backed "), "{said}");

    let register = open(place.path("store"));
    let app = register.app(&crate::place::key()).unwrap();
    app.register(&Registration::new(DeviceId::new("later").unwrap(), Platform::Ios)).unwrap();
    drop((app, register));
    assert_ne!(place.export("store"), before);

    done(rollbook(&["restore", "--from", &backup, "--to", &restored], b""));
    for copy in ["backup", "restored"] {
        assert_eq!(place.export(copy), before, "{copy}");
        done(place.run("verify", copy, &[]));
    }
}

#[test]
fn a_copy_goes_to_a_new_directory_only() {
    let place = Place::new();
    place.import("store", &place.write("devices.jsonl", devices(5)), &[]);
    let (store, backup, there) = (place.store("store"), place.text("backup"), place.text("there"));
    done(rollbook(&["backup", "--store", &store, "--to", &backup], b""));
    std::fs::create_dir(place.path("there")).unwrap();
    place.write("there/letters.txt", "dear ann");
    for arguments in
        [["backup", "--store", &store, "--to", &there], ["restore", "--from", &backup, "--to", &there]]
    {
        let error = refused(rollbook(&arguments, b""), 1);
        assert!(error.ends_with("/there: exists already\n"), "{error}");
    }
    assert_eq!(place.read("there/letters.txt"), "dear ann");
}

#[test]
fn what_is_no_backup_is_not_restored() {
    let place = Place::new();
    std::fs::create_dir(place.path("letters")).unwrap();
    place.write("letters/letters.txt", "dear ann");
    for (from, why) in
        [("nowhere", "there is no store here"), ("letters", "holds files, but not those of a store")]
    {
        let arguments = ["restore", "--from", &place.text(from), "--to", &place.text("copy")];
        let error = refused(rollbook(&arguments, b""), 1);
        assert!(error.ends_with(&format!("/{from}: {why}\n")), "{error}");
        assert!(!place.path("copy").exists());
    }
}
