//! Has rustdoc describe a library as data, and makes a list of it.
//!
//! Rustdoc does that only where unstable options are allowed. Allowing them in the environment would have build
//! scripts of dependencies run again, and half of everything be compiled again; so cargo is told that this very
//! program is the rustdoc, and it allows them for the real one alone.

use std::collections::BTreeSet;
use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode};

use serde::Deserialize;

use super::examples;
use crate::process;
use crate::steps::Tool;
use crate::tools::Toolbox;
use crate::workspace::Workspace;

/// The form that the rustdoc of Rust 1.95 writes, and that public-api, as it is chosen here, reads.
const FORM: u32 = 57;

/// Says that this program is called as rustdoc, and holds the path of the real one.
const REAL: &str = "ROLLBOOK_REAL_RUSTDOC";

/// A library's interface.
pub(super) enum Described {
    /// In the form that is read.
    Here {
        /// One item a line.
        items: String,
        /// Those of them that have no example.
        without_example: BTreeSet<String>,
    },
    /// By a rustdoc whose form is not read here, and which.
    InAnotherForm(String),
}

/// Describes the library of a package with all its features.
pub(super) fn describe(
    tools: &Toolbox,
    workspace: &Workspace,
    package: &str,
    library: &str,
) -> Result<Described, String> {
    let cargo = tools.locate(Tool::Cargo)?;
    let this = env::current_exe().map_err(|error| format!("cannot find this program: {error}"))?;
    let status = process::command(&cargo)
        .current_dir(tools.root())
        .args(["rustdoc", "-p", package, "--lib", "--all-features", "--"])
        .args(["-Z", "unstable-options", "--output-format", "json"])
        .env(REAL, env::var_os("RUSTDOC").unwrap_or_else(|| OsString::from("rustdoc")))
        .env("RUSTDOC", this)
        .status()
        .map_err(|error| format!("cannot start {}: {error}", cargo.display()))?;
    if !status.success() {
        return Err(format!("cargo rustdoc: {status}"));
    }
    read(&workspace.target.join("doc").join(format!("{library}.json")))
}

/// Calls the real rustdoc when cargo has called this program in its place.
pub(crate) fn stand_in() -> Option<ExitCode> {
    let real = env::var_os(REAL)?;
    let status = Command::new(real).args(env::args_os().skip(1)).env("RUSTC_BOOTSTRAP", "1").status();
    Some(match status {
        Ok(status) if status.success() => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    })
}

fn read(path: &Path) -> Result<Described, String> {
    let shown = path.display();
    let json = fs::read_to_string(path).map_err(|error| format!("{shown}: {error}"))?;
    let Head { format_version } =
        serde_json::from_str(&json).map_err(|error| format!("{shown} is of another form: {error}"))?;
    if format_version != FORM {
        let why = format!("this rustdoc describes in form {format_version}, and form {FORM} is read");
        return Ok(Described::InAnotherForm(why));
    }
    let api = public_api::Builder::from_rustdoc_json(path)
        // They follow from the fields and from the traits' crates, and would be half of the lines.
        .omit_blanket_impls(true)
        .omit_auto_trait_impls(true)
        .build()
        .map_err(|error| format!("{shown}: {error}"))?;
    let items = api.items().map(|item| format!("{item}\n")).collect();
    let without_example = examples::without(&json).map_err(|error| format!("{shown}: {error}"))?;
    Ok(Described::Here { items, without_example })
}

#[derive(Deserialize)]
struct Head {
    format_version: u32,
}
