//! Which steps a command has, and the exact command line of each.

use std::fmt;

use crate::gate::Named;
use crate::model;

/// One command line of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Step {
    /// A word or two for the summary.
    pub(crate) name: &'static str,
    /// Where it runs, below the workspace's root.
    pub(crate) dir: &'static str,
    /// Set on top of the environment that the step inherits.
    pub(crate) env: &'static [(&'static str, &'static str)],
    pub(crate) tool: Tool,
    pub(crate) args: &'static [&'static str],
    pub(crate) judge: Judge,
}

/// The program of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tool {
    /// The cargo that runs this program.
    Cargo,
    /// Checks of licences, sources and advisories.
    CargoDeny,
    /// Builds and runs fuzz targets.
    CargoFuzz,
    /// Changes code to see whether a test notices.
    CargoMutants,
    /// What finds the cargo of another toolchain.
    Rustup,
}

/// How a step's success is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Judge {
    /// By its exit status.
    Status,
    /// By its exit status, except that a database out of reach is no failure.
    Advisories,
    /// By its exit status, and that one test has run: a name that no test has would pass for nothing.
    OneTest,
    /// By its exit status, where there is a nightly compiler.
    Nightly,
    /// By this very program, which is not started a second time for what it can do itself.
    Own(Chore),
}

/// What this program does itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Chore {
    RecordApi,
    CheckApi,
    Features,
    Packages,
    Model,
    NamedTests,
}

/// What runs the tests that are not examples in the documentation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TestRunner {
    Nextest,
    CargoTest,
}

/// The commands, as lists of steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Plan {
    Test,
    Verify,
    VerifyWithoutTests,
    Fix,
    RecordApi,
    CheckApi,
    Features,
    Packages,
    NamedTests,
    Crash,
}

