//! An app's limits: by the name of a profile, in a table, in a file, or one by one.

use super::document::{Document, Mistakes, Table, Value};
use super::options;
use rollbook::{Limits, Violation};
use serde_json::Value as Json;
use std::fs;

/// The member of a table of limits that names the profile which the others are over.
const PROFILE: &str = "profile";

/// What a profile must be.
const NAMES: &str = "must be jpush, relaxed or unlimited";

fn profile(name: &str) -> Option<Limits> {
    match name {
        "jpush" => Some(Limits::jpush()),
        "relaxed" => Some(Limits::relaxed()),
        "unlimited" => Some(Limits::unlimited()),
        _ => None,
    }
}

/// The name of a profile, or a table of limits over a profile's.
pub(crate) fn of_value(value: &Value<'_>, mistakes: &mut Mistakes) -> Option<Limits> {
    if value.is_text() {
        return value.parsed(mistakes, NAMES, profile);
    }
    of_table(value.table(mistakes)?, mistakes)
}

fn of_table(mut table: Table<'_>, mistakes: &mut Mistakes) -> Option<Limits> {
    let base = match table.take(PROFILE) {
        Some(value) => value.parsed(mistakes, NAMES, profile)?,
        None => Limits::default(),
    };
    let limits = options::over(&base, &table, mistakes)?;
    let Err(violations) = limits.check() else { return Some(limits) };
    for violation in &violations {
        let named = |(name, _): &(&str, Value<'_>)| *name == bare(violation);
        if let Some((_, value)) = table.rest().find(named) {
            value.broken(mistakes, violation.clone());
        }
    }
    None
}

/// The limit that a violation is about, as a table of limits names it.
fn bare(violation: &Violation) -> &str {
    violation.field().trim_start_matches("limits.")
}

/// What the command line says in one word: a profile, or a file.
pub(crate) fn of_argument(text: &str) -> Result<Limits, String> {
    if let Some(limits) = profile(text) {
        return Ok(limits);
    }
    let read = || fs::read_to_string(text).map_err(|error| format!("cannot read {text}: {error}"));
    match text.rsplit_once('.') {
        Some((_, "toml")) => of_toml(&read()?).map_err(|mistakes| mistakes.told_of(&text)),
        Some((_, "json")) => of_json(&read()?).map_err(|why| format!("{text}: {why}")),
        _ => Err(format!("{NAMES}, or a file FILE.toml or FILE.json")),
    }
}

fn of_toml(text: &str) -> Result<Limits, Mistakes> {
    let mut mistakes = Mistakes::default();
    let limits =
        Document::parse(text, &mut mistakes).and_then(|document| of_table(document.table(), &mut mistakes));
    limits.filter(|_| mistakes.is_empty()).ok_or(mistakes)
}

/// JSON has the same members, but does not know its lines: each mistake is told with its member.
fn of_json(text: &str) -> Result<Limits, String> {
    let members = match serde_json::from_str(text) {
        Ok(Json::Object(members)) => members,
        Ok(_) => return Err("must be a JSON object".into()),
        Err(error) => return Err(error.to_string()),
    };
    let base = match members.get(PROFILE) {
        Some(name) => name.as_str().and_then(profile).ok_or(format!("{PROFILE}: {NAMES}: got {name}"))?,
        None => Limits::default(),
    };
    let given = members.into_iter().filter(|(name, _)| name != PROFILE);
    over(&base, given).map_err(|wrong| wrong.join("\nerror: "))
}

/// These limits with others in place of some of them, or all that is wrong with those.
pub(crate) fn over(
    base: &Limits,
    given: impl IntoIterator<Item = (String, Json)>,
) -> Result<Limits, Vec<String>> {
    let (mut limits, mut wrong) = (base.clone(), Vec::new());
    for (name, value) in given {
        match options::with(&limits, &name, value) {
            Ok(changed) => limits = changed,
            Err(why) => wrong.push(format!("{name}: {why}")),
        }
    }
    if let Err(violations) = limits.check() {
        let told = |one: &Violation| {
            format!("{}: {}: {}: got {}", bare(one), one.rule().name(), one.limit(), one.actual())
        };
        wrong.extend(violations.iter().map(told));
    }
    if wrong.is_empty() { Ok(limits) } else { Err(wrong) }
}

/// What the command line says of one limit: `NAME=VALUE`.
pub(crate) fn one(text: &str) -> Result<(String, Json), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), word(value))),
        _ => Err("must be NAME=VALUE, such as tags_per_device=500".into()),
    }
}

