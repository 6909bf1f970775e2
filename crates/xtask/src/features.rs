//! Lints each published package by itself, under every choice of features that somebody may build it with.
//!
//! In a build of the whole workspace a package sees the features that its neighbours switched on, and its own are
//! switched on by whoever needs them: what is missing shows only alone. Everything compiled is shared with the other
//! steps, as far as the features agree.

use crate::gate::Outcome;
use crate::process;
use crate::tools::Toolbox;
use crate::workspace::{Package, Workspace};

pub(crate) fn check(tools: &Toolbox) -> Outcome {
    let workspace = match Workspace::read(tools) {
        Ok(workspace) => workspace,
        Err(why) => return Outcome::Failed(why),
    };
    let mut failed = Vec::new();
    for package in &workspace.published {
        for choice in choices(package) {
            let line = [&["clippy".to_owned(), "-p".to_owned(), package.name.clone()], &choice[..]].concat();
            println!("   cargo {}", line.join(" "));
            let words = line.iter().map(String::as_str).chain(["--", "-D", "warnings"]);
            if let Outcome::Failed(why) = process::cargo(tools, words) {
                failed.push(format!("cargo {}: {why}", line.join(" ")));
            }
        }
    }
    if failed.is_empty() { Outcome::Passed } else { Outcome::Failed(failed.join("; ")) }
}

/// None of the features, each alone, what is chosen by default, all of them; no choice twice.
fn choices(package: &Package) -> Vec<Vec<String>> {
    let words = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect::<Vec<_>>();
    let own: Vec<&String> = package.features.iter().filter(|name| *name != "default").collect();
    let mut choices = vec![words(&["--no-default-features"])];
    if own.len() > 1 {
        choices.extend(own.iter().map(|name| words(&["--no-default-features", "--features", name])));
    }
    if own.len() != package.features.len() {
        choices.push(Vec::new());
    }
    if !own.is_empty() {
        choices.push(words(&["--all-features"]));
    }
    choices
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(features: &[&str]) -> Vec<String> {
        let features = features.iter().map(|&name| name.to_owned()).collect();
        let package = Package { name: "p".to_owned(), features, library: None };
        choices(&package).iter().map(|words| words.join(" ")).collect()
    }

    #[test]
    fn a_package_without_features_is_checked_once() {
        assert_eq!(chosen(&[]), ["--no-default-features"]);
    }

    #[test]
    fn one_feature_is_off_and_on() {
        assert_eq!(chosen(&["a"]), ["--no-default-features", "--all-features"]);
    }

    #[test]
    fn several_features_are_off_alone_by_default_and_all_on() {
        assert_eq!(
            chosen(&["a", "b", "default"]),
            [
                "--no-default-features",
                "--no-default-features --features a",
                "--no-default-features --features b",
                "",
                "--all-features"
            ]
        );
    }
}
