//! `rollbook app`, run as a program.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests: a panic is a failed test"
)]

mod run;

use run::rollbook;

#[test]
fn a_register_in_memory_has_no_apps_to_administer() {
    for command in [&["create", "shop"][..], &["list"], &["rotate-secret", "shop"], &["remove", "shop"]] {
        let answer = rollbook(&[&["app"], command, &["--store", "memory"]].concat(), b"");
        assert_eq!((answer.code, answer.stdout.as_str()), (Some(2), ""));
        assert!(answer.stderr.contains("is gone when the program ends"), "{}", answer.stderr);
        let none = rollbook(&[&["app"], command].concat(), b"");
        assert!(none.code == Some(2) && none.stderr.contains("--store <STORE>"), "{}", none.stderr);
    }
}

#[cfg(not(feature = "rocks"))]
#[test]
fn a_build_without_the_durable_store_says_so() {
    let answer = rollbook(&["app", "list", "--store", "rocksdb:data"], b"");
    assert_eq!((answer.code, answer.stdout.as_str()), (Some(2), ""));
    assert!(answer.stderr.contains("build the program with the feature `rocks`"), "{}", answer.stderr);
}

#[cfg(feature = "rocks")]
mod durable {
    use super::run::{Answer, rollbook};
    use rollbook::store::BoxedStore;
    use rollbook::{AppKey, DeviceId, Platform, Registration, Registry, Secret};
    use rollbook_store_rocks::{RocksOptions, RocksStore};
    use std::path::PathBuf;
    use tempfile::TempDir;

    /// A register in a directory of its own.
    struct Directory(TempDir);

    impl Directory {
        fn new() -> Self {
            Directory(tempfile::tempdir().unwrap())
        }

        fn path(&self) -> PathBuf {
            self.0.path().join("data")
        }

        fn app(&self, arguments: &[&str]) -> Answer {
            let store = format!("rocksdb:{}", self.path().display());
            rollbook(&[&["app"], arguments, &["--store", &store]].concat(), b"")
        }

        fn register(&self) -> Registry<BoxedStore> {
            let store = RocksStore::open(self.path(), &RocksOptions::default()).unwrap();
            Registry::builder(BoxedStore::new(store)).build()
        }

        /// The app, if it is there.
        fn found(&self, key: &str) -> Option<rollbook::App<BoxedStore>> {
            self.register().app(&AppKey::new(key).unwrap()).ok()
        }
    }

    fn secret(text: &str) -> Secret {
        Secret::new(text).unwrap()
    }

