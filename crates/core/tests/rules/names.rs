//! Names and numbers: every rule at its limit, one below and one above.

use crate::common::{
    alias, device, enrol, every_tag, fixture, fixture_of, refused, set_alias, snapshot, tag, user, with_tags,
    with_user,
};
use rollbook::store::{DeviceRecord, Operation, OwnedKey, Relation, Store, WriteSet};
use rollbook::{
    Alias, AppId, AppKey, DeviceId, EventName, Language, Limits, Mobile, Platform, PlatformSet, PushToken,
    Registration, TagName, UserId, UtcOffset, Violation,
};
use serde::Deserialize;

/// Asserts that every text is a name of this type, also after decoding.
fn accepts<T>(texts: &[&str])
where
    T: for<'a> TryFrom<&'a str, Error = Violation> + for<'de> Deserialize<'de>,
{
    for text in texts {
        assert!(T::try_from(text).is_ok(), "{text:?}");
        assert!(serde_json::from_value::<T>((*text).into()).is_ok(), "{text:?}");
    }
}

/// Asserts that the text is no name of this type, with this message, also when it is decoded.
fn refuses<T>(text: &str, message: &str)
where
    T: for<'a> TryFrom<&'a str, Error = Violation> + for<'de> Deserialize<'de>,
{
    let violation = T::try_from(text).err().unwrap_or_else(|| panic!("accepted: {text:?}"));
    assert_eq!(violation.to_string(), message);
    let decoded = serde_json::from_value::<T>(text.into()).err().unwrap();
    // The decoder names the place.
    assert_eq!(message.split_once(": ").map(|(_, rest)| rest), Some(decoded.to_string().as_str()));
}

/// A text of so many bytes that begins with as many characters of three bytes as go in.
fn han(bytes: usize) -> String {
    "汉".repeat(bytes / 3) + &"a".repeat(bytes % 3)
}

/// How an error shows a text that is longer than it shows.
fn cut(text: &str) -> String {
    let end = (0..=64).rev().find(|&at| text.is_char_boundary(at)).unwrap();
    format!("\"{}\"…", &text[..end])
}

/// Asserts that the type takes 1 to 255 bytes without control characters.
fn is_a_plain_name<T>(field: &str)
where
    T: for<'a> TryFrom<&'a str, Error = Violation> + for<'de> Deserialize<'de>,
{
    accepts::<T>(&["a", "汉", " ", "+86-130@example.org:1.2", &"a".repeat(254), &"a".repeat(255)]);
    accepts::<T>(&[&han(254), &han(255)]);
    refuses::<T>("", &format!("{field}: bytes: must be 1 to 255: got 0 (\"\")"));
    for text in ["a".repeat(256), han(256)] {
        refuses::<T>(&text, &format!("{field}: bytes: must be 1 to 255: got 256 ({})", cut(&text)));
    }
    for (text, shown) in [
        ("\0", "\\0"),
        ("a\nb", "a\\nb"),
        ("a\u{7f}", "a\\u{7f}"),
        ("\u{85}", "\\u{85}"),
        ("\u{1f}", "\\u{1f}"),
    ] {
        let message = format!("{field}: characters: must hold no control characters: got \"{shown}\"");
        refuses::<T>(text, &message);
    }
}

#[test]
fn an_app_key_is_1_to_64_bytes_of_letters_digits_hyphen_and_underscore() {
    accepts::<AppKey>(&[
        "a",
        "61BC9-84DD0",
        "7d431e42dfa6a6d693ac2d04",
        "A-Z_09",
        &"a".repeat(63),
        &"a".repeat(64),
    ]);
    refuses::<AppKey>("", "app: bytes: must be 1 to 64: got 0 (\"\")");
    let long = "a".repeat(65);
    refuses::<AppKey>(&long, &format!("app: bytes: must be 1 to 64: got 65 ({})", cut(&long)));
    for bad in ["a b", "a/b", "a.b", "汉", "é", "a\n"] {
        let message = format!("app: characters: must hold only A-Z a-z 0-9 - _: got {bad:?}");
        refuses::<AppKey>(bad, &message);
    }
}

