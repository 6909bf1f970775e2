//! Changes the code at one place after the other, and sees whether a test notices.
//!
//! cargo-mutants makes the changes; what its tests do not notice is compared with the survivors that are known, each of
//! which has its reason in [`KNOWN`].

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fmt;
use std::fs;
use std::path::Path;

use clap::{Args, ValueEnum};

use crate::process;
use crate::steps::Tool;
use crate::tools::Toolbox;

/// The survivors that are known, from the workspace's root.
const KNOWN: &str = "docs/MUTANTS.md";

/// Where, and how many.
#[derive(Debug, Clone, Args)]
pub(crate) struct Extent {
    /// One of them; else both, one after the other.
    #[arg(long)]
    package: Option<Subject>,
    /// Only the mutants of this part, such as `3/40`, counted from 0.
    #[arg(long, value_name = "K/N")]
    shard: Option<String>,
    /// Only in files of this name or pattern.
    #[arg(long, value_name = "FILE")]
    file: Vec<String>,
    /// List the mutants and run none.
    #[arg(long)]
    list: bool,
}

/// What is changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Subject {
    /// The package rollbook-http.
    Http,
    /// The registry of the package rollbook.
    Registry,
}

impl Subject {
    const ALL: [Subject; 2] = [Subject::Http, Subject::Registry];

    fn name(self) -> &'static str {
        match self {
            Subject::Http => "http",
            Subject::Registry => "registry",
        }
    }

    /// The package whose code is changed.
    fn package(self) -> &'static str {
        match self {
            Subject::Http => "rollbook-http",
            Subject::Registry => "rollbook",
        }
    }

    /// The packages whose tests ought to notice.
    fn packages(self) -> &'static [&'static str] {
        match self {
            Subject::Http => &["rollbook-http"],
            Subject::Registry => &["rollbook", "rollbook-store-mem", "rollbook-testkit"],
        }
    }

    /// Their tests, beside those of the libraries.
    fn tests(self) -> &'static [&'static str] {
        match self {
            Subject::Http => &["faces"],
            // The quick ones of those that meet the registry: the rules, the contract's cases, sequences against the
            // oracle, the histories that tell whether a commit checked what it relied on, and verbs on a failing store.
            Subject::Registry => &[
                "rules",
                "conformance",
                "model",
                "register",
                "meanwhile",
                "histories",
                "faults",
                "verbs_on_a_failing_store",
                "wide_device",
                "oracle_itself",
            ],
        }
    }

    /// What tells nextest which tests to leave out; the first test that fails has noticed.
    fn choice(self) -> [String; 3] {
        ["--fail-fast", "-E", &format!("not {}", self.left_out())].map(str::to_owned)
    }

    /// Tests that take long and have little to do with what is changed.
    fn left_out(self) -> &'static str {
        match self {
            // Sends until there is no room: with a slow build on a busy machine that takes minutes.
            Subject::Http => "test(bodies_beyond_what_all_may_hold)",
            // Half of the time of all tests, and none of it in the registry.
            Subject::Registry => "test(selecting_counting_and_matching_agree_with_the_meaning)",
        }
    }

    /// How much is optimized: where most of the time goes to tests of random sequences, that pays for itself.
    fn optimization(self) -> &'static str {
        match self {
            Subject::Http => "0",
            Subject::Registry => "1",
        }
    }

    /// The files, where not all of the package.
    fn files(self) -> Option<&'static str> {
        match self {
            Subject::Http => None,
            Subject::Registry => Some("crates/core/src/registry/**/*.rs"),
        }
    }
}

/// Built for themselves: without what a debugger reads a mutant takes much less time.
const ENVIRONMENT: [(&str, &str); 3] =
    [("CARGO_PROFILE_DEV_DEBUG", "none"), ("CARGO_INCREMENTAL", "1"), ("RUST_BACKTRACE", "0")];

