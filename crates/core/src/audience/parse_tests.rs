use super::*;
use proptest::prelude::*;

fn parse(text: &str) -> Audience {
    match Audience::parse(text) {
        Ok(tree) => tree,
        Err(error) => panic!("{error}"),
    }
}

fn tag(name: &str) -> Audience {
    TagName::new(name).unwrap().into()
}

/// Returns the column, the expected text and the found text of a refusal.
fn refusal(text: &str) -> (usize, String, String) {
    let error = Audience::parse(text).unwrap_err();
    assert_eq!(error.text(), text);
    (error.column(), error.expected().into(), error.found().into())
}

#[test]
fn not_binds_tighter_than_and_which_binds_tighter_than_or() {
    assert_eq!(parse("!a && b || c"), (!tag("a") & tag("b")) | tag("c"));
    assert_eq!(parse("a || b && !c"), tag("a") | (tag("b") & !tag("c")));
    assert_eq!(parse("!(a||b)&&c"), !(tag("a") | tag("b")) & tag("c"));
}

#[test]
fn a_chain_is_one_node_and_parentheses_keep_their_own() {
    assert_eq!(parse("a && b && c"), Audience::And(vec![tag("a"), tag("b"), tag("c")]));
    assert_eq!(parse("(a && b) && c"), Audience::And(vec![tag("a") & tag("b"), tag("c")]));
    assert_eq!(parse("((a))"), tag("a"));
}

#[test]
fn a_bare_word_is_a_tag_whatever_it_is_called() {
    for name in
        ["all", "none", "tag", "and", "not", "1", "country:us", "pref-news", "新闻", "¥￥@#$*+=.:-", "*"]
    {
        assert_eq!(parse(name), tag(name));
        assert_eq!(parse(&format!(" \n{name}\u{3000}")), tag(name));
    }
}

#[test]
fn functions_name_what_is_no_tag() {
    assert_eq!(parse("all()"), Audience::All);
    assert_eq!(parse("none( )"), Audience::none());
    assert_eq!(parse("alias(ann)"), Alias::new("ann").unwrap().into());
    assert_eq!(parse("user(u1@x.org)"), UserId::new("u1@x.org").unwrap().into());
    assert_eq!(parse("device (+86-130)"), DeviceId::new("+86-130").unwrap().into());
    assert_eq!(
        parse("platform(ios, android, hmos)"),
        PlatformSet::of(&[Platform::Ios, Platform::Android, Platform::Harmony]).into()
    );
    assert_eq!(parse("platform()"), PlatformSet::NONE.into());
}

#[test]
fn several_names_in_a_function_mean_any_of_them() {
    assert_eq!(parse("tag(a, b) && c"), (tag("a") | tag("b")) & tag("c"));
    assert_eq!(parse("tag(a)"), tag("a"));
    let device = |id: &str| Audience::from(DeviceId::new(id).unwrap());
    assert_eq!(parse("device(d1,d2)"), device("d1") | device("d2"));
}

#[test]
fn and_and_or_as_functions_take_any_number_of_conditions() {
    assert_eq!(parse("and()"), Audience::And(vec![]));
    assert_eq!(parse("or()"), Audience::none());
    assert_eq!(parse("and(a || b)"), Audience::And(vec![tag("a") | tag("b")]));
    assert_eq!(parse("or(a, !b, c)"), Audience::Or(vec![tag("a"), !tag("b"), tag("c")]));
}

