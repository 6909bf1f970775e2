//! The limits, each written once: what is counted, the limit, and the field that is named.

use super::refusal::{Broken, Refusal};
use rollbook::{Alias, Attribute, Attributes, DeviceId, Limits, NameRule, Rule, Scalar, TagName};
use unicode_script::{Script, UnicodeScript};

/// The rules that one call has broken so far.
#[derive(Debug, Default)]
pub(super) struct Found(Vec<Broken>);

impl Found {
    pub(super) fn add(&mut self, field: &str, index: Option<usize>, rule: Rule) {
        self.0.push(Broken { field: field.to_owned(), index, rule });
    }

    pub(super) fn verdict(self) -> Result<(), Refusal> {
        Refusal::check(self.0)
    }

    /// Checks the length of a list as it was sent: duplicates count.
    pub(super) fn items(&mut self, field: &str, count: usize, limit: Option<u32>) {
        if above(count, limit) {
            self.add(field, None, Rule::Items);
        }
    }

    /// Checks tags that are added: the list's limits, and every name against the app's rule.
    pub(super) fn added_tags(&mut self, limits: &Limits, field: &str, tags: &[TagName]) {
        self.tag_list(limits, field, tags);
        for (n, tag) in tags.iter().enumerate() {
            if let Some(rule) = broken_name(limits.names, tag.as_str()) {
                self.add(field, Some(n), rule);
            }
        }
    }

    /// Checks tags that are removed: only the list's limits, since any name may be removed.
    pub(super) fn tag_list(&mut self, limits: &Limits, field: &str, tags: &[TagName]) {
        self.items(field, tags.len(), limits.tags_per_list);
        if above(tags.iter().map(|tag| tag.as_str().len()).sum(), limits.tag_list_bytes) {
            self.add(field, None, Rule::TotalBytes);
        }
    }

    pub(super) fn tag(&mut self, limits: &Limits, tag: &TagName) {
        if let Some(rule) = broken_name(limits.names, tag.as_str()) {
            self.add("tag", None, rule);
        }
    }

    pub(super) fn alias(&mut self, limits: &Limits, alias: Option<&Alias>) {
        if let Some(rule) = alias.and_then(|alias| broken_name(limits.names, alias.as_str())) {
            self.add("alias", None, rule);
        }
    }

    /// Checks a name that the app does not have yet.
    pub(super) fn new_name(&mut self, field: &str, name: &str) {
        if !is_told_apart(name) {
            self.add(field, None, Rule::Characters);
        }
    }

    /// Notes every device of a list that the app does not know.
    pub(super) fn known(&mut self, field: &str, ids: &[DeviceId], knows: impl Fn(&DeviceId) -> bool) {
        for (n, id) in ids.iter().enumerate() {
            if !knows(id) {
                self.add(field, Some(n), Rule::Known);
            }
        }
    }

    pub(super) fn app_name(&mut self, name: &str) {
        if name.len() > 255 {
            self.add("name", None, Rule::Bytes);
        }
    }

    pub(super) fn attributes(&mut self, limits: &Limits, attributes: &Attributes) {
        self.items("attributes", attributes.iter().count(), limits.attributes_per_event);
        for (name, value) in attributes.iter() {
            if name.is_empty() || name.len() > 255 {
                self.add("attributes", None, Rule::Bytes);
                continue;
            }
            let field = format!("attributes.{name}");
            match value {
                Attribute::One(scalar) => {
                    if let Some(rule) = broken_scalar(limits, scalar) {
                        self.add(&field, None, rule);
                    }
                }
                Attribute::List(list) => {
                    self.items(&field, list.len(), limits.attribute_items);
                    for (n, scalar) in list.iter().enumerate() {
                        if let Some(rule) = broken_scalar(limits, scalar) {
                            self.add(&field, Some(n), rule);
                        }
                    }
                }
            }
        }
    }
}

/// Returns `true` above a limit. Exactly at it is accepted.
pub(super) fn above(count: usize, limit: Option<u32>) -> bool {
    limit.is_some_and(|most| count > most as usize)
}

/// Returns the one reason why a name may not be added: its length, else its characters.
fn broken_name(names: NameRule, text: &str) -> Option<Rule> {
    let most = match names {
        NameRule::Jpush => 40,
        NameRule::Relaxed => 128,
        NameRule::Any => 255,
    };
    if text.len() > most {
        return Some(Rule::Bytes);
    }
    let allowed = |c: char| match c {
        'A'..='Z' | 'a'..='z' | '0'..='9' | '_' => true,
        '@' | '!' | '#' | '$' | '&' | '*' | '+' | '=' | '.' | '|' | '\u{ffe5}' | '\u{a5}' => true,
        other => other.script() == Script::Han,
    };
    let good = if names == NameRule::Jpush { text.chars().all(allowed) } else { is_told_apart(text) };
    (!good).then_some(Rule::Characters)
}

/// Returns `true` if a name begins and ends with something visible. A variation selector or a tag of a flag belongs to
/// the character that it follows.
fn is_told_apart(name: &str) -> bool {
    let seen = |c: char| !c.is_whitespace() && !is_ignorable(c);
    let selects = |c: char| matches!(c, '\u{fe00}'..='\u{fe0f}' | '\u{e0020}'..='\u{e007f}' | '\u{e0100}'..='\u{e01ef}');
    name.starts_with(seen) && name.trim_end_matches(selects).ends_with(seen)
}

/// Returns `true` for characters with the Unicode property Default_Ignorable_Code_Point.
fn is_ignorable(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fff8}' | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

fn broken_scalar(limits: &Limits, scalar: &Scalar) -> Option<Rule> {
    match scalar {
        Scalar::Text(text) => above(text.len(), limits.attribute_bytes).then_some(Rule::Bytes),
        Scalar::Float(number) => (!number.is_finite()).then_some(Rule::Range),
        Scalar::Bool(_) | Scalar::Integer(_) => None,
    }
}
