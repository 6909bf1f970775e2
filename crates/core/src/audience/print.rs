//! Printing of the tree as text with the fewest parentheses.
//!
//! The text parses to the same tree, not only to one with the same meaning: parentheses keep an `And` inside an `And`,
//! and `and(x)`, `or(x)` and `and()` are lists that no operator can express.

use super::Audience;
use super::text::{QUOTE, is_hidden, is_plain};
use crate::model::{Platform, PlatformSet};
use std::fmt::{self, Formatter, Write};

/// How tightly the enclosing operator binds. A member that binds less tightly needs parentheses.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Binding {
    Loose,
    Or,
    And,
}

impl fmt::Display for Audience {
    /// Prints the canonical text. [`Audience::parse`] returns the same tree for it.
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        node(self, Binding::Loose, f)
    }
}

fn node(audience: &Audience, around: Binding, f: &mut Formatter<'_>) -> fmt::Result {
    match audience {
        Audience::All => f.write_str("all()"),
        Audience::Tag(tag) => name(tag.as_str(), f),
        Audience::Alias(alias) => call("alias", alias.as_str(), f),
        Audience::User(user) => call("user", user.as_str(), f),
        Audience::Device(device) => call("device", device.as_str(), f),
        Audience::Platforms(set) => platforms(*set, f),
        Audience::And(members) => match members.as_slice() {
            [] => f.write_str("and()"),
            [one] => single("and(", one, f),
            several => chain(several, " && ", around >= Binding::And, Binding::And, f),
        },
        Audience::Or(members) => match members.as_slice() {
            [] => f.write_str("none()"),
            [one] => single("or(", one, f),
            several => chain(several, " || ", around >= Binding::Or, Binding::Or, f),
        },
        Audience::Not(inner) => {
            f.write_char('!')?;
            // `!` binds tightest, so a list inside always has parentheses.
            node(inner, Binding::And, f)
        }
    }
}

fn chain(
    members: &[Audience],
    operator: &str,
    parentheses: bool,
    binding: Binding,
    f: &mut Formatter<'_>,
) -> fmt::Result {
    if parentheses {
        f.write_char('(')?;
    }
    for (n, member) in members.iter().enumerate() {
        if n > 0 {
            f.write_str(operator)?;
        }
        node(member, binding, f)?;
    }
    if parentheses {
        f.write_char(')')?;
    }
    Ok(())
}

fn single(function: &str, member: &Audience, f: &mut Formatter<'_>) -> fmt::Result {
    f.write_str(function)?;
    node(member, Binding::Loose, f)?;
    f.write_char(')')
}

fn call(function: &str, text: &str, f: &mut Formatter<'_>) -> fmt::Result {
    f.write_str(function)?;
    f.write_char('(')?;
    name(text, f)?;
    f.write_char(')')
}

fn platforms(set: PlatformSet, f: &mut Formatter<'_>) -> fmt::Result {
    f.write_str("platform(")?;
    for (n, name) in set.iter().map(Platform::name).enumerate() {
        if n > 0 {
            f.write_str(", ")?;
        }
        f.write_str(name)?;
    }
    f.write_char(')')
}

fn name(text: &str, f: &mut Formatter<'_>) -> fmt::Result {
    if !text.is_empty() && text.chars().all(|c| is_plain(c) && !is_hidden(c)) {
        return f.write_str(text);
    }
    f.write_char(QUOTE)?;
    for c in text.chars() {
        match c {
            '"' => f.write_str("\\\"")?,
            '\\' => f.write_str("\\\\")?,
            c if is_hidden(c) => write!(f, "{}", c.escape_unicode())?,
            c => f.write_char(c)?,
        }
    }
    f.write_char(QUOTE)
}

/// Returns the text of a part for a line of a printed tree, cut at about a hundred characters: its members have lines
/// of their own.
pub(super) fn brief(part: &impl fmt::Display) -> String {
    const MOST: usize = 100;
    let mut text = Cut { text: String::new(), room: MOST };
    match write!(text, "{part}") {
        Ok(()) => text.text,
        Err(_) => text.text + "…",
    }
}

/// Takes a limited number of characters and fails on the next one, so that a huge part is not printed as a whole.
struct Cut {
    text: String,
    room: usize,
}

impl Write for Cut {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for c in text.chars() {
            self.room = self.room.checked_sub(1).ok_or(fmt::Error)?;
            self.text.push(c);
        }
        Ok(())
    }
}

/// Writes the members of a line of a tree, each with the branches in front of it.
pub(super) fn below<T>(
    members: &[T],
    indent: &mut String,
    f: &mut Formatter<'_>,
    show: fn(&T, &mut String, &mut Formatter<'_>) -> fmt::Result,
) -> fmt::Result {
    for (n, member) in members.iter().enumerate() {
        let last = n + 1 == members.len();
        write!(f, "{indent}{}", if last { "└─ " } else { "├─ " })?;
        let before = indent.len();
        indent.push_str(if last { "   " } else { "│  " });
        show(member, indent, f)?;
        indent.truncate(before);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::testing::trees;
    use super::*;
    use crate::model::TagName;
    use proptest::prelude::*;

    fn tag(name: &str) -> Audience {
        TagName::new(name).unwrap().into()
    }

    #[test]
    fn parentheses_stand_only_where_the_tree_needs_them() {
        let printed = |tree: Audience| tree.to_string();
        assert_eq!(printed((tag("a") | tag("b")) & tag("c")), "(a || b) && c");
        assert_eq!(printed((tag("a") & tag("b")) | tag("c")), "a && b || c");
        assert_eq!(printed(!(tag("a") & tag("b"))), "!(a && b)");
        assert_eq!(printed(!!tag("a")), "!!a");
        assert_eq!(printed(Audience::And(vec![tag("a"), tag("b") & tag("c")])), "a && (b && c)");
        assert_eq!(printed(Audience::Or(vec![tag("a"), tag("b") | tag("c")])), "a || (b || c)");
    }

    #[test]
    fn lists_that_no_operator_can_express_are_printed_as_functions() {
        assert_eq!(Audience::And(vec![]).to_string(), "and()");
        assert_eq!(Audience::And(vec![tag("a") | tag("b")]).to_string(), "and(a || b)");
        assert_eq!(Audience::Or(vec![]).to_string(), "none()");
        assert_eq!(Audience::Or(vec![tag("a")]).to_string(), "or(a)");
        assert_eq!(Audience::Platforms(PlatformSet::NONE).to_string(), "platform()");
    }

    #[test]
    fn names_are_quoted_when_they_hold_anything_special() {
        assert_eq!(tag("新闻¥1.2@#$*+=:-").to_string(), "新闻¥1.2@#$*+=:-");
        assert_eq!(tag("a|b").to_string(), r#""a|b""#);
        assert_eq!(tag(r#"a"\b"#).to_string(), r#""a\"\\b""#);
        assert_eq!(tag("a b").to_string(), r#""a b""#);
        assert_eq!(tag("a\u{3000}\u{202e}b").to_string(), r#""a\u{3000}\u{202e}b""#);
        assert_eq!(tag("all").to_string(), "all");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]
        #[test]
        fn every_tree_prints_as_text_that_parses_to_the_same_tree(tree in trees()) {
            let text = tree.to_string();
            match Audience::parse(&text) {
                Ok(parsed) => prop_assert_eq!(parsed, tree),
                Err(error) => prop_assert!(false, "{}", error),
            }
        }
    }
}
