//! Every row of the JPush requests.

use crate::common::{NOW, Served, device, served, tag};
use rollbook::{Alias, Limits, Platform, PlatformSet, Registration, Timestamp};

fn populated() -> Served {
    let served = served();
    served.populate();
    served
}

#[test]
fn a_device_is_looked_up_with_its_tags_in_byte_order() {
    let served = populated();
    served
        .jpush("GET", "/v3/devices/d1", "")
        .is(200, r#"{"tags":["news","vip","汉"],"alias":"ann","mobile":"13012345678"}"#);
    served.jpush("GET", "/v3/devices/d3", "").is(200, r#"{"tags":[],"alias":null,"mobile":null}"#);
}

#[test]
fn a_device_is_changed_in_each_member() {
    let served = populated();
    let change = r#"{"tags":{"add":["tag1","tag2"],"remove":["news"]},"alias":"alias1","mobile":"1"}"#;
    served.jpush("POST", "/v3/devices/d1", change).is(200, "{}");
    let changed = r#"{"tags":["tag1","tag2","vip","汉"],"alias":"alias1","mobile":"1"}"#;
    served.jpush("GET", "/v3/devices/d1", "").is(200, changed);
    for nothing in [
        "{}",
        r#"{"tags":{}}"#,
        r#"{"tags":null,"alias":null,"mobile":null}"#,
        r#"{"tags":{"add":null,"remove":null},"other":[1]}"#,
        r#"{"tags":{"add":[],"remove":[]},"set":["x"]}"#,
    ] {
        served.jpush("POST", "/v3/devices/d1", nothing).is(200, "{}");
        served.jpush("GET", "/v3/devices/d1", "").is(200, changed);
    }
    served.jpush("POST", "/v3/devices/d1", r#"{"tags":"","alias":"","mobile":""}"#).is(200, "{}");
    served.jpush("GET", "/v3/devices/d1", "").is(200, r#"{"tags":[],"alias":null,"mobile":null}"#);
}

#[test]
fn a_tag_in_both_lists_ends_up_present() {
    let served = populated();
    let both = r#"{"tags":{"remove":["news","new"],"add":["news","new"]}}"#;
    served.jpush("POST", "/v3/devices/d2", both).is(200, "{}");
    served
        .jpush("GET", "/v3/devices/d2", "")
        .is(200, r#"{"tags":["new","news"],"alias":"ann","mobile":null}"#);
}

#[test]
fn an_alias_is_looked_up() {
    let served = populated();
    served.jpush("GET", "/v3/aliases/ann", "").is(200, r#"{"registration_ids":["d1","d2"]}"#);
    served.jpush("GET", "/v3/aliases/nobody", "").is(200, r#"{"registration_ids":[]}"#);
    served.jpush("GET", "/v3/aliases/ann?platform=android", "").is(200, r#"{"registration_ids":["d2"]}"#);
    served.jpush("GET", "/v3/aliases/ann?platform=hmos,winphone", "").is(200, r#"{"registration_ids":[]}"#);
    // A device of no known platform is met only without a filter.
    served.jpush("GET", "/v3/aliases/odd", "").is(200, r#"{"registration_ids":["d4"]}"#);
    let known = "android,ios,winphone,hmos,quickapp";
    served
        .jpush("GET", &format!("/v3/aliases/odd?platform={known}"), "")
        .is(200, r#"{"registration_ids":[]}"#);
}

#[test]
fn an_alias_is_looked_up_in_the_newer_form() {
    let served = populated();
    served.app.touch_at(&[(device("d2"), Timestamp::from_secs(1_418_659_199))]).unwrap();
    let both = concat!(
        r#"{"data":[{"registration_id":"d1","platform":"ios"},"#,
        r#"{"registration_id":"d2","platform":"android","last_online_date":"2014-12-15"}]}"#
    );
    served.jpush("GET", "/v3/aliases/ann?new_format=true", "").is(200, both);
    // One second later it is the next day in UTC+8.
    served.app.touch_at(&[(device("d2"), Timestamp::from_secs(1_418_659_200))]).unwrap();
    let one = r#"{"data":[{"registration_id":"d2","platform":"android","last_online_date":"2014-12-16"}]}"#;
    served.jpush("GET", "/v3/aliases/ann?platform=android&new_format=true", "").is(200, one);
    served.jpush("GET", "/v3/aliases/nobody?new_format=true", "").is(200, r#"{"data":[]}"#);
    served
        .jpush("GET", "/v3/aliases/ann?new_format=false", "")
        .is(200, r#"{"registration_ids":["d1","d2"]}"#);
    served.app.register(&Registration::new(device("d2"), Platform::Harmony)).unwrap();
    let other = r#"{"data":[{"registration_id":"d2","platform":"hmos","last_online_date":"2014-12-16"}]}"#;
    served.jpush("GET", "/v3/aliases/ann?platform=hmos&new_format=true", "").is(200, other);
}

#[test]
fn at_most_ten_devices_of_an_alias_are_told_after_the_filter() {
    let served = crate::common::served_of(Limits { devices_per_alias: None, ..Limits::default() });
    for n in 0..24 {
        let platform = if n < 12 { Platform::Android } else { Platform::Ios };
        let alias = Some(Alias::new("many").unwrap());
        let new = Registration { alias, ..Registration::new(device(&format!("n{n:02}")), platform) };
        served.app.register(&new).unwrap();
    }
    let expected = |from: usize| {
        let ids: Vec<String> = (from..from + 10).map(|n| format!("\"n{n:02}\"")).collect();
        format!("{{\"registration_ids\":[{}]}}", ids.join(","))
    };
    // Of more devices those that come first in the register's own order are told: one platform after the other.
    served.jpush("GET", "/v3/aliases/many", "").is(200, &expected(12));
    served.jpush("GET", "/v3/aliases/many?platform=android", "").is(200, &expected(0));
    served.jpush("GET", "/v3/aliases/many?platform=ios", "").is(200, &expected(12));
    assert_eq!(served.app.alias_devices(&Alias::new("many").unwrap(), PlatformSet::ALL).unwrap().len(), 24);
}

#[test]
fn devices_are_unbound_from_an_alias() {
    let served = populated();
    let body = r#"{"registration_ids":{"remove":["d1","d3"]}}"#;
    served.jpush("POST", "/v3/aliases/ann", body).is(200, "{}");
    served.jpush("GET", "/v3/aliases/ann", "").is(200, r#"{"registration_ids":["d2"]}"#);
    served
        .jpush("GET", "/v3/devices/d1", "")
        .is(200, r#"{"tags":["news","vip","汉"],"alias":null,"mobile":"13012345678"}"#);
    served.jpush("POST", "/v3/aliases/ann", r#"{"registration_ids":{"add":[],"remove":[]}}"#).is(200, "{}");
}

#[test]
fn an_alias_is_deleted_everywhere_or_on_some_platforms() {
    let served = populated();
    served.jpush("DELETE", "/v3/aliases/ann?platform=ios,winphone", "").is(200, "{}");
    served.jpush("GET", "/v3/aliases/ann", "").is(200, r#"{"registration_ids":["d2"]}"#);
    served.jpush("DELETE", "/v3/aliases/ann", "").is(200, "{}");
    served.jpush("GET", "/v3/aliases/ann", "").is(200, r#"{"registration_ids":[]}"#);
    served.jpush("DELETE", "/v3/aliases/nobody", "").is(200, "{}");
}

#[test]
fn the_tags_are_listed() {
    let served = populated();
    served.jpush("GET", "/v3/tags/", "").is(200, r#"{"tags":["news","odd","vip","汉"]}"#);
    served.app.delete_tag(&tag("odd"), PlatformSet::ALL).unwrap();
    served.app.delete_tag(&tag("汉"), PlatformSet::ALL).unwrap();
    served.jpush("GET", "/v3/tags", "").is(200, r#"{"tags":["news","vip"]}"#);
}

#[test]
fn at_most_a_hundred_tags_of_each_platform_are_listed() {
    let served = served();
    served.jpush("GET", "/v3/tags/", "").is(200, r#"{"tags":[]}"#);
    let carry = |id: &str, platform, range: std::ops::Range<usize>| {
        let names: Vec<_> = range.map(|n| tag(&format!("t{n:03}"))).collect();
        for some in names.chunks(100) {
            let new = Registration { tags: some.to_vec(), ..Registration::new(device(id), platform) };
            served.app.register(&new).unwrap();
        }
    };
    carry("d1", Platform::Ios, 0..150);
    carry("d2", Platform::Android, 90..300);
    // The first hundred of one, the first hundred of the other, those of both once.
    let names: Vec<String> = (0..190).map(|n| format!("\"t{n:03}\"")).collect();
    served.jpush("GET", "/v3/tags/", "").is(200, &format!("{{\"tags\":[{}]}}", names.join(",")));
}

#[test]
fn membership_is_yes_or_no() {
    let served = populated();
    served.jpush("GET", "/v3/tags/news/registration_ids/d1", "").is(200, r#"{"result":true}"#);
    served.jpush("GET", "/v3/tags/vip/registration_ids/d2", "").is(200, r#"{"result":false}"#);
    served.jpush("GET", "/v3/tags/unheard-of/registration_ids/d2", "").is(200, r#"{"result":false}"#);
}

#[test]
fn a_tag_is_put_on_devices_and_taken_off() {
    let served = populated();
    let body = r#"{"registration_ids":{"add":["d3","d2"],"remove":["d1","d2"]}}"#;
    served.jpush("POST", "/v3/tags/news", body).is(200, "{}");
    for (id, carries) in [("d1", false), ("d2", true), ("d3", true)] {
        assert_eq!(served.app.has_tag(&device(id), &tag("news")).unwrap(), carries, "{id}");
    }
    served.jpush("POST", "/v3/tags/new", r#"{"registration_ids":{"add":["d3"]}}"#).is(200, "{}");
    served.jpush("POST", "/v3/tags/new", r#"{"registration_ids":{"remove":["d3"]}}"#).is(200, "{}");
    served.jpush("GET", "/v3/tags", "").is(200, r#"{"tags":["news","odd","vip","汉"]}"#);
}

#[test]
fn a_tag_is_deleted_everywhere_or_on_some_platforms() {
    let served = populated();
    served.jpush("DELETE", "/v3/tags/news?platform=android", "").is(200, "{}");
    assert_eq!(served.app.tag_count(&tag("news"), PlatformSet::ALL).unwrap(), 1);
    served.jpush("DELETE", "/v3/tags/news", "").is(200, "{}");
    served.jpush("DELETE", "/v3/tags/news", "").is(200, "{}");
    served.jpush("GET", "/v3/tags", "").is(200, r#"{"tags":["odd","vip","汉"]}"#);
}

#[test]
fn presence_is_told_of_each_device_in_the_order_asked() {
    let served = populated();
    let ago = |secs: i64| NOW.plus(-secs);
    served
        .app
        .touch_at(&[(device("d1"), ago(600)), (device("d2"), ago(172_800)), (device("d3"), ago(172_801))])
        .unwrap();
    let asked = r#"{"registration_ids":["d4","d2","d1","unknown","","d3","d1"]}"#;
    let told = concat!(
        r#"{"d4":{"online":false},"#,
        r#""d2":{"online":false,"last_online_time":"2014-12-14 10:57:07"},"#,
        r#""d1":{"online":true},"unknown":null,"":null,"d3":{"online":false}}"#
    );
    served.jpush("POST", "/v3/devices/status/", asked).is(200, told);
    served.clock.advance(1);
    served
        .jpush("POST", "/v3/devices/status", r#"{"registration_ids":["d1"]}"#)
        .is(200, r#"{"d1":{"online":false,"last_online_time":"2014-12-16 10:47:07"}}"#);
    served.jpush("POST", "/v3/devices/status", r#"{"registration_ids":["\n"]}"#).is(200, r#"{"\n":null}"#);
}

#[test]
fn the_second_layout_answers_alike() {
    let served = populated();
    for (method, path, body) in [
        ("GET", "/{}/d1", ""),
        ("POST", "/{}/d1", r#"{"mobile":"2"}"#),
        ("POST", "/{}/status/", r#"{"registration_ids":["d1"]}"#),
        ("GET", "/{}/unknown", ""),
        ("PUT", "/{}/d1", ""),
    ] {
        let first = served.jpush(method, &path.replace("{}", "v3/devices"), body);
        let second = served.jpush(method, &path.replace("{}", "v3/device"), body);
        second.is(first.status(), first.text());
    }
    for (method, path, body) in [
        ("GET", "/v3/tags/", ""),
        ("GET", "/v3/tags/news/registration_ids/d1", ""),
        ("POST", "/v3/tags/news", r#"{"registration_ids":{"add":["d3"]}}"#),
        ("GET", "/v3/aliases/ann?new_format=true", ""),
        ("POST", "/v3/aliases/ann", r#"{"registration_ids":{"remove":["d1"]}}"#),
        ("DELETE", "/v3/aliases/ann?platform=ios", ""),
        ("DELETE", "/v3/tags/news?platform=ios", ""),
        ("PUT", "/v3/tags/news", ""),
        ("GET", "/v3/aliases", ""),
    ] {
        let first = served.jpush(method, path, body);
        let second = served.jpush(method, &path.replace("/v3/", "/v3/device/"), body);
        second.is(first.status(), first.text());
    }
}

#[test]
fn a_device_whose_id_is_a_word_of_the_paths_is_reached_encoded() {
    let served = served();
    served.enrol("status", Platform::Ios);
    served.jpush("POST", "/v3/devices/%73tatus", r#"{"alias":"a"}"#).is(200, "{}");
    served.jpush("GET", "/v3/devices/%73tatus", "").is(200, r#"{"tags":[],"alias":"a","mobile":null}"#);
    // In the second layout the words of the other paths as well.
    for (id, encoded) in [("status", "statu%73"), ("tags", "%74ags"), ("aliases", "%61liases")] {
        served.enrol(id, Platform::Ios);
        served.jpush("POST", &format!("/v3/device/{encoded}"), r#"{"mobile":"1"}"#).is(200, "{}");
        assert_eq!(served.app.device(&device(id)).unwrap().mobile.unwrap().as_str(), "1");
    }
}
