//! What pages and manifests say of the project is so.
#![allow(clippy::unwrap_used, reason = "in tests a panic is a failed test")]

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};

/// The workspace's root. Not compiled in: build output may be shared by several checkouts.
fn root() -> PathBuf {
    let package = env::var_os("CARGO_MANIFEST_DIR").unwrap();
    Path::new(&package).ancestors().nth(2).unwrap().to_owned()
}

fn read(page: &str) -> String {
    fs::read_to_string(root().join(page)).unwrap()
}

/// The text of every Rust file below a directory.
fn sources(dir: &Path, all: &mut String) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("target") {
            sources(&path, all);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            all.push_str(&fs::read_to_string(path).unwrap());
        }
    }
}

/// The tests that a page's tables name: words in backticks that can be names of functions, and have several parts.
fn tests_named_in(page: &str) -> BTreeSet<String> {
    let is_test = |word: &&str| {
        word.matches('_').count() > 1
            && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
    };
    let rows = page.lines().filter(|line| line.starts_with('|'));
    let words = rows.flat_map(|row| row.split('`').skip(1).step_by(2).collect::<Vec<_>>());
    words.filter(is_test).map(str::to_owned).collect()
}

#[test]
fn the_tests_that_the_security_page_names_exist() {
    let mut all = String::new();
    sources(&root().join("crates"), &mut all);
    let named = tests_named_in(&read("docs/SECURITY.md"));
    assert!(named.len() > 25, "{named:?}");
    let missing: Vec<_> = named.iter().filter(|name| !all.contains(&format!("fn {name}("))).collect();
    assert_eq!(missing, [""; 0]);
}

#[test]
fn every_dependency_of_the_workspace_has_its_reason() {
    let manifest = read("Cargo.toml");
    let dependencies = manifest.split("[workspace.dependencies]").nth(1).unwrap();
    let lines: Vec<&str> = dependencies.lines().skip(1).take_while(|line| !line.starts_with('[')).collect();
    let mut seen = 0;
    for pair in lines.windows(2) {
        let [above, line] = pair else { continue };
        let ours = line.contains("path = ");
        if !line.starts_with('#') && !line.is_empty() && !ours {
            assert!(above.starts_with('#'), "{line}");
            seen += 1;
        }
    }
    assert!(seen > 20);
}

#[test]
fn every_dependency_that_a_package_names_itself_has_its_reason_there() {
    let root = root();
    let manifests = ["crates", "benches"].iter().flat_map(|dir| {
        let below = fs::read_dir(root.join(dir)).unwrap().map(|entry| entry.unwrap().path());
        below.chain([root.join(dir)]).map(|dir| dir.join("Cargo.toml")).filter(|path| path.is_file())
    });
    let mut seen = 0;
    for path in manifests {
        let manifest = fs::read_to_string(&path).unwrap();
        let mut above = "";
        for line in manifest.lines() {
            let registry = line.contains("version = ") && !line.starts_with("version");
            assert!(!registry || above.starts_with('#'), "{}: {line}", path.display());
            above = line;
        }
        seen += 1;
    }
    assert!(seen > 8);
}