fn environment(tools: &Toolbox, subject: Subject) -> Vec<(&'static str, OsString)> {
    let mut all: Vec<_> = ENVIRONMENT.iter().map(|&(name, value)| (name, value.into())).collect();
    all.push(("CARGO_PROFILE_DEV_OPT_LEVEL", subject.optimization().into()));
    all.push(("CARGO_TARGET_DIR", tools.target().join("mutants").join("build").into()));
    all
}

/// Runs the tests on the code as it is. cargo-mutants does that as well, but asks the tests of the changed package only,
/// and knows none of the others by name.
fn passes_unchanged(tools: &Toolbox, subject: Subject) -> Result<(), String> {
    let cargo = tools.locate(Tool::Cargo)?;
    let mut command = process::command(&cargo);
    command.current_dir(tools.root()).args(["nextest", "run", "--lib"]).envs(environment(tools, subject));
    command.args(subject.packages().iter().flat_map(|package| ["--package", package]));
    command.args(subject.tests().iter().flat_map(|test| ["--test", test])).args(subject.choice());
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(_) => Err("the tests do not pass without a change".to_owned()),
        Err(error) => Err(format!("cannot start {}: {error}", cargo.display())),
    }
}

/// Runs every subject that is asked for; a mutant that nobody noticed and nobody knows is a failure.
pub(crate) fn run(tools: &Toolbox, extent: &Extent) -> Result<(), String> {
    let page = tools.root().join(KNOWN);
    let known = fs::read_to_string(&page).map_err(|error| format!("{}: {error}", page.display()))?;
    let known = known_in(&known);
    let subjects = extent.package.map_or_else(|| Subject::ALL.to_vec(), |one| vec![one]);
    let mut sums = Vec::new();
    for subject in subjects {
        if let Some(sum) = judge(tools, extent, subject, &known)? {
            println!("{sum}");
            sums.push(sum);
        }
    }
    let new: Vec<&str> = sums.iter().flat_map(|sum| &sum.new).map(String::as_str).collect();
    if new.is_empty() {
        return Ok(());
    }
    Err(format!("no test notices, and {KNOWN} does not know:\n  {}", new.join("\n  ")))
}

/// What became of the mutants of one subject; nothing where they are only listed.
fn judge(
    tools: &Toolbox,
    extent: &Extent,
    subject: Subject,
    known: &BTreeSet<String>,
) -> Result<Option<Sum>, String> {
    let program = tools.locate(Tool::CargoMutants)?;
    let target = tools.target().join("mutants");
    let output = target.join(subject.name());
    fs::create_dir_all(&output).map_err(|error| format!("cannot make {}: {error}", output.display()))?;
    if !extent.list {
        passes_unchanged(tools, subject)?;
    }
    let mut command = process::command(&program);
    command.current_dir(tools.root()).args(["mutants", "--package", subject.package()]);
    command.args(["--test-package", &subject.packages().join(",")]).arg("--cargo-arg=--lib");
    command.args(subject.tests().iter().map(|test| format!("--cargo-arg=--test={test}")));
    command.args(["--timeout", "300", "--baseline", "skip"]);
    command.args(["--test-tool", "nextest", "--jobs", "1", "--no-shuffle", "--colors", "never"]);
    command.arg("--output").arg(&output).envs(environment(tools, subject));
    let all = subject.files().map(str::to_owned);
    let files = if extent.file.is_empty() { all.as_slice() } else { &extent.file };
    for file in files {
        command.args(["--file", file]);
    }
    if let Some(shard) = &extent.shard {
        command.args(["--shard", shard]);
    }
    if extent.list {
        command.arg("--list");
    } else {
        command.arg("--").args(subject.choice());
    }
    let status = command.status().map_err(|error| format!("cannot start {}: {error}", program.display()))?;
    if extent.list {
        return Ok(None);
    }
    // 0: all noticed. 2: some not. 3: some took too long. Else nothing was judged.
    match status.code() {
        Some(0 | 2 | 3) => Sum::read(subject, &output.join("mutants.out"), known).map(Some),
        _ => Err(format!("cargo-mutants: {status}; see {}", output.display())),
    }
}

