//! What is wrong with a body.

use super::read::Piece;
use super::room;
use rollbook::{Rule, Violation, Violations};
use std::borrow::Cow;
use std::fmt::Display;

/// How much of a sent text an error repeats, in bytes.
const SHOWN_BYTES: usize = 64;

/// How many violations one line holds.
const TOLD: usize = 1_024;

/// How many bad items of one list are named; of the others an error says how many there are.
const NAMED: usize = 100;

/// How much of a body stands for a value that is kept, on average at least; see [`room`]. What is kept of an attribute
/// takes up to two hundred bytes.
const VALUE_BYTES: usize = 32;

/// A text as an error shows it: quoted, escaped, and cut.
pub(crate) fn shown(text: &str) -> String {
    let (start, more) = cut(text);
    format!("{start:?}{more}")
}

/// The start of a text, and what stands for the rest.
pub(super) fn cut(text: &str) -> (&str, &'static str) {
    if text.len() <= SHOWN_BYTES {
        return (text, "");
    }
    let end = (0..=SHOWN_BYTES).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
    (text.get(..end).unwrap_or_default(), "…")
}

/// All broken rules in one line; of very many the first ones and how many more there are.
pub(crate) fn line(violations: &[Violation]) -> String {
    let named: Vec<String> = violations.iter().take(TOLD).map(ToString::to_string).collect();
    let mut line = named.join("; ");
    if let Some(more) = violations.len().checked_sub(TOLD).filter(|&more| more > 0) {
        line.push_str(&format!("; and {more} more"));
    }
    line
}

/// Where in a body something stands, as errors call it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'a> {
    /// The part that it is in; empty outside of parts.
    part: &'a str,
    name: &'a str,
    index: Option<usize>,
}

impl<'a> Place<'a> {
    pub(crate) const fn of(name: &'a str) -> Self {
        Place { part: "", name, index: None }
    }

    /// A member of what stands here.
    pub(crate) fn member(self, name: &'a str) -> Self {
        Place { part: self.name, name, index: None }
    }

    /// An item of the list that stands here.
    pub(crate) fn item(self, index: usize) -> Self {
        Place { index: Some(index), ..self }
    }

    fn field(self) -> Cow<'static, str> {
        if self.part.is_empty() {
            return self.name.to_owned().into();
        }
        // The name of a part's member may be whatever was sent.
        let (name, more) = cut(self.name);
        format!("{}.{}{more}", self.part, name.escape_debug()).into()
    }

    pub(crate) fn violation(
        self,
        rule: Rule,
        limit: impl Into<Cow<'static, str>>,
        actual: impl Display,
    ) -> Violation {
        let violation = Violation::new(self.field(), rule, limit, actual);
        match self.index {
            Some(index) => violation.in_list(self.field(), index),
            None => violation,
        }
    }
}

/// Collects what is wrong with a body while it is read.
#[derive(Debug)]
pub(crate) struct Faults {
    found: Vec<Violation>,
    /// The field in which the reading stopped, with its index.
    stopped: Option<(Cow<'static, str>, Option<usize>)>,
    /// How many values may be kept, and how many are.
    room: usize,
    kept: usize,
    /// The members whose values are not looked at.
    skipped: Vec<&'static str>,
}

impl Faults {
    pub(super) fn of_body(bytes: usize) -> Self {
        let room = room(bytes, VALUE_BYTES);
        Faults { found: Vec::new(), stopped: None, room, kept: 0, skipped: Vec::new() }
    }

