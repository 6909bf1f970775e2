//! The parser of the text form: one pass of recursive descent, with limits of length, depth and nodes.
//!
//! ```text
//! or   = and  { "||" and }
//! and  = unit { "&&" unit }
//! unit = "!" unit | "(" or ")" | name | function "(" [ argument { "," argument } ] ")"
//! name = word | '"' characters and escapes '"'
//! ```

use super::Audience;
use super::parse_error::{ParseError, found_in};
use super::text::{FUNCTIONS, QUOTE, is_plain};
use crate::model::{Alias, DeviceId, Limits, Platform, PlatformSet, TagName, UserId};
use crate::violation::{Rule, Violation, shown};
use std::borrow::Cow;
use std::str::FromStr;

const OPERAND: &str = "a name, a function, `!` or `(`";
const QUOTES_HINT: &str = " (a name with special characters stands in double quotes)";

impl Audience {
    /// Parses the text form.
    ///
    /// - `a && b`, `a || b`, `!a`, parentheses; `!` binds tightest, then `&&`, then `||`.
    /// - A bare word is a tag. It has any characters except white space, control characters and `& | ! ( ) , " ' \`.
    ///   Any name may be in double quotes, with the escapes `\" \\ \n \r \t \u{1F600}`.
    /// - `tag(a)`, `alias(a)`, `user(u)`, `device(d)` and `platform(ios)` take one or more names, separated by commas,
    ///   and select the devices of any of them. Platforms have the names of [`Platform`] or those of JPush.
    /// - `all()` selects everything and `none()` nothing. Without parentheses they are tags like any other word.
    /// - `and(a, b)` and `or(a, b)` take conditions. `and()` selects everything, `or()` nothing.
    ///
    /// ```
    /// use rollbook::Audience;
    /// let audience = Audience::parse(r#"news && tag(ios_beta, vip) && !alias("a|b")"#)?;
    /// assert_eq!(audience.to_string(), r#"news && (ios_beta || vip) && !alias("a|b")"#);
    /// # Ok::<(), rollbook::ParseError>(())
    /// ```
    ///
    /// # Errors
    /// The first position at which the text is not a condition, or exceeds [`Audience::MAX_TEXT`] bytes,
    /// [`Audience::MAX_DEPTH`] levels or the default [`Limits::audience_nodes`].
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        Self::parse_within(text, &Limits::default())
    }

    /// Parses the text form with the [`Limits::audience_nodes`] of an app.
    ///
    /// ```
    /// use rollbook::{Audience, Limits};
    /// let limits = Limits { audience_nodes: 3, ..Limits::default() };
    /// assert!(Audience::parse_within("a && b", &limits).is_ok());
    /// assert!(Audience::parse_within("a && b && c", &limits).is_err());
    /// ```
    ///
    /// # Errors
    /// As [`Audience::parse`].
    pub fn parse_within(text: &str, limits: &Limits) -> Result<Self, ParseError> {
        if text.len() > Self::MAX_TEXT {
            let end = text.floor_char_boundary(Self::MAX_TEXT);
            let expected = format!("at most {} bytes", Self::MAX_TEXT);
            let kept = text.get(..end).unwrap_or_default();
            return Err(ParseError::new(kept, end, Rule::Bytes, expected, text.len().to_string()));
        }
        let mut parser = Parser { text, at: 0, open: 0, nodes: 0, most_nodes: limits.audience_nodes };
        let parsed = parser.or()?;
        parser.skip_space();
        if parser.rest().is_empty() {
            Ok(parsed.tree)
        } else {
            Err(parser.unexpected("`&&`, `||` or the end"))
        }
    }
}

impl FromStr for Audience {
    type Err = ParseError;

    /// Parses the text form as [`Audience::parse`] does.
    fn from_str(text: &str) -> Result<Self, ParseError> {
        Self::parse(text)
    }
}

/// A tree and its depth. A leaf has depth 1.
struct Parsed {
    tree: Audience,
    depth: usize,
}

struct Parser<'t> {
    text: &'t str,
    /// The position of the next character, in bytes.
    at: usize,
    /// The number of open `!`, `(`, `and(` and `or(`, which is the depth of the recursion. It differs from the depth of
    /// the tree: parentheses alone add no node, and a chain adds a node without recursion.
    open: usize,
    nodes: u32,
    most_nodes: u32,
}

impl<'t> Parser<'t> {
    fn or(&mut self) -> Result<Parsed, ParseError> {
        self.chain("||", Self::and, Audience::Or)
    }

    fn and(&mut self) -> Result<Parsed, ParseError> {
        self.chain("&&", Self::unit, Audience::And)
    }

    fn chain(
        &mut self,
        operator: &str,
        member: fn(&mut Self) -> Result<Parsed, ParseError>,
        join: fn(Vec<Audience>) -> Audience,
    ) -> Result<Parsed, ParseError> {
        self.skip_space();
        let start = self.at;
        let first = member(self)?;
        if !self.eat(operator) {
            return Ok(first);
        }
        let (mut members, mut depth) = (vec![first.tree], first.depth);
        loop {
            let next = member(self)?;
            members.push(next.tree);
            depth = depth.max(next.depth);
            if !self.eat(operator) {
                return self.inner(start, join(members), depth);
            }
        }
    }

