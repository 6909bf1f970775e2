//! A configuration, good and bad.

use super::{Config, LISTEN};
use crate::store::StoreChoice;
use rollbook::{AliasOverflow, Limits, Policies, PresenceFrom};
use rollbook_http::{Execution, FaceOptions, ServeOptions};
use tracing::level_filters::LevelFilter;

fn read(text: &str) -> Config {
    Config::parse(text).map_err(|mistakes| mistakes.told_of(&"file")).unwrap()
}

/// Everything that is wrong with a text.
fn refused(text: &str) -> String {
    let mistakes = Config::parse(text).err().unwrap();
    mistakes.told_of(&"file").replace("\nerror: ", "\n")
}

#[test]
fn nothing_said_is_the_defaults() {
    let config = read("# nothing\n");
    assert_eq!((config.listen, config.store, config.log), (LISTEN, StoreChoice::Memory, LevelFilter::WARN));
    assert!(config.listen.ip().is_loopback());
    assert_eq!((config.faces, config.connections), (FaceOptions::default(), ServeOptions::default()));
    assert!(config.apps.is_empty());
}

#[test]
fn everything_that_can_be_said() {
    let config = read(
        r#"
        listen = "[::1]:0"
        store = "memory"
        log = "debug"

        [faces]
        faces = "jpush"
        utc_offset = 0
        body_limit = 65536
        cors_origins = ["https://shop.example", "*"]
        execution = "blocking"

        [connections]
        max_connections = 10
        grace_millis = 0

        [[apps]]
        key = "0123456789abcdef01234567"
        name = "shop"
        master_secret = "fedcba987654321001234567"
        api_tokens = ["DEV-TOKEN", "other"]
        presence = true
        events = ["activityCompleted", "汉"]
        limits = "relaxed"
        policies = { presence_from = "app_open" }

        [[apps]]
        key = "XXXXX-XXXXX"
        [apps.limits]
        profile = "unlimited"
        tags_per_device = 5
        alias_overflow = "evict_oldest"

        [[apps]]
        key = "third"
        limits = { names = "any", devices_per_alias = "none", tags_per_device = "unlimited" }
        "#,
    );
    assert_eq!((config.listen.to_string().as_str(), config.log), ("[::1]:0", LevelFilter::DEBUG));
    assert_eq!((config.faces.body_limit, config.faces.execution), (65_536, Execution::Blocking));
    assert_eq!(config.faces.cors_origins, ["https://shop.example", "*"]);
    assert_eq!(config.faces.in_flight, FaceOptions::default().in_flight);
    assert_eq!((config.connections.max_connections, config.connections.grace_millis), (10, 0));
    let [shop, second, third] = config.apps.as_slice() else { panic!("{}", config.apps.len()) };
    assert_eq!((shop.key.as_str(), shop.name.as_deref()), ("0123456789abcdef01234567", Some("shop")));
    assert_eq!(shop.master_secret.as_ref().unwrap().expose(), "fedcba987654321001234567");
    assert_eq!(shop.api_tokens.as_ref().unwrap()[1].expose(), "other");
    assert_eq!((shop.presence, shop.events.len()), (Some(true), 2));
    assert_eq!(shop.limits, Some(Limits::relaxed()));
    let policies = Policies { presence_from: PresenceFrom::AppOpen, ..Policies::default() };
    assert_eq!((shop.policies.clone(), second.policies.clone()), (Some(policies), None));
    assert!(second.master_secret.is_none() && second.api_tokens.is_none() && second.presence.is_none());
    let expected = Limits {
        tags_per_device: Some(5),
        alias_overflow: AliasOverflow::EvictOldest,
        ..Limits::unlimited()
    };
    assert_eq!(second.limits, Some(expected));
    let expected = Limits {
        names: rollbook::NameRule::Any,
        devices_per_alias: None,
        tags_per_device: None,
        ..Limits::default()
    };
    assert_eq!(third.limits, Some(expected));
}

