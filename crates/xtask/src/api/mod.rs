//! The public interface of every published library, written down in `api/`, so that no break goes unseen.
//!
//! A list says each item in one line, with all features on: a diff of it is what users notice. Whoever changes the
//! interface on purpose records it again (`cargo xtask api`) and says so in `CHANGELOG.md`.
//!
//! - [`rustdoc`]: has the compiler's own documentation tool describe a library
//! - [`examples`]: finds the items that show no example; there must be none
//! - [`list`]: compares what it says with what was recorded

mod examples;
mod list;
pub(crate) mod rustdoc;

use std::fs;
use std::path::Path;

use crate::gate::Outcome;
use crate::tools::Toolbox;
use crate::workspace::Workspace;

use rustdoc::Described;

/// Writes the lists anew.
pub(crate) fn record(tools: &Toolbox) -> Outcome {
    outcome(each(tools, |path, now| {
        path.parent().map_or(Ok(()), fs::create_dir_all).map_err(|e| format!("{}: {e}", path.display()))?;
        fs::write(path, now).map_err(|error| format!("{}: {error}", path.display()))
    }))
}

/// Compares the lists with the libraries, and shows every difference.
pub(crate) fn check(tools: &Toolbox) -> Outcome {
    outcome(each(tools, |path, now| {
        let recorded = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
        let differences = list::differences(&recorded, now);
        differences.iter().for_each(|line| println!("   {line}"));
        match differences.len() {
            0 => Ok(()),
            n => Err(format!("{n} lines differ from {}: see `cargo xtask api`", path.display())),
        }
    }))
}

/// Why a list was not dealt with.
enum Trouble {
    /// This machine's toolchain cannot describe a library in the form that is read here.
    Toolchain(String),
    Failed(String),
}

fn each(tools: &Toolbox, deal: impl Fn(&Path, &str) -> Result<(), String>) -> Result<(), Trouble> {
    let workspace = Workspace::read(tools).map_err(Trouble::Failed)?;
    let list = |name: &str| tools.root().join("api").join(format!("{name}.txt"));
    let mut failed = Vec::new();
    for package in &workspace.published {
        let Some(library) = &package.library else { continue };
        match rustdoc::describe(tools, &workspace, &package.name, library) {
            Ok(Described::Here { items, without_example }) => {
                failed.extend(deal(&list(&package.name), &items).err());
                without_example.iter().for_each(|item| println!("   shows no example: {item}"));
                if !without_example.is_empty() {
                    failed.push(format!("{}: {} items show no example", package.name, without_example.len()));
                }
            }
            Ok(Described::InAnotherForm(why)) => return Err(Trouble::Toolchain(why)),
            Err(why) => failed.push(format!("{}: {why}", package.name)),
        }
    }
    if failed.is_empty() { Ok(()) } else { Err(Trouble::Failed(failed.join("; "))) }
}

fn outcome(done: Result<(), Trouble>) -> Outcome {
    match done {
        Ok(()) => Outcome::Passed,
        Err(Trouble::Toolchain(why)) => Outcome::Skipped(why),
        Err(Trouble::Failed(why)) => Outcome::Failed(why),
    }
}