    fn unit(&mut self) -> Result<Parsed, ParseError> {
        self.skip_space();
        let start = self.at;
        if self.eat("!") {
            let negated = self.nested(start, Self::unit)?;
            return self.inner(start, Audience::Not(Box::new(negated.tree)), negated.depth);
        }
        if self.eat("(") {
            let within = self.nested(start, Self::or)?;
            self.close("`&&`, `||` or `)`")?;
            return Ok(within);
        }
        if self.rest().starts_with(QUOTE) {
            let name = self.quoted()?;
            return self.tag(start, &name);
        }
        let word = self.word();
        if word.is_empty() {
            return Err(self.unexpected(OPERAND));
        }
        // The name of a function without parentheses is a tag.
        if FUNCTIONS.contains(&word) && self.eat("(") {
            return self.call(start, word);
        }
        if self.rest().starts_with('(') {
            let expected = format!("one of the functions {}", FUNCTIONS.join(" "));
            return Err(ParseError::new(self.text, start, Rule::Form, expected, found_in(word)));
        }
        self.tag(start, word)
    }

    /// Parses the rest of a function call after its opening parenthesis.
    fn call(&mut self, start: usize, function: &str) -> Result<Parsed, ParseError> {
        match function {
            "tag" => self.names::<TagName>(start, "a tag", Audience::Tag),
            "alias" => self.names::<Alias>(start, "an alias", Audience::Alias),
            "user" => self.names::<UserId>(start, "a user id", Audience::User),
            "device" => self.names::<DeviceId>(start, "a device id", Audience::Device),
            "platform" => {
                let mut set = PlatformSet::NONE;
                if !self.eat(")") {
                    self.list(|parser| {
                        let (at, name) = parser.name("a platform")?;
                        set = set.with(
                            Platform::from_name(&name)
                                .map_err(|bad| parser.bad_name(at, "a platform", &bad))?,
                        );
                        Ok(())
                    })?;
                }
                self.leaf(start, Audience::Platforms(set))
            }
            "and" => self.conditions(start, Audience::And),
            "or" => self.conditions(start, Audience::Or),
            "all" => {
                self.close("`)`")?;
                self.leaf(start, Audience::All)
            }
            _ => {
                self.close("`)`")?;
                self.leaf(start, Audience::none())
            }
        }
    }

    fn names<T>(
        &mut self,
        start: usize,
        what: &'static str,
        leaf: fn(T) -> Audience,
    ) -> Result<Parsed, ParseError>
    where
        T: for<'a> TryFrom<&'a str, Error = Violation>,
    {
        let mut leaves = Vec::new();
        self.list(|parser| {
            let (at, name) = parser.name(what)?;
            let name = T::try_from(&name).map_err(|bad| parser.bad_name(at, what, &bad))?;
            leaves.push(parser.leaf(at, leaf(name))?.tree);
            Ok(())
        })?;
        match leaves.pop() {
            // One name is a leaf; an `Or` around it would be a different tree.
            Some(only) if leaves.is_empty() => Ok(Parsed { tree: only, depth: 1 }),
            last => {
                leaves.extend(last);
                self.inner(start, Audience::Or(leaves), 1)
            }
        }
    }

    fn conditions(
        &mut self,
        start: usize,
        join: fn(Vec<Audience>) -> Audience,
    ) -> Result<Parsed, ParseError> {
        let (mut members, mut depth) = (Vec::new(), 0);
        if !self.eat(")") {
            self.list(|parser| {
                let member = parser.nested(start, Self::or)?;
                members.push(member.tree);
                depth = depth.max(member.depth);
                Ok(())
            })?;
        }
        self.inner(start, join(members), depth)
    }

    /// Parses one or more items, separated by commas, and the closing parenthesis.
    fn list(&mut self, mut item: impl FnMut(&mut Self) -> Result<(), ParseError>) -> Result<(), ParseError> {
        loop {
            item(self)?;
            if !self.eat(",") {
                return self.close("`,` or `)`");
            }
        }
    }

    fn name(&mut self, expected: &'static str) -> Result<(usize, Cow<'t, str>), ParseError> {
        self.skip_space();
        let start = self.at;
        if self.rest().starts_with(QUOTE) {
            return Ok((start, self.quoted()?.into()));
        }
        let word = self.word();
        if word.is_empty() { Err(self.unexpected(expected)) } else { Ok((start, word.into())) }
    }

    fn tag(&mut self, start: usize, name: &str) -> Result<Parsed, ParseError> {
        let tag = TagName::new(name).map_err(|bad| self.bad_name(start, "a tag", &bad))?;
        self.leaf(start, Audience::Tag(tag))
    }

