//! How far a long step is: a bar on a terminal, nothing elsewhere.

use indicatif::{ProgressBar, ProgressStyle};
use std::io::{self, IsTerminal};

/// Drawing costs more than a step: so many steps are drawn as one.
const STRIDE: u64 = 1 << 10;

/// A bar on standard error while it is a terminal.
pub(crate) struct Progress {
    bar: ProgressBar,
    steps: u64,
}

/// Is there a person who watches?
pub(crate) fn watched() -> bool {
    io::stderr().is_terminal()
}

impl Progress {
    /// Counts devices up to a known number.
    pub(crate) fn of_devices(doing: &'static str, total: u64) -> Self {
        Self::new(doing, Some(total), "{msg} {wide_bar} {human_pos} of {human_len} devices, {eta} left")
    }

    /// Counts bytes, up to a known size if there is one.
    pub(crate) fn of_bytes(doing: &'static str, total: Option<u64>) -> Self {
        let style = match total {
            Some(_) => "{msg} {wide_bar} {bytes} of {total_bytes}, {eta} left",
            None => "{msg} {spinner} {bytes}, {elapsed}",
        };
        Self::new(doing, total, style)
    }

    /// Counts up to a number that is known about.
    #[cfg(feature = "rocks")]
    pub(crate) fn of_about(doing: &'static str, total: u64) -> Self {
        Self::new(doing, Some(total), "{msg} {wide_bar} {human_pos} of about {human_len}, {eta} left")
    }

    /// Counts one part of a whole after the other, each up to a number of its own.
    #[cfg(feature = "rocks")]
    pub(crate) fn of_parts(doing: &str) -> Self {
        Self::new(
            &format!("checking {doing}"),
            Some(1),
            "{msg} {prefix} {wide_bar} {human_pos} of {human_len}",
        )
    }

    /// Counts up to no known number.
    pub(crate) fn of_any(doing: &'static str) -> Self {
        Self::new(doing, None, "{msg} {spinner} {human_pos}, {elapsed}")
    }

    fn new(doing: &str, total: Option<u64>, style: &str) -> Self {
        if !watched() {
            return Progress { bar: ProgressBar::hidden(), steps: 0 };
        }
        let bar = total.map_or_else(ProgressBar::new_spinner, ProgressBar::new);
        if let Ok(style) = ProgressStyle::with_template(style) {
            bar.set_style(style);
        }
        bar.set_message(doing.to_owned());
        Progress { bar, steps: 0 }
    }

    /// One step further, at `position` now.
    pub(crate) fn step(&mut self, position: u64) {
        self.steps += 1;
        if self.steps.is_multiple_of(STRIDE) {
            self.bar.set_position(position);
        }
    }
}

#[cfg(feature = "rocks")]
impl Progress {
    /// One step further in a part: `done` of `of`.
    pub(crate) fn part(&mut self, what: &'static str, done: u64, of: u64) {
        self.steps += 1;
        if self.steps.is_multiple_of(STRIDE) {
            self.bar.set_prefix(what);
            self.bar.set_length(of);
            self.bar.set_position(done);
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
