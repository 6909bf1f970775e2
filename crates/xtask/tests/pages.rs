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

/// Is a test of this name left out of an ordinary run? Nothing where there is no such test.
fn is_ignored(sources: &str, name: &str) -> Option<bool> {
    let (above, _) = sources.split_once(&format!("fn {name}("))?;
    // The first of them is what stands before `fn` in its own line.
    let attributes = above.lines().rev().skip_while(|line| ["", "async", "pub"].contains(&line.trim()));
    let mut attributes = attributes.take_while(|line| line.trim_start().starts_with(['#', '/']));
    Some(attributes.any(|line| line.trim_start().starts_with("#[ignore")))
}

#[test]
fn the_tests_that_the_security_page_names_run_with_all_others_or_by_a_command_beside_them() {
    let mut all = String::new();
    sources(&root().join("crates"), &mut all);
    let page = read("docs/SECURITY.md");
    assert!(tests_named_in(&page).len() > 25);
    let mut wrong = Vec::new();
    for row in page.lines() {
        let has_command = row.contains("`cargo test ") && row.contains("--ignored`");
        for name in tests_named_in(row) {
            match is_ignored(&all, &name) {
                None => wrong.push(format!("{name} does not exist")),
                Some(true) if !has_command => wrong.push(format!("{name} is ignored")),
                Some(_) => {}
            }
        }
    }
    assert_eq!(wrong, [""; 0]);
}

#[test]
fn a_test_that_is_left_out_is_told_by_its_attributes() {
    let sources = "#[test]\nfn a_b_c() {}\n\n/// Slow.\n#[test]\n#[ignore = \"slow\"]\nfn d_e_f() {}\n";
    assert_eq!(is_ignored(sources, "a_b_c"), Some(false));
    assert_eq!(is_ignored(sources, "d_e_f"), Some(true));
    assert_eq!(is_ignored(sources, "g_h_i"), None);
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
