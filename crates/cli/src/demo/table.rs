//! The table, for a person to read: fixed widths, long texts on several lines, the time last.

use super::interview::Row;
use crate::failure::Failure;
use crate::output::Output;
use crate::stopwatch::readable;

const QUESTION: usize = 42;
const ANSWER: usize = 58;
const TIME: usize = 8;

pub(super) fn print(rows: &[Row], output: &mut Output) -> Result<(), Failure> {
    line(output, "question", "answer", "time")?;
    for row in rows {
        match row {
            Row::Topic(topic) => {
                line(output, "", "", "")?;
                line(output, &topic.to_uppercase(), "", "")?;
            }
            Row::Asked { question, answer, time } => asked(output, question, answer, &readable(*time))?,
        }
    }
    Ok(())
}

fn asked(output: &mut Output, question: &str, answer: &str, time: &str) -> Result<(), Failure> {
    let questions = wrapped(question, QUESTION);
    let answers = wrapped(answer, ANSWER);
    for n in 0..questions.len().max(answers.len()) {
        let part = |parts: &[String]| parts.get(n).cloned().unwrap_or_default();
        line(output, &part(&questions), &part(&answers), if n == 0 { time } else { "" })?;
    }
    Ok(())
}

fn line(output: &mut Output, question: &str, answer: &str, time: &str) -> Result<(), Failure> {
    let line = format!("{question:QUESTION$}  {answer:ANSWER$}  {time:>TIME$}");
    output.line(format_args!("{}", line.trim_end()))
}

/// Returns the text in lines of at most `width` characters, broken at spaces where it has any; continuation lines are
/// indented. Line ends in the text itself are kept.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for whole in text.lines() {
        let mut rest: Vec<char> = whole.chars().collect();
        let mut indent = "";
        loop {
            let room = width.saturating_sub(indent.len()).max(1);
            if rest.len() <= room {
                lines.push(format!("{indent}{}", rest.iter().collect::<String>()));
                break;
            }
            // The space at the break may be beyond the width.
            let head = rest.get(1..=room).unwrap_or_default();
            let at = head.iter().rposition(|&c| c == ' ').map_or(room, |at| at + 1);
            let tail = rest.split_off(at);
            lines.push(format!("{indent}{}", rest.iter().collect::<String>()));
            rest = tail.into_iter().skip_while(|&c| c == ' ').collect();
            indent = "  ";
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_broken_at_spaces_and_goes_on_indented() {
        assert_eq!(wrapped("one two three", 7), ["one two", "  three"]);
        assert_eq!(wrapped("one two three four", 9), ["one two", "  three", "  four"]);
        assert_eq!(wrapped("short", 7), ["short"]);
    }

    #[test]
    fn a_long_word_is_broken_where_it_must() {
        assert_eq!(wrapped("abcdefghij", 6), ["abcdef", "  ghij"]);
    }

    #[test]
    fn lines_of_the_text_stay_lines() {
        assert_eq!(wrapped("a b\n  ^", 7), ["a b", "  ^"]);
    }
}
