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

/// Files move more often than pages are read.
#[test]
fn every_file_that_the_architecture_page_names_exists() {
    let page = read("docs/ARCHITECTURE.md");
    let words: Vec<&str> =
        page.split('`').skip(1).step_by(2).filter(|word| word.starts_with("crates/")).collect();
    assert!(words.len() > 40, "{words:?}");
    let missing: Vec<_> = words.iter().filter(|path| !root().join(path).exists()).collect();
    assert_eq!(missing, [&""; 0]);
}

#[test]
fn the_glossary_has_at_most_forty_rows_and_no_term_twice() {
    let page = read("docs/GLOSSARY.md");
    let rows = page.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| term "));
    let terms: Vec<&str> = rows.filter_map(|row| row.split('|').nth(1)).map(str::trim).collect();
    assert!((20..=40).contains(&terms.len()), "{terms:?}");
    assert_eq!(terms.iter().collect::<BTreeSet<_>>().len(), terms.len());
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