    fn word(&mut self) -> &'t str {
        let rest = self.rest();
        let end = rest.find(|c| !is_plain(c)).unwrap_or(rest.len());
        self.at += end;
        rest.get(..end).unwrap_or_default()
    }

    /// Parses a name in quotes. The opening quote has not been consumed yet.
    fn quoted(&mut self) -> Result<String, ParseError> {
        let start = self.at;
        self.at += QUOTE.len_utf8();
        let mut name = String::new();
        loop {
            let rest = self.rest();
            let plain = rest.find([QUOTE, '\\']).unwrap_or(rest.len());
            name.push_str(rest.get(..plain).unwrap_or_default());
            self.at += plain;
            if self.at == self.text.len() {
                let column = self.text.get(..start).map_or(0, |before| before.chars().count()) + 1;
                return Err(self.unexpected(format!("`\"` to end the name that starts at column {column}")));
            }
            if self.rest().starts_with(QUOTE) {
                self.at += QUOTE.len_utf8();
                return Ok(name);
            }
            name.push(self.escape()?);
        }
    }

    /// Parses one escape of a quoted name. Its backslash has not been consumed yet.
    fn escape(&mut self) -> Result<char, ParseError> {
        let rest = self.rest();
        let mut chars = rest.chars();
        let kind = chars.nth(1);
        let simple = match kind {
            Some('"') => Some('"'),
            Some('\\') => Some('\\'),
            Some('n') => Some('\n'),
            Some('r') => Some('\r'),
            Some('t') => Some('\t'),
            _ => None,
        };
        if let Some(c) = simple {
            self.at += 2;
            return Ok(c);
        }
        let by_number = rest
            .strip_prefix("\\u{")
            .and_then(|tail| tail.split_once('}'))
            .filter(|(hex, _)| (1..=6).contains(&hex.len()) && hex.bytes().all(|b| b.is_ascii_hexdigit()))
            .and_then(|(hex, _)| Some((hex.len(), char::from_u32(u32::from_str_radix(hex, 16).ok()?)?)));
        if let Some((digits, c)) = by_number {
            self.at += 4 + digits;
            return Ok(c);
        }
        // Only the backslash and the next character are shown.
        let found: String = rest.chars().take(2).collect();
        let expected = r#"one of the escapes \" \\ \n \r \t \u{1F600}"#;
        Err(ParseError::new(self.text, self.at, Rule::Form, expected, shown(&found)))
    }

    /// Runs `parse` one level deeper. The level was opened at `start`.
    fn nested(
        &mut self,
        start: usize,
        parse: fn(&mut Self) -> Result<Parsed, ParseError>,
    ) -> Result<Parsed, ParseError> {
        self.open += 1;
        if self.open > Audience::MAX_DEPTH {
            return Err(self.too_deep(start));
        }
        let parsed = parse(self)?;
        self.open -= 1;
        Ok(parsed)
    }

    fn leaf(&mut self, start: usize, tree: Audience) -> Result<Parsed, ParseError> {
        self.inner(start, tree, 0)
    }

    /// Counts a node above members of depth `below`.
    fn inner(&mut self, start: usize, tree: Audience, below: usize) -> Result<Parsed, ParseError> {
        if self.nodes == self.most_nodes {
            let expected = format!("at most {} nodes", self.most_nodes);
            return Err(ParseError::new(self.text, start, Rule::Items, expected, "more"));
        }
        self.nodes += 1;
        if below == Audience::MAX_DEPTH {
            return Err(self.too_deep(start));
        }
        Ok(Parsed { tree, depth: below + 1 })
    }

    fn too_deep(&self, start: usize) -> ParseError {
        let expected = format!("at most {} levels", Audience::MAX_DEPTH);
        ParseError::new(self.text, start, Rule::Depth, expected, "more")
    }

    fn bad_name(&self, start: usize, what: &str, bad: &Violation) -> ParseError {
        let expected = format!("{what} ({}: {})", bad.rule().name(), bad.limit());
        ParseError::new(self.text, start, bad.rule(), expected, bad.actual())
    }

    fn close(&mut self, expected: &'static str) -> Result<(), ParseError> {
        if self.eat(")") { Ok(()) } else { Err(self.unexpected(expected)) }
    }

    fn unexpected(&self, expected: impl Into<Cow<'static, str>>) -> ParseError {
        let mut found = found_in(self.rest());
        if matches!(found.as_str(), "`&`" | "`|`" | "`'`" | "`\\`") {
            found.push_str(QUOTES_HINT);
        }
        ParseError::new(self.text, self.at, Rule::Form, expected, found)
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn skip_space(&mut self) {
        self.at = self.text.len() - self.rest().trim_start().len();
    }

    fn eat(&mut self, token: &str) -> bool {
        self.skip_space();
        let there = self.rest().starts_with(token);
        if there {
            self.at += token.len();
        }
        there
    }
}

#[cfg(test)]
#[path = "parse_tests.rs"]
mod tests;