const FORMAT: Step = Step::cargo("format", &["fmt", "--all", "--check"]);
const LINTS: Step = Step::cargo("lints", &["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]);
/// The program over a durable store, which its default build leaves out.
const LINTS_ROCKS: Step = Step::cargo(
    "lints, rocks",
    &["clippy", "-p", "rollbook-cli", "--features", "rocks", "--all-targets", "--", "-D", "warnings"],
);
const NEXTEST: Step = Step::cargo("tests", &["nextest", "run", "--workspace"]);
pub(crate) const CARGO_TEST: Step =
    Step::cargo("tests", &["test", "--workspace", "--tests", "--examples", "--no-fail-fast"]);
/// Shares the workspace's build of the durable store's engine, by far the longest part of it.
const NEXTEST_ROCKS: Step =
    Step::cargo("tests, rocks", &["nextest", "run", "-p", "rollbook-cli", "--features", "rocks"]);
pub(crate) const CARGO_TEST_ROCKS: Step = Step::cargo(
    "tests, rocks",
    &["test", "-p", "rollbook-cli", "--features", "rocks", "--bins", "--tests", "--no-fail-fast"],
);
/// The fuzz targets are a workspace of their own. Their replay is an ordinary test, and finds the durable store's engine
/// as the tests before it have built it.
const REPLAY: Step = Step {
    dir: "fuzz",
    ..Step::cargo("fuzz replay", &["test", "--features", "rocks", "--tests", "--no-fail-fast"])
};
const FUZZ_FORMAT: Step = Step { dir: "fuzz", ..Step::cargo("fuzz format", &["fmt", "--check"]) };
const FUZZ_LINTS: Step = Step {
    dir: "fuzz",
    ..Step::cargo("fuzz lints", &["clippy", "--all-targets", "--features", "rocks", "--", "-D", "warnings"])
};
/// Only what does not compile the engine a second time.
const FUZZ: Step = Step {
    judge: Judge::Nightly,
    ..Step::cargo("fuzz", &["xtask", "fuzz", "--minutes", "1", "--sequences", "0", "--without-rocks"])
};
/// The schedules are made of the stores' sources, whose examples are run there.
const DOCTESTS: Step = Step::cargo(
    "doctests",
    &["test", "--doc", "--workspace", "--exclude", "rollbook-schedules", "--no-fail-fast"],
);
/// Libraries only: a program and a library of one name would write the same page.
const DOCS: Step = Step {
    env: &[("RUSTDOCFLAGS", "-D warnings")],
    ..Step::cargo("docs", &["doc", "--workspace", "--lib", "--no-deps"])
};
const DEPENDENCIES: Step =
    Step { tool: Tool::CargoDeny, ..Step::cargo("dependencies", &["check", "licenses", "bans", "sources"]) };
/// The database is a git repository: a server that asks for a password, or goes silent, is one that
/// cannot be reached, and must not hold up the gate.
const ADVISORIES: Step = Step {
    env: &[
        ("GIT_TERMINAL_PROMPT", "0"),
        ("GIT_HTTP_LOW_SPEED_LIMIT", "1000"),
        ("GIT_HTTP_LOW_SPEED_TIME", "30"),
    ],
    tool: Tool::CargoDeny,
    judge: Judge::Advisories,
    ..Step::cargo("advisories", &["check", "advisories"])
};
const FEATURES: Step = Step::own("features", &["xtask", "features"], Chore::Features);
const CHECK_API: Step = Step::own("public API", &["xtask", "api", "--check"], Chore::CheckApi);
const RECORD_API: Step = Step::own("public API", &["xtask", "api"], Chore::RecordApi);
const PACKAGES: Step = Step::own("packages", &["xtask", "packages"], Chore::Packages);
/// The program as the tests before it have built it.
const MODEL: Step = Step::own("model", &model::SHORT, Chore::Model);
/// Of what the steps before it have built.
const NAMED_TESTS: Step = Step::own("named tests", &["xtask", "named-tests"], Chore::NamedTests);
const FIX_LINTS: Step = Step::cargo(
    "fix lints",
    &["clippy", "--workspace", "--all-targets", "--fix", "--allow-dirty", "--allow-staged"],
);
const FIX_LINTS_ROCKS: Step = Step::cargo(
    "fix lints, rocks",
    &[
        "clippy",
        "-p",
        "rollbook-cli",
        "--features",
        "rocks",
        "--all-targets",
        "--fix",
        "--allow-dirty",
        "--allow-staged",
    ],
);
const FIX_FORMAT: Step = Step::cargo("fix format", &["fmt", "--all"]);
/// One test that is ignored otherwise, by its whole name.
macro_rules! one_test {
    ($what:literal, [$($of:literal),*], $test:literal) => {
        Step::one_test($what, &["test", $($of,)* "--", "--ignored", "--nocapture", "--exact", $test])
    };
}

const KILLS: Step = one_test!(
    "200 killed writers",
    ["-p", "rollbook-store-rocks", "--test", "crash"],
    "what_was_acknowledged_before_two_hundred_kills_is_there_after_each"
);
const CUTS: Step = one_test!(
    "200 cut logs",
    ["-p", "rollbook-store-rocks", "--test", "crash"],
    "a_log_cut_two_hundred_times_opens_at_an_earlier_moment"
);
const FLIPS: Step = one_test!(
    "1000 flipped bytes",
    ["-p", "rollbook-store-rocks", "--test", "damage"],
    "a_thousand_flipped_bytes_are_never_a_wrong_answer"
);
const LOGS: Step = one_test!(
    "1000 harmed logs",
    ["-p", "rollbook-store-rocks", "--test", "logs"],
    "a_thousand_damaged_logs_are_refused_or_lose_nothing_but_an_end_that_a_crash_could_have_cut"
);
const FAULTS: Step = one_test!(
    "faults at every call",
    ["-p", "rollbook-store-rocks", "--test", "faults"],
    "no_fault_leaves_a_register_between_two_states"
);
const HUGE: Step = one_test!(
    "huge deletions killed",
    ["-p", "rollbook-store-rocks", "--test", "huge"],
    "a_tag_of_ten_million_devices_and_a_user_of_a_million_are_deleted_whole_though_the_deletion_is_killed"
);
const IMPORTS: Step = one_test!(
    "200 killed imports",
    ["-p", "rollbook-cli", "--features", "rocks", "--test", "durable"],
    "interrupted::events_are_posted_once_wherever_imports_are_killed_two_hundred_times"
);
const FIX_FUZZ_LINTS: Step = Step {
    dir: "fuzz",
    ..Step::cargo(
        "fix fuzz lints",
        &["clippy", "--all-targets", "--features", "rocks", "--fix", "--allow-dirty", "--allow-staged"],
    )
};
const FIX_FUZZ_FORMAT: Step = Step { dir: "fuzz", ..Step::cargo("fix fuzz format", &["fmt"]) };

const FORMATS: &[Step] = &[FORMAT, FUZZ_FORMAT];
const LINTERS: &[Step] = &[LINTS, LINTS_ROCKS, FUZZ_LINTS];
const PAGES: &[Step] = &[DOCS, CHECK_API];
const PARTS: &[Step] = &[FEATURES, PACKAGES, DEPENDENCIES, ADVISORIES];

impl Plan {
    /// The steps in the order in which they run: the quick ones first.
    pub(crate) fn steps(self, runner: TestRunner) -> Vec<Step> {
        let (tests, rocks) = match runner {
            TestRunner::Nextest => (NEXTEST, NEXTEST_ROCKS),
            TestRunner::CargoTest => (CARGO_TEST, CARGO_TEST_ROCKS),
        };
        match self {
            Self::Test => vec![tests, MODEL, rocks, NAMED_TESTS, DOCTESTS, REPLAY],
            Self::Verify => [
                FORMATS,
                LINTERS,
                &[tests, MODEL, rocks, NAMED_TESTS, DOCTESTS, REPLAY],
                &[FUZZ],
                PAGES,
                PARTS,
            ]
            .concat(),
            Self::VerifyWithoutTests => [FORMATS, LINTERS, &[FUZZ], PAGES, PARTS].concat(),
            // Applied suggestions are not always in format.
            Self::Fix => {
                vec![FIX_LINTS, FIX_LINTS_ROCKS, FIX_FORMAT, FIX_FUZZ_LINTS, FIX_FUZZ_FORMAT]
            }
            Self::RecordApi => vec![RECORD_API],
            Self::CheckApi => vec![CHECK_API],
            Self::Features => vec![FEATURES],
            Self::Packages => vec![PACKAGES],
            Self::NamedTests => vec![NAMED_TESTS],
            Self::Crash => vec![KILLS, CUTS, LOGS, FLIPS, IMPORTS, FAULTS, HUGE],
        }
    }
}

impl Named for Step {
    fn name(&self) -> &'static str {
        self.name
    }
}

impl Step {
    pub(crate) const fn cargo(name: &'static str, args: &'static [&'static str]) -> Self {
        Self { name, dir: "", env: &[], tool: Tool::Cargo, args, judge: Judge::Status }
    }

    /// The arguments are those by which the step is called alone.
    const fn own(name: &'static str, args: &'static [&'static str], chore: Chore) -> Self {
        Self { judge: Judge::Own(chore), ..Self::cargo(name, args) }
    }

    const fn one_test(name: &'static str, args: &'static [&'static str]) -> Self {
        Self { judge: Judge::OneTest, ..Self::cargo(name, args) }
    }
}

impl Tool {
    /// As it is typed in a shell.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Cargo => "cargo",
            Self::CargoDeny => "cargo-deny",
            Self::CargoFuzz => "cargo-fuzz",
            Self::CargoMutants => "cargo-mutants",
            Self::Rustup => "rustup",
        }
    }
}

/// The command line, ready to be pasted into a POSIX shell.
impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.dir.is_empty() {
            write!(f, "cd {} && ", self.dir)?;
        }
        for (key, value) in self.env {
            write!(f, "{key}={} ", quoted(value))?;
        }
        f.write_str(self.tool.name())?;
        for arg in self.args {
            write!(f, " {}", quoted(arg))?;
        }
        Ok(())
    }
}

