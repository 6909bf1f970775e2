use super::super::testing::trees;
use super::*;
use crate::Audience;
use proptest::prelude::*;

fn form(json: &str) -> JpushAudience {
    serde_json::from_str(json).unwrap()
}

fn text(json: &str) -> String {
    Audience::try_from(&form(json)).unwrap().to_string()
}

fn refused(json: &str) -> String {
    Audience::try_from(&form(json)).unwrap_err().to_string()
}

fn written(text: &str) -> Result<String, String> {
    let audience: Audience = text.parse().unwrap();
    match JpushAudience::try_from(&audience) {
        Ok(form) => Ok(serde_json::to_string(&form).unwrap()),
        Err(error) => Err(error.to_string()),
    }
}

#[test]
fn the_members_of_an_object_are_joined_by_and() {
    assert_eq!(text(r#""all""#), "all()");
    assert_eq!(text(r#"{"tag":["a"]}"#), "a");
    assert_eq!(text(r#"{"tag":["a","b"]}"#), "a || b");
    assert_eq!(text(r#"{"tag_and":["a","b"]}"#), "a && b");
    assert_eq!(text(r#"{"tag_not":["a","b"]}"#), "!(a || b)");
    assert_eq!(
        text(r#"{"alias":["a"],"registration_id":["d","e"]}"#),
        "alias(a) && (device(d) || device(e))"
    );
    assert_eq!(text(r#"{"platform":["hmos"]}"#), "platform(harmony)");
    assert_eq!(
        text(r#"{"tag":["t1","t2"],"tag_and":["t3","t4"],"tag_not":["t5","t6"]}"#),
        "(t1 || t2) && t3 && t4 && !(t5 || t6)",
        "the vendor's worked example"
    );
}

#[test]
fn an_empty_member_counts_as_absent_and_nothing_is_not_everyone() {
    assert_eq!(text(r#"{"tag":["a"],"tag_not":[],"alias":[],"platform":[]}"#), "a");
    let nothing = "audience: present: must be \"all\", or hold something in one of tag, tag_and, tag_not, alias, \
                   registration_id, platform: got nothing";
    for empty in ["{}", r#"{"tag":[]}"#, r#"{"platform":[]}"#] {
        assert_eq!(refused(empty), nothing);
    }
    assert_eq!(
        Audience::try_from(&form(r#"{"platform":"all"}"#)).unwrap().to_string().matches("ios").count(),
        1
    );
}

#[test]
fn null_counts_as_absent_and_so_does_an_empty_member_that_has_no_meaning_here() {
    assert_eq!(text(r#"{"tag":["a"],"alias":null}"#), "a");
    let null =
        r#"{"tag":null,"tag_and":null,"tag_not":["b"],"alias":null,"registration_id":null,"platform":null}"#;
    assert_eq!(text(null), "!b");
    for member in ["segment", "abtest", "live_activity_id", "file"] {
        for nothing in ["null", "[]", "{}", r#""""#] {
            assert_eq!(text(&format!(r#"{{"{member}":{nothing},"tag":["a"]}}"#)), "a");
        }
        for something in [r#"["s"]"#, r#"{"file_id":"1"}"#, r#""s""#, "1", "false"] {
            let refused =
                serde_json::from_str::<JpushAudience>(&format!(r#"{{"{member}":{something},"tag":["a"]}}"#));
            assert!(
                refused.unwrap_err().to_string().contains("this member has no meaning here"),
                "{something}"
            );
        }
    }
    assert!(refused(r#"{"tag":null}"#).starts_with("audience: present"));
}

#[test]
fn platforms_are_jpushs_in_both_directions() {
    assert_eq!(text(r#"{"platform":["android"]}"#), "platform(android, amazon, huawei, xiaomi)");
    assert_eq!(text(r#"{"platform":["winphone","ios"]}"#), "platform(ios, windows_phone, windows)");
    for name in ["huawei", "windows", "chrome", "unknown", ""] {
        let message = "platform[0]: known: must be one of ios android winphone hmos quickapp: got ";
        assert!(refused(&format!(r#"{{"platform":["{name}"]}}"#)).starts_with(message), "{name}");
    }
    let both = r#"{"platform":["android","winphone"]}"#;
    assert_eq!(
        written("platform(windows, xiaomi, android, windows_phone, huawei, amazon)").as_deref(),
        Ok(both)
    );
    let some = "platform[1]: known: must be all of the platforms that JPush has one of its names for: got \"huawei\"";
    assert_eq!(written("platform(ios, huawei)").unwrap_err(), some);
}

#[test]
fn lists_are_accepted_at_their_limits_and_refused_beyond() {
    for (member, most) in
        [("tag", 20), ("tag_and", 20), ("tag_not", 20), ("alias", 1_000), ("registration_id", 1_000)]
    {
        let of =
            |items: usize| format!(r#"{{"{member}":{}}}"#, serde_json::to_string(&vec!["x"; items]).unwrap());
        assert!(Audience::try_from(&form(&of(most))).is_ok(), "{member}");
        assert_eq!(
            refused(&of(most + 1)),
            format!("{member}: items: must be at most {most}: got {}", most + 1)
        );
    }
}

#[test]
fn every_mistake_is_named_with_its_member_and_index() {
    let json = r#"{"tag":["a",""],"alias":["b\u0000"],"platform":["ios","amiga"]}"#;
    let all = Audience::try_from(&form(json)).unwrap_err();
    let found: Vec<_> = all.iter().map(|one| (one.field(), one.index())).collect();
    assert_eq!(found, [("tag", Some(1)), ("alias", Some(0)), ("platform", Some(1))]);
    assert!(all.to_string().starts_with("tag[1]: bytes: must be 1 to 255: got 0 (\"\")"), "{all}");
}

#[test]
fn what_is_not_the_form_is_refused_while_it_is_read() {
    for bad in [
        r#""everyone""#,
        r#"{"segment":["a"]}"#,
        r#"{"tag":"a"}"#,
        r#"{"tag":[1]}"#,
        r#"{"tag":["a"],"tag":["b"]}"#,
        r#"{"platform":"ios"}"#,
        "[]",
        "null",
        "1",
    ] {
        assert!(serde_json::from_str::<JpushAudience>(bad).is_err(), "{bad}");
    }
    let long = format!("\"{}\"", "x".repeat(100_000));
    assert!(serde_json::from_str::<JpushAudience>(&long).unwrap_err().to_string().len() < 200);
}

#[test]
fn a_tree_is_written_where_the_form_can_express_it() {
    for (text, json) in [
        ("all()", r#""all""#),
        ("and()", r#""all""#),
        ("news", r#"{"tag":["news"]}"#),
        ("a && b", r#"{"tag_and":["a","b"]}"#),
        ("(a || b) && c && !(d || e) && !f", r#"{"tag":["a","b"],"tag_and":["c"],"tag_not":["d","e","f"]}"#),
        ("alias(a, b) && device(d)", r#"{"alias":["a","b"],"registration_id":["d"]}"#),
        ("platform(ios, android) && !platform(android)", r#"{"platform":["ios"]}"#),
        ("platform(quickapp)", r#"{"platform":["quickapp"]}"#),
        ("!!a && (all() && (b && platform(harmony)))", r#"{"tag_and":["a","b"],"platform":["hmos"]}"#),
    ] {
        assert_eq!(written(text).as_deref(), Ok(json), "{text}");
    }
    for (text, why) in [
        ("none()", "audience: form"),
        ("!all()", "audience: form"),
        ("user(a)", "audience: form"),
        ("a || alias(b)", "audience: form"),
        ("!(a && b)", "audience: form"),
        ("!alias(a)", "audience: form"),
        ("(a || b) && (c || d)", "audience: form: must hold at most one"),
        ("platform(macos)", "platform[0]: known"),
        ("platform(ios) && platform(android)", "platform: present"),
        ("platform(android)", "platform[0]: known"),
    ] {
        let error = written(text).unwrap_err();
        assert!(error.starts_with(why), "{text}: {error}");
    }
    let many: Vec<String> = (0..21).map(|n| format!("t{n}")).collect();
    assert_eq!(written(&many.join(" && ")).unwrap_err(), "tag_and: items: must be at most 20: got 21");
}

fn names() -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec("[a-d]", 0..4)
}

fn forms() -> impl Strategy<Value = JpushAudience> {
    let platform = prop::option::of(prop_oneof![
        Just(JpushPlatforms::All),
        prop::collection::vec(prop::sample::select(vec!["ios", "android", "hmos"]), 0..3)
            .prop_map(|names| JpushPlatforms::Of(names.into_iter().map(Into::into).collect())),
    ]);
    let members = (names(), names(), names(), names(), names(), platform).prop_map(
        |(tag, tag_and, tag_not, alias, registration_id, platform)| {
            JpushAudience::Of(JpushMembers { tag, tag_and, tag_not, alias, registration_id, platform })
        },
    );
    prop_oneof![1 => Just(JpushAudience::All), 9 => members]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn a_form_reads_back_as_itself(form in forms()) {
        let json = serde_json::to_string(&form).unwrap();
        let again: JpushAudience = serde_json::from_str(&json).unwrap();
        prop_assert_eq!(Audience::try_from(&again), Audience::try_from(&form));
    }

    /// Checks that the form that is written from a tree is read as the same tree, member by member.
    #[test]
    fn a_form_can_be_written_from_its_tree(form in forms()) {
        if let Ok(tree) = Audience::try_from(&form) {
            let again = JpushAudience::try_from(&tree).unwrap();
            let twice = Audience::try_from(&again).unwrap();
            prop_assert_eq!(JpushAudience::try_from(&twice).unwrap(), again);
        }
    }

    #[test]
    fn any_tree_is_written_or_refused(tree in trees()) {
        if let Ok(form) = JpushAudience::try_from(&tree) {
            prop_assert!(Audience::try_from(&form).is_ok());
        }
    }

    #[test]
    fn any_text_is_a_form_or_an_error(text in "\\PC{0,40}|[\\[\\]{}\":,a-z_]{0,40}|\\{\"(tag|alias|platform)\":[\\[\\]\",a]{0,8}\\}") {
        if let Ok(form) = serde_json::from_str::<JpushAudience>(&text) {
            let _ = Audience::try_from(&form);
        }
    }
}
