//! What `stats` tells.

use crate::place::{Place, devices, done, open};
use crate::run::rollbook;
use rollbook::{AppKey, AppSettings};
use serde_json::{Value, json};

#[test]
fn every_app_is_counted_and_every_family_measured() {
    let place = Place::new();
    let lines = devices(100)
        + "{\"event_type\":\"e\",\"declared_at\":1}\n{\"event\":\"e\",\"at\":1,\"user\":\"u0\",\"attributes\":{}}\n";
    place.import("store", &place.write("devices.jsonl", lines), &[]);
    let register = open(place.path("store"));
    register.create_app(&AppKey::new("another").unwrap(), AppSettings::default()).unwrap();
    register.store().compact().unwrap();
    drop(register);

    let (answer, _) = done(rollbook(&["stats", "--json", "--store", &place.store("store")], b""));
    let told: Value = serde_json::from_str(&answer).unwrap();
    let mut shop = told["apps"][1].clone();
    assert!(shop["version"].take().as_u64().unwrap() > 1);
    let platforms = json!({"android": 25, "huawei": 25, "ios": 25, "unknown": 25});
    // Every fifth device has an alias, two of five a user, ten of one user; the others are their own.
    let expected = json!({
        "app": "shop", "name": "", "devices": 100, "by_platform": platforms, "tags": 2, "aliases": 4,
        "users": 10 + 60, "event_types": 1, "events_posted": 1, "deletions": 0, "version": null
    });
    assert_eq!((told["apps"][0]["app"].clone(), shop), (json!("another"), expected));
    let families = told["store"]["families"].as_array().unwrap();
    let device = families.iter().find(|family| family["name"] == "device").unwrap();
    assert_eq!(device["keys"], 100);
    assert!(device["table_bytes"].as_u64().unwrap() > 1_000);

    let (text, _) = done(rollbook(&["stats", "--store", &place.store("store")], b""));
    let words = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let shop = text.lines().map(words).find(|words| words.first().is_some_and(|word| word == "shop"));
    assert_eq!(shop.unwrap(), ["shop", "100", "2", "4", "70", "1"]);
    assert!(text.lines().any(|line| words(line).starts_with(&["device".into(), "100".into()])), "{text}");
}

#[test]
fn an_empty_register_and_one_in_use_have_sizes_too() {
    let place = Place::new();
    let owner = open(place.path("store"));
    let (text, said) = done(rollbook(&["stats", "--store", &place.store("store")], b""));
    assert!(text.contains("\napps       0\n") && said.is_empty(), "{text}{said}");
    drop(owner);
}