#[test]
fn quotes_hold_any_name() {
    assert_eq!(parse(r#""a|b" && "x y""#), tag("a|b") & tag("x y"));
    assert_eq!(parse(r#""\"\\\u{65b0}\u{1F600}'""#), tag("\"\\新😀'"));
    assert_eq!(parse(r#"alias("a,b", c)"#).to_string(), r#"alias("a,b") || alias(c)"#);
    assert_eq!(parse(r#"platform("ios")"#), Platform::Ios.into());
}

#[test]
fn a_refusal_points_at_the_place_and_says_what_was_expected() {
    let (operand, operator) = (OPERAND.to_string(), "`&&`, `||` or the end".to_string());
    assert_eq!(refusal(""), (1, operand.clone(), "the end".into()));
    assert_eq!(refusal("a &&"), (5, operand.clone(), "the end".into()));
    assert_eq!(refusal("a && || b"), (6, operand.clone(), "`||`".into()));
    assert_eq!(refusal("新闻 && )"), (7, operand.clone(), "`)`".into()));
    assert_eq!(refusal("()"), (2, operand.clone(), "`)`".into()));
    assert_eq!(refusal("a and b"), (3, operator.clone(), "`and`".into()));
    assert_eq!(refusal("a !b"), (3, operator.clone(), "`!`".into()));
    assert_eq!(refusal("a)"), (2, operator.clone(), "`)`".into()));
    assert_eq!(refusal("news (a)"), (6, operator, "`(`".into()));
    assert_eq!(refusal("(a || b"), (8, "`&&`, `||` or `)`".into(), "the end".into()));
    assert_eq!(refusal("tag()"), (5, "a tag".into(), "`)`".into()));
    assert_eq!(refusal("tag(a,)"), (7, "a tag".into(), "`)`".into()));
    assert_eq!(refusal("tag(a b)"), (7, "`,` or `)`".into(), "`b`".into()));
    assert_eq!(refusal("tag(a || b)"), (7, "`,` or `)`".into(), "`||`".into()));
    assert_eq!(refusal("all(x)"), (5, "`)`".into(), "`x`".into()));
    assert_eq!(refusal("a && \0"), (6, operand, "`\\u{0}`".into()));
}

#[test]
fn a_single_operator_character_and_a_wrong_quote_are_refused_with_a_hint() {
    for text in ["a & b", "a | b", "a'b'", "a\\b"] {
        let (_, _, found) = refusal(text);
        assert!(found.ends_with("(a name with special characters stands in double quotes)"), "{found}");
    }
}

#[test]
fn an_unknown_function_is_refused_at_its_name() {
    let expected = "one of the functions all none tag alias user device platform and or";
    assert_eq!(refusal("a || tags(b)"), (6, expected.into(), "`tags`".into()));
}

#[test]
fn a_wrong_name_is_refused_at_its_place_with_its_rule() {
    let long = "x".repeat(256);
    let error = Audience::parse(&format!("a && alias(b, {long})")).unwrap_err();
    assert_eq!((error.column(), error.rule()), (15, Rule::Bytes));
    assert_eq!(error.expected(), "an alias (bytes: must be 1 to 255)");
    assert!(Audience::parse(&"x".repeat(255)).is_ok());

    let (column, expected, found) = refusal(r#"a && """#);
    assert_eq!(
        (column, expected.as_str(), found.as_str()),
        (6, "a tag (bytes: must be 1 to 255)", "0 (\"\")")
    );
    assert_eq!(Audience::parse(r#""a\nb""#).unwrap_err().rule(), Rule::Characters);

    let (column, expected, found) = refusal("platform(ios, amiga)");
    assert_eq!((column, found.as_str()), (15, "\"amiga\""));
    assert!(expected.starts_with("a platform (known: must be one of unknown ios android"), "{expected}");
}

#[test]
fn broken_quotes_are_refused() {
    assert_eq!(
        refusal(r#"a && "b"#),
        (8, "`\"` to end the name that starts at column 6".into(), "the end".into())
    );
    assert_eq!(refusal(r#""a\"#).0, 3);
    for escape in [r"\x", r"\u", r"\u{}", r"\u{d800}", r"\u{1234567}", r"\u{+1}", r"\u{12", r"\新"] {
        let (column, expected, _) = refusal(&format!(r#""a{escape}" && b"#));
        assert_eq!((column, expected.starts_with("one of the escapes")), (3, true), "{escape}");
    }
}

#[test]
fn depth_is_accepted_at_the_limit_and_refused_beyond() {
    for (open, close) in [("(", ")"), ("!", ""), ("and(", ")"), ("!(", ")")] {
        let opened = open.matches(['!', '(']).count();
        let text = |times: usize| format!("{}a{}", open.repeat(times), close.repeat(times));
        // Parentheses alone make no node: 64 may be open. The others do, and the leaf is one more.
        let most = if open == "(" { 64 } else { 63 / opened };
        let most = if opened == 2 { 32 } else { most };
        assert!(Audience::parse(&text(most)).is_ok(), "{open}");
        let refused = Audience::parse(&text(most + 1)).unwrap_err();
        assert_eq!(refused.rule(), Rule::Depth, "{open}");
    }
}

#[test]
fn levels_that_only_operators_make_count_too() {
    // Each pair of parentheses holds an `Or` with an `And` in it: two levels.
    let text = |times: usize| format!("{}a{}", "(b || c && ".repeat(times), ")".repeat(times));
    assert!(Audience::parse(&text(31)).is_ok());
    let refused = Audience::parse(&text(32)).unwrap_err();
    assert_eq!((refused.rule(), refused.column()), (Rule::Depth, 2));
}

#[test]
fn hostile_nesting_is_refused_without_a_deep_stack() {
    for open in ["(", "!", "and(", "or(a, ", "!(", "a && (", "a || b && ("] {
        let text = open.repeat(Audience::MAX_TEXT / open.len());
        assert_eq!(Audience::parse(&text).unwrap_err().rule(), Rule::Depth, "{open}");
    }
}

#[test]
fn nodes_are_accepted_at_the_limit_and_refused_beyond() {
    let wide = |leaves: usize| vec!["a"; leaves].join("||");
    assert!(Audience::parse(&wide(9_998)).is_ok());
    assert!(Audience::parse(&wide(9_999)).is_ok());
    let refused = Audience::parse(&wide(10_000)).unwrap_err();
    assert_eq!((refused.rule(), refused.expected()), (Rule::Items, "at most 10000 nodes"));
    let list = |names: usize| format!("tag({})", vec!["a"; names].join(","));
    assert!(Audience::parse(&list(9_999)).is_ok());
    assert_eq!(Audience::parse(&list(10_000)).unwrap_err().rule(), Rule::Items);
}

#[test]
fn parsing_counts_nodes_as_the_check_does() {
    for text in ["a", "a && !b", "tag(a, b)", "platform(ios, android)", "and()", "((a || b) && c)"] {
        let tree = parse(text);
        let nodes = (1..).find(|&n| tree.check(&Limits { audience_nodes: n, ..Limits::default() }).is_ok());
        let nodes = nodes.unwrap();
        assert!(Audience::parse_within(text, &Limits { audience_nodes: nodes, ..Limits::default() }).is_ok());
        let refused =
            Audience::parse_within(text, &Limits { audience_nodes: nodes - 1, ..Limits::default() });
        assert_eq!(refused.unwrap_err().rule(), Rule::Items, "{text}");
    }
}

#[test]
fn a_text_is_accepted_at_the_length_limit_and_refused_beyond() {
    let padded = |bytes: usize| format!("a{}", " ".repeat(bytes - 1));
    assert!(Audience::parse(&padded(Audience::MAX_TEXT)).is_ok());
    let refused = Audience::parse(&padded(Audience::MAX_TEXT + 1)).unwrap_err();
    assert_eq!((refused.rule(), refused.found()), (Rule::Bytes, "1048577"));
    assert_eq!(refused.text().len(), Audience::MAX_TEXT);
    // The cut falls into the middle of a character.
    let wide = "新".repeat(Audience::MAX_TEXT / 3 + 1);
    assert_eq!(Audience::parse(&wide).unwrap_err().offset(), Audience::MAX_TEXT / 3 * 3);
}

#[test]
fn a_refusal_becomes_a_violation_of_the_field_audience() {
    let error = crate::Error::from(Audience::parse("a b").unwrap_err());
    let violation = &error.violations()[0];
    assert_eq!((violation.field(), violation.rule()), ("audience", Rule::Form));
    assert_eq!(violation.to_string(), "audience: form: must hold `&&`, `||` or the end at column 3: got `b`");
}

/// Generates texts made of the pieces of the language, so that many of them nearly parse.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "a",
        "新",
        "news",
        "tag(",
        "alias(",
        "user(",
        "device(",
        "platform(",
        "ios",
        "and(",
        "or(",
        "all()",
        "none(",
        "(",
        ")",
        ",",
        "!",
        "&&",
        "||",
        "&",
        "|",
        "\"",
        "\\",
        "\\u{",
        "}",
        "'",
        " ",
        "\n",
        "\u{200b}",
        "\"x y\"",
    ]);
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

fn never_panics(text: &str) -> Result<(), TestCaseError> {
    match Audience::parse(text) {
        Ok(tree) => {
            prop_assert!(tree.check(&Limits::default()).is_ok());
            prop_assert_eq!(Audience::parse(&tree.to_string()).unwrap(), tree);
        }
        Err(error) => {
            prop_assert!(text.is_char_boundary(error.offset()));
            prop_assert_eq!(text[..error.offset()].chars().count() + 1, error.column());
            prop_assert_eq!(error.to_string().lines().count(), 3);
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn any_text_is_a_condition_or_a_refusal_with_a_place(text in any::<String>()) {
        never_panics(&text)?;
    }

    #[test]
    fn any_run_of_pieces_is_a_condition_or_a_refusal_with_a_place(text in pieces()) {
        never_panics(&text)?;
    }
}