#[test]
fn every_mistake_is_told_with_its_line_and_key_and_reason() {
    let text = r#"listen = "localhost"
store = "disk"
log = 5
lisen = "127.0.0.1:1"

[faces]
body_limit = -1
in_flight = 0
fases = "jpush"
cors_origins = ["https://a.example/path"]

[connections]
max_connections = 0

[[apps]]
key = "a b"
name = 7
presence = "yes"
events = ["ok", "", "ok"]

[[apps]]
secret = "x"

[[apps]]
key = "one"
limits = "strict"

[[apps]]
key = "one"
[apps.limits]
tags_per_device = "many"
names = "none"
tags = 5
[apps.policies]
on_user_change = "forget"
presence = "none"
"#;
    let expected = r#"file, line 1: listen: form: must be an address and a port, such as 127.0.0.1:8085: got "localhost"
file, line 2: store: "disk" is not a store; expected `memory` or `rocksdb:DIR`
file, line 3: log: type: must be a string: got a whole number
file, line 4: the file: known: must hold only listen operators store log faces connections rocksdb apps: got "lisen"
file, line 7: faces.body_limit: invalid value: integer `-1`, expected usize
file, line 9: faces.fases: unknown field `fases`, expected one of `faces`, `utc_offset`, `argument_errors_are_400`, `body_limit`, `body_budget`, `body_timeout_millis`, `store_timeout_millis`, `stranger_millis`, `in_flight`, `cors_origins`, `execution`
file, line 13: connections.max_connections: range: must be at least 1: got 0
file, line 16: apps[0].key: characters: must hold only A-Z a-z 0-9 - _: got "a b"
file, line 17: apps[0].name: type: must be a string: got a whole number
file, line 18: apps[0].presence: type: must be true or false: got a string
file, line 19: apps[0].events[1]: bytes: must be 1 to 255: got 0 ("")
file, line 19: apps[0].events[2]: must be there once: "ok" is apps[0].events[0] already
file, line 21: apps[1]: present: must have a key: got none
file, line 22: apps[1]: known: must hold only key name master_secret api_tokens presence events limits policies: got "secret"
file, line 26: apps[2].limits: form: must be jpush, relaxed or unlimited: got "strict"
file, line 29: apps[3].key: must be there once: "one" is apps[2].key already
file, line 31: apps[3].limits.tags_per_device: invalid value: string "many", expected a whole number of 32 bits or "none"
file, line 32: apps[3].limits.names: unknown variant `none`, expected one of `jpush`, `relaxed`, `any`
file, line 33: apps[3].limits.tags: unknown field `tags`, expected one of `names`
file, line 35: apps[3].policies.on_user_change: unknown variant `forget`, expected one of `keep`, `clear_alias`, `clear_alias_and_tags`
file, line 36: apps[3].policies.presence: unknown field `presence`, expected `presence_from` or `on_user_change`"#;
    let told = refused(text);
    for (told, expected) in told.lines().zip(expected.lines()) {
        assert!(told.starts_with(expected), "{told}\n{expected}");
    }
    assert_eq!(told.lines().count(), expected.lines().count(), "{told}");
}

#[test]
fn options_that_are_out_of_their_range_are_told_at_their_lines() {
    let text = "[faces]\nin_flight = 0\ncors_origins = [\n\"x/y\"]\nbody_budget = 1\n";
    let expected = r#"file, line 2: faces.in_flight: range: must be at least 1: got 0
file, line 3: faces.cors_origins[0]: form: must be * or such as https://shop.example: got "x/y"
file, line 5: faces.body_budget: range: must be at least 1048576: got 1"#;
    assert_eq!(refused(text), expected);
}

#[test]
fn a_limit_of_an_app_that_no_app_can_live_with_is_told_at_its_line() {
    let text = "[[apps]]\nkey = \"one\"\n[apps.limits]\naudience_nodes = 0\n";
    let told = refused(text);
    assert!(told.contains("apps[0].limits.audience_nodes: range: must be at least 1: got 0"), "{told}");
    assert!(told.starts_with("file, line 4: "), "{told}");
}

