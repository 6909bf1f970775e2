//! The child process of a test: the same program, started to run one test of its own that is otherwise ignored, and
//! killed.

use std::io::{BufRead, BufReader, Lines, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

const DIRECTORY: &str = "ROLLBOOK_TEST_DIRECTORY";
const TASK: &str = "ROLLBOOK_TEST_TASK";
/// The beginning of every line that is meant for the test; other lines are printed by the harness.
const MARK: &str = "@ ";

/// Returns the directory and the task of the child process, or `None` if its test was not started by another one.
pub(crate) fn told() -> Option<(PathBuf, String)> {
    let path = std::env::var_os(DIRECTORY)?;
    Some((path.into(), std::env::var(TASK).unwrap_or_default()))
}

/// Sends a line to the test immediately.
pub(crate) fn say(what: std::fmt::Arguments<'_>) {
    // The harness may have begun a line.
    let _ = std::io::stdout().lock().write_all(format!("\n{MARK}{what}\n").as_bytes());
}

/// A child process. It iterates over the lines that the child sends until the child has ended.
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

    /// Kills the child. The lines that it sent before can still be read.
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
