//! Asks questions, measures the time, and keeps each question with its result.

use crate::failure::Failure;
use crate::stopwatch::Stopwatch;
use rollbook::Error;
use std::time::Duration;

/// A line of the table.
pub(super) enum Row {
    /// The subject of the questions below.
    Topic(&'static str),
    /// One question.
    Asked {
        /// The text of the question.
        question: String,
        /// The result.
        answer: String,
        /// The time it took.
        time: Duration,
    },
}

/// The questions asked so far.
#[derive(Default)]
pub(super) struct Interview {
    rows: Vec<Row>,
}

impl Interview {
    pub(super) fn rows(&self) -> &[Row] {
        &self.rows
    }

    pub(super) fn topic(&mut self, topic: &'static str) {
        self.rows.push(Row::Topic(topic));
    }

    /// Asks a question that must have a result.
    pub(super) fn ask<T>(
        &mut self,
        question: &str,
        ask: impl FnOnce() -> Result<T, Error>,
        tell: impl FnOnce(&T) -> String,
    ) -> Result<T, Failure> {
        let watch = Stopwatch::start();
        let answer = ask();
        let time = watch.elapsed();
        let answer = answer.map_err(Failure::during(question))?;
        self.keep(question, tell(&answer), time);
        Ok(answer)
    }

    /// Gives an order that must succeed and has no result.
    pub(super) fn order(
        &mut self,
        question: &str,
        ask: impl FnOnce() -> Result<(), Error>,
    ) -> Result<(), Failure> {
        self.ask(question, ask, |()| "done".into())
    }

    /// Gives an order that must be refused.
    pub(super) fn refused<T, E: Into<Error>>(
        &mut self,
        question: &str,
        ask: impl FnOnce() -> Result<T, E>,
    ) -> Result<(), Failure> {
        let watch = Stopwatch::start();
        let answer = ask();
        let time = watch.elapsed();
        match answer.map_err(Into::into) {
            Ok(_) => Err(Failure::Accepted { during: question.into() }),
            Err(error @ Error::Store { .. }) => Err(Failure::during(question)(error)),
            Err(error) => {
                self.keep(question, format!("refused: {error}"), time);
                Ok(())
            }
        }
    }

    fn keep(&mut self, question: &str, answer: String, time: Duration) {
        self.rows.push(Row::Asked { question: question.into(), answer, time });
    }
}

/// Returns a number with its digits in groups of three.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut shown = String::with_capacity(digits.len() + digits.len() / 3);
    for (n, digit) in digits.chars().enumerate() {
        if n > 0 && (digits.len() - n).is_multiple_of(3) {
            shown.push(' ');
        }
        shown.push(digit);
    }
    shown
}

/// Returns a number of things, in the singular or plural.
pub(super) fn counted(number: u64, thing: &str) -> String {
    format!("{} {thing}{}", grouped(number), if number == 1 { "" } else { "s" })
}

/// Returns some names in a row, or that there are none.
pub(super) fn listed<T: ToString>(names: impl IntoIterator<Item = T>) -> String {
    let names: Vec<String> = names.into_iter().map(|name| name.to_string()).collect();
    if names.is_empty() { "none".into() } else { names.join(", ") }
}

pub(super) fn yes_or_no(truth: bool) -> String {
    if truth { "yes" } else { "no" }.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_grouped_from_the_right() {
        assert_eq!(
            [0, 12, 123, 1_234, 123_456, 1_234_567].map(grouped),
            ["0", "12", "123", "1 234", "123 456", "1 234 567"]
        );
    }
}