    /// What stands behind a label, of each line that has it.
    fn labelled<'a>(answer: &'a Answer, label: &str) -> Vec<&'a str> {
        answer.stdout.lines().filter_map(|line| line.strip_prefix(label)).map(str::trim).collect()
    }

    const ONCE: &str = "secrets are shown once: only their hashes are kept\n";

    #[test]
    fn an_app_is_created_and_its_secrets_are_shown_once() {
        let directory = Directory::new();
        let created = directory.app(&[
            "create",
            "shop",
            "--name",
            "A shop",
            "--presence",
            "--event",
            "opened",
            "--event",
            "closed",
            "--limits",
            "relaxed",
            "--api-tokens",
            "2",
        ]);
        assert_eq!((created.code, created.stderr.as_str()), (Some(0), ONCE));
        assert_eq!(labelled(&created, "app "), ["shop"]);
        let (master, tokens) = (labelled(&created, "master secret "), labelled(&created, "api token "));
        assert_eq!((master.len(), tokens.len(), created.stdout.lines().count()), (1, 2, 4));
        let app = directory.found("shop").unwrap();
        assert!(app.verify_master_secret(&secret(master[0])));
        assert!(tokens.iter().all(|token| app.verify_api_token(&secret(token))));
        assert_eq!((app.name(), app.has_presence(), app.api_tokens()), ("A shop", true, 2));
        assert_eq!((app.limits(), app.event_types().unwrap().len()), (&rollbook::Limits::relaxed(), 2));
        drop(app);
        for arguments in [&["list"][..], &["list", "--json"]] {
            let listed = directory.app(arguments);
            let shown = format!("{}{}", listed.stdout, listed.stderr);
            assert!(
                shown.contains("shop") && !shown.contains(master[0]) && !shown.contains(tokens[0]),
                "{shown}"
            );
        }
    }

    #[test]
    fn a_key_is_made_where_none_is_given() {
        let directory = Directory::new();
        let created = directory.app(&["create", "--json", "--api-tokens", "0"]);
        let told: serde_json::Value = serde_json::from_str(&created.stdout).unwrap();
        let (key, master) = (told["app"].as_str().unwrap(), told["master_secret"].as_str().unwrap());
        assert_eq!((key.len(), master.len(), &told["api_tokens"]), (24, 24, &serde_json::json!([])));
        assert!(directory.found(key).unwrap().verify_master_secret(&secret(master)));
    }

    #[test]
    fn an_app_that_is_there_is_not_created_again() {
        let directory = Directory::new();
        let first = directory.app(&["create", "shop"]);
        let again = directory.app(&["create", "shop"]);
        assert_eq!((again.code, again.stdout.as_str()), (Some(1), ""));
        assert!(again.stderr.contains("app already exists: shop"), "{}", again.stderr);
        let master = secret(labelled(&first, "master secret ")[0]);
        assert!(directory.found("shop").unwrap().verify_master_secret(&master));
    }

    #[test]
    fn the_apps_are_listed_in_columns_or_as_objects() {
        let directory = Directory::new();
        directory.app(&["create", "shop", "--name", "A shop"]);
        directory.app(&["create", "b", "--presence", "--api-tokens", "0"]);
        let register = directory.register();
        let shop = register.app(&AppKey::new("shop").unwrap()).unwrap();
        shop.register(&Registration::new(DeviceId::new("d1").unwrap(), Platform::Ios)).unwrap();
        drop((shop, register));
        let table = "app      devices  presence  secret  tokens  name\n\
                     b              0  yes       yes          0  \n\
                     shop           1  no        yes          1  A shop\n";
        let listed = directory.app(&["list"]);
        assert_eq!((listed.stdout.as_str(), listed.stderr.as_str()), (table, ""));
        let objects = concat!(
            r#"{"api_tokens":0,"app":"b","devices":0,"master_secret":true,"name":"","presence":true}"#,
            "\n",
            r#"{"api_tokens":1,"app":"shop","devices":1,"master_secret":true,"name":"A shop","presence":false}"#,
            "\n"
        );
        assert_eq!(directory.app(&["list", "--json"]).stdout, objects);
    }

    #[test]
    fn a_rotated_secret_is_right_and_the_former_is_wrong() {
        let directory = Directory::new();
        let created = directory.app(&["create", "shop"]);
        let (first, token) = (labelled(&created, "master secret ")[0], labelled(&created, "api token ")[0]);
        let rotated = directory.app(&["rotate-secret", "shop"]);
        assert_eq!((rotated.code, rotated.stderr.as_str()), (Some(0), ONCE));
        let second = labelled(&rotated, "master secret ")[0];
        let app = directory.found("shop").unwrap();
        assert!(app.verify_master_secret(&secret(second)) && !app.verify_master_secret(&secret(first)));
        assert!(app.verify_api_token(&secret(token)), "the tokens stay");
        drop(app);
        let rotated = directory.app(&["rotate-secret", "shop", "--api-tokens", "1"]);
        let new = labelled(&rotated, "api token ")[0];
        let app = directory.found("shop").unwrap();
        assert!(app.verify_api_token(&secret(new)) && !app.verify_api_token(&secret(token)));
        drop(app);
        let unknown = directory.app(&["rotate-secret", "nobody"]);
        assert_eq!((unknown.code, unknown.stdout.as_str()), (Some(1), ""));
        assert!(unknown.stderr.contains("app not found: \"nobody\""), "{}", unknown.stderr);
    }

    #[test]
    fn an_app_is_removed_only_when_it_is_meant() {
        let directory = Directory::new();
        directory.app(&["create", "shop"]);
        let refused = directory.app(&["remove", "shop"]);
        assert_eq!((refused.code, refused.stdout.as_str()), (Some(2), ""));
        let expected = "error: app shop and its 0 devices would be removed for ever; say --yes to do it\n";
        assert_eq!(refused.stderr, expected);
        assert!(directory.found("shop").is_some());
        let removed = directory.app(&["remove", "shop", "--yes"]);
        assert_eq!((removed.code, removed.stderr.as_str()), (Some(0), ""));
        assert_eq!(removed.stdout, "removed app shop and its 0 devices\n");
        assert!(directory.found("shop").is_none());
        for arguments in [&["remove", "shop"][..], &["remove", "shop", "--yes"]] {
            let gone = directory.app(arguments);
            assert_eq!((gone.code, gone.stdout.as_str()), (Some(1), ""));
        }
    }

    #[test]
    fn a_directory_that_is_not_there_is_made_by_create_alone() {
        let directory = Directory::new();
        for arguments in [&["list"][..], &["rotate-secret", "shop"], &["remove", "shop", "--yes"]] {
            let answer = directory.app(arguments);
            assert_eq!((answer.code, answer.stdout.as_str()), (Some(1), ""), "{arguments:?}");
            assert!(!directory.path().exists());
        }
    }
}
