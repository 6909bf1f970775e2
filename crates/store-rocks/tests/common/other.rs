//! The other process of a test: the same program, told to run one test of its own that is ignored otherwise, and killed.

use std::io::{BufRead, BufReader, Lines, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

const DIRECTORY: &str = "ROLLBOOK_TEST_DIRECTORY";
const TASK: &str = "ROLLBOOK_TEST_TASK";
/// What a line begins with that is meant for the test; others are the harness's.
const MARK: &str = "@ ";

/// Where the other process works, and at what; nothing when its test was started by itself.
pub(crate) fn told() -> Option<(PathBuf, String)> {
    let path = std::env::var_os(DIRECTORY)?;
    Some((path.into(), std::env::var(TASK).unwrap_or_default()))
}

/// Tells the test something, at once.
pub(crate) fn say(what: std::fmt::Arguments<'_>) {
    // The harness may have begun a line.
    let _ = std::io::stdout().lock().write_all(format!("\n{MARK}{what}\n").as_bytes());
}

/// A process that was started; it iterates over what it says until it is no more.
pub(crate) struct Other {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Other {
    pub(crate) fn start(test: &str, path: &Path, task: &str) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", test, "--ignored", "--nocapture"])
            .env(DIRECTORY, path)
            .env(TASK, task)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Other { child, lines }
    }

    /// What it said before goes on being told.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
    }
}

impl Iterator for Other {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        loop {
            let line = self.lines.next()?.ok()?;
            if let Some(what) = line.strip_prefix(MARK) {
                return Some(what.to_owned());
            }
        }
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