#[test]
fn a_device_id_is_1_to_255_bytes_without_control_characters() {
    is_a_plain_name::<DeviceId>("device");
}

#[test]
fn a_user_id_is_1_to_255_bytes_without_control_characters() {
    is_a_plain_name::<UserId>("user");
}

#[test]
fn an_event_name_is_1_to_255_bytes_without_control_characters() {
    is_a_plain_name::<EventName>("event");
}

#[test]
fn a_tag_can_be_1_to_255_bytes_whatever_an_app_lets_be_added() {
    is_a_plain_name::<TagName>("tag");
}

#[test]
fn an_alias_can_be_1_to_255_bytes_whatever_an_app_lets_be_set() {
    is_a_plain_name::<Alias>("alias");
}

#[test]
fn a_tag_and_an_alias_are_at_most_40_bytes_of_utf_8() {
    let limits = Limits::default();
    // The signs are of three and of two bytes: 12 and 2 of them are 40 bytes, 13 and 1 are 41.
    let signs = "￥".repeat(12) + "¥¥";
    for good in ["a", "汉", &"a".repeat(39), &"a".repeat(40), &han(39), &han(40), &signs] {
        assert!(limits.check_tag(&tag(good)).is_ok(), "{good}");
        assert!(limits.check_alias(&alias(good)).is_ok(), "{good}");
    }
    for bad in ["a".repeat(41), han(41), "￥".repeat(13) + "¥"] {
        let message = format!("bytes: must be 1 to 40: got 41 (\"{bad}\")");
        assert_eq!(limits.check_tag(&tag(&bad)).unwrap_err().to_string(), format!("tag: {message}"));
        assert_eq!(limits.check_alias(&alias(&bad)).unwrap_err().to_string(), format!("alias: {message}"));
    }
}

#[test]
fn a_tag_and_an_alias_are_of_letters_digits_underscore_han_and_the_listed_signs() {
    let limits = Limits::default();
    let signs = "@!#$&*+=.|￥¥_";
    // Unified ideographs of several planes, a compatibility ideograph, and the Han number and iteration signs.
    let han = "汉字新聞㐀𠀀豈〇々";
    for good in ('a'..='z').chain('A'..='Z').chain('0'..='9').chain(signs.chars()).chain(han.chars()) {
        assert!(limits.check_tag(&tag(&good.to_string())).is_ok(), "{good}");
        assert!(limits.check_alias(&alias(&good.to_string())).is_ok(), "{good}");
    }
    let others = " \"'%(),-/:;<>?[\\]^`{}~éßяひカ한Ａ１，。！＠·😀\u{200b}";
    for bad in others.chars() {
        let rule = "characters: must hold only A-Z a-z 0-9 _ Han characters and @!#$&*+=.|￥¥";
        let message = format!("{rule}: got {:?}", bad.to_string());
        let text = bad.to_string();
        assert_eq!(limits.check_tag(&tag(&text)).unwrap_err().to_string(), format!("tag: {message}"));
        assert_eq!(limits.check_alias(&alias(&text)).unwrap_err().to_string(), format!("alias: {message}"));
    }
}

#[test]
fn the_relaxed_profile_takes_128_bytes_of_anything_but_control_characters() {
    let limits = Limits::relaxed();
    for good in ["country:us", "pref-news", "a b", "é", &"a".repeat(127), &"a".repeat(128), &han(128)] {
        assert!(limits.check_tag(&tag(good)).is_ok(), "{good}");
        assert!(limits.check_alias(&alias(good)).is_ok(), "{good}");
    }
    for bad in ["a".repeat(129), han(129)] {
        let message = format!("bytes: must be 1 to 128: got 129 ({})", cut(&bad));
        assert_eq!(limits.check_tag(&tag(&bad)).unwrap_err().to_string(), format!("tag: {message}"));
        assert_eq!(limits.check_alias(&alias(&bad)).unwrap_err().to_string(), format!("alias: {message}"));
    }
}

