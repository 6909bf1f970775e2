//! Numbers as they were written. A reader of JSON keeps nothing but their value, and an error shows what was sent.

use super::faults::cut;
use rollbook::{Violation, Violations};
use std::collections::HashMap;

/// The numbers of a body in their order, outside of texts, each as it was written.
pub(crate) fn numbers(body: &str) -> impl Iterator<Item = &str> {
    let mut rest = body;
    std::iter::from_fn(move || {
        loop {
            rest = rest.get(rest.find(|c: char| c == '"' || c == '-' || c.is_ascii_digit())?..)?;
            let Some(text) = rest.strip_prefix('"') else {
                let of_number = |c: char| c.is_ascii_digit() || "+-.eE".contains(c);
                let (number, after) = rest.split_at(rest.find(|c| !of_number(c)).unwrap_or(rest.len()));
                rest = after;
                return Some(number);
            };
            let mut escaped = false;
            let end = text.find(|c: char| {
                let ends = c == '"' && !escaped;
                escaped = c == '\\' && !escaped;
                ends
            })?;
            rest = text.get(end + 1..)?;
        }
    })
}

/// The first number of a body that is beyond all that 64 bits hold.
pub(super) fn beyond(body: &str) -> Option<String> {
    numbers(body).find(|number| number.parse().is_ok_and(f64::is_infinite)).map(told)
}

/// The same violations, in which every number that was sent is told as it was written in this body: `-0`, `1e2`, `100.0`.
/// It is searched for by its value. Where the body has that in several spellings the one of the violation is left, or the
/// first one told.
pub(crate) fn as_sent(violations: &Violations, body: &str) -> Violations {
    let value = |text: &str| {
        let begins_one = text.starts_with(|c: char| c == '-' || c.is_ascii_digit());
        text.parse::<f64>().ok().filter(|_| begins_one).map(f64::to_bits)
    };
    let mut spelled: HashMap<u64, (&str, Option<&str>)> =
        violations.iter().filter_map(|one| Some((value(one.actual())?, (one.actual(), None)))).collect();
    if !spelled.is_empty() {
        for number in numbers(body) {
            if let Some((shown, spelling)) = value(number).and_then(|value| spelled.get_mut(&value))
                && (spelling.is_none() || *shown == number)
            {
                *spelling = Some(number);
            }
        }
    }
    let told = violations.iter().map(|one| {
        let Some((_, Some(spelling))) = value(one.actual()).and_then(|value| spelled.get(&value)) else {
            return one.clone();
        };
        let (field, limit) = (one.field().to_owned(), one.limit().to_owned());
        let again = Violation::new(field.clone(), one.rule(), limit, told(spelling));
        match one.index() {
            Some(index) => again.in_list(field, index),
            None => again,
        }
    });
    // As many as there were, and so at least one.
    Violations::check(told.collect()).err().unwrap_or_else(|| violations.clone())
}

fn told(number: &str) -> String {
    let (start, more) = cut(number);
    format!("{start}{more}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use rollbook::Rule;

    #[test]
    fn numbers_are_found_as_they_were_written_and_not_in_texts() {
        let body = r#"{"1":"\"2\\","a":[-0,1e2 ,3.50,{"b":-4E-1}],"5\"6":"7"}"#;
        assert!(numbers(body).eq(["-0", "1e2", "3.50", "-4E-1"]));
        assert!(numbers(r#""1"#).eq([""; 0]), "a text without an end");
        assert!(numbers("12").eq(["12"]));
    }

    #[test]
    fn what_was_sent_is_told_in_its_own_spelling() {
        let sent = |shown: &str, body: &str| {
            let one = Violation::new("n", Rule::Range, "must be 1", shown).in_list("n", 3);
            as_sent(&one.into(), body).to_string()
        };
        for (shown, body, told) in [
            ("-0.0", "[-0]", "-0"),
            ("-0.0", "[0,-0.00]", "-0.00"),
            ("100.0", "[1e2]", "1e2"),
            ("100", "[100.0]", "100.0"),
            ("100", "[1e2,100]", "100"),
            ("1.8446744073709552e19", "[18446744073709551616]", "18446744073709551616"),
            ("5", r#"["5"]"#, "5"),
            (r#""100""#, "[100.0]", r#""100""#),
            ("a list", "[1]", "a list"),
        ] {
            assert_eq!(sent(shown, body), format!("n[3]: range: must be 1: got {told}"));
        }
        let long = format!("0.{}1", "0".repeat(400));
        assert!(sent("0.0", &long).len() < 120);
    }
}