/// Steps are written in this file and hold no quotes of their own.
fn quoted(word: &str) -> String {
    if word.contains(' ') { format!("'{word}'") } else { word.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RUNNERS: [TestRunner; 2] = [TestRunner::Nextest, TestRunner::CargoTest];

    fn names(plan: Plan, runner: TestRunner) -> Vec<&'static str> {
        plan.steps(runner).iter().map(|step| step.name).collect()
    }

    #[test]
    fn verify_is_made_of_the_tests_and_of_verify_without_tests() {
        for runner in RUNNERS {
            let mut parts = names(Plan::Test, runner);
            parts.extend(names(Plan::VerifyWithoutTests, runner));
            parts.sort_unstable();
            let mut whole = names(Plan::Verify, runner);
            whole.sort_unstable();
            assert_eq!(whole, parts);
        }
    }

    #[test]
    fn names_in_a_plan_are_unique() {
        for plan in [Plan::Test, Plan::Verify, Plan::VerifyWithoutTests, Plan::Fix, Plan::Crash] {
            let mut names = names(plan, TestRunner::Nextest);
            let all = names.len();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), all, "{plan:?}");
        }
    }

    #[test]
    fn only_fix_changes_files() {
        let changes = |step: &Step| {
            step.args.contains(&"--fix")
                || step.judge == Judge::Own(Chore::RecordApi)
                || (step.args.contains(&"fmt") && !step.args.contains(&"--check"))
        };
        for runner in RUNNERS {
            for plan in [Plan::Test, Plan::Verify, Plan::VerifyWithoutTests, Plan::Crash] {
                assert!(!plan.steps(runner).iter().any(changes), "{plan:?}");
            }
            assert!(Plan::Fix.steps(runner).iter().all(changes));
        }
    }

    #[test]
    fn both_runners_leave_the_examples_in_the_documentation_to_their_own_step() {
        for runner in RUNNERS {
            let steps = Plan::Test.steps(runner);
            let doc: Vec<bool> = steps.iter().map(|s| s.args.contains(&"--doc")).collect();
            assert_eq!(doc, [false, false, false, false, true, false]);
        }
        // Without a choice of targets `cargo test` would run them too.
        assert!(CARGO_TEST.args.contains(&"--tests"));
        assert!(CARGO_TEST_ROCKS.args.contains(&"--bins"));
    }

    #[test]
    fn each_step_of_crash_is_one_test_by_its_whole_name() {
        for step in Plan::Crash.steps(TestRunner::Nextest) {
            assert_eq!(step.judge, Judge::OneTest);
            assert!(step.args.contains(&"--exact") && step.args.contains(&"--ignored"), "{step}");
        }
    }

    #[test]
    fn a_step_reads_as_a_shell_command() {
        assert_eq!(DOCS.to_string(), "RUSTDOCFLAGS='-D warnings' cargo doc --workspace --lib --no-deps");
        assert_eq!(DEPENDENCIES.to_string(), "cargo-deny check licenses bans sources");
        assert_eq!(FUZZ_FORMAT.to_string(), "cd fuzz && cargo fmt --check");
    }

    #[test]
    fn only_the_advisories_and_the_fuzzer_may_be_out_of_reach() {
        for step in Plan::Verify.steps(TestRunner::Nextest) {
            assert_eq!(step.judge == Judge::Advisories, step.name == "advisories");
            assert_eq!(step.judge == Judge::Nightly, step.name == "fuzz");
        }
    }
}
