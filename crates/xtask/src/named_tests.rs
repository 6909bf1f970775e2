//! Whether the tests that docs/SECURITY.md names are among those that the gate runs.

use std::collections::BTreeSet;
use std::fs;

use crate::gate::Outcome;
use crate::process;
use crate::steps::{CARGO_TEST, CARGO_TEST_ROCKS, Step, Tool};
use crate::tools::Toolbox;

/// The page, from the workspace's root.
const PAGE: &str = "docs/SECURITY.md";

/// Asks the built tests of the gate's steps what they hold. Every name must be one of them that is not left out, or stand
/// in a row with a command that runs what is left out otherwise.
pub(crate) fn check(tools: &Toolbox) -> Outcome {
    let path = tools.root().join(PAGE);
    let page = match fs::read_to_string(&path) {
        Ok(page) => page,
        Err(error) => return Outcome::Failed(format!("{}: {error}", path.display())),
    };
    let mut all = BTreeSet::new();
    let mut left_out = BTreeSet::new();
    for step in [CARGO_TEST, CARGO_TEST_ROCKS] {
        for (ignored, into) in [(false, &mut all), (true, &mut left_out)] {
            match listed(tools, &step, ignored) {
                Ok(names) => into.extend(names),
                Err(why) => return Outcome::Failed(why),
            }
        }
    }
    let wrong = judge(&page, &all, &left_out);
    if wrong.is_empty() { Outcome::Passed } else { Outcome::Failed(format!("{PAGE}: {}", wrong.join("; "))) }
}

/// The names of a step's tests, or of those among them that an ordinary run leaves out.
fn listed(tools: &Toolbox, step: &Step, ignored: bool) -> Result<BTreeSet<String>, String> {
    let cargo = tools.locate(Tool::Cargo)?;
    let mut command = process::command(&cargo);
    command.current_dir(tools.root()).args(step.args).args(["--quiet", "--", "--list"]);
    if ignored {
        command.arg("--ignored");
    }
    let output = command.output().map_err(|error| format!("cannot start {}: {error}", cargo.display()))?;
    if !output.status.success() {
        return Err(format!("{step}: {}", String::from_utf8_lossy(&output.stderr).trim_end()));
    }
    Ok(names_in(&String::from_utf8_lossy(&output.stdout)))
}

/// The names, without their modules, of what the harness lists.
fn names_in(list: &str) -> BTreeSet<String> {
    let tests = list.lines().filter_map(|line| line.strip_suffix(": test"));
    tests.map(|path| path.rsplit("::").next().unwrap_or(path).to_owned()).collect()
}

/// What is wrong with the names in the page's tables.
fn judge(page: &str, all: &BTreeSet<String>, left_out: &BTreeSet<String>) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut named = 0;
    for row in page.lines().filter(|line| line.starts_with('|')) {
        let has_command = row.contains("`cargo test ") && row.contains("--ignored`");
        for name in row.split('`').skip(1).step_by(2).filter(|word| is_test(word)) {
            named += 1;
            if !all.contains(name) {
                wrong.push(format!("{name} is no test that is run"));
            } else if left_out.contains(name) && !has_command {
                wrong.push(format!("{name} is left out of every run"));
            }
        }
    }
    if named == 0 {
        wrong.push("no table names a test".to_owned());
    }
    wrong
}

/// Whether a word can be the name of a test: of a function, and in several parts.
fn is_test(word: &str) -> bool {
    let is_name = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    word.matches('_').count() > 1 && word.bytes().all(is_name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_of_a_test_that_runs_or_has_a_command_beside_it() {
        let all = names_in("a_b_c: test\nmodule::d_e_f: test\nx_y_z: benchmark\n\n2 tests, 1 benchmark\n");
        let left_out = names_in("module::d_e_f: test\n");
        let rows = "| it holds | `a_b_c`, `Type::of`, `two_parts` |\nbeside tables: `g_h_i`\n";
        assert_eq!(judge(rows, &all, &left_out), [""; 0]);
        let beside = "| it holds | `d_e_f`: `cargo test --test x -- --ignored` |";
        assert_eq!(judge(beside, &all, &left_out), [""; 0]);
        assert_eq!(judge("`a_b_c` | it holds", &all, &left_out), ["no table names a test"]);
        let wrong = "| it holds | `d_e_f`, `x_y_z` |";
        let said = ["d_e_f is left out of every run", "x_y_z is no test that is run"];
        assert_eq!(judge(wrong, &all, &left_out), said);
    }
}