#[test]
fn the_relaxed_profile_is_off_unless_asked_for() {
    assert!(Limits::default().check_tag(&tag("country:us")).is_err());
}

#[test]
fn the_unlimited_profile_takes_whatever_a_name_can_be() {
    assert!(Limits::unlimited().check_tag(&tag(&"a".repeat(255))).is_ok());
    assert!(Limits::unlimited().check_alias(&alias(&"a".repeat(255))).is_ok());
}

#[test]
fn the_name_rule_of_the_app_is_enforced_wherever_a_tag_or_an_alias_is_added() {
    let bad = "country:us";
    let rule =
        "characters: must hold only A-Z a-z 0-9 _ Han characters and @!#$&*+=.|￥¥: got \"country:us\"";
    let f = fixture();
    enrol(&f.app, "d1", Platform::Ios);
    refused(&f.app, &format!("tags[1]: {rule}"), |app| {
        app.register(&with_tags("d1", vec![tag("ok"), tag(bad)]))
    });
    refused(&f.app, &format!("tags.add[0]: {rule}"), |app| {
        app.update(&device("d1"), &crate::common::change_tags(vec![tag(bad)], vec![]))
    });
    refused(&f.app, &format!("tag: {rule}"), |app| app.update_tag(&tag(bad), &[device("d1")], &[]));
    refused(&f.app, &format!("alias: {rule}"), |app| app.update(&device("d1"), &set_alias(bad)));
    refused(&f.app, &format!("alias: {rule}"), |app| {
        app.register(&Registration { alias: Some(alias(bad)), ..with_tags("d1", vec![]) })
    });

    let relaxed = fixture_of(Limits::relaxed()).app;
    relaxed.register(&with_tags("d1", vec![tag(bad)])).unwrap();
    relaxed.update(&device("d1"), &set_alias(bad)).unwrap();
    assert_eq!(relaxed.device(&device("d1")).unwrap().tags, [tag(bad)]);
}

#[test]
fn names_that_a_narrower_rule_would_refuse_keep_working_and_can_be_taken_away() {
    let f = fixture_of(Limits::relaxed());
    let wide = "country:us";
    f.app
        .register(&Registration { alias: Some(alias(wide)), ..with_tags("d1", vec![tag(wide), tag("a:b")]) })
        .unwrap();
    enrol(&f.app, "d2", Platform::Ios);

    let app = f.relimited(&Limits::jpush());
    assert!(app.has_tag(&device("d1"), &tag(wide)).unwrap());
    assert_eq!(app.alias_devices(&alias(wide), PlatformSet::ALL).unwrap(), [device("d1")]);
    assert!(app.update_tag(&tag(wide), &[device("d2")], &[]).is_err());
    assert!(app.update(&device("d2"), &set_alias(wide)).is_err());

    app.update(&device("d1"), &crate::common::change_tags(vec![], vec![tag("a:b")])).unwrap();
    app.update_tag(&tag(wide), &[], &[device("d1")]).unwrap();
    app.unbind_alias(&alias(wide), &[device("d1")]).unwrap();
    let after = snapshot(&app);
    assert!(after.tags.is_empty() && after.aliases.is_empty());
    app.delete_tag(&tag(wide), PlatformSet::ALL).unwrap();
    app.delete_alias(&alias(wide), PlatformSet::ALL).unwrap();
}

