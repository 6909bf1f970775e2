//! Tests under the sanitizers of the nightly compiler, and under its interpreter: for what a compiler cannot see in
//! code that links C, or that other crates wrote with `unsafe`.
//!
//! Only what is Rust all the way down is looked at: the register, the store in memory and the HTTP faces, with every
//! crate below them. The durable store's engine would have to be built by a C++ compiler with the same sanitizer.

use std::process::Stdio;

use clap::ValueEnum;

use crate::fuzz::NO_NIGHTLY;
use crate::process;
use crate::steps::{Step, Tool};

/// What looks on while tests run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Watcher {
    /// Memory that is used after it was freed, or beyond its end; leaks.
    Address,
    /// Two threads at one place in memory, one of them writing, and nothing that orders them.
    Thread,
    /// Everything the language leaves undefined, in an interpreter: slow, so it runs the unit tests alone.
    Miri,
}

/// The tests of what is Rust all the way down, with more arguments for cargo.
macro_rules! tests {
    ($($extra:literal),*) => {
        &[
            "run",
            "nightly",
            "cargo",
            "test",
            $($extra,)*
            "--target",
            "host-tuple",
            "-p",
            "rollbook",
            "-p",
            "rollbook-store-mem",
            "-p",
            "rollbook-http",
            "--lib",
            "--tests",
            "--no-fail-fast",
        ]
    };
}

const ADDRESS: Step = nightly("address", &[("RUSTFLAGS", "-Zsanitizer=address")], tests!());
const THREAD: Step = nightly("thread", &[("RUSTFLAGS", "-Zsanitizer=thread")], tests!("-Zbuild-std"));
const MIRI: Step = nightly(
    "miri",
    // Property tests ask where their seeds are kept, and are cut short: it is hundreds of times slower.
    &[("MIRIFLAGS", "-Zmiri-disable-isolation"), ("PROPTEST_CASES", "4")],
    &["run", "nightly", "cargo", "miri", "test", "-p", "rollbook", "-p", "rollbook-store-mem", "--lib"],
);

const fn nightly(
    name: &'static str,
    env: &'static [(&'static str, &'static str)],
    args: &'static [&'static str],
) -> Step {
    Step { env, tool: Tool::Rustup, ..Step::cargo(name, args) }
}

impl Watcher {
    pub(crate) const fn step(self) -> Step {
        match self {
            Self::Address => ADDRESS,
            Self::Thread => THREAD,
            Self::Miri => MIRI,
        }
    }

    /// The component without which it cannot run, and why not.
    const fn needs(self) -> Option<(&'static str, &'static str)> {
        match self {
            // What the standard library does to memory of its own goes unseen, and nothing is reported wrongly.
            Self::Address => None,
            Self::Thread => {
                Some(("rust-src", "a standard library that is not instrumented is reported as racing"))
            }
            Self::Miri => Some(("miri", "it is the interpreter")),
        }
    }

    /// Why it cannot run with these components of the nightly toolchain, if it cannot.
    pub(crate) fn lacks(self, installed: &Result<String, String>) -> Option<String> {
        let components = match installed {
            Ok(components) => components,
            Err(why) => return Some(why.clone()),
        };
        let (component, why) = self.needs()?;
        let is_there = components.lines().any(|line| {
            line.strip_prefix(component).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
        });
        (!is_there).then(|| {
            format!("needs {component} ({why}): rustup component add {component} --toolchain nightly")
        })
    }
}

/// The components of the nightly toolchain, one a line; the error is ready to be shown.
pub(crate) fn nightly_components() -> Result<String, String> {
    let listed = process::command("rustup".as_ref())
        .args(["component", "list", "--toolchain", "nightly", "--installed"])
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("rustup, which finds the nightly compiler, cannot be started: {error}"))?;
    if listed.status.success() {
        Ok(String::from_utf8_lossy(&listed.stdout).into_owned())
    } else {
        Err(NO_NIGHTLY.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn installed(lines: &str) -> Result<String, String> {
        Ok(lines.to_owned())
    }

    #[test]
    fn what_is_missing_is_named_with_the_command_that_adds_it() {
        let plain = installed("cargo-x86_64-unknown-linux-gnu\nrust-std-x86_64-unknown-linux-gnu\n");
        assert_eq!(Watcher::Address.lacks(&plain), None);
        for (watcher, component) in [(Watcher::Thread, "rust-src"), (Watcher::Miri, "miri")] {
            let lacks = watcher.lacks(&plain).unwrap();
            assert!(lacks.contains(&format!("rustup component add {component} ")), "{lacks}");
        }
    }

    #[test]
    fn a_component_is_known_by_its_name_with_or_without_a_platform() {
        let all = installed("miri-x86_64-unknown-linux-gnu\nrust-src\n");
        for watcher in Watcher::value_variants() {
            assert_eq!(watcher.lacks(&all), None);
        }
        assert!(Watcher::Miri.lacks(&installed("miriad\n")).is_some());
    }

    #[test]
    fn without_a_nightly_compiler_nothing_runs() {
        let none = Err("there is none".to_owned());
        for watcher in Watcher::value_variants() {
            assert_eq!(watcher.lacks(&none).as_deref(), Some("there is none"));
        }
    }
}
