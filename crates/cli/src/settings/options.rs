//! Tables of options that other crates define, as plain data with defaults.

use super::document::{Mistakes, Table, Value};
#[cfg(feature = "rocks")]
use rollbook::Rule;
use rollbook::{Violation, Violations};
#[cfg(feature = "rocks")]
use rollbook_store_rocks::RocksOptions;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;

/// What stands for no limit, where there can be none: TOML has no word for it.
const NONE: [&str; 2] = ["none", "unlimited"];

/// The options of a member; the defaults where there is none.
pub(crate) fn take<T: DeserializeOwned + Serialize + Clone + Default>(
    table: &mut Table<'_>,
    name: &'static str,
    mistakes: &mut Mistakes,
    check: impl FnOnce(&T) -> Result<(), Violations>,
) -> T {
    let Some(value) = table.take(name) else { return T::default() };
    let Some(members) = value.table(mistakes) else { return T::default() };
    let Some(options) = over(&T::default(), &members, mistakes) else { return T::default() };
    if let Err(violations) = check(&options) {
        for violation in &violations {
            match value.member(violation.field()) {
                Some(member) => member.broken(mistakes, violation.clone()),
                None => default_is_broken(&value, violation, mistakes),
            }
        }
    }
    options
}

/// Notes that an option which is not in the file breaks a rule with its default: at the member that the rule names, if
/// that is there, since a person who reads the file finds no other line to change.
fn default_is_broken(table: &Value<'_>, violation: &Violation, mistakes: &mut Mistakes) {
    let words = violation.limit().split(|c: char| c != '_' && !c.is_ascii_alphanumeric());
    let cause = words.filter(|word| !word.is_empty()).find_map(|word| table.member(word));
    let (field, limit, actual) = (violation.field(), violation.limit(), violation.actual());
    let path = format!("{}.{field}", table.path());
    let actual = format!("{actual}, the default");
    let told = Violation::new(path, violation.rule(), limit.to_owned(), actual);
    cause.as_ref().unwrap_or(table).note(mistakes, told);
}

/// These options with the members that are left in the table in place of their own. Each member is judged alone, so
/// that each mistake has its own line.
pub(crate) fn over<T: DeserializeOwned + Serialize + Clone>(
    base: &T,
    table: &Table<'_>,
    mistakes: &mut Mistakes,
) -> Option<T> {
    let (mut options, mut good) = (base.clone(), true);
    for (name, value) in table.rest() {
        match with(&options, name, value.json()) {
            Ok(given) => options = given,
            Err(why) => {
                value.wrong(mistakes, why);
                good = false;
            }
        }
    }
    good.then_some(options)
}

/// The same options with another value of one member, or why it has no such value.
pub(crate) fn with<T: DeserializeOwned + Serialize>(base: &T, name: &str, value: Json) -> Result<T, String> {
    // Plain data with names for keys: there is nothing in it that JSON cannot say.
    let all = serde_json::to_value(base).map_err(|error| error.to_string())?;
    let given = |value: Json| {
        let mut all = all.clone();
        all.as_object_mut().map(|members| members.insert(name.to_owned(), value));
        T::deserialize(all)
    };
    let is_none = value.as_str().is_some_and(|text| NONE.contains(&text));
    // A word that stands for no limit may be another option's value.
    let none = is_none.then(|| given(Json::Null).ok()).flatten();
    none.map_or_else(|| given(value), Ok).map_err(|error| {
        let why = error.to_string();
        // A type that checks itself names itself, and so does whoever reports this.
        why.strip_prefix(name).and_then(|why| why.strip_prefix(": ")).map(str::to_owned).unwrap_or(why)
    })
}

/// The store names one option, and that by its name.
#[cfg(feature = "rocks")]
pub(crate) fn check_rocksdb(options: &RocksOptions) -> Result<(), Violations> {
    options
        .validate()
        .map_err(|wrong| Violation::new(wrong.option, Rule::Range, wrong.rule, wrong.actual).into())
}