#[test]
fn a_mobile_number_is_a_plus_or_a_digit_then_digits_and_hyphens_in_at_most_20_characters() {
    accepts::<Mobile>(&["1", "+86-130-1234-5678", "0--", "+-1", &"1".repeat(19), &"1".repeat(20)]);
    refuses::<Mobile>("", "mobile: bytes: must be 1 to 20: got 0 (\"\")");
    let long = format!("+{}", "1".repeat(20));
    refuses::<Mobile>(&long, &format!("mobile: bytes: must be 1 to 20: got 21 (\"{long}\")"));
    for bad in ["-1", "1+", "1 2", "a", "(1)", "１", "1\n", "+", "+-", "+---"] {
        let limit = "must be + or a digit, then digits and -, with at least one digit";
        let message = format!("mobile: form: {limit}: got {bad:?}");
        refuses::<Mobile>(bad, &message);
    }
}

#[test]
fn a_utc_offset_is_any_number_of_seconds_from_minus_43200_to_50400() {
    for good in [-43_200, -43_199, -1, 0, 1, 19_800, 20_700, 50_399, 50_400] {
        assert_eq!(UtcOffset::new(good).unwrap().secs(), good);
        assert!(serde_json::from_value::<UtcOffset>(good.into()).is_ok());
    }
    for bad in [i32::MIN, -43_201, 50_401, i32::MAX] {
        let message = format!("utc_offset: range: must be -43200 to 50400: got {bad}");
        assert_eq!(UtcOffset::new(bad).unwrap_err().to_string(), message);
        let decoded = serde_json::from_value::<UtcOffset>(bad.into()).unwrap_err().to_string();
        assert_eq!(format!("utc_offset: {decoded}"), message);
    }
}

#[test]
fn a_language_of_whatever_form_is_kept_in_its_usual_one() {
    for (sent, kept) in [
        ("en", "en"),
        ("fil", "fil"),
        ("zh-CN", "zh-CN"),
        ("zh_CN", "zh-CN"),
        ("zh_hans_cn", "zh-Hans-CN"),
        ("ZH-HANS-CN", "zh-Hans-CN"),
        ("es-419", "es-419"),
        ("pt-br", "pt-BR"),
        ("EN", "en"),
        ("sl-nedis", "sl-nedis"),
        ("de-CH-1996", "de-CH-1996"),
        ("zh-Hans-CN-u-fw-mon", "zh-Hans-CN"),
        ("en-US-u-ca-gregory-mu-celsius-x-mine", "en-US"),
        ("en-x-secret", "en"),
        ("en-t-de-m0-din", "en"),
        ("ar-a-extend1-b-extend2", "ar"),
        ("en_US.UTF-8", "en-US"),
        ("de_DE@euro", "de-DE"),
        ("de_DE.ISO-8859-15@euro", "de-DE"),
        ("sr@latin", "sr"),
        ("und", "und"),
    ] {
        assert_eq!(Language::new(sent).unwrap().as_str(), kept, "{sent}");
        assert_eq!(serde_json::from_value::<Language>(sent.into()).unwrap().as_str(), kept, "{sent}");
        assert_eq!(Language::lenient(&format!(" {sent} ")).unwrap().as_str(), kept, "{sent}");
        assert_eq!(Language::new(kept).unwrap().as_str(), kept);
    }
}

#[test]
fn what_is_no_language_is_refused_and_leniently_dropped() {
    let limit = "must be a BCP 47 tag: 2 or 3 letters, optionally a script, a region and variants";
    for bad in [
        "e",
        "engl",
        "english",
        "C",
        "POSIX",
        "root",
        "e1",
        "en-",
        "-en",
        "en--US",
        "en_",
        "en US",
        "汉",
        "en-é1",
        "en-toolonger",
        "en-12",
        "x-mine",
        "i-klingon",
        "@euro",
        ".UTF-8",
        "en-Latn-Latn",
        "en\n",
        "1",
        "*",
        "zh-CN,zh;q=0.9",
        "en-US-US",
    ] {
        refuses::<Language>(bad, &format!("language: form: {limit}: got {bad:?}"));
        assert_eq!(Language::lenient(bad).filter(|_| bad.trim() == bad), None, "{bad:?}");
    }
    refuses::<Language>("", "language: bytes: must be 1 to 255: got 0 (\"\")");
    let long = format!("en-u-{}", "abcdefgh-".repeat(28));
    refuses::<Language>(&long, &format!("language: bytes: must be 1 to 255: got 257 ({})", cut(&long)));
    let many = "de-fonipa-fonupa-fonxsamp-heploc-hepburn";
    let kept = "de-fonipa-fonupa-fonxsamp-hepburn-heploc";
    refuses::<Language>(many, &format!("language: bytes: must be 1 to 35: got 40 (\"{kept}\")"));
    assert_eq!(Language::lenient(""), None);
}