#[test]
fn a_default_that_no_longer_fits_is_named_itself() {
    let expected =
        "file, line 1: faces.body_budget: range: must be at least 100000000: got 67108864, the default";
    assert_eq!(refused("[faces]\nbody_limit = 100000000\n").replace("line 2", "line 1"), expected);
}

#[test]
fn an_option_of_a_type_of_its_own_is_named_once() {
    let expected = "file, line 2: faces.utc_offset: range: must be -43200 to 50400: got 99999";
    assert_eq!(refused("[faces]\nutc_offset = 99999\n"), expected);
}

#[test]
fn what_is_no_toml_is_told_with_its_line() {
    let told = refused("store = \"memory\"\nlisten = 5 5\n[[apps]\n");
    let lines: Vec<&str> = told.lines().collect();
    assert!(lines[0].starts_with("file, line 2: form: must be TOML: "), "{told}");
    assert!(lines[1].starts_with("file, line 3: form: must be TOML: "), "{told}");
    let told = refused("[[apps]]\nkey = \"one\"\nkey = \"two\"\n");
    assert_eq!(told, "file, line 3: form: must be TOML: duplicate key");
}

/// They were taken, and nobody could present them: a header holds no other characters, and loses spaces at its ends.
#[test]
fn an_api_token_that_no_header_can_hold_is_refused() {
    for token in ["汉", "hush é", " hush", "hush ", "hush\u{a0}", " "] {
        let told = refused(&format!("[[apps]]\nkey = \"a\"\napi_tokens = [\"good\", \"{token}\"]"));
        let rule = "characters: must hold visible ASCII characters, and spaces only between them: got others";
        assert_eq!(told, format!("file, line 3: apps[0].api_tokens[1]: {rule}"));
    }
    let config =
        Config::parse("[[apps]]\nkey = \"a\"\napi_tokens = [\"good\", \"a b~!\"]").unwrap_or_default();
    assert_eq!(config.apps[0].api_tokens.as_ref().map(Vec::len), Some(2));
}

#[test]
fn no_mistake_repeats_a_secret() {
    for text in [
        "[[apps]]\nkey = \"a\"\nmaster_secret = \"hush\u{7}\"",
        "[[apps]]\nkey = \"a\"\nmaster_secret = \"hush\\u0007\"",
        "[[apps]]\nkey = \"a\"\nmaster_secret = [\"hush\"]",
        "[[apps]]\nkey = \"a\"\nmaster_secret = \"hush",
        "[[apps]]\nkey = \"a\"\nmaster_secret = hush",
        "[[apps]]\nkey = \"a\"\nmaster_secret = { hush = \"hush\" }",
        "[[apps]]\nkey = \"a\"\napi_tokens = \"hush\"",
        "[[apps]]\nkey = \"a\"\napi_tokens = [\"hush\", 5, \"hush\"]",
        "[[apps]]\nkey = \"a\"\napi_tokens = [\"hush\" \"hush\"]",
        "[[apps]]\nkey = \"a\"\napi_token = \"hush\"",
        "[[apps]]\nkey = \"a\"\napi_tokens = [\" hush\"]",
        "[[apps]]\nkey = \"a\"\nmaster_secret = \"hush\" \"hush\"",
        "[[apps]]\nkey = \"a\"\nmaster_secret = \"\"",
    ] {
        let told = refused(text);
        assert!(told.starts_with("file, line 3: ") && !told.contains("hush"), "{text}: {told}");
    }
    let long = format!("[[apps]]\nkey = \"a\"\nmaster_secret = \"{}\"", "hush".repeat(65));
    let expected = "file, line 3: apps[0].master_secret: bytes: must be 1 to 256: got 260";
    assert_eq!(refused(&long), expected);
}

