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
    for command in [
        &["create", "shop"][..],
        &["list"],
        &["show", "shop"],
        &["set", "shop", "--name", "a"],
        &["rotate-secret", "shop"],
        &["remove", "shop"],
    ] {
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

    /// What `show --json` says of an app.
    fn shown(directory: &Directory, key: &str) -> serde_json::Value {
        let shown = directory.app(&["show", key, "--json"]);
        assert_eq!((shown.code, shown.stderr.as_str()), (Some(0), ""));
        serde_json::from_str(&shown.stdout).unwrap()
    }

    #[test]
    fn an_app_is_shown_with_every_setting_and_without_its_secrets() {
        let directory = Directory::new();
        let created =
            directory.app(&["create", "shop", "--name", "A shop", "--presence", "--event", "opened"]);
        let shown = directory.app(&["show", "shop"]);
        assert_eq!((shown.code, shown.stderr.as_str()), (Some(0), ""));
        let lines: Vec<Vec<&str>> = shown
            .stdout
            .lines()
            .map(|line| line.split("  ").filter(|part| !part.is_empty()).collect())
            .collect();
        for (label, value) in [
            ("app", "shop"),
            ("name", "A shop"),
            ("presence", "on"),
            ("devices", "0"),
            ("master secret", "yes"),
            ("api tokens", "1"),
            ("event", "opened"),
            ("limit tags_per_device", "1000"),
            ("limit event_retention_secs", "none"),
            ("limit names", "jpush"),
            ("presence_from", "device_calls"),
            ("on_user_change", "keep"),
            ("limit declare_on_first_use", "false"),
        ] {
            let is_told =
                lines.iter().any(|line| line[0] == label && line[1].trim() == value && line.len() == 2);
            assert!(is_told, "{label} {value} is not in {}", shown.stdout);
        }
        let told = self::shown(&directory, "shop");
        let limits: rollbook::Limits = serde_json::from_value(told["limits"].clone()).unwrap();
        assert_eq!(limits, rollbook::Limits::jpush());
        assert_eq!(told["limits"].as_object().unwrap().len(), shown.stdout.matches("\nlimit ").count());
        assert_eq!((&told["events"], &told["presence"]), (&serde_json::json!(["opened"]), &true.into()));
        for secret in [labelled(&created, "master secret ")[0], labelled(&created, "api token ")[0]] {
            assert!(!shown.stdout.contains(secret) && !told.to_string().contains(secret));
        }
        let unknown = directory.app(&["show", "nobody"]);
        assert_eq!((unknown.code, unknown.stdout.as_str()), (Some(1), ""));
        assert_eq!(unknown.stderr, "error: app not found: \"nobody\"\n");
    }

    #[test]
    fn settings_and_limits_are_changed_and_told_with_their_former_values() {
        let directory = Directory::new();
        directory.app(&["create", "shop", "--name", "A shop"]);
        let set = directory.app(&[
            "set",
            "shop",
            "--presence",
            "on",
            "--limits",
            "relaxed",
            "--limit",
            "tags_per_device=500",
            "--limit",
            "devices_per_alias=unlimited",
            "--presence-from",
            "app_open",
            "--on-user-change",
            "clear_alias",
            "--limit",
            "attribute_items=100",
        ]);
        assert_eq!((set.code, set.stderr.as_str()), (Some(0), ""));
        let (changed, same) = set.stdout.split_once("not changed\n").unwrap();
        let words = |text: &str| -> Vec<String> {
            text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
        };
        let expected = [
            "changed in app shop",
            "presence off -> on",
            "on_user_change keep -> clear_alias",
            "presence_from device_calls -> app_open",
            "limit devices_per_alias 10 -> none",
            "limit names jpush -> relaxed",
            "limit tags_per_device 1000 -> 500",
        ];
        assert_eq!(words(changed), expected);
        let same = words(same);
        for one in ["name A shop", "limit attribute_items 100", "limit alias_overflow refuse"] {
            assert!(same.iter().any(|line| line == one), "{one} is not in {same:?}");
        }
        let app = directory.found("shop").unwrap();
        let limits = rollbook::Limits {
            tags_per_device: Some(500),
            devices_per_alias: None,
            ..rollbook::Limits::relaxed()
        };
        assert_eq!((app.limits(), app.has_presence(), app.name()), (&limits, true, "A shop"));
        let policies = rollbook::Policies {
            presence_from: rollbook::PresenceFrom::AppOpen,
            on_user_change: rollbook::OnUserChange::ClearAlias,
        };
        assert_eq!(*app.policies(), policies);
        drop(app);

        let again = directory.app(&["set", "shop", "--json", "--presence", "off", "--name", "Books"]);
        let told: serde_json::Value = serde_json::from_str(&again.stdout).unwrap();
        let changed = serde_json::json!({
            "presence": {"from": "on", "to": "off"}, "name": {"from": "A shop", "to": "Books"}
        });
        assert_eq!((&told["app"], &told["changed"]), (&"shop".into(), &changed));
        assert_eq!(told["not_changed"]["limits.tags_per_device"], 500);
        let none = directory.app(&["set", "shop", "--presence", "off"]);
        assert!(
            none.stdout.starts_with("nothing to change in app shop: it is so already\n"),
            "{}",
            none.stdout
        );
    }

    #[test]
    fn a_file_of_limits_is_what_show_prints_and_what_the_configuration_of_the_service_has() {
        let directory = Directory::new();
        let file = |name: &str, content: &str| {
            let path = directory.0.path().join(name);
            std::fs::write(&path, content).unwrap();
            path.to_str().unwrap().to_owned()
        };
        directory.app(&["create", "shop", "--limits", "unlimited"]);
        let unlimited = shown(&directory, "shop")["limits"].to_string();
        let json = file("limits.json", &unlimited);
        directory.app(&["create", "other", "--limits", &json]);
        assert_eq!(*directory.found("other").unwrap().limits(), rollbook::Limits::unlimited());
        let toml = file("limits.toml", "profile = \"relaxed\"\ntags_per_device = \"unlimited\"\n");
        let set = directory.app(&["set", "shop", "--limits", &toml, "--limit", "tags_per_list=7"]);
        assert_eq!((set.code, set.stderr.as_str()), (Some(0), ""));
        let limits =
            rollbook::Limits { tags_per_device: None, tags_per_list: Some(7), ..rollbook::Limits::relaxed() };
        assert_eq!(*directory.found("shop").unwrap().limits(), limits);
        let wrong = file("wrong.toml", "tags_per_device = \"many\"\nname = \"any\"\n");
        for command in [&["set", "shop", "--limits", &wrong][..], &["create", "third", "--limits", &wrong]] {
            let refused = directory.app(command);
            assert_eq!((refused.code, refused.stdout.as_str()), (Some(2), ""));
            for part in ["wrong.toml, line 1: tags_per_device: ", "wrong.toml, line 2: name: unknown field"] {
                assert!(refused.stderr.contains(part), "{part} is not in {}", refused.stderr);
            }
        }
        assert!(directory.found("third").is_none());
        assert_eq!(*directory.found("shop").unwrap().limits(), limits);
    }

    #[test]
    fn every_value_that_is_wrong_is_told_and_then_nothing_is_changed() {
        let directory = Directory::new();
        directory.app(&["create", "shop"]);
        let before = directory.app(&["show", "shop"]).stdout;
        let long = "x".repeat(256);
        let refused = directory.app(&[
            "set",
            "shop",
            "--presence",
            "on",
            "--name",
            &long,
            "--limit",
            "tags_per_device=many",
            "--limit",
            "tags=5",
            "--limit",
            "tags_per_list=5",
            "--limit",
            "tags_per_list=6",
            "--on-user-change",
            "forget",
            "--presence-from",
            "app_open",
        ]);
        assert_eq!((refused.code, refused.stdout.as_str()), (Some(1), ""));
        let lines: Vec<&str> = refused.stderr.lines().collect();
        for (line, begins) in lines.iter().zip([
            "error: --name: bytes: must be at most 255: got 256",
            "error: --limit tags_per_list: must be given once",
            "error: --limit tags_per_device: invalid ",
            "error: --limit tags: unknown field `tags`, expected one of `names`, `tags_per_device`",
            "error: --on-user-change: unknown variant `forget`, expected one of `keep`, `clear_alias`",
        ]) {
            assert!(line.starts_with(begins), "{line}");
        }
        assert_eq!(lines.len(), 5, "{lines:?}");
        for usage in [
            &["--presence", "maybe"][..],
            &["--limits", "none"],
            &["--limits", "no-such.json"],
            &["--limit", "tags_per_device"],
            &[],
        ] {
            let refused = directory.app(&[&["set", "shop"], usage].concat());
            assert_eq!((refused.code, refused.stdout.as_str()), (Some(2), ""), "{usage:?}");
        }
        let unknown = directory.app(&["set", "nobody", "--presence", "on"]);
        assert_eq!((unknown.code, unknown.stderr.as_str()), (Some(1), "error: app not found: \"nobody\"\n"));
        assert_eq!(directory.app(&["show", "shop"]).stdout, before);
    }

    #[test]
    fn an_app_is_named_by_its_position_or_by_the_option_in_every_command() {
        let directory = Directory::new();
        let store = format!("rocksdb:{}", directory.path().display());
        for name in [&["one"][..], &["--app", "two"]] {
            let key = name[name.len() - 1];
            let input = directory.0.path().join("devices.jsonl");
            std::fs::write(&input, "{\"id\":\"d\",\"platform\":\"ios\"}\n").unwrap();
            let input = input.to_str().unwrap();
            for (command, more) in [
                (&["app", "create"][..], &[][..]),
                (&["app", "show"], &[]),
                (&["app", "set"], &["--presence", "on"]),
                (&["app", "rotate-secret"], &[]),
                (&["import"], &["--input", input]),
                (&["query"], &["--audience", "all()"]),
                (&["export"], &[]),
                (&["verify"], &[]),
                (&["app", "remove"], &["--yes"]),
            ] {
                let all = [command, name, &["--store", &store], more].concat();
                let answer = rollbook(&all, b"");
                assert_eq!(answer.code, Some(0), "{all:?}: {}", answer.stderr);
                let twice =
                    rollbook(&[&all[..], &[if name.len() == 1 { "--app=x" } else { "x" }]].concat(), b"");
                assert_eq!(twice.code, Some(2), "{all:?}: {}", twice.stdout);
                assert!(twice.stderr.contains("cannot be used with"), "{}", twice.stderr);
                let without = rollbook(&[command, &["--store", &store], more].concat(), b"");
                let can_do_without = [&["app", "create"][..], &["verify"]].contains(&command);
                assert_eq!(without.code, Some(if can_do_without { 0 } else { 2 }), "{command:?}");
                assert!(can_do_without || without.stderr.contains("KEY"), "{}", without.stderr);
            }
            assert!(directory.found(key).is_none());
        }
    }

    #[test]
    fn a_directory_that_is_not_there_is_made_by_create_alone() {
        let directory = Directory::new();
        for arguments in [
            &["list"][..],
            &["show", "shop"],
            &["set", "shop", "--presence", "on"],
            &["rotate-secret", "shop"],
            &["remove", "shop", "--yes"],
        ] {
            let answer = directory.app(arguments);
            assert_eq!((answer.code, answer.stdout.as_str()), (Some(1), ""), "{arguments:?}");
            assert!(!directory.path().exists());
        }
    }
}