#[test]
fn a_language_and_a_number_that_an_earlier_release_kept_are_read_as_they_are_where_they_have_no_other_form() {
    for (held, read) in
        [("en", "en"), ("zh_CN", "zh-CN"), ("pt-br", "pt-BR"), ("en-12", "en-12"), ("en_ab_cd", "en_ab_cd")]
    {
        assert_eq!(Language::stored(held).unwrap().as_str(), read);
    }
    for never in ["", "english", "en-é1", "\n", "en-toolonger"] {
        assert!(Language::stored(never).is_err(), "{never:?}");
    }
    assert_eq!(Mobile::stored("+-").unwrap().as_str(), "+-");
    assert!(Mobile::stored("").is_err() && Mobile::stored("-").is_err() && Mobile::stored("a").is_err());

    // A device is written with them and read back.
    let mut device = fixture_with_one_device();
    device.language = Some(Language::stored("en-12").unwrap());
    device.mobile = Some(Mobile::stored("+").unwrap());
    let text = serde_json::to_string(&device).unwrap();
    assert_eq!(serde_json::from_str::<rollbook::Device>(&text).unwrap(), device);
}

fn fixture_with_one_device() -> rollbook::Device {
    let f = fixture();
    enrol(&f.app, "d1", Platform::Ios);
    f.app.device(&device("d1")).unwrap()
}

/// Texts that are blank, or have something invisible at an end.
const UNSEEN: [&str; 7] = [" ", "\u{200b}", "\u{3000}\u{feff}", "ann ", " ann", "ann\u{a0}", "\u{feff}ann"];

#[test]
fn names_that_no_app_takes_any_more_keep_working_where_a_register_holds_them() {
    let f = fixture_of(Limits::relaxed());
    // What an earlier release wrote.
    let keys = [(Relation::User, "ann "), (Relation::Tag, "vip "), (Relation::Alias, " ")];
    let keys = keys.map(|(relation, name)| OwnedKey { relation, name: name.into() }).to_vec();
    let record = Box::new(DeviceRecord::new(device(" ")));
    let insert = Operation::Insert { platform: Platform::Ios, record, last_seen: None, keys };
    let writes = WriteSet { operations: vec![insert].into(), ..WriteSet::default() };
    f.registry.store().commit(AppId(1), &writes).unwrap();

    let app = &f.app;
    let blank = app.device(&device(" ")).unwrap();
    assert_eq!((blank.user, blank.alias, blank.tags), (user("ann "), Some(alias(" ")), vec![tag("vip ")]));
    assert!(app.has_tag(&device(" "), &tag("vip ")).unwrap());
    assert_eq!(app.alias_devices(&alias(" "), PlatformSet::ALL).unwrap(), [device(" ")]);
    app.touch(&[device(" ")]).unwrap();
    app.register(&with_tags(" ", vec![tag("new")])).unwrap();
    app.register(&with_user("d2", "ann ")).unwrap();
    assert_eq!(app.user_devices(&user("ann "), PlatformSet::ALL).unwrap(), [device(" "), device("d2")]);
    app.register_user(&device(" "), None, None, None).unwrap();
    assert_eq!(app.device(&device(" ")).unwrap().user, user(" "));
    app.update_tag(&tag("vip "), &[], &[device(" ")]).unwrap();
    app.delete_alias(&alias(" "), PlatformSet::ALL).unwrap();
    app.delete_user(&user("ann ")).unwrap();
    app.remove(&device(" ")).unwrap();
    assert!(snapshot(app).devices.is_empty());
    // Now they would be new again.
    assert!(
        app.register(&with_tags(" ", vec![])).is_err() && app.register(&with_user("d2", "ann ")).is_err()
    );
}