#[cfg(not(feature = "rocks"))]
#[test]
fn a_build_without_the_durable_store_says_so() {
    let told = refused("store = \"rocksdb:./data\"\n[rocksdb]\nmemory_bytes = 8388608\n");
    assert_eq!(told.matches("build the program with the feature `rocks`").count(), 2, "{told}");
}

#[cfg(feature = "rocks")]
#[test]
fn the_durable_store_is_tuned_by_its_own_table() {
    let config = read(
        "store = \"rocksdb:./data\"\n[rocksdb]\ndurability = \"buffered\"\nmax_open_files = \"none\"\ncompression = \"none\"\n",
    );
    assert_eq!(config.store, StoreChoice::RocksDb("./data".into()));
    assert_eq!(config.rocksdb.durability, rollbook::store::Durability::Buffered);
    assert_eq!(config.rocksdb.max_open_files, None);
    assert_eq!(config.rocksdb.compression, rollbook_store_rocks::Compression::None);
    let told = refused("[rocksdb]\nmemory_bytes = 5\n");
    let expected = "file, line 2: rocksdb.memory_bytes: range: must be at least 8388608, and fit in the address space: got 5";
    assert_eq!(told, expected);
}

/// The configuration that the help shows.
fn shown_in_help() -> String {
    use clap::Args;
    let command = crate::args::serve::Serve::augment_args(clap::Command::new("serve"));
    let help = command.get_long_about().unwrap().to_string();
    let (_, shown) = help.split_once("everything in it may be left out:\n").unwrap();
    let rocks = shown.find("  [rocksdb]").unwrap();
    // A build without the durable store refuses its table.
    if cfg!(feature = "rocks") { shown.to_owned() } else { shown[..rocks].to_owned() }
}

#[test]
fn the_help_shows_every_key_with_its_default() {
    let shown = shown_in_help();
    let config = read(&shown);
    assert_eq!((config.listen, config.store, config.log), (LISTEN, StoreChoice::Memory, LevelFilter::WARN));
    assert_eq!((config.faces, config.connections), (FaceOptions::default(), ServeOptions::default()));
    let [shop, other] = config.apps.as_slice() else { panic!("{}", config.apps.len()) };
    for app in [shop, other] {
        assert_eq!((&app.limits, &app.policies), (&Some(Limits::default()), &Some(Policies::default())));
    }
    let keys_of =
        |of: serde_json::Value| -> Vec<String> { of.as_object().unwrap().keys().cloned().collect() };
    let mut keys = Vec::new();
    keys.extend(keys_of(serde_json::to_value(FaceOptions::default()).unwrap()));
    keys.extend(keys_of(serde_json::to_value(ServeOptions::default()).unwrap()));
    keys.extend(keys_of(serde_json::to_value(Limits::default()).unwrap()));
    keys.extend(keys_of(serde_json::to_value(Policies::default()).unwrap()));
    #[cfg(feature = "rocks")]
    {
        assert_eq!(config.rocksdb, rollbook_store_rocks::RocksOptions::default());
        keys.extend(keys_of(serde_json::to_value(&config.rocksdb).unwrap()));
    }
    let said: Vec<&str> = shown.lines().filter_map(|line| line.split(" = ").next()).map(str::trim).collect();
    for key in &keys {
        assert!(said.contains(&key.as_str()), "{key} is not in {shown}");
    }
    // What stands beside tables of options is known by what the parser refuses.
    let known = refused("x = 1\n[[apps]]\nkey = \"a\"\nx = 1\n");
    let lists = known.lines().map(|line| line.split("must hold only ").nth(1).unwrap());
    for key in lists.flat_map(|list| list.split(": got").next().unwrap().split(' ')) {
        // Known to every build, so that one without the store can say why it has none.
        if key == "rocksdb" && !cfg!(feature = "rocks") {
            continue;
        }
        let table = format!("[{key}]");
        assert!(
            said.contains(&key) || shown.contains(&table) || shown.contains(&format!("[{table}]")),
            "{key}"
        );
    }
}
