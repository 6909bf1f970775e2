//! The error of parsing a text, with a display that marks the position.

use super::text::{columns, is_hidden};
use crate::error::Error;
use crate::violation::{Rule, Violation, Violations, shown};
use std::borrow::Cow;
use std::fmt;

/// Columns of the text that are shown before and after the position.
const SHOWN_BEFORE: usize = 44;
const SHOWN_AFTER: usize = 28;

/// A text is not a condition: the position, what was found there, and what was expected.
///
/// `Display` prints three lines, the last with a caret under the position. Of a long text only the surroundings are
/// shown. As a [`Violation`] of the field `audience` it is one line. The rule is [`Rule::Form`], or the rule of the
/// limit that a text, a name or a tree exceeds.
///
/// ```
/// use rollbook::{Audience, Error};
///
/// let error = Audience::parse("news && )").unwrap_err();
/// assert_eq!((error.offset(), error.column()), (8, 9));
/// assert_eq!(
///     error.to_string(),
///     "column 9: expected a name, a function, `!` or `(`, found `)`\n  news && )\n          ^"
/// );
/// assert_eq!(
///     Error::from(error).to_string(),
///     "audience: form: must hold a name, a function, `!` or `(` at column 9: got `)`"
/// );
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseError {
    text: Box<str>,
    offset: usize,
    column: usize,
    rule: Rule,
    expected: Cow<'static, str>,
    found: String,
}

impl ParseError {
    pub(super) fn new(
        text: &str,
        offset: usize,
        rule: Rule,
        expected: impl Into<Cow<'static, str>>,
        found: impl Into<String>,
    ) -> Self {
        let column = text.get(..offset).map_or(0, |before| before.chars().count()) + 1;
        ParseError { text: text.into(), offset, column, rule, expected: expected.into(), found: found.into() }
    }

    /// Returns the text, cut at [`Audience::MAX_TEXT`](crate::Audience::MAX_TEXT) bytes.
    ///
    /// ```
    /// assert_eq!(rollbook::Audience::parse("a b").unwrap_err().text(), "a b");
    /// ```
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns the position in bytes from the start of the text.
    ///
    /// ```
    /// assert_eq!(rollbook::Audience::parse("新 b").unwrap_err().offset(), 4);
    /// ```
    #[must_use]
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// Returns the position in characters from the start of the text, starting with 1. Lines are not counted.
    ///
    /// ```
    /// assert_eq!(rollbook::Audience::parse("新 b").unwrap_err().column(), 3);
    /// ```
    #[must_use]
    pub fn column(&self) -> usize {
        self.column
    }

    /// Returns the rule that is broken.
    ///
    /// ```
    /// use rollbook::{Audience, Rule};
    /// assert_eq!(Audience::parse("a b").unwrap_err().rule(), Rule::Form);
    /// assert_eq!(Audience::parse(&"(".repeat(65)).unwrap_err().rule(), Rule::Depth);
    /// ```
    #[must_use]
    pub fn rule(&self) -> Rule {
        self.rule
    }

    /// Returns what was expected at the position.
    ///
    /// ```
    /// assert_eq!(rollbook::Audience::parse("a b").unwrap_err().expected(), "`&&`, `||` or the end");
    /// ```
    #[must_use]
    pub fn expected(&self) -> &str {
        &self.expected
    }

    /// Returns what was found at the position; long pieces are cut.
    ///
    /// ```
    /// assert_eq!(rollbook::Audience::parse("a b").unwrap_err().found(), "`b`");
    /// ```
    #[must_use]
    pub fn found(&self) -> &str {
        &self.found
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "column {}: expected {}, found {}", self.column, self.expected, self.found)?;
        let (before, after) = self.text.split_at_checked(self.offset).unwrap_or((&self.text, ""));
        let (left, indent, cut_left) = shown_part(before.chars().rev(), SHOWN_BEFORE);
        let (right, _, cut_right) = shown_part(after.chars(), SHOWN_AFTER);
        let left: String = left.chars().rev().collect();
        writeln!(f, "  {}{left}{right}{}", dots(cut_left), dots(cut_right))?;
        write!(f, "  {:indent$}^", "", indent = indent + usize::from(cut_left))
    }
}