    pub(super) fn skipping(self, members: &[&'static str]) -> Self {
        Faults { skipped: members.to_vec(), ..self }
    }

    pub(super) fn skips(&self, member: &str) -> bool {
        self.skipped.contains(&member)
    }

    pub(crate) fn add(&mut self, violation: Violation) {
        self.found.push(violation);
    }

    pub(crate) fn extend(&mut self, violations: impl IntoIterator<Item = Violation>) {
        self.found.extend(violations);
    }

    /// A value is not what it must be.
    pub(crate) fn wrong(&mut self, place: Place<'_>, expected: &'static str, piece: &Piece<'_>) {
        self.add(place.violation(Rule::Type, expected, piece));
    }

    /// Something that must be given is not.
    pub(crate) fn absent(&mut self, field: &'static str) {
        self.add(Violation::new(field, Rule::Present, "must be given", "none"));
    }

    /// Keeps what is good and notes what is wrong.
    pub(crate) fn keep<T>(&mut self, made: Result<T, Violation>) -> Option<T> {
        made.map_err(|violation| self.add(violation)).ok()
    }

    /// Forgets what was found after the first so many; was there anything?
    pub(super) fn forget(&mut self, kept: usize) -> bool {
        let more = self.found.len() > kept;
        self.found.truncate(kept);
        more
    }

    pub(crate) fn count(&self) -> usize {
        self.found.len()
    }

    /// Is something wrong with this field?
    pub(crate) fn has(&self, field: &str) -> bool {
        self.found.iter().any(|violation| violation.field() == field)
    }

    /// Counts a value that is kept. May it be? The first that may not is a fault of its place.
    pub(crate) fn takes(&mut self, place: Place<'_>) -> bool {
        self.kept += 1;
        if self.kept == self.room + 1 {
            let limit = format!("must be at most {} values in a body of this length", self.room);
            self.add(place.violation(Rule::Items, limit, "more"));
        }
        self.kept <= self.room
    }

    /// Notes where the reading stopped. The innermost place is the first to say so.
    pub(super) fn stop(&mut self, place: Place<'_>) {
        self.stopped.get_or_insert_with(|| (place.field(), place.index));
    }

    /// Which of these members the reading stopped in.
    pub(super) fn stopped_in(&self, members: &[&'static str]) -> Option<&'static str> {
        let (field, _) = self.stopped.as_ref()?;
        members.iter().find(|member| **member == field).copied()
    }

    /// A violation of the place where the reading stopped.
    pub(super) fn stopped(&mut self, rule: Rule, limit: &'static str, actual: String) -> Violation {
        let (field, index) = self.stopped.take().unwrap_or(("body".into(), None));
        let violation = Violation::new(field.clone(), rule, limit, actual);
        match index {
            Some(index) => violation.in_list(field, index),
            None => violation,
        }
    }

    /// What was made, unless something was wrong.
    pub(super) fn finish<T>(self, made: Option<T>) -> Result<T, Violations> {
        Violations::check(self.found)?;
        // Whoever makes nothing has noted why.
        made.ok_or_else(|| Violation::new("body", Rule::Present, "must be complete", "less").into())
    }
}

/// Counts the bad items of one list: the first of them are named.
#[derive(Debug)]
pub(crate) struct Tally {
    counted: usize,
    named: usize,
}

impl Default for Tally {
    fn default() -> Self {
        Tally::naming(NAMED)
    }
}

impl Tally {
    pub(crate) fn naming(named: usize) -> Self {
        Tally { counted: 0, named }
    }

    /// Counts one more; is it named?
    pub(crate) fn names(&mut self) -> bool {
        self.counted += 1;
        self.counted <= self.named
    }

    /// Would one more be named?
    pub(crate) fn is_full(&self) -> bool {
        self.counted >= self.named
    }

    /// What is said of the items that were not named.
    pub(crate) fn others(&self, place: Place<'_>, rule: Rule, limit: &'static str) -> Option<Violation> {
        let more = self.counted.checked_sub(self.named).filter(|&more| more > 0)?;
        Some(place.violation(rule, limit, format_args!("{more} more that are not")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_bounded_however_much_is_wrong() {
        let violations =
            vec![Place::of("tags.add").item(7).violation(Rule::Type, "must be a string", 5); 300_000];
        let line = line(&violations);
        assert!(line.len() < 100_000 && line.ends_with("; and 298976 more"));
        assert!(super::line(&violations[..TOLD]).ends_with("got 5"), "all are named, and there are no more");
        assert!(shown(&"x".repeat(1 << 20)).len() < 100);
        assert_eq!(shown(&"汉".repeat(30)), format!("\"{}\"…", "汉".repeat(21)));
    }

    #[test]
    fn of_many_bad_items_the_first_are_named_and_the_others_counted() {
        let mut tally = Tally::default();
        let named = (0..NAMED + 7).filter(|_| tally.names()).count();
        assert_eq!(named, NAMED);
        let others = tally.others(Place::of("tags").member("add"), Rule::Type, "must be a string").unwrap();
        assert_eq!(others.to_string(), "tags.add: type: must be a string: got 7 more that are not");
        let mut just_full = Tally::naming(1);
        assert!(!just_full.is_full() && just_full.names() && just_full.is_full());
        assert_eq!(just_full.others(Place::of("tags"), Rule::Type, "must be a string"), None);
    }
}