#[test]
fn a_new_device_and_a_new_user_have_a_name_that_can_be_seen() {
    for name in UNSEEN {
        let blank = name.trim_matches(['\u{200b}', '\u{feff}', ' ', '\u{3000}', '\u{a0}']).is_empty();
        let limit = if blank {
            "must have a visible character"
        } else {
            "must have no white space and nothing invisible at an end"
        };
        let f = fixture();
        enrol(&f.app, "d1", Platform::Ios);
        let told = |field: &str| format!("{field}: characters: {limit}: got {name:?}");
        refused(&f.app, &told("device"), |app| app.register(&Registration::new(device(name), Platform::Ios)));
        refused(&f.app, &told("device"), |app| app.register_user(&device(name), None, None, None));
        refused(&f.app, &told("user"), |app| app.register_user(&device("d1"), Some(&user(name)), None, None));
        refused(&f.app, &told("user"), |app| {
            app.register(&Registration {
                user: Some(user(name)),
                ..Registration::new(device("d1"), Platform::Ios)
            })
        });
        for limits in [Limits::relaxed(), Limits::unlimited()] {
            assert_eq!(limits.check_tag(&tag(name)).unwrap_err().to_string(), told("tag"));
            assert_eq!(limits.check_alias(&alias(name)).unwrap_err().to_string(), told("alias"));
        }
    }
}

#[test]
fn a_push_token_is_1_to_4096_bytes_and_an_error_about_it_does_not_repeat_it() {
    accepts::<PushToken>(&["a", &"a".repeat(4095), &"a".repeat(4096)]);
    refuses::<PushToken>("", "token: bytes: must be 1 to 4096: got 0");
    refuses::<PushToken>(&"a".repeat(4097), "token: bytes: must be 1 to 4096: got 4097");
    refuses::<PushToken>("hush\n", "token: characters: must hold no control characters: got one");
}

#[test]
fn names_are_compared_by_bytes_with_case_and_without_normalisation() {
    let app = fixture_of(Limits::relaxed()).app;
    // The same letter, composed and decomposed.
    let names = ["News", "news", "caf\u{e9}", "cafe\u{301}"];
    for name in names {
        app.register(&Registration { alias: Some(alias(name)), ..with_tags(name, vec![tag(name)]) }).unwrap();
    }
    let after = snapshot(&app);
    assert_eq!((after.devices.len(), after.tags.len(), after.aliases.len(), after.users.len()), (4, 4, 4, 4));
    for name in names {
        assert_eq!(app.alias_devices(&alias(name), PlatformSet::ALL).unwrap(), [device(name)]);
    }
    let listed: Vec<_> = every_tag(&app, PlatformSet::ALL).into_iter().map(|count| count.tag).collect();
    assert_eq!(listed, [tag("News"), tag("cafe\u{301}"), tag("caf\u{e9}"), tag("news")]);
}

#[test]
fn the_default_limits_are_the_documented_ones() {
    let json = serde_json::to_value(Limits::default()).unwrap();
    let documented = serde_json::json!({
        "names": "jpush",
        "tags_per_device": 1000,
        "tags_per_list": 100,
        "tag_list_bytes": 1000,
        "devices_per_list": 1000,
        "devices_per_alias": 10,
        "alias_overflow": "refuse",
        "ids_per_presence": 1000,
        "online_window_secs": 600,
        "last_seen_window_secs": 172_800,
        "attributes_per_event": 100,
        "attribute_bytes": 4096,
        "attribute_items": 100,
        "declare_on_first_use": false,
        "event_retention_secs": "none",
        "event_ahead_secs": 86_400,
        "operations_per_batch": 1000,
        "audience_nodes": 10_000
    });
    assert_eq!(json, documented);
}
