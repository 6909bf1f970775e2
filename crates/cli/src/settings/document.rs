//! A TOML file as tables and values that know where they stand. Whoever takes a value judges it; every mistake is
//! collected with its line and key, so that a file is corrected once.
//!
//! No mistake repeats a value of the wrong type, and none a line of the file: it may be a secret.

use rollbook::{Rule, Secret, Violation};
use serde::Deserialize;
use serde_json::Value as Json;
use std::fmt;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

/// Everything that is wrong with a file.
#[derive(Debug, Default)]
pub(crate) struct Mistakes(Vec<(usize, String)>);

impl Mistakes {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn note(&mut self, line: usize, what: impl fmt::Display) {
        self.0.push((line, what.to_string()));
    }

    /// One line each, in the order of the file.
    pub(crate) fn told_of(mut self, file: &dyn fmt::Display) -> String {
        self.0.sort_by_key(|(line, _)| *line);
        let told: Vec<String> =
            self.0.into_iter().map(|(line, what)| format!("{file}, line {line}: {what}")).collect();
        told.join("\nerror: ")
    }
}

/// Where each line begins.
struct Lines(Vec<usize>);

impl Lines {
    fn of(text: &str) -> Self {
        let ends = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        Lines(std::iter::once(0).chain(ends.map(|(at, _)| at + 1)).collect())
    }

    /// The line of a place, from 1.
    fn at(&self, span: &Range<usize>) -> usize {
        self.0.partition_point(|begin| *begin <= span.start)
    }
}

/// A file that is TOML.
pub(crate) struct Document<'t> {
    lines: Lines,
    root: Spanned<DeTable<'t>>,
}

impl<'t> Document<'t> {
    pub(crate) fn parse(text: &'t str, mistakes: &mut Mistakes) -> Option<Self> {
        let lines = Lines::of(text);
        let (root, errors) = DeTable::parse_recoverable(text);
        for error in &errors {
            let line = error.span().map_or(1, |span| lines.at(&span));
            mistakes.note(line, format_args!("form: must be TOML: {}", error.message()));
        }
        errors.is_empty().then_some(Document { lines, root })
    }

    pub(crate) fn table(&self) -> Table<'_> {
        Table { lines: &self.lines, path: String::new(), members: self.root.get_ref(), known: Vec::new() }
    }
}

/// A table whose members are taken one after the other.
pub(crate) struct Table<'d> {
    lines: &'d Lines,
    path: String,
    members: &'d DeTable<'d>,
    known: Vec<&'static str>,
}

impl<'d> Table<'d> {
    /// A member that is there.
    pub(crate) fn take(&mut self, name: &'static str) -> Option<Value<'d>> {
        self.known.push(name);
        let value = self.members.get(name)?;
        Some(Value { lines: self.lines, path: self.path_of(name), value })
    }

    /// The members that nobody has taken.
    pub(crate) fn rest(&self) -> impl Iterator<Item = (&'d str, Value<'d>)> {
        let names = self.members.iter().map(|(name, value)| (name.get_ref().as_ref(), value));
        names
            .filter(|(name, _)| !self.known.contains(name))
            .map(|(name, value)| (name, Value { lines: self.lines, path: self.path_of(name), value }))
    }

    fn path_of(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }

    /// Notes the members that nobody has taken.
    pub(crate) fn finish(self, mistakes: &mut Mistakes) {
        for (name, _) in
            self.members.iter().filter(|(name, _)| !self.known.contains(&name.get_ref().as_ref()))
        {
            let field = if self.path.is_empty() { "the file".to_owned() } else { self.path.clone() };
            let limit = format!("must hold only {}", self.known.join(" "));
            let violation = Violation::new(field, Rule::Known, limit, format!("{:?}", name.get_ref()));
            mistakes.note(self.lines.at(&name.span()), violation);
        }
    }
}

/// A value and where it stands.
pub(crate) struct Value<'d> {
    lines: &'d Lines,
    path: String,
    value: &'d Spanned<DeValue<'d>>,
}

