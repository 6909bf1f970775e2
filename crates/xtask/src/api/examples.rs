//! The public items whose documentation shows no example, by file.
//!
//! A field, a variant or a constant needs none: it is seen where its type is.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

/// What an example is looked for at: types, traits, functions and macros.
const KINDS: [&str; 5] = ["enum", "function", "macro", "struct", "trait"];

/// One line for each of those items that has none, from a library as rustdoc describes it.
pub(super) fn without(json: &str) -> serde_json::Result<BTreeSet<String>> {
    let library: Library = serde_json::from_str(json)?;
    let own = library.index.into_values().filter(|item| item.crate_id == 0 && item.is_public());
    let bare = own.filter(|item| !item.docs.as_ref().is_some_and(|docs| docs.contains("```")));
    Ok(bare.filter_map(|item| item.line()).collect())
}

#[derive(Deserialize)]
struct Library {
    index: BTreeMap<String, Item>,
}

#[derive(Deserialize)]
struct Item {
    crate_id: u32,
    name: Option<String>,
    docs: Option<String>,
    /// A word, or an object for what is public in a part of the crate only.
    visibility: serde_json::Value,
    span: Option<Span>,
    /// One member, named for the kind.
    inner: BTreeMap<String, serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
struct Span {
    filename: String,
}

impl Item {
    fn is_public(&self) -> bool {
        self.visibility == "public"
    }

    fn line(&self) -> Option<String> {
        let kind = KINDS.into_iter().find(|&kind| self.inner.contains_key(kind))?;
        let file = self.span.as_ref()?.filename.replace('\\', "/");
        Some(format!("{file}: {kind} {}", self.name.as_ref()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(name: &str, rest: &str) -> String {
        format!(
            r#""{name}": {{"crate_id": 0, "name": "{name}", "docs": null, "visibility": "public",
                "span": {{"filename": "src/lib.rs"}}, "inner": {{"function": {{}}}} {rest}}}"#
        )
    }

    #[test]
    fn public_functions_without_an_example_are_named_and_nothing_else() {
        let shown = item("shown", "").replace("null", r#""As in:\n```\nshown();\n```""#);
        let items = [
            item("bare", ""),
            shown,
            item("private", "").replace("public", "default"),
            item("part", "").replace(r#""public""#, r#"{"restricted": {"path": "a"}}"#),
            item("elsewhere", "").replace(r#""crate_id": 0"#, r#""crate_id": 7"#),
            item("member", "").replace("function", "struct_field"),
        ];
        let found = without(&format!(r#"{{"index": {{{}}}}}"#, items.join(","))).unwrap();
        assert_eq!(found.into_iter().collect::<Vec<_>>(), ["src/lib.rs: function bare"]);
    }
}
