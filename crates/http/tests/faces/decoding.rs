//! Bodies that are JSON, and of which something is refused, or not, for how it is written.

use crate::common::{KEY, Served, device, served};
use rollbook::{Attribute, EventQuery, Limits, Scalar};

const DONE: &str = r#"{"status_code":200,"status_message":"OK","response":null}"#;

fn populated() -> Served {
    let served = served();
    served.populate();
    served
}

/// A request of this app, with these members more.
fn of(members: &str) -> String {
    format!(r#"{{"request":{{"application":"{KEY}"{members}}}}}"#)
}

#[test]
fn a_known_member_that_is_given_twice_is_refused_by_its_name() {
    let served = populated();
    let twice = |field: &str| format!("{field}: items: must be given once: got it more than once");
    for (body, field) in [
        (r#"{"tags":{"add":["a"]},"tags":{"remove":["a"]}}"#, "tags"),
        (r#"{"tags":{"add":["a"],"remove":["b"],"add":["c"]}}"#, "tags.add"),
        (r#"{"alias":"a","mobile":"1","alias":"a"}"#, "alias"),
        (r#"{"alias":null,"\u0061lias":"a"}"#, "alias"),
        (r#"{"alias":"a","alias":7,"alias":[],"alias":{}}"#, "alias"),
    ] {
        served.refused(("POST", "/v3/devices/d1", body), 400, 7002, &twice(field));
    }
    for (body, field) in [
        (r#"{"registration_ids":{"add":["d3"]},"registration_ids":{"add":["d3"]}}"#, "registration_ids"),
        (r#"{"registration_ids":{"remove":["d1"],"remove":["d1"]}}"#, "registration_ids.remove"),
    ] {
        served.refused(("POST", "/v3/tags/news", body), 400, 7002, &twice(field));
        served.refused(("POST", "/v3/aliases/ann", body), 400, 7002, &twice(field));
    }
    let body = r#"{"registration_ids":["d1"],"registration_ids":["d2"]}"#;
    served.refused(("POST", "/v3/devices/status", body), 400, 7002, &twice("registration_ids"));
    // What is not known may be given as often as a client likes.
    served.jpush("POST", "/v3/devices/d1", r#"{"x":1,"x":2,"alias":"a"}"#).is(200, "{}");
}

#[test]
fn the_same_holds_for_the_other_face_and_for_the_app_itself() {
    let served = populated();
    let twice = |field: &str| format!("{field}: items: must be given once: got it more than once");
    let register = |body: &str, field: &str| {
        served.pushwoosh_refused("/json/1.3/registerUser", body, 200, 210, &twice(field));
    };
    register(&of(r#","hwid":"h1","application":"other""#), "application");
    register(
        &format!(r#"{{"request":{{"application":"other","hwid":"h1","application":"{KEY}"}}}}"#),
        "application",
    );
    register(&of(r#","hwid":"h1","hwid":"h2""#), "hwid");
    register(&of(r#","hwid":"h1","userId":"a","userId":"b""#), "userId");
    let one = of(r#","hwid":"h1""#);
    let two = format!("{},{}", &one[..one.len() - 1], &one[1..]);
    register(&two, "request");
    let flat = format!(r#"{{"application":"{KEY}","user_id":"u1","user_id":"u2"}}"#);
    served.pushwoosh_refused("/api/v2/device-api/deleteUser", &flat, 200, 210, &twice("user_id"));
    // What is not known may be given as often as a client likes.
    let unknown = of(r#","hwid":"h1","x":1,"x":[2],"v":"1","v":"2""#);
    served.pushwoosh("/json/1.3/registerUser", &unknown).is(200, DONE);
    let event = of(r#","event":"activityCompleted","hwid":"d1","attributes":{"a":1,"b":2,"a":1}"#);
    served.pushwoosh_refused("/json/1.3/postEvent", &event, 200, 210, &twice("attributes.a"));
}

#[test]
fn users_that_are_numbers_are_whole_ones_of_64_bits() {
    let served = served();
    for number in [
        "0",
        "7",
        "-7",
        "9007199254740991",
        "9007199254740993",
        "9223372036854775807",
        "18446744073709551615",
        "-9223372036854775808",
    ] {
        let body = of(&format!(r#","hwid":"h1","userId":{number}"#));
        served.pushwoosh("/json/1.3/registerUser", &body).is(200, DONE);
        assert_eq!(served.app.device(&device("h1")).unwrap().user.as_str(), number);
        let body = format!(r#"{{"application":"{KEY}","user_id":{number}}}"#);
        served.pushwoosh("/api/v2/device-api/deleteUser", &body).is(200, DONE);
        assert!(served.app.device(&device("h1")).is_err());
    }
    for number in [
        "18446744073709551616",
        "-9223372036854775809",
        "0.1",
        "0.10000000000000001",
        "1.0",
        "1e3",
        "-0",
        "-0.0",
    ] {
        let message = format!("type: must be a string or a whole number of 64 bits: got {number}");
        let body = of(&format!(r#","hwid":"h1","userId":{number}"#));
        served.pushwoosh_refused("/json/1.3/registerUser", &body, 200, 210, &format!("userId: {message}"));
        let body = format!(r#"{{"application":"{KEY}","user_id":{number}}}"#);
        let message = format!("user_id: {message}");
        served.pushwoosh_refused("/api/v2/device-api/deleteUser", &body, 200, 210, &message);
    }
}

#[test]
fn whole_numbers_in_attributes_are_those_of_64_signed_bits_and_never_rounded() {
    let served = populated();
    let post = |attributes: &str| {
        of(&format!(r#","event":"activityCompleted","hwid":"d1","attributes":{{"ok":1,{attributes}}}"#))
    };
    for number in [i64::MAX, i64::MIN, 9_007_199_254_740_993] {
        let body = post(&format!(r#""id":{number},"ids":[{number}]"#));
        assert_eq!(served.pushwoosh("/json/1.3/postEvent", &body).status(), 200);
        let events = served.app.events(&EventQuery::default()).unwrap().items;
        assert_eq!(events[0].attributes.get("id"), Some(&number.into()));
        let list = Attribute::List(vec![Scalar::Integer(number)]);
        assert_eq!(events[0].attributes.get("ids"), Some(&list));
    }
    for number in [
        "9223372036854775808",
        "-9223372036854775809",
        "18446744073709551615",
        "18446744073709551616",
        "100000000000000000000000000000",
    ] {
        let range = "range: must be -9223372036854775808 to 9223372036854775807";
        let message = format!("attributes.id: {range}: got {number}");
        let body = post(&format!(r#""id":{number}"#));
        served.pushwoosh_refused("/json/1.3/postEvent", &body, 200, 210, &message);
        let message = format!("attributes.ids[1]: {range}: got {number}");
        let body = post(&format!(r#""ids":[1,{number}]"#));
        served.pushwoosh_refused("/json/1.3/postEvent", &body, 200, 210, &message);
    }
    // What was a float from the start stays one, however large.
    for (number, float) in
        [("1e19", 1e19), ("-1.5e300", -1.5e300), ("18446744073709551616.0", 18_446_744_073_709_551_616.0)]
    {
        let body = post(&format!(r#""price":{number}"#));
        assert_eq!(served.pushwoosh("/json/1.3/postEvent", &body).status(), 200, "{number}");
        let events = served.app.events(&EventQuery { limit: 99, ..EventQuery::default() }).unwrap().items;
        assert!(events.iter().any(|event| event.attributes.get("price") == Some(&float.into())), "{number}");
    }
}

#[test]
fn a_float_is_a_float_where_the_same_number_stands_elsewhere_without_a_point() {
    let served = populated();
    let body = of(r#","event":"activityCompleted","hwid":"d1","attributes":{"whole":7,"point":7.0}"#);
    assert_eq!(served.pushwoosh("/json/1.3/postEvent", &body).status(), 200);
    let events = served.app.events(&EventQuery::default()).unwrap().items;
    assert_eq!(events[0].attributes.get("whole"), Some(&7.into()));
    assert_eq!(events[0].attributes.get("point"), Some(&7.0.into()));
}

/// An event with these attributes.
fn event(attributes: &str) -> String {
    of(&format!(r#","event":"activityCompleted","hwid":"d1","attributes":{{{attributes}}}"#))
}

/// As many attributes of this value as are wanted.
fn attributes(count: usize, value: &str) -> String {
    (0..count).map(|n| format!(r#""a{n:05}":{value}"#)).collect::<Vec<_>>().join(",")
}

#[test]
fn of_many_attributes_that_are_wrong_the_first_hundred_are_named() {
    let served = populated();
    let named = |attributes: &str| {
        let reply = served.pushwoosh("/json/1.3/postEvent", &event(attributes));
        assert!(reply.text().starts_with(r#"{"status_code":210,"#), "{}", reply.text());
        reply.text().matches("attributes.").count()
    };
    assert_eq!(named(&attributes(150, "null")), 100);
    assert_eq!(named(&attributes(150, "18446744073709551616")), 100);
    assert_eq!(named(&format!(r#""list":[{}{{}}]"#, "null,".repeat(150))), 100);
    assert_eq!(named(&format!(r#""good":1,"list":[1,18446744073709551616],{}"#, attributes(2, "null"))), 2);
    // The one that is given again is not looked at any further.
    assert_eq!(named(r#""a":1,"b":2,"a":null"#), 1);
}

#[test]
fn a_body_holds_as_many_values_as_there_is_room_for_and_all_of_them_are_kept() {
    let limits = Limits::unlimited();
    let served = crate::common::served_of(limits);
    served.populate();
    let full = "must be at most 10240 values in a body of this length";
    for (most, more) in [
        (attributes(10_240, "1"), attributes(10_241, "1")),
        (format!(r#""list":[{}0]"#, "0,".repeat(10_238)), format!(r#""list":[{}0]"#, "0,".repeat(10_239))),
    ] {
        assert_eq!(served.pushwoosh("/json/1.3/postEvent", &event(&most)).status(), 200);
        let kept = served.app.events(&EventQuery::default()).unwrap().items;
        let values = kept[0].attributes.iter().map(|(_, attribute)| match attribute {
            Attribute::One(_) => 1,
            Attribute::List(list) => 1 + list.len(),
        });
        assert_eq!(values.sum::<usize>(), 10_240);
        served.clock.advance(1);
        let refused = served.pushwoosh("/json/1.3/postEvent", &event(&more));
        assert_eq!(refused.text().matches(full).count(), 1, "{}", refused.text());
    }
}

#[test]
fn the_lists_of_one_body_share_the_room_for_names() {
    let served = crate::common::served_of(Limits::unlimited());
    served.populate();
    let names = |count: usize| vec![r#""d1""#; count].join(",");
    let lists =
        |add, remove| format!(r#"{{"tags":{{"add":[{}],"remove":[{}]}}}}"#, names(add), names(remove));
    served.jpush("POST", "/v3/devices/d1", &lists(5_000, 5_240)).is(200, "{}");
    let message = "tags.remove: items: must be at most 5240: got 5241";
    served.refused(("POST", "/v3/devices/d1", &lists(5_000, 5_241)), 400, 7002, message);
}

#[test]
fn numbers_and_texts_that_are_json_and_no_values_are_named_with_their_place() {
    let served = populated();
    let range = "range: must be a number that 64 bits hold: got";
    let half = "characters: must hold no half of a surrogate pair: got one";
    for (body, message) in [
        (r#"{"alias":1e400}"#, format!("alias: {range} 1e400")),
        (r#"{"alias":"\ud800"}"#, format!("alias: {half}")),
        (r#"{"mobile":"\udc00"}"#, format!("mobile: {half}")),
        (r#"{"tags":-1e999}"#, format!("tags: {range} -1e999")),
        (r#"{"tags":{"add":["a","\ud800x"]}}"#, format!("tags.add[1]: {half}")),
        (r#"{"tags":{"remove":["a","b",1e400]}}"#, format!("tags.remove[2]: {range} 1e400")),
        (r#"{"al\ud800ias":"a"}"#, format!("body: {half}")),
    ] {
        served.refused(("POST", "/v3/devices/d1", body), 400, 7002, &message);
    }
    let body = r#"{"registration_ids":{"add":["d1","\udfff"]}}"#;
    served.refused(("POST", "/v3/tags/vip", body), 400, 7002, &format!("registration_ids.add[1]: {half}"));
    for (members, message) in [
        (r#","hwid":"\ud800""#, format!("hwid: {half}")),
        (r#","hwid":"h","tz_offset":1e400"#, format!("tz_offset: {range} 1e400")),
        (r#","hwid":"h","userId":1e400"#, format!("userId: {range} 1e400")),
    ] {
        served.pushwoosh_refused("/json/1.3/registerUser", &of(members), 200, 210, &message);
    }
    let body = of(r#","event":"activityCompleted","hwid":"d1","attributes":{"a":1,"b":[1,1e400]}"#);
    served.pushwoosh_refused(
        "/json/1.3/postEvent",
        &body,
        200,
        210,
        &format!("attributes.b[1]: {range} 1e400"),
    );
    // What is not known is not judged.
    served.jpush("POST", "/v3/devices/d1", r#"{"x":1e400,"y":"\ud800"}"#).is(200, "{}");
}

#[test]
fn a_body_that_is_no_text_is_refused_with_its_place() {
    let served = populated();
    let authorization = crate::common::authorized();
    let body = b"{\"x\":\"\xFF\"}";
    let length = format!("Content-Length: {}", body.len());
    let head = crate::common::head("POST", "/v3/devices/d1", &[&authorization, &length]);
    let reply = crate::common::exchange(served.address, &[&head[..], body].concat());
    let message = "body: form: must be UTF-8: got something else at byte 6";
    reply.is(400, &format!(r#"{{"error":{{"code":7002,"message":"{message}"}}}}"#));
}

#[test]
fn misspelt_members_of_a_list_are_refused_and_not_taken_for_done() {
    let served = populated();
    let only =
        |field: &str, name: &str| format!("{field}: known: must hold only add and remove: got {name:?}");
    for name in ["addd", "Add", "remove ", "set", ""] {
        let body = format!(r#"{{"tags":{{"add":["x"],"{name}":["a"]}},"alias":"x"}}"#);
        served.refused(("POST", "/v3/devices/d1", &body), 400, 7002, &only("tags", name));
        let body = format!(r#"{{"registration_ids":{{"remove":["d1"],"{name}":null}}}}"#);
        for path in ["/v3/tags/news", "/v3/aliases/ann"] {
            served.refused(("POST", path, &body), 400, 7002, &only("registration_ids", name));
        }
    }
}

#[test]
fn a_byte_order_mark_is_skipped() {
    let served = populated();
    served.jpush("POST", "/v3/devices/d1", "\u{feff}{\"alias\":\"bom\"}").is(200, "{}");
    served.jpush("GET", "/v3/aliases/bom", "").is(200, r#"{"registration_ids":["d1"]}"#);
    let ids = "\u{feff}{\"registration_ids\":{\"add\":[\"d3\"]}}";
    served.jpush("POST", "/v3/tags/bom", ids).is(200, "{}");
    let status = "\u{feff} {\"registration_ids\":[\"d1\"]}";
    served.jpush("POST", "/v3/devices/status", status).is(200, r#"{"d1":{"online":false}}"#);
    let user = format!("\u{feff}{}", of(r#","hwid":"h1""#));
    served.pushwoosh("/json/1.3/registerUser", &user).is(200, DONE);
    let flat = format!("\u{feff}{{\"application\":\"{KEY}\",\"user_id\":\"u1\"}}");
    served.pushwoosh("/api/v2/device-api/deleteUser", &flat).is(200, DONE);
    let message = "body: form: must be JSON: got something else at line 1 column 1";
    served.refused(("POST", "/v3/devices/d2", "\u{feff}\u{feff}{}"), 400, 7002, message);
}

#[test]
fn what_is_written_on_the_wire_is_read_as_it_was() {
    use rollbook_http::jpush::wire::{Status, StatusAnswer, Texts};
    let texts = Texts::from_iter(["news", "", "汉"]);
    assert_eq!(serde_json::from_str::<Texts>(r#"["news","","汉"]"#).unwrap(), texts);
    assert_eq!(format!("{texts:?}"), r#"["news", "", "汉"]"#);
    let online = Some(Status { online: true, last_online_time: None });
    let answer = StatusAnswer(vec![("phone".into(), online), ("nobody".into(), None)]);
    let text = r#"{"phone":{"online":true},"nobody":null}"#;
    assert_eq!(serde_json::to_string(&answer).unwrap(), text);
    assert_eq!(serde_json::from_str::<StatusAnswer>(text).unwrap(), answer);
}

#[test]
fn what_is_in_another_format_than_json_is_refused_in_words() {
    use rollbook_http::jpush::wire::{DeviceChange, StatusAnswer};
    use serde::Deserialize;
    use serde::de::value::{BytesDeserializer, Error, MapDeserializer};
    let refused = |read: Result<DeviceChange, Error>| read.unwrap_err().to_string();
    let bytes = DeviceChange::deserialize(BytesDeserializer::new(b"{}"));
    assert_eq!(refused(bytes), "invalid type: byte array, expected JSON");
    let numbered = DeviceChange::deserialize(MapDeserializer::new([(7, "a")].into_iter()));
    assert_eq!(refused(numbered), "invalid type: integer `7`, expected the name of a member");
    let list = serde_json::from_str::<StatusAnswer>("[1]").unwrap_err().to_string();
    assert_eq!(list, "invalid type: sequence, expected an object keyed by device at line 1 column 0");
}