/// What became of the mutants.
#[derive(Debug, PartialEq, Eq)]
struct Sum {
    subject: Subject,
    noticed: usize,
    /// They ran for ever, which is noticed as well.
    slow: usize,
    /// They did not compile.
    unviable: usize,
    known: usize,
    new: Vec<String>,
}

impl Sum {
    fn read(subject: Subject, directory: &Path, known: &BTreeSet<String>) -> Result<Self, String> {
        let lines = |name: &str| -> Result<Vec<String>, String> {
            let path = directory.join(name);
            let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
            Ok(text.lines().map(str::to_owned).collect())
        };
        let (old, new): (Vec<String>, Vec<String>) =
            lines("missed.txt")?.into_iter().partition(|mutant| known.contains(&without_place(mutant)));
        Ok(Sum {
            subject,
            noticed: lines("caught.txt")?.len(),
            slow: lines("timeout.txt")?.len(),
            unviable: lines("unviable.txt")?.len(),
            known: old.len(),
            new,
        })
    }
}

impl fmt::Display for Sum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Sum { subject, noticed, slow, unviable, known, new } = self;
        let all = noticed + slow + known + new.len();
        write!(
            f,
            "{}: {all} mutants that compile ({unviable} do not), {noticed} noticed by a test, {slow} by the time they \
             take, {} not: {known} known, {} new",
            subject.name(),
            known + new.len(),
            new.len()
        )
    }
}

/// A mutant's name as it stays when lines are added above it: the file and what is replaced.
fn without_place(mutant: &str) -> String {
    let mut parts = mutant.splitn(4, ':');
    match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(file), Some(line), Some(column), Some(what)) if is_number(line) && is_number(column) => {
            format!("{file}:{what}")
        }
        _ => mutant.to_owned(),
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The mutants of a page: the first cell of each row of its tables, in backticks.
fn known_in(page: &str) -> BTreeSet<String> {
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `"));
    rows.filter_map(|row| Some(row.split_once("` |")?.0.replace(r"\|", "|"))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mutant_is_known_wherever_it_has_moved_to() {
        let mutant = "crates/http/src/path.rs:12:9: replace == with != in a";
        assert_eq!(without_place(mutant), "crates/http/src/path.rs: replace == with != in a");
        let page = "| mutant | why it may live |\n|---|---|\n\
                    | `crates/http/src/path.rs: replace == with != in a` | equal |\n\
                    | `b.rs: replace \\|\\| with && in b` | equal |\n";
        let known = known_in(page);
        assert_eq!(known.len(), 2);
        assert!(known.contains(&without_place(mutant)));
        assert!(known.contains(&without_place("b.rs:1:1: replace || with && in b")));
        assert!(!known.contains(&without_place("crates/http/src/path.rs:12:9: replace == with != in b")));
    }

    #[test]
    fn survivors_are_known_or_new() {
        let directory = std::env::temp_dir().join(format!("xtask-mutants-{}", std::process::id()));
        fs::create_dir_all(&directory).unwrap();
        let files =
            [("missed.txt", "a.rs:1:2: x\na.rs:3:4: y\n"), ("caught.txt", "z\n"), ("timeout.txt", "")];
        for (name, text) in files.into_iter().chain([("unviable.txt", "v\nw\n")]) {
            fs::write(directory.join(name), text).unwrap();
        }
        let sum = Sum::read(Subject::Http, &directory, &BTreeSet::from(["a.rs: x".to_owned()])).unwrap();
        assert_eq!(sum.new, ["a.rs:3:4: y"]);
        assert_eq!(
            sum.to_string(),
            "http: 3 mutants that compile (2 do not), 1 noticed by a test, 0 by the time they take, 2 not: 1 known, 1 new"
        );
        fs::remove_dir_all(&directory).unwrap();
    }
}