fn dots(cut: bool) -> &'static str {
    if cut { "…" } else { "" }
}

/// Returns the characters that fit, their columns, and whether any were left out. A character that would move the caret
/// is replaced by one that takes one column.
fn shown_part(chars: impl Iterator<Item = char>, most: usize) -> (String, usize, bool) {
    let (mut part, mut width) = (String::new(), 0);
    for c in chars {
        let c = match c {
            c if c.is_whitespace() => ' ',
            c if is_hidden(c) => '\u{fffd}',
            c => c,
        };
        if width + columns(c) > most {
            return (part, width, true);
        }
        width += columns(c);
        part.push(c);
    }
    (part, width, false)
}

impl std::error::Error for ParseError {}

impl From<ParseError> for Violation {
    fn from(error: ParseError) -> Self {
        let limit = format!("must hold {} at column {}", error.expected, error.column);
        Violation::new("audience", error.rule, limit, error.found)
    }
}

impl From<ParseError> for Violations {
    fn from(error: ParseError) -> Self {
        Violation::from(error).into()
    }
}

impl From<ParseError> for Error {
    fn from(error: ParseError) -> Self {
        Violation::from(error).into()
    }
}

/// Returns the character or word at the start of `rest` in the form of a message.
pub(super) fn found_in(rest: &str) -> String {
    let Some(first) = rest.chars().next() else { return "the end".into() };
    if is_hidden(first) {
        return format!("`{}`", first.escape_unicode());
    }
    let token = match first {
        '&' | '|' => rest.get(..2).filter(|two| *two == "&&" || *two == "||"),
        c if super::text::is_plain(c) => rest.split(|c| !super::text::is_plain(c)).next(),
        _ => None,
    };
    match token {
        None => format!("`{first}`"),
        Some(token) if token.len() <= 64 && !token.chars().any(is_hidden) => format!("`{token}`"),
        Some(long) => shown(long),
    }
}

#[cfg(test)]
mod tests {
    use crate::Audience;
    use crate::audience::ParseError;

    fn error(text: &str) -> ParseError {
        Audience::parse(text).unwrap_err()
    }

    fn caret_and_text(text: &str) -> (usize, String) {
        let printed = error(text).to_string();
        let lines: Vec<&str> = printed.lines().collect();
        assert_eq!(lines.len(), 3, "{printed}");
        (lines[2].find('^').unwrap(), lines[1].into())
    }

    #[test]
    fn the_caret_is_under_the_position() {
        assert_eq!(caret_and_text("a b"), (4, "  a b".into()));
        assert_eq!(caret_and_text("a &&"), (6, "  a &&".into()));
        assert_eq!(caret_and_text(""), (2, "  ".into()));
    }

    #[test]
    fn the_caret_counts_wide_characters_twice() {
        assert_eq!(caret_and_text("新闻 b"), (2 + 5, "  新闻 b".into()));
    }

    #[test]
    fn control_characters_do_not_break_the_caret() {
        assert_eq!(caret_and_text("a\n\t\r&& \u{1b}"), (2 + 7, "  a   && \u{fffd}".into()));
        assert_eq!(caret_and_text("\"\u{202e}\" b").1, "  \"\u{fffd}\" b");
    }

    #[test]
    fn a_long_text_is_shown_around_the_position() {
        let text = format!("{} b {}", "a".repeat(200), "c".repeat(200));
        let (caret, line) = caret_and_text(&text);
        assert_eq!(line.chars().count(), 2 + 1 + 44 + 28 + 1);
        assert_eq!(line.chars().nth(caret), Some('b'));
        assert!(line.starts_with("  …a") && line.ends_with("c…"), "{line}");
    }

    #[test]
    fn a_long_word_is_cut_in_the_message() {
        let text = format!("a {}", "b".repeat(100_000));
        assert!(error(&text).to_string().len() < 400);
    }
}