/// A number or a truth where it is one, and a text otherwise.
fn word(text: &str) -> Json {
    match serde_json::from_str(text) {
        Ok(value @ (Json::Number(_) | Json::Bool(_))) => value,
        _ => Json::from(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rollbook::{AliasOverflow, NameRule};

    fn one_over(base: &Limits, text: &str) -> Result<Limits, String> {
        over(base, [one(text)?]).map_err(|wrong| wrong.join("; "))
    }

    #[test]
    fn one_limit_is_changed_and_the_others_stay() {
        let base = Limits::relaxed();
        for (text, expected) in [
            ("tags_per_device=500", Limits { tags_per_device: Some(500), ..base.clone() }),
            ("tags_per_device=none", Limits { tags_per_device: None, ..base.clone() }),
            ("event_retention_secs=unlimited", Limits { event_retention_secs: None, ..base.clone() }),
            (
                "alias_overflow=evict_oldest",
                Limits { alias_overflow: AliasOverflow::EvictOldest, ..base.clone() },
            ),
            ("declare_on_first_use=true", Limits { declare_on_first_use: true, ..base.clone() }),
            ("names=any", Limits { names: NameRule::Any, ..base.clone() }),
        ] {
            assert_eq!(one_over(&base, text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn a_limit_that_is_none_is_named_with_its_value() {
        for (text, parts) in [
            ("tags_per_device=many", &["tags_per_device: ", "\"many\""][..]),
            ("tags_per_device=-1", &["tags_per_device: ", "-1"]),
            ("tags_per_device=1.5", &["tags_per_device: ", "1.5"]),
            ("tags_per_device=5000000000", &["tags_per_device: ", "5000000000"]),
            ("tags_per_device=", &["tags_per_device: ", "\"\""]),
            ("names=none", &["names: ", "`none`", "`jpush`"]),
            ("online_window_secs=none", &["online_window_secs: ", "\"none\""]),
            ("tags=5", &["tags: unknown field `tags`", "`tags_per_device`"]),
            ("tags_per_device", &["must be NAME=VALUE"]),
            ("=5", &["must be NAME=VALUE"]),
        ] {
            let wrong = one_over(&Limits::default(), text).unwrap_err();
            assert!(parts.iter().all(|part| wrong.contains(part)), "{text}: {wrong}");
        }
    }

    #[test]
    fn both_kinds_of_files_say_the_same() {
        let expected = Ok(Limits { tags_per_device: Some(5), devices_per_alias: None, ..Limits::relaxed() });
        let toml = "profile = \"relaxed\"\ntags_per_device = 5\ndevices_per_alias = \"unlimited\"\n";
        assert_eq!(of_toml(toml).map_err(|mistakes| mistakes.told_of(&"file")), expected);
        for none in ["null", "\"none\"", "\"unlimited\""] {
            let json = format!(r#"{{"profile":"relaxed","tags_per_device":5,"devices_per_alias":{none}}}"#);
            assert_eq!(of_json(&json), expected, "{none}");
        }
        assert_eq!(of_json("{}"), Ok(Limits::jpush()));
    }

    #[test]
    fn what_is_written_of_limits_is_read_as_the_same() {
        let other = Limits { event_retention_secs: Some(5), declare_on_first_use: true, ..Limits::jpush() };
        for limits in [Limits::jpush(), Limits::relaxed(), Limits::unlimited(), other] {
            assert_eq!(of_json(&serde_json::to_string(&limits).unwrap()), Ok(limits));
        }
    }

    #[test]
    fn every_mistake_of_a_file_is_told() {
        let told = of_toml("tags_per_device = \"many\"\ntags = 5\nprofile = \"jpush\"\n").unwrap_err();
        let told = told.told_of(&"file");
        assert!(
            told.contains("file, line 1: tags_per_device: ") && told.contains("file, line 2: tags: "),
            "{told}"
        );
        let told = of_json(r#"{"tags_per_device":"many","tags":5}"#).unwrap_err();
        assert!(told.contains("tags_per_device: ") && told.contains("tags: unknown field"), "{told}");
        assert!(of_toml("profile = 5\n").is_err() && of_toml("x = \n").is_err());
        for json in [r#"{"profile":"strict"}"#, r#"{"profile":5}"#, "[]", "{", "5"] {
            assert!(of_json(json).is_err(), "{json}");
        }
        assert!(of_argument("none").unwrap_err().contains("jpush, relaxed or unlimited"));
        assert!(of_argument("no such.toml").unwrap_err().contains("cannot read no such.toml: "));
    }
}
