//! Backups, and registers made of them.

use crate::place::{Place, create, devices, done, key, open, quick, refused};
use crate::run::rollbook;
use rollbook::{AppSettings, DeviceId, Limits, Platform, Registration, Registry};
use rollbook_store_rocks::{RocksOptions, RocksStore};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};

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

#[test]
fn a_backup_beside_a_service_has_everything_that_was_acknowledged_before_it_began() {
    let place = Place::new();
    // So small that logs and tables come and go all the time.
    let options = RocksOptions { memory_bytes: 8 << 20, write_buffer_percent: 5, ..quick() };
    let store = RocksStore::open(place.path("store"), &options).unwrap();
    let register = Registry::builder(store).build();
    let app = create(&register, AppSettings { limits: Limits::unlimited(), ..AppSettings::default() });
    let id = |writer: usize, n: usize| DeviceId::new(format!("{writer}-{n}-{n:0100}")).unwrap();
    let done_by = [const { AtomicUsize::new(0) }; 3];
    let ended = AtomicBool::new(false);
    /// The writers end however the test does.
    struct End<'a>(&'a AtomicBool);
    impl Drop for End<'_> {
        fn drop(&mut self) {
            self.0.store(true, SeqCst);
        }
    }
    std::thread::scope(|scope| {
        for (writer, done) in done_by.iter().enumerate() {
            let (app, ended) = (&app, &ended);
            scope.spawn(move || {
                for n in 0.. {
                    if ended.load(SeqCst) {
                        return;
                    }
                    app.register(&Registration::new(id(writer, n), Platform::Ios)).unwrap();
                    done.store(n + 1, SeqCst);
                }
            });
        }
        let _end = End(&ended);
        for round in 0..4 {
            let before = done_by.each_ref().map(|done| done.load(SeqCst));
            let copy = format!("copy{round}");
            let arguments = ["backup", "--store", &place.store("store"), "--to", &place.text(&copy)];
            let (answer, said) = done(rollbook(&arguments, b""));
            assert!(answer.is_empty() && said.starts_with("backed "), "{said}");
            let (answer, _) = done(place.run("verify", &copy, &[]));
            assert!(answer.ends_with("sound\n"), "{answer}");
            let saved = open(place.path(&copy));
            let saved = saved.app(&key()).unwrap();
            for (writer, count) in before.into_iter().enumerate() {
                for n in 0..count {
                    assert!(
                        saved.device(&id(writer, n)).is_ok(),
                        "{copy}: {n} of {count} of writer {writer}"
                    );
                }
            }
            // More is written before the next one.
            while done_by.iter().map(|done| done.load(SeqCst)).sum::<usize>()
                < before.iter().sum::<usize>() + 3_000
            {
                std::thread::yield_now();
            }
        }
    });
    assert!(register.store().stats().unwrap().flushed_bytes > 0, "tables were written meanwhile");
}

#[cfg(unix)]
#[test]
fn only_the_owner_may_look_at_what_the_program_writes() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    let mode = |name: &str| std::fs::metadata(place.path(name)).unwrap().permissions().mode() & 0o777;
    // A directory that somebody made as directories are made becomes the owner's alone.
    std::fs::create_dir(place.path("store")).unwrap();
    place.import("store", &place.write("devices.jsonl", devices(5)), &[]);
    for (command, from, to) in [("backup", "--store", "backup"), ("restore", "--from", "restored")] {
        let from_text = if command == "backup" { place.store("store") } else { place.text("backup") };
        done(rollbook(&[command, from, &from_text, "--to", &place.text(to)], b""));
    }
    for directory in ["store", "backup", "restored"] {
        assert_eq!((mode(directory), mode(&format!("{directory}/db"))), (0o700, 0o700), "{directory}");
        assert_eq!(mode(&format!("{directory}/FORMAT")), 0o600, "{directory}");
    }
    // In place of one that everybody could read.
    place.write("shop.jsonl", "old");
    assert_eq!(mode("shop.jsonl") & 0o044, 0o044, "the test runs with a usual mask");
    done(place.run("export", "store", &["--output", &place.text("shop.jsonl")]));
    assert_eq!(mode("shop.jsonl"), 0o600);
}
