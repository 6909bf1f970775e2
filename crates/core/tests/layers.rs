//! The modules of the crate have an order: none names one above it.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic is a failed test")]

use std::fs;
use std::path::{Path, PathBuf};

/// The crate's modules, from the ground up.
const CRATE: &[&str] =
    &["small_table", "violation", "model", "store", "error", "live_view", "audience", "registry", "app"];
/// The same of the registry.
const REGISTRY: &[&str] =
    &["commit", "plan_error", "transaction", "verbs", "directory", "sign_out", "deletion", "write", "apps"];
/// And of the parts of a transaction, which its three files of methods share.
const TRANSACTION: &[&str] = &["names", "device", "read_set", "emit"];

/// The source files of a module: `name.rs`, or all below `name/`; files of tests left out.
fn files(dir: &Path, name: &str) -> Vec<PathBuf> {
    fn below(dir: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                below(&path, found);
            } else if !path.file_stem().unwrap().to_str().unwrap().ends_with("tests") {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    let (file, folder) = (dir.join(format!("{name}.rs")), dir.join(name));
    if folder.is_dir() {
        below(&folder, &mut found);
    } else {
        found.push(file);
    }
    found
}

/// The code of a file, without comments and without what follows the mark of its tests.
fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    let code = text.split("#[cfg(test)]").next().unwrap();
    code.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// The words that stand directly behind a prefix, such as `crate::`; of a list in braces, the first of each item.
fn named_after(code: &str, prefix: &str) -> Vec<String> {
    let word =
        |text: &str| text.trim().split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap().to_owned();
    let mut found = Vec::new();
    for (at, _) in code.match_indices(prefix) {
        // `super::` within `super::super::` is that of another module.
        if code[..at].ends_with("::") {
            continue;
        }
        let rest = &code[at + prefix.len()..];
        match rest.strip_prefix('{') {
            Some(list) => found.extend(list[..list.find('}').unwrap()].split(',').map(word)),
            None => found.push(word(rest)),
        }
    }
    found
}

fn assert_order(dir: &str, order: &[&str], prefixes: &[&str]) {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join(dir);
    let mut names_seen = 0;
    for (place, module) in order.iter().enumerate() {
        for file in files(&dir, module) {
            for prefix in prefixes {
                // In a module of several files `super` is the module itself.
                if *prefix == "super::" && file.parent() != Some(&*dir) {
                    continue;
                }
                for name in named_after(&code(&file), prefix) {
                    names_seen += 1;
                    let above = order.iter().skip(place + 1).find(|above| **above == name);
                    assert!(above.is_none(), "{} names {name}, which is above {module}", file.display());
                }
            }
        }
    }
    assert!(names_seen > order.len(), "the modules of {} name each other", dir.display());
}

/// Every module of a folder is in its order, so that a new one gets a place.
fn assert_complete(dir: &str, order: &[&str], others: &[&str]) {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join(dir);
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        assert!(order.contains(&name) || others.contains(&name), "{name} has no place in the order");
    }
}

#[test]
fn no_module_of_the_crate_names_one_above_it() {
    assert_complete("src", CRATE, &["lib"]);
    assert_order("src", CRATE, &["crate::"]);
}

#[test]
fn no_module_takes_a_type_from_the_front_of_the_crate() {
    // A name that starts with a capital letter behind `crate::` is a re-export, which hides whose type it is.
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for module in CRATE {
        for file in files(&src, module) {
            let names = named_after(&code(&file), "crate::");
            let front = names.iter().find(|name| name.starts_with(|c: char| c.is_ascii_uppercase()));
            assert_eq!(front, None, "in {}", file.display());
        }
    }
}

#[test]
fn no_module_of_the_registry_names_one_above_it() {
    assert_complete("src/registry", REGISTRY, &["mod"]);
    assert_order("src/registry", REGISTRY, &["super::", "crate::registry::"]);
}

#[test]
fn no_part_of_a_transaction_names_one_above_it() {
    assert_complete("src/registry/transaction", TRANSACTION, &["mod", "shared"]);
    assert_order("src/registry/transaction", TRANSACTION, &["super::"]);
}

/// A write that handled conflicts by itself would be a second loop, with rules of its own.
#[test]
fn conflicts_are_handled_in_one_place() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let handles = |file: &PathBuf| code(file).contains("StoreError::Conflict");
    for module in ["audience", "registry", "app", "live_view"] {
        for file in files(&src, module) {
            let expected = file.ends_with("registry/commit.rs");
            assert_eq!(handles(&file), expected, "{}", file.display());
        }
    }
}