impl<'d> Value<'d> {
    pub(crate) fn line(&self) -> usize {
        self.lines.at(&self.value.span())
    }

    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// Notes what is wrong with the value, in words.
    pub(crate) fn wrong(&self, mistakes: &mut Mistakes, what: impl fmt::Display) {
        mistakes.note(self.line(), format_args!("{}: {what}", self.path));
    }

    /// Notes something at the line of the value.
    pub(crate) fn note(&self, mistakes: &mut Mistakes, what: impl fmt::Display) {
        mistakes.note(self.line(), what);
    }

    /// Notes a broken rule under the name that the value has in the file.
    pub(crate) fn broken(&self, mistakes: &mut Mistakes, violation: Violation) {
        mistakes.note(self.line(), violation.in_field(self.path.clone()));
    }

    fn not(&self, mistakes: &mut Mistakes, expected: &'static str) {
        let kind = match self.value.get_ref() {
            DeValue::String(_) => "a string",
            DeValue::Integer(_) => "a whole number",
            DeValue::Float(_) => "a number with a point",
            DeValue::Boolean(_) => "true or false",
            DeValue::Datetime(_) => "a time",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        };
        self.broken(mistakes, Violation::new("", Rule::Type, expected, kind));
    }

    pub(crate) fn text(&self, mistakes: &mut Mistakes) -> Option<&'d str> {
        let text = self.value.get_ref().as_str();
        if text.is_none() {
            self.not(mistakes, "must be a string");
        }
        text
    }

    pub(crate) fn is_text(&self) -> bool {
        self.value.get_ref().is_str()
    }

    pub(crate) fn flag(&self, mistakes: &mut Mistakes) -> Option<bool> {
        let flag = self.value.get_ref().as_bool();
        if flag.is_none() {
            self.not(mistakes, "must be true or false");
        }
        flag
    }

    /// A text that says what it is, or why it is nothing.
    pub(crate) fn told<T>(
        &self,
        mistakes: &mut Mistakes,
        made: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        let text = self.text(mistakes)?;
        made(text).map_err(|why| self.wrong(mistakes, why)).ok()
    }

    /// A text that is of a form.
    pub(crate) fn parsed<T>(
        &self,
        mistakes: &mut Mistakes,
        form: &'static str,
        made: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let text = self.text(mistakes)?;
        let made = made(text);
        if made.is_none() {
            self.broken(mistakes, Violation::new("", Rule::Form, form, format!("{text:?}")));
        }
        made
    }

    /// A text that is a name.
    pub(crate) fn name<T>(
        &self,
        mistakes: &mut Mistakes,
        name: impl FnOnce(&'d str) -> Result<T, Violation>,
    ) -> Option<T> {
        name(self.text(mistakes)?).map_err(|violation| self.broken(mistakes, violation)).ok()
    }

    pub(crate) fn secret(&self, mistakes: &mut Mistakes) -> Option<Secret> {
        self.name(mistakes, Secret::new)
    }

    pub(crate) fn list(&self, mistakes: &mut Mistakes) -> Option<Vec<Value<'d>>> {
        let Some(items) = self.value.get_ref().as_array() else {
            self.not(mistakes, "must be a list");
            return None;
        };
        let item = |(n, value)| Value { lines: self.lines, path: format!("{}[{n}]", self.path), value };
        Some(items.iter().enumerate().map(item).collect())
    }

    pub(crate) fn table(&self, mistakes: &mut Mistakes) -> Option<Table<'d>> {
        let Some(members) = self.value.get_ref().as_table() else {
            self.not(mistakes, "must be a table");
            return None;
        };
        Some(Table { lines: self.lines, path: self.path.clone(), members, known: Vec::new() })
    }

    /// A member of a table.
    pub(crate) fn member(&self, name: &str) -> Option<Value<'d>> {
        let value = self.value.get_ref().as_table()?.get(name)?;
        Some(Value { lines: self.lines, path: format!("{}.{name}", self.path), value })
    }

    /// The same as JSON; a time is an object of its parts. It must be no secret.
    pub(crate) fn json(&self) -> Json {
        let plain = Spanned::new(self.value.span(), self.value.get_ref().clone());
        // There is nothing in TOML that JSON cannot say, but for numbers that are none.
        Json::deserialize(ValueDeserializer::from(plain)).unwrap_or_default()
    }
}
