//! Tables of options that other crates define, as plain data with defaults.

use super::document::{Mistakes, Table};
use rollbook::Violations;
#[cfg(feature = "rocks")]
use rollbook::{Rule, Violation};
#[cfg(feature = "rocks")]
use rollbook_store_rocks::RocksOptions;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;

/// What stands for no limit, where there can be none: TOML has no word for it.
const NONE: &str = "none";

/// The options of a member; the defaults where there is none.
pub(super) fn take<T: DeserializeOwned + Serialize + Default>(
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
            let member = value.member(violation.field());
            member.as_ref().unwrap_or(&value).broken(mistakes, violation.clone());
        }
    }
    options
}

/// These options with the members that are left in the table in place of their own. Each member is judged alone, so
/// that each mistake has its own line.
pub(super) fn over<T: DeserializeOwned + Serialize>(
    base: &T,
    table: &Table<'_>,
    mistakes: &mut Mistakes,
) -> Option<T> {
    // Plain data with names for keys: there is nothing in it that JSON cannot say.
    let mut all = serde_json::to_value(base).ok()?;
    let mut good = true;
    for (name, value) in table.rest() {
        let none = value.is(NONE).then(|| with(&all, name, Json::Null)).flatten();
        let given = none.filter(|all| T::deserialize(all).is_ok()).or_else(|| {
            let alone: T = value.alone_as(name, mistakes)?;
            with(&all, name, serde_json::to_value(alone).ok()?.get(name)?.clone())
        });
        match given {
            Some(given) => all = given,
            None => good = false,
        }
    }
    if good { T::deserialize(&all).ok() } else { None }
}

/// The same with another member of a name that it has.
fn with(all: &Json, name: &str, given: Json) -> Option<Json> {
    let mut all = all.clone();
    *all.get_mut(name)? = given;
    Some(all)
}

/// The store names one option, and that by its name.
#[cfg(feature = "rocks")]
pub(super) fn check_rocksdb(options: &RocksOptions) -> Result<(), Violations> {
    options
        .validate()
        .map_err(|wrong| Violation::new(wrong.option, Rule::Range, wrong.rule, wrong.actual).into())
}
